"""How each product sells: its hazard of a sale, its dispersion, its season, its silence.

Slow demand is described by *when* it comes and *how much* comes then, apart (Croston 1972; Syntetos
and Boylan 2005). Days are first put together in weeks, counted back from the last one, so that the
closed Sunday is nobody's silence. With *N* weeks that saw a sale out of *A* weeks in which one
could have been, the last year weighing twice the one before, and a gamma prior ``(a, b)`` fitted by
moments on all the products of the file::

    p = (N + a) / (A + b)         chance of a sale in a week (or month), shrunk
    h = -ln(1 - p)                hazard, so that P(silent for L) = exp(-h·L)
    h <= -ln P0                   P0 = v^(-m/(v-1)), the negative-binomial chance of nothing, for
                                  those that hardly miss a week: mean m, variance-to-mean ratio v

Weeks of a known shortage are left out of *A* and of the silence. A week of season *s* counts for
*s* weeks; seasons are shared by a group and shrunk: ``(events + K·1) / (expected + K)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WEEK_DAYS = 7.0
MONTHS = 12
# Events of no season that every month of a group starts with, then of the group's season that
# every month of a product starts with.
GROUP_WEIGHT = 30.0
OWN_WEIGHT = 10.0
# A month never counts for less than a twentieth of a mean one: no season explains everything.
LEAST_SEASON = 0.05
# A day's share of a year that a file must hold before a month is told from another.
SEASON_DAYS = 330.0
WILDEST = 50.0
# Days before the last sale in which a sale loses half of its weight in the hazard.
HALF_LIFE_DAYS = 365.0
# Products of a file that were in the shop before it begins.
OLD = 0.8
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Bins:
    """Sales put together in periods of at least a week, counted back from the last one."""

    sales: Floats
    """(n, B) boxes."""
    weight: Floats
    """(n, B) share of the bin in which a sale was possible, 0 to 1."""
    months: Ints | None
    """(B,) calendar month of each bin, 1 to 12."""
    days: float
    """Length of a bin, in days."""
    last_day: Floats
    """(n,) days between the last sale and the end of its bin."""
    interval_days: Floats
    """(n,) mean days between two periods of the file with a sale; infinite below two."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm of n products. ``first`` and ``last`` are -1 for those that never sold."""

    bin_days: float
    """Length of the periods in which events are counted: 7 days, or those of the file."""
    events: Floats
    """Periods with a sale, (n,)."""
    quantity: Floats
    """Boxes sold, (n,)."""
    exposure: Floats
    """Periods in which a sale could have been seen, up to the last sale."""
    first: Ints
    last: Ints
    """First and last period (bin) with a sale."""
    rate: Floats
    """Boxes per day while it sold."""
    interval_days: Floats
    """Mean days between two periods of the file with a sale; infinite below two."""
    dispersion: Floats
    """Variance-to-mean ratio of the boxes of a period, at least 1."""
    hazard: Floats
    """Sales expected per period of mean season, ``h`` above."""
    shape: Floats
    """Events that support the hazard, prior included: the shape of its gamma law."""
    silence_days: Floats
    """Calendar days since the last sale; since the start of the file when it never sold."""
    silence: Floats
    """The same in periods, known shortages left out and season counted."""
    season: Floats
    """(n, 12) shrunk season of each product; 1 is a mean month."""


def bin_periods(
    sales: Floats,
    *,
    period_days: float,
    available: Bools | None = None,
    months: Ints | None = None,
) -> Bins:
    """Put days together in weeks that end with the file; leave weeks and months as they are.

    :raises ValueError: if ``sales`` is not a matrix of non-negative numbers.
    """
    sales = np.asarray(sales, dtype=np.float64)
    if sales.ndim != 2:
        raise ValueError("sales must be a matrix: products by periods")
    if sales.size and not sales.min() >= 0:
        raise ValueError("sales must not be negative")
    products, periods = sales.shape
    size = max(1, round(WEEK_DAYS / period_days))
    spare = -periods % size
    count = (periods + spare) // size
    at = months if months is None else np.asarray(months, dtype=np.int64)
    sold = sales > 0
    times = sold.sum(axis=1)
    last = np.where(times > 0, periods - 1 - sold[:, ::-1].argmax(axis=1), -1)
    gaps = np.maximum(times - 1, 1)
    apart = (last - sold.argmax(axis=1)) / gaps * period_days
    interval = np.where(times >= 2, apart, np.inf)
    if size == 1:
        weight = np.ones_like(sales) if available is None else available.astype(np.float64)
        # Something sold: it could be sold, whatever the availability file says.
        weight = np.where(sales > 0, 1.0, weight)
        return Bins(sales, weight, at, period_days, np.zeros(products), interval)

    def weeks(matrix: npt.NDArray[np.float64]) -> Floats:
        padded = np.pad(matrix, ((0, 0), (spare, 0))).reshape(len(matrix), count, size)
        result: Floats = padded.sum(axis=2)
        return result

    boxes = weeks(sales)
    if available is None:
        weight = np.broadcast_to(weeks(np.ones((1, periods))) / size, boxes.shape).copy()
    else:
        weight = weeks(available.astype(np.float64)) / size
    weight[boxes > 0] = 1.0
    if at is not None:
        at = np.concatenate((np.repeat(at[:1], spare), at)).reshape(count, size)[:, size // 2]
    inside = np.where(last >= 0, (periods - 1 - last) % size, 0)
    return Bins(boxes, weight, at, size * period_days, inside * period_days, interval)


def until(bins: Bins, end: int) -> Bins:
    """The file as it was after the bin ``end`` (exclusive)."""
    boxes = bins.sales[:, :end]
    sold = boxes > 0
    times = sold.sum(axis=1)
    apart = (end - 1 - sold[:, ::-1].argmax(axis=1) - sold.argmax(axis=1)) * bins.days
    return Bins(
        boxes,
        bins.weight[:, :end],
        None if bins.months is None else bins.months[:end],
        bins.days,
        np.zeros(len(boxes)),
        np.where(times >= 2, apart / np.maximum(times - 1, 1), np.inf),
    )


def find_rhythms(
    sales: Floats,
    *,
    period_days: float = 1.0,
    available: Bools | None = None,
    months: Ints | None = None,
    groups: Ints | None = None,
) -> Rhythm:
    """Describe how each product sold.

    :param sales: (n, T) boxes, oldest period first.
    :param available: (n, T) false where the product could not be had (a national shortage).
    :param months: (T,) calendar month of each period; without it there is no season.
    :param groups: (n,) products that share a season; without it all do.
    """
    bins = bin_periods(sales, period_days=period_days, available=available, months=months)
    return rhythms_of(bins, groups=groups)


def rhythms_of(bins: Bins, *, groups: Ints | None = None) -> Rhythm:
    """Describe how each product sold, from periods put together."""
    boxes, weight = bins.sales, bins.weight
    products, count = boxes.shape
    sold = boxes > 0
    ever = sold.any(axis=1)
    first = np.where(ever, sold.argmax(axis=1), -1) if count else np.full(products, -1)
    last = np.where(ever, count - 1 - sold[:, ::-1].argmax(axis=1), -1) if count else first
    places = np.arange(count)
    events = sold.sum(axis=1, dtype=np.float64)
    quantity = boxes.sum(axis=1)

    # A product was sold from its launch on, or its first sale was long in coming: see _wait.
    active = (places >= first[:, None]) & (places <= last[:, None])
    inside = np.where(active, weight, 0.0)
    span = inside.sum(axis=1)
    wait = np.where(ever, _wait(np.maximum(first, 0), events=events, span=span, count=count), 0.0)
    season = _seasons(bins, sold=sold, inside=inside, groups=groups)
    if bins.months is None or (season == 1.0).all():
        seasonal_span = span
        silence = np.where(places > last[:, None], weight, 0.0).sum(axis=1)
    else:
        factor = season[:, bins.months - 1]
        seasonal_span = (inside * factor).sum(axis=1)
        silence = np.where(places > last[:, None], weight * factor, 0.0).sum(axis=1)
    exposure = np.maximum(seasonal_span + wait, np.where(ever, 1.0, 0.0))

    within = bins.last_day
    silence = silence + within / bins.days
    silence_days = (count - 1 - last) * bins.days + within

    mean = quantity / np.maximum(exposure, TINY)
    squares = (boxes * boxes).sum(axis=1)
    enough = exposure >= 2
    ratio = np.ones(products)
    variance = squares - quantity * mean
    ratio[enough] = (
        variance[enough] / (np.maximum(exposure - 1, 1) * np.maximum(mean, TINY))[enough]
    )
    usual = float(np.median(ratio[events >= 3])) if (events >= 3).any() else 1.0
    # One pseudo-observation in four of what is usual in the file.
    dispersion = np.clip((ratio * events + 4 * usual) / (events + 4), 1.0, WILDEST)

    prior, per = _gamma_prior(events, exposure)
    fresh = 0.5 ** (np.maximum(last[:, None] - places, 0) * bins.days / HALF_LIFE_DAYS)
    opened = inside if bins.months is None or (season == 1.0).all() else inside * factor
    seen = (sold * fresh).sum(axis=1)
    open_for = (opened * fresh).sum(axis=1) + wait * fresh[
        np.arange(products), np.maximum(first, 0)
    ]
    chance = np.clip((seen + prior) / (open_for + per), 0.0, 1.0)
    empty = np.maximum(1.0 - chance, 0.5 / (exposure + 1.0))
    excess = np.maximum(dispersion - 1.0, 1e-6)
    never = np.log1p(excess) * mean / excess
    by_count = -np.log(empty)
    steady = chance > 0.5
    hazard = np.where(steady, np.minimum(by_count, np.maximum(never, 0.5)), by_count)
    return Rhythm(
        bin_days=bins.days,
        events=events,
        quantity=quantity,
        exposure=exposure,
        first=first.astype(np.int64),
        last=last.astype(np.int64),
        rate=np.where(ever, mean / bins.days, 0.0),
        interval_days=bins.interval_days,
        dispersion=dispersion,
        hazard=np.maximum(hazard, TINY),
        shape=events + prior,
        silence_days=silence_days.astype(np.float64),
        silence=silence,
        season=season,
    )


def _wait(first: Ints, *, events: Floats, span: Floats, count: int) -> Floats:
    """Periods before the first sale in which the product was there, in expectation.

    It was there from the start of the file (prior ``OLD``) and silent, a Pareto tail of as many
    events as it had, or was launched at any date since and waited a mean interval at most.
    """
    shape = np.maximum(events, 1.0)
    interval = np.maximum(span, 1.0) / shape
    scaled = first / np.maximum(span, 1.0)
    silent = (1.0 + scaled) ** -shape
    launched = interval * np.log1p(first / interval) / max(count, 1)
    old = OLD * silent / np.maximum(OLD * silent + (1.0 - OLD) * launched, TINY)
    result: Floats = old * first + (1.0 - old) * np.minimum(first, interval)
    return result


def _gamma_prior(events: Floats, exposure: Floats) -> tuple[float, float]:
    """Shape and rate of the law of the chances, by moments over those that sold twice or more."""
    known = events >= 2
    if known.sum() < 10:
        return 0.5, 1.0
    chances = events[known] / np.maximum(exposure[known], 1.0)
    mean = float(chances.mean())
    # What varies beyond the noise of counting.
    noise = float((chances * np.maximum(1 - chances, 0.0) / np.maximum(exposure[known], 1)).mean())
    spread = max(float(chances.var()) - noise, 1e-4)
    shape = float(np.clip(mean * mean / spread, 0.2, 2.0))
    return shape, shape / max(mean, 1e-6)


def _seasons(bins: Bins, *, sold: Bools, inside: Floats, groups: Ints | None) -> Floats:
    """(n, 12) season of each product, shrunk to its group's, itself shrunk to none."""
    products = len(sold)
    if bins.months is None or sold.shape[1] * bins.days < SEASON_DAYS:
        return np.ones((products, MONTHS))
    month = np.zeros((sold.shape[1], MONTHS))
    month[np.arange(len(month)), bins.months - 1] = 1.0
    seen = sold.astype(np.float64) @ month
    open_for = inside @ month
    chance = seen.sum(axis=1) / np.maximum(open_for.sum(axis=1), 1.0)
    expected = open_for * chance[:, None]
    belongs = np.zeros(products, dtype=np.int64) if groups is None else np.asarray(groups)
    season = np.ones((products, MONTHS))
    everyone = _shrink(seen.sum(axis=0), expected.sum(axis=0), np.ones(MONTHS), GROUP_WEIGHT)
    for group in np.unique(belongs):
        rows = belongs == group
        shared = _shrink(seen[rows].sum(axis=0), expected[rows].sum(axis=0), everyone, GROUP_WEIGHT)
        season[rows] = _shrink(seen[rows], expected[rows], shared, OWN_WEIGHT)
    return np.maximum(season, LEAST_SEASON)


def _shrink(seen: Floats, expected: Floats, towards: Floats, weight: float) -> Floats:
    result: Floats = (seen + weight * towards) / (expected + weight)
    return result
