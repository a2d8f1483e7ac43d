"""Rows for tests: valid, invented, and no more than what a test asks for."""

from tests.factories.catalog import ProductCodeFactory, ProductFactory, SpecialityFactory, cip7
from tests.factories.purchasing import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    SupplierFactory,
    SupplyScheduleFactory,
)
from tests.factories.stock import (
    AddressFactory,
    LocationFactory,
    LotFactory,
    shop_floor,
    stocked,
    virtual,
)
from tests.factories.team import ActorFactory, PersonFactory, WorkstationFactory, signed_in

__all__ = [
    "ActorFactory", "AddressFactory", "DeliveryRoundFactory", "LocationFactory", "LotFactory",
    "OrderFactory", "OrderLineFactory", "PersonFactory", "ProductCodeFactory", "ProductFactory",
    "SpecialityFactory", "SupplierFactory", "SupplyScheduleFactory", "WorkstationFactory", "cip7",
    "shop_floor", "signed_in", "stocked", "virtual",
]  # fmt: skip
