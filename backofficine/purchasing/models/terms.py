"""What is agreed with suppliers, dated: tiers, quotas, commitments, house laboratories."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import GenericGroup, Product
from backofficine.kernel.money import EuroField
from backofficine.purchasing.models.suppliers import Supplier


class SupplierTier(models.Model):
    """From so many boxes paid on one line, all cost so much each, and some come free with them."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="tiers")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="supplier_tiers")
    from_quantity = models.PositiveIntegerField()  # boxes paid
    unit_price = EuroField()  # net, euros excl. VAT, one box paid
    free_units = models.PositiveIntegerField(default=0)  # boxes, for each ``from_quantity`` paid
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "product", "from_quantity", "valid_from"],
                name="a_tier_is_said_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(from_quantity__gte=1), name="a_tier_begins_with_a_box"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="tier_price_is_never_negative"
            ),
            models.CheckConstraint(
                condition=Q(free_units__lte=F("from_quantity")),
                name="no_more_boxes_come_free_than_are_paid",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="a_tier_ends_after_it_begins",
            ),
        ]


class SupplierQuota(models.Model):
    """The most boxes that a supplier sells us of a product in a civil month; 0: none."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="quotas")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="supplier_quotas")
    boxes_a_month = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "product", "valid_from"], name="a_quota_is_said_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="a_quota_ends_after_it_begins",
            ),
        ]


class Commitment(models.Model):
    """A volume promised to a supplier, or to a laboratory whoever delivers it (*marché*)."""

    class Unit(models.TextChoices):
        EUROS = "euros", _("euros excl. VAT")
        BOXES = "boxes", _("boxes")

    supplier = models.ForeignKey(
        Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="commitments"
    )
    laboratory = models.CharField(max_length=300, blank=True)  # as in ``Product.manufacturer``
    unit = models.CharField(max_length=6, choices=Unit.choices, default=Unit.EUROS)
    target = models.PositiveIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(supplier__isnull=False, laboratory="")
                | (Q(supplier__isnull=True) & ~Q(laboratory="")),
                name="a_commitment_is_to_a_supplier_or_to_a_laboratory",
            ),
            models.CheckConstraint(
                condition=Q(unit__in=["euros", "boxes"]), name="commitment_unit_is_known"
            ),
            models.CheckConstraint(
                condition=Q(target__gte=1), name="a_commitment_promises_something"
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="a_commitment_ends_after_it_begins"
            ),
        ]


class HouseLaboratory(models.Model):
    """The maker whose generics this pharmacy keeps: of one group, or of every group not named."""

    group = models.ForeignKey(
        GenericGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="houses"
    )
    laboratory = models.CharField(max_length=300)  # as in ``Product.manufacturer``
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            # No group is a key too: every group that is not named.
            models.UniqueConstraint(
                Coalesce("group", Value(0)),
                condition=Q(valid_until__isnull=True),
                name="a_group_has_one_house_laboratory",
            ),
            models.CheckConstraint(condition=~Q(laboratory=""), name="a_house_has_a_laboratory"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="a_house_laboratory_ends_after_it_begins",
            ),
        ]
