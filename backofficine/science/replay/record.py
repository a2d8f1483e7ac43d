"""What was asked, day by day, as it is known at one moment of a replay and no later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backofficine.science.replay.past import Bools, Floats, Ints, Lines, Past, Shelf

Counts = npt.NDArray[np.int32]

DAYS_OF_A_YEAR = 365


class Record:
    """Columns of the days already lived, filled as the replay goes: the future is not there.

    Kept by day first: the column of one product is strided, that of one day is not.
    """

    def __init__(self, past: Past) -> None:
        shape = past.days, past.products
        self._quantity: Counts = np.zeros(shape, dtype=np.int32)
        self._lines: Counts = np.zeros(shape, dtype=np.int32)
        self._squares: Counts = np.zeros(shape, dtype=np.int32)
        self._largest: Counts = np.zeros(shape, dtype=np.int32)
        self._known = np.ascontiguousarray(past.known.T)
        self._open = past.open
        before = int(np.searchsorted(past.lines.at, past.start, side="left"))
        self.add(past.lines, 0, before)

    def add(self, lines: Lines, first: int, last: int) -> None:
        """Write the lines numbered ``first`` to ``last`` − 1."""
        cut = slice(first, last)
        quantity = lines.quantity[cut]
        at = lines.at[cut].astype(np.int64), lines.product[cut]
        np.add.at(self._quantity, at, quantity)
        np.add.at(self._lines, at, 1)
        np.add.at(self._squares, at, quantity * quantity)
        np.maximum.at(self._largest, at, quantity)

    def window(self, *, today: int, days: int) -> Window:
        """The last ``days`` days, today so far included."""
        first = max(today + 1 - days, 0)
        cut = slice(first, today + 1)
        quantity = self._quantity[cut]
        counted = self._known[cut] & (self._open[cut, None] > 0)
        return Window(
            days=int((self._open[cut] > 0).sum()),
            days_known=counted.sum(axis=0),
            quantity=quantity.sum(axis=0, dtype=np.int64),
            lines=self._lines[cut].sum(axis=0, dtype=np.int64),
            squares=self._squares[cut].sum(axis=0, dtype=np.int64),
            largest=self._largest[cut].max(axis=0).astype(np.int64),
            day_squares=np.einsum("ij,ij->j", quantity, quantity, dtype=np.float64),
        )

    def rate(self, *, days: int) -> Floats:
        """Units asked per civil day over the last year of the first ``days`` days."""
        first = max(days - DAYS_OF_A_YEAR, 0)
        asked: Floats = self._quantity[first:days].sum(axis=0) / max(days - first, 1)
        return asked

    def daily(self, *, today: int) -> Daily:
        """Every day before today, oldest first; read only."""
        quantity, known = self._quantity[:today].T, self._known[:today].T
        quantity.flags.writeable = known.flags.writeable = False
        return Daily(quantity=quantity, known=known, open=self._open[:today])


@dataclass(frozen=True, slots=True)
class Window:
    """Sums over the last days, one element per product."""

    days: int
    """Open days of the window."""
    days_known: Ints
    """Those on which the record can tell what was asked."""
    quantity: Ints
    lines: Ints
    squares: Ints
    """Of the quantities of the lines."""
    largest: Ints
    """The largest single line."""
    day_squares: Floats
    """Of the quantities of the days."""


@dataclass(frozen=True, slots=True)
class Daily:
    """(n, days) quantities asked, and where the record can tell; (days,) shares of an open day."""

    quantity: Counts
    known: Bools
    open: Floats


@dataclass(frozen=True, slots=True)
class Moment:
    """What a policy may look at when an order leaves: the position, and the record until now."""

    round: int
    """Number of the round among those of the replay."""
    today: int
    on_hand: Ints
    on_order: Ints
    promised: Ints
    lead: float
    review: float
    shelf: Shelf
    record: Record
    shared: dict[str, Any]
    """What does not depend on the position, computed once for all policies of this moment."""

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """The value of ``key`` at this moment, made on first use."""
        if key not in self.shared:
            self.shared[key] = make()
        return self.shared[key]

    def window(self, days: int) -> Window:
        """Sums over the last ``days`` days, today so far included."""
        found: Window = self.once(
            f"window {days}", lambda: self.record.window(today=self.today, days=days)
        )
        return found
