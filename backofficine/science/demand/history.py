"""What was asked of each product, period by period: the matrix that training reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# One order this many times the usual order of the product, and above PEAK_AT_LEAST boxes, is one
# patient's large order: it says little about the next weeks.
PEAK_TIMES = 6.0
PEAK_AT_LEAST = 6.0


@dataclass(frozen=True, slots=True)
class History:
    """``n`` products over ``T`` periods, the oldest first; now is the end of the last one."""

    quantity: npt.NDArray[np.floating[Any]]
    """(n, T) units asked: served and missed."""
    known: Bools
    """(n, T) False when out of stock or unknown: censored, never a zero.

    Before its first known period a product is not in the range."""
    weight: Floats
    """(T,) share of a normal period: 0 on a closed day, 0.5 on a half day, 1 for weeks, months."""
    season: Ints
    """(T,) place in the yearly cycle, the week of the year for instance."""
    group: Ints
    """(n,) products that share season and dispersion (class, department); zeros when unknown."""
    attributes: Ints | None = None
    """(n, A) other codes two products may have in common (shop, product, class); None when none."""

    def __post_init__(self) -> None:
        n, periods = self.quantity.shape
        assert self.known.shape == (n, periods), "one flag for each quantity"
        assert self.weight.shape == self.season.shape == (periods,), "one weight for each period"
        assert self.group.shape == (n,), "one group for each product"
        assert self.attributes is None or self.attributes.shape[0] == n, "a row for each product"

    def __len__(self) -> int:
        return len(self.quantity)

    @property
    def periods(self) -> int:
        return int(self.quantity.shape[1])

    def until(self, end: int) -> History:
        """What was known at the end of period ``end`` (not included): a rolling origin."""
        return replace(
            self,
            quantity=self.quantity[:, :end],
            known=self.known[:, :end],
            weight=self.weight[:end],
            season=self.season[:end],
        )

    def take(self, index: Any) -> History:
        """The chosen products only."""
        return replace(
            self,
            quantity=self.quantity[index],
            known=self.known[index],
            group=self.group[index],
            attributes=None if self.attributes is None else self.attributes[index],
        )


def set_apart_peaks(quantity: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Split (n, T) quantities into what comes again and one-off peaks: ``(cleaned, peaks)``.

    A quantity is a peak when it passes ``PEAK_TIMES`` times the mean of the product's other
    non-zero known quantities and is the largest of them; what exceeds that is set apart
    (winsorising one observation, as in Tukey, *The Future of Data Analysis*, 1962). A product
    asked for fewer than three times keeps all it has: nothing says what is usual there.
    """
    shown = np.where(known, quantity, 0.0)
    asked = shown > 0
    times = asked.sum(axis=1)
    largest = shown.max(axis=1, initial=0.0)
    others = (shown.sum(axis=1) - largest) / np.maximum(times - 1, 1)
    limit = np.maximum(np.ceil(PEAK_TIMES * others), PEAK_AT_LEAST)
    limit[times < 3] = np.inf
    cleaned = np.where(known, np.minimum(quantity, limit[:, None]), quantity)
    return cleaned, quantity - cleaned
