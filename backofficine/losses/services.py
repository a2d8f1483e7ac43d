"""What people say of a loss: a contest takes it out of the total, the owner answers."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.losses import queries
from backofficine.losses.models import Contest, ContestAnswer
from backofficine.pharmacy.models import Pharmacy
from backofficine.team.models import Actor


class UnknownLoss(DomainError):
    message = _("No fact is behind this line any more: it was undone or explained.")


class AlreadyContested(DomainError):
    message = _("This line is contested already and awaits the owner's answer.")


class AlreadyAnswered(DomainError):
    message = _("This contest was answered already. Reload the page to read the answer.")


@transaction.atomic
def contest(
    loss_key: str, *, reason: Contest.Reason, at: datetime, actor: Actor, request_id: UUID
) -> Contest:
    """Say that a loss is wrong. This will take it out of the total until the owner answers.

    The same ``request_id`` contests once.

    :raises UnknownLoss: if no rule finds the line.
    :raises AlreadyContested: if someone did and no answer came yet.
    """
    # One contest at a time in the house: two people who doubt the same line count once.
    Pharmacy.objects.select_for_update().order_by("pk").first()
    known = Contest.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    if queries.loss(loss_key) is None:
        raise UnknownLoss
    if Contest.objects.filter(loss_key=loss_key, answer__isnull=True).exists():
        raise AlreadyContested
    return Contest.objects.create(
        loss_key=loss_key,
        reason=reason,
        contested_at=at,
        actor=actor,
        request_id=request_id,
    )


@transaction.atomic
def answer(of: Contest, *, stands: bool, at: datetime, actor: Actor) -> ContestAnswer:
    """The owner's answer: the loss counts again, or is withdrawn for good.

    :raises AlreadyAnswered: if there is one; an answer is a fact and stays.
    """
    given, created = ContestAnswer.objects.get_or_create(
        contest=of, defaults={"stands": stands, "answered_at": at, "actor": actor}
    )
    if not created:
        raise AlreadyAnswered
    return given
