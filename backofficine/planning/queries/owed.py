"""Boxes that a patient waits for and that no order brings yet."""

from django.db.models import F, Sum

from backofficine.promises.models import Promise, Status
from backofficine.purchasing.models import Order

WAITING = (Status.TO_ORDER, Status.ORDERED, Status.IN_SLOT, Status.TOLD)
COMING = (Order.Status.SENT, Order.Status.ANSWERED)


def owed_by_product() -> dict[int, int]:
    """Stock units promised, not set aside, and tied to no order on its way; absent means none."""
    missing = F("quantity") - F("collected_quantity") - F("aside_quantity")
    rows = (
        Promise.objects.filter(
            closed_at=None,
            status__in=WAITING,
            quantity__gt=F("collected_quantity") + F("aside_quantity"),
        )
        .exclude(order_line__order__status__in=COMING)
        .values_list("product")
        .annotate(total=Sum(missing))
        .order_by()
    )
    return {int(product): int(total) for product, total in rows}
