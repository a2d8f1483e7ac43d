"""Sending and what follows: an order takes its promises along, and gives back what is short."""

from datetime import timedelta
from uuid import uuid4

import pytest

from backofficine.planning import services
from backofficine.planning.why import Why, sentence
from backofficine.promises.models import Cause, Promise, Status
from backofficine.promises.services import promise
from backofficine.purchasing.models import Order
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    SupplierFactory,
)


@pytest.fixture
def line(pharmacy):
    return OrderLineFactory(quantity=3, promised_quantity=3)


@pytest.fixture
def patients(line, now, actor):
    """Two patients wait for the product: two boxes, then one."""
    return [
        promise(
            product=line.product,
            quantity=quantity,
            name="Durand",
            cause=Cause.TOO_MANY,
            can_wait=True,
            is_chosen=False,
            all_at_once=True,
            at=now,
            actor=actor,
            request_id=uuid4(),
        )
        for quantity in (2, 1)
    ]


@pytest.fixture
def sent(line, patients, now, actor):
    return services.send_order(
        line.order, channel=Order.Channel.FILE, at=now, actor=actor, request_id=uuid4()
    )


@pytest.fixture
def second(now):
    """Another wholesaler, with a round to come."""
    return DeliveryRoundFactory(
        cut_off_at=now + timedelta(hours=1), due_at=now + timedelta(hours=8)
    ).supplier


def statuses():
    return list(Promise.objects.order_by("pk").values_list("status", flat=True))


def test_an_order_sent_tells_its_promises(sent):
    assert statuses() == [Status.ORDERED, Status.ORDERED]


def test_sending_twice_tells_them_once(line, patients, now, actor):
    click = uuid4()
    for _again in range(2):
        services.send_order(
            line.order, channel=Order.Channel.FILE, at=now, actor=actor, request_id=click
        )

    assert Promise.objects.first().events.filter(status=Status.ORDERED).count() == 1


def test_a_short_answer_puts_the_promises_it_does_not_cover_back_to_order(sent, line, now, actor):
    services.answer_order(sent, answers={line.pk: 2}, at=now, actor=actor)

    assert statuses() == [Status.ORDERED, Status.TO_ORDER]


def test_a_full_answer_leaves_promises_alone(sent, now, actor):
    assert services.answer_order(sent, answers={}, at=now, actor=actor) == []
    assert statuses() == [Status.ORDERED, Status.ORDERED]


def test_a_short_line_is_asked_for_at_the_other_supplier(sent, line, second, now, actor):
    (short,) = services.answer_order(sent, answers={line.pk: 1}, at=now, actor=actor)

    asked = services.order_elsewhere(short, supplier=second, at=now, actor=actor)
    again = services.order_elsewhere(short, supplier=second, at=now, actor=actor)

    assert asked == again
    assert (asked.quantity, asked.promised_quantity) == (2, 2)
    assert asked.order.supplier == second
    words = sentence(Why.of(asked.why), quantity=2)
    assert f"C{sent.number}" in words


def test_what_another_already_asked_for_is_not_doubled(sent, line, second, now, actor):
    (short,) = services.answer_order(sent, answers={line.pk: 1}, at=now, actor=actor)
    asked = services.order_elsewhere(short, supplier=second, at=now, actor=actor)
    type(asked).objects.filter(pk=asked.pk).update(why={"origin": "by_hand"})

    with pytest.raises(services.AlreadyAsked):
        services.order_elsewhere(short, supplier=second, at=now, actor=actor)


def test_a_supplier_without_a_round_cannot_help(sent, line, now, actor):
    (short,) = services.answer_order(sent, answers={line.pk: 1}, at=now, actor=actor)

    with pytest.raises(services.NothingToOrderFrom):
        services.order_elsewhere(short, supplier=SupplierFactory(), at=now, actor=actor)


@pytest.mark.parametrize("command", [services.close_order, services.cancel_order])
def test_what_will_not_come_is_to_order_again(sent, now, actor, command):
    command(sent, at=now, actor=actor)

    assert statuses() == [Status.TO_ORDER, Status.TO_ORDER]


def test_a_cancelled_draft_disturbs_nobody(pharmacy, now, actor):
    order = OrderFactory()

    assert services.cancel_order(order, at=now, actor=actor).status == Order.Status.CANCELLED


def test_a_product_added_by_hand_says_so():
    assert sentence(Why.of({"origin": "by_hand"}), quantity=0)
