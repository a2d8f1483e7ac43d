"""Turns the weekly schedules and their exceptions into dated rounds, in UTC, some days ahead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.models import ClosedDay, OpeningHours
from backofficine.purchasing.models import (
    DeliveryRound,
    Supplier,
    SupplyException,
    SupplySchedule,
)

# Longest run of closed days over which a drop is carried to the next open one.
LONGEST_CLOSURE_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A round that should exist. ``usual_cut_off_at`` is where it stands without its exception."""

    supplier_id: int
    name: str
    usual_cut_off_at: datetime
    cut_off_at: datetime
    due_at: datetime
    is_cancelled: bool


@transaction.atomic
def generate_rounds(*, at: datetime, days: int = 14) -> int:
    """Write the rounds whose cut-off falls in the coming ``days``; how many were added.

    Hours are the pharmacy's: when the clocks change, the local hour stays and the instant moves. A
    cut-off on a day when the pharmacy is closed gives no round; a drop on such a day is carried to
    the same hour of the next open day. Doing it again changes nothing; a round that was moved or
    cancelled since is mended in place, so that its orders and promises follow it. Past cut-offs are
    left alone.
    """
    calendar = _Calendar.read()
    wanted = [one for one in _wanted(calendar, at=at, days=days) if one.cut_off_at > at]
    today = calendar.local_day(at)
    existing = {
        (round_.supplier_id, round_.cut_off_at): round_
        for round_ in DeliveryRound.objects.filter(
            cut_off_at__gte=calendar.instant(today, time.min),
            cut_off_at__lt=calendar.instant(today + timedelta(days=days), time.min),
        )
    }
    fresh: list[DeliveryRound] = []
    changed: list[DeliveryRound] = []
    for one in wanted:
        # The row may stand at its usual hour, or already where an exception moved it.
        usual = existing.pop((one.supplier_id, one.usual_cut_off_at), None)
        found = existing.pop((one.supplier_id, one.cut_off_at), usual)
        if found is None:
            if not one.is_cancelled:
                fresh.append(
                    DeliveryRound(
                        supplier_id=one.supplier_id,
                        name=one.name,
                        cut_off_at=one.cut_off_at,
                        due_at=one.due_at,
                    )
                )
            continue
        now = (one.cut_off_at, one.due_at, one.is_cancelled, one.name)
        if (found.cut_off_at, found.due_at, found.is_cancelled, found.name) != now:
            found.cut_off_at, found.due_at, found.is_cancelled, found.name = now
            changed.append(found)
    # What no schedule asks for any more will not come.
    for left in existing.values():
        if left.cut_off_at > at and not left.is_cancelled:
            left.is_cancelled = True
            changed.append(left)
    DeliveryRound.objects.bulk_update(
        changed, ["cut_off_at", "due_at", "is_cancelled", "name"], batch_size=200
    )
    DeliveryRound.objects.bulk_create(fresh, batch_size=200)
    return len(fresh)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The pharmacy's zone and open days, read once. Without opening hours, every day is open."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    closed: frozenset[date]

    @classmethod
    def read(cls) -> "_Calendar":
        weekdays = frozenset(OpeningHours.objects.values_list("weekday", flat=True))
        return cls(
            zone=pharmacy.zone(),
            weekdays=weekdays or frozenset(range(7)),
            closed=frozenset(ClosedDay.objects.values_list("closed_on", flat=True)),
        )

    def is_open(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.closed

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def instant(self, day: date, hour: time) -> datetime:
        return pharmacy.instant(day, hour, in_zone=self.zone)

    def next_open(self, day: date) -> date | None:
        for ahead in range(LONGEST_CLOSURE_DAYS + 1):
            if self.is_open(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        return None


def _wanted(calendar: _Calendar, *, at: datetime, days: int) -> Iterator[_Wanted]:
    first = calendar.local_day(at)
    schedules = list(
        SupplySchedule.objects.filter(
            supplier__is_active=True, supplier__kind=Supplier.Kind.WHOLESALER
        ).order_by("supplier", "weekday", "cut_off_time", "valid_from", "pk")
    )
    exceptions = {
        (one.supplier_id, one.schedule_id, one.occurs_on): one
        for one in SupplyException.objects.filter(
            occurs_on__gte=first, occurs_on__lt=first + timedelta(days=days)
        )
    }
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        if not calendar.is_open(day):
            continue
        for schedule in schedules:
            if schedule.weekday != day.weekday() or not _is_valid(schedule, on=day):
                continue
            exception = exceptions.get((schedule.supplier_id, schedule.pk, day)) or exceptions.get(
                (schedule.supplier_id, None, day)
            )
            one = _dated(calendar, schedule, day=day, exception=exception)
            if one is not None:
                yield one


def _is_valid(schedule: SupplySchedule, *, on: date) -> bool:
    return schedule.valid_from <= on and (
        schedule.valid_until is None or on <= schedule.valid_until
    )


def _dated(
    calendar: _Calendar,
    schedule: SupplySchedule,
    *,
    day: date,
    exception: SupplyException | None,
) -> _Wanted | None:
    drop_day = calendar.next_open(day + timedelta(days=schedule.drop_day_offset))
    if drop_day is None:
        return None
    usual = calendar.instant(day, schedule.cut_off_time)
    cut_off = usual
    due = calendar.instant(drop_day, schedule.drop_time)
    is_cancelled = exception is not None and exception.is_cancelled
    if exception is not None and not is_cancelled:
        if exception.moved_cut_off_time is not None:
            cut_off = calendar.instant(day, exception.moved_cut_off_time)
        if exception.moved_drop_at is not None:
            due = exception.moved_drop_at.astimezone(UTC)
    # A drop cannot precede its cut-off: an exception that says so is a typing mistake.
    is_cancelled = is_cancelled or due <= cut_off
    return _Wanted(
        supplier_id=schedule.supplier_id,
        name=schedule.name,
        usual_cut_off_at=usual,
        cut_off_at=cut_off if due > cut_off else usual,
        due_at=due if due > cut_off else calendar.instant(drop_day, schedule.drop_time),
        is_cancelled=is_cancelled,
    )
