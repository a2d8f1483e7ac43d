"""Boxes that will not sell before their date: first expired, first out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backofficine.science.picture.laws import HIGH, LOW, fewer_than, look_ahead, quantile
from backofficine.science.picture.rhythm import (
    Bools,
    Floats,
    Ints,
    Rhythm,
    bin_periods,
    rhythms_of,
)


@dataclass(frozen=True, slots=True)
class Expiry:
    """For each lot the boxes left on its date."""

    probability: Floats
    """Chance that one box at least is left."""
    unsold: Floats
    low: Floats
    high: Floats


def at_risk(
    sales: Floats,
    *,
    product: Ints,
    quantity: Floats,
    days_left: Floats,
    period_days: float = 1.0,
    months: Ints | None = None,
    available: Bools | None = None,
    groups: Ints | None = None,
) -> Expiry:
    """Estimate what of each lot will be left on its date.

    Within a product the lots of earlier dates sell first: those before a lot, themselves cut by
    their own dates, are at most what sells before it. With *X* the sales until the date, *Q* the
    lot and *P* the boxes before it, ``left = min(Q, (Q + P - X)+)``.

    :param product: (m,) row of each lot in ``sales``.
    :param quantity: (m,) boxes, whole.
    :param days_left: (m,) days until the date; zero or less: all its boxes are left.
    """
    product = np.asarray(product, dtype=np.int64)
    boxes = np.maximum(np.asarray(quantity, dtype=np.float64), 0.0)
    left = np.maximum(np.asarray(days_left, dtype=np.float64), 0.0)
    bins = bin_periods(sales, period_days=period_days, available=available, months=months)
    rhythm = _rows(rhythms_of(bins, groups=groups), product)
    lots = type(bins)(
        bins.sales[product],
        bins.weight[product],
        bins.months,
        bins.days,
        bins.last_day[product],
        bins.interval_days[product],
    )
    outlook = look_ahead(lots, rhythm, days=left)
    past = left <= 0
    before = _before(product, np.where(past, 0.0, boxes), left)

    some, both = fewer_than(outlook.mean, outlook.variance, before + boxes)
    _, first = fewer_than(outlook.mean, outlook.variance, before)
    unsold = np.clip(both - first, 0.0, boxes)
    fast = quantile(outlook.mean, outlook.variance, HIGH)
    slow = quantile(outlook.mean, outlook.variance, LOW)
    low = np.clip(before + boxes - fast, 0.0, boxes)
    high = np.clip(before + boxes - slow, 0.0, boxes)
    return Expiry(
        probability=np.where(boxes > 0, np.where(past, 1.0, some), 0.0),
        unsold=np.where(past, boxes, unsold),
        low=np.where(past, boxes, np.minimum(low, unsold)),
        high=np.where(past, boxes, np.maximum(high, unsold)),
    )


def _before(product: Ints, boxes: Floats, left: Floats) -> Floats:
    """Boxes of the same product that must sell before each lot's."""
    order = np.lexsort((np.arange(len(product)), left, product))
    total = np.cumsum(boxes[order]) - boxes[order]
    starts = np.concatenate(([True], product[order][1:] != product[order][:-1]))
    base = np.maximum.accumulate(np.where(starts, total, 0.0)) if len(order) else total
    result = np.empty_like(boxes)
    result[order] = total - base
    return result


def _rows(rhythm: Rhythm, rows: Ints) -> Rhythm:
    """The rhythms of some products, in this order."""
    names = [name for name in Rhythm.__dataclass_fields__ if name != "bin_days"]
    return Rhythm(bin_days=rhythm.bin_days, **{name: getattr(rhythm, name)[rows] for name in names})
