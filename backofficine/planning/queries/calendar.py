"""Time as demand sees it: days on which the shop is open, and how many lie between two hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.models import ClosedDay, OpeningHours

# A shop that never set its hours is taken to be open every day, all day.
ALL_DAY = [(time.min, time(23, 59, 59))]


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The opening hours, read once for many products."""

    zone: ZoneInfo
    hours: dict[int, list[tuple[time, time]]]
    closed: frozenset[date]

    @classmethod
    def read(cls) -> "OpenDays":
        hours: dict[int, list[tuple[time, time]]] = {}
        for weekday, opens, closes in OpeningHours.objects.order_by(
            "weekday", "opens_at", "pk"
        ).values_list("weekday", "opens_at", "closes_at"):
            hours.setdefault(weekday, []).append((opens, closes))
        return cls(
            zone=pharmacy.zone(),
            hours=hours or dict.fromkeys(range(7), ALL_DAY),
            closed=frozenset(ClosedDay.objects.values_list("closed_on", flat=True)),
        )

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def is_open(self, day: date) -> bool:
        return day.weekday() in self.hours and day not in self.closed

    def weight(self, day: date) -> float:
        """Opening time of a day against the average open day: 0 when closed."""
        if not self.is_open(day):
            return 0.0
        return _length(self.hours[day.weekday()]) / self._average_day()

    def count(self, first: date, last: date) -> int:
        """Open days from ``first`` to ``last``, both included."""
        return sum(
            self.is_open(first + timedelta(days=ahead)) for ahead in range((last - first).days + 1)
        )

    def between(self, start: datetime, end: datetime) -> float:
        """Open days between two instants, parts of a day by opening time: half a Saturday counts
        for what it is against the average day. Zero if ``end`` comes first."""
        total = timedelta()
        day, last = self.local_day(start), self.local_day(end)
        while day <= last:
            if self.is_open(day):
                for opens, closes in self.hours[day.weekday()]:
                    opened = pharmacy.instant(day, opens, in_zone=self.zone)
                    shut = pharmacy.instant(day, closes, in_zone=self.zone)
                    total += max(min(end, shut) - max(start, opened), timedelta())
            day += timedelta(days=1)
        return total / self._average_day()

    def _average_day(self) -> timedelta:
        return sum(map(_length, self.hours.values()), timedelta()) / len(self.hours)


def _length(stretches: list[tuple[time, time]]) -> timedelta:
    """Opening time of a day."""
    return sum(
        (
            datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
            for opens, closes in stretches
        ),
        timedelta(),
    )
