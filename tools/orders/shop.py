"""A shop that orders by a policy and loses what it cannot serve: many products at once.

Time goes by periods (days, weeks, months). An order placed at the end of a period with a lead time
of ``lead`` is on the shelf at the start of the period ``lead + 1`` later, so it serves that period
in full. Every ``review`` periods the policy is asked. What is left at the end of a period and what
was lost in it cost; what was really asked is then shown to the policy, lost demand included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Costs:
    """Per unit and period."""

    left: float = 0.2
    lost: float = 1.0

    @property
    def critical_ratio(self) -> float:
        return self.lost / (self.lost + self.left)

    def __str__(self) -> str:
        return f"{self.left:g} left, {self.lost:g} lost"


@dataclass(frozen=True, slots=True)
class Rules:
    """How the shop is supplied, in periods."""

    lead: int
    review: int = 1

    @property
    def cover(self) -> int:
        """Periods that an order must last: until the next one can be there."""
        return self.lead + self.review


@dataclass(frozen=True, slots=True)
class Demand:
    """Real demand of a set of products, oldest period first."""

    name: str
    quantity: Floats
    """(n, T) whole units."""
    known: Bools
    """(n, T) false where the real shop had none or the figure is made up."""
    season: Ints
    """(T + some,) place in the yearly cycle, known some periods beyond the end."""
    cycle: int
    """Places in the yearly cycle."""
    group: Ints
    """(n,) products alike."""
    attributes: Ints
    """(n, A) codes that products may have in common; A may be zero."""
    period: str
    """day, week or month."""
    weight: Floats
    """(T + some,) share of a normal period."""

    @property
    def products(self) -> int:
        return len(self.quantity)

    @property
    def periods(self) -> int:
        return int(self.quantity.shape[1])


@dataclass(frozen=True, slots=True)
class Moment:
    """What a policy is told at the end of a period; nothing of what comes after."""

    quantity: Floats
    """(n, T) asked so far; without meaning where not ``known``."""
    known: Bools
    season: Ints
    """(T,)"""
    season_ahead: Ints
    """(lead + review + more,) places of the periods to come: the calendar is no secret."""
    cycle: int
    group: Ints
    attributes: Ints
    period: str
    weight: Floats
    """(T,)"""
    weight_ahead: Floats
    on_hand: Ints
    """(n,)"""
    arriving: Ints
    """(n, lead): column k − 1 is there at the start of the k-th period after now."""
    rules: Rules
    costs: Costs

    @property
    def net(self) -> Ints:
        """On hand and in transit."""
        return np.asarray(self.on_hand + self.arriving.sum(axis=1))


Policy = Callable[[Moment], Ints]

# Periods of the calendar told beyond the protection interval.
SEEN_AHEAD = 60


@dataclass(frozen=True, slots=True)
class State:
    """Units on the shelf at the end of a period, and on their way."""

    on_hand: Ints
    """(n,)"""
    arriving: Ints
    """(n, lead), as in :class:`Moment`."""

    @classmethod
    def empty(cls, products: int, *, lead: int) -> State:
        return cls(np.zeros(products, dtype=np.int64), np.zeros((products, lead), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in each period lived, (n, periods)."""

    left: Floats
    lost: Floats
    asked: Floats
    costs: Costs
    ordered: Floats
    """(n, periods) at the beginning of each period, zero when nothing was decided."""
    end: State

    def cost(self) -> Floats:
        """(n, periods)"""
        return self.costs.left * self.left + self.costs.lost * self.lost

    def fill_rate(self) -> float:
        return float(1 - self.lost.sum() / max(self.asked.sum(), 1.0))


def moment(demand: Demand, *, now: int, state: State, rules: Rules, costs: Costs) -> Moment:
    """What is known once ``now`` periods have passed."""
    return Moment(
        quantity=demand.quantity[:, :now],
        known=demand.known[:, :now],
        season=demand.season[:now],
        season_ahead=demand.season[now : now + SEEN_AHEAD],
        cycle=demand.cycle,
        group=demand.group,
        attributes=demand.attributes,
        period=demand.period,
        weight=demand.weight[:now],
        weight_ahead=demand.weight[now : now + SEEN_AHEAD],
        on_hand=state.on_hand,
        arriving=state.arriving,
        rules=rules,
        costs=costs,
    )


def live(
    policy: Policy,
    *,
    demand: Demand,
    start: int,
    periods: int,
    state: State,
    rules: Rules,
    costs: Costs,
    last_order: int | None = None,
) -> Outcome:
    """Let the shop live ``periods`` from the end of period ``start``, ordering by ``policy``.

    A cell that is not known costs nothing: nothing is sold, nothing lost, and its stock waits.

    :param last_order: periods after ``start`` at whose end the last order is placed; by default the
        last whose goods come within the time lived.
    :raises ValueError: if a policy answers anything but whole quantities of at least zero.
    """
    if last_order is None:
        last_order = periods - rules.lead - 1
    n = demand.products
    on_hand, arriving = state.on_hand, state.arriving
    left, lost, asked, ordered = (np.zeros((n, periods)) for _ in range(4))
    for step in range(periods):
        quantity = np.zeros(n, dtype=np.int64)
        if step <= last_order and step % rules.review == 0:
            now = State(on_hand, arriving)
            quantity = policy(moment(demand, now=start + step, state=now, rules=rules, costs=costs))
            if quantity.shape != (n,) or quantity.dtype.kind != "i" or (quantity < 0).any():
                raise ValueError("a policy answers one whole quantity of at least zero a product")
        ordered[:, step] = quantity
        coming = np.column_stack([arriving, quantity])
        on_hand = on_hand + coming[:, 0]
        arriving = coming[:, 1:]
        wanted = demand.quantity[:, start + step].astype(np.int64)
        open_ = demand.known[:, start + step]
        sold = np.where(open_, np.minimum(wanted, on_hand), 0)
        on_hand = on_hand - sold
        left[:, step] = np.where(open_, on_hand, 0)
        lost[:, step] = np.where(open_, wanted - sold, 0)
        asked[:, step] = np.where(open_, wanted, 0)
    return Outcome(left, lost, asked, costs, ordered, State(on_hand, arriving))
