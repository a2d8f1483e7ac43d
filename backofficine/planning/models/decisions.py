"""What people decided of a product until further notice: facts, and the facts that end them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backofficine.catalog.models import Product
from backofficine.kernel.append_only import AppendOnly
from backofficine.purchasing.models import Order
from backofficine.team.models import Actor


class Decision(AppendOnly):
    """A word of a person that every later proposal obeys. Of a kind, the last word holds.

    Whether a product is never kept stands in ``stock.StockRule`` alone: the fact beside it tells
    when and why.
    """

    class Kind(models.TextChoices):
        SNOOZED = "snoozed", pgettext_lazy("decision", "not now")
        NEVER = "never", pgettext_lazy("decision", "never in stock")
        ON_PROMISE = "on_promise", pgettext_lazy("decision", "for promises only")
        SEASONAL = "seasonal", pgettext_lazy("decision", "seasonal plan")

    class Reason(models.TextChoices):
        SEASON = "season", _("season")
        EPIDEMIC = "epidemic", _("epidemic")
        PROMOTION = "promotion", _("promotion")
        SLOW = "slow", _("sells too little")
        DEAR = "dear", _("too dear to wait on a shelf")
        PATIENT_LEFT = "patient_left", _("its patient stopped or left")
        REPLACED = "replaced", _("another product takes its place")
        DOUBT = "doubt", _("doubt about the stock")
        SPACE = "space", _("no room")
        OTHER = "other", _("other")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)  # null: until someone ends it
    percent = models.PositiveIntegerField(null=True, blank=True)  # of usual demand; seasonal
    minimum = models.PositiveIntegerField(null=True, blank=True)  # stock units; seasonal
    decided_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["snoozed", "never", "on_promise", "seasonal"]),
                name="decision_kind_is_known",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_decision_says_why"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
                name="a_decision_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["snoozed", "seasonal"]) | Q(last_day__isnull=False),
                name="a_pause_and_a_season_have_a_last_day",
            ),
            models.CheckConstraint(
                condition=Q(kind="seasonal", percent__isnull=False)
                | Q(kind="seasonal", minimum__isnull=False)
                | (~Q(kind="seasonal") & Q(percent__isnull=True, minimum__isnull=True)),
                name="a_seasonal_plan_alone_says_how_much",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__lte=1000),
                name="a_seasonal_plan_is_at_most_ten_times",
            ),
        ]
        indexes = [models.Index(fields=["kind", "product"], name="decision_by_kind")]


class DecisionEnd(AppendOnly):
    """A decision that stands no more."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="end")
    ended_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField(unique=True)


class DoubleAllowed(AppendOnly):
    """A pharmacist wants these boxes all the same, knowing what is there or on its way."""

    class Reason(models.TextChoices):
        NOT_FOUND = "not_found", _("looked for, not found")
        UNFIT = "unfit", _("what is there cannot be used")
        NEVER_LEFT = "never_left", _("the supplier has no such order")
        NEEDED = "needed", _("patients need more than was promised")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="doubles_allowed")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    boxes = models.PositiveIntegerField()  # asked for in the order
    already = models.PositiveIntegerField()  # stock units there or on their way, as was shown
    reason = models.CharField(max_length=10, choices=Reason.choices)
    decided_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(boxes__gte=1, already__gte=1) & ~Q(reason=""),
                name="a_double_is_of_something_and_says_why",
            ),
        ]
