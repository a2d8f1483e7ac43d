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
    request_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

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
    """Boxes of one lot, from one scan at the bench; or the mirror of an earlier row.

    A scan of several boxes owed to several patients writes several rows of one ``act``: every box
    of a row goes to the same promise, or to none.
    """

    class Verdict(models.TextChoices):
        COUNTED = "counted", _("counted")
        AGAIN = "again", _("already counted")  # same serial in this receipt: not +1
        EXTRA = "extra", _("not ordered")
        EXPIRED = "expired", _("expired: quarantine")
        KNOWN_SERIAL = "known_serial", _("serial known from elsewhere: quarantine")
        HELD = "held", _("lot recalled or held: quarantine")
        UNDONE = "undone", _("undone")

    # Boxes that count as received and may be put away, and boxes that only go to quarantine.
    GOOD = (Verdict.COUNTED, Verdict.EXTRA)
    HELD_BACK = (Verdict.EXPIRED, Verdict.KNOWN_SERIAL, Verdict.HELD)

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="scans")
    act = models.UUIDField(default=uuid.uuid4)  # the request of the scan that wrote the row
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="receipt_scans")
    lot_number = models.CharField(max_length=20, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    serial = models.CharField(max_length=20, blank=True)
    quantity = models.IntegerField()  # boxes; negative only for a mirror
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    extra_kind = models.CharField(max_length=12, blank=True)  # when known at once; else answered
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


class UnknownScan(AppendOnly):
    """A code that no file knows: kept aside with its box, it never stops the round."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="unknown_scans")
    code = models.CharField(max_length=200)  # as it was sent by the scanner
    request_id = models.UUIDField(unique=True)
    scanned_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="an_unknown_code_has_signs"),
        ]

    def __str__(self) -> str:
        return self.code


class ExtraKind(models.TextChoices):
    """What a box that nobody ordered is."""

    SUBSTITUTION = "substitution", _("it replaces a product that was ordered")
    ERROR = "error", _("mistake of the supplier")
    GIFT = "gift", _("gift, sample, free unit")


class ShortReason(models.TextChoices):
    """Why a box that expires soon is kept, or not."""

    SELLS = "sells", _("it will sell in time")
    PATIENT = "patient", _("a patient waits for it")
    CLAIM = "claim", _("to claim from the supplier")


class UnknownKind(models.TextChoices):
    """What a box with an unknown code turned out to be."""

    ASIDE = "aside", _("set aside for the pharmacist")
    SUBSTITUTION = "substitution", _("it replaces a product that was ordered")
    ERROR = "error", _("mistake of the supplier")
    GIFT = "gift", _("gift, sample, free unit")
    PRODUCT = "product", _("a known product")
    UNDONE = "undone", _("undone")


class ReceiptAnswer(AppendOnly):
    """What a person said at the bench of something that no scan could tell. The last one holds."""

    class Question(models.TextChoices):
        EXTRA = "extra", _("what is this box that nobody ordered?")
        SHORT_DATED = "short_dated", _("why keep a box that expires soon?")
        EXPIRY = "expiry", _("which date is on the box?")
        UNKNOWN = "unknown", _("what is this unknown code?")
        PRICE = "price", _("which price is on the delivery note?")

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="answers")
    question = models.CharField(max_length=12, choices=Question.choices)
    answer = models.CharField(max_length=12, blank=True)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    replaces = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unknown = models.ForeignKey(
        UnknownScan, null=True, blank=True, on_delete=models.PROTECT, related_name="answers"
    )
    lot_number = models.CharField(max_length=20, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    unit_price = EuroField(null=True, blank=True)  # euros excl. VAT, one box
    request_id = models.UUIDField(unique=True)
    answered_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(question="unknown", unknown__isnull=False)
                | (~Q(question="unknown") & Q(unknown__isnull=True, product__isnull=False)),
                name="an_answer_is_about_a_product_or_an_unknown_code",
            ),
            models.CheckConstraint(
                condition=~Q(question="expiry") | Q(expires_on__isnull=False),
                name="a_date_that_was_asked_is_given",
            ),
            models.CheckConstraint(
                condition=~Q(question="price") | Q(unit_price__isnull=False, unit_price__gte=0),
                name="a_price_that_was_asked_is_given",
            ),
        ]


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
    replaces = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ordered = models.PositiveIntegerField(default=0)  # boxes; what was answered, when it was
    received = models.PositiveIntegerField(default=0)
    expected_price = EuroField(null=True, blank=True)
    actual_price = EuroField(null=True, blank=True)
    found_at = models.DateTimeField(db_index=True)


class PutAwayProblem(AppendOnly):
    """A box that could not be put where it belongs: the place is full, or the box is not there."""

    class Kind(models.TextChoices):
        FULL = "full", _("the place is full")
        NOT_FOUND = "not_found", _("the box is not in the tray")
        OTHER = "other", _("another problem")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="put_away_problems")
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="put_away_problems"
    )
    quantity = models.PositiveIntegerField()  # stock units concerned
    reported_at = models.DateTimeField(db_index=True)
    request_id = models.UUIDField(unique=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
