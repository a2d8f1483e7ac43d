"""Many rows at once are the rows the ORM would have written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from backofficine.catalog.models import CatalogEdition, Price, Product
from backofficine.kernel.bulk import insert_rows, update_rows
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_rows_come_back_as_they_went_in() -> None:
    product = ProductFactory()

    insert_rows(
        Price,
        ["product_id", "kind", "amount", "valid_from", "source"],
        [
            (product.pk, "public", Decimal("1195.2701"), date(2026, 1, 28), "tab\t; \\N “é”"),
            (product.pk, "fee", Decimal("1.02"), date(2026, 1, 28), ""),
        ],
    )

    assert list(
        Price.objects.order_by("pk").values_list("amount", "valid_from", "valid_until", "source")
    ) == [
        (Decimal("1195.2701"), date(2026, 1, 28), None, "tab\t; \\N “é”"),
        (Decimal("1.02"), date(2026, 1, 28), None, ""),
    ]


def test_what_is_not_given_takes_its_default() -> None:
    insert_rows(Product, ["name"], [("UN",), ("DEUX",)])

    first, second = Product.objects.order_by("pk")
    assert first.public_id != second.public_id
    assert (first.case_size, first.vat_rate, first.unit_cost) == (1, Decimal(10), None)


def test_instants_and_json_take_their_form() -> None:
    at = datetime(2026, 11, 24, 9, 18, 1, 123456, tzinfo=UTC)

    insert_rows(
        CatalogEdition,
        ["edition", "digest", "imported_at", "line_counts", "report"],
        [("2026-01-28", "d", at, {"é": 1}, {"rejected": [None]})],
    )

    row = CatalogEdition.objects.get()
    assert (row.imported_at, row.line_counts, row.report) == (at, {"é": 1}, {"rejected": [None]})


def test_updates_touch_their_rows_only() -> None:
    changed, kept = ProductFactory.create_batch(2)

    update_rows(Product, ["unit_cost", "name"], [(changed.pk, Decimal("2.5"), "AUTRE")])
    update_rows(Product, ["name"], [])

    changed.refresh_from_db()
    assert (changed.unit_cost, changed.name) == (Decimal("2.5"), "AUTRE")
    assert Product.objects.get(pk=kept.pk).name == kept.name
