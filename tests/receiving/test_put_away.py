"""The walk: cold and safe first, the reserve for what does not fit, one posting a tray."""

from datetime import timedelta
from uuid import uuid4

import pytest

from backofficine.receiving import services
from backofficine.receiving.models import PutAwayProblem
from backofficine.receiving.queries import Stop, Tone, walk
from backofficine.stock import queries as stock
from backofficine.stock.models import CountRequest, Location, Posting
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from tests.receiving.conftest import Bench

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


def received(bench: Bench, *quantities: int, **values):
    bench.by_pharmacist = True
    products = [bench.line(quantity, **values) for quantity in quantities]
    for product, quantity in zip(products, quantities, strict=True):
        bench.scan(product, quantity=quantity)
    return products


def stops(bench: Bench) -> list[Stop]:
    return walk(at=bench.at)


def scan_stop(bench: Bench, text: str, stop: Stop | None, **words):
    words = {"is_at_place": False, "request_id": uuid4(), **words}
    return services.scan_stop(text, stop=stop, **bench.told, **words)


def put(bench: Bench, walked: list[Stop], **words) -> Posting:
    words = {"by_pharmacist": False, "request_id": uuid4(), **words}
    return services.put_away(services.lines_of(walked), at=bench.at, actor=bench.actor, **words)


def test_cold_then_safe_then_the_walk(bench: Bench) -> None:
    near, far = received(bench, 1, 1)
    (cold,) = received(bench, 1, cold=True)
    (narcotic,) = received(bench, 1, narcotic=True)
    bench.validate()
    Location.objects.filter(addresses__product=near).update(walk_order=2000)
    Location.objects.filter(addresses__product=far).update(walk_order=1000)

    assert [stop.product for stop in stops(bench)] == [cold, narcotic, far, near]


def test_what_does_not_fit_gets_a_second_stop_in_the_reserve(bench: Bench) -> None:
    (product,) = received(bench, 26)
    bench.validate()

    first, second = stops(bench)

    assert (first.target, first.boxes) == (product.addresses.get().location, 20)
    assert (second.target.kind, second.boxes, second.is_overflow) == ("reserve", 6, True)


def test_cold_boxes_never_overflow_into_the_reserve(bench: Bench) -> None:
    bench.places["fridge"].room = 1
    bench.places["fridge"].save()
    received(bench, 4, cold=True)
    bench.validate()

    (stop,) = stops(bench)

    assert (stop.target.kind, stop.boxes) == ("fridge", 4)


def test_a_ticked_tray_is_one_posting_and_the_dock_is_empty(bench: Bench) -> None:
    products = received(bench, 2, 3)
    bench.validate()

    posting = put(bench, stops(bench))

    assert posting.reason == Posting.Reason.PUT_AWAY
    assert stops(bench) == []
    assert [
        stock.balances_at(product, product.addresses.get().location)[0].on_hand
        for product in products
    ] == [2, 3]


def test_ticking_twice_puts_away_once(bench: Bench) -> None:
    received(bench, 2)
    bench.validate()
    request_id = uuid4()
    walked = stops(bench)

    assert put(bench, walked, request_id=request_id) == put(bench, walked, request_id=request_id)


def test_somebody_else_put_them_away_meanwhile(bench: Bench) -> None:
    received(bench, 2)
    bench.validate()
    walked = stops(bench)
    put(bench, walked)

    from backofficine.stock.services import InsufficientStock

    with pytest.raises(InsufficientStock):
        put(bench, walked)


def test_only_a_pharmacist_puts_a_narcotic_away(bench: Bench) -> None:
    received(bench, 1, narcotic=True)
    bench.validate()

    with pytest.raises(NarcoticNeedsPharmacist):
        put(bench, stops(bench))
    assert put(bench, stops(bench), by_pharmacist=True)


def test_the_whole_walk_leaves_narcotics_to_the_pharmacist(bench: Bench) -> None:
    received(bench, 1)
    (narcotic,) = received(bench, 1, narcotic=True)
    bench.validate()
    told = {"at": bench.at, "actor": bench.actor}

    services.put_away_all(by_pharmacist=False, request_id=uuid4(), **told)

    assert [stop.product for stop in stops(bench)] == [narcotic]
    services.put_away_all(by_pharmacist=True, request_id=uuid4(), **told)
    assert stops(bench) == []
    assert services.put_away_all(by_pharmacist=True, request_id=uuid4(), **told) is None


# Strict and checked zones -----------------------------------------------------------------------


@pytest.fixture
def strict(bench: Bench) -> Stop:
    (product,) = received(bench, 2)
    bench.validate()
    Location.objects.filter(addresses__product=product).update(put_away_mode="strict")
    (stop,) = stops(bench)
    return stop


def test_strict_asks_for_the_place_before_the_box(bench: Bench, strict: Stop) -> None:
    assert scan_stop(bench, strict.product.cip13, strict).tone == Tone.LOOK

    at_place = scan_stop(bench, strict.target.code, strict)
    assert (at_place.tone, at_place.is_at_place) == (Tone.YES, True)

    placed = scan_stop(bench, strict.product.cip13, strict, is_at_place=True)
    assert (placed.tone, placed.placed) == (Tone.YES, 1)
    assert stops(bench)[0].boxes == 1


def test_the_wrong_place_stops_and_names_the_right_one(bench: Bench, strict: Stop) -> None:
    wrong = scan_stop(bench, bench.places["shelf"].code, strict)

    assert wrong.tone == Tone.STOP
    assert strict.target.code in wrong.sentence
    assert not wrong.is_at_place


def test_the_box_of_another_card_stops(bench: Bench, strict: Stop) -> None:
    other = bench.line(1, cold=True)
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at, orders=[], request_id=uuid4()
    )
    bench.scan(other)
    bench.validate()

    result = scan_stop(bench, other.cip13, strict, is_at_place=True)

    assert (result.tone, result.placed) == (Tone.STOP, 0)


def test_a_box_scanned_twice_by_the_same_request_is_put_once(bench: Bench, strict: Stop) -> None:
    request_id = uuid4()
    for _ in range(2):
        scan_stop(bench, strict.product.cip13, strict, is_at_place=True, request_id=request_id)

    assert stops(bench)[0].boxes == 1


def test_in_a_free_zone_a_box_brings_its_card(bench: Bench) -> None:
    (product,) = received(bench, 2)
    bench.validate()

    result = scan_stop(bench, product.cip13, None)

    assert (result.tone, result.placed) == (Tone.YES, 0)
    assert result.stop is not None
    assert result.stop.product == product


def test_a_box_that_is_not_on_the_dock_is_only_looked_at(bench: Bench) -> None:
    product = bench.line(1)

    assert scan_stop(bench, product.cip13, None).tone == Tone.LOOK


# Problems ---------------------------------------------------------------------------------------


def test_a_full_place_sends_the_rest_to_the_reserve(bench: Bench) -> None:
    received(bench, 2)
    bench.validate()
    (stop,) = stops(bench)
    request_id = uuid4()

    for _ in range(2):
        services.report_problem(
            stop, kind="full", at=bench.at, actor=bench.actor, request_id=request_id
        )

    (moved,) = stops(bench)
    assert moved.target.kind == "reserve"
    assert PutAwayProblem.objects.get().quantity == 2
    bench.at += timedelta(hours=13)
    assert stops(bench)[0].target == stop.target


def test_a_box_that_is_not_in_the_tray_asks_for_a_count(bench: Bench) -> None:
    received(bench, 2, 1)
    bench.validate()
    first = stops(bench)[0]

    services.report_problem(
        first, kind="not_found", at=bench.at, actor=bench.actor, request_id=uuid4()
    )

    assert CountRequest.objects.get().product == first.product
    assert stops(bench)[-1].product == first.product
