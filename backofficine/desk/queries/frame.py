"""What the frame of every page asks: work waiting behind each word of the menu, the next cut-off.

One short query each: they are paid by every page.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet, Subquery

from backofficine.pharmacy.models import Pharmacy
from backofficine.promises.models import Promise, Status
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine
from backofficine.receiving.models import Parcel
from backofficine.stock.models import Balance, Location

CLOSE = timedelta(minutes=90)
AWAITED = (Status.TO_ORDER, Status.ORDERED, Status.ARRIVED)


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


def _counted(rows: QuerySet[Any]) -> Subquery:
    # COUNT as a plain function: an aggregate would group, and no row would then read as none.
    counted = rows.order_by().annotate(
        how_many=Func(F("pk"), function="COUNT", output_field=IntegerField())
    )
    return Subquery(counted.values("how_many"))


def waiting(at: datetime) -> Waiting:
    """Every count of the menu, in one query."""
    row = (
        Pharmacy.objects.annotate(
            order_lines=_counted(
                OrderLine.objects.filter(
                    Q(order__delivery_round=None) | Q(order__delivery_round__cut_off_at__gt=at),
                    order__status=Order.Status.DRAFT,
                    quantity__gt=0,
                )
            ),
            parcels=_counted(Parcel.objects.filter(emptied_at=None)),
            dock_lines=_counted(
                Balance.objects.filter(on_hand__gt=0, location__kind=Location.Kind.DOCK)
            ),
            late_promises=_counted(
                Promise.objects.filter(
                    closed_at__isnull=True, promised_at__lt=at, status__in=AWAITED
                )
            ),
        )
        .values_list("order_lines", "parcels", "dock_lines", "late_promises")
        .first()
    )
    return Waiting(*row) if row else Waiting()


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
