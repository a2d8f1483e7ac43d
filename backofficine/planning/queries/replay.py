"""Policies tried on the past: which one proposes now, and what its trials said."""

from dataclasses import dataclass
from datetime import datetime

from backofficine.planning.models import ActivePolicy, Policy, PolicyReplay


@dataclass(frozen=True, slots=True)
class Active:
    """The policy that proposes. ``since`` is None when nobody ever chose."""

    policy: Policy
    since: datetime | None
    replay: PolicyReplay | None


def active_policy(at: datetime) -> str:
    """``"engine"`` or ``"plain"``: the policy that proposes at an instant.

    The plain rule proposes until somebody chooses otherwise: a policy is tried on the past before
    it orders anything, and the first order of another rule may be a large one.
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
    return Active(Policy.PLAIN, since=None, replay=None)
