"""Who is waited for: opened on purpose, and erased after closing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel import vault
from backofficine.pharmacy.queries import local_day, number
from backofficine.promises import identity
from backofficine.promises.models import Promise, PromiseEvent, PromiseIdentity
from backofficine.promises.services.states import note
from backofficine.team.models import Actor, Workstation

IDENTITY_DAYS = "promise_identity_days"
_BATCH = 500


class OpeningReason(models.TextChoices):
    """Why a contact is opened: a word kept with the fact, never a text."""

    HAND_OVER = "hand_over", _("check who is at the counter")
    CALL = "call", _("call the patient")
    CORRECT = "correct", _("check what was written")


@dataclass(frozen=True, slots=True)
class Contact:
    """What was opened, for one answer only."""

    name: str
    phone: str


@transaction.atomic
def open_contact(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    reason: str,
    workstation: Workstation | None = None,
) -> Contact:
    """Read the name and the phone of a promise. This will log that they were opened, and why.

    :raises Erased: once the identity or its month's key is gone.
    """
    who = PromiseIdentity.objects.filter(promise=promise).first()
    if who is None:
        raise vault.Erased
    contact = Contact(name=identity.name_of(who), phone=identity.phone_of(who))
    note(
        promise, PromiseEvent.Kind.CONTACT_OPENED, at=at, actor=actor, workstation=workstation,
        details={"reason": OpeningReason(reason).value},
    )  # fmt: skip
    return contact


@transaction.atomic
def erase_old(*, at: datetime, actor: Actor) -> int:
    """Erase the identities of promises closed for longer than the pharmacy keeps them.

    Returns how many. This will destroy the key of a past month once nothing is left under it,
    which erases that month in every backup too.
    """
    today = local_day(at)
    limit = at - timedelta(days=int(number(IDENTITY_DAYS, on=today)))
    old = list(
        PromiseIdentity.objects.filter(promise__closed_at__lt=limit)
        .select_related("promise")
        .order_by("pk")
    )
    months = {who.month for who in old}
    promises = [who.promise for who in old]
    for start in range(0, len(old), _BATCH):
        keys = [who.pk for who in old[start : start + _BATCH]]
        PromiseIdentity.objects.filter(pk__in=keys).delete()
    PromiseEvent.objects.bulk_create(
        [
            PromiseEvent(
                promise=each, kind=PromiseEvent.Kind.ERASED, status=each.status, occurred_at=at,
                actor=actor,
            )
            for each in promises
        ]
    )  # fmt: skip
    kept = set(PromiseIdentity.objects.filter(month__in=months).values_list("month", flat=True))
    emptied = [month for month in months - kept if month < vault.month_of(today)]
    # A key is not in the database: it goes only once the erasure is sure.
    transaction.on_commit(lambda: [destroy_key(month) for month in sorted(emptied)])
    return len(old)


def destroy_key(month: str) -> bool:
    """Destroy a month's key (``2026-11``): its identities are closed for ever, everywhere."""
    return vault.destroy_month(identity.key_name(month))
