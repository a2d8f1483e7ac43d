"""The commands that change the stock, without HTTP."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.stock import queries, services
from backofficine.stock.models import (
    CountRequest,
    DemandLine,
    ExpiredSale,
    FoundExplained,
    Location,
    LotHold,
    Move,
    NarcoticVisa,
    NotFound,
    Posting,
)
from backofficine.stock.services import MoveLine, Wanted
from backofficine.stock.services.ledger import AlreadyReversed
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from backofficine.stock.services.withdraw import NeedsVisa
from tests.factories import (
    ActorFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    shop_floor,
    stocked,
    virtual,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def floor():
    return shop_floor()


@pytest.fixture
def take(now, today, actor):
    """Withdraw for a patient, now."""

    def take(product, quantity=1, *, lot=None, **changes):
        words = {"by_pharmacist": True, "request_id": uuid4(), **changes}
        return services.withdraw(
            [Wanted(product, quantity, lot)], on=today, occurred_at=now, recorded_at=now,
            actor=actor, **words,
        )  # fmt: skip

    return take


def held(product) -> int:
    return sum(row.on_hand for row in queries.balances_of_product(product))


# Withdrawing ------------------------------------------------------------------------------------


def test_the_first_to_expire_leaves_first(take, today):
    product, shelf = ProductFactory(), LocationFactory()
    late = LotFactory(product=product, expires_on=today + timedelta(days=600))
    soon = LotFactory(product=product, expires_on=today + timedelta(days=60))
    for lot in (late, soon):
        stocked(product, 3, lot=lot, location=shelf)

    done = take(product, 4)

    assert [(line.lot_id, line.quantity) for line in done.lines] == [(soon.pk, 3), (late.pk, 1)]
    assert all(line.is_lot_assumed for line in done.lines)
    assert queries.on_hand(product) == 2


def test_a_box_may_be_handed_over_on_its_last_day_and_not_the_day_after(take, today):
    product = ProductFactory()
    last_day = stocked(product, 1, lot=LotFactory(product=product, expires_on=today))

    assert take(product, lot=last_day).found == 0

    expired = LotFactory(product=product, expired=True)
    with pytest.raises(services.ExpiredLot) as refusal:
        take(product, lot=expired)
    assert f"{expired.expires_on:%d/%m/%Y}" in str(refusal.value)


def test_an_expired_box_is_passed_over_by_the_choice_of_lots(take):
    product = ProductFactory()
    stocked(product, 5, lot=LotFactory(product=product, expired=True))
    fresh = stocked(product, 2)

    done = take(product, 1)

    assert [line.lot_id for line in done.lines] == [fresh.pk]


def test_a_box_the_record_did_not_know_is_not_said_to_be_of_an_expired_or_held_lot(
    take, now, actor
):
    product, recalled = ProductFactory(), ProductFactory()
    expired = stocked(product, 5, lot=LotFactory(product=product, expired=True))
    held_lot = stocked(recalled, 5)
    LotHold.objects.create(lot=held_lot, kind="recalled", held_at=now, held_by=actor)

    done, other = take(product), take(recalled)

    assert done.lines[0].lot_id != expired.pk
    assert other.lines[0].lot_id != held_lot.pk
    assert (done.found, other.found) == (1, 1)


def test_a_box_whose_lot_waits_in_quarantine_alone_is_refused(take):
    floor = shop_floor()
    product = ProductFactory()
    suspect = stocked(product, 1, location=floor["quarantine"])

    with pytest.raises(services.HeldLot):
        take(product, lot=suspect)

    stocked(product, 2, lot=suspect, location=floor["shelf"])
    assert take(product, lot=suspect).found == 0


def test_a_held_lot_reaches_no_patient(take, now, actor):
    product = ProductFactory()
    lot = stocked(product, 5)
    hold = LotHold.objects.create(lot=lot, kind="recalled", held_at=now, held_by=actor)

    with pytest.raises(services.HeldLot):
        take(product, lot=lot)
    assert take(product).found == 1, "the recalled boxes are not counted as there"

    hold.lifted_at = now
    hold.save()
    assert take(product, lot=lot).found == 0


def test_a_fact_is_recorded_even_when_the_record_disagrees(take):
    product = ProductFactory()
    lot = stocked(product, 2)

    done = take(product, 5)

    assert done.found == 3
    assert queries.on_hand(product) == 0
    found = Move.objects.filter(is_found=True, source__kind="count")
    assert [(move.lot_id, move.quantity) for move in found] == [(lot.pk, 3)]
    assert CountRequest.objects.get().why == CountRequest.Why.FOUND
    assert queries.audit().is_sound


def test_boxes_set_aside_for_a_promise_are_somebodys(take, floor):
    product = ProductFactory()
    stocked(product, 2, location=floor["promise_slot"])
    stocked(product, 1, location=floor["shelf"])

    done = take(product, 2)

    assert done.found == 1
    assert held(product) == 2


def test_a_scanned_box_of_another_lot_changes_lot_not_number(take):
    product = ProductFactory()
    recorded = stocked(product, 3)
    scanned = LotFactory(product=product)

    done = take(product, lot=scanned)

    assert done.found == 0
    assert [(line.lot_id, line.is_lot_assumed) for line in done.lines] == [(scanned.pk, False)]
    assert [(row.lot_id, row.on_hand) for row in queries.balances_of_product(product)] == [
        (recorded.pk, 2)
    ]


def test_what_was_asked_is_demand_even_when_it_was_found(take, today, floor):
    product = ProductFactory()

    take(product, 3, demand_source="counter")

    line = DemandLine.objects.get()
    assert (line.kind, line.quantity, line.occurred_on) == ("served", 3, today)


def test_a_double_click_withdraws_once(take):
    product, request_id = ProductFactory(), uuid4()
    stocked(product, 5)

    first = take(product, 2, request_id=request_id)
    again = take(product, 2, request_id=request_id)

    assert again.is_repeat
    assert (again.position, again.lines) == (first.position, first.lines)
    assert queries.on_hand(product) == 3
    assert DemandLine.objects.count() == 1


def test_a_form_used_for_something_else_is_refused(take, now, actor):
    product, request_id = ProductFactory(), uuid4()
    stocked(product, 5, request_id=request_id)

    with pytest.raises(services.RequestReused):
        take(product, request_id=request_id)


def test_an_imported_sale_of_an_expired_box_is_recorded_and_told(take):
    product = ProductFactory()
    lot = stocked(product, 2, lot=LotFactory(product=product, expired=True))

    done = take(product, 1, is_fact=True)

    assert [line.lot_id for line in done.lines] == [lot.pk]
    assert ExpiredSale.objects.get().move.posting_id == done.posting_id


def test_a_narcotic_withdrawn_by_a_technician_awaits_a_visa(take, now, actor):
    product = ProductFactory(narcotic=True)
    stocked(product, 2)

    take(product, by_pharmacist=True)
    assert not NarcoticVisa.objects.exists()

    take(product, by_pharmacist=False)
    visa = NarcoticVisa.objects.get()
    services.give_visa(visa, at=now, actor=actor)

    visa.refresh_from_db()
    assert (visa.given_at, visa.given_by) == (now, actor)
    with pytest.raises(NeedsVisa):
        services.give_visa(visa, at=now, actor=actor)


# Posting and reversing --------------------------------------------------------------------------


def test_a_place_that_holds_less_refuses_and_says_what_it_holds(now, actor):
    lot, slot = stocked(quantity=2), LocationFactory(promise_slot=True)
    shelf = lot.balances.get().location

    with pytest.raises(services.InsufficientStock) as refusal:
        services.transfer(
            [(lot, shelf, slot, 3)], occurred_at=now, recorded_at=now, actor=actor,
            request_id=uuid4(),
        )  # fmt: skip

    assert refusal.value.details["held"] == 2
    assert shelf.code in str(refusal.value)
    assert Posting.objects.count() == 1


def test_one_line_that_cannot_be_undoes_the_whole_posting(now, actor):
    good, bad = stocked(quantity=5), stocked(quantity=1)
    slot = LocationFactory(promise_slot=True)

    with pytest.raises(services.InsufficientStock):
        services.transfer(
            [(lot, lot.balances.get().location, slot, 3) for lot in (good, bad)],
            occurred_at=now, recorded_at=now, actor=actor, request_id=uuid4(),
        )  # fmt: skip

    assert good.balances.get().on_hand == 5
    assert queries.audit().is_sound


def test_a_move_bears_the_products_cost_unless_told_another(now, actor):
    lot, shelf = LotFactory(product=ProductFactory(unit_cost=Decimal("2.5"))), LocationFactory()
    supplier = virtual("supplier")

    services.post(
        lines=[
            MoveLine(lot, supplier, shelf, 1),
            MoveLine(lot, supplier, shelf, 1, unit_cost=Decimal("2.3999")),
        ],
        reason=Posting.Reason.RECEIPT, occurred_at=now, recorded_at=now, actor=actor,
        request_id=uuid4(),
    )  # fmt: skip

    costs = Move.objects.order_by("line").values_list("unit_cost", flat=True)
    assert list(costs) == [Decimal("2.5"), Decimal("2.3999")]


def test_undoing_a_posting_brings_every_box_back_once(take, now, actor):
    product = ProductFactory()
    stocked(product, 4)
    posting = Posting.objects.get(pk=take(product, 3).posting_id)
    when = {"occurred_at": now, "recorded_at": now, "actor": actor}

    mirror = services.reverse(posting, **when)

    assert queries.on_hand(product) == 4
    assert mirror.reverses == posting
    assert services.reverse(posting, **when) == mirror, "a double click undoes once"
    with pytest.raises(AlreadyReversed):
        services.reverse(mirror, **when)


# Taking out, counting, looking ------------------------------------------------------------------


def test_a_broken_box_goes_to_waste_and_is_dated_there(now, actor):
    lot = stocked(quantity=3)

    posting = services.take_out(
        lot, quantity=1, cause="broken", occurred_at=now, recorded_at=now, actor=actor,
        request_id=uuid4(), by_pharmacist=False,
    )  # fmt: skip

    assert (posting.reason, posting.cause, posting.occurred_at) == ("write_off", "broken", now)
    assert posting.moves.get().target.kind == Location.Kind.WASTE
    assert held(lot.product) == 2


def test_a_quarantined_box_is_taken_from_quarantine_when_it_goes_to_waste(now, actor, floor):
    lot = stocked(quantity=1, location=floor["shelf"])
    when = {
        "quantity": 1, "cause": "expired", "occurred_at": now, "recorded_at": now,
        "actor": actor, "by_pharmacist": True,
    }  # fmt: skip

    services.take_out(lot, to_quarantine=True, request_id=uuid4(), **when)
    assert lot.balances.get(on_hand=1).location == floor["quarantine"]

    services.take_out(lot, request_id=uuid4(), **when)
    assert held(lot.product) == 0
    assert not Move.objects.filter(is_found=True).exists()


def test_a_box_in_the_hand_that_no_record_knew_is_a_fact(now, actor, floor):
    lot = LotFactory()

    services.take_out(
        lot, quantity=2, cause="expired", occurred_at=now, recorded_at=now, actor=actor,
        request_id=uuid4(), by_pharmacist=True,
    )  # fmt: skip

    assert held(lot.product) == 0
    assert Move.objects.get(is_found=True).quantity == 2
    assert queries.audit().is_sound


def test_a_narcotic_is_taken_out_by_a_pharmacist_alone(now, actor):
    lot = stocked(ProductFactory(narcotic=True), 1)

    with pytest.raises(NarcoticNeedsPharmacist):
        services.take_out(
            lot, quantity=1, cause="broken", occurred_at=now, recorded_at=now, actor=actor,
            request_id=uuid4(), by_pharmacist=False,
        )  # fmt: skip


@pytest.mark.parametrize(("counted", "difference"), [(3, -2), (5, 0), (8, 3)])
def test_a_count_posts_the_difference_and_closes_the_request(
    now, actor, floor, counted, difference
):
    lot = stocked(quantity=5, location=floor["shelf"])
    services.report_not_found(lot.product, at=now, actor=actor, request_id=uuid4())

    line = services.count(
        lot.product, location=floor["shelf"], counted=counted, at=now, actor=actor,
        request_id=uuid4(),
    )  # fmt: skip

    assert (line.recorded, line.counted) == (5, counted)
    assert queries.on_hand(lot.product) == counted
    assert (line.posting is None) == (difference == 0)
    assert CountRequest.objects.get().closed_at == now


def test_a_count_explains_what_was_found_before_it(take, now, actor, floor):
    product = ProductFactory()
    take(product, 2)

    services.count(
        product, location=floor["shelf"], counted=4, at=now, actor=actor, request_id=uuid4()
    )

    explained = FoundExplained.objects.get()
    assert explained.by == "count"
    assert explained.move.quantity == 2


def test_not_found_is_one_tap_and_moves_nothing(now, actor, floor):
    lot, request_id = stocked(quantity=5, location=floor["shelf"]), uuid4()

    for _tap in range(2):
        services.report_not_found(lot.product, at=now, actor=actor, request_id=request_id)

    assert NotFound.objects.get().expected == 5
    assert queries.on_hand(lot.product) == 5
    assert CountRequest.objects.get().why == CountRequest.Why.NOT_FOUND


def test_an_opened_box_gives_its_doses(now, actor, floor):
    product = ProductFactory(divisible=True)
    lot = stocked(product, 28, location=floor["safe"])
    when = {"occurred_at": now, "recorded_at": now, "actor": actor}

    services.open_box(
        lot, source=floor["safe"], opened=floor["opened_box"], request_id=uuid4(), **when
    )

    assert lot.balances.get(location=floor["opened_box"]).on_hand == 14
    assert queries.on_hand(product) == 28


# Questions --------------------------------------------------------------------------------------


def test_the_stock_as_it_was_is_replayed_and_as_we_knew_it_too(now, actor):
    lot, shelf = LotFactory(), LocationFactory()
    yesterday = now - timedelta(days=1)
    line = MoveLine(lot, virtual("supplier"), shelf, 6)
    words = {"reason": Posting.Reason.RECEIPT, "actor": actor, "lines": [line]}
    services.post(occurred_at=yesterday, recorded_at=now, request_id=uuid4(), **words)

    here = {(lot.pk, shelf.pk): 6}
    assert queries.stock_as_of(lot.product, at=now) == here
    assert queries.stock_as_of(lot.product, at=yesterday) == here
    assert queries.stock_as_of(lot.product, at=yesterday, known_at=yesterday) == {}
    assert queries.stock_as_of(lot.product, at=yesterday - timedelta(hours=1)) == {}


def test_an_unknown_date_expires_last_and_never(today):
    product, shelf = ProductFactory(), LocationFactory()
    unknown = LotFactory(product=product, unknown=True)
    stocked(product, 1, lot=unknown, location=shelf)
    known = stocked(product, 1, location=shelf)

    assert [row.lot_id for row in queries.servable(product, on=today)] == [known.pk, unknown.pk]
    assert not unknown.has_known_date
    assert unknown.pk not in queries.expiring_before(date(9999, 12, 31)).values_list(
        "lot", flat=True
    )


def test_the_stock_of_many_products_is_asked_at_once(today, django_assert_num_queries):
    products = [ProductFactory() for _number in range(3)]
    actor = ActorFactory()
    for quantity, product in enumerate(products):
        if quantity:
            stocked(product, quantity, actor=actor)

    with django_assert_num_queries(1):
        found = queries.on_hand_by_product([product.pk for product in products], on=today)

    assert found == {products[1].pk: 1, products[2].pk: 2}


def test_a_form_that_was_used_for_something_else_takes_nothing_out(take, now, actor):
    product = ProductFactory()
    lot = stocked(product, 3)
    request_id = uuid4()
    take(product, request_id=request_id)

    with pytest.raises(services.RequestReused):
        services.take_out(
            lot, quantity=1, cause="broken", occurred_at=now, recorded_at=now, actor=actor,
            request_id=request_id, by_pharmacist=True,
        )  # fmt: skip
    assert held(product) == 2
