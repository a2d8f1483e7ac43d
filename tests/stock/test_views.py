"""The stock pages: what they say, what they ask of the database, what they refuse."""

import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backofficine.catalog.models import Evidence, Product
from backofficine.catalog.services import touch_version
from backofficine.formats.codes import cip13_of
from backofficine.formats.gs1 import box_code
from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock import queries, services
from backofficine.stock.models import (
    Balance,
    CountLine,
    CountRequest,
    DemandLine,
    ImportedFile,
    LotHold,
    NarcoticVisa,
    NotFound,
    Posting,
)
from backofficine.stock.services import Wanted
from backofficine.team.models import Actor
from tests.catalog.conftest import Edition
from tests.factories import (
    AddressFactory,
    LocationFactory,
    LotFactory,
    PersonFactory,
    ProductFactory,
    shop_floor,
    signed_in,
    stocked,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten_eighteen(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def owner(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory())


@pytest.fixture
def technician(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory(technician=True))


@pytest.fixture
def clerk(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory(stock_clerk=True))


def words(response: Any) -> str:
    return str(response.content.decode().replace("\u00a0", " ").replace("\u202f", " "))


# The list ---------------------------------------------------------------------------------------


def test_the_list_opens_with_figures_that_lead_to_their_lists(clerk: Client) -> None:
    full, empty, old = ProductFactory.create_batch(3)
    stocked(full, 4)
    stocked(old, 1, lot=LotFactory(product=old, short_dated=True))
    CountRequest.objects.create(product=empty, why="not_found", asked_at=clock.now())

    page = words(clerk.get(reverse("stock:list")))

    assert '<a class="lk" href="?show=all">3</a> produits suivis,' in page
    assert '<a class="lk" href="?show=zero">1</a> à zéro.' in page
    assert '<a class="lk" href="?show=expiring">1</a> périme' in page
    assert '<a class="lk" href="?show=to_count">1</a> à compter.' in page


@pytest.mark.parametrize(
    ("show", "shown"), [("zero", "EMPTY"), ("expiring", "OLD"), ("to_count", "EMPTY")]
)
def test_a_filter_shows_its_products_only(clerk: Client, show: str, shown: str) -> None:
    full = ProductFactory(name="FULL")
    empty, old = ProductFactory(name="EMPTY"), ProductFactory(name="OLD")
    stocked(full, 4)
    stocked(old, 1, lot=LotFactory(product=old, expired=True))
    CountRequest.objects.create(product=empty, why="not_found", asked_at=clock.now())

    page = words(clerk.get(reverse("stock:list"), {"show": show}))

    assert [name for name in ("FULL", "EMPTY", "OLD") if name in page] == [shown]


def test_an_expired_lot_and_a_slot_are_shown_as_such(clerk: Client) -> None:
    product = ProductFactory()
    floor = shop_floor()
    lot = LotFactory(product=product, expires_on=date(2026, 11, 1))
    stocked(product, 2, lot=lot, location=floor["shelf"])
    stocked(product, 3, lot=lot, location=floor["promise_slot"])

    row = queries.stock_page(show="all", text="", number=1, on=date(2026, 11, 24)).rows[0]  # type: ignore[arg-type]

    assert (row.on_hand, row.set_aside, row.is_expired) == (2, 3, True)
    assert "périmé" in words(clerk.get(reverse("stock:list")))


def test_the_list_is_searched_as_one_types(clerk: Client) -> None:
    ProductFactory(name="AMOVALINE", strength="500 mg", form="comprimé")
    ProductFactory(name="TUSSIVAL", form="sirop")
    touch_version()

    page = words(clerk.get(reverse("stock:list"), {"q": "amov 500 cp"}))

    assert "AMOVALINE" in page
    assert "TUSSIVAL" not in page


@pytest.mark.parametrize("number", ["0", "-1", "x", "999999999999", "²", "2"])
def test_any_page_number_shows_a_page(clerk: Client, number: str) -> None:
    ProductFactory.create_batch(3)

    assert clerk.get(reverse("stock:list"), {"page": number, "show": "?"}).status_code == 200


def test_the_list_is_paged_and_asks_few_questions(
    clerk: Client, django_assert_max_num_queries: Any
) -> None:
    shelf = LocationFactory()
    for product in ProductFactory.create_batch(60):
        AddressFactory(product=product, location=shelf)
        stocked(product, 1, location=shelf)

    with django_assert_max_num_queries(18):
        first = words(clerk.get(reverse("stock:list")))

    assert first.count('class="prod"') == 50
    assert "page 1 sur 2" in first
    assert words(clerk.get(reverse("stock:list"), {"page": 2})).count('class="prod"') == 10


def test_an_empty_stock_teaches_the_next_gesture(owner: Client) -> None:
    assert reverse("stock:imports") in words(owner.get(reverse("stock:list")))


@pytest.mark.parametrize("name", ["list", "take_out", "visas", "imports"])
def test_no_page_is_for_strangers(client: Client, pharmacy: Pharmacy, name: str) -> None:
    assert client.get(reverse(f"stock:{name}")).status_code == 302


# One product ------------------------------------------------------------------------------------


def test_a_product_shows_its_lots_places_cost_and_source(
    technician: Client, django_assert_max_num_queries: Any
) -> None:
    product = ProductFactory(cost_evidence=Evidence.RECEIPT, name="LEVAZINE")
    ProductFactory(name="LEVAZINE", strength="1 g", substance=product.substance)
    shelf = LocationFactory(code="T3-B-07")
    AddressFactory(product=product, location=shelf)
    stocked(product, 4, location=shelf, lot=LotFactory(product=product, number="LV0811"))
    held = LotFactory(product=product, number="LV0999")
    stocked(product, 1, location=shelf, lot=held)
    LotHold.objects.create(
        lot=held, kind="recalled", held_at=clock.now(), held_by=Actor.objects.order_by("pk")[0]
    )

    with django_assert_max_num_queries(24):
        page = words(technician.get(product.get_absolute_url()))

    assert "T3-B-07" in page
    assert "LV0811" in page
    assert "sort en premier" in page
    assert "à ne pas délivrer" in page
    assert "3,14 €" in page
    assert "dernière réception" in page
    assert 'aria-current="true">500 mg' in page
    assert "Réception" in page


def test_movements_say_what_and_when_never_who(
    technician: Client, now: datetime, today: date
) -> None:
    person = PersonFactory(username="gaspard.bellanger")
    actor = Actor.objects.create(user=person, month="2026-11")
    product = ProductFactory()
    stocked(product, 4, actor=actor)
    services.withdraw(
        [Wanted(product, 1)], occurred_at=now, recorded_at=now, on=today, actor=actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip

    page = words(technician.get(product.get_absolute_url()))

    assert "Délivrance" in page
    assert "10 h 18" in page
    assert "gaspard" not in page
    assert str(actor.number) not in page


def test_demand_is_drawn_week_by_week(technician: Client, now: datetime) -> None:
    product = ProductFactory()
    for day, kind, quantity in (
        (date(2026, 11, 23), "served", 3), (date(2026, 11, 10), "history", 5),
        (date(2026, 11, 10), "missing", 1), (date(2026, 1, 1), "history", 9),
        (date(2026, 11, 11), "returned", 2),
    ):  # fmt: skip
        DemandLine.objects.create(
            product=product, kind=kind, quantity=quantity, occurred_at=now, occurred_on=day,
            request_id=uuid4(),
        )  # fmt: skip

    sheet = queries.product_sheet(product, at=now)

    assert len(sheet.weeks) == 26
    asked = [week for week in sheet.weeks if week.quantity]
    assert [(week.begins_on, week.quantity, week.missing) for week in asked] == [
        (date(2026, 11, 9), 6, 1),
        (date(2026, 11, 23), 3, 0),
    ]
    assert "9 demandées en 26 semaines" in words(technician.get(product.get_absolute_url()))


def test_a_product_without_anything_still_has_a_page(technician: Client) -> None:
    product = ProductFactory(
        codes=False, cip13="", substance="", unit_cost=None, public_price=None, is_followed=False
    )

    assert technician.get(product.get_absolute_url()).status_code == 200
    assert technician.get(reverse("stock:product", args=[uuid4()])).status_code == 404


def test_html_in_a_name_is_shown_as_typed(technician: Client) -> None:
    product = ProductFactory(name="<img src=x onerror=alert(1)>")

    for url in (product.get_absolute_url(), reverse("stock:list")):
        assert "<img src=x" not in words(technician.get(url))


# Not found, count -------------------------------------------------------------------------------


def test_not_found_is_one_tap_and_a_double_tap_is_one(clerk: Client) -> None:
    LocationFactory()
    product = ProductFactory()
    form = {"request_id": uuid4()}

    for _tap in range(2):
        response = clerk.post(
            reverse("stock:not_found", args=[product.public_id]), form, follow=True
        )

    assert NotFound.objects.count() == 1
    assert "à compter" in words(response)


def test_not_found_leads_back_inside_the_house_only(clerk: Client) -> None:
    LocationFactory()
    product = ProductFactory()
    url = reverse("stock:not_found", args=[product.public_id])

    inside = clerk.post(url, {"request_id": uuid4(), "next": "/stock/?show=zero"})
    outside = clerk.post(url, {"request_id": uuid4(), "next": "https://example.org/"})

    assert inside["Location"] == "/stock/?show=zero"
    assert outside["Location"] == product.get_absolute_url()


def test_a_count_is_blind_and_corrects_the_stock(clerk: Client) -> None:
    product, shelf = ProductFactory(), LocationFactory()
    stocked(product, 8642, location=shelf)
    url = reverse("stock:count", args=[product.public_id])
    form = {"request_id": uuid4(), "location": shelf.public_id, "counted": 8640}

    assert "8642" not in re.sub(r"[  ]", "", words(clerk.get(url)))
    for _tap in range(2):
        response = clerk.post(url, form, follow=True)

    assert (queries.on_hand(product), CountLine.objects.count()) == (8640, 1)
    assert "2 manquantes" in words(response)


@pytest.mark.parametrize("counted", ["", "-1", "1,5", "beaucoup", "100000"])
def test_a_count_that_is_none_is_said_so(clerk: Client, counted: str) -> None:
    product, shelf = ProductFactory(), LocationFactory()

    response = clerk.post(
        reverse("stock:count", args=[product.public_id]),
        {"request_id": uuid4(), "location": shelf.public_id, "counted": counted},
    )

    assert response.status_code == 422
    assert "Erreur" in words(response)
    assert not CountLine.objects.exists()


def test_only_a_pharmacist_counts_narcotics(clerk: Client, owner: Client) -> None:
    product, safe = ProductFactory(narcotic=True), LocationFactory(safe=True)
    stocked(product, 2, location=safe)
    url = reverse("stock:count", args=[product.public_id])

    refused = clerk.post(url, {"request_id": uuid4(), "location": safe.public_id, "counted": 1})
    accepted = owner.post(url, {"request_id": uuid4(), "location": safe.public_id, "counted": 1})

    assert (refused.status_code, accepted.status_code) == (422, 302)
    assert "pharmacien" in words(refused)


# Take out ---------------------------------------------------------------------------------------


def take_out_form(lot: Any, **more: Any) -> dict[str, Any]:
    return {
        "request_id": uuid4(), "lot_choice": lot.public_id, "quantity": 1, "cause": "broken",
        "destination": "waste", **more,
    }  # fmt: skip


def test_a_scanned_box_is_recognised_with_its_lot_and_its_expiry(clerk: Client) -> None:
    lot = LotFactory(expired=True, number="VIEUX1")
    stocked(lot.product, 3, lot=lot)
    code = box_code(cip13=lot.product.cip13, lot="VIEUX1", expires_on=lot.expires_on)

    page = words(clerk.get(reverse("stock:take_out"), {"code": code}))

    assert f'value="{lot.public_id}"' in page
    checked = [part for part in page.split("<input")[1:] if "checked" in part.split(">")[0]]
    values = {part.split('value="')[1].split('"')[0] for part in checked}
    assert values == {str(lot.public_id), "expired", "waste"}


def test_a_name_offers_its_products_and_noise_none(clerk: Client) -> None:
    ProductFactory(name="AMOVALINE")
    touch_version()

    assert "AMOVALINE" in words(clerk.get(reverse("stock:take_out"), {"code": "amoval"}))
    assert "Aucun produit" in words(clerk.get(reverse("stock:take_out"), {"code": "zzzzzz"}))
    assert clerk.get(reverse("stock:take_out"), {"product": "zz"}).status_code == 200


@pytest.mark.parametrize(
    ("destination", "reason"), [("waste", "write_off"), ("quarantine", "quarantine")]
)
def test_a_box_goes_out_for_a_cause_once(clerk: Client, destination: str, reason: str) -> None:
    shop_floor()
    lot = stocked(None, 5)
    url = f"{reverse('stock:take_out')}?product={lot.product.public_id}"
    form = take_out_form(lot, destination=destination, quantity=2)

    for _tap in range(2):
        response = clerk.post(url, form)

    assert response.status_code == 302
    assert queries.on_hand(lot.product) == 3
    assert Posting.objects.filter(reason=reason, cause="broken").count() == 1


def test_taking_out_is_undone_from_its_message_once(clerk: Client) -> None:
    lot = stocked(None, 5)
    url = f"{reverse('stock:take_out')}?product={lot.product.public_id}"
    form = take_out_form(lot)
    page = words(clerk.post(url, form, follow=True))
    undo = reverse("stock:undo", args=[form["request_id"]])
    assert undo in page

    for _tap in range(2):
        clerk.post(undo)

    assert queries.on_hand(lot.product) == 5
    assert Posting.objects.filter(reason="reversal").count() == 1


def test_yesterday_is_not_undone(clerk: Client, now: datetime) -> None:
    lot = stocked(None, 5)
    form = take_out_form(lot)
    clerk.post(f"{reverse('stock:take_out')}?product={lot.product.public_id}", form)
    clock.fix(now.replace(day=25))
    tomorrow = signed_in(PersonFactory(stock_clerk=True))

    response = tomorrow.post(reverse("stock:undo", args=[form["request_id"]]), follow=True)

    assert "Seul un geste du jour" in words(response)
    assert queries.on_hand(lot.product) == 4


def test_another_lot_in_the_hand_is_a_fact(clerk: Client) -> None:
    lot = stocked(None, 5)
    form = take_out_form(lot, lot_choice="other", number="AUTRE", expires_on="2027-05-31")

    response = clerk.post(f"{reverse('stock:take_out')}?product={lot.product.public_id}", form)

    assert response.status_code == 302
    assert lot.product.lots.get(number="AUTRE").expires_on == date(2027, 5, 31)
    assert queries.on_hand(lot.product) == 5


@pytest.mark.parametrize(
    "more", [{"cause": ""}, {"quantity": 0}, {"quantity": 10**9}, {"lot_choice": "zz"}]
)
def test_a_box_without_cause_or_count_stays(clerk: Client, more: dict[str, Any]) -> None:
    lot = stocked(None, 5)

    response = clerk.post(
        f"{reverse('stock:take_out')}?product={lot.product.public_id}", take_out_form(lot, **more)
    )

    assert response.status_code == 422
    assert queries.on_hand(lot.product) == 5


def test_only_a_pharmacist_takes_narcotics_out(clerk: Client, owner: Client) -> None:
    lot = stocked(ProductFactory(narcotic=True), 5)
    url = f"{reverse('stock:take_out')}?product={lot.product.public_id}"

    assert clerk.post(url, take_out_form(lot)).status_code == 422
    assert owner.post(url, take_out_form(lot)).status_code == 302


# Narcotics --------------------------------------------------------------------------------------


def test_a_visa_is_given_once_by_a_pharmacist(
    owner: Client, technician: Client, now: datetime, today: date, actor: Actor
) -> None:
    product = ProductFactory(narcotic=True, name="MORPHAVAL")
    stocked(product, 5)
    services.withdraw(
        [Wanted(product, 1)], occurred_at=now, recorded_at=now, on=today, actor=actor,
        request_id=uuid4(), by_pharmacist=False,
    )  # fmt: skip
    visa = NarcoticVisa.objects.get()
    url = reverse("stock:give_visa", args=[visa.pk])

    assert technician.get(reverse("stock:visas")).status_code == 403
    assert technician.post(url).status_code == 403
    assert "MORPHAVAL" in words(owner.get(reverse("stock:visas")))
    assert "attend votre visa" in words(owner.get(reverse("stock:list")))
    owner.post(url)
    again = owner.post(url, follow=True)

    visa.refresh_from_db()
    assert visa.given_at == now
    assert "déjà" in words(again)


# Imports ----------------------------------------------------------------------------------------


def upload(client: Client, kind: str, data: bytes, name: str = "export.csv") -> Any:
    return client.post(
        reverse("stock:imports"), {"kind": kind, "file": SimpleUploadedFile(name, data)}
    )


def test_a_stock_file_is_imported_and_its_report_read(owner: Client) -> None:
    product = ProductFactory()
    data = f"cip13;stock\n{product.cip13};5\n3400999999999;1\n".encode()

    page = words(upload(owner, "stock", data))
    again = words(upload(owner, "stock", data))

    assert "Stock ouvert : 1 produits" in page
    assert "1 ligne laissée de côté" in page
    assert "rien n’a changé" in again
    assert Balance.objects.get().on_hand == 5


def test_a_sales_file_is_imported(owner: Client) -> None:
    product = ProductFactory()

    upload(owner, "sales", f"date;cip13;qte\n01/11/2026;{product.cip13};2\n".encode())

    assert DemandLine.objects.get().quantity == 2


def test_the_national_files_come_in_one_archive(owner: Client, tmp_path: Path) -> None:
    folder = Edition(tmp_path).write("2026-01-28")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"bdpm/2026-01-28/{file.name}")

    page = words(upload(owner, "bdpm", packed.getvalue(), "bdpm.zip"))

    assert "Édition du 2026-01-28" in page
    assert Product.objects.get(cip13=cip13_of("3000001")).public_price == Decimal(10)


def test_a_path_inside_an_archive_points_nowhere(owner: Client, tmp_path: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../../../outside.txt", "x")

    response = upload(owner, "bdpm", packed.getvalue(), "bdpm.zip")

    assert response.status_code == 422
    assert "Il manque" in words(response)


@pytest.mark.parametrize("kind", ["stock", "sales", "bdpm"])
@pytest.mark.parametrize("data", [b"\x00\xff" * 500, b"<html></html>", b"x", b"PK\x03\x04zz"])
def test_a_file_that_is_none_is_refused_in_one_sentence(
    owner: Client, kind: str, data: bytes
) -> None:
    response = upload(owner, kind, data)

    assert response.status_code == 422
    assert not ImportedFile.objects.exists()


def test_files_are_for_those_who_may(technician: Client) -> None:
    assert technician.get(reverse("stock:imports")).status_code == 403
