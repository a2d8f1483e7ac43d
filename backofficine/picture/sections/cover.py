"""Section 8: days of stock by class, and the few products that make most of the lines."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np

from backofficine.picture.report import Line, Number, Row, Section, Table, boxes, euros, share
from backofficine.picture.sections.base import MONTH_DAYS, exact, line_of
from backofficine.picture.shelf import Item, Shelf

BANDS = (5, 20, 100)  # euros a box, tax included
PARTS = (50, 80, 95, 100)
EIGHTY = 80


def cover_section(shelf: Shelf) -> Section:
    """Cover by VAT, class and price; Pareto of lines (of boxes where the file has no lines)."""
    sold = float(shelf.sold_a_day.sum())
    held = float(shelf.on_hand.sum())
    figures = []
    if sold > 0:
        figures.append(exact("cover_days", "days", boxes(held / sold), method="cover"))
    weight, order = _ranked(shelf)
    lines: tuple[Line, ...] = ()
    pareto: tuple[Row, ...] = ()
    if weight.sum() > 0:
        running = np.cumsum(weight[order]) / weight.sum()
        reached = {part: _reach(running, part) for part in PARTS}
        figures.append(exact("eighty_percent", "lines", reached[EIGHTY], method="pareto"))
        lines = tuple(
            _line(shelf, int(row), own=float(weight[row] / weight.sum()), upto=float(upto))
            for row, upto in zip(order[: reached[EIGHTY]], running, strict=False)
        )
        seen = int((weight > 0).sum())
        pareto = tuple(
            Row(str(part), {"products": count, "share_of_products": share(count / seen)})
            for part, count in reached.items()
        )
    tables = (
        _table("vat", shelf, lambda item: "" if item.vat_rate is None else str(item.vat_rate)),
        _table("atc", shelf, lambda item: item.national.atc[:1] if item.national else ""),
        _table("price_band", shelf, _band),
        Table("pareto", pareto),
    )
    return Section("cover", tuple(figures), lines, tables)


def _ranked(shelf: Shelf) -> tuple[np.ndarray, np.ndarray]:
    """What counts for each item over the last year, and the rows from the most to the least."""
    if shelf.grain == "line":
        weight = np.array([item.recent_lines for item in shelf.items], dtype=np.float64)
    else:
        weight = shelf.sold_a_day * 365
    return weight, np.argsort(-weight, kind="stable")


def _reach(running: np.ndarray, part: int) -> int:
    """How many products it takes to reach a part, in per cent."""
    return min(int(np.searchsorted(running, part / 100 - 1e-12)) + 1, len(running))


def _line(shelf: Shelf, row: int, *, own: float, upto: float) -> Line:
    item, a_day = shelf.items[row], float(shelf.sold_a_day[row])
    numbers = {"share": share(own), "running_share": share(upto)}
    if a_day > 0:
        numbers["cover_days"] = boxes(min(max(item.held, 0) / a_day, 9999.0))
    return line_of(
        item, count=a_day * MONTH_DAYS, reason="rotation", groups=("eighty_percent",),
        numbers=numbers,
    )  # fmt: skip


def _table(key: str, shelf: Shelf, of: Callable[[Item], str]) -> Table:
    rows: dict[str, list[int]] = {}
    for row, item in enumerate(shelf.items):
        rows.setdefault(of(item), []).append(row)
    kept = []
    for name, found in rows.items():
        held, a_day = float(shelf.on_hand[found].sum()), float(shelf.sold_a_day[found].sum())
        value = sum((shelf.items[row].value or Decimal(0) for row in found), Decimal(0))
        numbers: dict[str, Number] = {
            "references": int((shelf.on_hand[found] > 0).sum()), "boxes": int(held),
            "euros": euros(value), "sold_per_month": boxes(a_day * MONTH_DAYS),
        }  # fmt: skip
        if a_day > 0:
            numbers["cover_days"] = boxes(held / a_day)
        kept.append(Row(name, numbers))
    return Table(key, tuple(sorted(kept, key=lambda row: _place(key, row))))


def _place(key: str, row: Row) -> tuple[bool, Decimal, str]:
    """Known classes in their own order, the unknown one last."""
    number = Decimal(0)
    if row.key and key == "vat":
        number = Decimal(row.key)
    if row.key and key == "price_band":
        number = Decimal(row.key.split("-")[0])
    return row.key == "", number, row.key


def _band(item: Item) -> str:
    if item.price is None:
        return ""
    edges = (0, *BANDS)
    low = max(edge for edge in edges if item.price >= edge)
    upper = next((edge for edge in BANDS if edge > low), None)
    return f"{low}-{upper or ''}"
