"""The bench counts what it hears, says where it goes, and forgets nothing."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.catalog.services import touch_version
from backofficine.formats.gs1 import GS, box_code
from backofficine.receiving import services
from backofficine.receiving.models import (
    ExtraKind,
    ReceiptScan,
    ShortReason,
    UnknownKind,
    UnknownScan,
)
from backofficine.receiving.queries import Ask, Heard, Tone, tally
from backofficine.stock.models import Location, LotHold
from tests.factories import LotFactory, ProductCodeFactory, ProductFactory
from tests.receiving.conftest import GOOD_DATE, Bench

pytestmark = pytest.mark.django_db


def test_each_scan_adds_one_and_says_how_many_are_due(bench: Bench) -> None:
    product = bench.line(3)

    first, second = bench.scan(product), bench.scan(product)

    assert (first.received, second.received, second.ordered) == (1, 2, 3)
    assert second.tone == Tone.YES
    assert second.sentence == "Lu\u00a0: +1, soit 2 boîtes sur 3"
    assert second.aside == "lot B2409A · exp. 02/2028"


def test_the_last_box_completes_its_line(bench: Bench) -> None:
    product = bench.line(1)

    assert bench.scan(product).sentence == "Lu\u00a0: +1, ligne complète, 1 boîte sur 1"


def test_another_lot_is_another_row(bench: Bench) -> None:
    product = bench.line(3)

    bench.scan(product, lot_number="A1")
    bench.scan(product, lot_number="A2")

    lots = tally(bench.receipt, on=bench.on).line(product.pk).lots
    assert {(lot.number, lot.quantity) for lot in lots} == {("A1", 1), ("A2", 1)}


def test_the_same_request_counts_once_and_is_answered_the_same(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()

    first = bench.scan(product, request_id=request_id)
    again = bench.scan(product, request_id=request_id)

    assert again.is_repeat
    assert again.sentence == first.sentence
    assert ReceiptScan.objects.count() == 1


def test_a_request_of_another_receipt_is_refused(bench: Bench) -> None:
    from backofficine.stock.services import RequestReused

    product, request_id = bench.line(3), uuid4()
    bench.scan(product, request_id=request_id)
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at, orders=[], request_id=uuid4()
    )

    with pytest.raises(RequestReused):
        bench.scan(product, request_id=request_id)


def test_a_box_goes_to_its_address_with_the_room_left(bench: Bench) -> None:
    product = bench.line(3)

    result = bench.scan(product, quantity=3)

    (place,) = result.destinations
    assert place.location == product.addresses.get().location
    assert place.room == 17


def test_what_does_not_fit_goes_to_the_reserve(bench: Bench) -> None:
    product = bench.line(30)

    result = bench.scan(product, quantity=25)

    assert [(one.kind, one.quantity) for one in result.destinations] == [
        (Location.Kind.SHELF, 20),
        (Location.Kind.RESERVE, 5),
    ]


def test_a_cold_box_goes_to_the_fridge(bench: Bench) -> None:
    product = bench.line(2, cold=True)

    (place,) = bench.scan(product).destinations

    assert place.kind == Location.Kind.FRIDGE


# Dates ------------------------------------------------------------------------------------------


def test_a_code_without_date_keeps_the_known_date_of_its_lot(bench: Bench) -> None:
    product = bench.line(3)
    LotFactory(product=product, number="L9", expires_on=GOOD_DATE)

    result = bench.scan(product, lot_number="L9", expires_on=None)

    assert result.expires_on == GOOD_DATE
    assert result.asks == ()


def test_a_date_nobody_knows_is_asked_and_then_holds_for_the_lot(bench: Bench) -> None:
    product = bench.line(3)
    first = bench.scan(product, lot_number="L9", expires_on=None)

    services.answer(
        bench.receipt, question="expiry", product=product, lot_number="L9", expires_on=GOOD_DATE,
        at=bench.at, actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip
    second = bench.scan(product, lot_number="L9", expires_on=None)

    assert first.asks == (Ask.EXPIRY,)
    assert second.asks == ()
    assert second.expires_on == GOOD_DATE


def test_an_expired_box_only_goes_to_quarantine(bench: Bench) -> None:
    product = bench.line(3)

    result = bench.scan(product, expires_on=bench.on - timedelta(days=1))

    assert (result.tone, result.heard) == (Tone.STOP, Heard.EXPIRED)
    assert result.received == 0
    assert [one.kind for one in result.destinations] == [Location.Kind.QUARANTINE]


def test_a_box_is_good_on_its_last_day(bench: Bench) -> None:
    product = bench.line(3)

    assert bench.scan(product, expires_on=bench.on).heard == Heard.COUNTED


def test_a_date_answered_in_the_past_sends_the_boxes_to_quarantine(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, lot_number="L9", expires_on=None)

    services.answer(
        bench.receipt, question="expiry", product=product, lot_number="L9",
        expires_on=bench.on - timedelta(days=2), at=bench.at, actor=bench.actor,
        request_id=uuid4(),
    )  # fmt: skip

    line = tally(bench.receipt, on=bench.on).line(product.pk)
    assert (line.received, line.held_back) == (0, 1)


def test_a_short_date_asks_for_a_reason_once(bench: Bench) -> None:
    product, soon = bench.line(3), bench.on + timedelta(days=90)

    first = bench.scan(product, expires_on=soon)
    services.answer(
        bench.receipt, question="short_dated", choice=ShortReason.SELLS, product=product,
        at=bench.at, actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip
    second = bench.scan(product, expires_on=soon)

    assert (first.tone, first.asks) == (Tone.LOOK, (Ask.SHORT_DATED,))
    assert (second.tone, second.asks) == (Tone.YES, ())


def test_a_recalled_lot_goes_to_quarantine(bench: Bench) -> None:
    product = bench.line(3)
    LotHold.objects.create(
        lot=LotFactory(product=product, number="BAD"), kind=LotHold.Kind.RECALLED,
        held_at=bench.at, held_by=bench.actor,
    )  # fmt: skip

    result = bench.scan(product, lot_number="BAD")

    assert (result.tone, result.heard) == (Tone.STOP, Heard.HELD)


# Serials ----------------------------------------------------------------------------------------


def test_the_same_serial_again_is_already_counted(bench: Bench) -> None:
    product = bench.line(3)

    bench.scan(product, serial="S1")
    again = bench.scan(product, serial="S1")

    assert again.heard == Heard.AGAIN
    assert again.tone != Tone.STOP
    assert again.received == 1


def test_a_serial_undone_may_be_scanned_again(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, serial="S1")
    bench.undo()

    assert bench.scan(product, serial="S1").heard == Heard.COUNTED


def test_a_serial_of_another_receipt_stops(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product, serial="S1")
    bench.validate()
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at, orders=[], request_id=uuid4()
    )

    result = bench.scan(product, serial="S1")

    assert (result.tone, result.heard) == (Tone.STOP, Heard.KNOWN_SERIAL)
    assert [one.kind for one in result.destinations] == [Location.Kind.QUARANTINE]


# What nobody ordered ----------------------------------------------------------------------------


def test_a_product_nobody_ordered_asks_what_it_is(bench: Bench) -> None:
    bench.line(3)
    other = ProductFactory()

    result = bench.scan(other)

    assert (result.tone, result.heard, result.asks) == (Tone.LOOK, Heard.EXTRA, (Ask.EXTRA,))


def test_the_answer_is_kept_for_the_next_boxes(bench: Bench) -> None:
    bench.line(3)
    other = ProductFactory()
    bench.scan(other)

    services.answer(
        bench.receipt, question="extra", choice=ExtraKind.GIFT, product=other, at=bench.at,
        actor=bench.actor, request_id=uuid4(),
    )  # fmt: skip

    assert bench.scan(other).asks == ()


def test_an_answer_that_is_no_choice_is_refused(bench: Bench) -> None:
    product = bench.line(3)

    with pytest.raises(services.UnreadableAnswer):
        services.answer(
            bench.receipt, question="extra", choice="cake", product=product, at=bench.at,
            actor=bench.actor, request_id=uuid4(),
        )  # fmt: skip


def test_without_an_order_everything_is_simply_counted(bench: Bench) -> None:
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at, orders=[], request_id=uuid4()
    )

    result = bench.scan(ProductFactory())

    assert (result.tone, result.heard) == (Tone.YES, Heard.COUNTED)


# Quantities -------------------------------------------------------------------------------------


def test_a_quantity_key_says_how_many_the_last_scan_was(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product)

    result = bench.hear("3*")

    assert (result.received, result.quantity) == (3, 3)
    assert result.lot_number == "B2409A"


def test_a_quantity_key_before_a_code_multiplies_it(bench: Bench) -> None:
    product = bench.line(3)

    assert bench.hear(f"2 * {product.cip13}").received == 2


def test_the_quantity_key_retried_counts_once(bench: Bench) -> None:
    product, request_id = bench.line(9), uuid4()
    bench.scan(product)

    bench.hear("3*", request_id=request_id)
    result = bench.hear("3*", request_id=request_id)

    assert (result.is_repeat, result.received) == (True, 3)


def test_an_absurd_quantity_is_asked_again_and_nothing_is_lost(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()

    asked = bench.scan(product, quantity=400, request_id=request_id)
    assert (asked.heard, asked.act, asked.quantity) == (Heard.ABSURD, None, 400)
    assert ReceiptScan.objects.count() == 0

    done = bench.scan(product, quantity=400, request_id=request_id, is_confirmed=True)
    assert done.received == 400


def test_three_times_the_order_is_not_absurd(bench: Bench) -> None:
    product = bench.line(40)

    assert bench.scan(product, quantity=120).heard == Heard.COUNTED


def test_no_boxes_are_no_scan(bench: Bench) -> None:
    product = bench.line(3)

    with pytest.raises(services.ImpossibleQuantity):
        bench.scan(product, quantity=0)


def test_the_label_of_a_case_counts_its_boxes(bench: Bench) -> None:
    from backofficine.formats.codes import with_key

    product = bench.line(24, case_size=12)
    case = with_key(f"1{product.cip13[:12]}")

    result = bench.hear(f"01{case}10LOT9")

    assert (result.quantity, result.received) == (12, 12)


# Undo -------------------------------------------------------------------------------------------


def test_undo_is_a_mirror_fact(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product)
    bench.scan(product)

    result = bench.undo()

    assert (result.heard, result.received) == (Heard.UNDONE, 1)
    assert list(ReceiptScan.objects.order_by("pk").values_list("quantity", flat=True)) == [
        1, 1, -1,
    ]  # fmt: skip


def test_undo_twice_takes_two_scans_back_and_a_retry_only_one(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()
    bench.scan(product)
    bench.scan(product)

    bench.undo(request_id=request_id)
    assert bench.undo(request_id=request_id).is_repeat
    assert bench.undo().received == 0

    with pytest.raises(services.NothingToUndo):
        bench.undo()


def test_undo_forgets_an_unknown_code_too(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product)
    bench.at += timedelta(seconds=5)
    bench.hear("QZ-77-WHAT")

    result = bench.undo()

    assert result.heard == Heard.UNDONE
    assert UnknownScan.objects.get().answers.get().answer == UnknownKind.UNDONE
    assert tally(bench.receipt, on=bench.on).line(product.pk).received == 1


# Codes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deform",
    [
        lambda code: code,
        lambda code: f"]d2{code}",
        lambda code: code.replace(GS, "|"),
        lambda code: f"{GS}{code}",
        lambda code: (
            f"({code[:2]}){code[2:16]}({code[16:18]}){code[18:24]}"
            f"({code[24:26]}){code[26:].split(GS)[0]}(21){code.rsplit(f'{GS}21', 1)[1]}"
        ),
    ],
    ids=["as printed", "with prefix", "bar for separator", "leading separator", "typed"],
)
def test_every_way_to_write_a_box_is_the_same_box(bench: Bench, deform) -> None:
    product = bench.line(3)
    code = box_code(cip13=product.cip13, lot="B2409A", expires_on=GOOD_DATE, serial="SER1AL")

    result = bench.hear(deform(code))

    assert result.product == product
    assert (result.lot_number, result.expires_on) == ("B2409A", GOOD_DATE)
    assert ReceiptScan.objects.get().serial == "SER1AL"


def test_a_french_keyboard_does_not_hide_a_box(bench: Bench) -> None:
    product = bench.line(3)
    digits = dict(zip("1234567890", "&é\"'(-è_çà", strict=True))
    code = f"01{0}{product.cip13}17280229"

    result = bench.hear("".join(digits[sign] for sign in code))

    assert result.product == product


def test_an_unknown_code_is_kept_aside_and_blocks_nothing(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()

    first = bench.hear("03700412889015", request_id=request_id)
    again = bench.hear("03700412889015", request_id=request_id)

    assert (first.tone, first.heard, first.asks) == (Tone.LOOK, Heard.UNKNOWN, (Ask.UNKNOWN,))
    assert again.is_repeat
    assert UnknownScan.objects.get().code == "03700412889015"
    assert bench.scan(product).received == 1


def test_an_unknown_code_may_be_tied_to_a_product(bench: Bench) -> None:
    product = bench.line(3)
    unknown = bench.hear("03700412889015").unknown
    assert unknown is not None

    result = services.tie_code(unknown, product=product, request_id=uuid4(), **bench.told)

    assert result.received == 1
    assert bench.hear("03700412889015").received == 2


def test_html_and_endless_codes_are_only_text(bench: Bench) -> None:
    bench.line(3)

    result = bench.hear("<script>alert(1)</script>" * 30)

    assert result.heard == Heard.UNKNOWN
    assert len(UnknownScan.objects.get().code) == 200


def test_an_ambiguous_code_means_the_product_that_is_due(bench: Bench) -> None:
    from backofficine.catalog.models import ProductCode

    due, other = bench.line(3), ProductFactory()
    for product in (due, other):
        ProductCodeFactory(product=product, kind=ProductCode.Kind.EAN13, code="3661234567898")

    assert bench.hear("3661234567898").product == due


def test_an_ambiguous_code_asks_when_nothing_tells(bench: Bench) -> None:
    from backofficine.catalog.models import ProductCode

    bench.line(3)
    others = ProductFactory(), ProductFactory()
    for product in others:
        ProductCodeFactory(product=product, kind=ProductCode.Kind.EAN13, code="3661234567898")

    asked = bench.hear("3661234567898")
    assert (asked.heard, set(asked.choices)) == (Heard.AMBIGUOUS, set(others))

    assert bench.hear("3661234567898", product=others[1]).product == others[1]


def test_two_codes_read_at_once_count_nothing(bench: Bench) -> None:
    one, two = bench.line(3), bench.line(3)

    result = bench.hear(f"{one.cip13}{two.cip13}")

    assert result.heard == Heard.TWO_CODES
    assert ReceiptScan.objects.count() == 0


def test_scanning_a_parcel_opens_it_and_says_that_the_last_is_empty(bench: Bench) -> None:
    first, second, _third = bench.receipt.parcels.order_by("pk")
    first.code, second.code = "BAC-1", "BAC-2"
    first.save()
    second.save()

    assert bench.hear("BAC-1").parcel == first
    bench.at += timedelta(minutes=4)
    assert bench.hear("BAC-2").parcel == second

    first.refresh_from_db()
    assert first.emptied_at == bench.at


# Narcotics, closed receipts ---------------------------------------------------------------------


def test_a_clerk_does_not_multiply_the_narcotic_a_pharmacist_scanned(bench: Bench) -> None:
    product = bench.line(2, narcotic=True)
    bench.by_pharmacist = True
    bench.scan(product)
    bench.by_pharmacist = False

    refusal = bench.hear("3*")

    assert refusal.heard is Heard.NARCOTIC
    assert ReceiptScan.objects.get().quantity == 1


def test_a_clerk_does_not_undo_the_narcotic_a_pharmacist_scanned(bench: Bench) -> None:
    product = bench.line(2, narcotic=True)
    bench.by_pharmacist = True
    bench.scan(product)
    bench.by_pharmacist = False

    refusal = bench.undo()

    assert refusal.heard is Heard.NARCOTIC
    assert ReceiptScan.objects.count() == 1


def test_only_a_pharmacist_receives_a_narcotic(bench: Bench) -> None:
    product = bench.line(2, narcotic=True)

    refused = bench.scan(product)
    assert (refused.tone, refused.heard) == (Tone.STOP, Heard.NARCOTIC)
    assert ReceiptScan.objects.count() == 0

    bench.by_pharmacist = True
    assert bench.scan(product).received == 1


def test_nothing_is_scanned_into_a_closed_receipt(bench: Bench) -> None:
    product = bench.line(3)
    bench.scan(product)
    bench.validate()

    with pytest.raises(services.ReceiptIsClosed):
        bench.scan(product)


def test_a_retry_after_closing_is_still_answered(bench: Bench) -> None:
    product, request_id = bench.line(3), uuid4()
    bench.scan(product, request_id=request_id)
    bench.validate()

    assert bench.scan(product, request_id=request_id).is_repeat


# Many at once -----------------------------------------------------------------------------------


def test_many_boxes_follow_the_same_rules(bench: Bench) -> None:
    good, old = bench.line(3), bench.line(3)
    boxes = [
        services.Boxes(good, 2, "A", GOOD_DATE, unit_price=Decimal("2.14")),
        services.Boxes(good, 1, "A", GOOD_DATE, serial="S"),
        services.Boxes(good, 1, "A", GOOD_DATE, serial="S"),
        services.Boxes(old, 1, "B", date(2020, 1, 31)),
    ]
    request_id = uuid4()

    services.scan_many(bench.receipt, boxes, request_id=request_id, **bench.told)
    services.scan_many(bench.receipt, boxes, request_id=request_id, **bench.told)

    counts = tally(bench.receipt, on=bench.on)
    assert counts.line(good.pk).received == 3
    assert (counts.line(old.pk).received, counts.line(old.pk).held_back) == (0, 1)


def test_many_boxes_cost_few_queries(bench: Bench, django_assert_max_num_queries) -> None:
    products = [bench.line(3) for _ in range(30)]
    boxes = [services.Boxes(product, 3, "A", GOOD_DATE) for product in products]

    with django_assert_max_num_queries(16):
        services.scan_many(bench.receipt, boxes, request_id=uuid4(), **bench.told)


def test_words_that_name_no_product_are_answered_and_not_kept(bench: Bench) -> None:
    touch_version()

    answer = bench.hear("Mireille Durand")

    assert answer.tone == Tone.LOOK
    assert not UnknownScan.objects.exists()
