"""The sales to come: a negative-binomial law from what was sold, and its sums and quantiles.

Given the rate, the sales of a horizon are over-dispersed (variance-to-mean ratio *v*); the rate
itself is known from few events (gamma posterior: gamma-Poisson predictive, that is negative
binomial)::

    mean m = rate · days · season        variance = v·m + m²·(1/shape + 1/LEVEL_SHIFT)

fitted by moments to ``NB(r, m)`` with ``r = m² / (variance - m)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from backofficine.science.picture.rhythm import (
    HALF_LIFE_DAYS,
    MONTHS,
    TINY,
    Bins,
    Floats,
    Rhythm,
)

LEVEL = 0.9
"""Level of every interval: 5 % below, 5 % above."""
LOW, HIGH = (1 - LEVEL) / 2, (1 + LEVEL) / 2
MONTH_DAYS = 365.25 / 12
YEAR_DAYS = 365.25
# The level of a year against another moves by an eighth (FACTS § 1): 1/0.125².
LEVEL_SHIFT = 64.0
AHEAD = 60
# Sums go box by box up to so many, and by the normal law beyond.
LONGEST_SUM = 1500


@dataclass(frozen=True, slots=True)
class Outlook:
    """What n products will sell in a horizon, each its own."""

    rate: Floats
    """Boxes per day, the recent past weighing more, silence counted."""
    mean: Floats
    """Boxes expected in the horizon."""
    variance: Floats


def look_ahead(bins: Bins, rhythm: Rhythm, *, days: Floats) -> Outlook:
    """The law of the sales of the next ``days`` (one number per product)."""
    count = bins.sales.shape[1]
    places = np.arange(count)
    age = (count - 1 - places) * bins.days
    fresh = 0.5 ** (age / HALF_LIFE_DAYS)
    # What is not known before the first sale counts for the mean interval at most.
    start = np.maximum(rhythm.first - 1, 0)[:, None]
    weight = np.where(places >= start, bins.weight, 0.0) * fresh
    if bins.months is not None:
        weight = weight * rhythm.season[:, bins.months - 1]
    exposure = weight.sum(axis=1)
    # Half of a period's weight stands for what is not known of the rarest.
    rate = (bins.sales * fresh).sum(axis=1) / np.maximum(exposure + 0.5, TINY) / bins.days
    mean = rate * _seasonal_days(bins, rhythm, days=days)
    shape = np.maximum(rhythm.shape, 0.5)
    variance = rhythm.dispersion * mean + mean * mean * (1.0 / shape + 1.0 / LEVEL_SHIFT)
    return Outlook(rate, mean, variance)


def _seasonal_days(bins: Bins, rhythm: Rhythm, *, days: Floats) -> Floats:
    """Days of a horizon, each counted for the season of its month."""
    if bins.months is None:
        return days
    here = int(bins.months[-1])
    coming = (here + np.arange(1, AHEAD + 1) - 1) % MONTHS
    total = np.concatenate(
        (
            np.zeros((len(days), 1)),
            np.cumsum(rhythm.season[:, coming], axis=1) * MONTH_DAYS,
        ),
        axis=1,
    )
    place = np.minimum(days / MONTH_DAYS, AHEAD - 1e-9)
    whole = place.astype(np.int64)
    rows = np.arange(len(days))
    result: Floats = total[rows, whole] + (place - whole) * (
        total[rows, whole + 1] - total[rows, whole]
    )
    return result


def quantile(mean: Floats, variance: Floats, level: float) -> Floats:
    """Smallest number of boxes that the sales do not exceed with the chance ``level``."""
    result = np.zeros_like(mean)
    small = mean <= LONGEST_SUM / 3
    rows = np.flatnonzero(small & (mean > 0))
    law = _Law(mean[rows], variance[rows])
    open_ = np.ones(len(rows), dtype=bool)
    for boxes in range(LONGEST_SUM):
        done = open_ & (law.below >= level - 1e-12)
        result[rows[done]] = boxes
        open_ &= ~done
        if not open_.any():
            break
        law.step()
    result[rows[open_]] = LONGEST_SUM
    wide = ~small
    z = _normal_quantile(level)
    result[wide] = np.maximum(np.ceil(mean[wide] + z * np.sqrt(variance[wide])), 0.0)
    return result


def fewer_than(mean: Floats, variance: Floats, boxes: Floats) -> tuple[Floats, Floats]:
    """``P(sales < boxes)`` and ``E[(boxes - sales)+]``, for whole ``boxes``."""
    chance, left = np.zeros_like(mean), np.zeros_like(mean)
    asked = np.minimum(boxes, LONGEST_SUM)
    law = _Law(np.maximum(mean, TINY), np.maximum(variance, TINY))
    top = int(asked.max()) if len(asked) else 0
    for sold in range(top):
        inside = sold < asked
        chance += np.where(inside, law.mass, 0.0)
        left += np.where(inside, law.mass * (boxes - sold), 0.0)
        law.step()
    return np.clip(chance, 0.0, 1.0), np.clip(left, 0.0, boxes)


class _Law:
    """Negative binomial (Poisson when not over-dispersed), one box after another."""

    def __init__(self, mean: Floats, variance: Floats) -> None:
        excess = np.maximum(variance - mean, 1e-9 * mean)
        self.size = np.maximum(mean * mean / np.maximum(excess, TINY), TINY)
        self.ratio = mean / (mean + self.size)
        self.log = -self.size * np.log1p(mean / self.size)
        self.boxes = 0
        self.mass: Floats = np.exp(self.log)
        self.below = self.mass.copy()

    def step(self) -> None:
        self.log = self.log + np.log((self.boxes + self.size) / (self.boxes + 1) * self.ratio)
        self.boxes += 1
        self.mass = np.exp(self.log)
        self.below = self.below + self.mass


def _normal_quantile(level: float) -> float:
    return NormalDist().inv_cdf(level)


def gamma_bounds(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Bounds at ``LEVEL`` of a gamma law (Wilson and Hilferty's cube root), zero where mean is."""
    safe = np.maximum(mean, TINY)
    spread = np.maximum(variance, TINY) / (9.0 * safe * safe)
    z = _normal_quantile(HIGH)
    sides = [
        np.where(mean > 0, safe * np.maximum(1.0 - spread + side * np.sqrt(spread), 0.0) ** 3, 0.0)
        for side in (-z, z)
    ]
    # The approximation gives way for very skewed laws: the mean stays inside.
    return np.minimum(sides[0], mean), np.maximum(sides[1], mean)
