"""Questions about this pharmacy: its days and hours, and the value of a dated key on a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.kernel.prepared import Prepared
from backofficine.kernel.reading import one_reading, read_once
from backofficine.pharmacy.defaults import LABELS, PARAMETERS, TARIFFS
from backofficine.pharmacy.models import ClosedDay, OpeningHours, Parameter, Pharmacy, Tariff

AnyDated = TypeVar("AnyDated", Tariff, Parameter)


class NoPharmacy(DomainError):
    message = _(
        "This installation has no pharmacy yet. Open the first page in a browser to create it."
    )


class UnknownValue(DomainError):
    message = _("No value of “%(key)s” is valid on %(day)s. Add one under Settings.")


_HERE = Prepared(lambda: Pharmacy.objects.order_by("pk")[:1])


@read_once
def here() -> Pharmacy | None:
    """The pharmacy of this database; ``None`` before the first run."""
    return _HERE.first()


def pharmacy() -> Pharmacy:
    """The same as :func:`here`; raises :class:`NoPharmacy` before the first run."""
    found = here()
    if found is None:
        raise NoPharmacy
    return found


@read_once
def zone() -> ZoneInfo:
    """The pharmacy's time zone; Europe/Paris until the pharmacy exists."""
    found = here()
    return ZoneInfo(found.time_zone if found else "Europe/Paris")


def local_day(at: datetime, *, in_zone: ZoneInfo | None = None) -> date:
    """The civil day of an instant at the pharmacy."""
    return at.astimezone(in_zone or zone()).date()


def instant(day: date, clock_time: time, *, in_zone: ZoneInfo | None = None) -> datetime:
    """The UTC instant of a local time. In the hour that happens twice, the first; in the hour that
    does not exist, the same wait after midnight as the clock would have shown."""
    return datetime.combine(day, clock_time, tzinfo=in_zone or zone()).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a civil day and first instant of the next: 23, 24 or 25 hours apart."""
    there = zone()
    return instant(day, time.min, in_zone=there), instant(
        day + timedelta(days=1), time.min, in_zone=there
    )


def openings(day: date, *, in_zone: ZoneInfo | None = None) -> list[tuple[datetime, datetime]]:
    """The opening stretches of a day, in UTC; empty when closed."""
    hours = week().get(day.weekday(), [])
    if not hours or is_closed(day):
        return []
    there = in_zone or zone()
    return [
        (instant(day, opens, in_zone=there), instant(day, closes, in_zone=there))
        for opens, closes in hours
    ]


@read_once
def is_closed(day: date) -> bool:
    """Whether a civil day is one the pharmacy said it would be closed."""
    return day in _closed_days(day.year)


_CLOSED = Prepared(
    lambda first, last: ClosedDay.objects.filter(
        closed_on__gte=first, closed_on__lte=last
    ).values_list("closed_on"),
    date,
    date,
)
_WEEK = Prepared(
    lambda: OpeningHours.objects.order_by("weekday", "opens_at", "pk").values_list(
        "weekday", "opens_at", "closes_at"
    )
)


@read_once
def _closed_days(year: int) -> set[date]:
    return {day for (day,) in _CLOSED.all(date(year, 1, 1), date(year, 12, 31))}


@read_once
def week() -> dict[int, list[tuple[time, time]]]:
    """The opening stretches of each weekday, Monday is 0, in local time."""
    stretches: dict[int, list[tuple[time, time]]] = {}
    for weekday, opens, closes in _WEEK.all():
        stretches.setdefault(weekday, []).append((opens, closes))
    return stretches


def is_open_day(day: date) -> bool:
    return bool(openings(day))


def open_minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes of opening time between two instants."""
    with one_reading():
        total = timedelta()
        there = zone()
        day, last = local_day(start, in_zone=there), local_day(end, in_zone=there)
        while day <= last:
            for opens, closes in openings(day, in_zone=there):
                overlap = min(end, closes) - max(start, opens)
                total += max(overlap, timedelta())
            day += timedelta(days=1)
        return int(total.total_seconds() // 60)


def _last_valid(model: Any) -> Callable[..., Any]:
    return lambda key, first, last: (
        model.objects.filter(key=key, valid_from__lte=first)
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=last))
        .order_by("-valid_from", "-pk")
    )


_TARIFF: Prepared[Tariff] = Prepared(lambda *of: _last_valid(Tariff)(*of)[:1], str, date, date)
_PARAMETER: Prepared[tuple[str]] = Prepared(
    lambda *of: _last_valid(Parameter)(*of).values_list("value")[:1], str, date, date
)


@read_once
def tariff(key: str, *, on: date) -> Tariff:
    """The tariff of ``key`` valid on a day; raises :class:`UnknownValue`."""
    found = _TARIFF.first(key, on, on)
    if found is None:
        raise UnknownValue(key=key, day=on)
    return found


@read_once
def parameter(key: str, *, on: date) -> str:
    """The text of a dated parameter valid on a day; raises :class:`UnknownValue`."""
    found = _PARAMETER.first(key, on, on)
    if found is None:
        raise UnknownValue(key=key, day=on)
    return found[0]


def number(key: str, *, on: date) -> Decimal:
    """The same as :func:`parameter`, read as a number."""
    return Decimal(parameter(key, on=on))


@dataclass(frozen=True)
class LabelledTariff:
    """A tariff of today with the words that people know it by."""

    label: str
    row: Tariff


@dataclass(frozen=True)
class LabelledParameter:
    """A parameter of today with the words that people know it by."""

    label: str
    row: Parameter


def tariffs(*, on: date) -> list[LabelledTariff]:
    """Every tariff valid on a day, in the order of the house."""
    rows = {row.key: row for row in _valid(Tariff.objects.all(), on=on)}
    labels = {default.key: str(default.label) for default in TARIFFS}
    keys = [*(key for key in labels if key in rows), *sorted(rows.keys() - labels.keys())]
    return [LabelledTariff(labels.get(key, key), rows[key]) for key in keys]


def labelled_tariff(key: str, *, on: date) -> LabelledTariff | None:
    return next((each for each in tariffs(on=on) if each.row.key == key), None)


def parameters(*, on: date) -> list[LabelledParameter]:
    """Every parameter valid on a day, in the order of the house."""
    rows = {row.key: row for row in _valid(Parameter.objects.all(), on=on)}
    labels = {default.key: str(default.label) for default in PARAMETERS}
    labels |= {key: str(label) for key, label in LABELS.items()}
    keys = [*(key for key in labels if key in rows), *sorted(rows.keys() - labels.keys())]
    return [LabelledParameter(labels.get(key, key), rows[key]) for key in keys]


def labelled_parameter(key: str, *, on: date) -> LabelledParameter | None:
    return next((each for each in parameters(on=on) if each.row.key == key), None)


def _valid(rows: QuerySet[AnyDated], *, on: date) -> QuerySet[AnyDated]:
    return (
        rows.filter(valid_from__lte=on)
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on))
        .order_by("valid_from", "pk")
    )


def plain(amount: Decimal) -> str:
    """A number as one types it in France: « 2,5 »."""
    return f"{amount.normalize():f}".replace(".", ",")
