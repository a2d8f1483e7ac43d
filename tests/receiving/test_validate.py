"""Closing a receipt: what came enters the stock once, and the differences are written."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.catalog.models import Evidence
from backofficine.promises import services as promising
from backofficine.purchasing.models import Order
from backofficine.receiving import services
from backofficine.receiving.models import ExtraKind, Gap, Parcel, Receipt
from backofficine.stock import queries as stock
from backofficine.stock.models import FoundExplained, Lot, LotHold, Move, Posting
from backofficine.stock.services import Wanted, lot_of, withdraw
from backofficine.stock.services.demand import undo_withdrawal
from tests.factories import ProductFactory
from tests.receiving.conftest import GOOD_DATE, Bench

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


def held(product, place) -> list[tuple[str, int]]:
    return [(row.lot.number, row.on_hand) for row in stock.balances_at(product, place)]


def test_what_came_is_on_the_dock_lot_by_lot(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, lot_number="A", quantity=2)
    bench.scan(product, lot_number="B")

    receipt = bench.validate()

    assert receipt.status == Receipt.Status.VALIDATED
    assert sorted(held(product, bench.places["dock"])) == [("A", 2), ("B", 1)]
    assert receipt.posting.reason == Posting.Reason.RECEIPT


def test_a_double_click_posts_once(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()
    bench.scan(product)

    first = bench.validate(request_id=request_id)
    again = bench.validate(request_id=request_id)
    other = bench.validate(request_id=uuid4())

    assert first.posting == again.posting == other.posting
    assert Posting.objects.filter(reason=Posting.Reason.RECEIPT).count() == 1
    assert Gap.objects.count() == 1


def test_undone_scans_do_not_come(bench: Bench) -> None:
    kept, undone = bench.line(1), bench.line(1)
    bench.scan(kept)
    bench.scan(undone)
    bench.undo()

    bench.validate()

    assert held(undone, bench.places["dock"]) == []


def test_expired_boxes_are_in_quarantine(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, quantity=2)
    bench.scan(product, expires_on=bench.on - timedelta(days=1), lot_number="OLD")

    bench.validate()

    assert held(product, bench.places["quarantine"]) == [("OLD", 1)]
    assert held(product, bench.places["dock"]) == [("B2409A", 2)]


def test_a_mistake_of_the_supplier_waits_in_quarantine_to_be_returned(bench: Bench) -> None:
    bench.line(1)
    other = ProductFactory()
    bench.scan(other)
    services.answer(
        bench.receipt, question="extra", choice=ExtraKind.ERROR, product=other, at=bench.at,
        actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip

    bench.validate()

    assert held(other, bench.places["quarantine"]) == [("B2409A", 1)]


def test_a_gift_costs_nothing_and_teaches_no_cost(bench: Bench) -> None:
    bench.line(1)
    gift = ProductFactory(unit_cost=Decimal("3.5"))
    bench.scan(gift, extra_kind=ExtraKind.GIFT)

    bench.validate()

    gift.refresh_from_db()
    assert Move.objects.get(lot__product=gift).unit_cost == 0
    assert (gift.unit_cost, gift.cost_evidence) == (Decimal("3.5"), Evidence.ASSUMED)


def test_an_unknown_date_stays_unknown(bench: Bench) -> None:
    product = bench.line(1)
    bench.scan(product, lot_number="", expires_on=None)

    bench.validate()

    assert not Lot.objects.get(product=product).has_known_date


def test_the_date_that_was_asked_is_the_lots(bench: Bench) -> None:
    product = bench.line(1)
    bench.scan(product, lot_number="X", expires_on=None)
    services.answer(
        bench.receipt, question="expiry", product=product, lot_number="X", expires_on=GOOD_DATE,
        at=bench.at, actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip

    bench.validate()

    assert Lot.objects.get(product=product).expires_on == GOOD_DATE


# Orders -----------------------------------------------------------------------------------------


def test_order_lines_know_what_came_and_the_order_is_received(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, quantity=2)

    bench.validate()

    bench.order.refresh_from_db()
    assert bench.order_line(product).received_quantity == 2
    assert bench.order.status == Order.Status.RECEIVED


def test_boxes_fill_the_orders_of_the_round_in_turn(bench: Bench) -> None:
    from tests.factories import OrderFactory, OrderLineFactory

    product = bench.line(2)
    second = OrderFactory(delivery_round=bench.delivery_round, sent=True)
    line = OrderLineFactory(order=second, product=product, quantity=2)
    services.start_receipt(
        supplier=bench.supplier, delivery_round=bench.delivery_round, at=bench.at,
        request_id=uuid4(),
    )  # fmt: skip

    assert bench.scan(product, quantity=3).ordered == 4
    bench.validate()

    line.refresh_from_db()
    assert (bench.order_line(product).received_quantity, line.received_quantity) == (2, 1)


def test_what_the_supplier_answered_is_what_is_due(bench: Bench) -> None:
    product = bench.line(6)
    line = bench.order_line(product)
    line.answered_quantity = 4
    line.save()

    bench.scan(product, quantity=4)
    bench.validate()

    assert not Gap.objects.exists()


def test_the_last_price_becomes_the_cost(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product)
    services.answer(
        bench.receipt, question="price", product=product, unit_price=Decimal("2.14"), at=bench.at,
        actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip

    bench.validate()

    product.refresh_from_db()
    assert (product.unit_cost, product.cost_evidence) == (Decimal("2.14"), Evidence.RECEIPT)
    assert Move.objects.get(lot__product=product).unit_cost == Decimal("2.14")


def test_the_cost_of_a_dose_is_its_share_of_the_box(bench: Bench) -> None:
    product = bench.line(1, product=ProductFactory(divisible=True, doses_per_box=14))
    bench.scan(product, unit_price=Decimal(10))

    bench.validate()

    assert Move.objects.get(lot__product=product).unit_cost == Decimal("0.7143")


def test_what_came_is_followed_from_now_on(bench: Bench) -> None:
    product = bench.line(1, is_followed=False)
    bench.scan(product)

    bench.validate()

    product.refresh_from_db()
    assert product.is_followed


# Gaps -------------------------------------------------------------------------------------------


def gaps() -> set[tuple[str, int, int]]:
    return set(Gap.objects.values_list("kind", "ordered", "received"))


def test_a_missing_box_is_a_gap(bench: Bench) -> None:
    bench.scan(bench.line(3), quantity=2)

    bench.validate()

    assert gaps() == {("missing", 3, 2)}


def test_a_line_that_did_not_come_at_all_is_a_gap(bench: Bench) -> None:
    bench.line(5)
    bench.scan(bench.line(1))

    bench.validate()

    assert gaps() == {("missing", 5, 0)}


def test_a_box_too_many_is_a_gap(bench: Bench) -> None:
    bench.scan(bench.line(3), quantity=4)

    bench.validate()

    assert gaps() == {("extra", 3, 4)}
    assert bench.order.lines.get().received_quantity == 4


def test_a_substitute_fills_the_line_it_replaces(bench: Bench) -> None:
    ordered, came = bench.line(3), ProductFactory()
    bench.scan(came, quantity=3)
    services.answer(
        bench.receipt, question="extra", choice=ExtraKind.SUBSTITUTION, product=came,
        replaces=ordered, at=bench.at, actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip

    bench.validate()

    gap = Gap.objects.get()
    assert (gap.kind, gap.product, gap.replaces) == (Gap.Kind.SUBSTITUTED, came, ordered)
    assert (gap.ordered, gap.received) == (3, 3)


def test_a_price_that_differs_is_a_gap(bench: Bench) -> None:
    product = bench.line(1)
    bench.scan(product, unit_price=Decimal("3.3"))

    bench.validate()

    gap = Gap.objects.get()
    assert gap.kind == Gap.Kind.PRICE
    assert (gap.expected_price, gap.actual_price) == (Decimal("3.1416"), Decimal("3.3"))


def test_a_receipt_as_ordered_has_no_gap(bench: Bench) -> None:
    bench.scan(bench.line(3), quantity=3)

    bench.validate()

    assert not Gap.objects.exists()


# Parcels, emptiness, late facts -----------------------------------------------------------------


def test_the_parcels_of_a_closed_receipt_are_empty(bench: Bench) -> None:
    bench.scan(bench.line(1))

    receipt = bench.validate()

    assert not Parcel.objects.filter(receipt=receipt, emptied_at=None).exists()


def test_an_empty_receipt_is_not_closed(bench: Bench) -> None:
    bench.line(3)

    with pytest.raises(services.NothingReceived):
        bench.validate()


def test_a_late_receipt_keeps_both_instants(bench: Bench) -> None:
    bench.scan(bench.line(1))
    dropped_at = bench.at - timedelta(hours=3)

    receipt = bench.validate(at=bench.at, occurred_at=dropped_at)

    assert (receipt.posting.occurred_at, receipt.posting.recorded_at) == (dropped_at, bench.at)


def test_a_late_receipt_explains_what_was_sold_before_it_was_recorded(bench: Bench) -> None:
    product = bench.line(3)
    withdraw(
        [Wanted(product, 2)], occurred_at=bench.at - timedelta(minutes=10),
        recorded_at=bench.at - timedelta(minutes=10), on=bench.on, actor=bench.actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip
    bench.scan(product, quantity=3)

    bench.validate()

    assert stock.on_hand(product) == 1
    assert FoundExplained.objects.get().by == FoundExplained.By.RECEIPT
    assert stock.audit().is_sound


def test_a_withdrawal_undone_leaves_its_box_to_the_receipt(bench: Bench) -> None:
    product = bench.line(3)
    taken = withdraw(
        [Wanted(product, 2)], occurred_at=bench.at, recorded_at=bench.at, on=bench.on,
        actor=bench.actor, request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip
    undo_withdrawal(
        Posting.objects.get(pk=taken.posting_id), at=bench.at, on=bench.on, actor=bench.actor
    )
    bench.scan(product, quantity=3)

    bench.validate()

    assert stock.on_hand(product) == 3
    assert not FoundExplained.objects.exists()


def test_a_lot_recalled_since_its_scan_closes_and_reaches_no_patient(bench: Bench) -> None:
    product = bench.line(2)
    promise = promising.promise(
        product, quantity=1, name="MARTIN", cause="other", is_chosen=False, at=bench.at,
        actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip
    bench.scan(product, quantity=2)
    lot = lot_of(product, number="B2409A", expires_on=GOOD_DATE)
    LotHold.objects.create(lot=lot, kind="recalled", held_at=bench.at, held_by=bench.actor)

    bench.validate()

    promise.refresh_from_db()
    assert promise.aside_quantity == 0
    assert stock.servable(product, on=bench.on).count() == 0


def test_what_was_found_before_the_drop_is_not_explained_by_it(bench: Bench) -> None:
    product = bench.line(3)
    withdraw(
        [Wanted(product, 2)], occurred_at=bench.at - timedelta(days=3),
        recorded_at=bench.at - timedelta(days=3), on=bench.on, actor=bench.actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip
    bench.scan(product, quantity=3)

    bench.validate()

    assert stock.on_hand(product) == 3
    assert not FoundExplained.objects.exists()


def test_all_that_is_due_may_be_taken_as_come(bench: Bench) -> None:
    products = [bench.line(3), bench.line(2)]
    request_id = uuid4()

    for _ in range(2):
        bench.receipt = services.receive_all(bench.receipt, request_id=request_id, **bench.told)

    assert [stock.on_hand(product) for product in products] == [3, 2]
    assert not Gap.objects.exists()
