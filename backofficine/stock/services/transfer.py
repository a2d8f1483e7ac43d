"""Boxes that change place, and boxes that are opened for their doses."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from backofficine.stock.models import Location, Lot, Posting
from backofficine.stock.services.ledger import MoveLine, post
from backofficine.team.models import Actor, Workstation


def transfer(
    lines: Iterable[tuple[Lot, Location, Location, int]],
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
    reason: Posting.Reason = Posting.Reason.TRANSFER,
) -> Posting:
    """Move (lot, source, target, stock units) between physical places, in one posting.

    :raises InsufficientStock: if a source holds less than asked.
    """
    return post(
        lines=[MoveLine(lot, source, target, quantity) for lot, source, target, quantity in lines],
        reason=reason,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
    )


def open_box(
    lot: Lot,
    *,
    source: Location,
    opened: Location,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> Posting:
    """Open one box of a divisible product: its doses move to the opened-box place.

    :raises InsufficientStock: if less than one whole box is at ``source``.
    """
    assert lot.product.is_divisible, "only a divisible product is opened"
    assert opened.kind == Location.Kind.OPENED_BOX, "doses wait in an opened box"
    return post(
        lines=[MoveLine(lot, source, opened, lot.product.doses_per_box)],
        reason=Posting.Reason.OPEN_BOX,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
    )
