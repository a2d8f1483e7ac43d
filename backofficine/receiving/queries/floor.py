"""What is on the floor and what is due: parcels with their clocks, rounds, orders, receipts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet, Sum

from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import day_bounds, local_day, open_minutes_between
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.receiving.models import Parcel, Receipt, UnknownKind, UnknownScan

AWAITED_FOR = timedelta(days=14)

# A box set aside still waits for the pharmacist.
_SETTLED = [kind for kind in UnknownKind.values if kind != UnknownKind.ASIDE]


@dataclass(slots=True)
class Delivery:
    """What one supplier left for one round. ``minutes`` are minutes of opening since the drop."""

    supplier: Supplier
    delivery_round: DeliveryRound | None
    dropped_at: datetime
    receipt: Receipt | None = None
    parcels: list[Parcel] = field(default_factory=list)
    minutes: int = 0
    elapsed: timedelta = timedelta()
    order_count: int = 0

    @property
    def totes(self) -> int:
        return sum(1 for one in self.parcels if one.kind == Parcel.Kind.TOTE)

    @property
    def cartons(self) -> int:
        return len(self.parcels) - self.totes

    @property
    def cold(self) -> int:
        return sum(1 for one in self.parcels if one.is_cold)

    @property
    def limit(self) -> int:
        """Minutes: a cold tote has its container's validated hours, the others the dock's."""
        if self.cold:
            return min(self.supplier.cold_limit_minutes, self.supplier.dock_limit_minutes)
        return self.supplier.dock_limit_minutes

    @property
    def rank(self) -> tuple[bool, datetime]:
        return not self.cold, self.dropped_at


@dataclass(frozen=True, slots=True)
class Due:
    """A round that is due today and not dropped yet."""

    delivery_round: DeliveryRound
    orders: int
    boxes: int
    is_late: bool


@dataclass(slots=True)
class Floor:
    """The page *Réceptionner* before any scan."""

    deliveries: list[Delivery]
    due: list[Due]
    open_receipts: list[Receipt]
    direct_orders: Sequence[Order]
    unknown: int

    @property
    def totes(self) -> int:
        return sum(one.totes for one in self.deliveries)

    @property
    def cartons(self) -> int:
        return sum(one.cartons for one in self.deliveries)

    @property
    def cold(self) -> int:
        return sum(one.cold for one in self.deliveries)

    @property
    def is_empty(self) -> bool:
        return not (self.deliveries or self.due or self.open_receipts or self.direct_orders)


def on_the_floor() -> QuerySet[Parcel]:
    """Totes and cartons dropped and not emptied."""
    return Parcel.objects.filter(emptied_at=None)


_LYING = Prepared(
    lambda: (
        on_the_floor()
        .select_related("supplier", "delivery_round", "receipt")
        .order_by("dropped_at", "pk")
    )
)
_OPEN = Prepared(
    lambda: (
        Receipt.objects.filter(status=Receipt.Status.OPEN)
        .select_related("supplier", "delivery_round")
        .order_by("pk")
    )
)
_DIRECT = Prepared(
    lambda: (
        Order.objects.filter(
            delivery_round=None, status__in=[Order.Status.SENT, Order.Status.ANSWERED]
        )
        .exclude(receipt_orders__receipt__status=Receipt.Status.OPEN)
        .select_related("supplier")
        .annotate(boxes=Sum("lines__quantity"))
        .order_by("expected_at", "pk")[:50]
    )
)
_THESE = Prepared(
    lambda rounds: (
        DeliveryRound.objects.filter(pk__in=rounds)
        .select_related("supplier")
        .order_by("due_at", "pk")
    ),
    list,
)
_UNKNOWN = Prepared(
    lambda: UnknownScan.objects.exclude(answers__answer__in=_SETTLED).values_list("pk")
)


def floor(*, at: datetime) -> Floor:
    """Everything to receive, cold first, the oldest drop first."""
    deliveries: dict[tuple[int, int | None], Delivery] = {}
    for parcel in _LYING.all():
        key = (parcel.supplier_id, parcel.delivery_round_id)
        one = deliveries.setdefault(
            key, Delivery(parcel.supplier, parcel.delivery_round, parcel.dropped_at)
        )
        one.parcels.append(parcel)
        if parcel.receipt is not None and parcel.receipt.status == Receipt.Status.OPEN:
            one.receipt = parcel.receipt
    for one in deliveries.values():
        one.elapsed = at - one.dropped_at
        one.minutes = open_minutes_between(one.dropped_at, at)
    held = {one.receipt.pk for one in deliveries.values() if one.receipt}
    return Floor(
        deliveries=sorted(deliveries.values(), key=lambda one: one.rank),
        due=_due(deliveries, at=at),
        open_receipts=[one for one in _OPEN.all() if one.pk not in held],
        direct_orders=_DIRECT.all(),
        unknown=len(_UNKNOWN.all()),
    )


# Written by hand: composing it costs the page more than running it.
_AWAITED = """
SELECT round.id, COUNT(DISTINCT asked.id), COALESCE(SUM(line.quantity), 0)
FROM purchasing_deliveryround round
LEFT JOIN purchasing_order asked
    ON asked.delivery_round_id = round.id AND asked.status IN ('sent', 'answered')
LEFT JOIN purchasing_orderline line ON line.order_id = asked.id
WHERE round.due_at >= %s AND round.due_at < %s AND NOT round.is_cancelled
  AND NOT EXISTS (SELECT 1 FROM receiving_parcel lying WHERE lying.delivery_round_id = round.id)
  AND NOT EXISTS (SELECT 1 FROM receiving_receipt begun WHERE begun.delivery_round_id = round.id)
GROUP BY round.id, round.due_at
HAVING round.due_at >= %s OR COUNT(asked.id) > 0
"""


def _due(deliveries: dict[tuple[int, int | None], Delivery], *, at: datetime) -> list[Due]:
    """Rounds of today without a box yet; of an earlier day, those that an order still awaits."""
    start, end = day_bounds(local_day(at))
    bounds = [connection.ops.adapt_datetimefield_value(one) for one in (start - AWAITED_FOR, end)]
    with connection.cursor() as cursor:
        cursor.execute(_AWAITED, [*bounds, connection.ops.adapt_datetimefield_value(start)])
        awaited = {key: (orders, int(boxes)) for key, orders, boxes in cursor.fetchall()}
    return [
        Due(one, *awaited[one.pk], is_late=one.due_at < at)
        for one in _THESE.all(awaited)
        if (one.supplier_id, one.pk) not in deliveries
    ]
