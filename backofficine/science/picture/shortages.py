"""Sales that stop and start like a shortage, or that nothing on the shelf can feed: what it costs.

A silence of *u* mean intervals between two sales comes by chance with the probability ``S(u)`` of
the gamma-Poisson predictive, and a product with *N* sales had *N* occasions for it. Against ``q``
shortages expected in the file, the silence is a shortage with probability ``q / (q + N·S(u))``
(prior odds by expected numbers). Its boxes are ``rate · length``; their interval is that of a
gamma law of the same variance: counts (variance-to-mean ratio), rate (gamma posterior) and doubt on
the shortage itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backofficine.science.picture.laws import MONTH_DAYS, YEAR_DAYS, gamma_bounds
from backofficine.science.picture.rhythm import (
    Bools,
    Floats,
    Ints,
    Rhythm,
    bin_periods,
    rhythms_of,
)

# Shortages a product meets in a year (FACTS § 5: about one in twenty is short at any time, for
# months); ten times more in a period that the national list names.
SHORTAGES_A_YEAR = 0.1
NATIONAL_FACTOR = 10.0
# Fewer sales than this make no rhythm.
CLEAR = 6.0
# Out for so long, one in two is given up rather than missing.
GONE_DAYS = 182.0
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Shortages:
    """For each product what was missing in the last year."""

    out_now: Bools
    """Nothing on record, and a clear rhythm until less than a year ago."""
    gaps: Ints
    """Silences of the last year that are more likely shortages than chance."""
    days_out: Floats
    """Days of them, in expectation."""
    national_days: Floats
    """Those that the national list explains."""
    lost_per_month: Floats
    low: Floats
    high: Floats
    """Boxes lost or promised a month, out of any national shortage."""
    national_per_month: Floats
    national_low: Floats
    national_high: Floats
    last_gap_days: Floats
    """Length of the latest of these silences, 0 without."""
    rhythm: Rhythm


def find_shortages(
    sales: Floats,
    on_hand: Floats,
    *,
    period_days: float = 1.0,
    months: Ints | None = None,
    national: Bools | None = None,
    groups: Ints | None = None,
) -> Shortages:
    """Find the silences that look like shortages in the last twelve months.

    :param on_hand: (n,) boxes on record today: with none, the silence still open counts too.
    :param national: (n, T) true inside a shortage that the national list names.
    """
    bins = bin_periods(sales, period_days=period_days, months=months)
    rhythm = rhythms_of(bins, groups=groups)
    products, count = bins.sales.shape
    inside = np.zeros((products, count))
    if national is not None:
        listed = bin_periods(
            np.zeros(np.shape(national)), period_days=period_days, available=~national
        )
        full = bin_periods(np.zeros((1, np.shape(national)[1])), period_days=period_days)
        inside = full.weight - listed.weight
    empty = np.asarray(on_hand, dtype=np.float64) <= 0
    clear = rhythm.events >= CLEAR

    row, start, stop = _silences(bins.sales > 0)
    open_ = stop == count
    kept = clear[row] & (~open_ | empty[row])
    row, start, stop, open_ = row[kept], start[kept], stop[kept], open_[kept]
    factor = np.ones((products, count))
    if bins.months is not None:
        factor = rhythm.season[:, bins.months - 1]
    scaled = _between(bins.weight * factor, row, start, stop)
    scaled = scaled * rhythm.hazard[row]
    listed_part = _between(inside, row, start, stop) / np.maximum(stop - start, 1)
    years = count * bins.days / YEAR_DAYS
    shape = 1.0 + rhythm.shape[row]
    by_chance = rhythm.events[row] * np.exp(-shape * np.log1p(scaled / shape))
    expected = SHORTAGES_A_YEAR * years * np.where(listed_part > 0, NATIONAL_FACTOR, 1.0)
    chance = expected / (expected + by_chance)
    # The shelf is empty and something is asked at its rhythm: no doubt for what is still open.
    chance = np.where(open_, np.maximum(chance, 1.0 - np.exp(-scaled)), chance)
    # Nobody may be waiting any more for what has been out for half a year.
    chance = np.where(open_ & ((stop - start) * bins.days > GONE_DAYS), 0.5 * chance, chance)
    # Where it could not be had is not where it did not sell.
    out = np.bincount(row, np.where(open_, 0.0, chance * scaled), minlength=products)
    exposure = rhythm.exposure - out / rhythm.hazard
    rate = rhythm.quantity / np.maximum(exposure, 0.25 * np.maximum(rhythm.exposure, 1.0))

    recent = np.maximum(start, count - round(YEAR_DAYS / bins.days))
    live = stop > recent
    row, start, stop, chance, open_, recent = (
        part[live] for part in (row, start, stop, chance, open_, recent)
    )
    length = (stop - recent).astype(np.float64)
    asked = _between(factor, row, recent, stop) * rate[row]
    part = _between(inside, row, recent, stop) / np.maximum(length, 1.0)
    window_months = min(count * bins.days, YEAR_DAYS) / MONTH_DAYS

    def total(values: Floats) -> Floats:
        return np.bincount(row, values, minlength=products).astype(np.float64)

    def a_month(share: Floats) -> tuple[Floats, Floats, Floats]:
        mean = total(chance * asked * share)
        doubt = total(chance * (1.0 - chance) * (asked * share) ** 2)
        variance = rhythm.dispersion * mean + mean * mean / np.maximum(rhythm.shape, 1.0) + doubt
        low, high = gamma_bounds(mean, variance)
        return mean / window_months, low / window_months, high / window_months

    lost, low, high = a_month(1.0 - part)
    national_lost, national_low, national_high = a_month(part)
    likely = chance >= LIKELY
    latest = np.zeros(products)
    latest[row[likely]] = ((stop - start) * bins.days)[likely]
    ended = rhythm.silence_days > YEAR_DAYS
    return Shortages(
        out_now=empty & clear & ~ended,
        gaps=np.bincount(row[likely], minlength=products).astype(np.int64),
        days_out=total(chance * length * bins.days),
        national_days=total(chance * length * part * bins.days),
        lost_per_month=lost,
        low=low,
        high=high,
        national_per_month=national_lost,
        national_low=national_low,
        national_high=national_high,
        last_gap_days=latest,
        rhythm=rhythm,
    )


def _silences(sold: Bools) -> tuple[Ints, Ints, Ints]:
    """Runs without sale after a first sale: product, first and one-past-last period, in order."""
    after = np.logical_or.accumulate(sold, axis=1)
    quiet = np.pad(after & ~sold, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(quiet, axis=1)
    row, start = np.nonzero(change == 1)
    stop = np.nonzero(change == -1)[1]
    return row.astype(np.int64), start.astype(np.int64), stop.astype(np.int64)


def _between(values: Floats, row: Ints, start: Ints, stop: Ints) -> Floats:
    """Sum of ``values`` of each run."""
    total = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
    result: Floats = total[row, stop] - total[row, start]
    return result
