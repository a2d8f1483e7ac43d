"""Policies tried on the past: which one proposes now, and what its trials said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from backofficine.planning.models import ActivePolicy, Policy, PolicyReplay

# The model of trained forecasts: one row at least means that the engine can speak.
TRAINING = "planning", "training"


@dataclass(frozen=True, slots=True)
class Active:
    """The policy that proposes. ``since`` is None when nobody ever chose."""

    policy: Policy
    since: datetime | None
    replay: PolicyReplay | None


def active_policy(at: datetime) -> str:
    """``"engine"`` or ``"plain"``: the policy that proposes at an instant.

    Until somebody chooses, the engine proposes once a forecast was trained, the plain rule before.
    """
    return str(active(at).policy)


def active(at: datetime) -> Active:
    """The same, with who chose it and on which trial."""
    chosen = (
        ActivePolicy.objects.filter(since__lte=at)
        .select_related("replay")
        .order_by("-since", "-pk")
        .first()
    )
    if chosen is not None:
        return Active(Policy(chosen.policy), since=chosen.since, replay=chosen.replay)
    return Active(Policy.ENGINE if is_trained() else Policy.PLAIN, since=None, replay=None)


def is_trained() -> bool:
    """Whether forecasts were trained at least once."""
    try:
        model: Any = apps.get_model(*TRAINING)
    except LookupError:
        return False
    return bool(model.objects.exists())
