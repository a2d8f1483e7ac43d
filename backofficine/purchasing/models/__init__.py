"""Suppliers, what is agreed with them, and the orders sent to them."""

from backofficine.purchasing.models.orders import Order, OrderEvent, OrderLine
from backofficine.purchasing.models.suppliers import (
    DeliveryRound,
    Supplier,
    SupplierPrice,
    SupplyException,
    SupplySchedule,
)
from backofficine.purchasing.models.terms import (
    Commitment,
    HouseLaboratory,
    SupplierQuota,
    SupplierTier,
)

__all__ = [
    "Commitment", "DeliveryRound", "HouseLaboratory", "Order", "OrderEvent", "OrderLine",
    "Supplier", "SupplierPrice", "SupplierQuota", "SupplierTier", "SupplyException",
    "SupplySchedule",
]  # fmt: skip
