"""What is never ordered by itself, nor twice by mistake: nobody takes it back."""

from decimal import Decimal
from typing import Protocol

from backofficine.catalog.models import LegalStatus, Storage
from backofficine.planning.why import Guard


class Handled(Protocol):
    """What must be known of a product to guard it; ``unit_cost`` is euros of one stock unit."""

    @property
    def legal_status(self) -> str: ...
    @property
    def is_narcotic_like(self) -> bool: ...
    @property
    def storage(self) -> str: ...
    @property
    def unit_cost(self) -> Decimal | None: ...
    @property
    def doses_per_box(self) -> int: ...


def guard_of_product(product: Handled, *, dear: Decimal) -> Guard:
    """Narcotic, cold or expensive, whatever was decided; ``dear`` in euros excl. VAT, one box."""
    if product.legal_status == LegalStatus.NARCOTIC or product.is_narcotic_like:
        return Guard.NARCOTIC
    if product.storage == Storage.FRIDGE:
        return Guard.COLD
    if product.unit_cost is not None and product.unit_cost * product.doses_per_box >= dear:
        return Guard.EXPENSIVE
    return Guard.NONE
