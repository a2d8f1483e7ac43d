"""Lots that may not reach a patient: held by a pharmacist, and given back by one."""

from datetime import datetime

from django.db import transaction

from backofficine.stock.models import Lot, LotHold
from backofficine.stock.services.ledger import in_turn
from backofficine.team.models import Actor


@transaction.atomic
def hold_lot(lot: Lot, *, kind: LotHold.Kind, at: datetime, actor: Actor) -> LotHold:
    """Keep a whole lot from patients, wherever its boxes are. Held already, it stays held."""
    # Whoever is serving a box of this lot right now finishes first, or sees the hold.
    in_turn()
    return LotHold.objects.get_or_create(
        lot=lot, kind=kind, lifted_at=None, defaults={"held_at": at, "held_by": actor}
    )[0]


def lift_hold(lot: Lot, *, at: datetime) -> int:
    """Let a lot be served again; returns how many holds ended."""
    return LotHold.objects.filter(lot=lot, lifted_at=None).update(lifted_at=at)
