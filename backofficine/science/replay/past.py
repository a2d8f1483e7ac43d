"""A past to replay: what was asked, when orders could leave, and what was there at the start.

Products are numbered from 0 to n − 1, days from 0 (the first one of the record) to D − 1. The
replay begins at local midnight of day ``start``. An instant is a number of days: 12.5 is noon of
day 12. Quantities are whole stock units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from backofficine.science.policies import NO_MAXIMUM

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lines:
    """What patients asked for, one element per line, in order of time."""

    product: Ints
    at: Floats
    quantity: Ints
    waits: Bools
    """Whether this patient, if not served, takes a promise; the others leave."""

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Round:
    """One chance to order: at ``cut_off``, in hand at ``due``; days as instants."""

    cut_off: float
    due: float
    lead: float
    """Open days from the cut-off until the boxes are in hand."""
    review: float
    """Open days from then until those of the next round are."""
    short: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Products that the supplier could not send then."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Boxes that come at an instant whatever the policy: sent before the replay, or real.

    A product stands once.
    """

    at: float
    product: Ints
    quantity: Ints


@dataclass(frozen=True, slots=True)
class Costs:
    """What the replay is priced with: euros, one element per product."""

    unit: Floats
    """One unit, as bought."""
    missing: Floats
    """One unit asked for and not there."""
    holding: Floats
    """One unit kept during one civil day."""
    line: Floats
    """One order line received."""
    expired: Floats
    """One unit thrown away, its purchase included."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """How products are bought and kept, one element per product."""

    case: Ints
    floor: Ints
    """Never keep less (the emergency list, a minimum set by hand)."""
    maximum: Ints
    life: Ints
    """Days from reception to expiry."""

    @classmethod
    def plain(cls, count: int, *, life: int = 100_000) -> Shelf:
        """Single boxes, no floor, no limit."""
        ones = np.ones(count, dtype=np.int64)
        return cls(case=ones, floor=ones * 0, maximum=ones * 0 + NO_MAXIMUM, life=ones * life)


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that a replay needs, and nothing that a policy could choose."""

    days: int
    """Days of the record, those of the replay included."""
    start: int
    """First day replayed; the days before are known to all policies from the start."""
    measured: int
    """First day that counts in the figures: before it the policies settle in."""
    lines: Lines
    """From the first day of the record to the last."""
    open: Floats
    """(days,) share of an ordinary open day."""
    known: Bools
    """(n, days) False where the real record cannot tell what was asked: out of stock, or before
    the product's first day."""
    rounds: tuple[Round, ...]
    on_hand: Ints
    """At the start."""
    promised: Ints
    """Owed to patients at the start, and not yet there."""
    dated: Mapping[int, tuple[Ints, Ints]]
    """Day → products and units that reach their date then, of those on hand at the start. The
    rest of ``on_hand`` is beyond the replay."""
    coming: tuple[Arrival, ...]
    """Ordered before the start."""
    received: tuple[Arrival, ...] | None
    """What really came during the replay; None when it is not known."""
    orders_sent: int
    """Orders really sent during the days measured."""
    shelf: Shelf
    costs: Costs

    def __post_init__(self) -> None:
        assert 0 <= self.start <= self.measured < self.days, "a replay lies inside its record"
        assert (np.diff(self.lines.at) >= 0).all(), "lines come in order of time"
        assert all(a.cut_off <= b.cut_off for a, b in pairwise(self.rounds)), "rounds come in order"

    @property
    def products(self) -> int:
        return len(self.on_hand)
