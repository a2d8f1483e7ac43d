"""What the counter does with a resolved scan."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.errors import DomainError
from backofficine.stock.models import Lot
from backofficine.stock.services import Wanted, Withdrawal, in_turn, lot_of, withdraw
from backofficine.team.models import Actor, Workstation

MOST_BOXES = 99


class ImpossibleQuantity(DomainError):
    message = _(
        "%(quantity)s boxes at once is not possible here: type 1 to %(most)s, then the box."
    )


@transaction.atomic
def withdraw_box(
    product: Product,
    *,
    boxes: int,
    at: datetime,
    on: date,
    actor: Actor,
    request_id: UUID,
    by_pharmacist: bool,
    lot: Lot | None = None,
    lot_number: str = "",
    expires_on: date | None = None,
    workstation: Workstation | None = None,
) -> Withdrawal:
    """Take boxes out for a patient: one scan, one withdrawal, once for one ``request_id``.

    A lot that was read surely (``lot``, or its words) is taken itself and made if it is new; else
    the first to expire is assumed.

    :raises ImpossibleQuantity: below 1 or above 99 boxes.
    :raises ExpiredLot, HeldLot: if the scanned box may not reach a patient.
    """
    if not 1 <= boxes <= MOST_BOXES:
        raise ImpossibleQuantity(quantity=boxes, most=MOST_BOXES)
    if lot is None and lot_number:
        # A new lot is written in one's turn: two that write it at once never wait in a ring.
        in_turn()
        lot = lot_of(product, number=lot_number, expires_on=expires_on)
    return withdraw(
        [Wanted(product, boxes * product.doses_per_box, lot)],
        occurred_at=at,
        recorded_at=at,
        on=on,
        actor=actor,
        request_id=request_id,
        by_pharmacist=by_pharmacist,
        workstation=workstation,
    )
