"""The driver leaves: totes and cartons are on the floor, and their clocks run."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.purchasing.models import DeliveryRound, Supplier
from backofficine.receiving.models import Parcel, Receipt

MOST_PARCELS = 200


class NothingDropped(DomainError):
    message = _("Say how many totes or cartons were left, from 1 to %(most)s.")


@transaction.atomic
def drop(
    *,
    supplier: Supplier,
    at: datetime,
    request_id: UUID,
    delivery_round: DeliveryRound | None = None,
    totes: int = 0,
    cartons: int = 0,
    cold: int = 0,
    codes: Sequence[str] = (),
    place: str = "",
) -> list[Parcel]:
    """Record what was left, ``cold`` of the totes being cold. ``codes`` are their labels, in order.

    The clocks run from ``at``. The same ``request_id`` drops once; parcels join the receipt that
    is open for their round.

    :raises NothingDropped: if there is nothing, or more than a lorry holds.
    """
    count = totes + cartons
    if not 1 <= count <= MOST_PARCELS or min(totes, cartons, cold) < 0:
        raise NothingDropped(most=MOST_PARCELS)
    # The supplier's row is the lock: a second click waits, then finds its parcels.
    Supplier.objects.select_for_update().get(pk=supplier.pk)
    first = derived_id("parcel", request_id, 0)
    if Parcel.objects.filter(request_id=first).exists():
        ids = [derived_id("parcel", request_id, number) for number in range(count)]
        return list(Parcel.objects.filter(request_id__in=ids).order_by("pk"))
    receipt = None
    if delivery_round is not None:
        receipt = (
            Receipt.objects.filter(
                supplier=supplier, delivery_round=delivery_round, status=Receipt.Status.OPEN
            )
            .order_by("pk")
            .first()
        )
    return Parcel.objects.bulk_create(
        [
            Parcel(
                kind=Parcel.Kind.TOTE if number < totes else Parcel.Kind.CARTON,
                code=codes[number].strip()[:40] if number < len(codes) else "",
                supplier=supplier,
                delivery_round=delivery_round,
                receipt=receipt,
                # Cold totes are written first: they are opened first.
                is_cold=number < cold,
                place=place[:60],
                dropped_at=at,
                request_id=derived_id("parcel", request_id, number),
            )
            for number in range(count)
        ]
    )


@transaction.atomic
def open_parcel(parcel: Parcel, *, at: datetime, receipt: Receipt | None = None) -> Parcel:
    """Start emptying a tote or carton. Opening the next one says that the one before is empty.

    Opening it again changes nothing.
    """
    receipt = receipt or parcel.receipt
    opened = Parcel.objects.filter(pk=parcel.pk, opened_at=None).update(
        opened_at=max(at, parcel.dropped_at), receipt=receipt
    )
    if opened and receipt is not None:
        for other in Parcel.objects.filter(
            receipt=receipt, opened_at__isnull=False, emptied_at=None
        ).exclude(pk=parcel.pk):
            assert other.opened_at is not None, "the filter kept opened parcels"
            Parcel.objects.filter(pk=other.pk).update(emptied_at=max(at, other.opened_at))
    parcel.refresh_from_db()
    return parcel
