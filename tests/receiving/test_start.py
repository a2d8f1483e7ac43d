"""The floor and the start: totes with their clocks, one receipt for a round."""

from datetime import timedelta
from uuid import uuid4

import pytest

from backofficine.receiving import services
from backofficine.receiving.models import Parcel, Receipt
from tests.factories import OrderFactory
from tests.receiving.conftest import Bench

pytestmark = pytest.mark.django_db


def test_what_the_driver_left_is_on_the_floor_cold_ones_marked(bench: Bench) -> None:
    parcels = services.drop(
        supplier=bench.supplier, totes=2, cartons=1, cold=1, codes=["BAC-7"], at=bench.at,
        request_id=uuid4(),
    )  # fmt: skip

    assert [(one.kind, one.is_cold, one.code) for one in parcels] == [
        ("tote", True, "BAC-7"),
        ("tote", False, ""),
        ("carton", False, ""),
    ]


def test_a_drop_sent_twice_is_one_drop(bench: Bench) -> None:
    request_id = uuid4()

    for _ in range(2):
        dropped = services.drop(
            supplier=bench.supplier, totes=2, at=bench.at, request_id=request_id
        )

    assert len(dropped) == 2
    assert Parcel.objects.filter(delivery_round=None).count() == 2


@pytest.mark.parametrize("totes", [0, -1, 201])
def test_an_impossible_drop_is_refused(bench: Bench, totes: int) -> None:
    with pytest.raises(services.NothingDropped):
        services.drop(supplier=bench.supplier, totes=totes, at=bench.at, request_id=uuid4())


def test_two_people_who_start_a_round_share_one_receipt(bench: Bench) -> None:
    again = services.start_receipt(
        supplier=bench.supplier, delivery_round=bench.delivery_round, at=bench.at,
        request_id=uuid4(),
    )  # fmt: skip

    assert again == bench.receipt
    assert Receipt.objects.count() == 1


def test_the_orders_of_a_round_are_merged_and_a_late_one_joins(bench: Bench) -> None:
    late = OrderFactory(delivery_round=bench.delivery_round, sent=True)

    services.start_receipt(
        supplier=bench.supplier, delivery_round=bench.delivery_round, at=bench.at,
        request_id=uuid4(),
    )  # fmt: skip

    orders = bench.receipt.receipt_orders.values_list("order_id", flat=True)
    assert set(orders) == {bench.order.pk, late.pk}


def test_parcels_of_the_round_join_the_receipt(bench: Bench) -> None:
    assert bench.receipt.parcels.count() == 3


def test_opening_a_parcel_twice_changes_nothing(bench: Bench) -> None:
    parcel = bench.receipt.parcels.order_by("pk")[0]

    services.open_parcel(parcel, at=bench.at)
    services.open_parcel(parcel, at=bench.at + timedelta(minutes=9))

    parcel.refresh_from_db()
    assert parcel.opened_at == bench.at


def test_a_receipt_begun_by_mistake_may_be_given_up(bench: Bench) -> None:
    services.cancel_receipt(bench.receipt, on=bench.on)

    bench.receipt.refresh_from_db()
    assert bench.receipt.status == Receipt.Status.CANCELLED
    assert bench.receipt.parcels.count() == 0


def test_a_receipt_with_boxes_is_not_given_up(bench: Bench) -> None:
    bench.scan(bench.line(3))

    with pytest.raises(services.BoxesWereScanned):
        services.cancel_receipt(bench.receipt, on=bench.on)
