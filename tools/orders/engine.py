"""The engine as a policy: the same pure function that ``plan-orders`` calls."""

from __future__ import annotations

import numpy as np

from backofficine.science.demand.history import History
from backofficine.science.demand.plan import plan
from tools.orders.shop import Ints, Moment


def history_of(now: Moment) -> History:
    return History(
        quantity=now.quantity,
        known=now.known,
        weight=now.weight,
        season=now.season,
        group=now.group,
        attributes=now.attributes if now.attributes.shape[1] else None,
    )


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
            weight_ahead=now.weight_ahead,
            season_ahead=now.season_ahead,
        ),
        dtype=np.int64,
    )
