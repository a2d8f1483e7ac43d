"""What the frame of every page asks: work waiting behind each word of the menu, the next cut-off.

One short query each: they are paid by every page.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

CLOSE = timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: lines of drafts, totes and cartons, lines on the dock, late promises.

    ``counts_asked`` is a number of products.
    """

    order_lines: int = 0
    parcels: int = 0
    dock_lines: int = 0
    late_promises: int = 0
    counts_asked: int = 0
    cut_off_at: datetime | None = None  # the first one ahead, of any active supplier


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
          AND status IN ('to_order', 'ordered', 'arrived')),
       (SELECT COUNT(DISTINCT product_id) FROM stock_countrequest WHERE closed_at IS NULL),
       (SELECT MIN(round.cut_off_at) FROM purchasing_deliveryround round
        JOIN purchasing_supplier supplier ON supplier.id = round.supplier_id
        WHERE round.cut_off_at > %s AND NOT round.is_cancelled AND supplier.is_active)
"""


def waiting(at: datetime) -> Waiting:
    """Every count of the menu and the next cut-off, in one query."""
    instant = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [instant, instant, instant])
        lines, parcels, dock, late, counts, cut_off_at = cursor.fetchone()
    if isinstance(cut_off_at, str):  # SQLite keeps instants as texts, in UTC
        cut_off_at = datetime.fromisoformat(cut_off_at).replace(tzinfo=UTC)
    return Waiting(lines, parcels, dock, late, counts, cut_off_at)


def next_cut_off(seen: Waiting, at: datetime) -> CutOff | None:
    """How long is left before the next cut-off."""
    return CutOff(seen.cut_off_at, seen.cut_off_at - at) if seen.cut_off_at else None
