"""The files of the dispensing software: what they open, what they move, what they leave out."""

import importlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from backofficine.catalog.models import CatalogVersion, Evidence, Product
from backofficine.catalog.services import make_product
from backofficine.cli.program import run
from backofficine.formats.codes import cip13_of
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock import queries, services
from backofficine.stock.models import (
    Address,
    Balance,
    CountRequest,
    DemandLine,
    ExpiredSale,
    ImportedFile,
    Location,
    Move,
    NarcoticVisa,
    Posting,
)
from backofficine.stock.services import FileRefused, Wanted
from backofficine.team.models import Actor
from tests.factories import LocationFactory, LotFactory, ProductCodeFactory, ProductFactory, stocked

pytestmark = pytest.mark.django_db
# The package gives the command the name of its module.
sales_module = importlib.import_module("backofficine.stock.services.import_sales")


@pytest.fixture
def lgo(pharmacy: Pharmacy) -> Pharmacy:
    pharmacy.stock_truth = Pharmacy.StockTruth.LGO
    pharmacy.save()
    return pharmacy


def stock_file(
    *lines: str, heading: str = "cip13;libelle;stock;emplacement;lot;peremption;pamp"
) -> bytes:
    return ("\n".join([heading, *lines]) + "\n").encode()


def sales_file(*lines: str) -> bytes:
    return ("\n".join(["date;cip13;qte", *lines]) + "\n").encode()


Import = Callable[..., Any]


@pytest.fixture
def open_stock(now: datetime, actor: Actor, pharmacy: Pharmacy) -> Import:
    def call(*lines: str, at: datetime = now, **more: Any) -> services.StockReport:
        return services.import_stock(
            stock_file(*lines, **more), name="stock.csv", at=at, actor=actor
        )

    return call


@pytest.fixture
def record_sales(now: datetime, actor: Actor, pharmacy: Pharmacy) -> Import:
    def call(*lines: str, at: datetime = now + timedelta(hours=9)) -> services.SalesReport:
        return services.import_sales(sales_file(*lines), name="ventes.csv", at=at, actor=actor)

    return call


# Stock ------------------------------------------------------------------------------------------


def test_a_stock_file_opens_balances_addresses_and_costs(open_stock: Import, now: datetime) -> None:
    plain, cold = ProductFactory(is_followed=False), ProductFactory(cold=True)
    before = CatalogVersion.objects.get().number

    report = open_stock(
        f"{plain.cip13};Un;7;T3-B-07;L1;05/2028;4,2123",
        f"{plain.cip13};Un;2;Réserve 1;L1;05/2028;4,2123",
        f"{cold.cip13};Deux;3;F1;;;",
    )

    posting = Posting.objects.get()
    assert (posting.reason, posting.occurred_at) == (Posting.Reason.OPENING, now)
    assert all(move.source.kind == Location.Kind.COUNT for move in posting.moves.all())
    assert [
        (each.location.code, each.location.kind, each.lot.number, each.lot.expires_on, each.on_hand)
        for each in Balance.objects.order_by("location__code")
    ] == [
        ("F1", "fridge", "", date(9999, 12, 31), 3),
        ("Réserve 1", "reserve", "L1", date(2028, 5, 31), 2),
        ("T3-B-07", "shelf", "L1", date(2028, 5, 31), 7),
    ]
    plain.refresh_from_db()
    assert (plain.unit_cost, plain.cost_evidence, plain.is_followed) == (
        Decimal("4.2123"), Evidence.STOCK_FILE, True,
    )  # fmt: skip
    assert Address.objects.get(product=plain, is_main=True).location.code == "T3-B-07"
    assert (report.products, report.quantity, report.locations_created) == (2, 12, 3)
    assert report.value == 9 * Decimal("4.2123") + 3 * cold.unit_cost
    assert CatalogVersion.objects.get().number > before
    assert queries.audit().is_sound


def test_the_same_stock_file_again_changes_nothing(open_stock: Import) -> None:
    product = ProductFactory()
    first = open_stock(f"{product.cip13};Un;7;A;;;", "3400000000000;Inconnu;1;A;;;")

    again = open_stock(f"{product.cip13};Un;7;A;;;", "3400000000000;Inconnu;1;A;;;")

    assert again.as_dict() == {**first.as_dict(), "unchanged": True, "locations_created": 0}
    assert Posting.objects.count() == 1
    assert ImportedFile.objects.count() == 1


def test_lines_that_cannot_be_used_are_told_one_by_one(open_stock: Import) -> None:
    product = ProductFactory()
    ean = "3591234567898"
    for twin in ProductFactory.create_batch(2):
        ProductCodeFactory(product=twin, kind="ean13", code=ean)

    report = open_stock(
        f"{product.cip13};Un;5;A;;;",
        "3400999999999;Mystère;4;A;;;",
        f"{ean};Savon;1;A;;;",
        f"{product.cip13};Un;9999999;A;;;",
        f"{product.cip13};Un;beaucoup;A;;;",
        "3,40093E+12;Arrondi;1;A;;;",
    )

    assert [line["line"] for line in report.rejected] == [3, 4, 5, 6, 7]
    reasons = [line["reason"] for line in report.rejected]
    assert "3400999999999" in reasons[0]
    assert "Mystère" in reasons[0]
    assert "plusieurs produits" in reasons[1]
    assert "9999999" in reasons[2]
    assert "tableur" in reasons[4]
    assert report.quantity == 5
    assert report.lines == 6


def test_a_negative_opens_at_zero_and_asks_for_a_count(open_stock: Import) -> None:
    product = ProductFactory()

    report = open_stock(f"{product.cip13};Un;-2;A-1;;;")

    assert queries.on_hand(product) == 0
    assert CountRequest.objects.get().why == CountRequest.Why.NEGATIVE
    assert report.counts_asked == 1
    assert not Posting.objects.exists()
    assert Address.objects.get(product=product).location.code == "A-1"


def test_a_product_already_followed_here_is_not_opened_twice(open_stock: Import) -> None:
    known, new = ProductFactory(), ProductFactory()
    stocked(known, 4)

    report = open_stock(f"{known.cip13};Un;9;A;;;", f"{new.cip13};Deux;9;A;;;")

    assert (queries.on_hand(known), queries.on_hand(new)) == (4, 9)
    assert "deux fois" in report.rejected[0]["reason"]


def test_what_was_found_before_the_opening_is_explained_by_it(
    open_stock: Import, actor: Actor, now: datetime, today: date
) -> None:
    product = ProductFactory()
    LocationFactory()
    services.withdraw(
        [Wanted(product, 1)], occurred_at=now, recorded_at=now, on=today, actor=actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip

    open_stock(f"{product.cip13};Un;9;;;;")

    assert queries.on_hand(product) == 9
    assert Move.objects.get(is_found=True, source__kind="count").explained.by == "count"


def test_a_cost_known_from_a_receipt_is_better_than_the_file(open_stock: Import) -> None:
    product = ProductFactory(unit_cost=Decimal(3), cost_evidence=Evidence.RECEIPT)

    open_stock(f"{product.cip13};Un;1;A;;;9,99")

    product.refresh_from_db()
    assert product.unit_cost == 3


def test_doses_are_counted_in_doses(open_stock: Import) -> None:
    product = ProductFactory(divisible=True, unit_cost=None)

    open_stock(f"{product.cip13};Un;2;A;;;28")

    product.refresh_from_db()
    assert queries.on_hand(product) == 28
    assert product.unit_cost == 2


@pytest.mark.parametrize(("heading", "here"), [("stock", 5), ("stock total", 3)])
def test_a_reserve_is_a_place(open_stock: Import, heading: str, here: int) -> None:
    product = ProductFactory()

    open_stock(f"{product.cip13};5;2;A-1", heading=f"cip13;{heading};reserve;emplacement")

    held = {each.location.kind: each.on_hand for each in Balance.objects.all()}
    assert held == {"shelf": here, "reserve": 2}


def test_the_date_of_the_file_is_the_date_of_the_opening(open_stock: Import) -> None:
    product = ProductFactory()

    open_stock(f"{product.cip13};5;23/11/2026", heading="cip13;stock;date stock")

    assert Posting.objects.get().occurred_at == datetime(2026, 11, 22, 23, tzinfo=UTC)


def test_dates_of_last_counts_are_no_date_of_the_file(open_stock: Import, now: datetime) -> None:
    one, two = ProductFactory.create_batch(2)

    open_stock(
        f"{one.cip13};5;23/11/2025",
        f"{two.cip13};5;02/03/2026",
        heading="cip13;stock;date inventaire",
    )

    assert Posting.objects.get().occurred_at == now


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 400, b"<html></html>", b"bonjour"])
def test_what_is_no_stock_file_is_refused_whole(
    data: bytes, now: datetime, actor: Actor, pharmacy: Pharmacy
) -> None:
    with pytest.raises(FileRefused):
        services.import_stock(data, name="x", at=now, actor=actor)
    with pytest.raises(FileRefused):
        services.import_sales(data, name="x", at=now, actor=actor)

    assert not ImportedFile.objects.exists()


def test_lines_left_out_are_tried_again_once_the_catalogue_knows_them(
    open_stock: Import, record_sales: Import
) -> None:
    known, late = ProductFactory(), cip13_of("9977777")
    lines = [f"{known.cip13};Un;5;A;;;", f"{late};Deux;7;B;;;"]
    sold = [f"01/11/2026;{known.cip13};1", f"01/11/2026;{late};2"]
    assert open_stock(*lines).rejected[0]["line"] == 3
    assert record_sales(*sold).rejected[0]["line"] == 3
    assert open_stock(*lines).is_unchanged

    product = make_product(name="TARDIVAL", codes=[late], is_invented=True)
    opened, told = open_stock(*lines), record_sales(*sold)

    assert (opened.quantity, opened.rejected, told.history["quantity"]) == (7, [], 2)
    assert (queries.on_hand(known), queries.on_hand(product)) == (5, 7)
    assert DemandLine.objects.count() == 2
    assert open_stock(*lines).is_unchanged
    assert record_sales(*sold).is_unchanged


def test_a_file_read_before_the_catalogue_is_read_after_it(open_stock: Import) -> None:
    code = cip13_of("9977777")
    assert open_stock(f"{code};Un;5;A;;;").products == 0
    assert not ImportedFile.objects.exists()

    make_product(name="TARDIVAL", codes=[code], is_invented=True)

    assert open_stock(f"{code};Un;5;A;;;").quantity == 5


# Sales ------------------------------------------------------------------------------------------


def test_before_the_opening_a_sale_is_history(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;10;A;;;")

    report = record_sales(
        f"01/11/2026 09:30;{product.cip13};2", f"24/11/2026 11:00;{product.cip13};3"
    )

    assert queries.on_hand(product) == 7
    assert list(
        DemandLine.objects.order_by("occurred_at").values_list("kind", "quantity", "occurred_on")
    ) == [("history", 2, date(2026, 11, 1)), ("served", 3, date(2026, 11, 24))]
    assert (report.history["lines"], report.withdrawn["quantity"]) == (1, 3)
    assert queries.audit().is_sound


def test_where_the_counter_withdraws_a_file_is_history_only(
    open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;10;A;;;")

    record_sales(f"24/11/2026 11:00;{product.cip13};3")

    assert queries.on_hand(product) == 10
    assert DemandLine.objects.get().kind == DemandLine.Kind.HISTORY


def test_what_the_counter_recorded_is_not_told_twice(
    record_sales: Import, actor: Actor, now: datetime, today: date
) -> None:
    product = ProductFactory()
    stocked(product, 5)
    services.withdraw(
        [Wanted(product, 1)], occurred_at=now, recorded_at=now, on=today, actor=actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip

    report = record_sales(
        f"24/11/2026 09:00;{product.cip13};1", f"24/11/2026 11:00;{product.cip13};1"
    )

    assert report.history["lines"] == 1
    assert report.rejected[0]["line"] == 3


def test_without_an_opening_everything_is_history(lgo: Pharmacy, record_sales: Import) -> None:
    product = ProductFactory(is_followed=False)

    record_sales(f"24/11/2026 11:00;{product.cip13};3")

    assert DemandLine.objects.get().kind == DemandLine.Kind.HISTORY
    assert not Posting.objects.exists()
    product.refresh_from_db()
    assert product.is_followed


def test_the_same_sales_again_change_nothing(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;10;A;;;")
    lines = [f"01/11/2026;{product.cip13};1", f"24/11/2026 11:00;{product.cip13};3"]
    first = record_sales(*lines)

    again = record_sales(*lines)

    assert again.as_dict() == {**first.as_dict(), "unchanged": True}
    assert queries.on_hand(product) == 7
    assert DemandLine.objects.count() == 2


def test_an_overlapping_export_adds_only_what_is_new(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;20;A;;;")
    twice = f"24/11/2026 11:00;{product.cip13};1"
    record_sales(f"01/11/2026;{product.cip13};1", twice, twice)

    report = record_sales(
        f"01/11/2026;{product.cip13};1", twice, twice, twice, f"24/11/2026 12:00;{product.cip13};1"
    )

    assert report.already_known == 3
    assert queries.on_hand(product) == 16


@pytest.fixture
def record_months(now: datetime, actor: Actor, pharmacy: Pharmacy) -> Import:
    def call(*lines: str, at: datetime = now + timedelta(days=60)) -> services.SalesReport:
        data = "\n".join(["CIP;Désignation;10/2026;11/2026", *lines, ""]).encode()
        return services.import_sales(data, name="mois.csv", at=at, actor=actor)

    return call


def test_a_month_that_overlaps_the_opening_is_not_withdrawn(
    lgo: Pharmacy, open_stock: Import, record_months: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;20;A;;;")

    report = record_months(f"{product.cip13};UN;9;5")

    assert queries.on_hand(product) == 20
    assert (report.history["quantity"], report.withdrawn["quantity"]) == (9, 0)
    assert [line["line"] for line in report.rejected] == [2004]
    assert "24/11/2026" in report.rejected[0]["reason"]


@pytest.mark.parametrize(
    ("opened", "history", "withdrawn"), [("30/11/2026 23:59", 14, 0), ("01/11/2026", 9, 5)]
)
def test_a_month_before_or_after_the_opening_is_whole(
    lgo: Pharmacy, open_stock: Import, record_months: Import, now: datetime,
    opened: str, history: int, withdrawn: int,
) -> None:  # fmt: skip
    product = ProductFactory()
    open_stock(f"{product.cip13};20;{opened}", heading="cip13;stock;date inventaire",
               at=now + timedelta(days=10))  # fmt: skip

    report = record_months(f"{product.cip13};UN;9;5")

    assert (report.history["quantity"], report.withdrawn["quantity"]) == (history, withdrawn)
    assert queries.on_hand(product) == 20 - withdrawn


@pytest.mark.parametrize("months_first", [True, False])
def test_a_month_and_its_days_are_told_once(
    record_sales: Import, record_months: Import, months_first: bool
) -> None:
    both, other = ProductFactory(), ProductFactory()
    days = [f"03/10/2026 10:00;{both.cip13};2", f"20/10/2026 16:00;{both.cip13};7"]
    more = f"30/09/2026 10:00;{both.cip13};1"
    month = f"{both.cip13};UN;9;0"
    rest = f"{other.cip13};DEUX;4;0"

    if months_first:
        reports = [record_months(month, rest), record_sales(*days, more)]
    else:
        reports = [record_sales(*days, more), record_months(month, rest)]

    sold = dict.fromkeys((both.pk, other.pk), 0)
    for product, quantity in DemandLine.objects.values_list("product_id", "quantity"):
        sold[product] += quantity
    assert sold == {both.pk: 10, other.pk: 4}
    assert reports[1].already_known == (2 if months_first else 1)


def test_an_import_cut_short_goes_on(
    lgo: Pharmacy, open_stock: Import, record_sales: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;20;A;;;")
    lines = [f"01/11/2026;{product.cip13};1"]
    lines += [f"24/11/2026 11:{minute:02d};{product.cip13};1" for minute in range(6)]
    monkeypatch.setattr(sales_module, "_POSTINGS_AT_ONCE", 2)
    withdraw = services.withdraw
    left = iter(range(3))

    def cut(*args: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return withdraw(*args, **named)

    with monkeypatch.context() as broken:
        broken.setattr(sales_module, "withdraw", cut)
        with pytest.raises(KeyboardInterrupt):
            record_sales(*lines)
    assert 14 < queries.on_hand(product) < 20
    assert not ImportedFile.objects.filter(kind="sales").exists()

    record_sales(*lines)

    assert queries.on_hand(product) == 14
    assert DemandLine.objects.count() == 7
    assert queries.audit().is_sound


def test_an_expired_box_that_was_sold_is_recorded_and_flagged(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;2;A;VIEUX;10/2026;")

    record_sales(f"24/11/2026 11:00;{product.cip13};1")

    assert queries.on_hand(product) == 1
    assert ExpiredSale.objects.count() == 1


def test_more_than_the_record_held_is_found_and_counted(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product, narcotic = ProductFactory(), ProductFactory(narcotic=True)
    open_stock(f"{product.cip13};Un;2;A;;;")

    report = record_sales(
        f"24/11/2026 11:00;{product.cip13};5", f"24/11/2026 11:00;{narcotic.cip13};1"
    )

    assert report.withdrawn["found"] == 4
    assert CountRequest.objects.filter(why=CountRequest.Why.FOUND).count() == 2
    assert Location.objects.get(code="COFFRE").kind == Location.Kind.SAFE
    assert not NarcoticVisa.objects.exists()


def test_a_negative_sale_comes_back(
    lgo: Pharmacy, open_stock: Import, record_sales: Import
) -> None:
    product = ProductFactory()
    open_stock(f"{product.cip13};Un;10;A;;;")

    record_sales(
        f"01/11/2026;{product.cip13};-1",
        f"24/11/2026 11:00;{product.cip13};3",
        f"24/11/2026 11:00;{product.cip13};-1",
    )

    assert queries.on_hand(product) == 8
    assert DemandLine.objects.filter(kind=DemandLine.Kind.RETURNED).count() == 2
    assert queries.audit().is_sound


def test_sales_that_cannot_be_are_left_out(record_sales: Import) -> None:
    product = ProductFactory()

    report = record_sales(
        f"24/11/2027;{product.cip13};1",
        "23/11/2026;9999999;1",
        f"31/02/2026;{product.cip13};1",
        f"23/11/2026;{product.cip13};1000000",
        f"23/11/2026;{product.cip13};1",
    )

    assert [line["line"] for line in report.rejected] == [2, 3, 4, 5]
    assert "24/11/2027" in report.rejected[0]["reason"]
    assert DemandLine.objects.count() == 1


def test_the_hour_of_the_clock_change_is_one_instant(record_sales: Import) -> None:
    product = ProductFactory()

    record_sales(f"25/10/2026 02:30;{product.cip13};1", f"29/03/2026 02:30;{product.cip13};1")

    assert list(
        DemandLine.objects.order_by("occurred_at").values_list("occurred_at", "occurred_on")
    ) == [
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),
    ]


def test_html_in_a_label_is_a_label(open_stock: Import) -> None:
    product = ProductFactory()

    report = open_stock(
        "3400999999999;<script>alert(1)</script>;1;A;;;", f"{product.cip13};;1;A;;;"
    )

    assert "<script>" in report.rejected[0]["reason"]


# Commands ---------------------------------------------------------------------------------------


def test_the_commands_report_in_json(
    tmp_path: Path, pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str]
) -> None:
    product = ProductFactory()
    stock, sales = tmp_path / "stock.csv", tmp_path / "ventes.csv"
    stock.write_bytes(stock_file(f"{product.cip13};Un;10;A;;;"))
    sales.write_bytes(sales_file(f"01/11/2025;{product.cip13};1"))

    assert run(["import-stock", str(stock), "--json"]) == 0
    opened = json.loads(capsys.readouterr().out)
    assert run(["import-sales", str(sales), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert (opened["quantity"], opened["rejected"]) == (10, [])
    assert told["history"] == {"lines": 1, "quantity": 1}
    assert run(["import-stock", str(stock)]) == 0
    assert "rien n’a changé" in capsys.readouterr().out


def test_a_missing_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import-stock", str(tmp_path / "rien.csv")]) == 1

    assert "rien.csv" in capsys.readouterr().err


def test_a_lot_of_the_file_that_exists_is_the_same_lot(open_stock: Import) -> None:
    lot = LotFactory(number="L1", expires_on=date(2028, 5, 31))

    open_stock(f"{lot.product.cip13};Un;1;A;L1;05/2028;")

    assert Move.objects.get().lot == lot
    assert Product.objects.get(pk=lot.product_id).lots.count() == 1


@pytest.mark.parametrize("kind", ["stock", "sales"])
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_import_once(
    committed_db: None, kind: str, lgo: Pharmacy, now: datetime, actor: Actor
) -> None:
    product = ProductFactory()
    opening = stock_file(f"{product.cip13};Un;10;A;;;")
    services.import_stock(opening, name="avant.csv", at=now, actor=actor)
    other = ProductFactory()
    stock = stock_file(f"{other.cip13};Deux;10;A;;;")
    sales = sales_file(f"01/11/2026;{product.cip13};1", f"24/11/2026 11:00;{product.cip13};3")
    later = now + timedelta(hours=9)

    def click(_number: int) -> bool:
        try:
            if kind == "stock":
                done = services.import_stock(stock, name="s.csv", at=later, actor=actor)
                return done.is_unchanged
            return services.import_sales(sales, name="v.csv", at=later, actor=actor).is_unchanged
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        unchanged = list(threads.map(click, range(3)))

    assert unchanged.count(False) == 1
    assert ImportedFile.objects.filter(kind=kind).count() == (2 if kind == "stock" else 1)
    assert queries.on_hand(other if kind == "stock" else product) == (10 if kind == "stock" else 7)
    assert queries.audit().is_sound
