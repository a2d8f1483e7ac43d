"""An order, from draft to closed: what each command does, and what it refuses."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.pharmacy.queries import day_bounds
from backofficine.purchasing import queries, services
from backofficine.purchasing.models import Order, OrderEvent, OrderLine, SupplierPrice
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
)

FILE = Order.Channel.FILE


@pytest.fixture
def draft(pharmacy):
    return OrderFactory()


@pytest.fixture
def line(draft):
    return OrderLineFactory(order=draft, quantity=6)


def send(order, *, at, actor, request_id=None, **more):
    return services.send(
        order, channel=FILE, at=at, actor=actor, request_id=request_id or uuid4(), **more
    )


def test_a_round_has_one_draft(pharmacy, now, actor):
    delivery_round = DeliveryRoundFactory()
    supplier = delivery_round.supplier

    first = services.open_draft(
        supplier=supplier, delivery_round=delivery_round, at=now, actor=actor
    )
    again = services.open_draft(
        supplier=supplier, delivery_round=delivery_round, at=now, actor=actor
    )

    assert first == again
    assert first.events.get().status == Order.Status.DRAFT


def test_numbers_follow_each_other(pharmacy, now, actor):
    numbers = [
        services.open_draft(supplier=one.supplier, delivery_round=one, at=now, actor=actor).number
        for one in DeliveryRoundFactory.create_batch(3)
    ]

    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_a_direct_supplier_has_one_draft_without_a_round(pharmacy, now, actor):
    supplier = SupplierFactory(direct=True)

    first = services.open_draft(supplier=supplier, delivery_round=None, at=now, actor=actor)

    assert services.open_draft(
        supplier=supplier, delivery_round=None, at=now, actor=actor
    ) == first  # fmt: skip


def test_a_changed_quantity_says_why(line, now, actor):
    with pytest.raises(services.ReasonMissing):
        services.set_line(line.order, product=line.product, quantity=4, at=now, actor=actor)

    changed = services.set_line(
        line.order, product=line.product, quantity=4, at=now, actor=actor, reason="doubt"
    )

    assert (changed.quantity, changed.proposed_quantity, changed.change_reason) == (4, 6, "doubt")
    assert changed.is_changed
    assert changed.is_checked


def test_coming_back_to_the_proposal_needs_no_reason(line, now, actor):
    services.set_line(
        line.order, product=line.product, quantity=4, at=now, actor=actor, reason="doubt"
    )

    back = services.set_line(line.order, product=line.product, quantity=6, at=now, actor=actor)

    assert (back.quantity, back.change_reason) == (6, "")


def test_a_line_added_by_hand_says_so_and_knows_its_price(draft, now, actor):
    product = ProductFactory()
    SupplierPrice.objects.create(
        supplier=draft.supplier, product=product, unit_price=Decimal("2.75"),
        valid_from=now.date() - timedelta(days=3),
    )  # fmt: skip

    added = services.set_line(draft, product=product, quantity=2, at=now, actor=actor)

    assert (added.change_reason, added.unit_price) == ("by_hand", Decimal("2.75"))


def test_the_newest_price_holds_and_the_last_cost_stands_in(draft, now):
    priced, unpriced, unknown = ProductFactory(), ProductFactory(), ProductFactory(unit_cost=None)
    for days, price in ((90, "3"), (30, "2"), (-30, "1")):
        SupplierPrice.objects.create(
            supplier=draft.supplier, product=priced, unit_price=Decimal(price),
            valid_from=now.date() - timedelta(days=days),
        )  # fmt: skip

    prices = queries.unit_prices(draft.supplier, [priced, unpriced, unknown], on=now.date())

    assert prices == {priced.pk: Decimal(2), unpriced.pk: Decimal("3.1416")}


@pytest.mark.parametrize("quantity", [501, 121])
def test_an_absurd_quantity_is_asked_twice(line, now, actor, quantity):
    asked = {"product": line.product, "quantity": quantity, "at": now, "actor": actor}
    with pytest.raises(services.AbsurdQuantity):
        services.set_line(line.order, reason="epidemic", **asked)

    kept = services.set_line(line.order, reason="epidemic", is_confirmed=True, **asked)

    assert kept.quantity == quantity


@pytest.mark.parametrize("quantity", [-1, 10_000])
def test_an_impossible_quantity_is_refused(line, now, actor, quantity):
    with pytest.raises(services.ImpossibleQuantity):
        services.set_line(
            line.order, product=line.product, quantity=quantity, at=now, actor=actor,
            reason="epidemic", is_confirmed=True,
        )  # fmt: skip


def test_of_two_people_on_one_line_the_second_is_told(line, now, actor):
    asked = {"product": line.product, "at": now, "actor": actor, "reason": "doubt"}
    services.set_line(line.order, quantity=4, seen=line.version, **asked)

    with pytest.raises(services.LineChanged) as refused:
        services.set_line(line.order, quantity=9, seen=line.version, **asked)

    assert "4" in str(refused.value)
    assert "9" in str(refused.value)
    line.refresh_from_db()
    assert line.quantity == 4


def test_two_people_on_two_lines_do_not_hinder_each_other(line, now, actor):
    other = OrderLineFactory(order=line.order, quantity=3)

    services.set_line(
        line.order, product=line.product, quantity=4, at=now, actor=actor, reason="doubt", seen=0
    )
    services.set_line(
        line.order, product=other.product, quantity=1, at=now, actor=actor, reason="space", seen=0
    )

    other.refresh_from_db()
    assert other.quantity == 1


def test_two_people_who_agree_need_no_message(line, now, actor):
    asked = {"product": line.product, "quantity": 4, "at": now, "actor": actor, "reason": "doubt"}
    services.set_line(line.order, seen=0, **asked)

    assert services.set_line(line.order, seen=0, **asked).quantity == 4


def test_a_sent_order_changes_no_more(line, now, actor):
    send(line.order, at=now, actor=actor)

    with pytest.raises(services.NotDraft):
        services.set_line(line.order, product=line.product, quantity=6, at=now, actor=actor)
    with pytest.raises(services.NotDraft):
        services.check_line(line, at=now, actor=actor)


def test_accepting_lines_marks_them_looked_at(line, now, actor):
    others = OrderLineFactory.create_batch(2, order=line.order)

    assert services.check_line(line, at=now, actor=actor).is_checked
    assert services.check_lines(
        line.order, lines=[line.pk, *(one.pk for one in others)], at=now, actor=actor
    ) == 2  # fmt: skip


def test_sending_dates_the_order_and_says_when_it_is_due(line, now, actor):
    sent = send(line.order, at=now, actor=actor)

    assert (sent.status, sent.sent_at, sent.channel) == (Order.Status.SENT, now, FILE)
    assert sent.expected_at == sent.delivery_round.due_at
    assert sent.events.get(status="sent").details == {"channel": "file", "boxes": 6}


def test_a_double_click_sends_once(line, now, actor):
    click = uuid4()

    send(line.order, at=now, actor=actor, request_id=click)
    again = send(Order.objects.get(), at=now, actor=actor, request_id=click)

    assert again.status == Order.Status.SENT
    assert OrderEvent.objects.filter(status="sent").count() == 1


def test_a_second_person_cannot_send_again(line, now, actor):
    send(line.order, at=now, actor=actor)

    with pytest.raises(services.NotDraft):
        send(Order.objects.get(), at=now, actor=actor)


def test_a_stale_copy_cannot_send_what_left_in_between(line, now, actor):
    stale = Order.objects.get()
    send(line.order, at=now, actor=actor)

    with pytest.raises(services.NotDraft):
        send(stale, at=now, actor=actor)


def test_an_order_changed_since_it_was_read_is_not_sent(line, now, actor):
    read = line.order.version
    services.set_line(
        line.order, product=line.product, quantity=2, at=now, actor=actor, reason="space"
    )

    with pytest.raises(services.OrderChanged):
        send(line.order, at=now, actor=actor, seen=read)
    assert send(line.order, at=now, actor=actor, seen=read + 1).status == Order.Status.SENT


def test_an_empty_order_is_not_sent(draft, now, actor):
    OrderLineFactory(order=draft, quantity=0, proposed_quantity=0)

    with pytest.raises(services.EmptyOrder):
        send(draft, at=now, actor=actor)


def test_past_its_cut_off_an_order_waits_for_the_next_round(line, now, actor):
    this_round = line.order.delivery_round
    DeliveryRoundFactory(
        supplier=line.order.supplier, cut_off_at=now + timedelta(days=1),
        due_at=now + timedelta(days=1, hours=3),
    )  # fmt: skip

    with pytest.raises(services.CutOffPast) as refused:
        send(line.order, at=this_round.cut_off_at, actor=actor)

    assert "12\u00a0h\u00a018" in str(refused.value), "the cut-off"
    assert "mercredi 25 novembre" in str(refused.value), "the round that can be caught"


def test_a_direct_order_is_expected_on_an_open_day_after_its_lead_time(pharmacy, now, actor):
    supplier = SupplierFactory(direct=True, lead_time_days=5)  # Sunday
    order = services.open_draft(supplier=supplier, delivery_round=None, at=now, actor=actor)
    services.set_line(order, product=ProductFactory(), quantity=1, at=now, actor=actor)

    sent = send(order, at=now, actor=actor)

    assert f"{sent.expected_at:%a %d %H:%M}" == "Mon 30 07:30", "8 h 30 in Paris"


def test_an_answer_tells_the_short_lines(line, now, actor):
    other = OrderLineFactory(order=line.order, quantity=3)
    send(line.order, at=now, actor=actor)

    short = services.record_answer(
        line.order, answers={line.pk: 2, other.pk: None}, at=now, actor=actor
    )

    assert [(one.pk, one.missing_quantity) for one in short] == [(line.pk, 4)]
    other.refresh_from_db()
    assert other.answered_quantity == 3
    assert list(queries.short_lines(line.order)) == short
    assert line.order.status == Order.Status.ANSWERED


def test_a_second_answer_corrects_the_first(line, now, actor):
    send(line.order, at=now, actor=actor)
    services.record_answer(line.order, answers={line.pk: 0}, at=now, actor=actor)

    assert services.record_answer(line.order, answers={}, at=now, actor=actor) == []


def test_a_supplier_does_not_send_more_than_asked(line, now, actor):
    send(line.order, at=now, actor=actor)

    with pytest.raises(services.AnswerTooLarge):
        services.record_answer(line.order, answers={line.pk: 7}, at=now, actor=actor)


def test_a_draft_has_no_answer(line, now, actor):
    with pytest.raises(services.WrongMoment):
        services.record_answer(line.order, answers={}, at=now, actor=actor)


def test_what_is_on_order_is_what_was_answered_less_what_came(line, now, actor):
    product = line.product
    assert queries.on_order_by_product() == {}, "a draft brings nothing"

    send(line.order, at=now, actor=actor)
    assert queries.on_order_by_product([product.pk]) == {product.pk: 6}

    services.record_answer(line.order, answers={line.pk: 5}, at=now, actor=actor)
    services.note_received(line, quantity=2)
    assert queries.on_order_by_product([product.pk]) == {product.pk: 3}

    services.note_received(line, quantity=9)
    assert queries.on_order_by_product([product.pk]) == {}, "more came than asked"


def test_divisible_products_are_on_order_in_doses(pharmacy, now, actor):
    line = OrderLineFactory(product=ProductFactory(divisible=True), quantity=2)
    send(line.order, at=now, actor=actor)

    assert queries.on_order_by_product() == {line.product_id: 28}


def test_a_received_order_awaits_nothing(line, now, actor):
    send(line.order, at=now, actor=actor)
    services.note_received_many({line.pk: 4})

    received = services.mark_received(line.order, at=now, actor=actor)

    assert received.status == Order.Status.RECEIVED
    assert received.events.get(status="received").details == {"missing": 2}
    assert queries.on_order_by_product() == {}
    assert services.close(received, at=now, actor=actor).status == Order.Status.CLOSED


@pytest.mark.parametrize("command", [services.mark_received, services.close])
def test_a_draft_is_neither_received_nor_closed(line, now, actor, command):
    with pytest.raises(services.WrongMoment):
        command(line.order, at=now, actor=actor)


def test_a_cancelled_order_stays_cancelled(line, now, actor):
    services.cancel(line.order, at=now, actor=actor)

    with pytest.raises(services.WrongMoment):
        services.close(line.order, at=now, actor=actor)


def test_a_cancelled_draft_leaves_room_for_another(line, now, actor):
    services.cancel(line.order, at=now, actor=actor)

    fresh = services.open_draft(
        supplier=line.order.supplier, delivery_round=line.order.delivery_round, at=now, actor=actor
    )

    assert fresh != line.order


def test_each_command_is_done_once_per_click(line, now, actor):
    send(line.order, at=now, actor=actor)
    order = line.order
    for command in (services.mark_received, services.close):
        click = uuid4()
        command(order, at=now, actor=actor, request_id=click)
        command(order, at=now, actor=actor, request_id=click)

    assert order.events.count() == 3


def test_totals_are_exact(draft):
    OrderLineFactory.create_batch(3, order=draft, quantity=2, unit_price=Decimal("0.1001"))
    OrderLineFactory(order=draft, quantity=1, unit_price=None)
    OrderLineFactory(order=draft, quantity=0)

    totals = queries.totals(draft)

    assert (totals.lines, totals.boxes, totals.unpriced) == (4, 7, 1)
    assert totals.amount == Decimal("0.6006")


def test_recent_orders_carry_their_figures_in_one_query(
    line, now, actor, django_assert_num_queries
):
    OrderLineFactory(order=line.order, quantity=3)
    send(line.order, at=now, actor=actor)
    services.record_answer(line.order, answers={line.pk: 2}, at=now, actor=actor)

    with django_assert_num_queries(1):
        (order,) = queries.recent_orders()

    assert (order.line_count, order.box_count, order.missing_count) == (2, 9, 4)


def test_two_hundred_lines_are_answered_in_few_queries(
    draft, now, actor, django_assert_max_num_queries
):
    products = [ProductFactory(codes=False) for _ in range(200)]
    OrderLine.objects.bulk_create(
        OrderLine(order=draft, product=one, quantity=2, proposed_quantity=2) for one in products
    )
    send(draft, at=now, actor=actor)
    answers = {line.pk: 1 for line in draft.lines.all()}

    with django_assert_max_num_queries(10):
        services.record_answer(draft, answers=answers, at=now, actor=actor)
        services.note_received_many(answers)

    assert sum(queries.on_order_by_product().values()) == 0


def test_a_line_typed_after_midnight_has_the_price_of_the_pharmacys_day(draft, today, actor):
    product = ProductFactory()
    SupplierPrice.objects.create(
        supplier=draft.supplier, product=product, unit_price=Decimal("9.99"), valid_from=today
    )
    # 0 h 30 in Paris, still the day before in UTC.
    just_after_midnight = day_bounds(today)[0] + timedelta(minutes=30)

    line = services.set_line(
        draft, product=product, quantity=1, at=just_after_midnight, actor=actor
    )

    assert line.unit_price == Decimal("9.99")
