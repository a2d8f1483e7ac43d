"""Demand that could not be served: asked for, not handed over."""

from datetime import date, datetime
from uuid import UUID

from backofficine.catalog.models import Product
from backofficine.stock.models import DemandLine


def record_missing(
    product: Product,
    *,
    quantity: int,
    at: datetime,
    on: date,
    request_id: UUID,
    source: str = "",
) -> DemandLine:
    """A patient asked for ``quantity`` stock units that were not there. Nothing moves.

    The same ``request_id`` writes once. ``on`` is the pharmacy's civil day.
    """
    return DemandLine.objects.get_or_create(
        request_id=request_id,
        line=0,
        defaults={
            "product": product,
            "kind": DemandLine.Kind.MISSING,
            "quantity": quantity,
            "occurred_at": at,
            "occurred_on": on,
            "source": source,
        },
    )[0]
