"""The guard against a double order, and the word of a pharmacist that lets one through."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.planning import doubles as words
from backofficine.planning.models import DoubleAllowed
from backofficine.planning.queries.doubles import Double, doubles_among, doubles_of
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import Order, OrderLine
from backofficine.stock.services import in_turn
from backofficine.team.models import Actor


class DoubleOrder(DomainError):
    """Refused, with everything that is there already; ``doubles`` for the page that asks."""

    message = _(
        "Nothing left: this would be ordered twice. %(sentences)s Look there first, or call the "
        "supplier; then take it off the order, or let a pharmacist say why it is wanted."
    )

    def __init__(self, doubles: Sequence[Double]) -> None:
        self.doubles = list(doubles)
        super().__init__(sentences=" ".join(words.sentence(one) for one in doubles))


class PharmacistOnly(DomainError):
    message = _("Only a pharmacist may order again what is there already: call one.")


class NotDouble(DomainError):
    message = _("%(product)s is not ordered twice any more: nothing needs to be allowed.")


def refuse_doubles(order: Order, *, at: datetime) -> None:
    """Refuse an order that would bring twice what is cold, narcotic or expensive.

    Call it in the transaction that sends, when the ledger's turn is taken: two orders that leave at
    the same instant see each other.

    :raises DoubleOrder: with what is there already.
    """
    found = doubles_of(order, on=local_day(at))
    if found:
        raise DoubleOrder(found)


@transaction.atomic
def add_by_hand(
    order: Order, *, product: Product, quantity: int, at: datetime, actor: Actor
) -> OrderLine:
    """Add a product to a draft, unless it is there already.

    :raises DoubleOrder: if it is guarded, and some is there or on its way beyond what is needed.
    :raises NotDraft, AbsurdQuantity, ImpossibleQuantity: as ``purchasing.services.set_line``.
    """
    found = doubles_among(order, [(product, quantity, 0)], on=local_day(at))
    if found:
        raise DoubleOrder(found)
    return orders.set_line(order, product=product, quantity=quantity, at=at, actor=actor)


@transaction.atomic
def allow_double(
    order: Order,
    *,
    product: Product,
    boxes: int,
    reason: DoubleAllowed.Reason,
    by_pharmacist: bool,
    at: datetime,
    actor: Actor,
    request_id: UUID,
) -> DoubleAllowed:
    """Let one product leave with this order all the same. The same ``request_id`` again is no more.

    The word holds for so many boxes at most, and only as long as no more of them arrive or are
    ordered meanwhile. This will add the line if the order lacks it.

    :raises PharmacistOnly: if ``by_pharmacist`` is false.
    :raises NotDouble: if nothing is ordered twice.
    :raises NotDraft: if the order left.
    """
    if not by_pharmacist:
        raise PharmacistOnly
    in_turn()
    known = DoubleAllowed.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    line = order.lines.filter(product=product).first()
    target = int(line.why.get("target", 0)) if line is not None else 0
    found = doubles_among(order, [(product, boxes, target)], on=local_day(at))
    if not found:
        raise NotDouble(product=product)
    if line is None:
        orders.set_line(order, product=product, quantity=boxes, at=at, actor=actor)
    return DoubleAllowed.objects.create(
        order=order,
        product=product,
        boxes=boxes,
        already=found[0].already,
        reason=reason,
        decided_at=at,
        actor=actor,
        request_id=request_id,
    )
