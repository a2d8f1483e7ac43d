"""What every section shares: lines of a product, sums with their intervals, the order of euros."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from backofficine.picture.report import Figure, Line, boxes, euros
from backofficine.picture.shelf import Floats, Item, Shelf

LEVEL = 90  # per cent, of every estimated interval
MONTH_DAYS = 30.44


def line_of(
    item: Item,
    *,
    count: float,
    low: float | None = None,
    high: float | None = None,
    price: float | None = None,
    **more: Any,
) -> Line:
    """A line that says ``count`` boxes of a product, between ``low`` and ``high``.

    ``price``: euros a box; without it, the cost of the item. Whole numbers stay whole.
    """
    least, most = (count if low is None else low), (count if high is None else high)
    each = price if price is not None else (None if item.cost is None else float(item.cost))
    return Line(
        code=item.code,
        label=item.label,
        address=item.address,
        held=item.held,
        boxes=_shown(count),
        boxes_low=_shown(least),
        boxes_high=_shown(most),
        is_cost_assumed=item.is_cost_assumed and price is None,
        euros=None if each is None else euros(count * each),
        euros_low=None if each is None else euros(least * each),
        euros_high=None if each is None else euros(most * each),
        **more,
    )


def _shown(count: float) -> int | Decimal:
    return int(count) if isinstance(count, int) else boxes(count)


def in_order_of_euros(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The dearest first; those without a price after, by boxes; then by name and code."""
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                line.euros is None,
                -(line.euros or Decimal(0)),
                -Decimal(line.boxes),
                line.label,
                line.code,
            ),
        )
    )


def exact(key: str, unit: str, value: int | Decimal, *, method: str) -> Figure:
    """A figure that was counted, not estimated."""
    return Figure(key, unit, value, value, value, method)


def euros_of(lines: Iterable[Line]) -> Decimal:
    """Euros of lines, those without a price counting for nothing."""
    return sum((line.euros or Decimal(0) for line in lines), Decimal("0.00"))


def total(
    key: str, unit: str, lines: Sequence[Line], *, method: str, money: bool = False
) -> Figure:
    """The sum of estimates taken as independent: half-widths add up by their squares."""
    values = np.array([_three(line, money=money) for line in lines]).reshape(-1, 3)
    value = values[:, 0].sum()
    down = np.sqrt(((values[:, 0] - values[:, 1]) ** 2).sum())
    up = np.sqrt(((values[:, 2] - values[:, 0]) ** 2).sum())
    rounded = euros if money else boxes
    least = max(value - down, 0.0)
    return Figure(key, unit, rounded(value), rounded(least), rounded(value + up), method, LEVEL)


def _three(line: Line, *, money: bool) -> tuple[float, float, float]:
    if money:
        return (
            float(line.euros or 0), float(line.euros_low or 0), float(line.euros_high or 0),
        )  # fmt: skip
    return float(line.boxes), float(line.boxes_low), float(line.boxes_high)


def value_of(shelf: Shelf, counts: Floats) -> Floats:
    """Euros of boxes of each item; 0 where no price is known."""
    result: Floats = counts * shelf.costs
    return result


def iso(day: object) -> str:
    """A day as words hold it; empty when not known."""
    return "" if day is None else str(day)
