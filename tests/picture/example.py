"""A plausible report, whole, for whoever shows one: every section, every kind of figure."""

from datetime import date

from backofficine.picture.report import (
    Act,
    Edition,
    Figure,
    File,
    LeftOut,
    Line,
    Report,
    Row,
    Section,
    Table,
    Unknown,
    Unmatched,
    boxes,
    euros,
    share,
)


def example() -> Report:
    """An invented pharmacy: 812 references, two years of daily sales, dates and addresses given."""
    return Report(
        as_of=date(2026, 1, 31),
        first_on=date(2024, 2, 1),
        files=_files(),
        editions=(Edition("2025-07-07", "b" * 64), Edition("2026-01-28", "c" * 64)),
        totals={
            "references": 812,
            "held_references": 640,
            "boxes": 5120,
            "euros": euros(48210.5),
            "euros_known": share(0.82),
            "unmatched": 2,
            "days": 731,
            "sold_boxes": 61200,
        },
        sections=(
            _ghosts(),
            _missing(),
            _dormant(),
            _expiry(),
            _price_cuts(),
            _dead_codes(),
            _dispersion(),
            _cover(),
        ),
        unknowns=(
            Unknown("unserved_demand", "promises"),
            Unknown("return_window", "supplier_terms"),
            Unknown("announced_price_cuts", "official_journal"),
        ),
        acts=(
            Act(
                "count_twenty",
                "ghosts",
                numbers={
                    "lines": 20,
                    "wrong": 16,
                    "minutes": 20,
                    "hit_rate": share(0.81),
                    "euros": euros(912.3),
                },
            ),
            Act("pull_expired", "expiry", numbers={"boxes": 3}),
            Act("sell_before_expiry", "expiry", numbers={"boxes": boxes(9), "lines": 2}),
            Act("stop_ordering_dead", "dead_codes", numbers={"lines": 1}),
            Act("raise_minimum", "missing", numbers={"lines": 2, "boxes_per_month": boxes(4.1)}),
            Act("ask_return", "dormant", numbers={"lines": 1, "euros": euros(410)}),
            Act("choose_laboratory", "dispersion", numbers={"groups": 1, "euros": euros(60.2)}),
        ),
        unmatched=(
            Unmatched("3700123456780", "CREME INVENTEE 40ML", "not_national", ("stock",), 4),
            Unmatched("99123", "SERVICE LOCATION", "bad_code", ("sales",), 0),
        ),
        left_out=(LeftOut("sales", 40213, "Quantité : « abc » n’est pas un nombre."),),
    )


def _files() -> tuple[File, ...]:
    return (
        File(
            "stock",
            "stock.csv",
            "1" * 64,
            812,
            0,
            "line",
            (
                "address",
                "code",
                "expires_on",
                "label",
                "last_receipt_on",
                "last_sale_on",
                "purchase_price",
                "quantity",
            ),
        ),
        File(
            "sales",
            "ventes.csv",
            "2" * 64,
            52114,
            1,
            "line",
            ("code", "date", "label", "quantity"),
            first_on=date(2024, 2, 1),
            last_on=date(2026, 1, 31),
        ),
        File(
            "purchases",
            "achats.csv",
            "3" * 64,
            9120,
            0,
            "line",
            ("code", "date", "label", "quantity", "supplier"),
            first_on=date(2025, 2, 1),
            last_on=date(2026, 1, 30),
        ),
    )


def _line(number: int, **fields: object) -> Line:
    code = f"3400999{number:05d}0"
    return Line(code=code, label=f"PRODUIT INVENTE {number} cpr B/30", **fields)  # type: ignore[arg-type]


def _ghosts() -> Section:
    lines = tuple(
        _line(
            number,
            address=f"T{number % 5 + 1}-{number:02d}",
            held=3,
            boxes=boxes(2.7 - number * 0.05),
            boxes_low=boxes(1.5 - number * 0.05),
            boxes_high=boxes(3),
            euros=euros(81 - number * 3),
            euros_low=euros(45 - number * 1.5),
            euros_high=euros(90),
            probability=share(0.95 - number * 0.02),
            reason="silent_too_long",
            groups=("count_list", "ghost_boxes", "ghost_euros")
            if number <= 20
            else ("ghost_boxes", "ghost_euros"),
            numbers={
                "silence_days": boxes(90 + number),
                "interval_days": boxes(9.5),
                "expected_sales": boxes(9.1),
                "dead": share(0.04),
            },
            words={"last_sale_on": "2025-10-28", "last_receipt_on": "2025-10-20"},
        )
        for number in range(1, 26)
    )
    return Section(
        "ghosts",
        figures=(
            Figure("ghost_euros", "euros", euros(1180), euros(760), euros(1530), "ghosts", 90),
            Figure("ghost_boxes", "boxes", boxes(51.2), boxes(33), boxes(64.9), "ghosts", 90),
            Figure("count_list", "share", share(0.81), share(0.65), share(0.95), "hit_rate", 90),
            Figure("ghost_share", "share", share(0.03), share(0.02), share(0.05), "ghosts", 90),
        ),
        lines=lines,
    )


def _missing() -> Section:
    return Section(
        "missing",
        figures=(
            Figure(
                "missing_boxes", "boxes_per_month", boxes(4.1), boxes(2), boxes(6.8), "missing", 90
            ),
            Figure(
                "missing_euros", "euros_per_month", euros(32.1), euros(16), euros(53), "missing", 90
            ),
            Figure("out_now", "lines", 1, 1, 1, "count"),
            Figure(
                "national_boxes", "boxes_per_month", boxes(7), boxes(4), boxes(9), "missing", 90
            ),
        ),
        lines=(
            _line(
                101,
                boxes=boxes(3),
                boxes_low=boxes(1.5),
                boxes_high=boxes(4.5),
                euros=euros(24),
                euros_low=euros(12),
                euros_high=euros(36),
                reason="out_now",
                groups=("missing_boxes", "missing_euros", "out_now"),
                numbers={
                    "gaps": 3,
                    "days_out": boxes(41),
                    "national_days": boxes(0),
                    "per_month": boxes(5.2),
                },
                words={"last_sale_on": "2026-01-12", "availability": "available"},
            ),
            _line(
                102,
                held=2,
                boxes=boxes(1.1),
                boxes_low=boxes(0.5),
                boxes_high=boxes(2.3),
                euros=euros(8.1),
                euros_low=euros(4),
                euros_high=euros(17),
                reason="stops_and_starts",
                groups=("missing_boxes", "missing_euros"),
                numbers={
                    "gaps": 2,
                    "days_out": boxes(30),
                    "national_days": boxes(0),
                    "per_month": boxes(4),
                },
                words={"last_sale_on": "2026-01-30", "availability": "available"},
            ),
            _line(
                103,
                boxes=boxes(7),
                boxes_low=boxes(4),
                boxes_high=boxes(9),
                euros=euros(70),
                euros_low=euros(40),
                euros_high=euros(90),
                reason="national_shortage",
                groups=("national_boxes",),
                numbers={
                    "gaps": 1,
                    "days_out": boxes(60),
                    "national_days": boxes(60),
                    "per_month": boxes(7),
                },
                words={"last_sale_on": "2025-12-02", "availability": "shortage"},
            ),
        ),
    )


def _dormant() -> Section:
    return Section(
        "dormant",
        figures=(
            Figure("dormant_euros", "euros", euros(410), euros(410), euros(410), "dormant"),
            Figure("dormant_boxes", "boxes", 5, 5, 5, "dormant"),
            Figure("excess_euros", "euros", euros(300), euros(210), euros(390), "excess", 90),
            Figure("excess_boxes", "boxes", boxes(20), boxes(14), boxes(26), "excess", 90),
            Figure("emergency_kept", "lines", 1, 1, 1, "emergency"),
        ),
        lines=(
            _line(
                201,
                address="R2",
                held=5,
                boxes=5,
                boxes_low=5,
                boxes_high=5,
                euros=euros(410),
                euros_low=euros(410),
                euros_high=euros(410),
                reason="dormant_unknown_return",
                groups=("dormant_boxes", "dormant_euros"),
                numbers={"silence_days": boxes(500)},
                words={"last_receipt_on": "2024-08-01"},
            ),
            _line(
                202,
                address="T1-02",
                held=40,
                boxes=boxes(20),
                boxes_low=boxes(14),
                boxes_high=boxes(26),
                euros=euros(300),
                euros_low=euros(210),
                euros_high=euros(390),
                is_cost_assumed=True,
                reason="excess_let_sell",
                groups=("excess_boxes", "excess_euros"),
                numbers={"cover_days": boxes(180), "horizon_days": 90, "forecast": boxes(20)},
            ),
            _line(
                203,
                address="FRIGO",
                held=1,
                boxes=1,
                boxes_low=1,
                boxes_high=1,
                euros=euros(60),
                euros_low=euros(60),
                euros_high=euros(60),
                reason="emergency",
                groups=("emergency_kept",),
                numbers={"silence_days": boxes(700)},
            ),
        ),
    )


def _expiry() -> Section:
    return Section(
        "expiry",
        figures=(
            Figure("expiry_euros", "euros", euros(88), euros(40), euros(120), "expiry", 90),
            Figure("expiry_boxes", "boxes", boxes(9), boxes(4), boxes(12), "expiry", 90),
            Figure("expired_boxes", "boxes", 3, 3, 3, "expired"),
            Figure("expired_euros", "euros", euros(21), euros(21), euros(21), "expired"),
        ),
        lines=(
            _line(
                301,
                address="T3-09",
                held=12,
                boxes=boxes(9),
                boxes_low=boxes(4),
                boxes_high=boxes(12),
                euros=euros(88),
                euros_low=euros(40),
                euros_high=euros(120),
                probability=share(0.98),
                reason="will_not_sell",
                groups=("expiry_boxes", "expiry_euros"),
                numbers={"days_left": 58, "per_month": boxes(1.5)},
                words={"expires_on": "2026-03-30", "lot": "A12"},
            ),
            _line(
                302,
                address="T3-10",
                held=3,
                boxes=3,
                boxes_low=3,
                boxes_high=3,
                euros=euros(21),
                euros_low=euros(21),
                euros_high=euros(21),
                probability=share(1),
                reason="already_expired",
                groups=("expired_boxes", "expired_euros"),
                numbers={"days_left": -12},
                words={"expires_on": "2026-01-19", "lot": ""},
            ),
        ),
    )


def _price_cuts() -> Section:
    return Section(
        "price_cuts",
        figures=(
            Figure("price_cut_euros", "euros", euros(12.4), euros(6.2), euros(12.4), "price_cuts"),
        ),
        lines=(
            _line(
                401,
                address="T4-01",
                held=8,
                boxes=8,
                boxes_low=4,
                boxes_high=8,
                euros=euros(12.4),
                euros_low=euros(6.2),
                euros_high=euros(12.4),
                reason="price_fell",
                groups=("price_cut_euros",),
                numbers={
                    "old_price": euros(20),
                    "new_price": euros(18.2),
                    "old_cost": euros(15.1),
                    "new_cost": euros(13.55),
                },
                words={"since": "2026-01-28"},
            ),
        ),
    )


def _dead_codes() -> Section:
    return Section(
        "dead_codes",
        figures=(
            Figure("dead_euros", "euros", euros(55), euros(55), euros(55), "dead_codes"),
            Figure("dead_boxes", "boxes", 4, 4, 4, "dead_codes"),
            Figure("dead_ordered", "lines", 1, 1, 1, "dead_ordered"),
        ),
        lines=(
            _line(
                501,
                address="T5-01",
                held=4,
                boxes=4,
                boxes_low=4,
                boxes_high=4,
                euros=euros(55),
                euros_low=euros(55),
                euros_high=euros(55),
                reason="stopped",
                groups=("dead_boxes", "dead_euros", "dead_ordered"),
                numbers={"ordered_boxes": 6},
                words={
                    "last_ordered_on": "2026-01-14",
                    "successor": "3400999599999",
                    "successor_label": "PRODUIT INVENTE 599 cpr B/30",
                },
            ),
        ),
    )


def _dispersion() -> Section:
    return Section(
        "dispersion",
        figures=(
            Figure("dispersion_euros", "euros", euros(60.2), euros(0), euros(95), "dispersion"),
            Figure("dispersion_groups", "lines", 1, 1, 1, "count"),
        ),
        lines=(
            Line(
                "1234",
                "SUBSTANCE INVENTEE 10 mg cpr",
                held=23,
                boxes=boxes(7),
                boxes_low=0,
                boxes_high=boxes(11),
                euros=euros(60.2),
                euros_low=euros(0),
                euros_high=euros(95),
                reason="several_laboratories",
                groups=("dispersion_euros", "dispersion_groups"),
                numbers={"laboratories": 3, "references": 4},
                words={
                    "keep": "ALPHA LABO",
                    "others": "BETA LABO · GAMMA LABO",
                    "codes": "3400999601010 3400999602017 3400999603014",
                },
            ),
        ),
    )


def _cover() -> Section:
    def row(key: str, references: int, held: int, value: float, days: float, **more: object) -> Row:
        numbers = {
            "references": references,
            "boxes": held,
            "euros": euros(value),
            "sold_per_month": boxes(held * 30 / days),
            "cover_days": boxes(days),
        }
        return Row(key, {**numbers, **more})  # type: ignore[arg-type]

    return Section(
        "cover",
        figures=(
            Figure("cover_days", "days", boxes(47), boxes(47), boxes(47), "cover"),
            Figure("eighty_percent", "lines", 143, 143, 143, "pareto"),
        ),
        lines=(
            _line(
                701,
                address="T1-01",
                held=60,
                boxes=boxes(212.5),
                boxes_low=boxes(212.5),
                boxes_high=boxes(212.5),
                euros=euros(95),
                euros_low=euros(95),
                euros_high=euros(95),
                reason="rotation",
                groups=("eighty_percent",),
                numbers={
                    "share": share(0.07),
                    "running_share": share(0.07),
                    "cover_days": boxes(8.5),
                },
            ),
        ),
        tables=(
            Table(
                "vat",
                (
                    row("2.1", 500, 3100, 30100, 40),
                    row("10", 200, 1500, 11100, 60),
                    row("20", 112, 520, 7010.5, 90),
                ),
            ),
            Table(
                "atc",
                (
                    row("C", 90, 800, 6000, 35),
                    row("N", 120, 1200, 5200, 30),
                    row("", 300, 1900, 20000, 62),
                ),
            ),
            Table(
                "price_band",
                (
                    row("0-5", 300, 2500, 7000, 35),
                    row("5-20", 350, 1900, 16000, 45),
                    row("20-100", 130, 600, 15000, 60),
                    row("100-", 32, 120, 10210.5, 30),
                ),
            ),
            Table(
                "pareto",
                tuple(
                    Row(f"{part}", {"products": count, "share_of_products": share(count / 812)})
                    for part, count in ((50, 41), (80, 143), (95, 330), (100, 640))
                ),
            ),
        ),
    )
