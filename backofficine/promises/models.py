"""Products owed to patients: states, causes, and an identity that can be erased."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backofficine.catalog.models import Product
from backofficine.kernel.append_only import AppendOnly
from backofficine.purchasing.models import DeliveryRound, OrderLine
from backofficine.stock.models import Location, Posting
from backofficine.team.models import Actor, Workstation


class Status(models.TextChoices):
    """Where a promise stands. *Late* and *partial* are computed, never stored."""

    TO_ORDER = "to_order", _("to order")
    ORDERED = "ordered", _("ordered")
    ARRIVED = "arrived", _("arrived")
    IN_SLOT = "in_slot", _("in its slot")
    TOLD = "told", _("patient told")
    COLLECTED = "collected", _("collected")
    CANCELLED = "cancelled", pgettext_lazy("a promise", "cancelled")
    ABANDONED = "abandoned", _("not collected")
    RESTOCKED = "restocked", pgettext_lazy("a promise", "put back in stock")
    RETURNED = "returned", _("returned to the supplier")


NEXT: dict[Status, set[Status]] = {
    Status.TO_ORDER: {Status.ORDERED, Status.IN_SLOT, Status.CANCELLED},
    Status.ORDERED: {Status.ARRIVED, Status.TO_ORDER, Status.CANCELLED},
    Status.ARRIVED: {Status.IN_SLOT, Status.TO_ORDER, Status.CANCELLED},
    Status.IN_SLOT: {Status.TOLD, Status.COLLECTED, Status.ABANDONED, Status.TO_ORDER},
    Status.TOLD: {Status.COLLECTED, Status.ABANDONED, Status.IN_SLOT},
    Status.ABANDONED: {Status.RESTOCKED, Status.RETURNED},
    Status.COLLECTED: set(),
    Status.CANCELLED: set(),
    Status.RESTOCKED: set(),
    Status.RETURNED: set(),
}
CLOSED = {Status.COLLECTED, Status.CANCELLED, Status.RESTOCKED, Status.RETURNED}
HOLDING = {Status.IN_SLOT, Status.TOLD, Status.ABANDONED}


class Cause(models.TextChoices):
    """Why the product was not there: the closed list of the owings audit and French additions."""

    WRONG_STOCK = "wrong_stock", _("the record said it was there")
    NOT_STOCKED = "not_stocked", _("new or unusual product")
    TOO_MANY = "too_many", _("unusually high quantity")
    HIGH_DEMAND = "high_demand", _("unusually high demand")
    EXPENSIVE = "expensive", _("expensive, ordered on purpose")
    COLD_OR_NARCOTIC = "cold_or_narcotic", _("cold or narcotic, ordered on purpose")
    BRAND = "brand", _("brand the patient prefers")
    WHOLESALER_OUT = "wholesaler_out", _("out of stock at the wholesaler")
    NATIONAL_SHORTAGE = "national_shortage", _("shortage at the manufacturer")
    QUOTA = "quota", _("quota")
    CUT_OFF_MISSED = "cut_off_missed", _("cut-off missed")
    ORDER_FORGOTTEN = "order_forgotten", _("order forgotten")
    NOT_FOUND = "not_found", _("received but not found")
    NOT_LOADED = "not_loaded", _("in the reserve or the robot, not loaded")
    OTHER = "other", _("other")


class Promise(models.Model):
    """One product owed to one patient, from the counter to their hands."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)  # printed on the slip
    bundle = models.UUIDField(default=uuid.uuid4, db_index=True)  # lines of one visit
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TO_ORDER)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="promises")
    quantity = models.PositiveIntegerField()  # stock units owed
    aside_quantity = models.PositiveIntegerField(default=0)  # waiting in the slot now
    collected_quantity = models.PositiveIntegerField(default=0)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    can_wait = models.BooleanField(_("can the patient wait?"), default=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    is_chosen = models.BooleanField(_("ordered on purpose, with the patient's agreement"))
    all_at_once = models.BooleanField(_("one notice when every line is ready"), default=True)
    is_paid = models.BooleanField(_("paid"), default=False)
    is_billed = models.BooleanField(_("billed"), default=False)
    delivery_round = models.ForeignKey(
        DeliveryRound, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    promised_at = models.DateTimeField(null=True, blank=True)  # the hour said to the patient
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    slot = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    created_at = models.DateTimeField(db_index=True)
    ready_at = models.DateTimeField(null=True, blank=True)  # first time in its slot
    told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    credited_at = models.DateTimeField(null=True, blank=True)
    request_id = models.UUIDField(unique=True)
    created_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="a_promise_owes_something"),
            models.CheckConstraint(
                condition=Q(collected_quantity__lte=F("quantity")),
                name="no_more_is_collected_than_owed",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("aside_quantity") + F("collected_quantity")),
                name="no_more_is_set_aside_than_owed",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(HOLDING), aside_quantity__gte=1)
                | (~Q(status__in=sorted(HOLDING)) & Q(aside_quantity=0)),
                name="boxes_wait_only_in_a_slot_that_holds_them",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(CLOSED), closed_at__isnull=False)
                | (~Q(status__in=sorted(CLOSED)) & Q(closed_at__isnull=True)),
                name="a_promise_is_closed_if_it_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(HOLDING), slot__isnull=False)
                | ~Q(status__in=sorted(HOLDING)),
                name="a_promise_set_aside_has_a_slot",
            ),
            models.CheckConstraint(
                condition=~Q(status="collected") | Q(collected_quantity=F("quantity")),
                name="a_collected_promise_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="promise_status_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["product"], condition=Q(closed_at__isnull=True), name="open_promises"
            ),
        ]

    def __str__(self) -> str:
        return f"n° {self.number}"

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        """One word translated; Django's own translates all of them, at each card of a board."""
        return str(Status(self.status).label)

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def due_quantity(self) -> int:
        """Stock units still owed."""
        return self.quantity - self.collected_quantity

    @property
    def missing_quantity(self) -> int:
        """Stock units owed and not yet set aside."""
        return self.quantity - self.collected_quantity - self.aside_quantity

    @property
    def is_partial(self) -> bool:
        return 0 < self.collected_quantity < self.quantity

    @property
    def is_ready(self) -> bool:
        """Whether all that is owed waits in the slot."""
        return self.aside_quantity > 0 and self.missing_quantity == 0

    @property
    def is_abandoned(self) -> bool:
        return self.status == Status.ABANDONED

    @property
    def is_told(self) -> bool:
        return self.status == Status.TOLD

    @property
    def is_held(self) -> bool:
        """Whether boxes wait in the slot."""
        return self.status in HOLDING

    @property
    def code(self) -> str:
        """What the slip's bar code says: no name, no product."""
        return f"PROMIS-{self.number}"


class PromiseIdentity(models.Model):
    """Who is waited for: encrypted, found by keyed hashes, erased after closing."""

    promise = models.OneToOneField(Promise, on_delete=models.CASCADE, related_name="identity")
    month = models.CharField(max_length=7)  # names the data key
    name_cipher = models.TextField()
    phone_cipher = models.TextField(blank=True)
    phone_hash = models.CharField(max_length=64, blank=True, db_index=True)  # last four digits
    patient_hash = models.CharField(max_length=64, blank=True, db_index=True)  # same patient?


class NameKey(models.Model):
    """A keyed hash of the folded first three letters of one word of the name."""

    identity = models.ForeignKey(PromiseIdentity, on_delete=models.CASCADE, related_name="keys")
    name_hash = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "name_hash"], name="a_name_is_found_once_by_its_letters"
            ),
        ]


class PromiseEvent(AppendOnly):
    """What happened to a promise: a state reached, boxes set aside or handed over."""

    class Kind(models.TextChoices):
        STATUS = "status", _("state")
        SET_ASIDE = "set_aside", _("set aside")
        HANDED_OVER = "handed_over", _("handed over")
        TAKEN_BACK = "taken_back", _("taken out of the slot")
        CONTACT_OPENED = "contact_opened", _("contact opened")
        NEW_ROUND = "new_round", _("promised again for another round")
        CREDITED = "credited", _("credited")
        ERASED = "erased", _("identity erased")

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.STATUS)
    status = models.CharField(max_length=10, choices=Status.choices)
    quantity = models.PositiveIntegerField(default=0)
    occurred_at = models.DateTimeField(db_index=True)
    request_id = models.UUIDField(null=True, blank=True, unique=True)  # an act is done once
    posting = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="promise_events"
    )
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    details = models.JSONField(default=dict)  # never a name, a contact or free text

    @property
    def is_status(self) -> bool:
        """Whether this fact only says which state was reached."""
        return self.kind == self.Kind.STATUS
