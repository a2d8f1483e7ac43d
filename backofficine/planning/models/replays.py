"""Policies tried on the pharmacy's own past, and which one proposes since when: facts."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.append_only import AppendOnly
from backofficine.team.models import Actor


class Policy(models.TextChoices):
    """What can say how much to order; only the first two propose the orders of tomorrow."""

    ENGINE = "engine", _("engine: least expected cost")
    PLAIN = "plain", _("min/max by service level")
    COVER = "cover", _("days of cover")
    NORMAL = "normal", _("normal safety stock")
    RECORDED = "recorded", _("the orders really received")


PROPOSING = (Policy.ENGINE, Policy.PLAIN)


class PolicyReplay(AppendOnly):
    """One policy of one replay: its trade-off on the days measured, and the point it ships with.

    ``parameters`` holds what was set, costs with their source included; ``figures`` the list of
    points of the curve, each with its knob, as ``planning.queries.replay`` reads them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = models.UUIDField(db_index=True)  # policies replayed together
    policy = models.CharField(max_length=10, choices=Policy.choices)
    parameters = models.JSONField()
    first_day = models.DateField()
    last_day = models.DateField()
    figures = models.JSONField()
    run_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "policy"], name="a_policy_is_replayed_once_in_a_run"
            ),
            models.CheckConstraint(
                condition=Q(policy__in=["engine", "plain", "cover", "normal", "recorded"]),
                name="replayed_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="a_replay_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.first_day:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"


class ActivePolicy(AppendOnly):
    """The policy that proposes since an instant; the last one said holds."""

    policy = models.CharField(max_length=10, choices=Policy.choices)
    since = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    replay = models.ForeignKey(
        PolicyReplay, null=True, blank=True, on_delete=models.PROTECT, related_name="activations"
    )  # null: chosen although never replayed with these parameters
    request_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(policy__in=["engine", "plain"]), name="active_policy_can_propose"
            ),
        ]
