"""What one policy made of a past: where every unit went, and the figures of the days measured."""

from __future__ import annotations

from dataclasses import dataclass

from backofficine.science.replay.past import Ints


@dataclass(frozen=True, slots=True)
class Flow:
    """Where units went since the start of the replay, one element per product.

    ``initial + received = served + handed_over + expired + left``, and
    ``owed before + promised = handed_over + owed``.
    """

    initial: Ints
    received: Ints
    served: Ints
    handed_over: Ints
    """Given for promises."""
    expired: Ints
    left: Ints
    promised: Ints
    lost: Ints
    owed: Ints
    """Still promised at the end, nothing having come."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Euros over the days measured."""

    missing: float
    holding: float
    lines: float
    expired: float

    @property
    def total(self) -> float:
        return self.missing + self.holding + self.lines + self.expired


@dataclass(frozen=True, slots=True)
class Figures:
    """What the days measured add up to. Boxes are stock units, values euros excl. VAT."""

    days: int
    asked: int
    served: int
    """Boxes that were there."""
    promised: int
    """Boxes that were not, and for which the patient came back."""
    lost: int
    """Boxes that were not, and the patient left."""
    lines: int
    lines_served: int
    """Lines served whole at once."""
    stock_value: float
    """Mean over the ends of days."""
    stock_boxes: float
    orders: int
    order_lines: int
    received: int
    received_value: float
    expired: int
    expired_value: float
    at_risk: int
    """Boxes left at the end beyond what sells before their date, at the rate of the record."""
    at_risk_value: float
    costs: Costs

    @property
    def fill(self) -> float:
        """Share of the boxes asked for that were there; 1 when nothing was asked."""
        return self.served / self.asked if self.asked else 1.0

    @property
    def fill_of_lines(self) -> float:
        """Share of the lines served whole at once; 1 when nothing was asked."""
        return self.lines_served / self.lines if self.lines else 1.0

    @property
    def missing(self) -> int:
        """Boxes asked for and not there."""
        return self.promised + self.lost


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy, one past."""

    flow: Flow
    figures: Figures
