"""The present of the demo: every screen has something true to say at 10:18."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password

from backofficine.promises.models import Promise, Status
from backofficine.promises.queries import board
from backofficine.purchasing.models import Order
from backofficine.receiving.models import Gap, Parcel, Receipt
from backofficine.stock import queries as stock
from backofficine.stock.models import (
    Balance,
    CountRequest,
    FoundExplained,
    Location,
    Move,
    NarcoticVisa,
    NotFound,
)
from backofficine.team.demo import PASSWORD, PEOPLE
from backofficine.team.models import User
from backofficine.twin.services.build_demo import Built

pytestmark = pytest.mark.django_db


def test_the_mornings_round_is_put_away_but_for_a_few_boxes(demo: Built) -> None:
    waiting = Balance.objects.filter(location__kind=Location.Kind.DOCK, on_hand__gt=0)

    assert 1 <= waiting.count() <= 10


def test_a_receipt_is_open_and_half_scanned(demo: Built) -> None:
    receipt = Receipt.objects.get(status=Receipt.Status.OPEN)

    assert receipt.scans.exists()
    assert receipt.receipt_orders.exists()
    assert receipt.parcels.filter(opened_at__isnull=False, emptied_at=None).exists()


def test_a_cold_tote_was_dropped_eleven_minutes_ago(demo: Built) -> None:
    tote = Parcel.objects.get(is_cold=True, opened_at=None)

    assert demo.ends_at - tote.dropped_at == timedelta(minutes=11)


def test_a_direct_carton_blocks_since_the_day_before(demo: Built) -> None:
    cartons = Parcel.objects.filter(kind=Parcel.Kind.CARTON, emptied_at=None)

    assert cartons.exists()
    assert all(one.dropped_at < demo.ends_at - timedelta(hours=12) for one in cartons)


def test_the_noon_order_is_in_preparation(demo: Built) -> None:
    draft = Order.objects.get(status=Order.Status.DRAFT, supplier__is_main=True)

    assert draft.lines.filter(quantity__gt=0).exists()
    assert draft.delivery_round is not None
    assert draft.delivery_round.cut_off_at > demo.ends_at


def test_promises_wait_and_two_are_late(demo: Built) -> None:
    late = Promise.objects.filter(
        status__in=[Status.TO_ORDER, Status.ORDERED], promised_at__lt=demo.ends_at
    )

    assert late.count() >= 2
    assert Promise.objects.filter(status=Status.IN_SLOT).exists()
    assert Promise.objects.filter(status=Status.TOLD).exists()
    assert board(demo.ends_at) is not None


def test_a_promise_waits_in_the_fridge(demo: Built) -> None:
    cold = Promise.objects.filter(
        status__in=[Status.IN_SLOT, Status.TOLD], slot__parent__kind=Location.Kind.FRIDGE
    )

    assert cold.exists()


def test_two_phantoms_were_looked_for_in_vain(demo: Built) -> None:
    reported = NotFound.objects.filter(reported_at__gt=demo.ends_at - timedelta(days=4))
    phantoms = [one for one in reported.select_related("product") if stock.on_hand(one.product) > 0]

    assert len(phantoms) >= 2
    assert CountRequest.objects.filter(why=CountRequest.Why.NOT_FOUND, closed_at=None).count() >= 2


def test_a_box_was_found_this_morning_and_nothing_explains_it_yet(demo: Built) -> None:
    found = Move.objects.filter(is_found=True, explained=None)

    assert found.exists()
    assert CountRequest.objects.filter(why=CountRequest.Why.FOUND, closed_at=None).exists()
    assert FoundExplained.objects.count() >= 0


def test_three_lots_expire_within_a_month_and_one_has_expired(demo: Built) -> None:
    today = demo.ends_at.date()
    soon = stock.expiring_before(today + timedelta(days=31))

    assert soon.filter(lot__expires_on__lt=today).count() >= 1
    assert soon.filter(lot__expires_on__gte=today).count() >= 3


def test_a_narcotic_awaits_its_visa(demo: Built) -> None:
    assert NarcoticVisa.objects.filter(given_at=None).exists()


def test_this_mornings_receipt_tells_a_short_line_and_a_price(demo: Built) -> None:
    today = Gap.objects.filter(found_at__gt=demo.ends_at - timedelta(hours=6))

    assert {"missing", "price"} <= set(today.values_list("kind", flat=True))


def test_everybody_logs_in_with_the_printed_words(demo: Built) -> None:
    for person in PEOPLE:
        user = User.objects.get(username=person.username)
        assert user.check_password(PASSWORD)
        assert check_password(person.pin, user.pin_hash)
