"""Which round can still be caught, and when its boxes are in hand."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.formats import date_format

from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy import queries as pharmacy
from backofficine.purchasing.models import DeliveryRound, Supplier

# The hour said to a patient is on the half hour, and never optimistic.
HALF_HOUR = timedelta(minutes=30)
# Looking further than this for an open day means that nobody set the opening hours.
LONGEST_CLOSURE_DAYS = 30


def suppliers() -> QuerySet[Supplier]:
    """Those we still order from, the main one first."""
    return Supplier.objects.filter(is_active=True).order_by("-is_main", "-kind", "name", "pk")


_SUPPLIERS = Prepared(suppliers)


def active_suppliers() -> list[Supplier]:
    """The same as :func:`suppliers`, read."""
    return _SUPPLIERS.all()


def main_supplier() -> Supplier | None:
    """The main wholesaler; the first active one if none is declared."""
    return suppliers().first()


def coming_rounds(supplier: Supplier, *, at: datetime) -> QuerySet[DeliveryRound]:
    """Rounds that can still be caught, soonest first."""
    return (
        DeliveryRound.objects.filter(supplier=supplier, cut_off_at__gt=at, is_cancelled=False)
        .select_related("supplier")
        .order_by("cut_off_at", "pk")
    )


def next_round(supplier: Supplier, *, at: datetime) -> DeliveryRound | None:
    """The first round of a supplier whose cut-off is still ahead; ``None`` for a direct one.

    On Saturday evening, that is the next open drop.
    """
    return coming_rounds(supplier, at=at).first()


def next_rounds(at: datetime) -> list[DeliveryRound]:
    """The next round of each active supplier that has rounds, soonest cut-off first."""
    first: dict[int, int] = {}
    # A fortnight of rounds is written ahead: of all but the first of each, two numbers are enough.
    for supplier, key in _AHEAD.all(at):
        first.setdefault(supplier, key)
    if not first:
        return []
    return _THESE.all(first.values())


def _ahead(at: datetime) -> QuerySet[DeliveryRound]:
    return DeliveryRound.objects.filter(
        cut_off_at__gt=at, is_cancelled=False, supplier__is_active=True
    ).order_by("cut_off_at", "pk")


_AHEAD = Prepared(lambda at: _ahead(at).values_list("supplier_id", "pk")[:100], datetime)
_THESE = Prepared(
    lambda rounds: (
        DeliveryRound.objects.filter(pk__in=rounds)
        .select_related("supplier")
        .order_by("cut_off_at", "pk")
    ),
    list,
)


def next_cut_off(at: datetime) -> DeliveryRound | None:
    """The round, of any supplier, that stops taking orders first."""
    return _ahead(at).select_related("supplier").first()


def rounds_of_day(day: date) -> QuerySet[DeliveryRound]:
    """Rounds due on a civil day of the pharmacy, cancelled ones included, soonest first."""
    start, end = pharmacy.day_bounds(day)
    return (
        DeliveryRound.objects.filter(due_at__gte=start, due_at__lt=end)
        .select_related("supplier")
        .order_by("due_at", "pk")
    )


def promised_instant(delivery_round: DeliveryRound) -> datetime:
    """The hour to tell a patient: the drop, plus the time the shop gives itself to empty the dock.

    On the next half hour, and not before the shop opens: « après 16 h ».
    """
    ready = delivery_round.due_at + timedelta(minutes=delivery_round.supplier.dock_limit_minutes)
    past = timedelta(
        minutes=ready.minute % 30, seconds=ready.second, microseconds=ready.microsecond
    )
    if past:
        ready += HALF_HOUR - past
    return first_opening(after=ready, inside_is_fine=True)


def first_opening(*, after: datetime, inside_is_fine: bool = False) -> datetime:
    """The first instant at which the shop opens, from ``after`` on; ``after`` itself without hours.

    With ``inside_is_fine``, an instant at which the shop is open is its own answer.
    """
    day = pharmacy.local_day(after)
    for ahead in range(LONGEST_CLOSURE_DAYS + 1):
        for opens, closes in pharmacy.openings(day + timedelta(days=ahead)):
            if opens >= after:
                return opens
            if inside_is_fine and after < closes:
                return after
            if not inside_is_fine and ahead == 0 and after < closes:
                return after
    return after


def hour_text(at: datetime) -> str:
    """« 11 h 45 », at the pharmacy."""
    local = at.astimezone(pharmacy.zone())
    return (
        f"{local.hour}\u00a0h\u00a0{local.minute:02d}" if local.minute else f"{local.hour}\u00a0h"
    )


def moment_text(at: datetime) -> str:
    """« lundi 23 novembre, 14 h 30 », at the pharmacy."""
    local = at.astimezone(pharmacy.zone())
    return f"{date_format(local, 'l j F')}, {hour_text(at)}"
