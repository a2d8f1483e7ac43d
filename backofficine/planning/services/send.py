"""From the desk to the supplier and back: an order that moves takes its promises along."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries as pharmacy
from backofficine.planning.queries.doubles import doubles_among
from backofficine.planning.services.doubles import DoubleOrder, refuse_doubles
from backofficine.planning.services.propose import NothingToOrderFrom
from backofficine.planning.why import Origin, Why
from backofficine.promises import services as promises
from backofficine.promises.models import Promise, Status
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import Order, OrderLine, Supplier
from backofficine.purchasing.services import NotDraft
from backofficine.stock.services import in_turn
from backofficine.team.models import Actor


class AlreadyAsked(DomainError):
    message = _("%(product)s is already on the draft for %(supplier)s: change its quantity there.")


@transaction.atomic
def send_order(
    order: Order,
    *,
    channel: Order.Channel,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    seen: int | None = None,
    is_lived: bool = False,
) -> Order:
    """Send a draft, and tell the promises it covers that they are ordered.

    ``is_lived`` plays a past again, where nobody may be asked: double orders are not looked for.

    :raises NotDraft, EmptyOrder, CutOffPast, OrderChanged: as ``purchasing.services.send``.
    :raises DoubleOrder: if what is cold, narcotic or expensive would be ordered twice.
    """
    # The ledger's turn first: receiving, too, takes it before the orders, and a second click waits.
    in_turn()
    is_new = not orders.already_done(request_id)
    sent = orders.send(order, channel=channel, at=at, actor=actor, request_id=request_id, seen=seen)
    if is_new and not is_lived:
        refuse_doubles(sent, at=at)
    promises.mark_ordered(sent, at=at, actor=actor)
    return sent


@transaction.atomic
def answer_order(
    order: Order,
    *,
    answers: Mapping[int, int | None],
    at: datetime,
    actor: Actor,
    request_id: UUID | None = None,
) -> list[OrderLine]:
    """Write the supplier's answer; returns the short lines.

    This will put back *to order* the promises that the boxes answered do not cover, the last
    promised hour first.

    :raises AnswerTooLarge, WrongMoment: as ``purchasing.services.record_answer``.
    """
    in_turn()
    short = orders.record_answer(order, answers=answers, at=at, actor=actor, request_id=request_id)
    waiting: dict[int | None, list[Promise]] = defaultdict(list)
    ordered = Promise.objects.filter(order_line__in=short, status=Status.ORDERED)
    for promise in ordered.order_by(F("promised_at").asc(nulls_last=True), "pk"):
        waiting[promise.order_line_id].append(promise)
    for line in short:
        left = line.expected_quantity * line.product.doses_per_box
        uncovered = []
        for promise in waiting[line.pk]:
            if promise.missing_quantity <= left:
                left -= promise.missing_quantity
            else:
                uncovered.append(promise)
        if uncovered:
            promises.back_to_order(uncovered, at=at, actor=actor)
    return short


@transaction.atomic
def order_elsewhere(
    line: OrderLine, *, supplier: Supplier, at: datetime, actor: Actor, is_lived: bool = False
) -> OrderLine:
    """Ask another supplier for the boxes of a short line, in the draft of its next round.

    Returns the new line. Doing it again returns the same one. ``is_lived``: as :func:`send_order`.

    :raises NothingToOrderFrom: if that wholesaler has no round to come.
    :raises AlreadyAsked: if its draft asks for this product for another reason.
    :raises DoubleOrder: if the boxes came or were ordered meanwhile.
    """
    delivery_round = purchasing.next_round(supplier, at=at)
    if delivery_round is None and supplier.kind == Supplier.Kind.WHOLESALER:
        raise NothingToOrderFrom(supplier=supplier)
    draft = orders.open_draft(supplier=supplier, delivery_round=delivery_round, at=at, actor=actor)
    if not Order.objects.filter(pk=draft.pk, status=Order.Status.DRAFT).update(
        version=F("version") + 1
    ):
        raise NotDraft
    missing = line.missing_quantity
    assert missing, "only a short line is asked for elsewhere"
    # What was wanted when the first supplier was asked is still what is wanted.
    wanted = max(int(line.why.get("target", 0)), line.quantity * line.product.doses_per_box)
    why = Why(
        origin=Origin.SHORT_LINE,
        short_order=line.order.number,
        short_boxes=missing,
        target=wanted,
    ).as_numbers()
    found = OrderLine.objects.filter(order=draft, product=line.product).first()
    if found is not None:
        if found.why == why:
            return found
        raise AlreadyAsked(product=line.product, supplier=supplier)
    if not is_lived:
        asked = [(line.product, missing, wanted)]
        if twice := doubles_among(draft, asked, on=pharmacy.local_day(at)):
            raise DoubleOrder(twice)
    prices = purchasing.unit_prices(supplier, [line.product], on=pharmacy.local_day(at))
    return OrderLine.objects.create(
        order=draft,
        product=line.product,
        quantity=missing,
        proposed_quantity=missing,
        promised_quantity=min(line.promised_quantity, missing),
        unit_price=prices.get(line.product_id),
        why=why,
        urgency=(OrderLine.Urgency.PROMISED if line.promised_quantity else OrderLine.Urgency.OUT),
    )


@transaction.atomic
def close_order(
    order: Order, *, at: datetime, actor: Actor, request_id: UUID | None = None
) -> Order:
    """What has not come will not come: its promises are to order again.

    :raises WrongMoment: as ``purchasing.services.close``.
    """
    in_turn()
    orders.close(order, at=at, actor=actor, request_id=request_id)
    promises.release_unfilled(order, at=at, actor=actor)
    return order


@transaction.atomic
def cancel_order(
    order: Order, *, at: datetime, actor: Actor, request_id: UUID | None = None
) -> Order:
    """Give an order up; the promises tied to it are to order again.

    :raises WrongMoment: as ``purchasing.services.cancel``.
    """
    in_turn()
    orders.cancel(order, at=at, actor=actor, request_id=request_id)
    promises.release_unfilled(order, at=at, actor=actor)
    return order
