"""What changes this pharmacy: its birth, its settings, its dated values."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.defaults import (
    PARAMETERS,
    SATURDAY_HOURS,
    SINCE,
    TARIFFS,
    WEEK_HOURS,
)
from backofficine.pharmacy.models import (
    ClosedDay,
    OpeningHours,
    Parameter,
    Pharmacy,
    Tariff,
    Weekday,
)
from backofficine.team.models import Actor


class AlreadyThere(DomainError):
    message = _("This installation has its pharmacy already. Log in.")


class UnknownZone(DomainError):
    message = _("“%(zone)s” is not a time zone. Choose one such as Europe/Paris.")


class WrongDates(DomainError):
    message = _("A new value starts after the present one (%(day)s). Choose a later day.")


@transaction.atomic
def found_pharmacy(
    *,
    name: str,
    at: datetime,
    time_zone: str = "Europe/Paris",
    stock_truth: str = Pharmacy.StockTruth.HERE,
    is_demo: bool = False,
) -> Pharmacy:
    """Create the pharmacy of this database, with usual hours and sourced default values.

    :raises AlreadyThere: if there is one.
    :raises UnknownZone: if the time zone does not exist.
    """
    if Pharmacy.objects.exists():
        raise AlreadyThere
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnknownZone(zone=time_zone) from error
    created = Pharmacy.objects.create(
        name=name, time_zone=time_zone, stock_truth=stock_truth, is_demo=is_demo
    )
    for weekday in Weekday.values:
        if weekday != Weekday.SUNDAY:
            stretches = SATURDAY_HOURS if weekday == Weekday.SATURDAY else WEEK_HOURS
            for opens, closes in stretches:
                OpeningHours.objects.create(weekday=weekday, opens_at=opens, closes_at=closes)
    close_public_holidays(first=at.date(), years=2)
    install_defaults()
    return created


def install_defaults() -> None:
    """Give each known key a first value if it has none; never touches a value that is there."""
    known = set(Tariff.objects.values_list("key", flat=True))
    Tariff.objects.bulk_create(
        Tariff(
            key=default.key,
            valid_from=SINCE,
            unit=default.unit,
            amount=default.amount,
            low=default.low,
            high=default.high,
            source=default.source,
            evidence=Tariff.Evidence.ASSUMED,
        )
        for default in TARIFFS
        if default.key not in known
    )
    known = set(Parameter.objects.values_list("key", flat=True))
    Parameter.objects.bulk_create(
        Parameter(key=default.key, valid_from=SINCE, value=default.value, source=default.source)
        for default in PARAMETERS
        if default.key not in known
    )


def close_public_holidays(*, first: date, years: int) -> None:
    """Note the French public holidays of some years as closed days."""
    import holidays  # costs half a second: only when asked for

    for day, reason in holidays.country_holidays(
        "FR", years=range(first.year - 1, first.year + years), language="fr"
    ).items():
        ClosedDay.objects.get_or_create(closed_on=day, defaults={"reason": reason})


@transaction.atomic
def set_tariff(
    key: str,
    *,
    amount: Decimal,
    valid_from: date,
    source: str,
    signed_by: Actor | None,
    at: datetime,
    is_measured: bool = False,
) -> Tariff:
    """Give a tariff a new value from a day on. The old value stays, for the days before.

    A value is *signed* if the owner signs it, *measured* if it was timed here.

    :raises WrongDates: if the present value starts that day or later and was not assumed.
    """
    last = Tariff.objects.filter(key=key).order_by("-valid_from", "-pk")[0]
    evidence = (
        Tariff.Evidence.SIGNED
        if signed_by is not None
        else Tariff.Evidence.MEASURED
        if is_measured
        else Tariff.Evidence.ASSUMED
    )
    if last.valid_from > valid_from:
        raise WrongDates(day=f"{last.valid_from:%d/%m/%Y}")
    values = {
        "unit": last.unit,
        "amount": amount,
        "source": source,
        "evidence": evidence,
        "signed_by": signed_by,
        "signed_at": at if signed_by else None,
    }
    if last.valid_from == valid_from:
        Tariff.objects.filter(pk=last.pk).update(**values)
        return Tariff.objects.get(pk=last.pk)
    Tariff.objects.filter(pk=last.pk).update(valid_until=valid_from - timedelta(days=1))
    return Tariff.objects.create(key=key, valid_from=valid_from, **values)


@transaction.atomic
def set_parameter(key: str, *, value: str, valid_from: date, source: str) -> Parameter:
    """Give a parameter a new value from a day on. :raises WrongDates: as :func:`set_tariff`."""
    last = Parameter.objects.filter(key=key).order_by("-valid_from", "-pk")[0]
    if last.valid_from > valid_from:
        raise WrongDates(day=f"{last.valid_from:%d/%m/%Y}")
    if last.valid_from == valid_from:
        Parameter.objects.filter(pk=last.pk).update(value=value, source=source)
        return Parameter.objects.get(pk=last.pk)
    Parameter.objects.filter(pk=last.pk).update(valid_until=valid_from - timedelta(days=1))
    return Parameter.objects.create(key=key, value=value, valid_from=valid_from, source=source)
