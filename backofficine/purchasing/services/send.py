"""Sending: a draft becomes what the supplier was asked for, once."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.purchasing import queries
from backofficine.purchasing.models import Order
from backofficine.purchasing.services.orders import (
    NotDraft,
    OrderChanged,
    Status,
    advance,
    already_done,
)
from backofficine.team.models import Actor


class EmptyOrder(DomainError):
    message = _("This order asks for no box: put a quantity on a line, or cancel it.")


class CutOffPast(DomainError):
    message = _(
        "The cut-off was %(cut_off)s: this order would not leave. Prepare it for the next round, "
        "%(next)s."
    )


@transaction.atomic
def send(
    order: Order,
    *,
    channel: Order.Channel,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    seen: int | None = None,
) -> Order:
    """Hand the order over, as a file or on paper. The same ``request_id`` again changes nothing.

    This will date it, say when it is expected, and append the fact. ``seen`` is the version of the
    order that the person was looking at.

    :raises NotDraft: if it was sent by another click.
    :raises EmptyOrder: if no line asks for a box.
    :raises CutOffPast: if its round cannot be caught any more.
    :raises OrderChanged: if someone changed it since ``seen``.
    """
    # Held until the end: whoever changes a line meanwhile is seen, or waits and finds it gone.
    Order.objects.select_for_update().get(pk=order.pk)
    if already_done(request_id):
        order.refresh_from_db()
        return order
    order.refresh_from_db(fields=["status", "version"])
    if not order.is_draft:
        raise NotDraft
    totals = order.lines.filter(quantity__gt=0).aggregate(boxes=Sum("quantity"))
    if not totals["boxes"]:
        raise EmptyOrder
    delivery_round = order.delivery_round
    if delivery_round is not None and (
        delivery_round.cut_off_at <= at or delivery_round.is_cancelled
    ):
        following = queries.next_round(order.supplier, at=at)
        raise CutOffPast(
            cut_off=queries.hour_text(delivery_round.cut_off_at),
            next=queries.moment_text(following.due_at) if following else _("not known yet"),
        )
    if seen is not None:
        changed = Order.objects.filter(pk=order.pk).filter(~Q(version=seen)).exists()
        if changed:
            order.refresh_from_db()
            raise OrderChanged(count=max(order.version - seen, 1))
    expected_at = delivery_round.due_at if delivery_round else _expected_at(order, at=at)
    advance(
        order,
        to=Status.SENT,
        at=at,
        actor=actor,
        request_id=request_id,
        details={"channel": str(channel), "boxes": int(totals["boxes"])},
        sent_at=at,
        channel=channel,
        expected_at=expected_at,
    )
    return order


def _expected_at(order: Order, *, at: datetime) -> datetime:
    """A direct order comes on the first open day after the supplier's lead time."""
    wait = timedelta(days=order.supplier.lead_time_days or 0)
    return queries.first_opening(after=at + wait)
