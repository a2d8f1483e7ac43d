"""Finding, guarding, waiting, and the lanes of the board."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.promises import services
from backofficine.promises.models import Promise
from backofficine.promises.queries import (
    LaneName,
    board,
    find,
    guard,
    late_count,
    promised_by_product,
    waiting_for,
)
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.stock.models import Location
from backofficine.team.models import Actor
from tests.factories import LocationFactory, LotFactory, ProductFactory, stocked
from tests.promises.conftest import Promising

Aside = Callable[[Promise], Promise]


@pytest.fixture
def aside(floor: dict[str, Location], actor: Actor, now: datetime) -> Aside:
    def put(promise: Promise) -> Promise:
        lot = stocked(promise.product, 5, location=floor["dock"])
        services.set_aside(
            promise, lot=lot, source=floor["dock"], quantity=promise.quantity, at=now, actor=actor,
            request_id=uuid4(), by_pharmacist=True,
        )  # fmt: skip
        return promise

    return put


# What the patient says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "dup", "DUPRÉ", "dupre", "mar", "Marie Dupré", "dupre mar", "Mme Dupré", "durand",
        "6 12 34 98 76", "98 76", "9876", "0612349876", "+33 6 12 34 98 76",
        "1", "n° 1", "PROMIS-1", "promis 1", "ramivantine", "rami 5", "27", "casier 27",
    ],
)  # fmt: skip
def test_a_promise_is_found_by_what_the_patient_says(
    promising: Promising, aside: Aside, said: str
) -> None:
    LocationFactory(promise_slot=True, code="CASIER-27", walk_order=0)
    wanted = aside(promising(name="Mme DUPRÉ-DURAND Marie", phone="06 12 34 98 76"))
    promising(name="LEROY Paul", product=ProductFactory(), phone="06 00 00 00 11")

    assert find(said) == [wanted]


@pytest.mark.parametrize("said", ["", "  ", "dupl", "9999", "Marie Leroy", "<b>", "4242", "%"])
def test_nobody_is_found_by_what_fits_nobody(promising: Promising, said: str) -> None:
    promising(name="DUPRÉ Marie", phone="0612349876")

    assert find(said) == []


def test_closed_promises_are_not_found(promising: Promising, actor: Actor, now: datetime) -> None:
    services.cancel(promising(name="DUPRÉ"), at=now, actor=actor)

    assert find("dupre") == []


def test_what_is_found_is_bounded(promising: Promising) -> None:
    for _ in range(25):
        promising(name="DUPRÉ Marie")

    assert len(find("dup")) == 20


# Before promising -------------------------------------------------------------------------------


def test_the_guard_says_what_is_there_and_where(
    pharmacy: object, product: Product, now: datetime
) -> None:
    shelf = LocationFactory(code="T1-A-01")
    stocked(product, 2, location=shelf)
    stocked(product, 3, location=shelf, lot=LotFactory(product=product, expired=True))

    seen = guard(product, at=now)

    assert (seen.available, seen.is_clear) == (2, False)
    assert [(place.location, place.quantity) for place in seen.places] == [(shelf, 2)]


def test_the_guard_tells_free_boxes_on_order(
    promising: Promising, sent_order: Order, product: Product, now: datetime
) -> None:
    promising()

    seen = guard(product, at=now)

    assert (seen.on_order, seen.promised, seen.free_on_order) == (2, 1, 1)
    assert sent_order.delivery_round is not None
    assert seen.due_at == sent_order.delivery_round.due_at


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ({"name": "Éloïse Martin"}, True),
        ({"name": "martin eloise"}, True),
        ({"name": "MARTIN", "phone": "0612349876"}, True),
        ({"name": "MARTIN Paul"}, False),
        ({"name": "DURAND", "phone": "0612349876"}, False),
        ({"name": ""}, False),
        ({"name": "someone", "patient_key": "LGO 77"}, True),
    ],
)
def test_the_guard_knows_the_same_patient_again(
    promising: Promising, product: Product, now: datetime, words: dict[str, str], known: bool
) -> None:
    by_key = "patient_key" in words
    promise = promising(
        name="MARTIN Éloïse", phone="06 12 34 98 76", patient_key="LGO 77" if by_key else ""
    )

    assert guard(product, at=now, **words).same_patient == ((promise,) if known else ())


def test_nothing_stands_in_the_way_of_a_new_product(
    pharmacy: object, product: Product, now: datetime
) -> None:
    assert guard(product, at=now, name="MARTIN").is_clear


# Who is next ------------------------------------------------------------------------------------


def test_the_next_box_goes_to_the_earliest_on_order_then_to_those_to_order(
    promising: Promising, sent_order: Order, product: Product, actor: Actor, now: datetime
) -> None:
    ordered = [promising(), promising()]
    services.mark_ordered(sent_order, at=now, actor=actor)
    later = promising()
    Promise.objects.filter(pk=ordered[1].pk).update(promised_at=now - timedelta(hours=1))

    assert waiting_for(product) == [ordered[1], ordered[0], later]


def test_what_is_owed_is_what_is_not_yet_set_aside(
    promising: Promising, aside: Aside, product: Product, actor: Actor, now: datetime
) -> None:
    other = ProductFactory()
    promising(quantity=3)
    promising(quantity=2, product=other)
    aside(promising(name="DURAND", quantity=4))
    services.cancel(promising(quantity=9), at=now, actor=actor)

    assert promised_by_product([product.pk, other.pk]) == {product.pk: 3, other.pk: 2}
    assert promised_by_product() == {product.pk: 3, other.pk: 2}
    assert promised_by_product([]) == {}


# The board --------------------------------------------------------------------------------------


def lanes_of(at: datetime) -> dict[LaneName, list[int]]:
    return {
        lane.name: [card.promise.number for card in lane.cards]
        for lane in board(at).lanes
        if lane.cards
    }


def test_each_promise_stands_in_its_lane(
    promising: Promising, aside: Aside, sent_order: Order, actor: Actor, now: datetime
) -> None:
    promising(quantity=2)
    services.mark_ordered(sent_order, at=now, actor=actor)
    promising(name="DURAND")
    aside(promising(name="LEROY", product=ProductFactory()))
    told = aside(promising(name="PETIT", product=ProductFactory()))
    services.tell(told, at=now, actor=actor)
    abandoned = aside(promising(name="ROUX", product=ProductFactory()))
    services.abandon(abandoned, at=now, actor=actor)

    assert lanes_of(now) == {
        LaneName.ORDERED: [1],
        LaneName.TO_ORDER: [2],
        LaneName.IN_SLOT: [3],
        LaneName.TOLD: [4],
        LaneName.NOT_COLLECTED: [5],
    }


def test_a_promise_is_late_once_its_hour_is_past_and_no_box_waits(
    promising: Promising, aside: Aside, afternoon: DeliveryRound, now: datetime
) -> None:
    promising()
    aside(promising(name="DURAND", product=ProductFactory()))
    tomorrow = now + timedelta(days=1)

    assert lanes_of(tomorrow) == {LaneName.LATE: [1], LaneName.IN_SLOT: [2]}
    assert (late_count(now), late_count(tomorrow)) == (0, 1)
    assert board(now).due_today == 1


def test_a_bag_that_waits_too_long_is_not_collected(
    promising: Promising, aside: Aside, now: datetime
) -> None:
    aside(promising())

    assert lanes_of(now + timedelta(days=14)) == {LaneName.IN_SLOT: [1]}
    assert lanes_of(now + timedelta(days=16)) == {LaneName.NOT_COLLECTED: [1]}


def test_the_hour_said_holds_until_its_round_can_no_longer_be_caught(
    promising: Promising, afternoon: DeliveryRound, now: datetime
) -> None:
    promising()

    def holds(at: datetime) -> bool | None:
        return board(at).lane(LaneName.TO_ORDER).cards[0].hour.holds

    assert holds(now) is True
    assert holds(afternoon.cut_off_at + timedelta(minutes=1)) is False


def test_the_hour_said_does_not_hold_if_the_order_comes_later(
    promising: Promising, sent_order: Order, actor: Actor, now: datetime
) -> None:
    promise = promising()
    services.mark_ordered(sent_order, at=now, actor=actor)
    assert board(now).lane(LaneName.ORDERED).cards[0].hour.holds is True

    Promise.objects.filter(pk=promise.pk).update(promised_at=now + timedelta(minutes=5))

    assert board(now).lane(LaneName.ORDERED).cards[0].hour.holds is False


def test_what_was_billed_shows_the_last_day_to_credit_it(
    promising: Promising, now: datetime
) -> None:
    promising(is_billed=True)

    card = board(now).lane(LaneName.TO_ORDER).cards[0]

    assert f"{card.credit_by}" == "2026-12-04"


def test_last_week_is_told_by_what_was_in_its_slot_at_the_hour_said(
    promising: Promising, aside: Aside, afternoon: DeliveryRound, now: datetime
) -> None:
    aside(promising())
    promising(name="DURAND", cause="wrong_stock")

    seen = board(now + timedelta(days=1))

    assert (seen.week_kept, seen.week_due, seen.week_wrong_stock) == (1, 2, 1)
    assert seen.week_kept_rate == 50


def test_the_board_reads_as_much_for_thirty_promises_as_for_three(
    promising: Promising, now: datetime, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(30):
        promising(name=f"PATIENT{number}")

    with django_assert_max_num_queries(9):  # type: ignore[attr-defined]
        assert sum(lane.count for lane in board(now).lanes) == 30
