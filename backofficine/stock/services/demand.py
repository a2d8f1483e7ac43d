"""Demand beside the ledger: asked for and not there, served and handed back at once."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backofficine.catalog.models import Product
from backofficine.stock.models import DemandLine, Posting
from backofficine.stock.services.ledger import RequestReused, reverse
from backofficine.team.models import Actor, Workstation


def record_missing(
    product: Product,
    *,
    quantity: int,
    at: datetime,
    on: date,
    request_id: UUID,
    source: str = "",
) -> DemandLine:
    """A patient asked for ``quantity`` stock units that were not there. Nothing moves.

    The same ``request_id`` writes once. ``on`` is the pharmacy's civil day.
    """
    return DemandLine.objects.get_or_create(
        request_id=request_id,
        line=0,
        defaults={
            "product": product,
            "kind": DemandLine.Kind.MISSING,
            "quantity": quantity,
            "occurred_at": at,
            "occurred_on": on,
            "source": source,
        },
    )[0]


@transaction.atomic
def undo_withdrawal(
    posting: Posting,
    *,
    at: datetime,
    on: date,
    actor: Actor,
    workstation: Workstation | None = None,
) -> Posting:
    """The box came back over the counter at once: its moves are reversed, its demand returned.

    :raises AlreadyReversed: if it was undone before.
    :raises RequestReused: if the posting is not a withdrawal.
    """
    if posting.reason != Posting.Reason.WITHDRAWAL:
        raise RequestReused
    mirror = reverse(posting, occurred_at=at, recorded_at=at, actor=actor, workstation=workstation)
    served = DemandLine.objects.filter(
        request_id=posting.request_id, kind=DemandLine.Kind.SERVED
    ).order_by("line")
    DemandLine.objects.bulk_create(
        [
            DemandLine(
                product_id=line.product_id,
                kind=DemandLine.Kind.RETURNED,
                quantity=line.quantity,
                occurred_at=at,
                occurred_on=on,
                request_id=mirror.request_id,
                line=line.line,
                source=line.source,
            )
            for line in served
        ],
        ignore_conflicts=True,  # undone twice by two clicks, returned once
    )
    return mirror
