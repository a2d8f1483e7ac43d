"""What a box probably cost, from its public price: the regulated margins, dated, as parameters.

The national files give the public price without fee, tax included, and no purchase price. Margins
of the wholesaler and of the pharmacy are regulated shares of the manufacturer's price (PFHT), so
the sum can be undone. The result is *assumed* until a receipt or a stock file says better.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache

from backofficine.kernel.money import to_finest
from backofficine.pharmacy.models import Parameter
from backofficine.pharmacy.queries import UnknownValue, parameter

WHOLESALE_KEY = "margin.wholesaler"
PHARMACY_KEY = "margin.pharmacy"
FLOOR_KEY = "margin.wholesaler_floor"
VAT_KEY = "vat.reimbursed"

# Arrêté du 4 août 1987, in its wording of 1 January 2020: « up to PFHT : rate in per cent ».
DEFAULTS = {
    WHOLESALE_KEY: "468.97:6.93",
    PHARMACY_KEY: "1.91:10 22.90:7 150:5.5 1930:5",
    FLOOR_KEY: "0.30",
    VAT_KEY: "2.1",
}

Brackets = tuple[tuple[Decimal, Decimal], ...]


def _brackets(text: str) -> Brackets:
    pairs = (part.split(":") for part in text.split())
    return tuple((Decimal(limit), Decimal(rate) / 100) for limit, rate in pairs)


def _share(brackets: Brackets, amount: Decimal) -> Decimal:
    """The sum of each bracket's rate on the part of ``amount`` inside it."""
    total = lower = Decimal(0)
    for limit, rate in brackets:
        total += max(min(amount, limit) - lower, Decimal(0)) * rate
        lower = limit
    return total


@dataclass(frozen=True)
class MarginTable:
    """Rates by bracket of PFHT; ``floor`` in euros a box; ``vat`` as a share (0.021)."""

    wholesaler: Brackets
    pharmacy: Brackets
    floor: Decimal
    vat: Decimal

    def wholesale_margin(self, pfht: Decimal) -> Decimal:
        return max(_share(self.wholesaler, pfht), self.floor)

    def public_price(self, pfht: Decimal) -> Decimal:
        """Euros, tax included, without the dispensing fee."""
        before_tax = pfht + self.wholesale_margin(pfht) + _share(self.pharmacy, pfht)
        return before_tax * (1 + self.vat)

    @cached_property
    def _knots(self) -> Sequence[tuple[Decimal, Decimal]]:
        """(public price, PFHT) where the slope changes: linear in between, so undone exactly."""
        limits = {Decimal(0)} | {limit for limit, _ in (*self.wholesaler, *self.pharmacy)}
        limits.add(self.floor / self.wholesaler[0][1])
        limits.add(max(limits) + 1_000_000)
        return sorted((self.public_price(limit), limit) for limit in limits)

    def purchase_cost(self, public_price: Decimal) -> Decimal:
        """What the wholesaler invoices, excluding VAT and discounts, for a public price."""
        knots = self._knots
        above = min(max(bisect_left(knots, (public_price,)), 1), len(knots) - 1)
        (low_price, low), (high_price, high) = knots[above - 1], knots[above]
        slope = (high - low) / (high_price - low_price)
        pfht = max(low + (public_price - low_price) * slope, Decimal(0))
        # Below the smallest price the floor itself would exceed what the patient pays.
        return to_finest(min(pfht + self.wholesale_margin(pfht), public_price / (1 + self.vat)))

    @lru_cache(maxsize=20_000)  # noqa: B019 - a table lives as long as one import
    def cost_of_unit(self, public_price: Decimal, *, units: int) -> Decimal:
        """The purchase cost of one of the ``units`` that a box holds."""
        return to_finest(self.purchase_cost(public_price) / units)


def margin_table(*, on: date) -> MarginTable:
    """The margins valid on a day, from the pharmacy's parameters."""

    def value(key: str) -> str:
        try:
            return parameter(key, on=on)
        except UnknownValue:
            return DEFAULTS[key]

    return MarginTable(
        wholesaler=_brackets(value(WHOLESALE_KEY)),
        pharmacy=_brackets(value(PHARMACY_KEY)),
        floor=Decimal(value(FLOOR_KEY)),
        vat=Decimal(value(VAT_KEY)) / 100,
    )


def source_of_margins(*, on: date) -> str:
    """The publisher of the margins valid on a day, shown beside an assumed cost."""
    rows = Parameter.objects.filter(key=PHARMACY_KEY, valid_from__lte=on)
    return rows.order_by("-valid_from").values_list("source", flat=True).first() or ""
