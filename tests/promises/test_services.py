"""Promises by command: each step, each refusal, nothing twice."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.promises import services
from backofficine.promises.models import NEXT, Promise, PromiseEvent, Status
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.stock import queries as stock
from backofficine.stock import services as ledger
from backofficine.stock.models import (
    CountRequest,
    DemandLine,
    Location,
    LotHold,
    NarcoticVisa,
    Posting,
)
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from backofficine.team.models import Actor
from tests.factories import (
    DeliveryRoundFactory,
    LocationFactory,
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    stocked,
)
from tests.promises.conftest import Promising


def held_at(place: Location, product: Product) -> int:
    return sum(balance.on_hand for balance in stock.balances_at(product, place))


@pytest.fixture
def aside(
    promising: Promising, product: Product, floor: dict[str, Location], actor: Actor, now: datetime
) -> Any:
    """A promise whose boxes wait in the slot: ``aside(quantity=2, boxes=1)``."""

    def make(*, boxes: int | None = None, **words: Any) -> Promise:
        promise = promising(**words)
        lot = stocked(promise.product, 10, location=floor["dock"])
        services.set_aside(
            promise, lot=lot, source=floor["dock"], quantity=boxes or promise.quantity, at=now,
            actor=actor, request_id=uuid4(), by_pharmacist=True,
        )  # fmt: skip
        return promise

    return make


# Promising --------------------------------------------------------------------------------------


def test_a_promise_is_numbered_and_its_missing_boxes_are_demand(
    promising: Promising, product: Product
) -> None:
    first, second = promising(quantity=2), promising(name="DURAND")

    assert (first.number, second.number) == (1, 2)
    asked = DemandLine.objects.filter(product=product, kind=DemandLine.Kind.MISSING)
    assert sorted(asked.values_list("quantity", flat=True)) == [1, 2]


def test_the_same_form_sent_twice_promises_once(promising: Promising) -> None:
    request_id = uuid4()

    again = [promising(request_id=request_id) for _ in range(2)]

    assert again[0] == again[1]
    assert Promise.objects.count() == DemandLine.objects.count() == 1


def test_a_promise_is_made_for_the_next_round_and_its_hour(
    afternoon: DeliveryRound, promising: Promising
) -> None:
    promise = promising()

    assert promise.delivery_round == afternoon
    assert promise.promised_at is not None
    assert promise.promised_at >= afternoon.due_at


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"quantity": 0}, services.NothingPromised),
        ({"name": " . "}, services.UnreadableName),
        ({"phone": "12"}, services.UnreadablePhone),
    ],
)
def test_a_promise_that_says_nothing_is_refused(
    promising: Promising, words: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        promising(**words)

    assert not Promise.objects.exists()


def test_what_is_there_is_served_first_and_the_rest_promised(
    promising: Promising, product: Product, actor: Actor, now: datetime
) -> None:
    stocked(product, 2)
    words: dict[str, Any] = {
        "wanted": 3, "name": "MARTIN", "cause": "too_many", "is_chosen": False, "at": now,
        "actor": actor, "request_id": uuid4(), "by_pharmacist": False,
    }  # fmt: skip

    withdrawal, owed = services.serve_and_promise(product, **words)
    repeated = services.serve_and_promise(product, **words)

    assert withdrawal is not None
    assert sum(line.quantity for line in withdrawal.lines) == 2
    assert owed is not None
    assert owed.quantity == 1
    assert repeated[1] == owed
    assert stock.on_hand(product) == 0
    kinds = DemandLine.objects.values_list("kind", "quantity").order_by("kind")
    assert list(kinds) == [("missing", 1), ("served", 2)]


def test_what_was_served_whole_is_not_promised_by_a_second_click(
    promising: Promising, product: Product, actor: Actor, now: datetime
) -> None:
    stocked(product, 3)
    words: dict[str, Any] = {
        "wanted": 2, "name": "MARTIN", "cause": "too_many", "is_chosen": False, "at": now,
        "actor": actor, "request_id": uuid4(), "by_pharmacist": False,
    }  # fmt: skip

    first = services.serve_and_promise(product, **words)
    again = services.serve_and_promise(product, **words)

    assert first[1] is again[1] is None
    assert again[0] is not None
    assert again[0].is_repeat
    assert stock.on_hand(product) == 1
    assert not Promise.objects.exists()


def test_another_round_can_be_promised_while_no_box_is_there(
    promising: Promising, actor: Actor, now: datetime, afternoon: DeliveryRound
) -> None:
    promise = promising()
    later = DeliveryRoundFactory(
        supplier=afternoon.supplier,
        cut_off_at=now + timedelta(hours=20),
        due_at=now + timedelta(hours=24),
    )

    services.promise_again(promise, delivery_round=later, at=now, actor=actor)

    assert promise.delivery_round == later
    assert promise.events.filter(kind=PromiseEvent.Kind.NEW_ROUND).count() == 1


@pytest.mark.parametrize("name", ["tell", "cancel", "abandon", "promise_again"])
def test_an_act_sent_twice_is_done_once(
    aside: Any, promising: Promising, actor: Actor, now: datetime, afternoon: DeliveryRound,
    name: str,
) -> None:  # fmt: skip
    promise = aside() if name in ("tell", "abandon") else promising()
    words: dict[str, Any] = {"at": now, "actor": actor, "request_id": uuid4()}
    if name == "promise_again":
        words["delivery_round"] = afternoon

    for _ in range(2):
        getattr(services, name)(promise, **words)

    assert promise.events.filter(request_id=words["request_id"]).count() == 1


# Ordering ---------------------------------------------------------------------------------------


def test_an_order_takes_the_earliest_promises_it_covers(
    promising: Promising, sent_order: Order, actor: Actor, now: datetime
) -> None:
    early, late = promising(quantity=2), promising(name="DURAND")

    ordered = services.mark_ordered(sent_order, at=now, actor=actor)
    again = services.mark_ordered(sent_order, at=now, actor=actor)

    assert (ordered, again) == ([early], [])
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, late.status) == (Status.ORDERED, Status.TO_ORDER)
    assert early.order_line is not None
    assert early.order_line.order == sent_order


def test_boxes_of_a_divisible_product_cover_their_doses(
    promising: Promising, afternoon: DeliveryRound, actor: Actor, now: datetime
) -> None:
    doses = ProductFactory(divisible=True)
    order = OrderFactory(delivery_round=afternoon, sent=True)
    OrderLineFactory(order=order, product=doses, quantity=1)
    promise = promising(product=doses, quantity=14)

    assert services.mark_ordered(order, at=now, actor=actor) == [promise]


def test_what_an_order_did_not_bring_is_to_order_again(
    promising: Promising, sent_order: Order, actor: Actor, now: datetime
) -> None:
    promise = promising()
    services.mark_ordered(sent_order, at=now, actor=actor)

    released = services.release_unfilled(sent_order, at=now, actor=actor)

    promise.refresh_from_db()
    assert released == [promise]
    assert (promise.status, promise.order_line) == (Status.TO_ORDER, None)


# The slot ---------------------------------------------------------------------------------------


def test_a_box_set_aside_waits_in_a_slot_of_its_own(aside: Any, slot: Location) -> None:
    promise = aside(quantity=2)

    assert (promise.status, promise.slot) == (Status.IN_SLOT, slot)
    assert held_at(slot, promise.product) == 2
    assert promise.ready_at is not None
    assert stock.on_hand(promise.product) == 8, "what is set aside serves nobody else"


def test_setting_aside_the_same_box_twice_moves_it_once(
    promising: Promising, product: Product, floor: dict[str, Location], slot: Location,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    promise = promising(quantity=3)
    lot = stocked(product, 10, location=floor["dock"])
    words: dict[str, Any] = {
        "lot": lot, "source": floor["dock"], "quantity": 1, "at": now, "actor": actor,
        "request_id": uuid4(),
    }  # fmt: skip

    first = services.set_aside(promise, **words)
    second = services.set_aside(promise, **words)

    assert first == second
    promise.refresh_from_db()
    assert (promise.aside_quantity, held_at(slot, product)) == (1, 1)


def test_an_ordered_promise_arrives_before_its_slot(
    promising: Promising, sent_order: Order, product: Product, floor: dict[str, Location],
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    promise = promising()
    services.mark_ordered(sent_order, at=now, actor=actor)
    lot = stocked(product, 2, location=floor["dock"])

    services.set_aside(
        promise, lot=lot, source=floor["dock"], quantity=1, at=now, actor=actor, request_id=uuid4()
    )

    said = list(promise.events.order_by("pk").values_list("status", flat=True))
    assert said == ["to_order", "ordered", "arrived", "in_slot"]


def test_a_part_can_wait_and_be_completed_later(
    aside: Any, floor: dict[str, Location], actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=3, boxes=1)
    lot = stocked(promise.product, 5, location=floor["dock"])

    services.set_aside(
        promise, lot=lot, source=floor["dock"], quantity=2, at=now, actor=actor, request_id=uuid4()
    )

    assert (promise.aside_quantity, promise.missing_quantity, promise.is_ready) == (3, 0, True)


def test_a_box_found_where_the_record_had_none_is_set_aside_all_the_same(
    promising: Promising, product: Product, floor: dict[str, Location], slot: Location,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    promise = promising()

    services.set_aside(
        promise, lot=LotFactory(product=product), source=floor["shelf"], quantity=1, at=now,
        actor=actor, request_id=uuid4(),
    )  # fmt: skip

    assert held_at(slot, product) == 1
    assert CountRequest.objects.filter(product=product, why="found").count() == 1


def test_no_more_is_set_aside_than_owed(
    promising: Promising, product: Product, floor: dict[str, Location], actor: Actor, now: datetime
) -> None:
    lot = stocked(product, 5, location=floor["dock"])

    with pytest.raises(services.TooMany):
        services.set_aside(
            promising(), lot=lot, source=floor["dock"], quantity=2, at=now, actor=actor,
            request_id=uuid4(),
        )  # fmt: skip


@pytest.mark.parametrize("held", [False, True])
def test_an_expired_or_recalled_box_is_never_set_aside(
    promising: Promising, product: Product, floor: dict[str, Location], actor: Actor, now: datetime,
    held: bool,
) -> None:  # fmt: skip
    lot = LotFactory(product=product, expired=not held)
    stocked(product, 5, location=floor["dock"], lot=lot)
    if held:
        LotHold.objects.create(lot=lot, kind="recalled", held_at=now, held_by=actor)

    with pytest.raises(ledger.HeldLot if held else ledger.ExpiredLot):
        services.set_aside(
            promising(), lot=lot, source=floor["dock"], quantity=1, at=now, actor=actor,
            request_id=uuid4(),
        )  # fmt: skip


def test_lines_of_one_visit_share_a_slot_and_visits_do_not(
    promising: Promising, floor: dict[str, Location]
) -> None:
    LocationFactory(promise_slot=True)
    visit = uuid4()
    one, two = promising(bundle=visit), promising(bundle=visit, product=ProductFactory())
    other = promising(name="DURAND")

    slots = [services.reserve_slot(promise) for promise in (one, two, other)]

    assert slots[0] == slots[1] != slots[2]


def test_the_fullest_cupboard_still_takes_a_bag(promising: Promising, slot: Location) -> None:
    promises = [promising(name=f"PATIENT{letter}") for letter in "ABC"]

    assert {services.reserve_slot(promise) for promise in promises} == {slot}


def test_a_cold_promise_waits_in_the_fridge(
    promising: Promising, slot: Location, cold_slot: Location
) -> None:
    cold = promising(product=ProductFactory(cold=True))

    assert services.reserve_slot(cold) == cold_slot
    assert services.reserve_slot(promising()) == slot


def test_without_a_fridge_slot_a_cold_promise_says_what_to_do(promising: Promising) -> None:
    with pytest.raises(services.NoSlot):
        services.reserve_slot(promising(product=ProductFactory(cold=True)))


def test_a_narcotic_waits_in_the_safe_and_only_a_pharmacist_moves_it(
    promising: Promising, floor: dict[str, Location], actor: Actor, now: datetime
) -> None:
    narcotic = ProductFactory(narcotic=True)
    promise = promising(product=narcotic)
    lot = stocked(narcotic, 4, location=floor["safe"])
    words: dict[str, Any] = {
        "lot": lot, "source": floor["safe"], "quantity": 1, "at": now, "actor": actor,
        "request_id": uuid4(),
    }  # fmt: skip

    with pytest.raises(NarcoticNeedsPharmacist):
        services.set_aside(promise, **words)
    posting = services.set_aside(promise, **words, by_pharmacist=True)

    assert posting is None
    assert (promise.slot, promise.aside_quantity) == (floor["safe"], 1)
    assert held_at(floor["safe"], narcotic) == 4


# Telling and handing over -----------------------------------------------------------------------


def test_one_notice_waits_for_every_line_of_the_visit(
    aside: Any, promising: Promising, actor: Actor, now: datetime
) -> None:
    visit = uuid4()
    ready = aside(bundle=visit)
    promising(bundle=visit, product=ProductFactory())

    with pytest.raises(services.BundleNotReady):
        services.tell(ready, at=now, actor=actor)
    told = services.tell(ready, at=now, actor=actor, anyway=True)

    assert [promise.status for promise in told] == [Status.TOLD]


def test_telling_one_line_tells_the_visit(aside: Any, actor: Actor, now: datetime) -> None:
    visit = uuid4()
    one, two = aside(bundle=visit), aside(bundle=visit, product=ProductFactory())

    assert len(services.tell(one, at=now, actor=actor)) == 2

    two.refresh_from_db()
    assert (two.status, two.told_at) == (Status.TOLD, now)


def test_a_promise_handed_over_is_collected_and_asks_no_new_demand(
    aside: Any, slot: Location, actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=2)
    before = DemandLine.objects.count()

    posting = services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    promise.refresh_from_db()
    assert (promise.status, promise.closed_at) == (Status.COLLECTED, now)
    assert posting.reason == Posting.Reason.HAND_OVER
    assert held_at(slot, promise.product) == 0
    assert DemandLine.objects.count() == before


def test_a_double_click_hands_over_once(aside: Any, actor: Actor, now: datetime) -> None:
    promise, request_id = aside(quantity=2), uuid4()

    postings = {
        services.hand_over(promise, quantity=1, at=now, actor=actor, request_id=request_id)
        for _ in range(2)
    }

    promise.refresh_from_db()
    assert len(postings) == 1
    assert (promise.collected_quantity, promise.aside_quantity) == (1, 1)


def test_a_part_handed_over_leaves_the_rest_waiting(
    aside: Any, actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=3)

    services.hand_over(promise, quantity=1, at=now, actor=actor, request_id=uuid4())

    assert (promise.status, promise.is_partial, promise.due_quantity) == (Status.IN_SLOT, True, 2)


def test_what_the_slot_lacked_is_to_order_after_the_part(
    aside: Any, actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=3, boxes=1)
    services.tell(promise, at=now, actor=actor, anyway=True)

    services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    promise.refresh_from_db()
    assert (promise.status, promise.slot, promise.due_quantity) == (Status.TO_ORDER, None, 2)


def test_what_the_slot_lacked_and_is_on_order_stays_on_order(
    aside: Any, sent_order: Order, actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=2, boxes=1)
    services.mark_ordered(sent_order, at=now, actor=actor)

    services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    promise.refresh_from_db()
    assert promise.status == Status.ORDERED


def test_a_box_that_expired_in_its_slot_is_refused(
    aside: Any, slot: Location, actor: Actor, now: datetime
) -> None:
    promise = aside()

    with pytest.raises(ledger.ExpiredLot):
        services.hand_over(promise, at=now + timedelta(days=900), actor=actor, request_id=uuid4())

    promise.refresh_from_db()
    assert (promise.status, held_at(slot, promise.product)) == (Status.IN_SLOT, 1)


def test_a_lot_recalled_in_its_slot_is_refused(aside: Any, actor: Actor, now: datetime) -> None:
    promise = aside()
    lot = promise.product.lots.get()
    LotHold.objects.create(lot=lot, kind="recalled", held_at=now, held_by=actor)

    with pytest.raises(ledger.HeldLot):
        services.hand_over(promise, at=now, actor=actor, request_id=uuid4())


def test_a_narcotic_given_by_a_technician_awaits_a_visa(
    aside: Any, actor: Actor, now: datetime
) -> None:
    promise = aside(product=ProductFactory(narcotic=True))

    posting = services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    assert NarcoticVisa.objects.filter(posting=posting, given_at=None).count() == 1


@pytest.mark.parametrize("quantity", [0, 2])
def test_no_more_is_handed_over_than_waits(
    aside: Any, actor: Actor, now: datetime, quantity: int
) -> None:
    with pytest.raises(services.TooMany):
        services.hand_over(aside(), quantity=quantity, at=now, actor=actor, request_id=uuid4())


def test_nothing_is_handed_over_from_an_empty_slot(
    promising: Promising, actor: Actor, now: datetime
) -> None:
    with pytest.raises(services.NothingInSlot):
        services.hand_over(promising(), at=now, actor=actor, request_id=uuid4())


# The ends nobody wished for ---------------------------------------------------------------------


def test_what_is_not_there_yet_is_cancelled(
    promising: Promising, actor: Actor, now: datetime
) -> None:
    promise = promising()

    services.cancel(promise, at=now, actor=actor)

    promise.refresh_from_db()
    assert (promise.status, promise.closed_at) == (Status.CANCELLED, now)


def test_boxes_in_a_slot_are_put_back_before_a_promise_ends(
    aside: Any, product: Product, floor: dict[str, Location], slot: Location, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    promise = aside(quantity=2)

    with pytest.raises(services.WrongMoment):
        services.cancel(promise, at=now, actor=actor)
    with pytest.raises(services.WrongMoment):
        services.restock(promise, at=now, actor=actor, request_id=uuid4())
    services.abandon(promise, at=now, actor=actor)
    posting = services.restock(promise, at=now, actor=actor, request_id=uuid4())

    assert posting is not None
    assert posting.reason == Posting.Reason.RESTOCK
    assert (promise.status, promise.aside_quantity) == (Status.RESTOCKED, 0)
    assert (held_at(slot, product), stock.on_hand(product)) == (0, 10)


def test_boxes_nobody_collected_go_back_to_the_supplier(
    aside: Any, product: Product, actor: Actor, now: datetime
) -> None:
    promise = aside()
    services.abandon(promise, at=now, actor=actor)

    services.return_to_supplier(promise, at=now, actor=actor, request_id=uuid4())

    assert promise.status == Status.RETURNED
    assert stock.on_hand(product) == 9


def test_a_bag_lost_from_its_slot_is_to_order_again(
    aside: Any, product: Product, slot: Location, actor: Actor, now: datetime
) -> None:
    promise = aside()
    services.tell(promise, at=now, actor=actor)

    posting = services.unset(promise, at=now, actor=actor, request_id=uuid4())

    promise.refresh_from_db()
    assert posting is not None
    assert posting.reason == Posting.Reason.COUNT
    assert (promise.status, promise.aside_quantity) == (Status.TO_ORDER, 0)
    assert held_at(slot, product) == 0


def test_only_a_pharmacist_says_that_a_narcotic_is_not_in_its_slot(
    promising: Promising, floor: dict[str, Location], actor: Actor, now: datetime
) -> None:
    narcotic = ProductFactory(narcotic=True)
    keeper = LocationFactory(promise_slot=True, code="C-P1", parent=floor["safe"])
    promise = promising(product=narcotic)
    services.set_aside(
        promise, lot=stocked(narcotic, 1, location=floor["safe"]), source=floor["safe"],
        quantity=1, at=now, actor=actor, request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip
    assert promise.slot == keeper

    with pytest.raises(NarcoticNeedsPharmacist):
        services.unset(promise, at=now, actor=actor, request_id=uuid4())
    services.unset(promise, at=now, actor=actor, request_id=uuid4(), by_pharmacist=True)

    assert held_at(keeper, narcotic) == 0


def test_a_box_handed_over_unknown_to_the_record_is_not_of_an_expired_lot(
    aside: Any, product: Product, slot: Location, actor: Actor, now: datetime
) -> None:
    promise = aside()
    ledger.count(product, location=slot, counted=0, at=now, actor=actor, request_id=uuid4())
    expired = stocked(product, 1, lot=LotFactory(product=product, expired=True))

    posting = services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    assert not posting.moves.filter(lot=expired).exists()


def test_only_what_was_billed_and_not_collected_is_credited(
    aside: Any, actor: Actor, now: datetime
) -> None:
    billed, unbilled = aside(is_billed=True), aside(name="DURAND")

    services.credit(billed, at=now, actor=actor)

    assert billed.credited_at == now
    for promise in (billed, unbilled):
        with pytest.raises(services.NothingToCredit):
            services.credit(promise, at=now, actor=actor)


@pytest.mark.parametrize("end", ["cancel", "abandon", "arrive"])
def test_a_closed_promise_moves_no_more(aside: Any, actor: Actor, now: datetime, end: str) -> None:
    promise = aside()
    services.hand_over(promise, at=now, actor=actor, request_id=uuid4())

    with pytest.raises(services.WrongMoment) as refusal:
        getattr(services, end)(promise, at=now, actor=actor)

    assert str(promise.get_status_display()) in str(refusal.value)


def test_the_table_of_states_is_the_one_of_the_model() -> None:
    assert NEXT[Status.TO_ORDER] == {Status.ORDERED, Status.IN_SLOT, Status.CANCELLED}
    assert NEXT[Status.ORDERED] == {Status.ARRIVED, Status.TO_ORDER, Status.CANCELLED}
    assert NEXT[Status.ARRIVED] == {Status.IN_SLOT, Status.TO_ORDER, Status.CANCELLED}
    assert NEXT[Status.IN_SLOT] == {
        Status.TOLD, Status.COLLECTED, Status.ABANDONED, Status.TO_ORDER,
    }  # fmt: skip
    assert NEXT[Status.TOLD] == {Status.COLLECTED, Status.ABANDONED, Status.IN_SLOT}
    assert NEXT[Status.ABANDONED] == {Status.RESTOCKED, Status.RETURNED}


def test_after_a_whole_life_the_ledger_still_adds_up(
    aside: Any, actor: Actor, now: datetime
) -> None:
    promise = aside(quantity=3)
    services.hand_over(promise, quantity=2, at=now, actor=actor, request_id=uuid4())
    services.abandon(promise, at=now, actor=actor)
    services.restock(promise, at=now, actor=actor, request_id=uuid4())

    assert stock.audit().is_sound
