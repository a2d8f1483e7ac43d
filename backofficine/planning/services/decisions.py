"""What people decide of a product until further notice, and how such a decision ends."""

from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.planning.models import Decision, DecisionEnd
from backofficine.stock.models import StockRule
from backofficine.team.models import Actor

Kind = Decision.Kind

LONGEST_PAUSE_DAYS = 366
LARGEST_PERCENT = 1000


class DayMissing(DomainError):
    message = _("Say until which day: a pause or a season without an end is forgotten.")


class DaysWrong(DomainError):
    message = _("The last day is before today or before the first day: choose a later one.")


class PauseTooLong(DomainError):
    message = _("A pause lasts a year at most. To keep none, choose “never in stock”.")


class PlanEmpty(DomainError):
    message = _(
        "Say what changes in that season: a share of the usual demand, up to ten times, or a "
        "minimum."
    )


class EmergencyKept(DomainError):
    message = _(
        "%(product)s is on the emergency list: it is always kept. Take it off the list first."
    )


class NothingStands(DomainError):
    message = _("This decision was ended already: nothing stands.")


@transaction.atomic
def decide(
    product: Product,
    *,
    kind: Decision.Kind,
    reason: Decision.Reason,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    first_day: date | None = None,
    last_day: date | None = None,
    percent: int | None = None,
    minimum: int | None = None,
) -> Decision:
    """Write a decision; the next proposal obeys it. The same ``request_id`` again changes nothing.

    ``percent`` of the usual demand and ``minimum``, in stock units, are for a season. This will
    take the place of an earlier decision of the same kind, but for seasons, which stand together.

    :raises DayMissing, DaysWrong, PauseTooLong, PlanEmpty, EmergencyKept: as their words say.
    """
    today = local_day(at)
    first_day = first_day or today
    is_season = kind == Kind.SEASONAL
    if kind in {Kind.SNOOZED, Kind.SEASONAL} and last_day is None:
        raise DayMissing
    if last_day is not None and last_day < max(first_day, today):
        raise DaysWrong
    if kind == Kind.SNOOZED and last_day and (last_day - today).days > LONGEST_PAUSE_DAYS:
        raise PauseTooLong
    if is_season and ((percent is None and minimum is None) or (percent or 0) > LARGEST_PERCENT):
        raise PlanEmpty
    if product.is_emergency and not is_season:
        raise EmergencyKept(product=product)
    if kind == Kind.NEVER:
        StockRule.objects.update_or_create(product=product, defaults={"never_stock": True})
    made, _created = Decision.objects.get_or_create(
        request_id=request_id,
        defaults={
            "product": product,
            "kind": kind,
            "reason": reason,
            "first_day": first_day,
            # What is never kept is so until someone says otherwise.
            "last_day": None if kind == Kind.NEVER else last_day,
            "percent": percent if is_season else None,
            "minimum": minimum if is_season else None,
            "decided_at": at,
            "actor": actor,
        },
    )
    return made


@transaction.atomic
def end_decision(decision: Decision, *, at: datetime, actor: Actor, request_id: UUID) -> None:
    """End a decision now. The same ``request_id`` again changes nothing.

    :raises NothingStands: if someone ended it before.
    """
    if DecisionEnd.objects.filter(request_id=request_id).exists():
        return
    if decision.kind == Kind.NEVER:
        _keep_again(decision.product)
    try:
        with transaction.atomic():
            DecisionEnd.objects.create(
                decision=decision, ended_at=at, actor=actor, request_id=request_id
            )
    except IntegrityError:
        # The wall: one end. Somebody wrote it in between.
        raise NothingStands from None


@transaction.atomic
def keep_again(product: Product, *, at: datetime, actor: Actor, request_id: UUID) -> None:
    """Keep in stock a product that was never kept, whoever decided that and however long ago.

    :raises NothingStands: if it is kept already.
    """
    if DecisionEnd.objects.filter(request_id=request_id).exists():
        return
    _keep_again(product)
    last = Decision.objects.filter(product=product, kind=Kind.NEVER).order_by("-pk").first()
    if last is not None and not hasattr(last, "end"):
        DecisionEnd.objects.create(decision=last, ended_at=at, actor=actor, request_id=request_id)


def _keep_again(product: Product) -> None:
    # One conditional update is the check and the write.
    rules = StockRule.objects.filter(product=product, never_stock=True)
    if not rules.update(never_stock=False):
        raise NothingStands
