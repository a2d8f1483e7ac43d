"""A draft order, line by line; and the table of an order's states."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing import queries
from backofficine.purchasing.models import (
    DeliveryRound,
    Order,
    OrderEvent,
    OrderLine,
    Supplier,
)
from backofficine.team.models import Actor

Status = Order.Status

NEXT: dict[Status, set[Status]] = {
    Status.DRAFT: {Status.SENT, Status.CANCELLED},
    Status.SENT: {Status.ANSWERED, Status.RECEIVED, Status.CLOSED, Status.CANCELLED},
    # A second answer corrects the first.
    Status.ANSWERED: {Status.ANSWERED, Status.RECEIVED, Status.CLOSED, Status.CANCELLED},
    Status.RECEIVED: {Status.CLOSED},
    Status.CLOSED: set(),
    Status.CANCELLED: set(),
}

# Above either, a quantity is asked again: ×10 is the classic slip of a keyboard.
ABSURD_QUANTITY = 500
ABSURD_TIMES_PROPOSAL = 20
IMPOSSIBLE_QUANTITY = 9_999

# Competing writers of a number: each retry means that somebody else succeeded.
TRIES = 20


class WrongMoment(DomainError):
    message = _("This order is “%(now)s”: it cannot become “%(wanted)s” any more.")


class NotDraft(DomainError):
    message = _("This order was already sent. Change the next one, or call the supplier.")


class OrderChanged(DomainError):
    message = _(
        "Someone changed this order while you were reading it (%(count)s lines). Look at the "
        "changes below, then send again."
    )


class LineChanged(DomainError):
    message = _(
        "Someone just put this line at %(now)s while you were typing %(typed)s. Keep theirs, or "
        "validate yours again."
    )


class ReasonMissing(DomainError):
    message = _("Say why: the proposal was %(proposed)s and you ask for %(typed)s.")


class AbsurdQuantity(DomainError):
    message = _(
        "%(typed)s boxes, where %(proposed)s were proposed: is it a slip? If not, tick “this is "
        "the right quantity” and give the reason."
    )


class ImpossibleQuantity(DomainError):
    message = _("A line goes from 0 to %(most)s boxes.")


def advance(
    order: Order,
    *,
    to: Status,
    at: datetime,
    actor: Actor,
    request_id: UUID | None = None,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Reach a state by one conditional update, and append the fact. Call it in a transaction.

    :raises WrongMoment: if the order is not in a state from which it may.
    """
    origins = [origin for origin, targets in NEXT.items() if to in targets]
    advanced = Order.objects.filter(pk=order.pk, status__in=origins).update(
        status=to, version=F("version") + 1, **changes
    )
    if not advanced:
        order.refresh_from_db(fields=["status"])
        raise WrongMoment(now=order.get_status_display(), wanted=to.label)
    OrderEvent.objects.create(
        order=order,
        status=to,
        occurred_at=at,
        actor=actor,
        request_id=request_id,
        details=details or {},
    )
    order.refresh_from_db(fields=["status", "version", *changes])


def open_draft(
    *, supplier: Supplier, delivery_round: DeliveryRound | None, at: datetime, actor: Actor
) -> Order:
    """The draft of this supplier and round, made if there is none. Numbers have no double."""
    for last in range(TRIES, 0, -1):
        found = queries.draft(supplier, delivery_round)
        if found is not None:
            return found
        try:
            with transaction.atomic():
                number = Order.objects.aggregate(last=Max("number"))["last"] or 0
                order = Order.objects.create(
                    number=number + 1,
                    supplier=supplier,
                    delivery_round=delivery_round,
                    created_at=at,
                )
                OrderEvent.objects.create(
                    order=order, status=Status.DRAFT, occurred_at=at, actor=actor
                )
                return order
        except IntegrityError:
            # Someone took the number, or opened this very draft, in between.
            if last == 1:
                raise
    raise AssertionError("the loop returns or raises")


@transaction.atomic
def set_line(
    order: Order,
    *,
    product: Product,
    quantity: int,
    at: datetime,
    actor: Actor,
    reason: str = "",
    is_confirmed: bool = False,
    seen: int | None = None,
) -> OrderLine:
    """Ask for ``quantity`` boxes of a product; adds the line if there is none.

    ``seen`` is the line's version that the person was looking at; ``None`` looks at nothing.
    A line added by hand keeps that as its reason.

    :raises NotDraft: if the order left.
    :raises LineChanged: if someone changed the line since ``seen``.
    :raises ReasonMissing: if the proposal is changed without a reason.
    :raises AbsurdQuantity: if the quantity looks like a slip and is not confirmed with a reason.
    :raises ImpossibleQuantity: outside 0 to 9,999 boxes.
    """
    if not 0 <= quantity <= IMPOSSIBLE_QUANTITY:
        raise ImpossibleQuantity(most=IMPOSSIBLE_QUANTITY)
    _touch(order)
    line = OrderLine.objects.filter(order=order, product=product).first()
    if line is None:
        line = OrderLine(
            order=order,
            product=product,
            unit_price=queries.unit_prices(
                order.supplier, [product], on=local_day(at)
            ).get(product.pk),
            change_reason=reason or OrderLine.ChangeReason.BY_HAND,
            why={"origin": "by_hand"},
        )  # fmt: skip
    elif seen is not None and line.version != seen and line.quantity != quantity:
        raise LineChanged(now=line.quantity, typed=quantity)
    proposed = line.proposed_quantity
    if proposed and quantity != proposed and not reason:
        raise ReasonMissing(proposed=proposed, typed=quantity)
    looks_absurd = quantity > ABSURD_QUANTITY or (
        proposed and quantity > ABSURD_TIMES_PROPOSAL * proposed
    )
    if looks_absurd and not (is_confirmed and reason):
        raise AbsurdQuantity(typed=quantity, proposed=proposed)
    line.quantity = quantity
    if proposed:
        line.change_reason = reason if quantity != proposed else ""
    elif reason:
        line.change_reason = reason
    line.is_checked = True
    line.version += 1
    line.save()
    return line


@transaction.atomic
def check_line(line: OrderLine, *, at: datetime, actor: Actor) -> OrderLine:
    """Keep a line as it is: a person looked at it.

    :raises NotDraft: if the order left.
    """
    check_lines(line.order, lines=[line.pk], at=at, actor=actor)
    line.refresh_from_db()
    return line


@transaction.atomic
def check_lines(order: Order, *, lines: Iterable[int], at: datetime, actor: Actor) -> int:
    """Keep several lines as they are; how many were not yet checked.

    :raises NotDraft: if the order left.
    """
    _touch(order)
    return order.lines.filter(pk__in=list(lines), is_checked=False).update(is_checked=True)


@transaction.atomic
def cancel(order: Order, *, at: datetime, actor: Actor, request_id: UUID | None = None) -> Order:
    """Give up an order that has not been received.

    :raises WrongMoment: if it was received or closed.
    """
    if not already_done(request_id):
        advance(order, to=Status.CANCELLED, at=at, actor=actor, request_id=request_id)
    return order


def already_done(request_id: UUID | None) -> bool:
    """Whether this very click was already obeyed."""
    return request_id is not None and OrderEvent.objects.filter(request_id=request_id).exists()


def _touch(order: Order) -> None:
    """Raise the version of a draft; also takes its row, so that two changes come one by one."""
    if not Order.objects.filter(pk=order.pk, status=Status.DRAFT).update(version=F("version") + 1):
        raise NotDraft
    order.refresh_from_db(fields=["version", "status"])
