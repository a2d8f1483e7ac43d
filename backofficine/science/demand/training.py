"""What the past of a whole shop says of the demand ahead: trained once a night, read at once.

The law of the demand of some future periods of weights *w* and seasons *s*, for one product::

    mean     m = level · Σ w·season[group, s]
    variance   = m·(1 + spread) + m²·doubt

``level`` is units per normal period, ``spread`` the excess of variance of independent periods (it
adds up with them), ``doubt`` the squared relative error of the level itself (it does not wear off
over a long horizon). With probability ``quiet`` the product sleeps and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backofficine.science.demand.history import Floats, History, Ints
from backofficine.science.demand.laws import Law

# Half-life of the level, in cycles of a year.
HALF_LIFE = 0.25
# A product without a past sells like the mean of the shop, believed for so many periods.
LEVEL_PRIOR = 0.02
# A group's season is believed as much as these many units of demand per place in the cycle.
SEASON_PRIOR = 50.0
# A product's own dispersion counts as much as that of its group after so many periods.
SPREAD_PRIOR = 30.0


@dataclass(frozen=True, slots=True)
class Trained:
    """What is kept of the past: a few numbers per product and small tables for its group."""

    level: Floats
    """(n,) units per normal period."""
    spread: Floats
    """(n,) variance-to-mean ratio of a period, less one."""
    doubt: Floats
    """(n,) squared coefficient of variation of the level."""
    quiet: Floats
    """(n,) probability that nothing is asked at all."""
    group: Ints
    """(n,) row of ``season``."""
    season: Floats
    """(groups, cycle) factors, mean one."""

    def __len__(self) -> int:
        return len(self.level)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """One array per number, one element per product."""
        return {
            "level": self.level,
            "spread": self.spread,
            "doubt": self.doubt,
            "quiet": self.quiet,
            "group": self.group,
        }

    def shared(self) -> dict[str, Any]:
        """The tables of the groups, ready for JSON."""
        return {"season": np.round(self.season, 6).tolist()}

    @classmethod
    def of(cls, columns: Mapping[str, npt.ArrayLike], shared: Mapping[str, Any]) -> Trained:
        """The reverse of :meth:`columns` and :meth:`shared`."""
        return cls(
            level=np.asarray(columns["level"], dtype=np.float64),
            spread=np.asarray(columns["spread"], dtype=np.float64),
            doubt=np.asarray(columns["doubt"], dtype=np.float64),
            quiet=np.asarray(columns["quiet"], dtype=np.float64),
            group=np.asarray(columns["group"], dtype=np.int64),
            season=np.asarray(shared["season"], dtype=np.float64),
        )


def train(
    history: History, *, cycle: int, progress: Callable[[float], None] | None = None
) -> Trained:
    """Learn levels, seasons and dispersions from ``history``; ``cycle`` periods make a year.

    ``progress`` is told the share done, from 0 to 1.
    """
    told = progress or (lambda _: None)
    quantity = np.where(history.known, history.quantity, 0.0)
    season = _seasons(history, quantity, cycle=cycle)
    told(0.3)
    exposure = season[history.group][:, history.season % cycle] * history.weight * history.known
    ages = np.arange(history.periods)[::-1]
    recent = 0.5 ** (ages / max(HALF_LIFE * cycle, 4.0))
    seen = exposure @ recent
    sold = quantity @ recent
    overall = sold.sum() / max(seen.sum(), 1e-9)
    level = (sold + overall * LEVEL_PRIOR) / (seen + LEVEL_PRIOR)
    told(0.6)
    mean = level[:, None] * exposure
    count = (exposure > 0).sum(axis=1)
    excess = np.where(exposure > 0, (quantity - mean) ** 2 - mean, 0.0).sum(axis=1)
    expected = mean.sum(axis=1)
    groups = len(season)
    pooled = np.bincount(history.group, excess, groups) / np.maximum(
        np.bincount(history.group, expected, groups), 1e-9
    )
    own = excess / np.maximum(expected, 1e-9)
    spread = (own * count + pooled[history.group] * SPREAD_PRIOR) / (count + SPREAD_PRIOR)
    told(1.0)
    return Trained(
        level=level,
        spread=np.maximum(spread, 0.0),
        doubt=(1 + np.maximum(spread, 0)) / np.maximum(level * (seen + 1), 1e-9) / 2,
        quiet=np.zeros(len(history)),
        group=history.group,
        season=season,
    )


def predict(trained: Trained, *, weight: Floats, season: Ints) -> Law:
    """The law of the demand over the sum of ``H`` future periods.

    ``weight`` is (H,), or (n, H) when each product has its own horizon; ``season`` is (H,).
    """
    factors = trained.season[:, np.asarray(season) % trained.season.shape[1]]
    weights = np.asarray(weight, dtype=np.float64)
    if weights.ndim == 1:
        exposure = (factors @ weights)[trained.group]
    else:
        exposure = (factors[trained.group] * weights).sum(axis=1)
    mean = trained.level * exposure
    size = mean / np.maximum(trained.spread + trained.doubt * mean, 1e-12)
    size = np.maximum(size, 1e-9)
    awake = 1 - trained.quiet
    return Law(
        mean=np.stack([mean, np.zeros_like(mean)], axis=1),
        size=np.stack([size, np.ones_like(size)], axis=1),
        weight=np.stack([awake, trained.quiet], axis=1),
    )


def _seasons(history: History, quantity: Floats, *, cycle: int) -> Floats:
    """(groups, cycle) factors: shares of the group's demand per place, shrunk towards one."""
    groups = int(history.group.max(initial=0)) + 1
    places = np.zeros((history.periods, cycle))
    places[np.arange(history.periods), history.season % cycle] = 1.0
    open_days = history.known * history.weight
    asked = quantity @ places
    seen = open_days @ places
    rate = quantity.sum(axis=1) / np.maximum(open_days.sum(axis=1), 1e-9)
    top = np.zeros((groups, cycle))
    base = np.zeros((groups, cycle))
    np.add.at(top, history.group, asked)
    np.add.at(base, history.group, seen * rate[:, None])
    factors = (top + SEASON_PRIOR) / (base + SEASON_PRIOR)
    return np.asarray(factors / factors.mean(axis=1, keepdims=True))
