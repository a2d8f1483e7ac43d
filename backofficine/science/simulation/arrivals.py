"""How many people come through the door each day, and at what time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from backofficine.science.simulation.profiles import (
    DAY_SHAPE,
    Floats,
    day_slots,
    weekday_factors,
)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The flow of visits."""

    visits_per_day: float = 191.0
    """Visits per mean open day (domain § 4.4: 1 148 a week over six days)."""
    day_shape: float = DAY_SHAPE
    """Shape of the gamma factor of each day; see ``profiles.DAY_SHAPE``."""

    def expected(self, day: date, *, share: float, season: float) -> float:
        """Visits to expect on an open day, of a kind that makes ``share`` of them in the year."""
        return self.visits_per_day * share * season * weekday_factors()[day.weekday()]

    def mood(self, *, rng: np.random.Generator) -> float:
        """The factor, mean 1, that makes a day busy or calm for every kind of visit at once."""
        return float(rng.gamma(self.day_shape, 1 / self.day_shape))


def times_of_day(day: date, *, count: int, rng: np.random.Generator) -> Floats:
    """``count`` sorted local times, in hours, inside the opening hours of the day."""
    slots = day_slots(day.weekday())
    shares = np.array([slot.share for slot in slots])
    starts = np.array([slot.starts_at for slot in slots])
    lengths = np.array([slot.ends_at for slot in slots]) - starts
    chosen = rng.choice(len(slots), size=count, p=shares / shares.sum())
    times: Floats = np.sort(starts[chosen] + lengths[chosen] * rng.random(count))
    return times
