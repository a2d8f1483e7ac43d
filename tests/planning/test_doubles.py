"""Ordered twice: what is cold, narcotic or expensive leaves once, whatever message was lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from backofficine.catalog.models import LegalStatus, Storage
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.planning import doubles as words_of
from backofficine.planning import services
from backofficine.planning.models import DoubleAllowed
from backofficine.planning.queries.doubles import doubles_among, doubles_of
from backofficine.planning.services import DoubleOrder
from backofficine.promises.models import Cause
from backofficine.promises.services import promise
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import Order, OrderLine
from backofficine.stock.models import StockRule
from tests.factories import (
    ActorFactory,
    DeliveryRoundFactory,
    LocationFactory,
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    SupplierFactory,
    shop_floor,
    signed_in,
    stocked,
)

Reason = DoubleAllowed.Reason


@pytest.fixture
def cold(pharmacy):
    """What is kept in the fridge and never comes back to a supplier."""
    shop_floor()
    return ProductFactory(name="Pégatide", storage=Storage.FRIDGE, unit_cost=Decimal(180))


@pytest.fixture
def order_of(now, actor):
    """``order_of(product, 4)``: a draft, by hand, at a wholesaler of its own."""

    def made(product, boxes, **line):
        words = {"proposed_quantity": 0, "change_reason": "by_hand", "why": {"origin": "by_hand"}}
        return OrderLineFactory(product=product, quantity=boxes, **(words | line)).order

    return made


@pytest.fixture
def send(now, actor):
    def sent(order, *, request_id=None):
        return services.send_order(
            order, channel=Order.Channel.FILE, at=now, actor=actor,
            request_id=request_id or uuid4(),
        )  # fmt: skip

    return sent


@pytest.fixture
def wait(now, actor):
    """``wait(product, 4)``: a patient waits for so many."""

    def waited(product, quantity):
        return promise(
            product=product, quantity=quantity, name="Durand", cause=Cause.TOO_MANY, can_wait=True,
            is_chosen=True, all_at_once=True, at=now, actor=actor, request_id=uuid4(),
        )  # fmt: skip

    return waited


# The case -----------------------------------------------------------------------------------------


def test_four_cold_boxes_are_not_ordered_twice_because_a_message_was_lost(
    cold, order_of, send, wait
):
    wait(cold, 4)
    first = send(order_of(cold, 4))
    second = order_of(cold, 4)

    with pytest.raises(DoubleOrder) as refusal:
        send(second)

    words = str(refusal.value).replace("\u00a0", " ")
    assert f"4 en commande (C{first.number} du mardi 24 novembre, 10 h 18, sans réponse" in words
    assert "pas besoin d’une boîte de plus" in words
    second.refresh_from_db()
    assert second.is_draft, "nothing left"


def test_boxes_that_are_in_the_fridge_already_are_not_ordered_again(cold, order_of, send, wait):
    wait(cold, 4)
    stocked(product=cold, quantity=4, location=LocationFactory(fridge=True, code="FRIGO-9"))

    with pytest.raises(DoubleOrder, match="4 au frigo"):
        send(order_of(cold, 4))


def test_an_answer_that_says_no_lets_the_boxes_be_ordered(cold, order_of, send, wait, now, actor):
    wait(cold, 4)
    first = send(order_of(cold, 4))
    orders.record_answer(first, answers={first.lines.get().pk: 0}, at=now, actor=actor)

    assert send(order_of(cold, 4)).is_awaited


def test_an_answer_for_a_part_lets_the_rest_be_ordered(cold, order_of, send, wait, now, actor):
    wait(cold, 4)
    first = send(order_of(cold, 4))
    orders.record_answer(first, answers={first.lines.get().pk: 1}, at=now, actor=actor)

    with pytest.raises(DoubleOrder, match="1 en commande"):
        send(order_of(cold, 4))
    assert send(order_of(cold, 3)).is_awaited


def test_an_order_given_up_is_on_its_way_no_more(cold, order_of, send, now, actor):
    first = send(order_of(cold, 4))
    services.cancel_order(first, at=now, actor=actor)

    assert send(order_of(cold, 4)).is_awaited


def test_a_second_click_is_no_second_order(cold, order_of, send):
    order, click = order_of(cold, 4), uuid4()
    send(order, request_id=click)

    assert send(order, request_id=click).number == order.number


# Which products -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"storage": Storage.FRIDGE},
        {"legal_status": LegalStatus.NARCOTIC},
        {"is_narcotic_like": True},
        {"unit_cost": Decimal(100)},
    ],
)
def test_what_is_cold_narcotic_or_expensive_is_watched(pharmacy, order_of, send, facts):
    product = ProductFactory(**facts)
    send(order_of(product, 1))

    with pytest.raises(DoubleOrder):
        send(order_of(product, 1))


def test_an_ordinary_product_may_be_ordered_twice_a_day(pharmacy, order_of, send):
    product = ProductFactory(unit_cost=Decimal(3))
    send(order_of(product, 1))

    assert send(order_of(product, 1)).is_awaited


# What is needed -----------------------------------------------------------------------------------


def test_the_first_boxes_of_a_product_are_nobodys_double(cold, order_of, send):
    assert send(order_of(cold, 4)).is_awaited


def test_what_the_proposal_keeps_may_be_ordered(cold, order_of, send):
    stocked(product=cold, quantity=1)
    policy = {"proposed_quantity": 2, "change_reason": "", "why": {"target": 3}}

    assert send(order_of(cold, 2, **policy)).is_awaited
    with pytest.raises(DoubleOrder, match="2 en commande"):
        send(order_of(cold, 2, **policy))


def test_what_the_pharmacy_set_as_its_minimum_may_be_ordered(cold, order_of, send):
    StockRule.objects.create(product=cold, minimum=3)
    stocked(product=cold, quantity=1)

    with pytest.raises(DoubleOrder, match="il en faut 2 de plus"):
        send(order_of(cold, 3))
    assert send(order_of(cold, 2)).is_awaited


def test_a_case_is_ordered_whole(cold, order_of, send):
    cold.case_size = 5
    cold.save()
    StockRule.objects.create(product=cold, minimum=3)
    stocked(product=cold, quantity=1)

    assert send(order_of(cold, 5)).is_awaited


def test_an_expired_box_is_not_there(cold, order_of, send):
    stocked(lot=LotFactory(product=cold, expired=True), quantity=2)

    assert send(order_of(cold, 2)).is_awaited


# By hand, and elsewhere ---------------------------------------------------------------------------


def test_a_product_that_is_there_is_not_added_by_hand(cold, now, actor):
    stocked(product=cold, quantity=2)
    draft = OrderFactory()

    with pytest.raises(DoubleOrder, match="2 en rayon"):
        services.add_by_hand(draft, product=cold, quantity=1, at=now, actor=actor)
    assert not draft.lines.exists()


def test_a_short_line_is_asked_for_elsewhere_unless_the_boxes_came(
    cold, order_of, send, now, actor
):
    first = send(order_of(cold, 4))
    (short,) = services.answer_order(first, answers={first.lines.get().pk: 1}, at=now, actor=actor)
    second = DeliveryRoundFactory(
        cut_off_at=now + timedelta(hours=1), due_at=now + timedelta(hours=8)
    ).supplier

    asked = services.order_elsewhere(short, supplier=second, at=now, actor=actor)

    assert send(asked.order).is_awaited, "three of the four are still wanted"
    third = DeliveryRoundFactory(
        cut_off_at=now + timedelta(hours=1), due_at=now + timedelta(hours=8)
    ).supplier
    with pytest.raises(DoubleOrder):
        services.order_elsewhere(short, supplier=third, at=now, actor=actor)


def test_the_past_that_is_played_again_is_not_questioned(cold, order_of, send, now, actor):
    send(order_of(cold, 4))

    sent = services.send_order(
        order_of(cold, 4), channel=Order.Channel.FILE, at=now, actor=actor, request_id=uuid4(),
        is_lived=True,
    )  # fmt: skip

    assert sent.is_awaited


# A pharmacist's word ------------------------------------------------------------------------------


@pytest.fixture
def allow(now, actor, cold):
    def allowed(order, *, boxes=4, by_pharmacist=True, request_id=None):
        return services.allow_double(
            order, product=cold, boxes=boxes, reason=Reason.NEVER_LEFT,
            by_pharmacist=by_pharmacist, at=now, actor=actor, request_id=request_id or uuid4(),
        )  # fmt: skip

    return allowed


@pytest.fixture
def twice(cold, order_of, send):
    """A draft whose four boxes are on their way already."""
    send(order_of(cold, 4))
    return order_of(cold, 4)


def test_a_pharmacist_may_want_it_all_the_same(twice, allow, send):
    word = allow(twice)

    assert word.already == 4
    assert send(twice).is_awaited


def test_nobody_else_may(twice, allow, send):
    with pytest.raises(services.PharmacistOnly):
        allow(twice, by_pharmacist=False)
    with pytest.raises(DoubleOrder):
        send(twice)


def test_the_word_holds_for_its_boxes_only(twice, allow, send, now, actor, cold):
    allow(twice)
    orders.set_line(twice, product=cold, quantity=5, at=now, actor=actor, reason="other")

    with pytest.raises(DoubleOrder):
        send(twice)


def test_the_word_does_not_hold_once_more_has_come(twice, allow, send, cold):
    allow(twice)
    stocked(product=cold, quantity=1)

    with pytest.raises(DoubleOrder, match="1 en rayon"):
        send(twice)


def test_a_word_is_said_once_by_one_click(twice, allow):
    click = uuid4()

    assert allow(twice, request_id=click) == allow(twice, request_id=click)


def test_nothing_to_allow_is_said(cold, order_of, allow):
    with pytest.raises(services.NotDouble):
        allow(order_of(cold, 4))


def test_a_word_may_add_the_line(cold, order_of, send, allow, now):
    send(order_of(cold, 4))
    draft = OrderFactory()

    allow(draft, boxes=1)

    assert draft.lines.get().quantity == 1
    assert doubles_of(draft, on=now.date()) == []


def test_the_database_wants_the_reason_and_keeps_the_word(twice, allow, cold):
    word = allow(twice)

    for wrong in ({"reason": ""}, {"boxes": 0}, {"already": 0}):
        values = {
            "order": twice, "product": cold, "boxes": 1, "already": 1, "reason": "unfit",
            "decided_at": word.decided_at, "actor": word.actor, "request_id": uuid4(),
        }  # fmt: skip
        with (
            pytest.raises(IntegrityError, match="a_double_is_of_something_and_says_why"),
            transaction.atomic(),
        ):
            DoubleAllowed.objects.create(**(values | wrong))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        DoubleAllowed.objects.filter(pk=word.pk).update(boxes=9)


# Reading ------------------------------------------------------------------------------------------


def test_an_order_without_guarded_products_is_read_in_two_questions(
    pharmacy, django_assert_max_num_queries, today
):
    order = OrderFactory()
    for _each in range(5):
        OrderLineFactory(order=order, product=ProductFactory(unit_cost=Decimal(2)))

    with django_assert_max_num_queries(2):
        assert doubles_of(order, on=today) == []


def test_doses_count_as_boxes_of_so_many(pharmacy, today):
    shop_floor()
    product = ProductFactory(
        storage=Storage.FRIDGE, stock_unit="dose", doses_per_box=10, unit_cost=Decimal(1)
    )
    stocked(product=product, quantity=15)
    StockRule.objects.create(product=product, minimum=20)

    (double,) = doubles_among(OrderFactory(), [(product, 2, 0)], on=today)

    assert (double.needed, double.already) == (1, 15)
    assert "15 en rayon" in words_of.what_is_there(double)


# Two people at once -------------------------------------------------------------------------------


@pytest.mark.usefixtures("committed_db")
def test_two_people_send_the_same_cold_boxes_at_the_same_instant_and_one_order_leaves(now):
    shop_floor()
    actor = ActorFactory()
    product = ProductFactory(storage=Storage.FRIDGE, unit_cost=Decimal(180))
    drafts = [
        OrderLineFactory(product=product, quantity=4, proposed_quantity=0, why={}).order
        for _each in range(2)
    ]
    gate = Barrier(2)

    def run(order):
        try:
            gate.wait()
            return services.send_order(
                Order.objects.get(pk=order.pk), channel=Order.Channel.FILE, at=now, actor=actor,
                request_id=uuid4(),
            )  # fmt: skip
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, drafts))

    assert sorted(type(one) is DoubleOrder for one in results) == [False, True]
    assert Order.objects.filter(status="sent").count() == 1


# Pages --------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _stopped(now):
    clock.fix(now)
    yield
    clock.fix(None)


def words(response):
    return response.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture
def technician(pharmacy):
    return signed_in(PersonFactory(technician=True))


@pytest.fixture
def pharmacist(pharmacy):
    return signed_in(PersonFactory(pharmacist=True))


def test_sending_leads_to_what_is_there(technician, twice):
    answer = technician.post(
        reverse("planning:send", args=[twice.public_id]), {"channel": "file", "request_id": uuid4()}
    )
    page = words(technician.get(answer.headers["Location"]))

    assert "serait commandé deux fois" in page
    assert "4 en commande" in page
    assert "Seul un pharmacien" in page
    assert "Commander quand même" not in page


def test_a_line_is_taken_off_by_its_button(technician, twice):
    line = twice.lines.get()

    technician.post(
        reverse("planning:line", args=[line.pk]),
        {"quantity": 0, "reason": "doubt", "seen": line.version},
    )

    line.refresh_from_db()
    assert line.quantity == 0
    assert "Rien n’est commandé deux fois" in words(
        technician.get(reverse("planning:doubles", args=[twice.public_id]))
    )


def test_a_pharmacist_says_why_and_the_order_leaves(pharmacist, twice, cold, send):
    address = reverse("planning:allow_double", args=[twice.public_id])
    typed = {"product": cold.public_id, "boxes": 4, "request_id": uuid4()}

    refused = pharmacist.post(address, typed | {"reason": ""})
    pharmacist.post(address, typed | {"reason": "never_left"})

    assert refused.status_code == 422
    assert DoubleAllowed.objects.get().reason == "never_left"
    assert send(twice).is_awaited


def test_a_technician_who_asks_for_it_is_refused(technician, twice, cold):
    answer = technician.post(
        reverse("planning:allow_double", args=[twice.public_id]),
        {"product": cold.public_id, "boxes": 4, "request_id": uuid4(), "reason": "never_left"},
    )

    assert answer.status_code == 422
    assert not DoubleAllowed.objects.exists()


def test_adding_by_hand_what_is_there_leads_to_the_same_page(pharmacist, cold, this_round, main):
    stocked(product=cold, quantity=2)
    draft = OrderFactory(supplier=main, delivery_round=this_round)

    answer = pharmacist.post(
        reverse("planning:add", args=[draft.public_id]), {"product": cold.public_id}
    )
    page = words(pharmacist.get(answer.headers["Location"]))

    assert "2 en rayon" in page
    assert "Commander quand même" in page
    assert not OrderLine.objects.exists()


def test_a_supplier_that_is_asked_for_again_says_so(technician, twice):
    page = words(technician.get(reverse("planning:doubles", args=[twice.public_id])))

    assert SupplierFactory._meta.model.objects.count() == 2
    assert "pas besoin d’une boîte de plus" in page
