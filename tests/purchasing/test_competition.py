"""Two workstations at once: one number each, one draft for both, one sending."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from backofficine.kernel.errors import DomainError
from backofficine.purchasing import services
from backofficine.purchasing.models import Order, OrderEvent
from tests.factories import (
    ActorFactory,
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    SupplierFactory,
)

WRITERS = 6

pytestmark = pytest.mark.usefixtures("committed_db")


def together(*actions):
    """Run the actions at the same instant, each on its own connection; their results."""
    gate = Barrier(len(actions))

    def run(action):
        try:
            gate.wait()
            return action()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [each.result() for each in [pool.submit(run, action) for action in actions]]


def test_each_competing_order_gets_its_own_number(now):
    actor, supplier = ActorFactory(), SupplierFactory()
    rounds = [
        DeliveryRoundFactory(
            supplier=supplier, cut_off_at=now + timedelta(hours=n), due_at=now + timedelta(days=1)
        )
        for n in range(WRITERS)
    ]

    orders = together(
        *(
            lambda one=one: services.open_draft(
                supplier=supplier, delivery_round=one, at=now, actor=actor
            )
            for one in rounds
        )
    )

    assert sorted(order.number for order in orders) == list(range(1, WRITERS + 1))


def test_competing_openings_of_one_round_share_its_draft(now):
    actor, one = ActorFactory(), DeliveryRoundFactory()

    orders = together(
        *[
            lambda: services.open_draft(
                supplier=one.supplier, delivery_round=one, at=now, actor=actor
            )
        ]
        * WRITERS
    )

    assert len({order.pk for order in orders}) == 1
    assert OrderEvent.objects.count() == 1


def test_an_order_leaves_once_though_everybody_sends_it(now):
    actor, order = ActorFactory(), OrderFactory()
    OrderLineFactory(order=order)

    results = together(
        *[
            lambda: services.send(
                Order.objects.get(pk=order.pk),
                channel=Order.Channel.FILE,
                at=now,
                actor=actor,
                request_id=uuid4(),
            )
        ]
        * WRITERS
    )

    assert sum(isinstance(one, Order) for one in results) == 1
    assert OrderEvent.objects.filter(status="sent").count() == 1
