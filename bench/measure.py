"""What is measured, and how it is told: medians, extremes, percentiles, ratios."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Line:
    """One line of the bench. ``ours`` and ``plain`` are the same work, measured in turns.

    ``unit`` is ``ms`` (less is better) or ``/s`` (more is better). ``goal`` is what the project
    asks of ``ours``, as ``(statistic, limit)`` pairs; ``least_ratio`` what it asks of the ratio.
    """

    name: str
    unit: str
    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    goal: tuple[tuple[str, float], ...] = ()
    least_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Our speed over plain SQL's: 1 is as fast, 0.5 half as fast."""
        if not self.plain:
            return None
        ours, plain = statistics.median(self.ours), statistics.median(self.plain)
        return ours / plain if self.unit == "/s" else plain / ours

    @property
    def is_met(self) -> bool:
        more = self.unit == "/s"
        met = all(
            percentile(self.ours, name) >= limit if more else percentile(self.ours, name) <= limit
            for name, limit in self.goal
        )
        return met and (self.least_ratio is None or (self.ratio or 0) >= self.least_ratio)

    def as_dict(self) -> dict[str, Any]:
        names = ("min", "p50", "p95", "p99", "max")
        return {
            "name": self.name,
            "unit": self.unit,
            "samples": len(self.ours),
            "ours": {name: round(percentile(self.ours, name), 3) for name in names},
            "plain": {name: round(percentile(self.plain, name), 3) for name in names}
            if self.plain
            else None,
            "ratio": round(self.ratio, 3) if self.ratio else None,
            "goal": dict(self.goal),
            "least_ratio": self.least_ratio,
            "met": self.is_met,
            "note": self.note,
        }


def percentile(values: list[float], name: str) -> float:
    """``min``, ``max``, ``p50``, ``p95`` or ``p99`` of some values, by nearest rank."""
    ordered = sorted(values)
    if name == "min":
        return ordered[0]
    if name == "max":
        return ordered[-1]
    rank = max(0, -(-len(ordered) * int(name[1:]) // 100) - 1)
    return ordered[rank]


def took_ms(act: Callable[[], object]) -> float:
    """Milliseconds that ``act`` took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def in_turns(
    line: Line, *, ours: Callable[[], float], plain: Callable[[], float] | None, rounds: int
) -> Line:
    """Measure both in turns, A B A B, so that a busy machine slows both alike."""
    for _round in range(rounds):
        line.ours.append(ours())
        if plain is not None:
            line.plain.append(plain())
    return line
