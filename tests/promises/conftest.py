"""A shop with slots, a supplier with a round, and a patient who came for nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.pharmacy.models import Pharmacy
from backofficine.promises import services
from backofficine.promises.models import Promise
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.stock.models import Location
from backofficine.team.models import Actor
from tests.factories import (
    DeliveryRoundFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
    shop_floor,
)

Promising = Callable[..., Promise]


@pytest.fixture
def floor(db: None) -> dict[str, Location]:
    return shop_floor()


@pytest.fixture
def slot(floor: dict[str, Location]) -> Location:
    return floor["promise_slot"]


@pytest.fixture
def cold_slot(floor: dict[str, Location]) -> Location:
    return LocationFactory(promise_slot=True, code="F1-P1", parent=floor["fridge"])


@pytest.fixture
def product(db: None) -> Product:
    return ProductFactory(name="RAMIVANTINE", strength="5 mg")


@pytest.fixture
def afternoon(pharmacy: Pharmacy) -> DeliveryRound:
    return DeliveryRoundFactory(supplier=SupplierFactory(is_main=True))


@pytest.fixture
def promising(
    pharmacy: Pharmacy, floor: dict[str, Location], product: Product, actor: Actor, now: datetime
) -> Promising:
    """Promise one box to Mme Martin, unless told otherwise."""

    def make(**words: Any) -> Promise:
        asked = {
            "quantity": 1, "name": "MARTIN Éloïse", "cause": "high_demand", "is_chosen": False,
            "at": now, "actor": actor, "request_id": uuid4(),
        }  # fmt: skip
        asked |= words
        return services.promise(asked.pop("product", product), **asked)

    return make


@pytest.fixture
def sent_order(afternoon: DeliveryRound, product: Product) -> Order:
    """Two boxes of the product, sent for this afternoon."""
    order = OrderFactory(delivery_round=afternoon, sent=True)
    OrderLineFactory(order=order, product=product, quantity=2)
    return order
