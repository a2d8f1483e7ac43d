"""Section 2: products with a rhythm that stop and start, or sell while there are none."""

import numpy as np

from backofficine.picture.report import Line, Section, boxes
from backofficine.picture.sections.base import exact, in_order_of_euros, iso, line_of, total
from backofficine.picture.shelf import Bools, Shelf
from backofficine.science.picture.shortages import find_shortages

LEAST_A_MONTH = 0.3  # boxes: below, a line would tell nothing to do
MONTH_DAYS = 30.44


def missing_section(shelf: Shelf) -> Section:
    """What was asked and not there, ours apart from what the national file explains."""
    national = _named_short(shelf)
    found = find_shortages(
        shelf.sales,
        shelf.on_hand,
        period_days=shelf.period_days,
        months=shelf.months,
        national=national,
        groups=shelf.classes,
    )
    lines = []
    ours = (found.lost_per_month >= LEAST_A_MONTH) & ((found.gaps > 0) | found.out_now)
    theirs = found.national_per_month >= LEAST_A_MONTH
    for row in np.flatnonzero(ours | theirs):
        item = shelf.items[row]
        price = item.price if item.price is not None else item.cost
        is_ours = bool(ours[row])
        counts = (
            (found.lost_per_month[row], found.low[row], found.high[row])
            if is_ours
            else (
                found.national_per_month[row], found.national_low[row], found.national_high[row],
            )
        )  # fmt: skip
        groups: tuple[str, ...] = ("national_boxes",)
        reason = "national_shortage"
        if is_ours:
            groups = ("missing_boxes", "missing_euros")
            reason = "stops_and_starts"
            if found.out_now[row]:
                groups, reason = (*groups, "out_now"), "out_now"
        lines.append(
            line_of(
                item,
                count=float(counts[0]),
                low=float(counts[1]),
                high=float(counts[2]),
                price=None if price is None else float(price),
                reason=reason,
                groups=groups,
                numbers={
                    "gaps": int(found.gaps[row]),
                    "days_out": boxes(found.days_out[row]),
                    "national_days": boxes(found.national_days[row]),
                    "per_month": boxes(found.rhythm.rate[row] * MONTH_DAYS),
                },
                words={
                    "last_sale_on": iso(item.last_sale_on),
                    "availability": item.national.availability if item.national else "",
                },
            )
        )
    kept = in_order_of_euros(lines)
    return Section("missing", _figures(kept), kept)


def _figures(lines: tuple[Line, ...]) -> tuple:  # type: ignore[type-arg]
    ours = [line for line in lines if "missing_boxes" in line.groups]
    theirs = [line for line in lines if "national_boxes" in line.groups]
    out = sum("out_now" in line.groups for line in lines)
    return (
        total("missing_boxes", "boxes_per_month", ours, method="missing"),
        total("missing_euros", "euros_per_month", ours, method="missing", money=True),
        exact("out_now", "lines", out, method="count"),
        total("national_boxes", "boxes_per_month", theirs, method="missing"),
    )


def _named_short(shelf: Shelf) -> Bools:
    """The silence still open of what the availability file names today.

    The file does not say since when the community pharmacies lack it: what came before the last
    sale is not put down to it.
    """
    named = np.zeros(shelf.sales.shape, dtype=np.bool_)
    sold = shelf.sales > 0
    after = shelf.sales.shape[1] - sold[:, ::-1].argmax(axis=1)
    for row, item in enumerate(shelf.items):
        if item.national is not None and item.national.is_short and sold[row].any():
            named[row, after[row] :] = True
    return named
