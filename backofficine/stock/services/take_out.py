"""*Sortir*: a box leaves the stock, for a cause, to waste or to quarantine."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.stock import queries
from backofficine.stock.models import Location, Lot, Posting
from backofficine.stock.services.ledger import MoveLine, RequestReused, in_turn, post
from backofficine.team.models import Actor, Workstation


class NarcoticNeedsPharmacist(DomainError):
    message = _("Only a pharmacist moves narcotics. Hand the box to the pharmacist present.")


@transaction.atomic
def take_out(
    lot: Lot,
    *,
    quantity: int,
    cause: str,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    request_id: UUID,
    by_pharmacist: bool,
    to_quarantine: bool = False,
    location: Location | None = None,
    workstation: Workstation | None = None,
) -> Posting:
    """Move boxes in the hand to waste or quarantine; the loss is dated at this move.

    What the record did not know is posted as *found* first: a box in the hand is a fact. A box
    already in quarantine is taken from there when it goes to waste.

    :raises NarcoticNeedsPharmacist: if the product is a narcotic and ``by_pharmacist`` is false.
    :raises RequestReused: if ``request_id`` named another event.
    """
    if lot.product.is_narcotic and not by_pharmacist:
        raise NarcoticNeedsPharmacist
    in_turn()
    reason = Posting.Reason.QUARANTINE if to_quarantine else Posting.Reason.WRITE_OFF
    known = Posting.objects.filter(request_id=request_id).first()
    if known is not None:
        if (known.reason, known.cause) != (reason, cause):
            raise RequestReused
        return known
    target = queries.virtual(Location.Kind.WASTE) if not to_quarantine else queries.quarantine()
    lines: list[MoveLine] = []
    missing = quantity
    for balance in queries.balances_of_lot(lot):
        if location is not None and balance.location_id != location.pk:
            continue
        if balance.location_id == target.pk or missing == 0:
            continue
        taken = min(missing, balance.on_hand)
        lines.append(MoveLine(lot, balance.location, target, taken))
        missing -= taken
    if missing:
        place = location or queries.place_of(lot.product)
        lines += [
            MoveLine(lot, queries.virtual(Location.Kind.COUNT), place, missing, is_found=True),
            MoveLine(lot, place, target, missing),
        ]
    return post(
        lines=lines,
        reason=reason,
        cause=cause,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
    )
