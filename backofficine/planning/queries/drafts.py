"""The drafts of a supplier, and what already left for a round."""

from datetime import datetime

from backofficine.kernel.prepared import Prepared
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, Order, Supplier

_DRAFTS = Prepared(
    lambda supplier: (
        Order.objects.filter(supplier=supplier, status=Order.Status.DRAFT)
        .select_related("delivery_round")
        .order_by("-pk")
    ),
    int,
)
_GONE = Prepared(
    lambda supplier, delivery_round: (
        Order.objects.filter(supplier=supplier, delivery_round=delivery_round)
        .exclude(status__in=(Order.Status.DRAFT, Order.Status.CANCELLED))
        .order_by("-pk")[:3]
    ),
    int,
    int,
)


def drafts(supplier: Supplier) -> list[Order]:
    """The drafts of a supplier, newest first: one a round, and those that missed theirs."""
    return _DRAFTS.all(supplier.pk)


def missed_draft(among: list[Order], order: Order | None, *, at: datetime) -> Order | None:
    """The newest draft that missed its cut-off, other than the one on screen."""
    return next(
        (
            one
            for one in among
            if one != order and one.delivery_round and one.delivery_round.cut_off_at <= at
        ),
        None,
    )


def sent_for(supplier: Supplier, delivery_round: DeliveryRound | None) -> list[Order]:
    """Orders that already left for this round, or that a direct supplier still has to deliver."""
    if delivery_round is None:
        return list(purchasing.open_orders(supplier=supplier)[:3])
    return _GONE.all(supplier.pk, delivery_round.pk)
