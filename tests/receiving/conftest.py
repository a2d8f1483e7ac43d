"""A round on the floor: one supplier, one order sent, a bench that is open."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.receiving import services
from backofficine.receiving.models import Receipt
from backofficine.receiving.queries import ScanResult
from backofficine.stock.models import Location
from backofficine.team.models import Actor
from tests.factories import (
    ActorFactory,
    AddressFactory,
    DeliveryRoundFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    shop_floor,
)

GOOD_DATE = date(2028, 2, 29)


@dataclass
class Bench:
    """What a test of the bench holds in its hands, and its two gestures."""

    at: datetime
    on: date
    places: dict[str, Location]
    supplier: Supplier
    delivery_round: DeliveryRound
    order: Order
    actor: Actor
    by_pharmacist: bool = False
    receipt: Receipt = field(init=False)

    @property
    def told(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "on": self.on,
            "actor": self.actor,
            "by_pharmacist": self.by_pharmacist,
        }

    def line(self, quantity: int = 3, *, product: Product | None = None, **values: Any) -> Product:
        """One more product on the order, with an address of its own."""
        product = product or ProductFactory(**values)
        OrderLineFactory(order=self.order, product=product, quantity=quantity)
        if product.storage == "ambient":
            AddressFactory(product=product, location=LocationFactory(room=20), room=20)
        return product

    def scan(self, product: Product, **words: Any) -> ScanResult:
        words = {"lot_number": "B2409A", "expires_on": GOOD_DATE, **words}
        told = {**self.told, "request_id": words.pop("request_id", None) or uuid4()}
        return services.scan(self.receipt, product=product, **words, **told)

    def hear(self, text: str, **words: Any) -> ScanResult:
        told = {**self.told, "request_id": words.pop("request_id", None) or uuid4()}
        return services.hear(self.receipt, text=text, **words, **told)

    def undo(self, **words: Any) -> ScanResult:
        told = {"at": self.at, "on": self.on, "actor": self.actor}
        told["by_pharmacist"] = self.by_pharmacist
        request_id = words.get("request_id") or uuid4()
        return services.undo_scan(self.receipt, request_id=request_id, **told)

    def validate(self, **words: Any) -> Receipt:
        words = {"at": self.at + timedelta(minutes=20), "request_id": uuid4(), **words}
        self.receipt = services.validate(self.receipt, actor=self.actor, **words)
        return self.receipt

    def order_line(self, product: Product) -> OrderLine:
        return OrderLine.objects.get(order=self.order, product=product)


@pytest.fixture
def bench(db: None, now: datetime, today: date) -> Bench:
    return make_bench(now, today)


def make_bench(now: datetime, today: date) -> Bench:
    delivery_round = DeliveryRoundFactory(this_morning=True)
    made = Bench(
        at=now,
        on=today,
        places=shop_floor(),
        supplier=delivery_round.supplier,
        delivery_round=delivery_round,
        order=OrderFactory(delivery_round=delivery_round, sent=True),
        actor=ActorFactory(),
    )
    services.drop(
        supplier=made.supplier,
        delivery_round=delivery_round,
        totes=3,
        cold=1,
        at=now - timedelta(minutes=36),
        request_id=uuid4(),
    )
    made.receipt = services.start_receipt(
        supplier=made.supplier, delivery_round=delivery_round, at=now, request_id=uuid4()
    )
    return made
