"""A promised box is announced with its slot before anything else."""

from datetime import timedelta
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.promises import services as promising
from backofficine.promises.models import Cause, Promise, Status
from backofficine.receiving import services
from backofficine.receiving.models import ReceiptScan
from backofficine.receiving.queries import Heard
from backofficine.stock import queries as stock
from backofficine.stock.models import Location, Posting
from tests.factories import LocationFactory, ProductFactory
from tests.receiving.conftest import GOOD_DATE, Bench

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


def promised(bench: Bench, product: Product, quantity: int = 1, **values: object) -> Promise:
    """A patient waits since yesterday for boxes that the order asked for."""
    made = promising.promise(
        product, quantity=quantity, name="Mireille Durand", cause=Cause.NOT_STOCKED,
        is_chosen=False, at=bench.at - timedelta(days=1), actor=bench.actor, request_id=uuid4(),
        delivery_round=bench.delivery_round, **values,
    )  # fmt: skip
    promising.mark_ordered(bench.order, at=bench.at - timedelta(hours=15), actor=bench.actor)
    made.refresh_from_db()
    return made


@pytest.fixture
def slots(bench: Bench) -> list[Location]:
    Location.objects.filter(kind=Location.Kind.PROMISE_SLOT).update(is_active=False)
    return [LocationFactory(promise_slot=True, code=str(27 + n), walk_order=n) for n in range(3)]


def test_a_promised_box_is_announced_with_its_slot(bench: Bench, slots: list[Location]) -> None:
    product = bench.line(3)
    promise = promised(bench, product, 2)

    result = bench.scan(product)

    (place,) = result.destinations
    assert result.announcement == "PROMIS — casier 27"
    assert result.sentence.startswith("PROMIS — casier 27")
    assert (place.location, place.promise) == (slots[0], promise)
    assert (place.initials, place.due) == ("M. D.", 2)


def test_once_the_patient_is_served_boxes_go_to_the_shelf(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(3)
    promised(bench, product, 1)

    kinds = [bench.scan(product).destinations[0].kind for _ in range(2)]

    assert kinds == [Location.Kind.PROMISE_SLOT, Location.Kind.SHELF]


def test_several_boxes_at_once_are_shared_between_patients_and_shelf(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(6)
    promised(bench, product, 2)
    promised(bench, product, 1)

    result = bench.scan(product, quantity=5)

    assert [(one.location.code, one.quantity) for one in result.destinations[:2]] == [
        ("27", 2),
        ("28", 1),
    ]
    assert sum(one.quantity for one in result.destinations) == 5
    assert ReceiptScan.objects.filter(act=result.act).count() == 3


def test_undo_gives_the_boxes_back_to_the_same_patient(bench: Bench, slots: list[Location]) -> None:
    product = bench.line(3)
    promise = promised(bench, product, 1)
    bench.scan(product)

    bench.undo()

    assert bench.scan(product).destinations[0].promise == promise


def test_another_open_receipt_does_not_announce_the_same_patient(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(3)
    promised(bench, product, 1)
    bench.scan(product)
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at, orders=[], request_id=uuid4()
    )

    assert bench.scan(product).announcement == ""


def test_an_expired_box_is_nobodys(bench: Bench, slots: list[Location]) -> None:
    product = bench.line(3)
    promised(bench, product, 1)

    result = bench.scan(product, expires_on=bench.on - timedelta(days=1))

    assert (result.heard, result.announcement) == (Heard.EXPIRED, "")


def test_a_cold_promise_waits_in_a_slot_of_the_fridge(bench: Bench, slots: list[Location]) -> None:
    cold = LocationFactory(promise_slot=True, code="F1-P1", parent=bench.places["fridge"])
    product = bench.line(1, cold=True)
    promised(bench, product, 1)

    assert bench.scan(product).destinations[0].location == cold


def test_without_a_slot_the_box_is_counted_and_goes_to_its_address(bench: Bench) -> None:
    Location.objects.filter(kind=Location.Kind.PROMISE_SLOT).update(is_active=False)
    product = bench.line(1)
    promised(bench, product, 1)

    result = bench.scan(product)

    assert (result.received, result.announcement) == (1, "")


def test_scanning_the_slot_confirms_it_or_names_the_right_one(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(3)
    promised(bench, product, 1)
    bench.scan(product)

    assert bench.hear("27").heard == Heard.SLOT
    wrong = bench.hear("28")
    assert wrong.heard == Heard.WRONG_SLOT
    assert "27" in wrong.sentence


def test_validating_puts_the_boxes_in_the_slot(bench: Bench, slots: list[Location]) -> None:
    product = bench.line(3)
    promise = promised(bench, product, 2)
    bench.scan(product, quantity=3)

    bench.validate()

    promise.refresh_from_db()
    assert (promise.status, promise.aside_quantity) == (Status.IN_SLOT, 2)
    assert [row.on_hand for row in stock.balances_at(product, slots[0])] == [2]
    assert [row.on_hand for row in stock.balances_at(product, bench.places["dock"])] == [1]
    states = promise.events.order_by("pk").values_list("status", flat=True)
    assert list(states)[-2:] == [Status.ARRIVED, Status.IN_SLOT]


def test_a_patient_served_in_part_keeps_waiting_for_the_rest(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(3)
    promise = promised(bench, product, 3)
    bench.scan(product, quantity=2)

    bench.validate()

    promise.refresh_from_db()
    assert (promise.aside_quantity, promise.missing_quantity) == (2, 1)


def test_a_promise_whose_box_did_not_come_is_to_order_again(
    bench: Bench, slots: list[Location]
) -> None:
    wanted, other = bench.line(1), bench.line(1)
    promise = promised(bench, wanted, 1)
    bench.scan(other)

    bench.validate()

    promise.refresh_from_db()
    assert promise.status == Status.TO_ORDER


def test_a_promise_cancelled_after_the_scan_leaves_the_box_on_the_dock(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(1)
    promise = promised(bench, product, 1)
    bench.scan(product)
    promising.cancel(promise, at=bench.at, actor=bench.actor)

    bench.validate()

    assert [row.on_hand for row in stock.balances_at(product, bench.places["dock"])] == [1]
    assert not Posting.objects.filter(reason=Posting.Reason.SET_ASIDE).exists()


def test_a_promise_made_meanwhile_does_not_take_an_announced_box(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(1)
    announced = promised(bench, product, 1)
    bench.scan(product)
    hasty = promised(bench, product, 1)
    Promise.objects.filter(pk=hasty.pk).update(promised_at=bench.at - timedelta(days=3))

    bench.validate()

    announced.refresh_from_db()
    hasty.refresh_from_db()
    assert announced.status == Status.IN_SLOT
    assert hasty.aside_quantity == 0


def test_a_divisible_product_is_owed_in_doses_and_scanned_in_boxes(
    bench: Bench, slots: list[Location]
) -> None:
    product = bench.line(2, product=ProductFactory(divisible=True))
    promise = promised(bench, product, 20)

    result = bench.scan(product, quantity=2, lot_number="D", expires_on=GOOD_DATE)
    bench.validate()

    promise.refresh_from_db()
    assert (result.destinations[0].due, result.destinations[0].quantity) == (2, 2)
    assert promise.aside_quantity == 20
    assert [row.on_hand for row in stock.balances_at(product, bench.places["dock"])] == [8]
