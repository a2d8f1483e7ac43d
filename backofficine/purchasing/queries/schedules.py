"""The weekly rounds as people say them: Monday to Saturday, before 11:45, delivered at 14:30."""

from dataclasses import dataclass, field
from datetime import date, time

from django.db.models import Q

from backofficine.purchasing.models import SupplySchedule


@dataclass(slots=True)
class Weekly:
    """Rounds of one supplier with the same hours, on several days of the week."""

    supplier_id: int
    cut_off: time
    drop: time
    drop_day_offset: int
    valid_until: date | None
    schedules: list[SupplySchedule] = field(default_factory=list)

    @property
    def days(self) -> list[str]:
        return [str(one.get_weekday_display()) for one in self.schedules]


def weekly_rounds(*, on: date) -> dict[int, list[Weekly]]:
    """Per supplier, the rounds that run on a day or later, earliest cut-off first."""
    rows = SupplySchedule.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=on)
    ).order_by("supplier", "cut_off_time", "drop_time", "weekday", "pk")
    found: dict[tuple[int, time, time, int, date | None], Weekly] = {}
    for row in rows:
        key = (
            row.supplier_id, row.cut_off_time, row.drop_time, row.drop_day_offset, row.valid_until
        )  # fmt: skip
        found.setdefault(key, Weekly(*key)).schedules.append(row)
    rounds: dict[int, list[Weekly]] = {}
    for weekly in found.values():
        rounds.setdefault(weekly.supplier_id, []).append(weekly)
    return rounds
