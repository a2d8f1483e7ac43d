"""Past the cut-off: what was prepared goes on to the next round, with what people decided."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from backofficine.planning.services.propose import NothingToOrderFrom, propose_orders
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import Order
from backofficine.purchasing.services import NotDraft
from backofficine.team.models import Actor


@transaction.atomic
def carry_over(order: Order, *, at: datetime, actor: Actor) -> Order:
    """Move a draft that missed its cut-off to the supplier's next round, and refresh it.

    If that round already has a draft, this will add to it the lines that people decided and that it
    does not hold, then cancel the old one. Returns the draft that is left.

    :raises NotDraft: if the order was sent or cancelled.
    :raises NothingToOrderFrom: if the supplier has no round to come.
    """
    following = purchasing.next_round(order.supplier, at=at)
    if following is None:
        raise NothingToOrderFrom(supplier=order.supplier)
    try:
        with transaction.atomic():
            moved = Order.objects.filter(pk=order.pk, status=Order.Status.DRAFT).update(
                delivery_round=following, version=F("version") + 1
            )
    except IntegrityError:
        # The wall: a round has one draft. It is there already.
        _give(order, to=_draft_of(order, following_id=following.pk), at=at, actor=actor)
    else:
        if not moved:
            raise NotDraft
    return propose_orders(supplier=order.supplier, delivery_round=following, at=at, actor=actor)


def _draft_of(order: Order, *, following_id: int) -> Order:
    return Order.objects.get(
        supplier=order.supplier, delivery_round=following_id, status=Order.Status.DRAFT
    )


def _give(order: Order, *, to: Order, at: datetime, actor: Actor) -> None:
    held = set(to.lines.values_list("product", flat=True))
    for line in order.lines.exclude(change_reason="").select_related("product"):
        if line.product_id not in held:
            orders.set_line(
                to, product=line.product, quantity=line.quantity, at=at, actor=actor,
                reason=line.change_reason, is_confirmed=True,
            )  # fmt: skip
    orders.cancel(order, at=at, actor=actor)
