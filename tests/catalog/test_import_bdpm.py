"""The national catalogue enters whole or not at all, twice the same, and loses nothing of ours."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from backofficine.catalog.models import (
    CatalogEdition,
    CatalogVersion,
    Evidence,
    GenericGroup,
    GenericMember,
    LegalStatus,
    Price,
    Product,
    Speciality,
    Storage,
)
from backofficine.catalog.queries import search
from backofficine.catalog.services import EditionRefused, import_bdpm, make_product
from backofficine.cli.program import run
from backofficine.formats.codes import cip13_of
from tests.catalog.conftest import Edition, box, speciality

pytestmark = pytest.mark.django_db
JULY, JANUARY = "2025-07-07", "2026-01-28"


def product(cip7: str) -> Product:
    return Product.objects.get(cip13=cip13_of(cip7))


def test_the_real_editions_give_the_published_counts(bdpm: Path, now: datetime) -> None:
    first = import_bdpm(bdpm / JULY, at=now).as_dict()
    second = import_bdpm(bdpm / JANUARY, at=now).as_dict()

    assert first["presentations"]["added"] == 20882
    assert second["edition"] == JANUARY
    assert second["presentations"]["added"] == 478
    assert second["presentations"]["removed"] == 485
    assert second["presentations"]["changed"]["price"] == 880
    assert second["presentations"]["changed"]["state"] == 407
    assert second["presentations"]["changed"]["availability"] == 544
    assert second["groups"]["added"] == 22
    assert len(second["rejected"]) == 60

    again = import_bdpm(bdpm / JANUARY, at=now).as_dict()

    assert again["presentations"] == {
        "added": 0,
        "removed": 0,
        "unchanged": 20875,
        "changed": {"price": 0, "state": 0, "availability": 0, "other": 0},
    }
    assert again["rejected"] == second["rejected"]
    assert Product.objects.count() == 20882 + 478
    assert Product.objects.exclude(absent_since="").count() == 485


def test_a_box_is_read_whole(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)

    alpha = product("3000002")
    assert (alpha.name, alpha.strength, alpha.form, alpha.pack) == (
        "ALPHAZINE LABO", "1 g", "comprimé", "B/30",
    )  # fmt: skip
    assert alpha.public_price == Decimal("1195.27")
    assert alpha.vat_rate == Decimal("2.10")
    assert alpha.availability == Product.Availability.SHORTAGE
    assert alpha.substance == "ALPHAZINE"
    assert alpha.cost_evidence == Evidence.ASSUMED
    assert alpha.unit_cost is not None
    assert Decimal(1000) < alpha.unit_cost < Decimal("1195.27") / Decimal("1.021")
    assert product("3000001").legal_status == LegalStatus.LIST_I
    narcotic = product("3000003")
    assert (narcotic.legal_status, narcotic.storage) == (LegalStatus.NARCOTIC, Storage.SAFE)
    vaccine = product("3000004")
    assert (vaccine.storage, vaccine.storage_evidence) == (Storage.FRIDGE, Evidence.ASSUMED)
    assert vaccine.vat_rate == Decimal(10)
    assert vaccine.unit_cost is None
    assert vaccine.is_major_interest


def test_micrograms_are_written_short_and_found_either_way(edition: Edition, now: datetime) -> None:
    edition.files["CIS_bdpm.txt"][2] = speciality("60000003", "BETAZONE 75 microgrammes, gélule")

    import_bdpm(edition.write(JULY), at=now)

    assert product("3000003").strength == "75 µg"
    assert search("betazone 75 microgrammes") == search("beta 75 µg") == [product("3000003")]


def test_each_change_is_counted_where_it_belongs(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)
    boxes = edition.files["CIS_CIP_bdpm.txt"]
    boxes[0] = box("60000001", "3000001", price="9,00", full="10,02")
    boxes[1] = box(
        "60000002", "3000002", price="1,195,27", full="1,196,29", rate="65%",
        state="Déclaration d'arrêt de commercialisation",
    )  # fmt: skip
    boxes.append(box("60000003", "3000005", label="plaquette(s) de 60 comprimé(s)"))
    edition.files["CIS_CIP_Dispo_Spec.txt"].append(
        "60000003\t\t2\tTension d'approvisionnement\t01/01/2026\t02/01/2026\t\thttps://ansm"
    )

    report = import_bdpm(edition.write(JANUARY), at=now).as_dict()

    assert report["presentations"] == {
        "added": 1,
        "removed": 0,
        "unchanged": 1,
        # The price of 3000001 also moves its full price, which is « the rest ».
        "changed": {"price": 1, "state": 1, "availability": 1, "other": 1},
    }
    assert product("3000002").state == Product.State.STOPPED


def test_prices_keep_their_history(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)
    edition.files["CIS_CIP_bdpm.txt"][0] = box("60000001", "3000001", price="9,00", full="10,02")
    import_bdpm(edition.write(JANUARY), at=now)

    prices = Price.objects.filter(product=product("3000001"), kind=Price.Kind.PUBLIC)
    assert list(
        prices.order_by("valid_from").values_list("amount", "valid_from", "valid_until", "source")
    ) == [
        (Decimal(10), date(2025, 7, 7), date(2026, 1, 27), f"BDPM {JULY}"),
        (Decimal(9), date(2026, 1, 28), None, f"BDPM {JANUARY}"),
    ]
    assert product("3000001").public_price == 9


def test_a_box_that_left_is_marked_and_may_come_back(edition: Edition, now: datetime) -> None:
    # Five more boxes, so that one less is not taken for a broken download.
    for cip7 in ("3000005", "3000006", "3000007", "3000008", "3000009"):
        edition.files["CIS_CIP_bdpm.txt"].append(box("60000001", cip7))
    import_bdpm(edition.write(JULY), at=now)
    gone = edition.files["CIS_CIP_bdpm.txt"].pop()

    left = import_bdpm(edition.write(JANUARY), at=now).as_dict()["presentations"]
    assert left["removed"] == 1
    assert product("3000009").absent_since == JANUARY

    edition.files["CIS_CIP_bdpm.txt"].append(gone)
    back = import_bdpm(edition.write("2026-02-28"), at=now).as_dict()["presentations"]
    assert back["added"] == 1
    assert product("3000009").absent_since == ""


def test_what_this_pharmacy_learnt_is_kept(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)
    Product.objects.filter(cip13=cip13_of("3000001")).update(
        storage=Storage.FRIDGE,
        storage_evidence=Evidence.HERE,
        unit_cost=Decimal("3.21"),
        cost_evidence=Evidence.RECEIPT,
        vat_rate=Decimal("5.50"),
        vat_evidence=Evidence.STOCK_FILE,
        is_followed=True,
        case_size=6,
    )
    edition.files["CIS_CIP_bdpm.txt"][0] = box("60000001", "3000001", price="9,00", full="10,02")

    import_bdpm(edition.write(JANUARY), at=now)

    kept = product("3000001")
    assert (kept.storage, kept.storage_evidence) == (Storage.FRIDGE, Evidence.HERE)
    assert (kept.unit_cost, kept.cost_evidence) == (Decimal("3.21"), Evidence.RECEIPT)
    assert (kept.vat_rate, kept.vat_evidence) == (Decimal("5.50"), Evidence.STOCK_FILE)
    assert (kept.is_followed, kept.case_size, kept.public_price) == (True, 6, 9)


def test_an_invented_product_is_left_alone(edition: Edition, now: datetime) -> None:
    invented = make_product(name="Novalia", codes=[cip13_of("9910001")], is_invented=True)

    report = import_bdpm(edition.write(JULY), at=now).as_dict()

    invented.refresh_from_db()
    assert report["presentations"]["removed"] == 0
    assert (invented.name, invented.absent_since) == ("Novalia", "")


def test_a_missing_file_leaves_what_it_told(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)
    for name in ("CIS_CPD_bdpm.txt", "CIS_MITM.txt", "CIS_CIP_Dispo_Spec.txt",
                 "CIS_GENER_bdpm.txt", "CIS_COMPO_bdpm.txt"):  # fmt: skip
        del edition.files[name]

    report = import_bdpm(edition.write(JANUARY), at=now).as_dict()

    assert report["presentations"]["unchanged"] == 4
    assert product("3000003").is_narcotic
    assert product("3000004").storage == Storage.FRIDGE
    assert product("3000002").availability == Product.Availability.SHORTAGE
    assert product("3000002").substance == "ALPHAZINE"
    assert GenericMember.objects.count() == 2


def test_generic_groups_follow_the_register(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JULY), at=now)
    edition.files["CIS_GENER_bdpm.txt"][1] = "2\tBETAZONE\t60000003\t0\t1"

    report = import_bdpm(edition.write(JANUARY), at=now).as_dict()

    assert report["groups"] == {"added": 1, "removed": 0, "unchanged": 0, "changed": 1}
    assert GenericGroup.objects.get(number="2").members.get().speciality == Speciality.objects.get(
        cis="60000003"
    )


@pytest.mark.parametrize(
    "name", ["CIS_CIP_bdpm.txt", "CIS_bdpm.txt", "CIS_COMPO_bdpm.txt", "CIS_CPD_bdpm.txt"]
)
def test_a_shrunk_file_refuses_the_edition(edition: Edition, now: datetime, name: str) -> None:
    import_bdpm(edition.write(JULY), at=now)
    version = CatalogVersion.objects.get().number
    edition.files[name] = edition.files[name][:1]

    with pytest.raises(EditionRefused, match=name):
        import_bdpm(edition.write(JANUARY), at=now)

    assert CatalogEdition.objects.count() == 1
    assert CatalogVersion.objects.get().number == version
    assert not Product.objects.exclude(absent_since="").exists()


def test_an_older_edition_is_refused(edition: Edition, now: datetime) -> None:
    import_bdpm(edition.write(JANUARY), at=now)
    edition.files["CIS_CIP_bdpm.txt"][0] = box("60000001", "3000001", price="9,00", full="10,02")

    with pytest.raises(EditionRefused, match=JULY):
        import_bdpm(edition.write(JULY), at=now)

    assert product("3000001").public_price == 10


def test_an_unreadable_folder_is_a_sentence(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(EditionRefused, match="n’existe pas"):
        import_bdpm(tmp_path / "nowhere", at=now)


def test_a_second_import_of_the_same_day_corrects_the_price(
    edition: Edition, now: datetime
) -> None:
    import_bdpm(edition.write(JULY), at=now)
    edition.files["CIS_CIP_bdpm.txt"][0] = box("60000001", "3000001", price="9,00", full="10,02")
    again = edition.write("again")
    edition.root.joinpath(JULY).rename(edition.root / "first")
    again.rename(edition.root / JULY)

    import_bdpm(edition.root / JULY, at=now)

    price = Price.objects.get(product=product("3000001"), kind=Price.Kind.PUBLIC)
    assert (price.amount, price.valid_until) == (9, None)


def test_the_command_reports_in_json(edition: Edition, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import-bdpm", str(edition.write(JULY)), "--json"]) == 0

    written = capsys.readouterr()
    report = json.loads(written.out)
    assert report["edition"] == JULY
    assert report["presentations"]["added"] == 4
    assert set(report) == {"edition", "presentations", "groups", "rejected"}
    assert written.err.count("…") == 5


def test_the_command_refuses_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import-bdpm", str(tmp_path / "nowhere"), "--json"]) == 1

    assert "error" in json.loads(capsys.readouterr().out)
