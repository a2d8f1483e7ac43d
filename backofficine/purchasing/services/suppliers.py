"""Makes the acquaintance of a supplier, keeps its terms, and the weekly rounds it comes by."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing.models import Supplier, SupplyException, SupplySchedule
from backofficine.purchasing.services.rounds import generate_rounds


class SupplierKnown(DomainError):
    message = _("%(name)s is a supplier already. Choose another name.")


class NoName(DomainError):
    message = _("A supplier needs a name, of 80 characters at most.")


class RoundsMissing(DomainError):
    message = _(
        "A wholesaler delivers by rounds: give one at least, with its days, the last hour to "
        "order and the hour of the drop."
    )


class RoundsOfDirect(DomainError):
    message = _("A direct supplier has a delay in days and no rounds.")


class RoundTwice(DomainError):
    message = _("Two rounds have the same last hour to order on the same day: keep one.")


class DropTooEarly(DomainError):
    message = _(
        "The drop comes after the last hour to order: correct the hours, or say that it comes "
        "the next day."
    )


class DayPast(DomainError):
    message = _("%(day)s is past: choose a day from %(first)s on.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with a supplier. ``lead_time_days`` is for a direct one alone.

    ``free_carriage_from`` (the franco) is in euros excluding VAT; the limits are in minutes, from
    the drop to an empty dock, and the validated hours of a cold container.
    """

    customer_number: str = ""
    lead_time_days: int | None = None
    free_carriage_from: Decimal | None = None
    dock_limit_minutes: int = 90
    cold_limit_minutes: int = 240
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class WeeklyRound:
    """A round of each week in local time; ``weekday`` of the cut-off, Monday is 0."""

    weekday: int
    cut_off: time
    drop: time
    drop_day_offset: int


@transaction.atomic
def add_supplier(
    *,
    name: str,
    kind: Supplier.Kind,
    at: datetime,
    rounds: Iterable[WeeklyRound] = (),
    lead_time_days: int | None = None,
    customer_number: str = "",
    is_main: bool = False,
    terms: Terms | None = None,
) -> Supplier:
    """Create a supplier with its weekly rounds, or its delay. This will date its coming rounds.

    The first wholesaler is the main one; ``is_main`` takes that place from another. ``terms``, when
    given, say all that the three arguments before them do, and more.

    :raises SupplierKnown, NoName, RoundsMissing, RoundsOfDirect, RoundTwice, DropTooEarly: as their
        words say.
    """
    weekly = list(rounds)
    terms = terms or Terms(
        customer_number=customer_number, lead_time_days=lead_time_days, is_main=is_main
    )
    name = _free_name(name)
    is_wholesaler = kind == Supplier.Kind.WHOLESALER
    if is_wholesaler and not weekly:
        raise RoundsMissing
    if not is_wholesaler and (weekly or terms.lead_time_days is None):
        raise RoundsOfDirect
    _check(weekly)
    has_main = Supplier.objects.filter(is_main=True).exists()
    supplier = Supplier(name=name, kind=kind)
    _write(supplier, terms, is_main=terms.is_main or (is_wholesaler and not has_main))
    _schedule(supplier, weekly, since=local_day(at))
    generate_rounds(at=at)
    return supplier


@transaction.atomic
def change_supplier(supplier: Supplier, *, name: str, terms: Terms) -> None:
    """Write the name and terms of a supplier; its kind stays, because its orders depend on it.

    :raises SupplierKnown, NoName, RoundsOfDirect: as their words say.
    """
    supplier.name = _free_name(name, besides=supplier)
    if supplier.kind == Supplier.Kind.DIRECT and terms.lead_time_days is None:
        raise RoundsOfDirect
    _write(supplier, terms, is_main=terms.is_main)


@transaction.atomic
def add_rounds(supplier: Supplier, *, rounds: Iterable[WeeklyRound], at: datetime) -> None:
    """Add weekly rounds from today on, and date them.

    :raises RoundsMissing, RoundsOfDirect, RoundTwice, DropTooEarly: as their words say.
    """
    weekly = list(rounds)
    if supplier.kind != Supplier.Kind.WHOLESALER:
        raise RoundsOfDirect
    if not weekly:
        raise RoundsMissing
    _check(weekly)
    today = local_day(at)
    running = set(
        supplier.schedules.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today))
        .values_list("weekday", "cut_off_time")
    )  # fmt: skip
    if any((one.weekday, one.cut_off) in running for one in weekly):
        raise RoundTwice
    _schedule(supplier, weekly, since=today)
    generate_rounds(at=at)


@transaction.atomic
def end_rounds(schedules: Collection[SupplySchedule], *, last_day: date, at: datetime) -> None:
    """Stop weekly rounds after ``last_day``; yesterday stops them at once.

    This will cancel the dated rounds past that day.

    :raises DayPast: if that day is before yesterday: what has run, has run.
    """
    _refuse_before(local_day(at) - timedelta(days=1), last_day)
    SupplySchedule.objects.filter(pk__in=[one.pk for one in schedules]).update(valid_until=last_day)
    generate_rounds(at=at)


@transaction.atomic
def cancel_day(supplier: Supplier, *, day: date, at: datetime) -> None:
    """No round of this supplier is ordered on that day; doing it again changes nothing.

    :raises DayPast: if that day is before today.
    """
    _refuse_before(local_day(at), day)
    SupplyException.objects.update_or_create(
        supplier=supplier, schedule=None, occurs_on=day, defaults={"is_cancelled": True}
    )
    generate_rounds(at=at)


@transaction.atomic
def restore_day(supplier: Supplier, *, day: date, at: datetime) -> None:
    """The rounds of that day come after all; without a cancelled day, nothing changes."""
    supplier.exceptions.filter(schedule=None, occurs_on=day, is_cancelled=True).delete()
    generate_rounds(at=at)


def _free_name(name: str, *, besides: Supplier | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise NoName
    others = Supplier.objects.exclude(pk=besides.pk) if besides else Supplier.objects.all()
    if others.filter(name__iexact=name).exists():
        raise SupplierKnown(name=name)
    return name


def _check(weekly: Sequence[WeeklyRound]) -> None:
    if len({(one.weekday, one.cut_off) for one in weekly}) < len(weekly):
        raise RoundTwice
    if any(one.drop_day_offset == 0 and one.drop <= one.cut_off for one in weekly):
        raise DropTooEarly


def _refuse_before(first: date, day: date) -> None:
    if day < first:
        raise DayPast(day=date_format(day, "l j F"), first=date_format(first, "l j F"))


def _write(supplier: Supplier, terms: Terms, *, is_main: bool) -> None:
    if is_main:
        Supplier.objects.filter(is_main=True).exclude(pk=supplier.pk).update(is_main=False)
    is_direct = supplier.kind == Supplier.Kind.DIRECT
    supplier.customer_number = terms.customer_number[:30]
    supplier.lead_time_days = terms.lead_time_days if is_direct else None
    supplier.free_carriage_from = terms.free_carriage_from
    supplier.dock_limit_minutes = terms.dock_limit_minutes
    supplier.cold_limit_minutes = terms.cold_limit_minutes
    supplier.is_main = is_main
    supplier.save()


def _schedule(supplier: Supplier, weekly: Iterable[WeeklyRound], *, since: date) -> None:
    for one in weekly:
        # A round stopped and taken up again on one day is the same row.
        SupplySchedule.objects.update_or_create(
            supplier=supplier,
            weekday=one.weekday,
            cut_off_time=one.cut_off,
            valid_from=since,
            defaults={
                "drop_time": one.drop,
                "drop_day_offset": one.drop_day_offset,
                "valid_until": None,
            },
        )
