"""Two people at one receipt: nothing is lost, nothing is doubled."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connections

from backofficine.planning.services import answer_order
from backofficine.promises import services as promising
from backofficine.promises.models import Cause
from backofficine.purchasing.models import Order, OrderEvent
from backofficine.purchasing.services import WrongMoment
from backofficine.receiving import services
from backofficine.receiving.models import Parcel, Receipt, ReceiptScan
from backofficine.receiving.queries import Heard, tally
from backofficine.stock import queries as stock
from backofficine.stock.models import Location, NotFound, Posting
from backofficine.stock.services import report_not_found
from tests.factories import LocationFactory, SupplierFactory
from tests.receiving.conftest import GOOD_DATE, Bench, make_bench

pytestmark = pytest.mark.usefixtures("committed_db", "pharmacy")


@pytest.fixture
def shared(committed_db: None, now: datetime, today: date) -> Bench:
    return make_bench(now, today)


def at_once(work, count: int = 8) -> list:
    def alone(number: int):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone, range(count)))


def test_eight_scans_at_once_count_eight_boxes(shared: Bench) -> None:
    product = shared.line(8)

    at_once(lambda number: shared.scan(product, serial=f"S{number}"))

    assert tally(shared.receipt, on=shared.on).line(product.pk).received == 8


def test_the_same_serial_at_once_counts_one_box(shared: Bench) -> None:
    product = shared.line(8)

    results = at_once(lambda number: shared.scan(product, serial="S1"), 4)

    assert Counter(result.heard for result in results) == {Heard.COUNTED: 1, Heard.AGAIN: 3}


def test_the_same_request_at_once_counts_one_box(shared: Bench) -> None:
    product, request_id = shared.line(8), uuid4()

    at_once(lambda number: shared.scan(product, request_id=request_id), 4)

    assert ReceiptScan.objects.count() == 1


def test_one_promised_box_is_announced_once(shared: Bench) -> None:
    Location.objects.filter(kind=Location.Kind.PROMISE_SLOT).delete()
    LocationFactory(promise_slot=True, code="27")
    product = shared.line(8)
    promising.promise(
        product, quantity=1, name="Mireille Durand", cause=Cause.NOT_STOCKED, is_chosen=False,
        at=shared.at, actor=shared.actor, request_id=uuid4(),
        delivery_round=shared.delivery_round,
    )  # fmt: skip

    results = at_once(lambda number: shared.scan(product, serial=f"S{number}"), 4)

    assert sum(1 for result in results if result.announcement) == 1


def test_closing_at_once_posts_once(shared: Bench) -> None:
    product = shared.line(3)
    shared.scan(product, quantity=3)

    def close(number: int) -> UUID:
        receipt = services.validate(
            Receipt.objects.get(pk=shared.receipt.pk), at=shared.at, actor=shared.actor,
            request_id=uuid4(),
        )  # fmt: skip
        return receipt.posting.request_id

    assert len(set(at_once(close, 4))) == 1
    assert Posting.objects.filter(reason=Posting.Reason.RECEIPT).count() == 1
    assert stock.on_hand(product) == 3


def test_a_scan_during_the_closing_is_counted_or_refused_never_lost(shared: Bench) -> None:
    product = shared.line(50)
    shared.scan(product)

    def work(number: int) -> int:
        if number == 3:
            services.validate(
                Receipt.objects.get(pk=shared.receipt.pk), at=shared.at, actor=shared.actor,
                request_id=uuid4(),
            )  # fmt: skip
            return 0
        try:
            shared.scan(product, lot_number="B", expires_on=GOOD_DATE)
        except services.ReceiptIsClosed:
            return 0
        return 1

    counted = sum(at_once(work))

    assert stock.on_hand(product) == 1 + counted
    assert stock.audit().is_sound


def test_starting_a_round_at_once_opens_one_receipt(shared: Bench) -> None:
    services.cancel_receipt(shared.receipt, on=shared.on)

    def begin(number: int) -> Receipt:
        return services.start_receipt(
            supplier=shared.supplier,
            delivery_round=shared.delivery_round,
            at=shared.at,
            request_id=uuid4(),
        )

    receipts = at_once(begin, 4)

    assert len({receipt.pk for receipt in receipts}) == 1


def test_rounds_of_several_suppliers_started_at_once_have_each_their_number(
    shared: Bench,
) -> None:
    suppliers = [SupplierFactory() for _number in range(6)]

    receipts = at_once(
        lambda number: services.start_receipt(
            supplier=suppliers[number], at=shared.at, request_id=uuid4()
        ),
        6,
    )

    assert len({receipt.number for receipt in receipts}) == 6


def test_a_drop_and_a_start_sent_twice_at_once_are_one(shared: Bench) -> None:
    supplier, dropped, started = SupplierFactory(), uuid4(), uuid4()

    at_once(
        lambda _n: services.drop(supplier=supplier, totes=2, at=shared.at, request_id=dropped), 4
    )
    receipts = at_once(
        lambda _n: services.start_receipt(supplier=supplier, at=shared.at, request_id=started), 4
    )

    assert Parcel.objects.filter(supplier=supplier).count() == 2
    assert len({receipt.pk for receipt in receipts}) == 1


def test_not_found_tapped_twice_at_once_is_said_once(shared: Bench) -> None:
    product, request_id = shared.line(1), uuid4()

    at_once(
        lambda _n: report_not_found(
            product, at=shared.at, actor=shared.actor, request_id=request_id
        ),
        4,
    )

    assert NotFound.objects.count() == 1


def test_an_answer_sent_twice_at_once_is_written_once(shared: Bench) -> None:
    product, request_id = shared.line(3), uuid4()
    line = shared.order_line(product)

    at_once(
        lambda _n: answer_order(
            Order.objects.get(pk=shared.order.pk), answers={line.pk: 2}, at=shared.at,
            actor=shared.actor, request_id=request_id,
        ),
        4,
    )  # fmt: skip

    assert OrderEvent.objects.filter(request_id=request_id).count() == 1


def test_answers_written_while_receipts_are_closed_wait_for_their_turn(shared: Bench) -> None:
    """The bench closes, the desk writes the supplier's answer: neither waits for ever."""
    product = shared.line(3)
    line = shared.order_line(product)
    shared.scan(product, quantity=2)

    def act(number: int) -> object:
        try:
            if number % 2:
                return services.validate(
                    shared.receipt, at=shared.at, actor=shared.actor, request_id=uuid4()
                )
            return answer_order(
                Order.objects.get(pk=shared.order.pk), answers={line.pk: 2}, at=shared.at,
                actor=shared.actor, request_id=uuid4(),
            )  # fmt: skip
        except WrongMoment as refusal:
            return refusal

    at_once(act, 8)

    shared.order.refresh_from_db()
    assert shared.order.status == Order.Status.RECEIVED
    assert stock.audit().is_sound
