"""The policies that an engine must beat: min/max, days of cover as LGOs do, normal safety stock.

All obey the same house rules: whole cases, the floor of the emergency list, the room on the shelf,
one box at least of what is kept, promises before all.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from backofficine.science.policies import Columns, Service, propose_many
from backofficine.science.replay.past import Bools, Floats, Ints
from backofficine.science.replay.record import Moment, Window

# Days over which each baseline looks back: the plain policy's own period; a year for the others,
# or the whole record if it is shorter.
PLAIN_DAYS = 180
YEAR_DAYS = 365
# Absorbs the noise of binary fractions before rounding up: 3.0000000001 boxes are three boxes.
EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Plain:
    """The min/max of ``science.policies`` at one service level."""

    level: float

    def decide(self, now: Moment) -> Ints:
        window = now.window(PLAIN_DAYS)
        count = len(now.on_hand)
        return propose_many(
            Columns(
                on_hand=now.on_hand,
                on_order=now.on_order,
                promised=now.promised,
                asked=window.quantity,
                days=np.full(count, max(window.days, 1), dtype=np.int64),
                days_out=window.days - window.days_known,
                largest_line=np.minimum(window.largest, window.quantity),
                lines=window.lines,
                squares=window.squares,
                lead_time_days=np.full(count, now.lead),
                review_days=np.full(count, now.review),
                case_size=now.shelf.case,
                minimum_floor=now.shelf.floor,
                maximum=now.shelf.maximum,
                service=Service(level=self.level),
            )
        ).quantity


@dataclass(frozen=True, slots=True)
class Cover:
    """Up to ``days`` civil days of average sales, as soon as the stock is below that.

    The rule of pharmacy software: the mean of the last year, no margin for chance.
    """

    days: float

    def decide(self, now: Moment) -> Ints:
        window = now.window(YEAR_DAYS)
        looked = min(now.today + 1, YEAR_DAYS)
        target = _up(window.quantity / looked * self.days)
        return order_to(now, minimum=target, target=target, kept=_kept(window))


@dataclass(frozen=True, slots=True)
class NormalSafety:
    """Demand until the order after this one, plus *z* standard deviations of it.

    Mean and deviation of the daily quantities over a year, as if demand were normal (Silver, Pyke
    & Thomas, *Inventory and Production Management in Supply Chains*, chapter 6).
    """

    z: float

    @classmethod
    def of_level(cls, level: float) -> NormalSafety:
        """*z* for a probability of serving all that is asked."""
        return cls(z=NormalDist().inv_cdf(level))

    def decide(self, now: Moment) -> Ints:
        window = now.window(YEAR_DAYS)
        days = np.maximum(window.days_known, 1)
        mean = window.quantity / days
        variance = np.maximum(window.day_squares / days - mean * mean, 0.0)
        span = now.lead + now.review
        target = _up(mean * span + self.z * np.sqrt(variance * span))
        return order_to(now, minimum=target, target=target, kept=_kept(window))


@dataclass(frozen=True, slots=True)
class Everything:
    """Keeps ``boxes`` of every product: the upper bound of service, whatever it costs."""

    boxes: int

    def decide(self, now: Moment) -> Ints:
        target = np.full(len(now.on_hand), self.boxes, dtype=np.int64)
        return order_to(now, minimum=target, target=target, kept=target > 0)


def order_to(now: Moment, *, minimum: Ints, target: Ints, kept: Bools) -> Ints:
    """Units to order: up to the target where the position is below the minimum.

    What is not kept is ordered for promises only. The house rules are those of ``propose_many``.
    """
    shelf = now.shelf
    least = np.maximum(shelf.floor, np.where(kept, 1, 0))
    minimum = np.maximum(np.where(kept, minimum, 0), least)
    target = np.maximum(np.where(kept, target, 0), minimum)
    net = now.on_hand + now.on_order - now.promised
    need = np.where(net < minimum, target - net, 0)
    owed = np.maximum(-net, 0)
    room = np.maximum(shelf.maximum - net, 0)
    whole = -(-need // shelf.case) * shelf.case
    cut = whole > room
    quantity = np.where(cut, room // shelf.case * shelf.case, whole)
    promised = -(-owed // shelf.case) * shelf.case
    ordered: Ints = np.where(cut & (quantity < owed), promised, quantity)
    return ordered


def _kept(window: Window) -> Bools:
    """Asked for twice at least: once in the period is a passing patient."""
    kept: Bools = window.lines >= Service().kept_from_lines
    return kept


def _up(values: Floats) -> Ints:
    return np.ceil(values - EPSILON).astype(np.int64)
