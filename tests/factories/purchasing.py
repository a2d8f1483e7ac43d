"""Suppliers, rounds and orders."""

from datetime import time, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from backofficine.purchasing.models import (
    DeliveryRound,
    Order,
    OrderLine,
    Supplier,
    SupplySchedule,
)
from tests.factories.base import NOW, TODAY
from tests.factories.catalog import ProductFactory


class SupplierFactory(DjangoModelFactory[Supplier]):
    """A wholesaler; ``direct=True`` for a laboratory that delivers in ten days."""

    class Meta:
        model = Supplier

    class Params:
        direct = factory.Trait(kind=Supplier.Kind.DIRECT, lead_time_days=10)

    name = factory.Sequence(lambda number: f"Répartition du Val {number}")
    kind = Supplier.Kind.WHOLESALER


class SupplyScheduleFactory(DjangoModelFactory[SupplySchedule]):
    """Tuesdays: ordered before 12 h 30, delivered at 15 h 30."""

    class Meta:
        model = SupplySchedule

    supplier = factory.SubFactory(SupplierFactory)
    weekday = TODAY.weekday()
    cut_off_time = time(12, 30)
    drop_time = time(15, 30)
    valid_from = TODAY - timedelta(days=365)


class DeliveryRoundFactory(DjangoModelFactory[DeliveryRound]):
    """This afternoon's round; ``this_morning=True`` for the one on the floor."""

    class Meta:
        model = DeliveryRound

    class Params:
        this_morning = factory.Trait(
            cut_off_at=NOW - timedelta(hours=14), due_at=NOW - timedelta(minutes=40)
        )

    supplier = factory.SubFactory(SupplierFactory)
    cut_off_at = NOW + timedelta(hours=2)
    due_at = NOW + timedelta(hours=5)


class OrderFactory(DjangoModelFactory[Order]):
    """A draft; ``sent=True`` once it left."""

    class Meta:
        model = Order

    class Params:
        sent = factory.Trait(
            status=Order.Status.SENT,
            sent_at=NOW - timedelta(hours=15),
            channel=Order.Channel.FILE,
        )

    number = factory.Sequence(lambda number: number + 1)
    supplier = factory.SelfAttribute("delivery_round.supplier")
    delivery_round = factory.SubFactory(DeliveryRoundFactory)
    created_at = NOW - timedelta(hours=16)


class OrderLineFactory(DjangoModelFactory[OrderLine]):
    """Six boxes of a product, as proposed."""

    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = 6
    proposed_quantity = factory.SelfAttribute("quantity")
    unit_price = Decimal("3.1416")
