"""Section 3: what no longer sells, what is more than will sell, and what may be done about it."""

from datetime import timedelta

import numpy as np

from backofficine.picture.report import Figure, Line, Section, boxes, share
from backofficine.picture.sections.base import (
    euros_of,
    exact,
    in_order_of_euros,
    iso,
    line_of,
    total,
)
from backofficine.picture.shelf import REIMBURSED, YEAR, Item, Shelf
from backofficine.science.picture.cover import Cover, find_cover

# Days of sales that are not too many, by class of product.
DEAR = 100.0  # euros a box
HORIZON_DEAR_DAYS = 45
HORIZON_MEDICINE_DAYS = 90
HORIZON_OTHER_DAYS = 120
LEAST_EXCESS = 1.0  # boxes
RECENT = timedelta(days=180)  # a supplier may still listen
DOUBTFUL = 0.3  # chance of a ghost above which one looks before one acts


def horizon_days(item: Item) -> int:
    """Days of sales that the class of a product is worth holding."""
    if item.cost is not None and float(item.cost) >= DEAR:
        return HORIZON_DEAR_DAYS
    return HORIZON_MEDICINE_DAYS if item.vat_rate == REIMBURSED else HORIZON_OTHER_DAYS


def dormant_section(shelf: Shelf, *, ghosts: np.ndarray) -> Section:
    """``ghosts``: chance of each row to be a ghost, so that one looks before one returns."""
    cover = find_cover(
        shelf.sales,
        shelf.on_hand,
        period_days=shelf.period_days,
        horizon_days=np.array([horizon_days(item) for item in shelf.items], dtype=np.float64),
        months=shelf.months,
        groups=shelf.classes,
    )
    lines = []
    for row in np.flatnonzero(shelf.on_hand > 0):
        item = shelf.items[row]
        if cover.dormant[row] and _was_silent_a_year(item, shelf) and not _is_new(item, shelf):
            lines.append(_dormant(item, shelf, cover, int(row), ghost=float(ghosts[row])))
        elif (
            not cover.dormant[row]
            and cover.excess[row] >= LEAST_EXCESS
            and not item.is_emergency
            and not _is_new(item, shelf)
        ):
            lines.append(_excess(item, shelf, cover, int(row)))
    kept = in_order_of_euros(lines)
    return Section("dormant", _figures(kept), kept)


def _figures(lines: tuple[Line, ...]) -> tuple[Figure, ...]:
    dormant = [line for line in lines if "dormant_boxes" in line.groups]
    excess = [line for line in lines if "excess_boxes" in line.groups]
    kept = sum("emergency_kept" in line.groups for line in lines)
    return (
        exact("dormant_euros", "euros", euros_of(dormant), method="dormant"),
        exact("dormant_boxes", "boxes", sum(line.held for line in dormant), method="dormant"),
        total("excess_euros", "euros", excess, method="excess", money=True),
        total("excess_boxes", "boxes", excess, method="excess"),
        exact("emergency_kept", "lines", kept, method="emergency"),
    )


def _was_silent_a_year(item: Item, shelf: Shelf) -> bool:
    """Whether the files reach far enough to say so: twelve months of sales, or a last sale."""
    if item.last_sale_on is not None:
        return shelf.as_of - item.last_sale_on >= YEAR
    return shelf.days >= YEAR.days


def _is_new(item: Item, shelf: Shelf) -> bool:
    """Never sold, and received within the year: nobody had the time to want it."""
    return (
        item.sales_lines == 0
        and item.last_receipt_on is not None
        and shelf.as_of - item.last_receipt_on < YEAR
    )


def _dormant(item: Item, shelf: Shelf, cover: Cover, row: int, *, ghost: float) -> Line:
    if item.is_emergency:
        reason = "emergency"
    elif ghost >= DOUBTFUL:
        reason = "dormant_count_first"
    elif item.last_receipt_on is not None and shelf.as_of - item.last_receipt_on <= RECENT:
        reason = "dormant_ask_return"
    else:
        reason = "dormant_unknown_return"
    return line_of(
        item,
        count=item.held,
        reason=reason,
        groups=("emergency_kept",) if item.is_emergency else ("dormant_boxes", "dormant_euros"),
        numbers={
            "silence_days": boxes(min(float(cover.rhythm.silence_days[row]), shelf.days)),
            "ghost": share(ghost),
        },
        words={
            "last_sale_on": iso(item.last_sale_on),
            "last_receipt_on": iso(item.last_receipt_on),
        },
    )


def _excess(item: Item, shelf: Shelf, cover: Cover, row: int) -> Line:
    recent = item.last_receipt_on is not None and shelf.as_of - item.last_receipt_on <= RECENT
    return line_of(
        item,
        count=float(cover.excess[row]),
        low=float(cover.excess_low[row]),
        high=float(cover.excess_high[row]),
        reason="excess_ask_return" if recent else "excess_let_sell",
        groups=("excess_boxes", "excess_euros"),
        numbers={
            "cover_days": boxes(min(float(cover.days[row]), 9999.0)),
            "horizon_days": horizon_days(item),
            "forecast": boxes(cover.forecast[row]),
        },
        words={"last_receipt_on": iso(item.last_receipt_on)},
    )
