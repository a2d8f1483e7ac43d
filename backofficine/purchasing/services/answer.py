"""After sending: what the supplier answered, what came, what will not come."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.bulk import update_rows
from backofficine.kernel.errors import DomainError
from backofficine.purchasing.models import Order, OrderLine
from backofficine.purchasing.services.orders import Status, advance, already_done
from backofficine.team.models import Actor


class AnswerTooLarge(DomainError):
    message = _(
        "%(answered)s boxes answered where %(asked)s were asked (%(product)s): a supplier does not "
        "send more. Read the answer again."
    )


@transaction.atomic
def record_answer(
    order: Order,
    *,
    answers: Mapping[int, int | None],
    at: datetime,
    actor: Actor,
    request_id: UUID | None = None,
) -> list[OrderLine]:
    """Write what the supplier will send, by line number; ``None`` or absent means as asked.

    Returns the short lines, to be asked for elsewhere. A second answer replaces the first.

    :raises AnswerTooLarge: if more boxes are answered than asked.
    :raises WrongMoment: if the order is not awaited.
    """
    lines = list(order.lines.filter(quantity__gt=0).select_related("product").order_by("pk"))
    if not already_done(request_id):
        for line in lines:
            answered = answers.get(line.pk)
            if answered is not None and not 0 <= answered <= line.quantity:
                raise AnswerTooLarge(answered=answered, asked=line.quantity, product=line.product)
            line.answered_quantity = line.quantity if answered is None else answered
        advance(
            order,
            to=Status.ANSWERED,
            at=at,
            actor=actor,
            request_id=request_id,
            details={"missing": sum(line.missing_quantity for line in lines)},
        )
        update_rows(
            OrderLine,
            ["answered_quantity"],
            [(line.pk, line.answered_quantity) for line in lines],
        )
    return [line for line in lines if line.missing_quantity]


def note_received(order_line: OrderLine, *, quantity: int) -> None:
    """Count boxes that came against their line; part of the receipt's own transaction."""
    note_received_many({order_line.pk: quantity})


@transaction.atomic
def note_received_many(quantities: Mapping[int, int]) -> None:
    """:func:`note_received` for a whole receipt, by primary key of the line."""
    by_quantity: dict[int, list[int]] = {}
    for line, quantity in quantities.items():
        if quantity:
            by_quantity.setdefault(quantity, []).append(line)
    # Few different quantities in a delivery: few statements.
    for quantity, lines in sorted(by_quantity.items()):
        OrderLine.objects.filter(pk__in=lines).update(
            received_quantity=F("received_quantity") + quantity
        )


@transaction.atomic
def mark_received(
    order: Order, *, at: datetime, actor: Actor, request_id: UUID | None = None
) -> Order:
    """The delivery was validated: nothing more is awaited unless it is re-ordered.

    :raises WrongMoment: if the order was not awaited.
    """
    if not already_done(request_id):
        missing = _missing(order)
        advance(
            order, to=Status.RECEIVED, at=at, actor=actor, request_id=request_id,
            details={"missing": missing},
        )  # fmt: skip
    return order


@transaction.atomic
def close(order: Order, *, at: datetime, actor: Actor, request_id: UUID | None = None) -> Order:
    """Say that what has not come will not come.

    :raises WrongMoment: if the order is a draft, closed or cancelled.
    """
    if not already_done(request_id):
        missing = _missing(order)
        advance(
            order, to=Status.CLOSED, at=at, actor=actor, request_id=request_id,
            details={"missing": missing},
        )  # fmt: skip
    return order


def _missing(order: Order) -> int:
    """Boxes asked for and not come."""
    rows = order.lines.values_list("quantity", "received_quantity")
    return sum(max(asked - received, 0) for asked, received in rows)
