"""Boxes in the slot: set aside, handed over, put back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import local_day
from backofficine.promises.models import HOLDING, Promise, PromiseEvent, Status
from backofficine.promises.services.slots import reserve_slot
from backofficine.promises.services.states import (
    OPEN_ORDERS,
    WrongMoment,
    advance,
    done_before,
    locked,
    note,
)
from backofficine.stock import queries as stock
from backofficine.stock.models import CountRequest, Location, Lot, LotHold, NarcoticVisa, Posting
from backofficine.stock.services import (
    ExpiredLot,
    HeldLot,
    InsufficientStock,
    MoveLine,
    in_turn,
    lot_of,
)
from backofficine.stock.services import post as post_moves
from backofficine.stock.services.count import ask_count
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from backofficine.team.models import Actor, Workstation


class TooMany(DomainError):
    message = _("This promise still owes %(owed)s, not %(wanted)s.")


class NothingInSlot(DomainError):
    message = _("Nothing waits in the slot for this promise.")


class NothingToCredit(DomainError):
    message = _("This promise was not billed, or is credited already.")


@transaction.atomic
def set_aside(
    promise: Promise,
    *,
    lot: Lot,
    source: Location,
    quantity: int,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
    by_pharmacist: bool = False,
    on: date | None = None,
) -> Posting | None:
    """Put boxes in the patient's slot: from the bench, or from the place they were found in.

    This will reserve the slot, post the move from ``source`` (the box in the hand is a fact: what
    the record did not know there enters as *found*), and bring the promise to its slot. A narcotic
    already in the safe stays where it is: then nothing is posted and ``None`` is returned. The
    same ``request_id`` sets aside once.

    :raises ExpiredLot, HeldLot: if the box may not reach a patient.
    :raises NarcoticNeedsPharmacist: if a narcotic is moved without ``by_pharmacist``.
    :raises TooMany: if more than what is owed is set aside.
    :raises WrongMoment: if the promise is closed or abandoned.
    """
    in_turn()
    if known := done_before(request_id):
        return known.posting
    promise = _fresh(promise)
    refuse_lot(lot, on=on or local_day(at))
    if promise.product.is_narcotic and not by_pharmacist:
        raise NarcoticNeedsPharmacist
    if promise.is_closed or promise.status == Status.ABANDONED:
        raise WrongMoment(now=promise.get_status_display(), wanted=Status.IN_SLOT.label)
    if quantity < 1 or quantity > promise.missing_quantity:
        raise TooMany(owed=promise.missing_quantity, wanted=quantity)
    slot = reserve_slot(promise)
    posting = None
    if source.pk != slot.pk:
        posting = _post_aside(
            MoveLine(lot, source, slot, quantity), at=at, actor=actor, request_id=request_id,
            workstation=workstation,
        )  # fmt: skip
    told: dict[str, Any] = {"at": at, "actor": actor, "workstation": workstation}
    if promise.status == Status.ORDERED:
        advance(promise, to=Status.ARRIVED, **told)
    fact: dict[str, Any] = {
        "kind": PromiseEvent.Kind.SET_ASIDE,
        "quantity": quantity,
        "posting": posting,
        "request_id": request_id,
    }
    aside = promise.aside_quantity + quantity
    if promise.status in HOLDING:
        Promise.objects.filter(pk=promise.pk).update(aside_quantity=aside)
        promise.aside_quantity = aside
        note(promise, **fact, **told)
    else:
        advance(
            promise,
            to=Status.IN_SLOT,
            aside_quantity=aside,
            ready_at=promise.ready_at or at,
            **fact,
            **told,
        )
    return posting


def _post_aside(
    line: MoveLine,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None,
) -> Posting:
    fact: dict[str, Any] = {
        "reason": Posting.Reason.SET_ASIDE,
        "occurred_at": at,
        "recorded_at": at,
        "actor": actor,
        "request_id": request_id,
        "workstation": workstation,
    }
    try:
        return post_moves(lines=[line], **fact)
    except InsufficientStock as shortfall:
        held = int(shortfall.details["held"])
    ask_count(line.lot.product, why=CountRequest.Why.FOUND, at=at)
    counted = stock.virtual(Location.Kind.COUNT)
    found = MoveLine(line.lot, counted, line.source, line.quantity - held, is_found=True)
    return post_moves(lines=[found, line], **fact)


_HOLDS = Prepared(
    lambda lot: LotHold.objects.filter(lot=lot, lifted_at=None).values_list("pk")[:1], int
)


def refuse_lot(lot: Lot, *, on: date) -> None:
    """:raises ExpiredLot, HeldLot: if a box of this lot may not reach a patient."""
    if lot.is_expired(on=on):
        raise ExpiredLot(day=f"{lot.expires_on:%d/%m/%Y}")
    if _HOLDS.exists(lot.pk):
        raise HeldLot(lot=lot)


def _fresh(promise: Promise) -> Promise:
    """Bring the caller's own object to what the database says now, and keep the row still."""
    now = locked(promise)
    for field in Promise._meta.concrete_fields:
        setattr(promise, field.attname, getattr(now, field.attname))
    promise.product, promise.slot, promise.order_line = now.product, now.slot, now.order_line
    return promise


@transaction.atomic
def hand_over(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    quantity: int | None = None,
    lot: Lot | None = None,
    workstation: Workstation | None = None,
    by_pharmacist: bool = False,
    on: date | None = None,
) -> Posting:
    """Give the patient what waits in the slot, all of it unless ``quantity`` says less.

    This will post the move from the slot, first expired first unless ``lot`` was scanned. Part of
    what is owed leaves the promise open for the rest: in its slot, on order, or to order again. A
    narcotic handed over without ``by_pharmacist`` awaits a visa. Demand was said at creation. The
    same ``request_id`` hands over once.

    :raises NothingInSlot: if no box waits.
    :raises ExpiredLot, HeldLot: if what waits may not reach a patient.
    :raises TooMany: if ``quantity`` is more than what waits.
    """
    in_turn()
    known = done_before(request_id)
    if known is not None and known.posting is not None:
        return known.posting
    promise = _fresh(promise)
    if promise.status not in (Status.IN_SLOT, Status.TOLD) or promise.slot is None:
        raise NothingInSlot
    given = promise.aside_quantity if quantity is None else quantity
    if given < 1 or given > promise.aside_quantity:
        raise TooMany(owed=promise.aside_quantity, wanted=given)
    patient = stock.virtual(Location.Kind.PATIENT)
    posting = post_moves(
        lines=_from_slot(promise, given, to=patient, lot=lot, for_patient_on=on or local_day(at)),
        reason=Posting.Reason.HAND_OVER,
        occurred_at=at,
        recorded_at=at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
    )
    if promise.product.is_narcotic and not by_pharmacist:
        NarcoticVisa.objects.get_or_create(posting=posting, defaults={"asked_at": at})
    told: dict[str, Any] = {"at": at, "actor": actor, "workstation": workstation}
    fact: dict[str, Any] = {
        "kind": PromiseEvent.Kind.HANDED_OVER,
        "quantity": given,
        "posting": posting,
        "request_id": request_id,
    }
    aside = promise.aside_quantity - given
    collected = promise.collected_quantity + given
    if collected == promise.quantity:
        advance(
            promise,
            to=Status.COLLECTED,
            aside_quantity=0,
            collected_quantity=collected,
            **fact,
            **told,
        )
        return posting
    if aside:
        Promise.objects.filter(pk=promise.pk).update(
            aside_quantity=aside, collected_quantity=collected
        )
        promise.aside_quantity, promise.collected_quantity = aside, collected
        note(promise, **fact, **told)
        return posting
    note(promise, **fact, **told)
    _wait_again(promise, collected_quantity=collected, **told)
    return posting


def _wait_again(promise: Promise, **changes: Any) -> None:
    """The slot is empty and something is still owed: on order if it is, else to order."""
    told = {name: changes.pop(name) for name in ("at", "actor", "workstation")}
    if promise.status == Status.TOLD:
        advance(promise, to=Status.IN_SLOT, **told)
    line = promise.order_line
    is_coming = (
        line is not None
        and line.order.status in OPEN_ORDERS
        and line.received_quantity < line.quantity
    )
    if not is_coming:
        changes["order_line"] = None
    advance(
        promise,
        to=Status.TO_ORDER,
        aside_quantity=0,
        slot=None,
        told_at=None,
        **changes,
        **told,
    )
    if is_coming:
        advance(promise, to=Status.ORDERED, **told)


def _from_slot(
    promise: Promise,
    quantity: int,
    *,
    to: Location,
    lot: Lot | None = None,
    for_patient_on: date | None = None,
) -> list[MoveLine]:
    """The boxes that leave the slot: those of the record, then, a fact being a fact, *found*."""
    slot = promise.slot
    assert slot is not None, "boxes wait in a slot"
    lines, missing = _recorded(promise, slot, quantity, to=to, lot=lot, on=for_patient_on)
    if missing:
        is_assumed = lot is None
        likely = (
            stock.latest_lot(promise.product)
            if for_patient_on is None
            else stock.latest_servable_lot(promise.product, on=for_patient_on)
        )
        seen = lot or likely or lot_of(promise.product)
        counted = stock.virtual(Location.Kind.COUNT)
        lines += [
            MoveLine(seen, counted, slot, missing, is_found=True, is_lot_assumed=is_assumed),
            MoveLine(seen, slot, to, missing, is_lot_assumed=is_assumed),
        ]
    return lines


def _recorded(
    promise: Promise,
    slot: Location,
    quantity: int,
    *,
    to: Location,
    lot: Lot | None = None,
    on: date | None = None,
) -> tuple[list[MoveLine], int]:
    """Lots that the record holds in the slot, first expired first, and how many it lacks.

    :raises ExpiredLot, HeldLot: with ``on``, if what waits may not reach a patient that day.
    """
    if lot is not None and on is not None:
        refuse_lot(lot, on=on)
    lines: list[MoveLine] = []
    missing = quantity
    refusal: DomainError | None = None
    for balance in stock.lots_at(promise.product, slot):
        if missing == 0:
            break
        if lot is not None and balance.lot_id != lot.pk:
            continue
        if on is not None:
            try:
                refuse_lot(balance.lot, on=on)
            except (ExpiredLot, HeldLot) as error:
                refusal = error
                continue
        taken = min(missing, balance.on_hand)
        lines.append(MoveLine(balance.lot, slot, to, taken, is_lot_assumed=lot is None))
        missing -= taken
    if missing and refusal is not None:
        raise refusal
    return lines, missing


@transaction.atomic
def abandon(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    request_id: UUID | None = None,
) -> Promise:
    """The patient will not come. The boxes stay in the slot until they are put back or returned.

    :raises WrongMoment: if no box waits in the slot.
    """
    locked(promise)
    if request_id and (known := done_before(request_id)):
        return known.promise
    advance(
        promise, to=Status.ABANDONED, at=at, actor=actor, workstation=workstation,
        request_id=request_id,
    )  # fmt: skip
    return promise


@transaction.atomic
def restock(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    target: Location | None = None,
    workstation: Workstation | None = None,
    by_pharmacist: bool = False,
) -> Posting | None:
    """Put an abandoned promise's boxes back where the product lives, or at ``target``.

    Returns the posting; ``None`` for a narcotic that never left the safe.

    :raises NarcoticNeedsPharmacist: if a narcotic is moved without ``by_pharmacist``.
    :raises WrongMoment: if the promise was not abandoned first.
    """
    return _empty_slot(
        promise,
        to=Status.RESTOCKED,
        reason=Posting.Reason.RESTOCK,
        target=target,
        at=at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
        by_pharmacist=by_pharmacist,
    )


@transaction.atomic
def return_to_supplier(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
    by_pharmacist: bool = False,
) -> Posting | None:
    """Send an abandoned promise's boxes back to the supplier.

    :raises NarcoticNeedsPharmacist: if a narcotic is moved without ``by_pharmacist``.
    :raises WrongMoment: if the promise was not abandoned first.
    """
    return _empty_slot(
        promise,
        to=Status.RETURNED,
        reason=Posting.Reason.SUPPLIER_RETURN,
        target=stock.virtual(Location.Kind.SUPPLIER),
        at=at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
        by_pharmacist=by_pharmacist,
    )


def _empty_slot(
    promise: Promise,
    *,
    to: Status,
    reason: Posting.Reason,
    target: Location | None,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None,
    by_pharmacist: bool,
) -> Posting | None:
    in_turn()
    if known := done_before(request_id):
        return known.posting
    promise = _fresh(promise)
    if promise.status != Status.ABANDONED:
        raise WrongMoment(now=promise.get_status_display(), wanted=to.label)
    if promise.product.is_narcotic and not by_pharmacist:
        raise NarcoticNeedsPharmacist
    place = target or stock.place_of(promise.product)
    posting = None
    if place.pk != promise.slot_id:
        posting = post_moves(
            lines=_from_slot(promise, promise.aside_quantity, to=place),
            reason=reason,
            occurred_at=at,
            recorded_at=at,
            actor=actor,
            request_id=request_id,
            workstation=workstation,
        )
    advance(
        promise,
        to=to,
        at=at,
        actor=actor,
        workstation=workstation,
        kind=PromiseEvent.Kind.TAKEN_BACK,
        quantity=promise.aside_quantity,
        posting=posting,
        request_id=request_id,
        aside_quantity=0,
    )
    return posting


@transaction.atomic
def unset(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
    by_pharmacist: bool = False,
) -> Posting | None:
    """The boxes are not in the slot any more: the promise is to order again.

    This will post what the record held there to the virtual end *count*, as a count that found
    nothing would.

    :raises NarcoticNeedsPharmacist: if a narcotic is missing and ``by_pharmacist`` is false.
    :raises NothingInSlot: if no box was said to wait there.
    """
    in_turn()
    if known := done_before(request_id):
        return known.posting
    promise = _fresh(promise)
    if promise.status not in (Status.IN_SLOT, Status.TOLD) or promise.slot is None:
        raise NothingInSlot
    if promise.product.is_narcotic and not by_pharmacist:
        raise NarcoticNeedsPharmacist
    lost = promise.aside_quantity
    lines: list[MoveLine] = []
    # A safe holds other boxes too: only a slot of its own is known to be empty.
    if promise.slot.kind == Location.Kind.PROMISE_SLOT:
        lines, _unknown = _recorded(
            promise, promise.slot, lost, to=stock.virtual(Location.Kind.COUNT)
        )
    posting = None
    if lines:
        posting = post_moves(
            lines=lines,
            reason=Posting.Reason.COUNT,
            occurred_at=at,
            recorded_at=at,
            actor=actor,
            request_id=request_id,
            workstation=workstation,
        )
    note(
        promise, PromiseEvent.Kind.TAKEN_BACK, at=at, actor=actor, workstation=workstation,
        quantity=lost, posting=posting, request_id=request_id,
    )  # fmt: skip
    _wait_again(promise, at=at, actor=actor, workstation=workstation)
    return posting


@transaction.atomic
def credit(
    promise: Promise, *, at: datetime, actor: Actor, workstation: Workstation | None = None
) -> Promise:
    """What was billed and never collected is credited: by law, before it is forgotten.

    :raises NothingToCredit: if the promise was not billed, was collected, or is credited.
    """
    credited = (
        Promise.objects.filter(pk=promise.pk, is_billed=True, credited_at=None)
        .filter(quantity__gt=F("collected_quantity"))
        .update(credited_at=at)
    )
    if not credited:
        raise NothingToCredit
    promise.credited_at = at
    note(promise, PromiseEvent.Kind.CREDITED, at=at, actor=actor, workstation=workstation)
    return promise
