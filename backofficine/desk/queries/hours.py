"""The opening hours, read once for a page that asks them many times."""

from datetime import date, datetime, time, timedelta

from backofficine.pharmacy.queries import instant, openings, zone

LOOK_BACK = timedelta(days=30)


class Hours:
    """Opening stretches around a day, as ``pharmacy.queries.openings`` gives them."""

    def __init__(self, *, at: datetime) -> None:
        self.zone = zone()
        self.today = at.astimezone(self.zone).date()

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """First instant of a civil day, and of the next."""
        return (
            instant(day, time.min, in_zone=self.zone),
            instant(day + timedelta(days=1), time.min, in_zone=self.zone),
        )

    def openings(self, day: date) -> list[tuple[datetime, datetime]]:
        return openings(day, in_zone=self.zone)

    def open_minutes(self, start: datetime, end: datetime) -> int:
        """Whole minutes of opening between two instants; at most :data:`LOOK_BACK` is read."""
        total = timedelta()
        day = max(self.day_of(start), self.today - LOOK_BACK)
        while day <= self.day_of(end):
            for opens, closes in self.openings(day):
                total += max(min(end, closes) - max(start, opens), timedelta())
            day += timedelta(days=1)
        return int(total.total_seconds() // 60)
