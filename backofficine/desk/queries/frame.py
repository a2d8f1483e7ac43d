"""What the frame of every page asks: work waiting behind each word of the menu, the next cut-off.

One short query each: they are paid by every page.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from backofficine.purchasing.models import DeliveryRound

CLOSE = timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: lines of drafts, totes and cartons, lines on the dock, late promises."""

    order_lines: int = 0
    parcels: int = 0
    dock_lines: int = 0
    late_promises: int = 0


@dataclass(frozen=True, slots=True)
class CutOff:
    """The next instant at which a supplier stops taking orders."""

    at: datetime
    left: timedelta

    @property
    def is_close(self) -> bool:
        return self.left < CLOSE

    @property
    def spent(self) -> timedelta:
        """How much of the last ninety minutes is gone."""
        return CLOSE - self.left


# Written by hand: every page pays for it, and composing it costs more than running it.
_WAITING = """
SELECT (SELECT COUNT(*) FROM purchasing_orderline line
        JOIN purchasing_order draft ON draft.id = line.order_id
        LEFT JOIN purchasing_deliveryround round ON round.id = draft.delivery_round_id
        WHERE draft.status = 'draft' AND line.quantity > 0
          AND (round.id IS NULL OR round.cut_off_at > %s)),
       (SELECT COUNT(*) FROM receiving_parcel WHERE emptied_at IS NULL),
       (SELECT COUNT(*) FROM stock_balance balance
        JOIN stock_location place ON place.id = balance.location_id
        WHERE place.kind = 'dock' AND balance.on_hand > 0),
       (SELECT COUNT(*) FROM promises_promise
        WHERE closed_at IS NULL AND promised_at < %s
          AND status IN ('to_order', 'ordered', 'arrived'))
"""


def waiting(at: datetime) -> Waiting:
    """Every count of the menu, in one query."""
    instant = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [instant, instant])
        return Waiting(*cursor.fetchone())


def next_cut_off(at: datetime) -> CutOff | None:
    """The first cut-off ahead, of any active supplier."""
    ahead = (
        DeliveryRound.objects.filter(
            cut_off_at__gt=at, is_cancelled=False, supplier__is_active=True
        )
        .order_by("cut_off_at", "pk")
        .values_list("cut_off_at", flat=True)
        .first()
    )
    return CutOff(ahead, ahead - at) if ahead else None
