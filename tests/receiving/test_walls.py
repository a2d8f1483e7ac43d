"""The database refuses each impossible state of the bench, by the name of its wall."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from backofficine.receiving.models import (
    Parcel,
    Receipt,
    ReceiptAnswer,
    ReceiptOrder,
    ReceiptScan,
    UnknownScan,
)
from tests.factories import ProductFactory
from tests.receiving.conftest import Bench

pytestmark = pytest.mark.django_db


def scan(bench: Bench, **values: Any) -> ReceiptScan:
    values = {"quantity": 1, "verdict": "counted", "request_id": uuid4(), **values}
    return ReceiptScan.objects.create(
        receipt=bench.receipt, product=ProductFactory(), scanned_at=bench.at, actor=bench.actor,
        **values,
    )  # fmt: skip


def answer(bench: Bench, **values: Any) -> ReceiptAnswer:
    values = {"request_id": uuid4(), **values}
    return ReceiptAnswer.objects.create(
        receipt=bench.receipt, answered_at=bench.at, actor=bench.actor, **values
    )


def unknown(bench: Bench, code: str = "X") -> UnknownScan:
    return UnknownScan.objects.create(
        receipt=bench.receipt, code=code, request_id=uuid4(), scanned_at=bench.at,
        actor=bench.actor,
    )  # fmt: skip


def parcel(bench: Bench, **values: Any) -> Parcel:
    return Parcel.objects.create(
        kind="tote", supplier=bench.supplier, dropped_at=bench.at, **values
    )


def receipt(bench: Bench, **values: Any) -> Receipt:
    values = {"number": 99, "supplier": bench.supplier, "request_id": uuid4(), **values}
    return Receipt.objects.create(started_at=bench.at, **values)


WALLS: list[tuple[str, Callable[[Bench], Any]]] = [
    ("a_validated_receipt_has_its_instant", lambda b: receipt(b, status="validated")),
    ("a_validated_receipt_has_its_instant", lambda b: receipt(b, validated_at=b.at)),
    ("a_round_has_one_open_receipt", lambda b: receipt(b, delivery_round=b.delivery_round)),
    ("a_parcel_is_opened_after_its_drop",
     lambda b: parcel(b, opened_at=b.at - timedelta(minutes=1))),
    ("a_parcel_is_emptied_after_it_is_opened", lambda b: parcel(b, emptied_at=b.at)),
    ("an_order_is_received_once_in_a_receipt",
     lambda b: ReceiptOrder.objects.create(receipt=b.receipt, order=b.order)),
    ("only_a_mirror_takes_boxes_back", lambda b: scan(b, quantity=-1)),
    ("only_a_mirror_takes_boxes_back", lambda b: scan(b, verdict="undone", quantity=-1)),
    ("an_unknown_code_has_signs", lambda b: unknown(b, "")),
    ("an_answer_is_about_a_product_or_an_unknown_code", lambda b: answer(b, question="unknown")),
    ("an_answer_is_about_a_product_or_an_unknown_code", lambda b: answer(b, question="extra")),
    ("a_date_that_was_asked_is_given",
     lambda b: answer(b, question="expiry", product=ProductFactory())),
    ("a_price_that_was_asked_is_given",
     lambda b: answer(b, question="price", product=ProductFactory(), unit_price=-1)),
]  # fmt: skip


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall[0])
def test_an_impossible_state_is_refused(bench: Bench, wall) -> None:
    name, attempt = wall

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        attempt(bench)

    # SQLite names the columns of a unique wall, and the wall itself for a check.
    told = str(refused.value)
    assert name in told or "UNIQUE" in told


def test_a_scan_is_undone_once(bench: Bench) -> None:
    first = scan(bench)
    scan(bench, verdict="undone", quantity=-1, undoes=first)

    with pytest.raises(IntegrityError), transaction.atomic():
        scan(bench, verdict="undone", quantity=-1, undoes=first)


def test_a_request_writes_one_row(bench: Bench) -> None:
    request_id = uuid4()
    scan(bench, request_id=request_id)

    with pytest.raises(IntegrityError), transaction.atomic():
        scan(bench, request_id=request_id)


def test_every_wall_of_the_bench_was_tried() -> None:
    from django.apps import apps
    from django.db.models import CheckConstraint, UniqueConstraint

    walls = {
        wall.name
        for model in apps.get_app_config("receiving").get_models()
        for wall in model._meta.constraints
        if isinstance(wall, CheckConstraint | UniqueConstraint)
    }
    assert walls == {name for name, _attempt in WALLS}
