"""Ours against the baselines on a set: the same shop, the same days, the same starting stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tools.orders.baselines import BASELINES, Baseline, cover
from tools.orders.sets import Trial
from tools.orders.shop import Costs, Floats, Outcome, Policy, State, live

# The two costs: the challenge's, and a critical ratio of 95 %.
COSTS = (Costs(left=0.2, lost=1.0), Costs(left=0.2, lost=3.8))
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One policy on one set."""

    name: str
    number: float | None
    """Its service level, or its times the mean."""
    cost: Floats
    """(n,) cost of each product over the judged window."""
    fill_rate: float
    left: float
    """Mean units left at the end of a period, all products together."""

    @property
    def total(self) -> float:
        return float(self.cost.sum())


@dataclass(frozen=True, slots=True)
class Table:
    """All policies on one set at one cost."""

    set: str
    costs: Costs
    ours: Row
    usual: list[Row] = field(default_factory=list)
    """The cover rule tuned, the others at the critical ratio of the costs, as books say."""
    tuned: list[Row] = field(default_factory=list)
    """Every baseline tuned: more than a shop does."""

    @property
    def best_usual(self) -> Row:
        return min(self.usual, key=lambda row: row.total)

    @property
    def best_tuned(self) -> Row:
        return min(self.tuned, key=lambda row: row.total)

    @property
    def ratio(self) -> float:
        """To the best baseline as a shop would run it."""
        return self.ours.total / self.best_usual.total

    @property
    def hardest_ratio(self) -> float:
        """To the best of the baselines that were all tuned."""
        return self.ours.total / self.best_tuned.total

    def interval(self, *, seed: int) -> tuple[float, float]:
        """95 % of the ratio when the products are drawn again with replacement."""
        return resampled(self.ours.cost, self.best_usual.cost, seed=seed)


def resampled(ours: Floats, theirs: Floats, *, seed: int) -> tuple[float, float]:
    """Bootstrap over products of the ratio of summed costs (Efron's percentile interval)."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(ours), (DRAWS, len(ours)))
    ratios = ours[picks].sum(axis=1) / theirs[picks].sum(axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(low), float(high)


def judge(
    policy: Policy,
    *,
    trial: Trial,
    costs: Costs,
    baselines: Iterable[Baseline] = BASELINES,
    tuning: bool = False,
) -> Table:
    """Live the judged window by each policy; baselines are tuned on the window before.

    With ``tuning`` the window before is lived instead, to choose the constants of a policy without
    looking at the judged one; the baselines then know it too.
    """
    usual, best = [], []
    for baseline in baselines:
        chosen, number = tuned(baseline, trial=trial, costs=costs)
        lived = window(chosen, trial=trial, costs=costs, tuning=tuning)
        row = _row(baseline.name, number, lived, trial)
        best.append(row)
        if not baseline.uses_memory:
            by_the_book = baseline.make(costs.critical_ratio, 0)
            lived = window(by_the_book, trial=trial, costs=costs, tuning=tuning)
            row = _row(baseline.name, costs.critical_ratio, lived, trial)
        usual.append(row)
    lived = window(policy, trial=trial, costs=costs, tuning=tuning)
    return Table(
        set=trial.demand.name,
        costs=costs,
        ours=_row("Backofficine", None, lived, trial),
        usual=usual,
        tuned=best,
    )


def tuned(baseline: Baseline, *, trial: Trial, costs: Costs) -> tuple[Policy, float]:
    """The member of the family that costs least on the window before the judged one."""
    memories = trial.memory if baseline.uses_memory else (0,)
    best: tuple[float, Policy, float] | None = None
    for memory in memories:
        for number in baseline.grid:
            policy = baseline.make(number, memory)
            lived = window(policy, trial=trial, costs=costs, tuning=True)
            total = float(scored(lived, trial=trial).sum())
            if best is None or total < best[0]:
                best = (total, policy, number)
    assert best is not None, "a grid has numbers"
    return best[1], best[2]


def window(policy: Policy, *, trial: Trial, costs: Costs, tuning: bool = False) -> Outcome:
    """Live a window by a policy, from the stock that the cover rule leaves."""
    start = trial.tuning_start if tuning else trial.start
    demand, rules = trial.demand, trial.rules
    begin = start - trial.warm_up
    state = live(
        cover(1.5, trial.memory[0]),
        demand=demand,
        start=begin,
        periods=trial.warm_up,
        state=State.empty(demand.products, lead=rules.lead),
        rules=rules,
        costs=costs,
        last_order=trial.warm_up - 1,
    ).end
    return live(
        policy,
        demand=demand,
        start=start,
        periods=trial.held_back,
        state=state,
        rules=rules,
        costs=costs,
    )


def scored(lived: Outcome, *, trial: Trial) -> Floats:
    """(n, periods) cost of the periods that a policy could change: the first ``lead`` are not."""
    return np.asarray(lived.cost()[:, trial.rules.lead :])


def _row(name: str, number: float | None, lived: Outcome, trial: Trial) -> Row:
    lead = trial.rules.lead
    asked = lived.asked[:, lead:].sum()
    return Row(
        name=name,
        number=number,
        cost=scored(lived, trial=trial).sum(axis=1),
        fill_rate=float(1 - lived.lost[:, lead:].sum() / max(asked, 1.0)),
        left=float(lived.left[:, lead:].sum(axis=0).mean()),
    )
