"""The engine as a policy: the same pure function that ``plan-orders`` calls."""

from __future__ import annotations

import numpy as np

from backofficine.science.demand.history import History
from backofficine.science.demand.plan import plan
from backofficine.science.demand.reading import week_weights
from tools.orders.shop import Floats, Ints, Moment


def history_of(now: Moment) -> History:
    """What the files of ``plan-orders`` would say, weekdays read in them included."""
    return History(
        quantity=now.quantity,
        known=now.known,
        weight=weights(now)[0],
        season=now.season,
        group=now.group,
        attributes=now.attributes if now.attributes.shape[1] else None,
    )


def weights(now: Moment) -> tuple[Floats, Floats]:
    """Of the periods so far, and of those to come."""
    if now.period != "day":
        return now.weight, now.weight_ahead
    length = now.quantity.shape[1]
    week = week_weights(now.quantity, now.known)
    days = week[np.arange(length + len(now.weight_ahead)) % 7]
    return days[:length], days[length:]


def ours(now: Moment) -> Ints:
    """What Backofficine orders."""
    return np.asarray(
        plan(
            history_of(now),
            on_hand=now.on_hand,
            arriving=now.arriving,
            holding_cost=now.costs.left,
            shortage_cost=now.costs.lost,
            lead_time=now.rules.lead,
            review=now.rules.review,
            cycle=now.cycle,
            weight_ahead=weights(now)[1],
            season_ahead=now.season_ahead,
        ),
        dtype=np.int64,
    )
