"""Trade-offs read from a few points: stock at equal service, boxes missing at equal stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of a policy: its mean stock in euros, the share served, the boxes missing."""

    stock: float
    fill: float
    missing: float


def efficient(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats on both counts, by growing stock (and growing fill)."""
    found: list[Point] = []
    for one in sorted(points, key=lambda one: (one.stock, -one.fill)):
        if not found or one.fill > found[-1].fill:
            found.append(one)
    return found


def stock_at(points: Sequence[Point], *, fill: float) -> float | None:
    """Euros of stock that reach a fill rate, straight lines between points; None beyond them."""
    curve = efficient(points)
    return _between([one.fill for one in curve], [one.stock for one in curve], fill)


def missing_at(points: Sequence[Point], *, stock: float) -> float | None:
    """Boxes missing with so many euros of stock, straight lines between points; None beyond."""
    curve = efficient(points)
    return _between([one.stock for one in curve], [one.missing for one in curve], stock)


def _between(at: list[float], values: list[float], wanted: float) -> float | None:
    """The value at ``wanted``, ``at`` growing."""
    if not at or not at[0] <= wanted <= at[-1]:
        return None
    for i in range(len(at) - 1):
        if wanted <= at[i + 1]:
            share = (wanted - at[i]) / (at[i + 1] - at[i])
            return values[i] + share * (values[i + 1] - values[i])
    return values[-1]
