"""This pharmacy: one row, its opening hours, and everything that has a validity date."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.money import EuroField
from backofficine.team.models import Actor


class Pharmacy(models.Model):
    """The one pharmacy of this database."""

    class StockTruth(models.TextChoices):
        HERE = "here", _("Backofficine holds the stock")
        LGO = "lgo", _("the dispensing software holds the stock")

    class Territory(models.TextChoices):
        MAINLAND = "mainland", _("Mainland France")
        OVERSEAS = "overseas", _("Overseas")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Paris")
    territory = models.CharField(
        _("territory"), max_length=20, choices=Territory.choices, default=Territory.MAINLAND
    )
    stock_truth = models.CharField(
        _("who holds the stock"), max_length=10, choices=StockTruth.choices,
        default=StockTruth.HERE,
    )  # fmt: skip
    team_informed_on = models.DateField(_("team informed on"), null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_pharmacy"),
            models.CheckConstraint(
                condition=Q(stock_truth__in=["here", "lgo"]), name="stock_truth_is_here_or_lgo"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Weekday(models.IntegerChoices):
    """As Python counts: Monday is 0."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OpeningHours(models.Model):
    """One stretch of opening on a weekday, in local time."""

    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens_at = models.TimeField(_("opens at"))
    closes_at = models.TimeField(_("closes at"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="opening_ends_after_it_begins"
            ),
            models.UniqueConstraint(
                fields=["weekday", "opens_at"], name="opening_is_unique_per_weekday_and_start"
            ),
        ]


class ClosedDay(models.Model):
    """A civil day on which the pharmacy stays closed."""

    closed_on = models.DateField(unique=True)
    reason = models.CharField(max_length=80, blank=True)


class Dated(models.Model):
    """A value with a validity: the one whose dates hold the day asked for."""

    key = models.CharField(max_length=60)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        abstract = True


class Parameter(Dated):
    """A dated number or word that law, custom or the owner decides."""

    value = models.CharField(_("value"), max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "valid_from"], name="parameter_is_unique_per_key_and_day"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="parameter_ends_after_it_begins",
            ),
        ]


class Tariff(Dated):
    """What one unit of loss costs: minutes of work, or euros. A new value is a new row."""

    class Unit(models.TextChoices):
        MINUTES = "minutes", _("minutes")
        EUROS = "euros", _("euros")
        EUROS_PER_HOUR = "euros_per_hour", _("euros per hour")

    class Evidence(models.TextChoices):
        ASSUMED = "assumed", _("assumed")
        MEASURED = "measured", _("measured here")
        SIGNED = "signed", _("signed by the owner")

    unit = models.CharField(max_length=20, choices=Unit.choices)
    amount = EuroField(_("amount"))  # same exactness for minutes: 1/10 000
    low = EuroField(null=True, blank=True)
    high = EuroField(null=True, blank=True)
    evidence = models.CharField(max_length=10, choices=Evidence.choices)
    signed_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="signed_tariffs"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "valid_from"], name="tariff_is_unique_per_key_and_day"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="tariff_is_never_negative"),
            models.CheckConstraint(
                condition=Q(evidence="signed", signed_by__isnull=False, signed_at__isnull=False)
                | (~Q(evidence="signed") & Q(signed_by__isnull=True, signed_at__isnull=True)),
                name="tariff_is_signed_by_someone_or_not_signed",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="tariff_ends_after_it_begins",
            ),
        ]
