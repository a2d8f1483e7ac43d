"""Promising: what is owed, to whom, why, and for which round."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel import vault
from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import local_day
from backofficine.promises import identity
from backofficine.promises.models import (
    Cause,
    NameKey,
    Promise,
    PromiseEvent,
    Status,
)
from backofficine.promises.services.states import WrongMoment, done_before, locked, note
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, Supplier
from backofficine.stock import queries as stock
from backofficine.stock import services as ledger
from backofficine.stock.models import DemandLine
from backofficine.stock.services import in_turn
from backofficine.stock.services.demand import record_missing
from backofficine.team.models import Actor, Workstation


class UnreadableName(DomainError):
    message = _("Write the patient’s name, as you will hear it at pick-up.")


class UnreadablePhone(DomainError):
    message = _("This phone number has fewer than four digits. Correct it, or leave it empty.")


class NothingPromised(DomainError):
    message = _("A promise owes at least one box.")


_PROMISED = Prepared(
    lambda request: Promise.objects.filter(request_id=request).select_related("product"), UUID
)
_LAST_NUMBER = Prepared(lambda: Promise.objects.order_by("-number").values_list("number")[:1])


@transaction.atomic
def promise(
    product: Product,
    *,
    quantity: int,
    name: str,
    cause: str,
    is_chosen: bool,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    phone: str = "",
    patient_key: str = "",
    can_wait: bool = True,
    wait_until: datetime | None = None,
    all_at_once: bool = True,
    bundle: UUID | None = None,
    is_paid: bool = False,
    is_billed: bool = False,
    delivery_round: DeliveryRound | None = None,
    promised_at: datetime | None = None,
    supplier: Supplier | None = None,
    workstation: Workstation | None = None,
    on: date | None = None,
) -> Promise:
    """Owe ``quantity`` stock units of a product to a patient. The same ``request_id`` owes once.

    This will encrypt the name and the phone under this month's key, give the next number, record
    the unserved demand, and promise for the supplier's next round (the main one's, unless told).
    ``promised_at`` is the hour said, by default the one at which that round's boxes are in hand.
    ``patient_key`` tells the same patient again: the LGO's number, or name and birth date.

    :raises NothingPromised: if ``quantity`` is not positive.
    :raises UnreadableName: if the name holds no letter or digit.
    :raises UnreadablePhone: if a phone is given with fewer than four digits.
    """
    if quantity < 1:
        raise NothingPromised
    if not identity.words_of(name):
        raise UnreadableName
    if phone.strip() and len(identity.digits_of(phone)) < identity.DIGITS:
        raise UnreadablePhone
    in_turn()
    known = _PROMISED.first(request_id)
    if known is not None:
        return known
    if delivery_round is None:
        delivery_round = _next_round(supplier, at=at)
    if promised_at is None and delivery_round is not None:
        promised_at = purchasing.promised_instant(delivery_round)
    made = Promise.objects.create(
        number=_next_number(),
        product=product,
        quantity=quantity,
        cause=Cause(cause),
        can_wait=can_wait,
        wait_until=wait_until,
        is_chosen=is_chosen,
        all_at_once=all_at_once,
        # The visit is one secret number; a line alone is a visit of its own.
        bundle=bundle or derived_id("bundle", request_id),
        is_paid=is_paid,
        is_billed=is_billed,
        delivery_round=delivery_round,
        promised_at=promised_at,
        created_at=at,
        request_id=request_id,
        created_by=actor,
    )
    day = on or local_day(at)
    who = identity.seal(made, name=name, phone=phone, month=vault.month_of(day), key=patient_key)
    who.save(force_insert=True)
    NameKey.objects.bulk_create(
        [NameKey(identity=who, name_hash=each) for each in sorted(identity.name_hashes(name))]
    )
    record_missing(
        product,
        quantity=quantity,
        at=at,
        on=day,
        request_id=derived_id("missing", request_id),
        source="promise",
    )
    note(made, PromiseEvent.Kind.STATUS, at=at, actor=actor, workstation=workstation)
    return made


def _next_round(supplier: Supplier | None, *, at: datetime) -> DeliveryRound | None:
    chosen = supplier or Supplier.objects.filter(is_main=True, is_active=True).first()
    return purchasing.next_round(chosen, at=at) if chosen else None


def _next_number() -> int:
    """One more than the last; whoever promises at the same instant waits for the ledger's turn."""
    last = _LAST_NUMBER.first()
    return last[0] + 1 if last else 1


@transaction.atomic
def serve_and_promise(
    product: Product,
    *,
    wanted: int,
    name: str,
    cause: str,
    is_chosen: bool,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    by_pharmacist: bool,
    phone: str = "",
    patient_key: str = "",
    can_wait: bool = True,
    wait_until: datetime | None = None,
    all_at_once: bool = True,
    bundle: UUID | None = None,
    is_paid: bool = False,
    is_billed: bool = False,
    workstation: Workstation | None = None,
) -> tuple[ledger.Withdrawal | None, Promise | None]:
    """Serve what is there now, promise the rest: (the withdrawal, the promise), either may be none.

    :raises NothingPromised: if ``wanted`` is not positive.
    """
    if wanted < 1:
        raise NothingPromised
    in_turn()
    on = local_day(at)
    served_id = derived_id("served", request_id)
    served = _served_before(served_id)
    if served is None:
        known = Promise.objects.filter(request_id=request_id).first()
        there = stock.on_hand_by_product([product.pk], on=on).get(product.pk, 0)
        served = wanted - known.quantity if known else min(wanted, there)
    withdrawal = None
    if served:
        withdrawal = ledger.withdraw(
            [ledger.Wanted(product, served)],
            on=on,
            occurred_at=at,
            recorded_at=at,
            actor=actor,
            request_id=served_id,
            workstation=workstation,
            by_pharmacist=by_pharmacist,
        )
    if served == wanted:
        return withdrawal, None
    owed = promise(
        product,
        quantity=wanted - served,
        name=name,
        phone=phone,
        patient_key=patient_key,
        cause=cause,
        is_chosen=is_chosen,
        can_wait=can_wait,
        wait_until=wait_until,
        all_at_once=all_at_once,
        bundle=bundle,
        is_paid=is_paid,
        is_billed=is_billed,
        at=at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
        on=on,
    )
    return withdrawal, owed


def _served_before(request_id: UUID) -> int | None:
    """Stock units that this form already served: a second click must not owe them again."""
    before = DemandLine.objects.filter(request_id=request_id).aggregate(served=Sum("quantity"))
    served: int | None = before["served"]
    return served


@transaction.atomic
def promise_again(
    promise: Promise,
    *,
    delivery_round: DeliveryRound,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    request_id: UUID | None = None,
) -> Promise:
    """The hour said will not hold: promise for another round, and keep the fact.

    :raises WrongMoment: if boxes already wait in the slot, or the promise is closed.
    """
    locked(promise)
    if request_id and (known := done_before(request_id)):
        return known.promise
    moved = Promise.objects.filter(
        pk=promise.pk, status__in=[Status.TO_ORDER, Status.ORDERED, Status.ARRIVED]
    ).update(delivery_round=delivery_round, promised_at=purchasing.promised_instant(delivery_round))
    promise.refresh_from_db()
    if not moved:
        raise WrongMoment(
            now=promise.get_status_display(), wanted=PromiseEvent.Kind.NEW_ROUND.label
        )
    note(
        promise, PromiseEvent.Kind.NEW_ROUND, at=at, actor=actor, workstation=workstation,
        request_id=request_id, details={"due_at": delivery_round.due_at.isoformat()},
    )  # fmt: skip
    return promise
