"""How long the boxes last, and which will not have sold in so many days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backofficine.science.picture.laws import HIGH, LOW, look_ahead, quantile
from backofficine.science.picture.rhythm import Bools, Floats, Ints, Rhythm, bin_periods, rhythms_of

DORMANT_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Cover:
    """For each product its days of stock, its dormant and its excess boxes."""

    rate: Floats
    """Boxes sold per day, the recent past weighing more."""
    days: Floats
    """Days of stock at this rate; infinite when nothing sells."""
    dormant: Bools
    """Held, and no sale for a year (or for all the file, when it is shorter)."""
    forecast: Floats
    forecast_low: Floats
    forecast_high: Floats
    """Boxes that will sell in the horizon."""
    excess: Floats
    excess_low: Floats
    excess_high: Floats
    """Boxes held beyond them; the low bound is beyond the high sales."""
    rhythm: Rhythm


def find_cover(
    sales: Floats,
    on_hand: Floats,
    *,
    period_days: float = 1.0,
    horizon_days: Floats | float = 90.0,
    dormant_days: float = DORMANT_DAYS,
    months: Ints | None = None,
    available: Bools | None = None,
    groups: Ints | None = None,
) -> Cover:
    """Compare what is held with what will sell in the horizon (negative-binomial predictive).

    :param horizon_days: one number, or one per product.
    """
    held = np.maximum(np.asarray(on_hand, dtype=np.float64), 0.0)
    bins = bin_periods(sales, period_days=period_days, available=available, months=months)
    rhythm = rhythms_of(bins, groups=groups)
    days = np.broadcast_to(np.asarray(horizon_days, dtype=np.float64), held.shape).copy()
    outlook = look_ahead(bins, rhythm, days=days)
    low = quantile(outlook.mean, outlook.variance, LOW)
    high = quantile(outlook.mean, outlook.variance, HIGH)
    with np.errstate(divide="ignore", invalid="ignore"):
        lasting = np.where(held > 0, np.where(outlook.rate > 0, held / outlook.rate, np.inf), 0.0)
    span = np.asarray(sales).shape[1] * period_days
    return Cover(
        rate=outlook.rate,
        days=lasting,
        dormant=(held > 0) & (rhythm.silence_days >= min(dormant_days, span)),
        forecast=outlook.mean,
        forecast_low=np.minimum(low, outlook.mean),
        forecast_high=np.maximum(high, outlook.mean),
        excess=np.maximum(held - outlook.mean, 0.0),
        excess_low=np.maximum(held - np.maximum(high, outlook.mean), 0.0),
        excess_high=np.maximum(held - np.minimum(low, outlook.mean), 0.0),
        rhythm=rhythm,
    )
