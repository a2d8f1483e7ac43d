"""Section 4: boxes that will not sell before their date, when the stock file gives dates."""

import numpy as np

from backofficine.picture.report import Line, Section, boxes, share
from backofficine.picture.sections.base import (
    MONTH_DAYS,
    euros_of,
    exact,
    in_order_of_euros,
    line_of,
    total,
)
from backofficine.picture.shelf import Shelf
from backofficine.science.picture.expiry import at_risk

AHEAD_DAYS = 365
LIKELY = 0.5


def expiry_section(shelf: Shelf) -> Section:
    """Lots with even odds or more that a box is left on their date, within a year."""
    lots = [(row, lot) for row, item in enumerate(shelf.items) for lot in item.lots]
    if not lots:
        return Section("expiry", absent="no_expiry_dates")
    days_left = [(lot.expires_on - shelf.as_of).days for _row, lot in lots]
    risk = at_risk(
        shelf.sales,
        product=np.array([row for row, _lot in lots], dtype=np.int64),
        quantity=np.array([lot.quantity for _row, lot in lots], dtype=np.float64),
        days_left=np.array(days_left, dtype=np.float64),
        period_days=shelf.period_days,
        months=shelf.months,
        groups=shelf.classes,
    )
    lines: list[Line] = []
    for place, (row, lot) in enumerate(lots):
        item, left = shelf.items[row], days_left[place]
        words = {"expires_on": lot.expires_on.isoformat(), "lot": lot.number}
        if left < 0:
            lines.append(
                line_of(item, count=lot.quantity, reason="already_expired", probability=share(1),
                        groups=("expired_boxes", "expired_euros"), numbers={"days_left": left},
                        words=words)
            )  # fmt: skip
        elif left <= AHEAD_DAYS and risk.probability[place] >= LIKELY:
            lines.append(
                line_of(
                    item, count=float(risk.unsold[place]), low=float(risk.low[place]),
                    high=float(risk.high[place]), probability=share(risk.probability[place]),
                    reason="will_not_sell", groups=("expiry_boxes", "expiry_euros"),
                    numbers={"days_left": left, "lot_boxes": lot.quantity,
                             "per_month": boxes(shelf.sold_a_day[row] * MONTH_DAYS)},
                    words=words,
                )
            )  # fmt: skip
    kept = in_order_of_euros(lines)
    ahead = [line for line in kept if "expiry_boxes" in line.groups]
    past = [line for line in kept if "expired_boxes" in line.groups]
    return Section(
        "expiry",
        (
            total("expiry_euros", "euros", ahead, method="expiry", money=True),
            total("expiry_boxes", "boxes", ahead, method="expiry"),
            exact("expired_euros", "euros", euros_of(past), method="expired"),
            exact("expired_boxes", "boxes", sum(int(one.boxes) for one in past), method="expired"),
        ),
        kept,
    )
