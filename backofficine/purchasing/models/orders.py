"""Orders, their lines, and what happened to them."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backofficine.catalog.models import Product
from backofficine.kernel.append_only import AppendOnly
from backofficine.kernel.money import EuroField
from backofficine.purchasing.models.suppliers import DeliveryRound, Supplier
from backofficine.team.models import Actor


class Order(models.Model):
    """What is asked of one supplier for one round (or directly), until it is received or closed."""

    class Status(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("order", "draft")
        SENT = "sent", pgettext_lazy("order", "sent")
        ANSWERED = "answered", pgettext_lazy("order", "answered")
        RECEIVED = "received", pgettext_lazy("order", "received")
        CLOSED = "closed", pgettext_lazy("order", "closed")
        CANCELLED = "cancelled", pgettext_lazy("order", "cancelled")

    class Channel(models.TextChoices):
        FILE = "file", pgettext_lazy("order", "file")
        PRINT = "print", pgettext_lazy("order", "print")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="orders")
    delivery_round = models.ForeignKey(
        DeliveryRound, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)  # freshness of the proposals
    version = models.PositiveIntegerField(default=0)  # two people on one order: the second is told

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "delivery_round"],
                condition=Q(status="draft", delivery_round__isnull=False),
                name="a_round_has_one_draft_order",
            ),
            models.UniqueConstraint(
                fields=["supplier"],
                condition=Q(status="draft", delivery_round__isnull=True),
                name="a_supplier_without_rounds_has_one_draft_order",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "answered", "received", "closed",
                                        "cancelled"]),
                name="order_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(sent_at__isnull=False),
                name="an_order_past_draft_was_sent",
            ),
        ]  # fmt: skip
        # What is on its way is asked at each proposal: few orders among all those ever sent.
        indexes = [models.Index(fields=["status"], name="orders_by_status")]

    def __str__(self) -> str:
        return f"C{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_awaited(self) -> bool:
        """Sent, and boxes may still come."""
        return self.status in {self.Status.SENT, self.Status.ANSWERED}


class OrderLine(models.Model):
    """One product of an order: what was proposed and why, what was decided, what was answered."""

    class ChangeReason(models.TextChoices):
        PROMOTION = "promotion", _("promotion")
        EPIDEMIC = "epidemic", _("epidemic")
        PATIENT = "patient", _("a known patient")
        DOUBT = "doubt", _("doubt about the stock")
        SPACE = "space", _("no room")
        BY_HAND = "by_hand", _("added by hand")
        OTHER = "other", _("other")

    class Urgency(models.IntegerChoices):
        """In the order in which a person looks at lines."""

        PROMISED = 1, _("promised")
        OUT = 2, _("out before the round")
        DECIDE = 3, _("by hand")
        UNAVAILABLE = 4, _("not to be had")
        BELOW = 5, _("below the need")
        ADDED = 6, _("added")

    ASKS = (Urgency.DECIDE, Urgency.UNAVAILABLE)

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField()  # boxes; 0 keeps a refused proposal in sight
    proposed_quantity = models.PositiveIntegerField(default=0)
    promised_quantity = models.PositiveIntegerField(default=0)  # part of it owed to patients
    unit_price = EuroField(null=True, blank=True)  # expected, euros excl. VAT, one box
    why = models.JSONField(default=dict)  # the numbers of the sentence; they re-compute
    change_reason = models.CharField(max_length=10, choices=ChangeReason.choices, blank=True)
    answered_quantity = models.PositiveIntegerField(null=True, blank=True)
    received_quantity = models.PositiveIntegerField(default=0)
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.ADDED)
    is_checked = models.BooleanField(default=False)  # a person looked at it and keeps it so
    version = models.PositiveIntegerField(default=0)  # raised by each human change

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "product"], name="a_product_is_ordered_once_in_an_order"
            ),
            models.CheckConstraint(
                condition=Q(quantity=F("proposed_quantity")) | ~Q(change_reason="")
                | Q(proposed_quantity=0),
                name="a_changed_line_says_why",
            ),
        ]  # fmt: skip

    @property
    def is_to_look_at(self) -> bool:
        """Waits for a person: nothing was ordered by itself, and nobody has decided yet."""
        return not self.is_checked and self.urgency in self.ASKS

    @property
    def is_changed(self) -> bool:
        """A person decided otherwise than the proposal."""
        return self.quantity != self.proposed_quantity

    @property
    def expected_quantity(self) -> int:
        """Boxes that should come: what was answered once it is known, else what was asked."""
        return self.quantity if self.answered_quantity is None else self.answered_quantity

    @property
    def missing_quantity(self) -> int:
        """Boxes asked for that the supplier said it will not send."""
        return max(self.quantity - self.expected_quantity, 0)


class OrderEvent(AppendOnly):
    """What happened to an order, in order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    status = models.CharField(max_length=10, choices=Order.Status.choices)
    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField(null=True, blank=True, unique=True)  # a click is done once
    details = models.JSONField(default=dict)
