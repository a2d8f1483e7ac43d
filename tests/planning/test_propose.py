"""What is proposed, and why: the rule as the pharmacist states it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.catalog.models import Product
from backofficine.pharmacy.models import Parameter
from backofficine.planning import services
from backofficine.planning.why import Why, recompute
from backofficine.promises.models import Cause, Promise, Status
from backofficine.promises.services import promise as make_promise
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import OrderLine, SupplierPrice
from backofficine.stock import services as stock
from backofficine.stock.models import DemandLine, Posting, StockRule
from backofficine.stock.services import MoveLine
from tests.factories import (
    LocationFactory,
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
    stocked,
    virtual,
)

Urgency = OrderLine.Urgency


@pytest.fixture
def propose(main, this_round, now, actor):
    def proposed(supplier=None, delivery_round=this_round, at=now):
        return services.propose_orders(
            supplier=supplier or main, delivery_round=delivery_round, at=at, actor=actor
        )

    return proposed


def owe(product, now, actor, *, quantity=1):
    """A patient waits for a product."""
    return make_promise(
        product=product, quantity=quantity, name="Durand", cause=Cause.TOO_MANY, can_wait=True,
        is_chosen=False, all_at_once=True, at=now, actor=actor, request_id=uuid4(),
    )  # fmt: skip


def only_line(order):
    (line,) = order.lines.all()
    return line


def test_a_product_that_sells_is_ordered_up_to_its_need(propose, ask):
    product = ProductFactory()
    ask(product, 3)

    line = only_line(propose())

    why = Why.of(line.why)
    assert line.quantity == line.proposed_quantity == why.target > 0
    assert why.asked == 540
    assert why.days == 154, "open days: six a week"
    assert (line.unit_price, line.urgency) == (Decimal("3.1416"), Urgency.OUT)


def test_what_is_there_and_on_its_way_is_not_ordered_again(propose, ask, now, actor):
    product = ProductFactory()
    ask(product, 3)
    target = only_line(propose()).quantity
    stocked(product, target - 1)
    coming = OrderLineFactory(
        order=OrderFactory(sent=True, number=900), product=product, quantity=1
    )

    order = propose()

    assert coming.order_id != order.pk
    assert not order.lines.exists()


def test_what_is_on_a_draft_is_not_on_its_way(propose, ask):
    product = ProductFactory()
    ask(product, 3)
    first = only_line(propose()).quantity

    assert only_line(propose()).quantity == first


def test_an_expired_box_is_not_stock(propose, ask):
    product = ProductFactory()
    ask(product, 3)
    need = only_line(propose()).quantity
    stocked(lot=LotFactory(product=product, expired=True), quantity=50)

    assert only_line(propose()).quantity == need


def test_whole_cases_are_ordered(propose, ask):
    product = ProductFactory(case_size=10)
    ask(product, 1)

    assert only_line(propose()).quantity == 10


def test_a_product_asked_for_once_is_not_kept(propose, ask):
    ask(ProductFactory(), every=200)

    assert not propose().lines.exists()


def test_a_missing_product_is_demand(propose, ask):
    product = ProductFactory()
    ask(product, 2, kind=DemandLine.Kind.MISSING)

    assert Why.of(only_line(propose()).why).asked == 360


def test_a_return_is_no_demand(propose, ask):
    ask(ProductFactory(), 2, kind=DemandLine.Kind.RETURNED)

    assert not propose().lines.exists()


def test_sales_older_than_the_period_do_not_count(propose, ask, today):
    ask(ProductFactory(), 3, until=today - timedelta(days=180))

    assert not propose().lines.exists()


def test_a_young_record_is_read_as_four_weeks(propose, ask, today):
    ask(ProductFactory(), 3, days=3)

    assert Why.of(only_line(propose()).why).days == 24


def test_one_large_demand_is_left_aside(propose, ask, now):
    product = ProductFactory()
    ask(product, 1, every=10)
    ask(product, 40, days=1)

    why = Why.of(only_line(propose()).why)

    assert why.peak == 37, "a line counts for three times the others at most"


def test_days_without_stock_are_left_aside_with_what_was_asked_in_vain(
    propose, ask, now, actor, today
):
    product = ProductFactory()
    shelf = LocationFactory()
    lot = LotFactory(product=product)
    monday = date(2026, 11, 2)

    def post(source, target, quantity, day, reason):
        at = datetime.combine(day, time(9), tzinfo=now.tzinfo)
        stock.post(
            lines=[MoveLine(lot=lot, source=source, target=target, quantity=quantity)],
            reason=reason, occurred_at=at, recorded_at=at, actor=actor, request_id=uuid4(),
        )  # fmt: skip

    post(virtual("supplier"), shelf, 5, monday, Posting.Reason.RECEIPT)
    post(shelf, virtual("patient"), 5, monday + timedelta(days=1), Posting.Reason.WITHDRAWAL)
    post(virtual("supplier"), shelf, 1, monday + timedelta(days=10), Posting.Reason.RECEIPT)
    ask(product, 1, every=2, days=100, until=monday + timedelta(days=1))
    ask(product, 2, days=1, kind=DemandLine.Kind.MISSING, until=monday + timedelta(days=4))

    why = Why.of(only_line(propose()).why)

    assert why.days_out == 7, "Wednesday to Wednesday, without Sunday"
    assert why.days_counted == why.days - 7
    assert why.asked == 50, "the two boxes asked in vain left with their day"


def test_a_product_never_on_the_shelf_keeps_the_demand_of_its_promises(
    propose, ask, now, actor, today
):
    product = ProductFactory()
    shelf = LocationFactory()
    lot = LotFactory(product=product)
    at = now - timedelta(days=170)
    for source, target in ((virtual("supplier"), shelf), (shelf, virtual("patient"))):
        stock.post(
            lines=[MoveLine(lot=lot, source=source, target=target, quantity=1)],
            reason=Posting.Reason.TRANSFER, occurred_at=at, recorded_at=at, actor=actor,
            request_id=uuid4(),
        )  # fmt: skip
    ask(product, 1, every=10, kind=DemandLine.Kind.MISSING)

    why = Why.of(only_line(propose()).why)

    assert (why.days_out, why.asked) == (0, 18)


def test_a_minimum_set_here_is_kept_without_any_sale(propose):
    product = ProductFactory()
    StockRule.objects.create(product=product, minimum=2)

    line = only_line(propose())

    assert (line.quantity, Why.of(line.why).floor) == (2, 2)


def test_a_maximum_set_here_is_not_passed(propose, ask):
    product = ProductFactory()
    StockRule.objects.create(product=product, maximum=1)
    ask(product, 5)

    assert only_line(propose()).quantity == 1


def test_a_product_of_the_emergency_list_is_never_without_a_box(propose):
    ProductFactory(is_emergency=True)

    assert only_line(propose()).quantity == 1


def test_a_product_decided_not_to_be_kept_is_ordered_for_patients_only(propose, ask, now, actor):
    product = ProductFactory()
    StockRule.objects.create(product=product, never_stock=True)
    ask(product, 3)
    assert not propose().lines.exists()

    owe(product, now, actor)

    line = only_line(propose())
    assert (line.quantity, line.promised_quantity, line.is_to_look_at) == (1, 1, False)


@pytest.mark.parametrize("trait", ["cold", "narcotic", "expensive"])
def test_a_guarded_product_asks_for_a_person(propose, ask, trait):
    ask(ProductFactory(**{trait: True}), 3)

    line = only_line(propose())

    why = Why.of(line.why)
    assert (line.quantity, why.guard) == (0, trait)
    assert why.wished_boxes > 0
    assert line.is_to_look_at


@pytest.mark.parametrize("trait", ["cold", "narcotic", "expensive"])
def test_a_guarded_product_is_ordered_for_the_patient_who_waits(propose, ask, now, actor, trait):
    product = ProductFactory(**{trait: True})
    ask(product, 3)
    owe(product, now, actor, quantity=2)

    line = only_line(propose())

    assert (line.quantity, line.promised_quantity) == (2, 2)


def test_a_guarded_product_is_not_ordered_twice(propose, ask, now, actor, main):
    product = ProductFactory(cold=True)
    order = OrderFactory(sent=True, supplier=main, delivery_round=None)
    OrderLineFactory(order=order, product=product, quantity=1)
    owe(product, now, actor)

    assert not propose().lines.exists(), "the box that comes is nobody else's"


def test_the_price_from_which_a_product_is_expensive_is_a_dated_parameter(propose, ask, now):
    ask(ProductFactory(unit_cost=Decimal(60)), 3)
    assert not only_line(propose()).is_to_look_at

    Parameter.objects.create(
        key="expensive_from", value="50", valid_from=date(2026, 1, 1), source="ici"
    )

    assert Why.of(only_line(propose()).why).guard == "expensive"


def test_a_promise_is_ordered_though_the_record_says_boxes_are_there(propose, ask, now, actor):
    product = ProductFactory()
    ask(product, 1, every=90)
    stocked(product, 5)
    owe(product, now, actor, quantity=2)

    line = only_line(propose())

    assert (line.quantity, line.promised_quantity, line.urgency) == (2, 2, Urgency.PROMISED)


def test_a_promise_already_ordered_is_not_ordered_again(propose, now, actor):
    product = ProductFactory()
    owe(product, now, actor, quantity=2)
    order = propose()
    services.send_order(order, channel="file", at=now, actor=actor, request_id=uuid4())

    again = propose()

    assert Promise.objects.get().status == Status.ORDERED
    assert again != order
    assert not again.lines.exists()


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({"availability": Product.Availability.SHORTAGE}, "shortage"),
        ({"availability": Product.Availability.STOPPED}, "stopped"),
        ({"state": Product.State.STOPPED}, "stopped"),
        ({"state": Product.State.WITHDRAWN}, "stopped"),
    ],
)
def test_what_cannot_be_had_is_not_ordered_and_says_so(propose, ask, now, actor, changes, blocked):
    product = ProductFactory(**changes)
    ask(product, 3)
    owe(product, now, actor)

    line = only_line(propose())

    assert (line.quantity, Why.of(line.why).blocked) == (0, blocked)
    assert line.is_to_look_at


def test_supply_tension_is_still_ordered(propose, ask):
    ask(ProductFactory(availability=Product.Availability.TENSION), 3)

    assert only_line(propose()).quantity > 0


def test_a_dead_code_gives_its_sales_and_boxes_to_its_successor(propose, ask):
    living = ProductFactory()
    dead = ProductFactory(successor=ProductFactory(successor=living))
    ask(dead, 3)
    stocked(dead, 1)

    lines = {line.product_id: line for line in propose().lines.all()}

    why = Why.of(lines[living.pk].why)
    assert (why.asked, why.on_hand) == (540, 1)
    assert lines[living.pk].quantity > 0
    assert (lines[dead.pk].quantity, Why.of(lines[dead.pk].why).successor) == (0, living.cip13)


def test_divisible_products_are_ordered_in_boxes_and_counted_in_doses(propose, ask):
    product = ProductFactory(divisible=True)
    ask(product, 10)

    line = only_line(propose())

    why = Why.of(line.why)
    assert why.asked == 1800
    assert line.quantity * 14 >= why.need > (line.quantity - 1) * 14


def test_what_people_decided_is_kept(propose, ask, main, now, actor):
    changed, added, plain = ProductFactory(), ProductFactory(), ProductFactory()
    ask(changed, 3)
    ask(plain, 3)
    order = propose()
    orders.set_line(order, product=changed, quantity=1, at=now, actor=actor, reason="space")
    orders.set_line(order, product=added, quantity=2, at=now, actor=actor)
    stocked(changed, 1)
    stocked(plain, 1)

    lines = {line.product_id: line for line in propose().lines.all()}

    assert lines[changed.pk].quantity == 1
    assert lines[changed.pk].change_reason == "space"
    assert Why.of(lines[changed.pk].why).on_hand == 1, "the proposal beside it moved on"
    assert lines[added.pk].quantity == 2
    assert lines[plain.pk].quantity == lines[plain.pk].proposed_quantity


def test_what_is_no_longer_needed_leaves_the_draft_unless_a_person_wants_it(
    propose, ask, now, actor
):
    changed, plain = ProductFactory(), ProductFactory()
    ask(changed, 3)
    ask(plain, 3)
    order = propose()
    orders.set_line(order, product=changed, quantity=1, at=now, actor=actor, reason="doubt")
    stocked(changed, 200)
    stocked(plain, 200)

    line = only_line(propose())

    assert (line.product, line.quantity, line.proposed_quantity) == (changed, 1, 0)
    assert recompute(Why.of(line.why)) == 0


def test_an_accepted_line_follows_its_proposal_and_asks_again(propose, ask, now, actor):
    product = ProductFactory()
    ask(product, 3)
    line = only_line(propose())
    orders.check_line(line, at=now, actor=actor)
    stocked(product, 1)

    again = only_line(propose())

    assert again.quantity == again.proposed_quantity != line.quantity
    assert not again.is_checked


def test_a_second_proposal_at_once_changes_nothing(propose, ask):
    ask(ProductFactory(), 3)
    ask(ProductFactory(cold=True), 3)
    before = propose()
    lines = list(before.lines.order_by("pk").values())

    after = propose()

    assert list(after.lines.order_by("pk").values()) == lines
    assert after.version == before.version


def test_a_direct_supplier_is_asked_for_what_it_sells_and_for_a_month(
    propose, ask, main, now, actor
):
    supplier = SupplierFactory(direct=True, lead_time_days=5)
    sold, other = ProductFactory(), ProductFactory()
    ask(sold, 2)
    ask(other, 2)
    SupplierPrice.objects.create(
        supplier=supplier, product=sold, unit_price=Decimal("2.5"), valid_from=date(2026, 1, 1)
    )

    line = only_line(propose(supplier, delivery_round=None))

    why = Why.of(line.why)
    assert (line.product, line.unit_price) == (sold, Decimal("2.5"))
    assert (why.lead_days, why.review_days) == (5.0, 26.0)
    assert line.quantity > 50


def test_another_wholesaler_is_asked_for_nothing_by_itself(propose, ask, main, now, actor):
    ask(ProductFactory(), 3)
    second = SupplierFactory()
    order = OrderFactory(supplier=second)

    again = propose(second, delivery_round=order.delivery_round)

    assert again == order
    assert not again.lines.exists()


def test_a_wholesaler_without_a_round_cannot_be_proposed_for(main, now, actor):
    with pytest.raises(services.NothingToOrderFrom):
        services.propose_orders(
            supplier=SupplierFactory(), delivery_round=None, at=now, actor=actor
        )


def test_the_cover_reaches_the_round_after_this_one(propose, ask, now):
    ask(ProductFactory(), 3)

    why = Why.of(only_line(propose()).why)

    # From 10 h 18 to 14 h 30: 2 h 42 of opening of the 8 h 40 of an average day.
    assert why.lead_days == pytest.approx(0.4)
    # Till 8 h 45 the next morning: 5 h and a quarter of an hour.
    assert why.review_days == pytest.approx(0.7)
