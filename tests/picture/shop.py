"""A small hand-made shop: exports as lines, products of an invented catalogue."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from backofficine.catalog.margins import MarginTable
from backofficine.formats.codes import with_key
from backofficine.formats.exports import Export, Layout, PurchaseLine, SalesLine, StockLine, What
from backofficine.picture.compute import Exports, compute
from backofficine.picture.national import National, NationalProduct, legal_margins
from backofficine.picture.report import Edition, Report

AS_OF = date(2026, 1, 31)
FIRST = date(2024, 2, 1)
MARGINS: MarginTable = legal_margins()

TWO_EDITIONS = (Edition("2025-07-07", "a" * 64), Edition("2026-01-28", "b" * 64))


def code(number: int) -> str:
    """The CIP13 of an invented product."""
    return with_key(f"340099990{number:03d}")


def national_product(number: int, **fields: Any) -> NationalProduct:
    told: dict[str, Any] = {
        "cip13": code(number), "cis": f"6999{number:04d}", "name": f"INVENTE {number}",
        "strength": "10 mg", "form": "comprimé", "pack": "B/30", "laboratory": "ALPHA",
        "atc": "", "legal_status": "none", "state": "marketed", "availability": "available",
        "absent_since": "", "price": Decimal("10.00"),
    }  # fmt: skip
    return NationalProduct(**{**told, **fields})


def catalogue(*products: NationalProduct, **fields: Any) -> National:
    told: dict[str, Any] = {"editions": TWO_EDITIONS, "groups": {}, "groups_of": {}}
    return National({one.cip13: one for one in products}, **{**told, **fields})


def held(number: int, quantity: int, **fields: Any) -> StockLine:
    told = {"purchase_price": Decimal("5.00"), **fields}
    return StockLine(number, code(number), f"LIGNE {number}", quantity, **told)


def sold(number: int, days: Iterable[date], quantity: int = 1) -> list[SalesLine]:
    return [SalesLine(1, code(number), f"LIGNE {number}", quantity, day, day) for day in days]


def bought(number: int, on: date, quantity: int, **fields: Any) -> PurchaseLine:
    return PurchaseLine(1, code(number), f"LIGNE {number}", quantity, on, **fields)


def every(step: int, *, first: date = FIRST, last: date = AS_OF) -> list[date]:
    """Days, one in ``step``, the last included."""
    count = (last - first).days // step
    return [last - timedelta(days=step * back) for back in range(count, -1, -1)]


def export(what: What, lines: Sequence[Any], *, grain: str = "line") -> Export:
    return Export(what, lines, [], [], grain, what.value * 8, Layout(0, 0, {}))


def picture(
    stock: Sequence[StockLine],
    sales: Sequence[SalesLine],
    *,
    purchases: Sequence[PurchaseLine] | None = None,
    national: National | None = None,
    grain: str = "line",
    **more: Any,
) -> Report:
    """The report of these lines, the day fixed by a product that sells every day."""
    clock = [SalesLine(1, code(999), "CHAQUE JOUR", 1, day, day) for day in every(1)]
    exports = Exports(
        export(What.STOCK, stock),
        export(What.SALES, [*sales, *clock] if grain == "line" else sales, grain=grain),
        None if purchases is None else export(What.PURCHASES, purchases),
    )
    return compute(exports, national=national or catalogue(), margins=MARGINS, **more)


def lines_of(report: Report, section: str) -> dict[str, Any]:
    return {line.code: line for line in report.section(section).lines}
