"""Which products one must never order twice by mistake: no supplier takes them back."""

from decimal import Decimal

from backofficine.catalog.models import Product
from backofficine.planning.why import Guard


def guard_of_product(product: Product, *, dear: Decimal) -> Guard:
    """Narcotic, cold or expensive, whatever was decided; ``dear`` in euros excl. VAT, one box."""
    if product.is_narcotic or product.is_narcotic_like:
        return Guard.NARCOTIC
    if product.is_cold:
        return Guard.COLD
    if product.unit_cost is not None and product.unit_cost * product.doses_per_box >= dear:
        return Guard.EXPENSIVE
    return Guard.NONE
