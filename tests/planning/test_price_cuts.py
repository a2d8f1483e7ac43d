"""A price that goes down: until when the old one may be sold, and who still buys at it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from backofficine.catalog.models import Price
from backofficine.pharmacy.models import Parameter, Pharmacy
from backofficine.planning.queries import price_cuts
from tests.factories import ProductFactory

pytestmark = pytest.mark.usefixtures("pharmacy")


@pytest.fixture
def change(today):
    """``change(10, 8, on=day)``: a product whose public price changes that day."""

    def changed(old, new, *, on, kind=Price.Kind.PUBLIC):
        product = ProductFactory()
        Price.objects.create(
            product=product, kind=kind, amount=Decimal(old), valid_from=date(2024, 1, 1),
            valid_until=on - timedelta(days=1), source="BDPM",
        )  # fmt: skip
        if new is not None:
            Price.objects.create(
                product=product, kind=kind, amount=Decimal(new), valid_from=on, source="BDPM"
            )
        return product

    return changed


def test_a_cut_of_today_leaves_thirty_eight_days_to_sell(change, today):
    product = change(10, 8, on=today)

    cut = price_cuts(today)[product.pk]

    assert (cut.old, cut.new, cut.effective_on) == (10, 8, today)
    assert cut.last_sale_on == today + timedelta(days=37), "the first day counts"


def test_a_cut_to_come_is_known_in_advance(change, today):
    product = change(10, 8, on=today + timedelta(days=30))

    assert price_cuts(today)[product.pk].last_sale_on == today + timedelta(days=67)


def test_overseas_has_ninety_days(change, today):
    Pharmacy.objects.update(territory=Pharmacy.Territory.OVERSEAS)
    product = change(10, 8, on=today)

    assert price_cuts(today)[product.pk].last_sale_on == today + timedelta(days=89)


def test_the_pharmacy_may_date_other_delays(change, today):
    for key, value in (("price_cut_days", "10"), ("price_cut_wholesaler_days", "2")):
        Parameter.objects.create(key=key, value=value, valid_from=date(2026, 1, 1), source="Arrêté")
    product = change(10, 8, on=today - timedelta(days=1))

    assert price_cuts(today)[product.pk].last_sale_on == today + timedelta(days=8)
    assert price_cuts(today + timedelta(days=1)) == {}


@pytest.mark.parametrize(("days", "is_known"), [(19, True), (20, False)])
def test_once_the_wholesaler_sells_at_the_new_price_nothing_is_lost(change, today, days, is_known):
    product = change(10, 8, on=today - timedelta(days=days))

    assert (product.pk in price_cuts(today)) is is_known


def test_the_maker_sells_at_the_new_price_at_once(change, today):
    change(10, 8, on=today)
    ahead = change(10, 8, on=today + timedelta(days=1))

    assert list(price_cuts(today, is_direct=True)) == [ahead.pk]


@pytest.mark.parametrize("new", [10, 12, None])
def test_a_price_that_stays_rises_or_goes_is_no_cut(change, today, new):
    change(10, new, on=today)

    assert price_cuts(today) == {}


def test_the_fee_of_dispensing_is_no_price(change, today):
    change(10, 8, on=today, kind=Price.Kind.FEE)

    assert price_cuts(today) == {}


def test_the_first_of_two_cuts_counts(change, today):
    product = change(10, 8, on=today)
    Price.objects.filter(product=product, valid_until=None).update(
        valid_until=today + timedelta(days=9)
    )
    Price.objects.create(
        product=product, amount=Decimal(5), valid_from=today + timedelta(days=10), source="BDPM"
    )

    assert price_cuts(today)[product.pk].new == 8


def test_cuts_are_read_in_a_few_questions(change, today, django_assert_max_num_queries):
    for _each in range(10):
        change(10, 8, on=today)

    with django_assert_max_num_queries(5):
        assert len(price_cuts(today)) == 10
