"""Promises that still miss boxes: whom the next box is for, and how many are owed."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, When

from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.promises.models import Promise, Status

_MISSING = F("quantity") - F("collected_quantity") - F("aside_quantity")


def unmet() -> QuerySet[Promise]:
    """Open promises that still miss boxes; abandoned ones want none."""
    return Promise.objects.filter(
        Q(closed_at__isnull=True),
        ~Q(status=Status.ABANDONED),
        quantity__gt=F("collected_quantity") + F("aside_quantity"),
    )


def _first_served_first(product: Any) -> QuerySet[Promise]:
    rank = Case(
        When(status__in=[Status.ORDERED, Status.ARRIVED], then=0),
        When(status=Status.TO_ORDER, then=1),
        default=2,
        output_field=IntegerField(),
    )
    return (
        unmet()
        .filter(product=product)
        .select_related("product", "slot", "identity")
        .order_by(rank, F("promised_at").asc(nulls_last=True), "pk")
    )


_WAITING_FOR = Prepared(_first_served_first, int)


def waiting_for(product: Product) -> list[Promise]:
    """Whom the next boxes of a product are for, the first to serve first.

    On order or arrived first, then those to order, then those whose slot holds only a part; in
    each group the earliest promised hour first. ``promise.missing_quantity`` says how many.
    """
    return _WAITING_FOR.all(product.pk)


def promised_by_product(products: Iterable[int] | None = None) -> dict[int, int]:
    """Stock units promised and not yet set aside, by product key; absent means none.

    All products when none is named.
    """
    rows = unmet()
    if products is not None:
        rows = rows.filter(product__in=list(products))
    totals = rows.values_list("product").annotate(total=Sum(_MISSING)).order_by()
    return {int(product): int(total) for product, total in totals}
