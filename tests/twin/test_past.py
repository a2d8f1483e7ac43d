"""The demo's past: sound, coherent and believable."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import F, Sum

from backofficine.planning.services import proposals
from backofficine.promises.models import CLOSED, HOLDING, Promise, PromiseEvent
from backofficine.purchasing.models import Order
from backofficine.receiving.models import Gap, Parcel, Receipt
from backofficine.science.simulation.profiles import PARIS
from backofficine.stock.models import Balance, DemandLine, Location, Lot, Move, Posting
from backofficine.twin.services import DemoExists
from backofficine.twin.services.build_demo import Built
from tests.twin.conftest import DAYS, REFERENCES, small_demo

pytestmark = pytest.mark.django_db


def test_the_ledger_is_sound(demo: Built) -> None:
    assert demo.ledger.is_sound
    assert demo.ledger.postings == Posting.objects.count()


def test_a_demo_is_never_built_over_a_pharmacy(demo: Built) -> None:
    with pytest.raises(DemoExists):
        small_demo()


def test_the_past_ends_at_18_past_10(demo: Built) -> None:
    last = Posting.objects.order_by("-position").first()

    assert last is not None
    assert (demo.ends_at.astimezone(PARIS).hour, demo.ends_at.astimezone(PARIS).minute) == (10, 18)
    assert demo.ends_at - timedelta(minutes=20) <= last.recorded_at <= demo.ends_at


def test_facts_are_recorded_in_order_of_time(demo: Built) -> None:
    recorded = list(Posting.objects.order_by("position").values_list("recorded_at", flat=True))

    assert recorded == sorted(recorded)


def test_the_opening_stock_is_one_posting_on_the_first_morning(demo: Built) -> None:
    opening = Posting.objects.filter(reason=Posting.Reason.OPENING)

    assert opening.count() == 1
    assert opening.get().position == 1
    assert opening.get().moves.exclude(source__kind=Location.Kind.COUNT).count() == 0


def test_products_are_invented_and_have_an_address(demo: Built) -> None:
    lots = Lot.objects.select_related("product")

    assert demo.references == REFERENCES
    assert not lots.filter(product__is_invented=False).exists()
    assert not lots.filter(product__addresses__isnull=True).exists()
    assert not lots.exclude(product__cip13__startswith="340099 9".replace(" ", "")).exists()


def test_boxes_a_day_are_near_the_plan(demo: Built) -> None:
    """390 boxes a day on average; 12 days of one autumn stay within a third of it."""
    whole_days = demo.lived.days - 1
    asked = DemandLine.objects.exclude(kind=DemandLine.Kind.HISTORY).filter(
        occurred_on__lt=demo.ends_at.date()
    )
    a_day = asked.aggregate(total=Sum("quantity"))["total"] / whole_days

    assert whole_days >= DAYS // 2
    assert 260 < a_day < 520


def test_history_moves_nothing_and_precedes_the_past(demo: Built) -> None:
    first = Posting.objects.get(position=1).occurred_at
    history = DemandLine.objects.filter(kind=DemandLine.Kind.HISTORY)

    assert history.count() == demo.history_lines
    assert not history.filter(occurred_at__gte=first).exists()


def test_every_promise_is_closed_or_in_a_lane_that_holds_its_boxes(demo: Built) -> None:
    for promise in Promise.objects.select_related("slot"):
        events = PromiseEvent.objects.filter(promise=promise).order_by("pk")
        last = events.last()
        assert last is not None
        assert last.status == promise.status
        assert (promise.status in CLOSED) == (promise.closed_at is not None)
        if promise.status in HOLDING and promise.slot is not None:
            held = Balance.objects.filter(
                location=promise.slot, lot__product=promise.product_id
            ).aggregate(total=Sum("on_hand"))["total"]
            assert held >= promise.aside_quantity


def test_a_promise_slot_holds_nothing_that_nobody_waits_for(demo: Built) -> None:
    held = Counter[tuple[int, int]]()
    for slot, product, boxes in Balance.objects.filter(
        location__kind=Location.Kind.PROMISE_SLOT, on_hand__gt=0
    ).values_list("location", "lot__product", "on_hand"):
        held[slot, product] += boxes
    for slot, product, aside in Promise.objects.filter(
        status__in=HOLDING, slot__kind=Location.Kind.PROMISE_SLOT
    ).values_list("slot", "product", "aside_quantity"):
        held[slot, product] -= aside

    assert set(held.values()) <= {0}


def test_no_order_is_stuck(demo: Built) -> None:
    """What is awaited is to come, or is on the floor; everything older was received."""
    awaited = Order.objects.filter(status__in=[Order.Status.SENT, Order.Status.ANSWERED])
    stuck = [
        order
        for order in awaited.select_related("supplier")
        if order.expected_at is not None
        and order.expected_at < demo.ends_at - timedelta(hours=12)
        and not order.receipt_orders.filter(receipt__status=Receipt.Status.OPEN).exists()
        and not Parcel.objects.filter(supplier=order.supplier, emptied_at=None).exists()
        and order.lines.filter(answered_quantity__gt=0).exists()
    ]

    assert stuck == []


def test_received_lines_never_exceed_the_boxes_that_came(demo: Built) -> None:
    received = Move.objects.filter(
        source__kind=Location.Kind.SUPPLIER, posting__reason=Posting.Reason.RECEIPT
    ).aggregate(total=Sum("quantity"))["total"]
    counted = Order.objects.aggregate(total=Sum("lines__received_quantity"))["total"]

    assert 0 < counted <= received


def test_narcotics_are_handled_by_pharmacists(demo: Built) -> None:
    handled = Move.objects.filter(
        lot__product__legal_status="narcotic",
        posting__reason__in=["receipt", "put_away", "count", "write_off"],
    ).exclude(posting__reason="receipt")

    roles = set(handled.values_list("posting__actor__user__role", flat=True))
    assert roles <= {"owner", "pharmacist"}


def test_the_mirror_proposes_what_the_page_proposes(demo: Built) -> None:
    """The draft of the noon round was made by the page's command; asking again agrees with it."""
    draft = Order.objects.get(status=Order.Status.DRAFT, supplier__is_main=True)
    again = proposals(
        supplier=draft.supplier, delivery_round=draft.delivery_round, at=draft.proposed_at
    )
    asked = {line.product_id: line.quantity for line in again}
    kept = dict(draft.lines.values_list("product_id", "quantity"))
    same = sum(asked.get(product) == quantity for product, quantity in kept.items())

    assert same >= 0.9 * len(kept)


def test_gaps_happen_and_are_rare(demo: Built) -> None:
    lines = Order.objects.aggregate(total=Sum(F("lines__received_quantity")))["total"]

    assert 0 < Gap.objects.count() < 0.1 * lines
