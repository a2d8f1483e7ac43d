"""The VN2 inventory planning challenge on 380 of its 599 series, exactly by its rules.

Eight weeks from 2024-04-15. At the start ``End Inventory`` is on hand and ``In Transit W+1/W+2``
come at the start of weeks 1 and 2. An order placed at the end of week t = 0…5 is on the shelf at
the start of week t + 3. A week costs 0.2 per unit left at its end and 1.0 per unit lost; what is
lost is not served later. After each week its true sales and flags are shown in full. The score is
the cost of weeks 3 to 8: weeks 1 and 2 are decided before anybody orders.

:func:`rolling` plays the same game on earlier origins, for tuning: the last eight weeks are run
once per candidate release, and every such run is told in ``docs/benchmarks.md``.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from backofficine.science.demand.reading import group_of
from tools.orders.shop import (
    SEEN_AHEAD,
    Costs,
    Demand,
    Floats,
    Ints,
    Moment,
    Outcome,
    Policy,
    Rules,
    State,
    live,
)
from tools.truth_series import DataAbsent

RULES = Rules(lead=2, review=1)
COSTS = Costs(left=0.2, lost=1.0)
FIRST_WEEK = date(2024, 4, 15)
WEEKS = 8
FIRST_SCORED = 3
# Weeks of the benchmark's forecast, and weeks of its mean.
COVER, MEAN_OF = 4, 13
# Weeks that the benchmark lives before an earlier origin, to have a stock as shops have.
WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Challenge:
    """The series and the state the eight weeks begin with."""

    demand: Demand
    state: State
    keys: list[tuple[str, str]]
    """Store and product."""
    weeks: list[date]
    """First day of each week of the series."""
    attributes: dict[str, list[str]]
    """Columns of the master file."""

    @property
    def start(self) -> int:
        """Weeks that have passed when the first order is placed."""
        return self.weeks.index(FIRST_WEEK)


def data_folder() -> Path:
    """Where the shared data lie: ``BACKOFFICINE_TEST_DATA``, or beside the repository."""
    root = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("BACKOFFICINE_TEST_DATA", root.parent / "shared" / "data"))


def load(folder: Path | None = None) -> Challenge:
    """Read the set.

    :raises DataAbsent: if it is not on this machine.
    """
    at = (folder or data_folder()) / "vn2-retail-weekly"
    heading, *sales = _rows(at / "sales_weekly.csv.gz")
    flags = _by_key(at / "in_stock_weekly.csv.gz")[1]
    state_heading, states = _by_key(at / "initial_state.csv.gz")
    master_heading, master = _by_key(at / "master.csv.gz")
    keys = [(row[0], row[1]) for row in sales]
    weeks = [date.fromisoformat(name) for name in heading[2:]]
    column = {name: place for place, name in enumerate(state_heading)}

    def units(name: str) -> Ints:
        return np.array([int(float(states[key][column[name]])) for key in keys], dtype=np.int64)

    ahead = [weeks[-1] + timedelta(weeks=k + 1) for k in range(SEEN_AHEAD)]
    attributes = np.column_stack(
        [codes([master[key][place] for key in keys]) for place in range(len(master_heading))]
    )
    demand = Demand(
        name="vn2-retail-weekly",
        quantity=np.array([[float(cell or 0) for cell in row[2:]] for row in sales]),
        known=np.array([[cell == "True" for cell in flags[key][2:]] for key in keys]),
        season=np.array([week_of_year(day) for day in weeks + ahead], dtype=np.int64),
        cycle=53,
        group=group_of(attributes),
        attributes=attributes,
        period="week",
        weight=np.ones(len(weeks) + SEEN_AHEAD),
    )
    return Challenge(
        demand=demand,
        state=State(
            units("End Inventory"),
            np.column_stack([units("In Transit W+1"), units("In Transit W+2")]),
        ),
        keys=keys,
        weeks=weeks,
        attributes={
            name: [master[key][place] for key in keys] for place, name in enumerate(master_heading)
        },
    )


def codes(names: Sequence[str]) -> Ints:
    """Numbers from zero for names, in alphabetical order."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def week_of_year(day: date) -> int:
    """0 to 52: ISO week minus one."""
    return day.isocalendar().week - 1


def benchmark(now: Moment) -> Ints:
    """The published benchmark.

    Sales out of stock are masked. The seasonal factor of a week of the year is the mean, over its
    years, of the mean sales of all series, divided by the mean of these factors. The forecast is
    the mean of the last 13 weeks without season, times the season of the weeks to come. Order up to
    the next four weeks' forecast minus what is on hand and in transit, rounded.
    """
    factor = seasonal_factors(now)
    seen = now.known[:, -MEAN_OF:]
    flat = np.where(seen, now.quantity[:, -MEAN_OF:] / factor[now.season[-MEAN_OF:]], 0.0)
    base = flat.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    target = base * factor[now.season_ahead[:COVER]].sum()
    return np.asarray(np.round(np.maximum(target - now.net, 0.0)), dtype=np.int64)


def seasonal_factors(now: Moment) -> Floats:
    """(cycle,) factor of each place of the year over all series; 1 where never seen."""
    seen = now.known.sum(axis=0)
    mean = np.where(now.known, now.quantity, 0.0).sum(axis=0) / np.maximum(seen, 1)
    weight = (seen > 0).astype(np.float64)
    years = np.bincount(now.season, weights=weight, minlength=now.cycle)
    total = np.bincount(now.season, weights=mean * weight, minlength=now.cycle)
    there = (years > 0) & (total > 0)
    factor = np.where(there, total / np.maximum(years, 1), 0.0)
    if not there.any():
        return np.ones(now.cycle)
    return np.where(there, factor / factor[there].mean(), 1.0)


def play(policy: Policy, *, challenge: Challenge) -> Outcome:
    """The eight weeks, week by week."""
    return live(
        policy,
        demand=challenge.demand,
        start=challenge.start,
        periods=WEEKS,
        state=challenge.state,
        rules=RULES,
        costs=COSTS,
    )


def score(outcome: Outcome) -> float:
    """Cost of weeks 3 to 8."""
    return float(outcome.cost()[:, FIRST_SCORED - 1 :].sum())


def earlier_origins(challenge: Challenge, *, count: int = 12) -> list[int]:
    """Origins whose eight weeks end before 2024-04-08, their scored weeks disjoint, latest first.

    An origin is a number of weeks passed.
    """
    last = challenge.start - 1 - WEEKS
    scored = WEEKS - FIRST_SCORED + 1
    return [last - scored * k for k in range(count)]


def state_at(origin: int, *, challenge: Challenge) -> State:
    """The stock at an earlier origin, had the shop ordered by the benchmark.

    It begins with the benchmark's target on the shelf and lives :data:`WARM_UP` weeks.
    """
    demand = challenge.demand
    begin = origin - WARM_UP
    if begin < MEAN_OF:
        raise ValueError("too early an origin: the benchmark needs 13 weeks and ten to warm up")
    return live(
        benchmark,
        demand=demand,
        start=begin,
        periods=WARM_UP,
        state=State.empty(demand.products, lead=RULES.lead),
        rules=RULES,
        costs=COSTS,
        last_order=WARM_UP - 1,
    ).end


@dataclass(frozen=True, slots=True)
class Rolled:
    """Both policies from one earlier origin."""

    origin: int
    first_week: date
    cost: float
    benchmark: float
    left: float
    lost: float

    @property
    def ratio(self) -> float:
        return self.cost / self.benchmark


def rolling(
    policy: Policy, *, challenge: Challenge, origins: Sequence[int] | None = None
) -> list[Rolled]:
    """The same game from earlier origins: cost of weeks 3 to 8, and the benchmark's.

    The stock at an origin is what ten weeks of the benchmark leave. What was asked in a week out of
    stock is not known: such a cell costs nothing, sells nothing and keeps its stock; the policy
    sees it as not known, as in the real game.

    :raises ValueError: if the weeks of an origin touch 2024-04-08 or later.
    """
    rolled = []
    for origin in earlier_origins(challenge) if origins is None else origins:
        if origin + WEEKS > challenge.start - 1:
            raise ValueError("the last eight weeks are not for tuning")
        state = state_at(origin, challenge=challenge)
        outcomes = [
            live(
                each,
                demand=challenge.demand,
                start=origin,
                periods=WEEKS,
                state=state,
                rules=RULES,
                costs=COSTS,
            )
            for each in (policy, benchmark)
        ]
        scored = slice(FIRST_SCORED - 1, None)
        rolled.append(
            Rolled(
                origin=origin,
                first_week=challenge.weeks[origin],
                cost=score(outcomes[0]),
                benchmark=score(outcomes[1]),
                left=float(outcomes[0].left[:, scored].sum()),
                lost=float(outcomes[0].lost[:, scored].sum()),
            )
        )
    return rolled


def pooled(rolled: Sequence[Rolled]) -> float:
    """Ratio of the summed costs."""
    return sum(each.cost for each in rolled) / sum(each.benchmark for each in rolled)


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise DataAbsent(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def _by_key(path: Path) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    heading, *rows = _rows(path)
    return heading, {(row[0], row[1]): row for row in rows}
