"""Euros are exact, whatever the database."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from backofficine.catalog.models import Product
from backofficine.kernel.money import EuroField, from_units, to_cents, to_finest, to_units
from tests.factories import ProductFactory

AMOUNTS = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=4)


@given(AMOUNTS)
def test_an_amount_comes_back_as_it_went(amount):
    assert from_units(to_units(amount)) == amount


@given(st.lists(AMOUNTS, max_size=30))
def test_units_add_up_as_euros_do(amounts):
    assert from_units(sum(to_units(amount) for amount in amounts)) == sum(amounts, Decimal(0))


def test_an_amount_finer_than_a_ten_thousandth_is_refused_not_rounded():
    with pytest.raises(ValueError, match="finer"):
        to_units(Decimal("0.00005"))

    assert to_finest(Decimal("0.00005")) == Decimal("0.0001")


@pytest.mark.parametrize(
    ("amount", "read"),
    [("2.005", "2.01"), ("2.004", "2.00"), ("-2.005", "-2.01"), ("0.015", "0.02")],
)
def test_a_person_reads_cents_halves_rounded_away_from_zero(amount, read):
    assert to_cents(Decimal(amount)) == Decimal(read)


@pytest.mark.django_db
def test_ten_cents_and_twenty_are_thirty_in_the_database_too():
    for cost in ("0.10", "0.20"):
        ProductFactory(unit_cost=Decimal(cost))

    total = Product.objects.aggregate(total=Sum("unit_cost"))["total"]

    assert total == Decimal("0.30")
    assert Product.objects.filter(unit_cost=Decimal("0.1")).count() == 1
    assert Product.objects.filter(unit_cost__gt=Decimal("0.1")).count() == 1


@pytest.mark.django_db
def test_no_amount_is_not_zero():
    product = ProductFactory(unit_cost=None)

    product.refresh_from_db()

    assert product.unit_cost is None


def test_a_word_is_not_an_amount():
    with pytest.raises(ValidationError):
        EuroField().to_python("douze")
