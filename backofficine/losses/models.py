"""What people say of a loss. The losses themselves are computed from the facts, never stored."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.append_only import AppendOnly
from backofficine.team.models import Actor


class Contest(AppendOnly):
    """One tap that takes a loss out of the total until it is answered."""

    class Reason(models.TextChoices):
        WRONG_FACT = "wrong_fact", _("this did not happen")
        WRONG_TARIFF = "wrong_tariff", _("it does not cost that much")
        NOT_OURS = "not_ours", _("not caused here")
        COUNTED_TWICE = "counted_twice", _("already counted elsewhere")
        OTHER = "other", _("other")

    loss_key = models.CharField(max_length=80, db_index=True)  # rule and fact: "expired:posting:…"
    reason = models.CharField(max_length=15, choices=Reason.choices)
    contested_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField(unique=True)


class ContestAnswer(AppendOnly):
    """The owner's answer: the loss stands, or is withdrawn for good."""

    contest = models.OneToOneField(Contest, on_delete=models.PROTECT, related_name="answer")
    stands = models.BooleanField()
    answered_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
