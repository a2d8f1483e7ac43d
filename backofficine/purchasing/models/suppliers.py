"""Suppliers, their weekly rounds, their dated rounds and their prices."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.money import EuroField
from backofficine.pharmacy.models import Weekday


class Supplier(models.Model):
    """Who delivers: a full-line wholesaler by rounds, or a laboratory directly."""

    class Kind(models.TextChoices):
        WHOLESALER = "wholesaler", _("wholesaler")
        DIRECT = "direct", _("direct")

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    customer_number = models.CharField(max_length=30, blank=True)
    lead_time_days = models.PositiveIntegerField(null=True, blank=True)  # direct suppliers only
    free_carriage_from = EuroField(null=True, blank=True)  # franco, euros excl. VAT
    carriage_cost = EuroField(null=True, blank=True)  # charged below the franco, euros excl. VAT
    order_minimum = EuroField(null=True, blank=True)  # below it, an order is refused
    email = models.EmailField(blank=True)
    short_dated_months = models.PositiveIntegerField(default=6)
    dock_limit_minutes = models.PositiveIntegerField(default=90)
    cold_limit_minutes = models.PositiveIntegerField(default=240)  # validated container hours
    is_main = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="wholesaler", lead_time_days__isnull=True)
                | Q(kind="direct", lead_time_days__isnull=False),
                name="a_direct_supplier_has_a_lead_time_a_wholesaler_has_rounds",
            ),
            models.UniqueConstraint(
                fields=["is_main"], condition=Q(is_main=True), name="there_is_one_main_supplier"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SupplySchedule(models.Model):
    """A weekly round in local time: order before the cut-off, delivered at the drop."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=40, blank=True)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)  # of the cut-off
    cut_off_time = models.TimeField()
    drop_time = models.TimeField()
    drop_day_offset = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "weekday", "cut_off_time", "valid_from"],
                name="a_supplier_has_one_round_per_cut_off",
            ),
            models.CheckConstraint(
                condition=Q(drop_day_offset__gte=1) | Q(drop_time__gt=F("cut_off_time")),
                name="a_drop_follows_its_cut_off",
            ),
        ]


class SupplyException(models.Model):
    """A day on which a supplier's rounds are cancelled or moved."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="exceptions")
    schedule = models.ForeignKey(
        SupplySchedule, null=True, blank=True, on_delete=models.PROTECT, related_name="exceptions"
    )
    occurs_on = models.DateField()  # civil day of the cut-off
    is_cancelled = models.BooleanField(default=True)
    moved_cut_off_time = models.TimeField(null=True, blank=True)
    moved_drop_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "schedule", "occurs_on"],
                name="a_round_has_one_exception_a_day",
            ),
        ]


class DeliveryRound(models.Model):
    """One dated round, in UTC, generated fourteen days ahead."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="rounds")
    name = models.CharField(max_length=40, blank=True)
    cut_off_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "cut_off_at"], name="a_round_is_unique_per_cut_off"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("cut_off_at")), name="a_round_is_due_after_its_cut_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.due_at:%Y-%m-%d %H:%M}"


class SupplierPrice(models.Model):
    """What a supplier asks for a product; open-ended until a newer one."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="prices")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="supplier_prices")
    unit_price = EuroField()  # net, euros excl. VAT, one box
    valid_from = models.DateField()
    source = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "product", "valid_from"],
                name="a_supplier_has_one_price_a_day",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="supplier_price_not_negative"
            ),
        ]
