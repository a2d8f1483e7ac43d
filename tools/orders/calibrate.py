"""Whether the predicted laws tell the truth on held-back periods, by randomised PIT.

A count has steps: the probability integral transform is drawn evenly inside the step of what was
asked (Czado, Gneiting & Held, *Predictive model assessment for count data*, Biometrics 65, 2009).
The demand judged is that of an order: the sum over lead time and review, and one period alone.
Only sums whose every period is known, of products already in the range, are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backofficine.science.demand.laws import Law
from backofficine.science.demand.training import predict, train
from tools.orders import sets, vn2
from tools.orders.engine import history_of, weights
from tools.orders.shop import Costs, Demand, Floats, Ints, Rules, State, moment

CENTRES = (0.50, 0.80, 0.95)
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
OFF_BY = 0.03
# Origins spread over the held-back periods: enough of them for a few hundred laws.
ORIGINS, LAWS = 6, 1200


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often what was asked fell where the laws said, over all products and origins."""

    set: str
    ahead: str
    laws: int
    central: list[float]
    """Share of PIT in each of the centres."""
    above: list[float]
    """How often the quantile of each level was exceeded."""

    def is_calibrated(self) -> bool:
        """Centres within three points; a quantile exceeded at most three points too often."""
        near = all(
            abs(found - share) <= OFF_BY for found, share in zip(self.central, CENTRES, strict=True)
        )
        rare = all(
            found <= 1 - level + OFF_BY for found, level in zip(self.above, LEVELS, strict=True)
        )
        return near and rare


def randomised_pit(law: Law, asked: Ints, *, rng: np.random.Generator) -> Floats:
    """(n,) a draw between P(D < asked) and P(D ≤ asked): uniform if the law is right."""
    top = law.cdf(asked)
    bottom = law.cdf(asked - 1)
    return np.asarray(bottom + rng.random(len(asked)) * (top - bottom))


def all_sets(folder: Path, *, seeds: Sequence[int]) -> Iterator[Calibration]:
    """Every set, over an order's cover and over one period."""
    challenge = vn2.load(folder)
    # The last eight weeks of the challenge stay closed: the ones before them are judged.
    open_ = challenge.start - 1
    yield from of_demand(
        challenge.demand, rules=vn2.RULES, start=open_ - 12, end=open_, seeds=seeds
    )
    for load in sets.TRIALS.values():
        trial = load(folder)
        yield from of_demand(
            trial.demand,
            rules=trial.rules,
            start=trial.start,
            end=trial.demand.periods,
            seeds=seeds,
        )


def of_demand(
    demand: Demand, *, rules: Rules, start: int, end: int, seeds: Sequence[int]
) -> Iterator[Calibration]:
    """Laws from origins between ``start`` and ``end``, against what came."""
    cover = rules.cover
    count = max(ORIGINS, -(-LAWS // demand.products))
    origins = np.unique(np.linspace(start, end - cover, count).astype(int))
    lengths = (cover, 1)
    found: dict[int, list[tuple[Law, Ints]]] = {length: [] for length in lengths}
    for origin in origins.tolist():
        now = moment(
            demand,
            now=origin,
            state=State.empty(demand.products, lead=rules.lead),
            rules=rules,
            costs=Costs(),
        )
        trained = train(history_of(now), cycle=demand.cycle)
        begun = now.known.any(axis=1)
        for length in lengths:
            law = predict(
                trained, weight=weights(now)[1][:length], season=now.season_ahead[:length]
            )
            there = demand.known[:, origin : origin + length].all(axis=1) & begun
            asked = demand.quantity[:, origin : origin + length].sum(axis=1)
            found[length].append((law.take(there), asked[there].astype(np.int64)))
    for length, pairs in found.items():
        yield _judged(demand, length, pairs, seeds=seeds)


def _judged(
    demand: Demand, length: int, pairs: list[tuple[Law, Ints]], *, seeds: Sequence[int]
) -> Calibration:
    central = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        pit = np.concatenate([randomised_pit(law, asked, rng=rng) for law, asked in pairs])
        central.append([float((np.abs(pit - 0.5) <= share / 2).mean()) for share in CENTRES])
    above = [
        float(np.concatenate([asked > law.quantile(level) for law, asked in pairs]).mean())
        for level in LEVELS
    ]
    return Calibration(
        set=demand.name,
        ahead=f"{length} {demand.period}{'s' if length > 1 else ''}",
        laws=sum(len(asked) for _, asked in pairs),
        central=[float(share) for share in np.mean(central, axis=0)],
        above=above,
    )
