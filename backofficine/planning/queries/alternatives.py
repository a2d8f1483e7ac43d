"""Who else may be asked for a product: when it would come, at what price, and if it came lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F

from backofficine.pharmacy import queries as pharmacy
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, OrderLine, Supplier, SupplierPrice

# What a supplier lacked longer ago says little of what it has today.
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A supplier that may be asked instead. ``price`` is its own, in euros excl. VAT for one box,
    and ``gap`` what it adds to the price of the line; ``None`` when it is not known."""

    supplier: Supplier
    delivery_round: DeliveryRound | None
    price: Decimal | None
    gap: Decimal | None
    short_at: datetime | None
    """When it last answered that it would not send every box of this product."""


def alternatives(line: OrderLine, *, at: datetime) -> list[Alternative]:
    """The other suppliers of a line's product: the soonest cut-off first, direct ones last.

    A wholesaler may be asked for anything, a direct supplier for what it has a price for.
    """
    others = [one for one in purchasing.active_suppliers() if one.pk != line.order.supplier_id]
    rounds = {one.supplier_id: one for one in purchasing.next_rounds(at)}
    prices = dict(
        SupplierPrice.objects.filter(
            product=line.product_id, supplier__in=others, valid_from__lte=pharmacy.local_day(at)
        )
        .order_by("valid_from", "pk")
        .values_list("supplier", "unit_price")
    )
    shorts = dict(
        OrderLine.objects.filter(
            product=line.product_id,
            order__supplier__in=others,
            order__sent_at__gte=at - LATELY,
            answered_quantity__lt=F("quantity"),
        )
        .order_by("order__sent_at", "pk")
        .values_list("order__supplier", "order__sent_at")
    )
    found = []
    for one in others:
        is_direct = one.kind == Supplier.Kind.DIRECT
        if one.pk not in (prices if is_direct else rounds):
            continue
        price = prices.get(one.pk)
        known = price is not None and line.unit_price is not None
        found.append(
            Alternative(
                supplier=one,
                delivery_round=rounds.get(one.pk),
                price=price,
                gap=price - line.unit_price if known and price is not None else None,
                short_at=shorts.get(one.pk),
            )
        )
    last = at + timedelta(days=3650)
    return sorted(
        found,
        key=lambda one: one.delivery_round.cut_off_at if one.delivery_round else last,
    )
