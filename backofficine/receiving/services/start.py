"""The bench begins: one receipt for a round, whose orders are merged."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.receiving.models import Parcel, Receipt, ReceiptOrder


@transaction.atomic
def start_receipt(
    *,
    supplier: Supplier,
    at: datetime,
    request_id: UUID,
    delivery_round: DeliveryRound | None = None,
    orders: Iterable[Order] | None = None,
    delivery_note: str = "",
) -> Receipt:
    """Open the receipt of a round, or return the one that is open: two people share it.

    This will merge ``orders`` (by default every order sent for this round and not being received
    elsewhere) and take the round's parcels. A late order joins the open receipt.
    """
    # Every supplier's row is the lock: two people who start the same round get one receipt, and
    # two rounds started at once get two numbers.
    list(Supplier.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    known = Receipt.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    open_ones = Receipt.objects.filter(supplier=supplier, status=Receipt.Status.OPEN)
    receipt = None
    if delivery_round is not None:
        receipt = open_ones.filter(delivery_round=delivery_round).order_by("pk").first()
    if receipt is None:
        last = Receipt.objects.aggregate(last=Max("number"))["last"] or 0
        receipt = Receipt.objects.create(
            number=last + 1,
            supplier=supplier,
            delivery_round=delivery_round,
            delivery_note=delivery_note[:40],
            started_at=at,
            request_id=request_id,
        )
    elif delivery_note and not receipt.delivery_note:
        receipt.delivery_note = delivery_note[:40]
        receipt.save(update_fields=["delivery_note"])
    _merge(receipt, orders)
    if delivery_round is not None:
        Parcel.objects.filter(
            supplier=supplier, delivery_round=delivery_round, receipt=None
        ).update(receipt=receipt)
    return receipt


def _merge(receipt: Receipt, orders: Iterable[Order] | None) -> None:
    if orders is None:
        orders = Order.objects.filter(
            supplier=receipt.supplier_id,
            delivery_round=receipt.delivery_round_id,
            status__in=[Order.Status.SENT, Order.Status.ANSWERED],
        ).order_by("pk")
    taken = set(
        ReceiptOrder.objects.filter(receipt__status=Receipt.Status.OPEN).values_list(
            "order_id", flat=True
        )
    )
    ReceiptOrder.objects.bulk_create(
        [ReceiptOrder(receipt=receipt, order=order) for order in orders if order.pk not in taken]
    )
