"""A prepared question gives what the ORM's own would."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection, models
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.stock.models import Lot
from tests.factories import LotFactory, ProductFactory

pytestmark = pytest.mark.django_db

BY_PRODUCT = Prepared(
    lambda product: Lot.objects.filter(product=product).select_related("product").order_by("-pk"),
    int,
)


def test_instances_come_with_what_they_are_related_to() -> None:
    product = ProductFactory()
    lots = [LotFactory(product=product) for _lot in range(2)]
    LotFactory()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = BY_PRODUCT.all(product.pk)
        names = {lot.product.name for lot in found}

    assert len(asked) == 1
    assert found == lots[::-1]
    assert names == {product.name}
    for lot, original in zip(found, Lot.objects.order_by("-pk"), strict=False):
        assert isinstance(lot.public_id, type(original.public_id))
        assert (lot.number, lot.expires_on) == (Lot.objects.get(pk=lot.pk).number, lot.expires_on)


def test_other_values_give_other_rows() -> None:
    first, second = LotFactory(), LotFactory()

    assert BY_PRODUCT.first(first.product_id) == first
    assert BY_PRODUCT.first(second.product_id) == second
    assert BY_PRODUCT.first(0) is None
    assert not BY_PRODUCT.exists(0)


def test_each_kind_of_value_takes_its_form() -> None:
    lot = LotFactory(expires_on=date(2027, 3, 31))
    asked = Prepared(
        lambda public_id, day, number: Lot.objects.filter(
            public_id=public_id, expires_on__gte=day, number=number
        ).values_list("public_id", "expires_on"),
        type(lot.public_id), date, str,
    )  # fmt: skip

    assert asked.all(lot.public_id, date(2027, 3, 31), lot.number) == [
        (lot.public_id, date(2027, 3, 31))
    ]
    assert asked.all(lot.public_id, date(2027, 4, 1), lot.number) == []
    assert asked.all(uuid4(), date(2027, 3, 31), lot.number) == []


def test_annotations_are_kept() -> None:
    lot = LotFactory()
    asked = Prepared(
        lambda key: Product.objects.filter(pk=key).annotate(known_lots=models.Count("lots")), int
    )

    found = asked.first(lot.product_id)
    assert found is not None
    assert found.known_lots == 1


@pytest.mark.django_db(transaction=True)
def test_a_lock_asks_for_a_transaction() -> None:
    asked = Prepared(lambda key: Lot.objects.select_for_update().filter(pk=key), int)
    with pytest.raises(TransactionManagementError):
        asked.all(1)


def test_keys_are_one_value_however_many() -> None:
    lots = [LotFactory() for _lot in range(3)]
    asked = Prepared(
        lambda keys: Lot.objects.filter(product__in=keys).order_by("pk").values_list("pk"), list
    )

    with CaptureQueriesContext(connection) as seen:
        assert asked.all([]) == []
        assert asked.all({lots[2].product_id}) == [(lots[2].pk,)]
        assert asked.all([lot.product_id for lot in lots]) == [(lot.pk,) for lot in lots]
    others = Prepared(
        lambda keys: Lot.objects.exclude(pk__in=keys).order_by("pk").values_list("pk"), list
    )
    assert others.all([lots[0].pk]) == [(lots[1].pk,), (lots[2].pk,)]
    if connection.vendor == "postgresql":
        assert all("= ANY" in query["sql"] for query in seen.captured_queries)


def test_what_never_changes_is_written_into_the_question() -> None:
    odd = "l'un % et %s l'autre"
    lot, other = LotFactory(number=odd[:20]), LotFactory(number="B")
    asked = Prepared(
        lambda key: (
            Lot.objects.filter(product=key, pk__gt=0, number=odd[:20])
            .exclude(number__contains="50%")
            .annotate(words=models.Value(odd))
            .values_list("pk", "words")
        ),
        int,
    )

    assert asked.all(lot.product_id) == [(lot.pk, odd)]
    assert asked.all(other.product_id) == []
    with CaptureQueriesContext(connection) as seen:
        asked.all(lot.product_id)
    assert '"id" > 0' in seen.captured_queries[0]["sql"]
