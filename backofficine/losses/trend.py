"""Twelve months of one amount, on the band of its ordinary variation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.utils.dates import MONTHS

# Shewhart's constant for individual values: three standard deviations from the mean moving range.
INDIVIDUALS = 2.66
FEWEST_MONTHS = 6
WIDTH, HEIGHT, MARGIN = 264.0, 46.0, 4.0


@dataclass(frozen=True, slots=True)
class Point:
    """A month in the drawing. ``value`` in the amount's own unit."""

    x: float
    y: float
    letter: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Trend:
    """``top`` and ``bottom`` bound the ordinary variation, in the drawing; ``None``: too short."""

    points: tuple[Point, ...]
    top: float | None
    bottom: float | None
    is_signal: bool | None

    @property
    def line(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def band_height(self) -> float:
        return 0.0 if self.top is None or self.bottom is None else self.bottom - self.top


def limits(values: Sequence[float]) -> tuple[float, float]:
    """Lower and upper limits of ordinary variation: mean ± 2.66 times the mean moving range."""
    mean = sum(values) / len(values)
    ranges = [abs(after - before) for before, after in pairwise(values)]
    spread = INDIVIDUALS * sum(ranges) / len(ranges)
    return max(0.0, mean - spread), mean + spread


def trend(months: Sequence[tuple[date, Decimal]]) -> Trend:
    """Draw months in order, the last being judged against those before it.

    Months before the first amount are not months without loss: nothing was recorded yet.
    """
    values = [float(value) for _month, value in months]
    known = next((at for at, value in enumerate(values) if value), len(values) - 1)
    past = values[known:-1]
    low, high = limits(past) if len(past) >= FEWEST_MONTHS else (None, None)
    highest = max([*values, high or 0.0]) or 1.0
    step = WIDTH / len(months)

    def height_of(value: float) -> float:
        return MARGIN + (HEIGHT - 2 * MARGIN) * (1 - value / highest)

    return Trend(
        points=tuple(
            Point(
                x=step * (at + 0.5),
                y=height_of(float(value)),
                letter=str(MONTHS[month.month])[:1].upper(),
                value=value,
            )
            for at, (month, value) in enumerate(months)
            if at >= known
        ),
        top=None if high is None else height_of(high),
        bottom=None if low is None else height_of(low),
        is_signal=None if low is None or high is None else not low <= values[-1] <= high,
    )
