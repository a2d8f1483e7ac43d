"""The purchase cost assumed from a public price is the regulated margins undone."""

from datetime import date
from decimal import Decimal

import pytest

from backofficine.catalog.margins import PHARMACY_KEY, margin_table
from backofficine.pharmacy.models import Parameter

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)


@pytest.mark.parametrize("pfht", ["0.80", "1.91", "4.50", "22.90", "37", "150", "468.97", "3000"])
def test_the_margins_are_undone_to_the_ten_thousandth(pfht: str) -> None:
    table = margin_table(on=DAY)
    price = table.public_price(Decimal(pfht))

    cost = table.purchase_cost(price)

    assert cost == pytest.approx(
        Decimal(pfht) + table.wholesale_margin(Decimal(pfht)), abs=Decimal("0.0001")
    )


def test_a_computed_example_by_hand() -> None:
    # PFHT 10: wholesaler 0.693, pharmacy 0.191 + 8.09 × 7 % = 0.7573; (11.4503) × 1.021.
    table = margin_table(on=DAY)

    assert table.public_price(Decimal(10)) == Decimal("11.4503") * Decimal("1.021")
    assert table.purchase_cost(Decimal("11.4503") * Decimal("1.021")) == Decimal("10.6930")


def test_the_wholesaler_earns_at_least_the_floor_and_at_most_its_cap() -> None:
    table = margin_table(on=DAY)

    assert table.wholesale_margin(Decimal(1)) == Decimal("0.30")
    assert table.wholesale_margin(Decimal(5000)) == Decimal("468.97") * Decimal("0.0693")


def test_a_tiny_price_never_costs_more_than_it_sells_for() -> None:
    assert margin_table(on=DAY).purchase_cost(Decimal("0.20")) < Decimal("0.20")


def test_a_new_decree_is_a_new_row() -> None:
    Parameter.objects.create(
        key=PHARMACY_KEY, value="1.91:20", valid_from=date(2027, 1, 1), source="essai"
    )

    assert margin_table(on=DAY).pharmacy[0][1] == Decimal("0.1")
    assert margin_table(on=date(2027, 1, 1)).pharmacy[0][1] == Decimal("0.2")
