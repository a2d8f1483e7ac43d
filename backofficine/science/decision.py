"""From a predictive law and costs to a rule: below how many boxes to order, and up to how many.

A product is looked at once per review (at each round). Its position (in stock + on order −
promised) is raised as soon as it is below a minimum *m*, by a batch that brings it to the target
*m* + *Q* − 1, so that after each look it lies anywhere in *m* … *m* + *Q* − 1, evenly
(Zheng & Federgruen, *Finding optimal (s, S) policies is about as simple as evaluating a single
policy*, Operations Research 39, 1991; Silver, Pyke & Thomas, *Inventory and Production Management
in Supply Chains*, chapter 7). One open day at position *y* costs ::

    g(y) = b · (E[(D(L+R) − y)⁺] − E[(D(L) − y)⁺]) / R     boxes asked for and not there
         + h · (E[(y − D(L))⁺] + E[(y − D(L+R))⁺]) / 2     boxes kept
         + c · E[(y − D(X))⁺] / X                          boxes that reach their date

and one open day of batches of *Q* costs ``K · E[min(D(R), Q)] / (Q · R)`` in order lines. The rule
shipped is the pair (*m*, *Q*) of least total, searched over whole boxes. *D(t)* is the demand of
the next *t* open days, *L* the lead time, *R* the review, *X* the shelf life left at reception.

Where the demand that finds nothing waits (a promise) or goes elsewhere (a lost sale), *b* is the
mean of both costs, weighted by how many leave: the position counts promises, so the rule is the
same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backofficine.science.demand.laws import Law

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The grid of positions ends where demand goes beyond with this probability.
BEYOND = 0.999
# Positions further than this are not searched: no shelf of an officine holds as many.
FARTHEST = 4000
# Products solved together: their grids are one matrix.
TOGETHER = 2048


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What being wrong by one stock unit costs, one element per product. Euros."""

    missing: Floats
    """One unit asked for and not there: the promise, or the patient who leaves."""
    holding: Floats
    """One unit kept during one open day: cash, room, shrinkage."""
    line: Floats
    """One order line, whatever its quantity: typing, checking, putting away."""
    expired: Floats
    """One unit that reaches its date on the shelf."""


@dataclass(frozen=True, slots=True)
class Spans:
    """How long each law lasts, in open days; one element per product, or one for all."""

    lead: Floats
    review: Floats
    life: Floats


@dataclass(frozen=True, slots=True)
class Laws:
    """Demand until the order is in hand (L), until the next one is (L+R), in between (R), and
    until a box received now reaches its date (X)."""

    lead: Law
    cover: Law
    review: Law
    life: Law

    def take(self, index: npt.NDArray[np.intp]) -> Laws:
        return Laws(
            lead=self.lead.take(index), cover=self.cover.take(index),
            review=self.review.take(index), life=self.life.take(index),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The rule of each product, in stock units; ``minimum`` 0 means kept for promises only."""

    minimum: Ints
    target: Ints
    chance: Floats
    """Probability that the minimum serves all that is asked until the order after this one."""
    cost: Floats
    """Euros per open day that the rule is expected to cost."""
    cost_without: Floats
    """Euros per open day of not keeping the product: every unit asked for is missing."""


def thresholds(
    laws: Laws, *, spans: Spans, costs: UnitCosts, case: Ints, most: Ints | None = None
) -> Thresholds:
    """The rule of least expected cost of each product.

    ``case`` is the units in a case (batches are whole cases), ``most`` the highest target allowed
    (expiry, a price about to fall); at least one unit may always be kept.

    :returns: one element per product, in the order given.
    """
    count = len(case)
    lead, review, life = (_column(one, count) for one in (spans.lead, spans.review, spans.life))
    highest = np.full(count, FARTHEST, dtype=np.int64) if most is None else np.maximum(most, 1)
    batch = _batch(
        laws.review.expected() / np.maximum(review, 1e-9), costs=costs, case=case, highest=highest
    )
    reach = np.minimum(laws.cover.quantile(BEYOND), highest) + 1
    width = np.minimum(reach + batch + case, FARTHEST)
    found = Thresholds(
        minimum=np.zeros(count, dtype=np.int64),
        target=np.zeros(count, dtype=np.int64),
        chance=np.zeros(count),
        cost=np.zeros(count),
        cost_without=np.zeros(count),
    )
    # Products of like width share a grid: one that sells twice a year needs four columns.
    order = np.argsort(width, kind="stable")
    start = 0
    while start < count:
        most_wide = int(width[order[start]]) * 2 + 8
        end = int(np.searchsorted(width[order], most_wide, side="right"))
        end = min(max(end, start + 1), start + TOGETHER)
        index = order[start:end]
        _solve(
            found, index, laws.take(index), lead=lead[index], review=review[index],
            life=life[index], costs=costs, case=case[index], batch=batch[index],
            highest=highest[index], most_wide=int(width[index].max()),
        )  # fmt: skip
        start = end
    return found


def _solve(
    found: Thresholds,
    index: npt.NDArray[np.intp],
    laws: Laws,
    *,
    lead: Floats,
    review: Floats,
    life: Floats,
    costs: UnitCosts,
    case: Ints,
    batch: Ints,
    highest: Ints,
    most_wide: int,
) -> None:
    missing, holding, line, expired = (
        one[index, None] for one in (costs.missing, costs.holding, costs.line, costs.expired)
    )
    span = review[:, None]
    beyond_lead, _ = _beyond(laws.lead, most_wide)
    beyond_cover, within = _beyond(laws.cover, most_wide)
    beyond_life, _ = _beyond(laws.life, most_wide)
    stock = np.arange(most_wide + 1, dtype=np.float64)[None, :]
    kept = (
        stock
        + (
            beyond_lead + beyond_cover
            - laws.lead.expected()[:, None] - laws.cover.expected()[:, None]
        ) / 2
    )  # fmt: skip
    dated = stock - laws.life.expected()[:, None] + beyond_life
    cost = (
        missing * np.maximum(beyond_cover - beyond_lead, 0.0) / span
        + holding * np.maximum(kept, 0.0)
        + expired * np.maximum(dated, 0.0) / life[:, None]
    )
    total = np.concatenate([np.zeros((len(index), 1)), np.cumsum(cost, axis=1)], axis=1)
    per_review, _ = _beyond(laws.review, most_wide)
    expected = laws.review.expected()
    rows = np.arange(len(index))
    # Nothing kept: position 0, and an order line for each patient who asked.
    best = cost[:, 0] + line[:, 0] * (expected - per_review[:, 1]) / review
    found.cost_without[index] = best
    minimum = np.zeros(len(index), dtype=np.int64)
    quantity = np.ones(len(index), dtype=np.int64)
    lines = int((batch // case).max())
    for cases in _few(lines):
        size = cases * case
        allowed = (size <= np.maximum(batch, case)) & (size <= most_wide)
        if not allowed.any():
            continue
        size = np.where(allowed, size, case)
        ordering = (
            line[:, 0] * (expected - per_review[rows, np.minimum(size, most_wide)])
            / (size * review)
        )  # fmt: skip
        ends = np.arange(1, most_wide + 1)[None, :] + size[:, None]
        inside = ends <= most_wide + 1
        # A single case is always allowed: it cannot be split.
        inside &= (ends - 1 <= np.maximum(highest, case)[:, None]) & allowed[:, None]
        mean = (
            np.take_along_axis(total, np.minimum(ends, most_wide + 1), axis=1) - total[:, 1:-1]
        ) / size[:, None]
        mean = np.where(inside, mean, np.inf)
        at = mean.argmin(axis=1)
        value = mean[rows, at] + ordering
        better = value < best - 1e-12
        best = np.where(better, value, best)
        minimum = np.where(better, at + 1, minimum)
        quantity = np.where(better, size, quantity)
    found.minimum[index] = minimum
    found.target[index] = np.where(minimum > 0, minimum + quantity - 1, 0)
    found.cost[index] = best
    found.chance[index] = within[rows, minimum]


def _beyond(law: Law, most: int) -> tuple[Floats, Floats]:
    """E[(D − y)⁺] and P(D ≤ y) for y = 0 … ``most``, by summing tails."""
    within = np.minimum(np.cumsum(law.table(most), axis=1), 1.0)
    tails = np.concatenate([np.zeros((len(within), 1)), np.cumsum(1.0 - within, axis=1)], axis=1)
    beyond: Floats = np.maximum(law.expected()[:, None] - tails[:, :-1], 0.0)
    return beyond, within


def _batch(rate: Floats, *, costs: UnitCosts, case: Ints, highest: Ints) -> Ints:
    """The largest batch worth searching: twice the economic order quantity, in whole cases."""
    economic = np.sqrt(2 * costs.line * rate / np.maximum(costs.holding, 1e-9))
    cases = np.maximum(np.ceil(2 * np.minimum(economic, FARTHEST) / case), 1)
    roomy = np.maximum(highest // case, 1)
    batch: Ints = (np.minimum(cases, roomy) * case).astype(np.int64)
    return np.minimum(batch, np.maximum(FARTHEST // 2 // case, 1) * case)


def _few(most: int) -> list[int]:
    """1, 2, 3 … then one in eight: a batch is flat around its best (Silver & al., § 4.4)."""
    found, one = [], 1
    while one <= most:
        found.append(one)
        one = max(one + 1, one + one // 8)
    return found


def _column(values: Floats, count: int) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (count,))
