"""Each section on a small shop whose numbers are computed by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backofficine.formats.exports import SalesLine, StockLine, What
from backofficine.picture.compute import Exports, compute
from backofficine.picture.national import PriceSpan
from backofficine.picture.report import as_json
from tests.picture.shop import (
    AS_OF,
    FIRST,
    MARGINS,
    bought,
    catalogue,
    code,
    every,
    export,
    held,
    lines_of,
    national_product,
    picture,
    sold,
)


def figure(report, section, key):
    return report.section(section).figure(key)


# --- Joining --------------------------------------------------------------------------------------


def test_two_places_and_two_spellings_of_a_code_are_one_product():
    cip7 = StockLine(2, code(1)[5:12], "MEME", 3, address="RÉSERVE")
    report = picture([held(1, 2, address="T1"), cip7], [], national=catalogue(national_product(1)))
    line = lines_of(report, "dormant")[code(1)]

    assert line.held == 5
    assert line.address == "T1 · RÉSERVE"
    assert line.label == "INVENTE 1 10 mg comprimé B/30"


def test_what_no_edition_knows_is_listed_with_its_reason_never_dropped():
    report = picture(
        [
            StockLine(1, "3760000000017", "CREME", 4),
            StockLine(2, "ABC1", "LOCATION", 1),
            StockLine(3, "", "SANS CODE", 2),
        ],
        [],
        national=catalogue(national_product(1)),
    )

    assert {(one.label, one.kind, one.held) for one in report.unmatched} == {
        ("CREME", "not_national", 4),
        ("LOCATION", "bad_code", 1),
        ("SANS CODE", "no_code", 2),
        ("CHAQUE JOUR", "not_national", 0),
    }
    assert report.totals["unmatched"] == 4
    assert report.totals["boxes"] == 7


def test_a_cost_comes_from_the_file_then_the_last_purchase_then_the_margins():
    report = picture(
        [held(1, 1), held(2, 1, purchase_price=None), held(3, 1, purchase_price=None),
         held(4, 2, purchase_price=None, value=Decimal("9.00")),
         StockLine(5, "3760000000017", "CREME", 1)],
        [],
        purchases=[bought(2, date(2024, 3, 5), 1, unit_price=Decimal("7.00")),
                   bought(2, date(2024, 6, 5), 1, unit_price=Decimal("6.00"))],
        national=catalogue(*(national_product(number) for number in range(1, 5))),
    )  # fmt: skip
    lines = lines_of(report, "dormant")
    assumed = MARGINS.purchase_cost(Decimal("10.00"))

    assert lines[code(1)].euros == Decimal("5.00")
    assert lines[code(2)].euros == Decimal("6.00")
    assert lines[code(3)].euros == assumed.quantize(Decimal("0.01"))
    assert lines[code(3)].is_cost_assumed
    assert lines[code(4)].euros == Decimal("9.00")
    assert lines["3760000000017"].euros is None
    assert report.totals["unpriced"] == 1
    assert report.totals["euros"] == (Decimal("20.00") + assumed).quantize(Decimal("0.01"))


def test_sales_after_the_day_of_the_picture_are_not_known_yet():
    report = picture([held(1, 2)], sold(1, [AS_OF]), as_of=AS_OF - timedelta(days=1))

    assert report.as_of == AS_OF - timedelta(days=1)
    assert code(1) in lines_of(report, "dormant")


def test_a_return_lowers_the_sales_of_its_day_and_never_below_zero():
    back = SalesLine(9, code(1), "LIGNE 1", -1, AS_OF, AS_OF)
    report = picture([held(1, 2)], [*sold(1, [AS_OF], 1), back])

    assert report.totals["sold_boxes"] == 731
    assert code(1) in lines_of(report, "dormant")


def test_a_file_of_months_is_laid_out_by_month():
    months = [date(2024 + (1 + k) // 12, (1 + k) % 12 + 1, 1) for k in range(24)]
    sales = [
        SalesLine(1, code(1), "LIGNE 1", 10, month,
                  (month + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        for month in months
    ]  # fmt: skip
    report = picture([held(1, 20), held(2, 1)], sales, grain="month")
    vat = report.section("cover").table("vat").rows[-1]

    assert report.as_of == AS_OF
    assert report.first_on == FIRST
    assert report.totals["sold_boxes"] == 240
    # Twelve months of ten boxes, over twelve mean months.
    assert vat.numbers["sold_per_month"] == Decimal("10.0")
    assert "days_of_sales" in {one.key for one in report.unknowns}


def test_the_same_lines_give_the_same_bytes_whatever_their_order():
    stock = [held(number, number) for number in range(1, 9)]
    sales = [line for number in range(1, 9) for line in sold(number, every(number + 2))]

    assert as_json(picture(stock, sales)) == as_json(picture(stock[::-1], sales[::-1]))


# --- 1. Ghosts ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silent():
    """Forty products that sell every five days; one has been silent for four months."""
    numbers = range(1, 41)
    stock = [held(number, 3, address=f"T{number % 3}") for number in numbers]
    sales = [line for number in numbers if number != 7 for line in sold(number, every(5))]
    sales += sold(7, every(5, last=AS_OF - timedelta(days=120)))
    return picture(stock, sales)


def test_the_product_silent_for_too_long_is_the_one_to_check(silent):
    line = silent.section("ghosts").lines[0]

    assert line.code == code(7)
    assert line.numbers["silence_days"] == 120
    assert line.numbers["interval_days"] > 4
    assert line.words["last_sale_on"] == (AS_OF - timedelta(days=120)).isoformat()
    assert line.probability > Decimal("0.3")
    # Expected boxes: the probability times the three on record, at five euros.
    assert abs(Decimal(line.boxes) - 3 * line.probability) <= Decimal("0.06")
    assert abs(line.euros - 5 * 3 * line.probability) <= Decimal("0.02")


def test_the_count_list_and_its_rate_are_of_the_same_products(silent):
    rate = figure(silent, "ghosts", "count_list")
    chosen = silent.count_list

    assert 1 <= len(chosen) <= 20
    assert rate.low <= rate.value <= rate.high
    mean = sum(line.probability for line in chosen) / len(chosen)
    assert abs(rate.value - mean) <= Decimal("0.002")


def test_a_product_received_after_its_last_sale_was_not_there_to_sell():
    quiet = AS_OF - timedelta(days=120)
    stock = [held(number, 3) for number in range(1, 41)]
    sales = [line for number in range(1, 40) for line in sold(number, every(5))]
    sales += sold(40, every(5, last=quiet))
    fresh = [*stock[:-1], replace(stock[-1], last_receipt_on=AS_OF - timedelta(days=2))]

    before = lines_of(picture(stock, sales), "ghosts")
    after = lines_of(picture(fresh, sales), "ghosts")

    assert code(40) in before
    assert code(40) not in after


def test_nothing_held_has_no_ghost():
    assert picture([held(1, 0)], []).section("ghosts").absent == "nothing_held"


# --- 2. Missing -----------------------------------------------------------------------------------


def missing_shop(**fields):
    """One sells two a week, then nothing for sixty days: none left. Its price is ten euros."""
    stop = AS_OF - timedelta(days=60)
    numbers = range(1, 21)
    stock = [held(number, 0 if number == 1 else 5) for number in numbers]
    sales = [line for number in numbers if number != 1 for line in sold(number, every(4))]
    sales += sold(1, every(4, last=stop))
    products = [national_product(1, **fields), *(national_product(n) for n in range(2, 21))]
    return picture(stock, sales, national=catalogue(*products))


def test_a_product_with_a_rhythm_and_none_left_is_missing():
    report = missing_shop()
    line = lines_of(report, "missing")[code(1)]

    assert line.reason == "out_now"
    assert line.numbers["gaps"] >= 1
    # Sixty days at a box every four days: fifteen boxes, over twelve months.
    assert Decimal("0.9") <= line.boxes <= Decimal("1.6")
    assert line.boxes_low <= line.boxes <= line.boxes_high
    # While there were any: a box every four days.
    assert abs(line.numbers["per_month"] - Decimal("7.6")) < Decimal("0.5")
    assert abs(line.euros - 10 * Decimal(line.boxes)) <= Decimal("0.5")
    assert figure(report, "missing", "out_now").value == 1
    assert figure(report, "missing", "national_boxes").value == 0


def test_a_national_shortage_is_told_apart():
    report = missing_shop(availability="shortage")
    line = lines_of(report, "missing")[code(1)]

    assert line.reason == "national_shortage"
    assert line.groups == ("national_boxes",)
    assert figure(report, "missing", "missing_boxes").value == 0
    assert figure(report, "missing", "national_boxes").value > 0


# --- 3. Dormant and excess ------------------------------------------------------------------------


def test_no_sale_in_twelve_months_is_dormant_at_its_cost():
    report = picture(
        [held(1, 4), held(2, 4)],
        [*sold(1, [AS_OF - timedelta(days=400)]), *sold(2, [AS_OF - timedelta(days=300)])],
    )

    assert "dormant_euros" not in lines_of(report, "dormant")[code(2)].groups
    assert figure(report, "dormant", "dormant_euros").value == Decimal("20.00")
    assert lines_of(report, "dormant")[code(1)].reason.startswith("dormant_")


def test_the_last_sale_of_the_stock_file_is_believed():
    report = picture(
        [held(1, 4, last_sale_on=AS_OF - timedelta(days=90)),
         held(2, 4, last_sale_on=AS_OF - timedelta(days=900))],
        [],
    )  # fmt: skip

    assert code(1) not in lines_of(report, "dormant")
    assert code(2) in lines_of(report, "dormant")


def test_the_emergency_list_is_kept_and_never_proposed():
    report = picture([held(1, 3)], [], national=catalogue(national_product(1, atc="H04AA01")))

    assert lines_of(report, "dormant")[code(1)].reason == "emergency"
    assert figure(report, "dormant", "dormant_euros").value == 0
    assert figure(report, "dormant", "emergency_kept").value == 1
    assert "ask_return" not in {act.key for act in report.acts}


def test_what_came_within_the_year_and_never_sold_is_not_dormant_yet():
    report = picture([held(1, 3, last_receipt_on=AS_OF - timedelta(days=30))], [])

    assert code(1) not in lines_of(report, "dormant")


def test_excess_is_what_will_not_sell_in_the_horizon_of_the_class():
    report = picture(
        [held(1, 100), held(2, 100, purchase_price=Decimal("150.00"))],
        [*sold(1, every(3)), *sold(2, every(3))],
        national=catalogue(national_product(1), national_product(2)),
    )
    medicine, dear = (lines_of(report, "dormant")[code(number)] for number in (1, 2))

    # One box every three days: thirty in ninety days, fifteen in forty-five.
    assert medicine.numbers["horizon_days"] == 90
    assert abs(Decimal(medicine.boxes) - 70) < 5
    assert medicine.boxes_low <= medicine.boxes <= medicine.boxes_high
    assert dear.numbers["horizon_days"] == 45
    assert abs(Decimal(dear.boxes) - 85) < 5
    assert medicine.numbers["cover_days"] > 270


def test_a_short_file_says_that_a_year_is_needed():
    report = picture([held(1, 3)], [], as_of=FIRST + timedelta(days=200))

    assert code(1) not in lines_of(report, "dormant")
    assert "year_of_sales" in {one.key for one in report.unknowns}


# --- 4. Expiry ------------------------------------------------------------------------------------


def test_boxes_that_cannot_sell_before_their_date_are_told_with_their_chance():
    soon, past = AS_OF + timedelta(days=20), AS_OF - timedelta(days=3)
    report = picture(
        [held(1, 30, expires_on=soon, lot="A1"), held(2, 2, expires_on=past),
         held(3, 2, expires_on=AS_OF + timedelta(days=300))],
        [*sold(1, every(4)), *sold(2, every(4)), *sold(3, every(4))],
    )  # fmt: skip
    lines = lines_of(report, "expiry")

    assert set(lines) == {code(1), code(2)}
    # Five will sell in twenty days; about twenty-five will not.
    assert abs(Decimal(lines[code(1)].boxes) - 25) < 3
    assert lines[code(1)].probability > Decimal("0.95")
    assert lines[code(1)].words == {"expires_on": soon.isoformat(), "lot": "A1"}
    assert lines[code(2)].reason == "already_expired"
    assert figure(report, "expiry", "expired_euros").value == Decimal("10.00")


def test_without_dates_the_section_says_so_and_which_export_would_tell():
    report = picture([held(1, 3)], [])

    assert report.section("expiry").absent == "no_expiry_dates"
    assert ("expiry_dates", "stock_with_dates") in {
        (one.key, one.export) for one in report.unknowns
    }


# --- 5. Price cuts --------------------------------------------------------------------------------

CUT = date(2026, 1, 28)
FALLEN = (
    PriceSpan(Decimal("10.00"), date(2025, 7, 7), CUT - timedelta(days=1)),
    PriceSpan(Decimal("8.00"), CUT, None),
)
EACH = MARGINS.purchase_cost(Decimal("10.00")) - MARGINS.purchase_cost(Decimal("8.00"))


def cut(*, since: date = CUT, purchases=None, **fields):
    spans = (FALLEN[0], replace(FALLEN[1], valid_from=since))
    product = national_product(1, prices=spans, price=Decimal("8.00"))
    return picture([held(1, 6, **fields)], [], national=catalogue(product), purchases=purchases)


def test_boxes_bought_before_the_cut_lose_the_difference_of_cost():
    report = cut(last_receipt_on=date(2026, 1, 10))
    told = figure(report, "price_cuts", "price_cut_euros")

    assert told.value == told.low == told.high == (6 * EACH).quantize(Decimal("0.01"))
    assert lines_of(report, "price_cuts")[code(1)].reason == "price_fell"


def test_when_nobody_knows_when_they_came_the_interval_says_none_to_all():
    told = figure(cut(), "price_cuts", "price_cut_euros")

    assert told.low == 0
    assert told.high == (6 * EACH).quantize(Decimal("0.01"))
    assert told.value == (3 * EACH).quantize(Decimal("0.01"))


def test_what_was_received_since_was_bought_at_the_new_price():
    came = [bought(1, date(2025, 9, 1), 9), bought(1, date(2026, 1, 29), 4)]
    told = figure(cut(purchases=came), "price_cuts", "price_cut_euros")

    assert told.value == told.low == told.high == (2 * EACH).quantize(Decimal("0.01"))


def test_a_cut_to_come_counts_every_box():
    report = cut(since=AS_OF + timedelta(days=1))

    assert lines_of(report, "price_cuts")[code(1)].reason == "price_will_fall"


def test_one_edition_alone_knows_no_past_price():
    one = catalogue(national_product(1), editions=(catalogue().editions[:1]))

    assert picture([held(1, 1)], [], national=one).section("price_cuts").absent == "one_edition"


# --- 6. Dead codes --------------------------------------------------------------------------------


def test_dead_codes_held_or_ordered_are_told_with_what_replaces_them():
    heir = national_product(9, cis="69990001")
    report = picture(
        [held(1, 2), held(2, 1), held(3, 1)],
        sold(4, every(30)),
        purchases=[bought(4, AS_OF - timedelta(days=10), 3)],
        national=catalogue(
            national_product(1, state="stopped"), national_product(2, absent_since="2026-01-28"),
            national_product(3), national_product(4, availability="stopped"), heir,
        ),
    )  # fmt: skip
    lines = lines_of(report, "dead_codes")

    assert {one: line.reason for one, line in lines.items()} == {
        code(1): "stopped", code(2): "left_catalogue", code(4): "stopped",
    }  # fmt: skip
    assert lines[code(1)].words["successor"] == code(9)
    assert lines[code(4)].groups == ("dead_ordered",)
    assert lines[code(4)].numbers["ordered_boxes"] == 3
    assert figure(report, "dead_codes", "dead_euros").value == Decimal("15.00")
    assert figure(report, "dead_codes", "dead_ordered").value == 1


# --- 7. Dispersion --------------------------------------------------------------------------------


def test_a_generic_group_in_several_laboratories_is_one_line():
    names = {1: "ALPHA", 2: "BETA", 3: "GAMMA", 4: "MARQUE"}
    products = [
        national_product(number, cis=f"6999{number:04d}", laboratory=name)
        for number, name in names.items()
    ]
    report = picture(
        [held(1, 10), held(2, 4), held(3, 2), held(4, 5)],
        [*sold(1, every(2)), *sold(2, every(20)), *sold(3, every(40)), *sold(4, every(10))],
        national=catalogue(
            *products,
            groups={"77": "INVENTE 10 mg"},
            groups_of={one.cis: ("77",) for one in products},
            brands=frozenset({products[3].cis}),
        ),
    )
    (line,) = report.section("dispersion").lines

    assert line.label == "INVENTE 10 mg"
    assert (line.numbers["laboratories"], line.numbers["references"]) == (3, 3)
    assert line.words["keep"] == "ALPHA"
    assert line.words["others"] == "BETA · GAMMA"
    assert line.held == 16
    # Never more than what is not of the kept laboratory: six boxes of five euros.
    assert 0 <= line.boxes_low <= line.boxes <= line.boxes_high <= 6
    assert line.euros_high <= Decimal("30.00")


def test_one_laboratory_frees_what_the_habit_of_the_shop_does_not_hold():
    """A hundred products that sell every five days are held by four; two that sell every ten
    days, of one group, are held by four each: one of them alone would need four, not eight."""
    labs = {201: "ALPHA", 202: "BETA"}
    products = [national_product(number, laboratory=name) for number, name in labs.items()]
    numbers = range(1, 111)
    report = picture(
        [*(held(number, 4) for number in (*numbers, *labs))],
        [*(line for number in numbers for line in sold(number, every(5))),
         *(line for number in labs for line in sold(number, every(10)))],
        national=catalogue(
            *products, groups={"77": "G"}, groups_of={one.cis: ("77",) for one in products}
        ),
    )  # fmt: skip
    (line,) = report.section("dispersion").lines

    assert line.boxes == line.boxes_low == line.boxes_high == Decimal("4.0")
    assert figure(report, "dispersion", "dispersion_euros").value == Decimal("20.00")


# --- 8. Cover -------------------------------------------------------------------------------------


def test_cover_is_boxes_held_over_boxes_sold_in_a_day_of_the_year():
    report = picture(
        [held(1, 73, vat_rate=Decimal("2.10")), held(2, 10, vat_rate=Decimal(20))],
        sold(1, every(5)),
    )
    rows = {row.key: row for row in report.section("cover").table("vat").rows}

    # 73 sales in 365 days: one box every five days.
    assert rows["2.1"].numbers["cover_days"] == Decimal("365.0")
    assert rows["2.1"].numbers["euros"] == Decimal("365.00")
    assert "cover_days" not in rows["20"].numbers
    # 83 boxes held for 73 + 365 sold in the year.
    told = figure(report, "cover", "cover_days").value
    assert abs(told - Decimal(83 * 365) / 438) < Decimal("0.06")


def test_the_few_that_make_eighty_per_cent_of_lines_are_counted():
    sales = [*sold(1, every(1)), *sold(2, every(10)), *sold(3, every(20))]
    report = picture([held(number, 5) for number in (1, 2, 3)], sales)
    lines = report.section("cover").lines

    # Lines of the year: 365 twice, then 37 and 19; two products make 93 %.
    assert figure(report, "cover", "eighty_percent").value == 2
    assert {line.code for line in lines} == {code(1), code(999)}
    assert lines[-1].numbers["running_share"] == (Decimal(730) / (730 + 37 + 19)).quantize(
        Decimal("0.001")
    )


def test_price_bands_hold_the_public_price():
    prices = {1: "4.99", 2: "5.00", 3: "150"}
    report = picture(
        [held(number, 1) for number in prices],
        [],
        national=catalogue(
            *(national_product(number, price=Decimal(text)) for number, text in prices.items())
        ),
    )
    rows = {row.key: row.numbers["references"] for row in
            report.section("cover").table("price_band").rows}  # fmt: skip

    assert rows == {"0-5": 1, "5-20": 1, "100-": 1, "": 0}


# --- 9 and the acts -------------------------------------------------------------------------------


def test_what_is_unknown_depends_on_the_columns_that_are_there():
    poor = picture([held(1, 1, purchase_price=None)], [])
    rich = picture(
        [held(1, 1, address="T1", expires_on=AS_OF, last_receipt_on=AS_OF)],
        [],
        purchases=[bought(1, AS_OF, 1)],
    )

    asked = {one.export for one in poor.unknowns} - {one.export for one in rich.unknowns}
    assert asked == {
        "stock_with_prices", "stock_with_addresses", "stock_with_dates", "stock_with_receipts",
        "purchases",
    }  # fmt: skip


@pytest.mark.parametrize(("days", "is_told"), [(7, False), (8, True)])
def test_two_files_of_different_days_are_told(days, is_told):
    stock = replace(export(What.STOCK, [held(1, 1)]), edited_on=AS_OF + timedelta(days=days))
    exports = Exports(stock, export(What.SALES, sold(1, every(3))))
    told = compute(exports, national=catalogue(), margins=MARGINS).unknowns

    assert ("one_day" in {one.key for one in told}) is is_told


def test_acts_begin_with_what_costs_nothing_and_count_the_negative(silent):
    report = picture([held(1, -2)], [])

    assert silent.acts[0].key == "count_twenty"
    assert silent.acts[0].numbers["lines"] == len(silent.count_list)
    assert [act.key for act in report.acts] == ["count_negative"]
    assert report.totals["negative"] == 1


def test_every_figure_opens_lines_of_its_own_section(silent):
    for section in silent.sections:
        keys = {one.key for one in section.figures}
        assert all(line.groups and set(line.groups) <= keys for line in section.lines)
        for one in section.figures:
            assert one.low <= one.value <= one.high
