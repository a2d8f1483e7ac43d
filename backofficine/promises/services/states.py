"""The states of a promise: one table, one conditional update, one appended fact."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.bulk import update_rows
from backofficine.kernel.errors import DomainError
from backofficine.kernel.prepared import Prepared
from backofficine.promises.models import (
    CLOSED,
    NEXT,
    Promise,
    PromiseEvent,
    Status,
)
from backofficine.purchasing.models import Order, OrderLine
from backofficine.stock.models import Posting
from backofficine.stock.services import in_turn
from backofficine.team.models import Actor, Workstation


class WrongMoment(DomainError):
    message = _("This promise is “%(now)s”: it cannot become “%(wanted)s”. Reload the page.")


class BundleNotReady(DomainError):
    message = _(
        "This patient wants one notice when every line is ready, and %(missing)s is not there yet. "
        "Wait for it, or tell them anyway."
    )


OPEN_ORDERS = (Order.Status.SENT, Order.Status.ANSWERED)


_LOCKED = Prepared(
    lambda key: (
        Promise.objects.select_for_update(of=("self",))
        .select_related("product", "slot", "order_line__order")
        .filter(pk=key)
    ),
    int,
)
_DONE = Prepared(
    lambda request: PromiseEvent.objects.filter(request_id=request).select_related(
        "promise", "posting"
    ),
    UUID,
)


def locked(promise: Promise) -> Promise:
    """The promise as it is now, kept still until the transaction ends."""
    now = _LOCKED.first(promise.pk)
    if now is None:
        raise Promise.DoesNotExist
    return now


def done_before(request_id: UUID) -> PromiseEvent | None:
    """The fact that this form already left, if it was sent twice."""
    return _DONE.first(request_id)


def note(
    promise: Promise,
    kind: PromiseEvent.Kind,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    quantity: int = 0,
    posting: Posting | None = None,
    request_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> PromiseEvent:
    """Append one fact about a promise, in the state it has now."""
    return PromiseEvent.objects.create(
        promise=promise,
        kind=kind,
        status=promise.status,
        quantity=quantity,
        occurred_at=at,
        request_id=request_id,
        posting=posting,
        actor=actor,
        workstation=workstation,
        details=details or {},
    )


def advance(
    promise: Promise,
    *,
    to: Status,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    kind: PromiseEvent.Kind = PromiseEvent.Kind.STATUS,
    quantity: int = 0,
    posting: Posting | None = None,
    request_id: UUID | None = None,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> PromiseEvent:
    """Move a promise to a state the table allows, with other columns, and append the fact.

    :raises WrongMoment: if the table does not lead there from where the promise is.
    """
    origins = [origin for origin, targets in NEXT.items() if to in targets]
    closed_at = at if to in CLOSED else None
    advanced = Promise.objects.filter(pk=promise.pk, status__in=origins).update(
        status=to, closed_at=closed_at, **changes
    )
    if not advanced:
        promise.refresh_from_db(fields=["status"])
        raise WrongMoment(now=promise.get_status_display(), wanted=to.label)
    for name, value in {"status": to, "closed_at": closed_at, **changes}.items():
        setattr(promise, name, value)
    return note(
        promise, kind, at=at, actor=actor, workstation=workstation, quantity=quantity,
        posting=posting, request_id=request_id, details=details,
    )  # fmt: skip


@transaction.atomic
def mark_ordered(order: Order, *, at: datetime, actor: Actor) -> list[Promise]:
    """Tie the promises that wait for a product to the order just sent for it.

    This will take, product by product, the earliest promised first, as long as the boxes ordered
    cover what they still miss; the others stay to order. Calling it again changes nothing.
    """
    in_turn()
    lines = list(
        OrderLine.objects.filter(order=order, quantity__gte=1)
        .select_related("product")
        .order_by("pk")
    )
    waiting: dict[int, list[Promise]] = {}
    unmet = Promise.objects.filter(
        product__in=[line.product_id for line in lines], closed_at=None
    ).filter(
        Q(status=Status.TO_ORDER)
        | (
            Q(status__in=[Status.IN_SLOT, Status.TOLD])
            & Q(quantity__gt=F("aside_quantity") + F("collected_quantity"))
            & ~Q(order_line__order__status__in=OPEN_ORDERS)
        )
    )
    # Kept still: a promise cancelled at this instant is not said to be ordered.
    unmet = unmet.select_for_update(of=("self",))
    for promise in unmet.order_by(F("promised_at").asc(nulls_last=True), "pk"):
        waiting.setdefault(promise.product_id, []).append(promise)
    already = _units_taken(lines)
    ordered: list[Promise] = []
    for line in lines:
        left = line.quantity * line.product.doses_per_box - already.get(line.pk, 0)
        taken = []
        for promise in waiting.get(line.product_id, []):
            if promise.missing_quantity <= left:
                left -= promise.missing_quantity
                taken.append(promise)
        for promise in taken:
            promise.order_line = line
            if promise.status == Status.TO_ORDER:
                promise.status = Status.ORDERED
        ordered += taken
    update_rows(
        Promise,
        ["order_line_id", "status"],
        [(promise.pk, promise.order_line_id, promise.status) for promise in ordered],
    )
    _note_all(ordered, at=at, actor=actor, details={"order": order.number})
    return ordered


def _units_taken(lines: list[OrderLine]) -> dict[int, int]:
    """Stock units of each line that promises already tied to it still miss."""
    taken: dict[int, int] = {}
    for promise in Promise.objects.filter(order_line__in=lines, closed_at=None):
        key = promise.order_line_id
        assert key is not None, "filtered by it"
        taken[key] = taken.get(key, 0) + promise.missing_quantity
    return taken


def _note_all(
    promises: list[Promise], *, at: datetime, actor: Actor, details: dict[str, Any]
) -> None:
    PromiseEvent.objects.bulk_create(
        [
            PromiseEvent(
                promise=promise, status=promise.status, occurred_at=at, actor=actor,
                details=details,
            )
            for promise in promises
        ]
    )  # fmt: skip


@transaction.atomic
def back_to_order(promises: Iterable[Promise], *, at: datetime, actor: Actor) -> list[Promise]:
    """What was ordered will not come: these promises are to order again, elsewhere.

    This will leave alone those whose boxes are already set aside or closed.
    """
    in_turn()
    keys = [promise.pk for promise in promises]
    moved = list(
        Promise.objects.filter(pk__in=keys, status__in=[Status.ORDERED, Status.ARRIVED]).order_by(
            "pk"
        )
    )
    Promise.objects.filter(pk__in=[promise.pk for promise in moved]).update(
        status=Status.TO_ORDER, order_line=None, slot=None
    )
    for promise in moved:
        promise.status, promise.order_line, promise.slot = Status.TO_ORDER, None, None
    _note_all(moved, at=at, actor=actor, details={})
    return moved


def release_unfilled(order: Order, *, at: datetime, actor: Actor) -> list[Promise]:
    """An order is received or closed: promises it did not fill are to order again."""
    left = Promise.objects.filter(order_line__order=order, status=Status.ORDERED)
    return back_to_order(left, at=at, actor=actor)


@transaction.atomic
def arrive(
    promise: Promise, *, at: datetime, actor: Actor, workstation: Workstation | None = None
) -> Promise:
    """The box is on the bench, not yet in its slot.

    :raises WrongMoment: unless the promise is on order.
    """
    advance(promise, to=Status.ARRIVED, at=at, actor=actor, workstation=workstation)
    return promise


@transaction.atomic
def tell(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    request_id: UUID | None = None,
    anyway: bool = False,
) -> list[Promise]:
    """The patient knows. With one notice for all, this will tell every line of the visit.

    :raises BundleNotReady: if a line of the visit is still missing, unless ``anyway``.
    :raises WrongMoment: if nothing waits in the slot, or the patient was told.
    """
    promise = locked(promise)
    if request_id and done_before(request_id):
        return []
    if not promise.all_at_once:
        told = [promise]
    else:
        lines = list(
            Promise.objects.filter(bundle=promise.bundle, closed_at=None)
            .select_related("product")
            .order_by("pk")
        )
        missing = [line for line in lines if line.all_at_once and not line.is_ready]
        if missing and not anyway:
            raise BundleNotReady(missing=missing[0].product)
        told = [line for line in lines if line.pk != promise.pk and line.status == Status.IN_SLOT]
        told.insert(0, promise)
    for position, line in enumerate(told):
        advance(
            line, to=Status.TOLD, at=at, actor=actor, workstation=workstation, told_at=at,
            request_id=None if position else request_id,
        )  # fmt: skip
    return told


@transaction.atomic
def cancel(
    promise: Promise,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    request_id: UUID | None = None,
) -> Promise:
    """Nothing is owed any more. Boxes already in a slot are put back in stock first.

    :raises WrongMoment: if boxes wait in the slot (abandon, then restock), or it is closed.
    """
    locked(promise)
    if request_id and (known := done_before(request_id)):
        return known.promise
    advance(
        promise, to=Status.CANCELLED, at=at, actor=actor, workstation=workstation,
        request_id=request_id, slot=None,
    )  # fmt: skip
    return promise
