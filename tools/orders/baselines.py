"""What shops and textbooks do: the policies that ours is compared with, each at its best.

All order up to a target every review. Their one number (days of cover, service level) may be set
by rule or tuned on the weeks before those that are judged: ``tuned`` does the second, which is the
best case of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from backofficine.science.policies import NO_MAXIMUM, Columns, Service, propose_many
from tools.orders.shop import Bools, Floats, Ints, Moment, Policy

# Smoothing of Croston's method, the usual choice (Syntetos & Boylan 2005).
ALPHA = 0.1
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
# Periods of the past that the levels of a shop look at: a year, or what there is.
YEAR = {"day": 365, "week": 52, "month": 12}

COVERS = tuple(np.round(np.geomspace(0.3, 6.0, 31), 3))
LEVELS = (0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.833, 0.87, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A family of policies with one number."""

    name: str
    make: Callable[[float, int], Policy]
    """From its number and the periods of its mean."""
    grid: Sequence[float]
    uses_memory: bool = False


def cover(times: float, memory: int) -> Policy:
    """So many periods of the mean of the last ``memory``: what pharmacy software does."""

    def decide(now: Moment) -> Ints:
        return _up_to(times * now.rules.cover * _mean(now, memory), now)

    return decide


def minimum_maximum(level: float, memory: int) -> Policy:
    """Today's plain policy of the house, fed with a year; each period counts as one line."""

    def decide(now: Moment) -> Ints:
        past = YEAR[now.period]
        seen = now.known[:, -past:]
        quantity = np.where(seen, now.quantity[:, -past:], 0.0)
        days = DAYS[now.period]
        n = len(quantity)
        height = quantity.shape[1]

        def whole(values: Floats) -> Ints:
            return np.asarray(np.round(values), dtype=np.int64)

        return propose_many(
            Columns(
                on_hand=now.on_hand,
                on_order=now.arriving.sum(axis=1),
                promised=np.zeros(n, dtype=np.int64),
                asked=whole(quantity.sum(axis=1)),
                days=np.full(n, round(height * days)),
                days_out=whole((~seen).sum(axis=1) * days),
                largest_line=whole(quantity.max(axis=1)),
                lines=(quantity > 0).sum(axis=1),
                squares=whole((quantity**2).sum(axis=1)),
                lead_time_days=np.full(n, now.rules.lead * days),
                review_days=np.full(n, now.rules.review * days),
                case_size=np.ones(n, dtype=np.int64),
                minimum_floor=np.zeros(n, dtype=np.int64),
                maximum=np.full(n, NO_MAXIMUM),
                service=Service(level=level),
            )
        ).quantity

    return decide


def normal(level: float, memory: int) -> Policy:
    """Mean of a year and normal safety stock over lead time and review."""
    z = NormalDist().inv_cdf(level)

    def decide(now: Moment) -> Ints:
        past = YEAR[now.period]
        mean = _mean(now, past)
        spread = _deviation(now.quantity[:, -past:], now.known[:, -past:], mean)
        return _up_to(mean * now.rules.cover + z * spread * np.sqrt(now.rules.cover), now)

    return decide


def sba_normal(level: float, memory: int) -> Policy:
    """Syntetos & Boylan's approximation of Croston, with normal safety stock of its errors."""
    z = NormalDist().inv_cdf(level)

    def decide(now: Moment) -> Ints:
        rate, errors, seen = _sba(now.quantity, now.known)
        past = YEAR[now.period]
        spread = _deviation(errors[:, -past:], seen[:, -past:], np.zeros(len(rate)))
        return _up_to(rate * now.rules.cover + z * spread * np.sqrt(now.rules.cover), now)

    return decide


def empirical(level: float, memory: int) -> Policy:
    """Quantile of what was asked over lead time and review, in the windows of two years."""

    def decide(now: Moment) -> Ints:
        past = 2 * YEAR[now.period] + now.rules.cover - 1
        windows = np.lib.stride_tricks.sliding_window_view
        known = windows(now.known[:, -past:], now.rules.cover, axis=1).all(axis=2)
        totals = windows(now.quantity[:, -past:], now.rules.cover, axis=1).sum(axis=2)
        ranked = np.sort(np.where(known, totals, np.inf), axis=1)
        count = known.sum(axis=1)
        place = np.clip(np.ceil(level * count).astype(np.int64) - 1, 0, np.maximum(count - 1, 0))
        quantile = ranked[np.arange(len(ranked)), place]
        return _up_to(np.where(np.isfinite(quantile), quantile, 0.0), now)

    return decide


BASELINES = (
    Baseline("cover (k × mean)", cover, COVERS, uses_memory=True),
    Baseline("min/max of today", minimum_maximum, LEVELS),
    Baseline("mean + normal safety", normal, LEVELS),
    Baseline("SBA + normal safety", sba_normal, LEVELS),
    Baseline("empirical quantile", empirical, LEVELS),
)


def _up_to(target: Floats, now: Moment) -> Ints:
    return np.asarray(np.round(np.maximum(target - now.net, 0.0)), dtype=np.int64)


def _mean(now: Moment, memory: int) -> Floats:
    seen = now.known[:, -memory:]
    total = np.where(seen, now.quantity[:, -memory:], 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(seen.sum(axis=1), 1))


def _deviation(values: Floats, seen: Bools, around: Floats) -> Floats:
    squares = np.where(seen, (values - around[:, None]) ** 2, 0.0).sum(axis=1)
    return np.asarray(np.sqrt(squares / np.maximum(seen.sum(axis=1) - 1, 1)))


def _sba(quantity: Floats, known: Bools) -> tuple[Floats, Floats, Bools]:
    """(n,) rate per period, (n, T) errors of one period ahead, and where there is one."""
    n, periods = quantity.shape
    size, interval = np.zeros(n), np.ones(n)
    since = np.zeros(n)
    begun = np.zeros(n, dtype=bool)
    errors = np.zeros((n, periods))
    seen = np.zeros((n, periods), dtype=bool)
    for t in range(periods):
        rate = np.where(begun, (1 - ALPHA / 2) * size / interval, 0.0)
        errors[:, t] = quantity[:, t] - rate
        seen[:, t] = known[:, t] & begun
        since += known[:, t]
        asked = known[:, t] & (quantity[:, t] > 0)
        first = asked & ~begun
        size = np.where(first, quantity[:, t], size + ALPHA * asked * (quantity[:, t] - size))
        interval = np.where(first, since, interval + ALPHA * asked * (since - interval))
        since = np.where(asked, 0.0, since)
        begun |= asked
    return np.where(begun, (1 - ALPHA / 2) * size / interval, 0.0), errors, seen
