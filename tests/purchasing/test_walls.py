"""States of purchasing that the database refuses, by the name of the wall."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from backofficine.purchasing.models import (
    DeliveryRound,
    Order,
    OrderEvent,
    OrderLine,
    Supplier,
    SupplierPrice,
    SupplySchedule,
)
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    SupplierFactory,
    SupplyScheduleFactory,
)

pytestmark = pytest.mark.django_db


def refused(action):
    with pytest.raises(IntegrityError) as wall, transaction.atomic():
        action()
    return str(wall.value)


def test_a_wholesaler_has_no_lead_time_and_a_direct_supplier_has_one():
    for wrong in ({"lead_time_days": 3}, {"kind": "direct"}):
        assert "a_direct_supplier_has_a_lead_time" in refused(
            lambda wrong=wrong: SupplierFactory(**wrong)
        )


def test_only_one_supplier_is_the_main_one():
    SupplierFactory(is_main=True)

    words = refused(lambda: SupplierFactory(is_main=True))

    assert "there_is_one_main_supplier" in words or "is_main" in words


def test_a_drop_follows_its_cut_off():
    words = refused(lambda: SupplyScheduleFactory(cut_off_time=time(14), drop_time=time(12)))

    assert "a_drop_follows_its_cut_off" in words
    SupplyScheduleFactory(cut_off_time=time(19), drop_time=time(8), drop_day_offset=1)
    assert SupplySchedule.objects.count() == 1


def test_a_round_is_due_after_its_cut_off(now):
    words = refused(lambda: DeliveryRoundFactory(cut_off_at=now, due_at=now))

    assert "a_round_is_due_after_its_cut_off" in words


def test_a_round_is_written_once():
    first = DeliveryRoundFactory()

    refused(lambda: DeliveryRoundFactory(supplier=first.supplier, cut_off_at=first.cut_off_at))
    assert DeliveryRound.objects.count() == 1


def test_a_round_has_one_draft_but_many_orders():
    first = OrderFactory()

    refused(lambda: OrderFactory(delivery_round=first.delivery_round))
    OrderFactory(delivery_round=first.delivery_round, sent=True)
    assert Order.objects.count() == 2


def test_a_direct_supplier_has_one_draft():
    supplier = SupplierFactory(direct=True)
    OrderFactory(supplier=supplier, delivery_round=None)

    refused(lambda: OrderFactory(supplier=supplier, delivery_round=None))


def test_an_order_past_draft_was_sent():
    order = OrderFactory()

    words = refused(lambda: Order.objects.filter(pk=order.pk).update(status="answered"))

    assert "an_order_past_draft_was_sent" in words


def test_an_order_has_a_known_status():
    order = OrderFactory(sent=True)

    words = refused(lambda: Order.objects.filter(pk=order.pk).update(status="lost"))

    assert "order_status_is_known" in words


def test_a_changed_line_says_why():
    line = OrderLineFactory()

    words = refused(lambda: OrderLine.objects.filter(pk=line.pk).update(quantity=5))

    assert "a_changed_line_says_why" in words


def test_a_product_stands_once_in_an_order():
    line = OrderLineFactory()

    refused(lambda: OrderLineFactory(order=line.order, product=line.product))


def test_a_price_is_never_negative(now):
    line = OrderLineFactory()

    words = refused(
        lambda: SupplierPrice.objects.create(
            supplier=Supplier.objects.get(),
            product=line.product,
            unit_price=-1,
            valid_from=date(2026, 1, 1),
        )
    )

    assert "supplier_price_not_negative" in words


def test_the_events_of_an_order_are_facts(actor, now):
    event = OrderEvent.objects.create(
        order=OrderFactory(), status="draft", occurred_at=now, actor=actor
    )

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        OrderEvent.objects.filter(pk=event.pk).update(occurred_at=now + timedelta(days=1))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        event.delete()
