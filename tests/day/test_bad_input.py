"""Bad input, everywhere it may come in: one French sentence, status 1, nothing half-written."""

import gzip
import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backofficine.cli import main
from backofficine.formats.gs1 import box_code
from backofficine.kernel import clock
from backofficine.losses.queries import losses
from backofficine.pharmacy.models import Pharmacy
from backofficine.pharmacy.services import install_defaults
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.purchasing.services import WeeklyRound, add_supplier, open_draft, set_line
from backofficine.stock.models import DemandLine, ImportedFile, Posting
from backofficine.stock.queries import audit, on_hand
from backofficine.team.models import Actor
from tests.catalog.conftest import Edition
from tests.catalog.conftest import edition as edition
from tests.factories import (
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    shop_floor,
    signed_in,
    stocked,
)

pytestmark = pytest.mark.django_db

Run = Callable[..., str]
NOON = "2026-11-24T12:00:00+01:00"


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    return {
        model._meta.db_table: model.objects.count()
        for model in apps.get_models()
        # The actor of imports is made when first needed; it says nothing.
        if model._meta.managed and model is not Actor
    }


@pytest.fixture
def run(pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that must refuse: returns its sentence, after looking that nothing changed."""

    def call(*words: object) -> str:
        before = rows()

        status = main([str(word) for word in words] + ["--at", NOON])

        out, err = capsys.readouterr()
        told = f"{err}\n{out}".replace("\xa0", " ")
        assert status == 1, told
        assert "Traceback" not in told
        assert rows() == before
        return told

    return call


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def make(content: bytes | str, name: str = "fichier.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


# Files that are none ------------------------------------------------------------------------------

TABLES = {"import-stock": "code;libellé;quantité", "import-sales": "date;code;libellé;quantité"}
IMPORTS = sorted(TABLES)


@pytest.mark.parametrize("command", IMPORTS)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Le fichier est vide"),
        (b"\n \n", "Le fichier est vide"),
        ("code;quantité\n1;2\n".encode("utf-16")[:-1], "incomplet ou abîmé"),
        (gzip.compress(b"code;quantite\n" * 99)[:-20], "compressé"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "page web"),
        (b"PK\x03\x04 un classeur", "classeur Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"code;quantite\n34\x0000;1\n", "binaire"),
        (random.Random(1).randbytes(10_000_000), "binaire"),
        (b"x" * 10_000_000, "en-tête"),
    ],
    ids=["empty", "blank", "utf-16 cut", "gzip cut", "html", "excel", "pdf",
         "nul", "10 MB of noise", "10 MB on one line"],
)  # fmt: skip
def test_what_is_no_table_is_refused(
    run: Run, file: Callable[..., Path], command: str, content: bytes, told: str
) -> None:
    began = perf_counter()

    assert told in run(command, file(content))
    assert perf_counter() - began < 20  # seconds, on a busy machine


@pytest.mark.parametrize("command", IMPORTS)
def test_ten_megabytes_of_text_under_good_headings_are_refused(
    run: Run, file: Callable[..., Path], command: str
) -> None:
    draw = random.Random(2)
    noise = bytes(draw.randrange(32, 127) for _ in range(80_000)).replace(b'"', b"'")
    lines = b"\n".join(noise[at : at + 80] for at in range(0, 80_000, 80)) + b"\n"
    content = TABLES[command].encode() + b"\n" + lines * 125

    run(command, file(content))


@pytest.mark.parametrize("command", ["import-stock", "import-sales"])
def test_a_file_that_cannot_be_opened_is_told(run: Run, tmp_path: Path, command: str) -> None:
    assert "n’existe pas" in run(command, tmp_path / "absent.csv")
    assert "c’est un dossier" in run(command, tmp_path)


def test_a_file_without_right_is_told(
    run: Run, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file("code;quantite\n1;2\n")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    # The superuser, who runs these tests on some machines, may read everything.
    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert "pas le droit de le lire" in run("import-stock", path)


def test_headings_without_lines_are_refused(run: Run, file: Callable[..., Path]) -> None:
    assert "aucune ligne" in run("import-stock", file("code;quantite\n"))


# Old encodings, and lines that cannot be ----------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850", "mac-roman"]
)
def test_a_file_is_read_in_the_encoding_of_its_software(
    pharmacy: Pharmacy, file: Callable[..., Path], encoding: str
) -> None:
    product = ProductFactory()
    text = f"code;libellé;quantité;emplacement\n{product.cip13};Gélule à enrober;3;Étagère\n"

    assert main(["import-stock", str(file(text.encode(encoding))), "--at", NOON]) == 0
    assert on_hand(product) == 3
    assert product.addresses.get().location.code == "Étagère"


@pytest.mark.parametrize(
    "quantity",
    ["9999999999", "1e308", "12 ou 13", "", "3,5", "NaN", "inf", "١٢", "1" * 400, "=1+1", "0x10",
     "1_000", "²", "100000", "-100000"],
)  # fmt: skip
def test_an_absurd_quantity_is_left_out_and_told(
    run: Run, file: Callable[..., Path], quantity: str
) -> None:
    product = ProductFactory()

    told = run("import-stock", file(f"code;quantite\n{product.cip13};{quantity}\n"))

    assert "ligne 2" in told
    assert "uantité" in told
    assert on_hand(product) == 0


def test_a_negative_stock_opens_at_zero_and_asks_for_a_count(
    pharmacy: Pharmacy, file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    product = ProductFactory()

    status = main(
        ["import-stock", str(file(f"code;quantite\n{product.cip13};-3\n")), "--json", "--at", NOON]
    )

    told = json.loads(capsys.readouterr().out)
    assert (status, told["quantity"], told["counts_asked"]) == (0, 0, 1)
    assert on_hand(product) == 0


@pytest.mark.parametrize(
    "day",
    ["2026-02-30", "01/01/0001", "01/01/0001 00:00", "31/12/9999 23:59", "99/99/2026", "hier", "",
     "24/11/2026 25:61", "24/11/2027"],
)  # fmt: skip
def test_a_sale_on_an_impossible_day_is_told(run: Run, file: Callable[..., Path], day: str) -> None:
    product = ProductFactory()

    assert "ligne 2" in run("import-sales", file(f"date;code;quantite\n{day};{product.cip13};1\n"))


@pytest.mark.parametrize("day", ["01/01/0001", "31/12/9999"])
def test_a_stock_counted_on_an_impossible_day_is_told(
    run: Run, file: Callable[..., Path], day: str
) -> None:
    line = f"code;quantite;date stock\n{ProductFactory().cip13};1;{day}\n"

    assert "ligne 2" in run("import-stock", file(line))


def test_a_stock_read_before_the_catalogue_may_be_read_again(
    run: Run, file: Callable[..., Path]
) -> None:
    path = file("code;quantite\n3400999123459;4\n")
    assert "Importez le catalogue national" in run("import-stock", path)
    product = ProductFactory(cip13="3400999123459")

    assert main(["import-stock", str(path), "--at", NOON]) == 0
    assert on_hand(product) == 4


def test_a_nul_far_in_a_file_harms_neither_database(
    pharmacy: Pharmacy, file: Callable[..., Path]
) -> None:
    product = ProductFactory()
    good = f"2026-11-20;{product.cip13};Zulvantine;1\n"
    bad = f"2026-11-20;34\x0000;a\x00b;1\n2026-11-20;{product.cip13};x;3\x004\n2026\x00;1;x;4\n"

    text = "date;code;libelle;quantite\n" + good * 4000 + bad
    assert main(["import-sales", str(file(text)), "--at", NOON]) == 0

    report = ImportedFile.objects.get().report
    assert len(report["rejected"]) == 3
    assert "\x00" not in json.dumps(report, ensure_ascii=False)


# HTML and formulas --------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script>"


def test_html_in_files_is_shown_as_text(pharmacy: Pharmacy, now: datetime) -> None:
    clock.fix(now)
    product = ProductFactory()
    owner = signed_in(PersonFactory())
    text = (
        f"code;libelle;quantite;emplacement;lot\n{product.cip13};x;3;{EVIL};<b>L1\n"
        f"{EVIL};{EVIL};1;A;\n"
    )

    page = owner.post(
        reverse("stock:imports"),
        {"kind": "stock", "file": SimpleUploadedFile(f"{EVIL}.csv", text.encode())},
    )
    shown = owner.get(reverse("stock:product", args=[product.public_id]))

    for answer in (page, shown):
        assert answer.status_code == 200
        assert EVIL not in answer.content.decode()
    assert "&lt;script&gt;" in page.content.decode()
    clock.fix(None)


def test_a_formula_in_a_name_is_disarmed_in_the_order_file(
    pharmacy: Pharmacy, now: datetime
) -> None:
    clock.fix(now)
    product = ProductFactory(name="=HYPERLINK(1)", strength="", form="", pack="")
    order = OrderFactory(sent=True)
    order.supplier.name = '@SUM(A1);"x"'
    order.supplier.save()
    OrderLineFactory(order=order, product=product, quantity=2)
    owner = signed_in(PersonFactory())

    answer = owner.get(reverse("planning:order_file", args=[order.public_id]))

    text = answer.content.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert '"\'@SUM(A1);""x"""' in text
    clock.fix(None)


# At the counter and on the bench ------------------------------------------------------------------


@pytest.fixture
def counter(pharmacy: Pharmacy, now: datetime) -> Any:
    shop_floor()
    clock.fix(now)
    yield signed_in(PersonFactory())
    clock.fix(None)


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


def test_an_unknown_code_at_the_counter_is_told(counter: Client) -> None:
    before = Posting.objects.count()

    answer = counter.post(
        reverse("desk:counter"), {"code": "3400999999998", "request_id": uuid4()},
        headers={"HX-Request": "true"},
    )  # fmt: skip

    assert answer.status_code < 500
    assert "3400999999998" in text_of(answer)
    assert Posting.objects.count() == before


def test_an_expired_box_does_not_leave_the_counter(counter: Client) -> None:
    product = ProductFactory()
    lot = LotFactory(product=product, number="B1", expires_on=date(2026, 10, 31))
    stocked(product, 2, lot=lot)
    before = on_hand(product)
    code = box_code(cip13=product.cip13, lot="B1", expires_on=lot.expires_on)

    answer = counter.post(
        reverse("desk:counter"), {"code": code, "request_id": uuid4()},
        headers={"HX-Request": "true"},
    )  # fmt: skip

    assert "érimé" in text_of(answer)
    assert on_hand(product) == before


@pytest.mark.parametrize("quantity", ["9999999999", "-3", "1e308", "12 ou 13", "0", ""])
def test_an_absurd_quantity_taken_out_on_screen_is_told(counter: Client, quantity: str) -> None:
    product = ProductFactory()
    stocked(product, 5)
    held, before = on_hand(product), Posting.objects.count()

    answer = counter.post(
        f"{reverse('stock:take_out')}?product={product.public_id}",
        {"lot_choice": "unknown", "quantity": quantity, "cause": "broken", "destination": "waste",
         "request_id": uuid4(), "product": product.public_id},
    )  # fmt: skip

    assert answer.status_code in (404, 422)
    assert (on_hand(product), Posting.objects.count()) == (held, before)


# Receiving by command -----------------------------------------------------------------------------


@pytest.fixture
def sent_order(pharmacy: Pharmacy) -> Order:
    shop_floor()
    order = OrderFactory(sent=True)
    OrderLineFactory(order=order, product=ProductFactory(), quantity=3)
    return order


@pytest.mark.parametrize("word", ["C999", "0", "-1", "<b>", "9" * 40, "C"])
def test_an_order_that_is_none_is_told(run: Run, word: str) -> None:
    assert (
        "Aucune commande" in run("receive", "--", word)
        if word.startswith("-")
        else run("receive", word)
    )


def test_a_file_of_scans_that_is_none_is_told(
    run: Run, sent_order: Order, file: Callable[..., Path], tmp_path: Path
) -> None:
    assert "n’existe pas" in run("receive", sent_order, "--scans", tmp_path / "x.csv")
    assert "Rien n’a été lu" in run("receive", sent_order, "--scans", file("code;quantite\n"))
    assert "binaire" in run("receive", sent_order, "--scans", file(b"code;quantite\n34\x00;1\n"))


def test_expired_and_absurd_lines_of_a_receipt_are_told(
    sent_order: Order, file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    product = sent_order.lines.get().product
    lines = [
        "code;lot;peremption;quantite",
        f"{product.cip13};L1;31/10/2026;1",
        f"{product.cip13};L2;31/10/2028;2",
        *(f"{product.cip13};L2;31/10/2028;{wrong}" for wrong in
          ("9999999999", "-3", "1e308", "12 ou 13", "0", "100000")),
        "3400999999998;L3;31/10/2028;1",
        f"{product.cip13};L4;31/02/2028;1",
    ]  # fmt: skip
    path = file("\n".join(lines))

    status = main(["receive", str(sent_order), "--scans", str(path), "--json", "--at", NOON])

    told = json.loads(capsys.readouterr().out)
    receipt = told["receipts"][0]
    assert status == 0
    assert (receipt["boxes"], receipt["quarantine"]) == (2, 1)
    assert [one["line"] for one in told["rejected"]] == [4, 5, 6, 7, 8, 9, 11]
    assert [one["line"] for one in told["unknown"]] == [10]
    assert on_hand(product) == 2
    assert audit().is_sound


# The national catalogue ---------------------------------------------------------------------------


def test_a_broken_edition_changes_nothing(run: Run, edition: Edition, tmp_path: Path) -> None:
    main(["import-bdpm", str(edition.write("2026-01-01"))])
    folder = edition.write("2026-01-28")
    boxes = folder / "CIS_CIP_bdpm.txt"
    whole = boxes.read_bytes()

    for content, told in (
        (b"", "vide"),
        (b"<!DOCTYPE html><html>503", "page web"),
        (whole[:-30], "incomplet"),
        (whole.decode("cp1252").encode("utf-16"), "CIS_CIP_bdpm.txt"),
        (whole + random.Random(3).randbytes(50_000), "CIS_CIP_bdpm.txt"),
    ):
        boxes.write_bytes(content)
        assert told in run("import-bdpm", folder)
    boxes.unlink()
    assert "CIS_CIP_bdpm.txt" in run("import-bdpm", folder)
    (folder / "CIS_CIP_bdpm.txt.gz").write_bytes(gzip.compress(whole)[:-9])
    assert "incomplet" in run("import-bdpm", folder)
    assert "n’existe pas" in run("import-bdpm", tmp_path / "absent")


# Two people on one order --------------------------------------------------------------------------


def test_of_two_people_on_one_line_the_second_is_told(pharmacy: Pharmacy, now: datetime) -> None:
    clock.fix(now)
    order = OrderFactory()
    line = OrderLineFactory(order=order, product=ProductFactory(), quantity=2)
    first, second = (signed_in(PersonFactory()) for _ in range(2))
    typed = {"seen": line.version, "read": order.version, "reason": "other"}

    first.post(reverse("planning:line", args=[line.pk]), {**typed, "quantity": 5})
    answer = second.post(reverse("planning:line", args=[line.pk]), {**typed, "quantity": 9})

    line.refresh_from_db()
    assert line.quantity == 5
    assert answer.status_code in (409, 422)
    assert "Traceback" not in text_of(answer)
    clock.fix(None)


# Days of 23 and 25 hours --------------------------------------------------------------------------


@pytest.fixture
def lgo(pharmacy: Pharmacy) -> Pharmacy:
    pharmacy.stock_truth = Pharmacy.StockTruth.LGO
    pharmacy.save()
    return pharmacy


def test_sales_of_the_hour_that_comes_twice_or_never_are_kept(
    lgo: Pharmacy, file: Callable[..., Path]
) -> None:
    product = ProductFactory()
    opening = file(f"code;quantite\n{product.cip13};9\n", "stock.csv")
    main(["import-stock", str(opening), "--at", "2026-10-20T12:00:00+02:00"])
    text = "date;code;quantite\n" + "".join(
        f"{moment};{product.cip13};1\n"
        for moment in ("25/10/2026 01:59", "25/10/2026 02:30", "25/10/2026 03:01",
                       "28/03/2027 01:59", "28/03/2027 02:30", "28/03/2027 03:31")
    )  # fmt: skip

    status = main(["import-sales", str(file(text)), "--at", "2027-03-29T12:00:00+02:00"])

    assert status == 0
    assert on_hand(product) == 3
    kept = DemandLine.objects.order_by("occurred_at", "pk")
    assert [line.occurred_on for line in kept] == [date(2026, 10, 25)] * 3 + [date(2027, 3, 28)] * 3
    instants = [line.occurred_at for line in kept]
    assert instants == sorted(instants)
    assert instants[1] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert audit().is_sound


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 24), 24)]
)
def test_the_losses_of_a_long_or_short_day_are_all_its_own(
    lgo: Pharmacy, file: Callable[..., Path], day: date, hours: int
) -> None:
    install_defaults()
    product, known = ProductFactory(), ProductFactory()
    opening = file(f"code;quantite\n{known.cip13};1\n{product.cip13};0\n", "stock.csv")
    main(["import-stock", str(opening), "--at", "2026-10-20T12:00:00+02:00"])
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    moments = [f"{before:%d/%m/%Y} 23:59", f"{day:%d/%m/%Y} 00:00", f"{day:%d/%m/%Y} 23:59",
               f"{after:%d/%m/%Y} 00:00"]  # fmt: skip
    text = "date;code;quantite\n" + "".join(f"{each};{product.cip13};1\n" for each in moments)
    assert main(["import-sales", str(file(text)), "--at", f"{after:%Y-%m-%d}T20:00:00+02:00"]) == 0

    found = [loss for loss in losses(day, day) if loss.product == product]

    # Two of the four boxes, and the span between them is the whole day.
    assert sum(loss.quantity for loss in found) == 2
    instants = DemandLine.objects.order_by("occurred_at").values_list("occurred_at", flat=True)
    assert instants[2] - instants[1] == timedelta(hours=hours) - timedelta(minutes=1)


def test_rounds_keep_their_local_hour_when_the_clocks_change(pharmacy: Pharmacy) -> None:
    add_supplier(
        name="Répartition du Val",
        kind=Supplier.Kind.WHOLESALER,
        rounds=[WeeklyRound(day, time(11, 45), time(14, 30), 0) for day in range(7)],
        at=datetime(2026, 10, 22, 6, tzinfo=UTC),
    )

    cut_offs = DeliveryRound.objects.order_by("cut_off_at").values_list("cut_off_at", flat=True)

    hours = {f"{each:%d/%m}": each.hour for each in cut_offs}
    assert (hours["24/10"], hours["26/10"]) == (9, 10)  # 11 h 45 in Paris, both


# Long, and on the command line --------------------------------------------------------------------


@pytest.mark.slow
def test_three_hundred_thousand_sales_are_read_in_seconds(
    pharmacy: Pharmacy, file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    products = ProductFactory.create_batch(50)
    first = datetime(2025, 1, 1, 9)  # noqa: DTZ001 - local, as a till writes it
    lines = [
        f"{first + timedelta(minutes=number):%d/%m/%Y %H:%M};{products[number % 50].cip13};1"
        for number in range(300_000)
    ]
    path = file("date;code;quantite\n" + "\n".join(lines) + "\n")
    began = perf_counter()

    assert main(["import-sales", str(path), "--json", "--at", NOON]) == 0

    seconds = perf_counter() - began
    told = json.loads(capsys.readouterr().out)
    assert told["history"]["lines"] == DemandLine.objects.count() == 300_000
    assert seconds < 90  # about 10 s alone on two cores; a busy machine is no fault


def test_days_out_of_order_are_told(run: Run) -> None:
    assert "échangez-les" in run("losses", "--from", "2026-03-01", "--to", "2026-02-01")


@pytest.mark.parametrize(
    "words",
    [
        ["losses", "--from", "2026-02-30"],
        ["losses", "--from", "hier"],
        ["losses", "--from", "0001-01-01"],
        ["losses", "--to", "9999-12-31"],
        ["receive"],
        ["x"],
        ["put-away", "--vite"],
    ],
)
def test_a_misuse_is_told_in_french(
    pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "invalid" not in told
    assert "required" not in told
    assert "usage:" not in told


def test_an_order_file_that_cannot_be_written_sends_nothing(
    run: Run, tmp_path: Path, now: datetime
) -> None:
    add_supplier(
        name="Répartition du Val",
        kind=Supplier.Kind.WHOLESALER,
        rounds=[WeeklyRound(1, time(12, 15), time(14, 30), 0)],
        at=now - timedelta(days=1),
    )
    delivery_round = DeliveryRound.objects.order_by("cut_off_at")[0]
    actor = Actor.objects.create(month="2026-11")
    order = open_draft(
        supplier=delivery_round.supplier, delivery_round=delivery_round, at=now, actor=actor
    )
    set_line(order, product=ProductFactory(), quantity=2, at=now, actor=actor)

    told = run("propose-orders", "--send", "--csv", tmp_path / "absent" / "c.csv")

    order.refresh_from_db()
    assert order.status == Order.Status.DRAFT
    assert "ne peut pas être écrit" in told


def test_a_multiplier_of_thousands_of_digits_is_an_unknown_code(
    sent_order: Order, file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    product = sent_order.lines.get().product
    path = file(f"2*{product.cip13}\n{'9' * 5000}*{product.cip13}\n")

    status = main(["receive", str(sent_order), "--scans", str(path), "--json", "--at", NOON])

    told = json.loads(capsys.readouterr().out)
    assert (status, told["receipts"][0]["boxes"]) == (0, 2)
    assert [one["line"] for one in told["unknown"]] == [2]
