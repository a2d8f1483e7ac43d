"""A whole delivery at once: for commands, files, the demo and the twin."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backofficine.catalog.models import Product
from backofficine.receiving.models import Receipt
from backofficine.receiving.queries import tally
from backofficine.receiving.services.scan import Boxes, scan_many
from backofficine.receiving.services.validate import validate
from backofficine.team.models import Actor, Workstation


@transaction.atomic
def receive_all(
    receipt: Receipt,
    boxes: Iterable[Boxes] | None = None,
    *,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    occurred_at: datetime | None = None,
    workstation: Workstation | None = None,
) -> Receipt:
    """Scan ``boxes`` and validate. Without them, all that is due is taken as come, lots unknown.

    The same ``request_id`` receives once. Raises what :func:`scan_many` and :func:`validate` raise.
    """
    if receipt.status == Receipt.Status.VALIDATED:
        return receipt
    scan_many(
        receipt,
        as_due(receipt, on=on) if boxes is None else boxes,
        at=at,
        on=on,
        actor=actor,
        by_pharmacist=by_pharmacist,
        request_id=request_id,
        workstation=workstation,
    )
    return validate(
        receipt, at=at, on=on, actor=actor, request_id=request_id, occurred_at=occurred_at,
        workstation=workstation,
    )  # fmt: skip


def as_due(receipt: Receipt, *, on: date) -> list[Boxes]:
    """Every box that is due and not scanned, as if it came: lots and dates unknown."""
    counts = tally(receipt, on=on)
    due = {line.product_id: line.missing for line in counts.expected_lines if line.missing}
    products = Product.objects.in_bulk(list(due))
    return [Boxes(products[key], quantity) for key, quantity in due.items()]
