"""What is asked of suppliers: drafts, what is on its way, what will not come, at what price."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest

from backofficine.purchasing.models import (
    DeliveryRound,
    Order,
    OrderLine,
    Supplier,
    SupplierPrice,
)

AWAITED = (Order.Status.SENT, Order.Status.ANSWERED)


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What an order adds up to: lines that ask for a box, boxes, euros excl. VAT.

    ``unpriced`` lines have no known price and are not in ``amount``.
    """

    lines: int
    boxes: int
    amount: Decimal
    unpriced: int


def draft(supplier: Supplier, delivery_round: DeliveryRound | None) -> Order | None:
    """The draft being prepared for a round, or for a supplier without rounds."""
    return Order.objects.filter(
        supplier=supplier, delivery_round=delivery_round, status=Order.Status.DRAFT
    ).first()


def order_of(public_id: UUID) -> Order | None:
    return (
        Order.objects.filter(public_id=public_id)
        .select_related("supplier", "delivery_round")
        .first()
    )


def recent_orders(*, supplier: Supplier | None = None) -> QuerySet[Order]:
    """Orders, newest first, with their lines, their boxes and those that will not come."""
    orders = Order.objects.select_related("supplier", "delivery_round")
    if supplier is not None:
        orders = orders.filter(supplier=supplier)
    asked = Q(lines__quantity__gt=0)
    return orders.annotate(
        line_count=Count("lines", filter=asked),
        box_count=Coalesce(Sum("lines__quantity"), 0),
        missing_count=Coalesce(
            Sum(
                F("lines__quantity") - F("lines__answered_quantity"),
                filter=Q(lines__answered_quantity__lt=F("lines__quantity")),
            ),
            0,
        ),
    ).order_by("-number")


def open_orders(*, supplier: Supplier | None = None) -> QuerySet[Order]:
    """Orders whose boxes are awaited, the first expected first."""
    orders = Order.objects.filter(status__in=AWAITED).select_related("supplier", "delivery_round")
    if supplier is not None:
        orders = orders.filter(supplier=supplier)
    return orders.order_by("expected_at", "number")


def on_order_by_product(product_ids: Iterable[int] | None = None) -> dict[int, int]:
    """Stock units on their way, by product: asked or, once known, answered, less what came.

    Absent means none; ``None`` asks for every product.
    """
    lines = OrderLine.objects.filter(order__status__in=AWAITED)
    if product_ids is not None:
        lines = lines.filter(product__in=list(product_ids))
    coming = Greatest(Coalesce(F("answered_quantity"), F("quantity")) - F("received_quantity"), 0)
    rows = (
        lines.values_list("product", "product__doses_per_box")
        .annotate(total=Sum(coming))
        .order_by()
    )
    return {int(product): int(total) * doses for product, doses, total in rows if total}


def short_lines(order: Order) -> QuerySet[OrderLine]:
    """Lines of which the supplier will not send every box (*manquants*)."""
    return (
        order.lines.filter(answered_quantity__lt=F("quantity"))
        .select_related("product")
        .order_by("pk")
    )


def totals(order: Order) -> OrderTotals:
    """What the order adds up to, in one query."""
    # Summed here: an amount keeps its exactness on every database.
    rows = list(order.lines.filter(quantity__gt=0).values_list("quantity", "unit_price"))
    return OrderTotals(
        lines=len(rows),
        boxes=sum(quantity for quantity, _price in rows),
        amount=sum((price * quantity for quantity, price in rows if price is not None), Decimal(0)),
        unpriced=sum(1 for _quantity, price in rows if price is None),
    )


class Priced(Protocol):
    """What the price of a box is guessed from: a product, or the few facts of one."""

    @property
    def pk(self) -> int: ...
    @property
    def unit_cost(self) -> Decimal | None: ...
    @property
    def doses_per_box(self) -> int: ...


# Above this many products, reading every price of the supplier is quicker than naming them.
MANY = 500


def unit_prices(supplier: Supplier, products: Iterable[Priced], *, on: date) -> dict[int, Decimal]:
    """Expected price of a box, euros excl. VAT: the supplier's own, else the last cost known."""
    wanted = {product.pk: product for product in products}
    prices = {
        key: product.unit_cost * product.doses_per_box
        for key, product in wanted.items()
        if product.unit_cost is not None
    }
    rows = SupplierPrice.objects.filter(supplier=supplier, valid_from__lte=on)
    if len(wanted) <= MANY:
        rows = rows.filter(product__in=list(wanted))
    # The newest price comes last, and stays.
    newest = rows.order_by("valid_from", "pk").values_list("product", "unit_price")
    prices.update((key, price) for key, price in newest if key in wanted)
    return prices
