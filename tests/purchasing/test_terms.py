"""What is agreed with suppliers: tiers and free units, quotas, commitments, budget, house."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from backofficine.catalog.models import GenericGroup
from backofficine.pharmacy.models import Parameter
from backofficine.purchasing import queries, services
from backofficine.purchasing.models import (
    Commitment,
    HouseLaboratory,
    Order,
    SupplierPrice,
    SupplierQuota,
    SupplierTier,
)
from backofficine.purchasing.queries import OfferTerms, Tier
from backofficine.purchasing.services import TierLine
from tests.factories import (
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
    stocked,
)

pytestmark = pytest.mark.usefixtures("pharmacy")

Unit = Commitment.Unit


@pytest.fixture
def supplier(pharmacy):
    return SupplierFactory(direct=True, order_minimum=Decimal(80), free_carriage_from=Decimal(300))


@pytest.fixture
def product(pharmacy):
    return ProductFactory(manufacturer="LABO DU VAL")


@pytest.fixture
def terms(supplier, today):
    def read(on=None):
        return queries.terms_of([supplier], on=on or today)[supplier.pk]

    return read


@pytest.fixture
def ordered(supplier, product, now):
    """``ordered(6, at=…)``: boxes of the product, sent to the supplier, at 2 €."""

    def sent(boxes, *, at=None, status=Order.Status.SENT, of=None, **line):
        order = OrderFactory(
            supplier=supplier, delivery_round=None, sent=True, sent_at=at or now, status=status
        )
        return OrderLineFactory(
            order=order, product=of or product, quantity=boxes, unit_price=Decimal(2), **line
        )

    return sent


# Tiers --------------------------------------------------------------------------------------------


def test_the_list_price_comes_first_and_the_tiers_after_it(supplier, product, terms, today):
    SupplierPrice.objects.create(
        supplier=supplier, product=product, unit_price=Decimal("2.5"), valid_from=today
    )
    services.add_tiers(
        supplier,
        [TierLine(product, 30, Decimal(2), 3), TierLine(product, 10, Decimal("2.2"), 1)],
        valid_from=today,
    )

    assert terms().offers == {
        product.pk: OfferTerms(
            (Tier(1, Decimal("2.5")), Tier(10, Decimal("2.2"), 1), Tier(30, Decimal(2), 3)), None
        )
    }


def test_a_tier_from_the_first_box_takes_the_place_of_the_list_price(
    supplier, product, terms, today
):
    SupplierPrice.objects.create(
        supplier=supplier, product=product, unit_price=Decimal(9), valid_from=today
    )
    services.add_tiers(supplier, [TierLine(product, 1, Decimal(3))], valid_from=today)

    assert terms().offers[product.pk].tiers == (Tier(1, Decimal(3)),)


def test_a_new_tier_ends_the_one_before_on_its_first_day(supplier, product, terms, today):
    ahead = today + timedelta(days=10)
    services.add_tiers(supplier, [TierLine(product, 10, Decimal(3))], valid_from=today)
    services.add_tiers(supplier, [TierLine(product, 10, Decimal(4))], valid_from=ahead)

    assert terms().offers[product.pk].tiers == (Tier(10, Decimal(3)),)
    assert terms(ahead - timedelta(days=1)).offers[product.pk].tiers[0].unit_price == 3
    assert terms(ahead).offers[product.pk].tiers[0].unit_price == 4


def test_a_tier_said_again_the_same_day_is_corrected(supplier, product, terms, today):
    for price in (3, 4):
        services.add_tiers(supplier, [TierLine(product, 10, Decimal(price))], valid_from=today)

    assert terms().offers[product.pk].tiers == (Tier(10, Decimal(4)),)
    assert SupplierTier.objects.count() == 1


def test_a_tier_ends(supplier, product, terms, today):
    services.add_tiers(supplier, [TierLine(product, 10, Decimal(3))], valid_from=today)

    services.end_term(SupplierTier.objects.get(), last_day=today)

    assert terms().offers[product.pk].tiers
    assert terms(today + timedelta(days=1)).offers == {}
    services.end_term(SupplierTier.objects.get(), last_day=today - timedelta(days=1))
    assert not SupplierTier.objects.exists(), "it never held"


@pytest.mark.parametrize("wrong", [(0, 1, 0), (10, -1, 0), (10, 1, 11)])
def test_a_tier_that_cannot_be_is_refused_and_nothing_is_written(supplier, product, today, wrong):
    start, price, free = wrong
    with pytest.raises(services.TierImpossible):
        services.add_tiers(
            supplier,
            [
                TierLine(product, 10, Decimal(1)),
                TierLine(ProductFactory(), start, Decimal(price), free),
            ],
            valid_from=today,
        )
    assert not SupplierTier.objects.exists()


# Quotas -------------------------------------------------------------------------------------------


def test_a_quota_is_what_is_left_of_the_month(supplier, product, terms, ordered, today):
    services.set_quota(supplier, product=product, boxes_a_month=20, valid_from=date(2026, 1, 1))
    ordered(6)
    ordered(9, at=datetime(2026, 10, 31, 12, tzinfo=UTC))

    assert terms().offers[product.pk].quota_left == 14


@pytest.mark.parametrize(
    ("status", "line", "left"),
    [
        ("sent", {}, 14),
        ("answered", {"answered_quantity": 2}, 18),
        ("received", {"received_quantity": 5}, 15),
        ("closed", {}, 20),
        ("cancelled", {}, 20),
    ],
)
def test_what_counts_is_what_may_come(supplier, product, terms, ordered, status, line, left):
    services.set_quota(supplier, product=product, boxes_a_month=20, valid_from=date(2026, 1, 1))
    ordered(6, status=status, **line)

    assert terms().offers[product.pk].quota_left == left


def test_a_quota_of_nothing_sells_nothing(supplier, product, terms, today):
    services.set_quota(supplier, product=product, boxes_a_month=0, valid_from=today)

    assert terms().offers[product.pk].quota_left == 0


def test_a_quota_of_another_supplier_is_left_alone(supplier, product, terms, ordered, today):
    services.set_quota(SupplierFactory(), product=product, boxes_a_month=3, valid_from=today)

    assert terms().offers == {}


# Commitments --------------------------------------------------------------------------------------


def test_a_commitment_to_a_supplier_counts_what_it_was_sent(supplier, terms, ordered, today):
    services.commit_to(
        supplier=supplier, target=100, unit=Unit.EUROS, first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
    )  # fmt: skip
    ordered(6)
    ordered(9, at=datetime(2025, 10, 31, 12, tzinfo=UTC))

    (found,) = terms().commitments
    assert (found.done, found.left, found.is_reached) == (12, 88, False)


def test_a_commitment_to_a_laboratory_counts_its_boxes_whoever_sends_them(terms, ordered, today):
    services.commit_to(
        laboratory="LABO DU VAL", target=6, unit=Unit.BOXES, first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
    )  # fmt: skip
    ordered(6)
    ordered(50, of=ProductFactory(manufacturer="AUTRE"))

    (found,) = queries.commitments(on=today)
    assert (found.done, found.is_reached) == (6, True)
    assert terms().commitments == ()


@pytest.mark.parametrize("wrong", [{}, {"laboratory": "X", "with_supplier": True}, {"target": 0}])
def test_a_commitment_is_to_somebody_and_of_something(supplier, today, wrong):
    words = {"target": 5, "unit": Unit.BOXES, "first_day": today, "last_day": today} | wrong
    if words.pop("with_supplier", False) or "target" in wrong:
        words["supplier"] = supplier

    with pytest.raises(services.CommitmentToNobody):
        services.commit_to(**words)


def test_a_commitment_ends_early_or_never_ran(supplier, today):
    made = services.commit_to(
        supplier=supplier, target=5, unit=Unit.BOXES, first_day=today,
        last_day=today + timedelta(days=30),
    )  # fmt: skip

    services.end_commitment(made, last_day=today)
    assert queries.commitments(on=today + timedelta(days=1)) == []
    services.end_commitment(made, last_day=today - timedelta(days=1))
    assert not Commitment.objects.exists()


def test_dates_that_go_backwards_are_refused(supplier, product, today):
    yesterday = today - timedelta(days=1)
    with pytest.raises(services.TermDatesWrong):
        services.set_quota(
            supplier, product=product, boxes_a_month=1, valid_from=today, valid_until=yesterday
        )
    with pytest.raises(services.TermDatesWrong):
        services.commit_to(
            supplier=supplier, target=5, unit=Unit.BOXES, first_day=today, last_day=yesterday
        )


# Budget and room ----------------------------------------------------------------------------------


def test_a_budget_is_what_is_left_of_the_month(ordered, today):
    assert queries.budget(on=today) is None
    services.set_budget(Decimal(1000), valid_from=date(2026, 1, 1), source="Titulaire")
    services.set_budget(Decimal(500), valid_from=date(2026, 11, 1), source="Titulaire")
    ordered(6)

    found = queries.budget(on=today)

    assert (found.amount, found.spent, found.left) == (500, 12, 488)
    assert queries.budget(on=date(2026, 3, 1)).amount == 1000
    with pytest.raises(services.BudgetNegative):
        services.set_budget(Decimal(-1), valid_from=today, source="Titulaire")
    assert Parameter.objects.filter(key="order_budget_month").count() == 2


def test_the_room_of_the_reserve_is_what_is_left_of_it():
    assert queries.reserve_room() is None
    reserve = LocationFactory(reserve=True, room=100)
    LocationFactory(reserve=True)
    stocked(quantity=30, location=reserve)
    stocked(product=ProductFactory(divisible=True), quantity=15, location=reserve)

    assert queries.reserve_room() == 68, "fifteen doses lie in two boxes of fourteen"


# House laboratory ---------------------------------------------------------------------------------


def test_a_house_laboratory_has_a_name_and_follows_another(today):
    with pytest.raises(services.LaboratoryMissing):
        services.set_house("  ", group=None, valid_from=today)
    services.set_house("Labo du Val", group=None, valid_from=date(2026, 1, 1))
    services.set_house("Autre labo", group=None, valid_from=today)

    before, after = HouseLaboratory.objects.order_by("pk")
    assert (before.valid_until, after.valid_until) == (today - timedelta(days=1), None)


# Reading ------------------------------------------------------------------------------------------


def test_terms_are_read_in_a_few_questions(supplier, today, django_assert_max_num_queries):
    for _each in range(6):
        product = ProductFactory()
        services.add_tiers(supplier, [TierLine(product, 5, Decimal(1))], valid_from=today)
        services.set_quota(supplier, product=product, boxes_a_month=9, valid_from=today)

    with django_assert_max_num_queries(9):
        found = queries.terms_of([supplier, SupplierFactory()], on=today)

    assert len(found[supplier.pk].offers) == 6
    assert found[supplier.pk].order_minimum == 80


# Walls --------------------------------------------------------------------------------------------


def refused(action):
    with pytest.raises(IntegrityError) as wall, transaction.atomic():
        action()
    return str(wall.value)


@pytest.mark.parametrize(
    ("wrong", "wall"),
    [
        ({"from_quantity": 0}, "a_tier_begins_with_a_box"),
        ({"unit_price": -1}, "tier_price_is_never_negative"),
        ({"free_units": 11}, "no_more_boxes_come_free_than_are_paid"),
        ({"valid_until": date(2020, 1, 1)}, "a_tier_ends_after_it_begins"),
    ],
)
def test_the_database_refuses_a_tier(supplier, product, today, wrong, wall):
    words = {
        "supplier": supplier, "product": product, "from_quantity": 10, "unit_price": 1,
        "valid_from": today,
    }  # fmt: skip

    assert wall in refused(lambda: SupplierTier.objects.create(**(words | wrong)))


def test_the_database_refuses_a_quota_that_goes_backwards(supplier, product, today):
    words = refused(
        lambda: SupplierQuota.objects.create(
            supplier=supplier, product=product, boxes_a_month=1, valid_from=today,
            valid_until=date(2020, 1, 1),
        )
    )  # fmt: skip

    assert "a_quota_ends_after_it_begins" in words


@pytest.mark.parametrize(
    ("wrong", "wall"),
    [
        ({"laboratory": "X"}, "a_commitment_is_to_a_supplier_or_to_a_laboratory"),
        ({"supplier": None}, "a_commitment_is_to_a_supplier_or_to_a_laboratory"),
        ({"unit": "kilos"}, "commitment_unit_is_known"),
        ({"target": 0}, "a_commitment_promises_something"),
        ({"last_day": date(2020, 1, 1)}, "a_commitment_ends_after_it_begins"),
    ],
)
def test_the_database_refuses_a_commitment(supplier, today, wrong, wall):
    words = {"supplier": supplier, "target": 5, "first_day": today, "last_day": today}

    assert wall in refused(lambda: Commitment.objects.create(**(words | wrong)))


def test_the_database_keeps_one_house_for_all_and_one_a_group(today):
    group = GenericGroup.objects.create(number="1", label="ZULVANTINE 500 mg")
    for each in (None, group):
        HouseLaboratory.objects.create(group=each, laboratory="A", valid_from=today)
        refused(
            lambda each=each: HouseLaboratory.objects.create(
                group=each, laboratory="B", valid_from=today
            )
        )
    assert "a_house_has_a_laboratory" in refused(
        lambda: HouseLaboratory.objects.create(
            laboratory="", valid_from=today, valid_until=today
        )
    )  # fmt: skip
