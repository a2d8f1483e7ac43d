"""What the driver drops: totes and cartons with their clocks, and the receipt scanned from them."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.append_only import AppendOnly
from backofficine.kernel.money import EuroField
from backofficine.promises.models import Promise
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.stock.models import Location, Posting
from backofficine.team.models import Actor, Workstation


class Receipt(models.Model):
    """The control of one delivery: scanned box by box, validated once."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        VALIDATED = "validated", _("validated")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="receipts")
    delivery_round = models.ForeignKey(
        DeliveryRound, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts"
    )
    delivery_note = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    started_at = models.DateTimeField()
    validated_at = models.DateTimeField(null=True, blank=True)
    request_id = models.UUIDField(unique=True)
    posting = models.OneToOneField(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="receipt"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="validated", validated_at__isnull=False)
                | (~Q(status="validated") & Q(validated_at__isnull=True)),
                name="a_validated_receipt_has_its_instant",
            ),
            models.UniqueConstraint(
                fields=["supplier", "delivery_round"],
                condition=Q(status="open", delivery_round__isnull=False),
                name="a_round_has_one_open_receipt",
            ),
        ]

    def __str__(self) -> str:
        return f"R{self.number}"


class ReceiptOrder(models.Model):
    """An order that a receipt answers; several are merged at the bench."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="receipt_orders")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipt_orders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "order"], name="an_order_is_received_once_in_a_receipt"
            ),
        ]


class Parcel(models.Model):
    """A tote (wholesaler, returned empty) or a carton (direct), from the drop to empty."""

    class Kind(models.TextChoices):
        TOTE = "tote", _("tote")
        CARTON = "carton", _("carton")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.CharField(max_length=40, blank=True, db_index=True)  # label; SSCC or other
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="parcels")
    delivery_round = models.ForeignKey(
        DeliveryRound, null=True, blank=True, on_delete=models.PROTECT, related_name="parcels"
    )
    receipt = models.ForeignKey(
        Receipt, null=True, blank=True, on_delete=models.PROTECT, related_name="parcels"
    )
    is_cold = models.BooleanField(default=False)
    place = models.CharField(max_length=60, blank=True)  # where on the floor, said by a person
    dropped_at = models.DateTimeField(db_index=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(opened_at__gte=F("dropped_at")),
                name="a_parcel_is_opened_after_its_drop",
            ),
            models.CheckConstraint(
                condition=Q(emptied_at__isnull=True)
                | (Q(opened_at__isnull=False) & Q(emptied_at__gte=F("opened_at"))),
                name="a_parcel_is_emptied_after_it_is_opened",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ReceiptScan(AppendOnly):
    """One scan at the bench: so many boxes of a lot, or the mirror of an earlier scan."""

    class Verdict(models.TextChoices):
        COUNTED = "counted", _("counted")
        AGAIN = "again", _("already counted")  # same serial in this receipt: not +1
        EXTRA = "extra", _("not ordered")
        EXPIRED = "expired", _("expired: quarantine")
        KNOWN_SERIAL = "known_serial", _("serial known from elsewhere: quarantine")
        UNDONE = "undone", _("undone")

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="scans")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="receipt_scans")
    lot_number = models.CharField(max_length=20, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    serial = models.CharField(max_length=20, blank=True)
    quantity = models.IntegerField()  # boxes; negative only for a mirror
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    extra_kind = models.CharField(max_length=12, blank=True)  # substitution, error or gift
    unit_price = EuroField(null=True, blank=True)
    promise = models.ForeignKey(
        Promise, null=True, blank=True, on_delete=models.PROTECT, related_name="receipt_scans"
    )
    slot = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    request_id = models.UUIDField(unique=True)
    scanned_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="undone", undoes__isnull=False)
                | (~Q(verdict="undone") & Q(undoes__isnull=True, quantity__gte=0)),
                name="only_a_mirror_takes_boxes_back",
            ),
        ]
        indexes = [models.Index(fields=["product", "serial"], name="scan_by_serial")]


class Gap(AppendOnly):
    """A difference between what was ordered and what came, fixed when the receipt is validated."""

    class Kind(models.TextChoices):
        MISSING = "missing", _("missing")
        EXTRA = "extra", _("extra")
        SUBSTITUTED = "substituted", _("substituted")
        PRICE = "price", _("price")

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="gaps")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="gaps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    ordered = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    expected_price = EuroField(null=True, blank=True)
    actual_price = EuroField(null=True, blank=True)
    found_at = models.DateTimeField(db_index=True)
