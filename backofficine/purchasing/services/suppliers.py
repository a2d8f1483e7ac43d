"""Makes the acquaintance of a supplier: who it is, and when it comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing.models import Supplier, SupplySchedule
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
) -> Supplier:
    """Create a supplier with its weekly rounds, or its delay. This will date its coming rounds.

    The first wholesaler is the main one; ``is_main`` takes that place from another.

    :raises SupplierKnown, NoName, RoundsMissing, RoundsOfDirect, RoundTwice: as their words say.
    """
    weekly = list(rounds)
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise NoName
    if Supplier.objects.filter(name__iexact=name).exists():
        raise SupplierKnown(name=name)
    is_wholesaler = kind == Supplier.Kind.WHOLESALER
    if is_wholesaler and not weekly:
        raise RoundsMissing
    if not is_wholesaler and (weekly or lead_time_days is None):
        raise RoundsOfDirect
    if len({(one.weekday, one.cut_off) for one in weekly}) < len(weekly):
        raise RoundTwice
    main = Supplier.objects.filter(is_main=True)
    if is_main:
        main.update(is_main=False)
    supplier = Supplier.objects.create(
        name=name,
        kind=kind,
        customer_number=customer_number[:30],
        lead_time_days=None if is_wholesaler else lead_time_days,
        is_main=is_main or (is_wholesaler and not main.exists()),
    )
    SupplySchedule.objects.bulk_create(
        SupplySchedule(
            supplier=supplier,
            weekday=one.weekday,
            cut_off_time=one.cut_off,
            drop_time=one.drop,
            drop_day_offset=one.drop_day_offset,
            valid_from=local_day(at),
        )
        for one in weekly
    )
    generate_rounds(at=at)
    return supplier
