"""The end of a receipt: what came enters the stock, once, and the gaps are written down."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Evidence, Product
from backofficine.kernel.bulk import update_rows
from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.kernel.money import to_finest
from backofficine.pharmacy.queries import local_day
from backofficine.promises import queries as promises
from backofficine.promises import services as promising
from backofficine.promises.models import Promise
from backofficine.purchasing import services as purchasing
from backofficine.purchasing.models import Order, OrderLine
from backofficine.receiving.models import ExtraKind, Gap, Parcel, Receipt, ReceiptScan
from backofficine.receiving.queries import Line, Tally, tally
from backofficine.receiving.services.scan import ReceiptIsClosed, locked_receipt
from backofficine.stock import queries as stock
from backofficine.stock.models import NO_DATE, FoundExplained, Location, Lot, Move, Posting
from backofficine.stock.queries import places
from backofficine.stock.services import MoveLine, explain_moves, in_turn, lots_of, post
from backofficine.team.models import Actor, Workstation


class NothingReceived(DomainError):
    message = _(
        "Nothing was scanned in %(receipt)s: there is nothing to close. Scan the boxes, or cancel "
        "the receipt."
    )


class BoxesWereScanned(DomainError):
    message = _("Boxes were scanned in %(receipt)s: close it, or undo the scans first.")


@dataclass(slots=True)
class _Came:
    """Boxes of one lot that came, in stock units, and at which price."""

    product: Product
    lot: Lot
    quantity: int
    is_held_back: bool
    unit_cost: Decimal | None


@transaction.atomic
def validate(
    receipt: Receipt,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    occurred_at: datetime | None = None,
    on: date | None = None,
    workstation: Workstation | None = None,
) -> Receipt:
    """Close a receipt. Closing it again changes nothing, whatever the ``request_id``.

    This will, in one transaction: post what came from the supplier to the dock, and what may not
    be sold to quarantine; move promised boxes to their slots; count the order lines and close the
    orders as received; write the gaps; note the prices as last receipt; empty the parcels. A late
    receipt (``occurred_at`` before ``at``) explains the boxes that were withdrawn meanwhile and
    posted as *found*.

    :raises NothingReceived: if no box was scanned.
    :raises ReceiptIsClosed: if the receipt was cancelled.
    """
    receipt = locked_receipt(receipt)
    if receipt.status == Receipt.Status.VALIDATED:
        return receipt
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    # The receipt, then the ledger, then all else, as the bench does: nobody waits in a ring.
    in_turn()
    on = on or local_day(at)
    counts = tally(receipt, on=on)
    touched = counts.touched_lines
    if not touched:
        raise NothingReceived(receipt=receipt)
    when = occurred_at or at
    products = _products(counts)
    came = _what_came(receipt, touched, products)
    posting = _post_receipt(
        receipt, came, occurred_at=when, recorded_at=at, actor=actor, workstation=workstation
    )
    _set_aside(receipt, came, at=at, on=on, actor=actor, workstation=workstation)
    _explain_found(
        receipt, came, occurred_at=when, recorded_at=at, actor=actor, workstation=workstation
    )
    _count_orders(receipt, counts, at=at, actor=actor)
    _learn(touched, products, receipt=receipt)
    Gap.objects.bulk_create(gaps_of(receipt, counts, at=at))
    _empty_parcels(receipt, at=at)
    receipt.status, receipt.validated_at, receipt.posting = Receipt.Status.VALIDATED, at, posting
    receipt.save(update_fields=["status", "validated_at", "posting"])
    return receipt


@transaction.atomic
def cancel_receipt(receipt: Receipt, *, on: date) -> Receipt:
    """Give up a receipt begun by mistake: its orders and parcels wait again.

    :raises BoxesWereScanned: if boxes are counted in it.
    :raises ReceiptIsClosed: if it was validated.
    """
    receipt = locked_receipt(receipt)
    if receipt.status == Receipt.Status.CANCELLED:
        return receipt
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    if tally(receipt, on=on).touched_lines:
        raise BoxesWereScanned(receipt=receipt)
    Parcel.objects.filter(receipt=receipt).update(receipt=None)
    receipt.status = Receipt.Status.CANCELLED
    receipt.save(update_fields=["status"])
    return receipt


def gaps_of(receipt: Receipt, counts: Tally, *, at: datetime) -> list[Gap]:
    """The differences between what was due and what came, not saved: a preview or the facts.

    A box that replaces another fills its line: the gap is then *substituted*, not *missing*.
    """
    found: list[Gap] = []
    filled: dict[int, int] = {}
    if counts.has_orders:
        for line in counts.lines.values():
            is_substitute = line.is_extra and line.extra_kind == ExtraKind.SUBSTITUTION
            if is_substitute and line.received and line.replaces_id is not None:
                replaced = counts.line(line.replaces_id)
                filled[line.replaces_id] = filled.get(line.replaces_id, 0) + line.received
                found.append(
                    Gap(
                        receipt=receipt,
                        product_id=line.product_id,
                        kind=Gap.Kind.SUBSTITUTED,
                        replaces_id=line.replaces_id,
                        ordered=replaced.ordered,
                        received=line.received,
                        found_at=at,
                    )
                )
        for line in counts.lines.values():
            found += _quantity_gaps(receipt, line, filled.get(line.product_id, 0), at=at)
    for line in counts.lines.values():
        if line.received and line.has_price_gap:
            found.append(
                Gap(
                    receipt=receipt,
                    product_id=line.product_id,
                    kind=Gap.Kind.PRICE,
                    ordered=line.ordered,
                    received=line.received,
                    expected_price=line.expected_price,
                    actual_price=line.actual_price,
                    found_at=at,
                )
            )
    return found


def _quantity_gaps(receipt: Receipt, line: Line, filled: int, *, at: datetime) -> list[Gap]:
    if line.received + filled < line.ordered:
        kind = Gap.Kind.MISSING
    elif line.received > line.ordered and line.ordered:
        kind = Gap.Kind.EXTRA
    elif line.is_extra and (line.received or line.held_back):
        if line.extra_kind == ExtraKind.SUBSTITUTION and line.replaces_id is not None:
            return []
        kind = Gap.Kind.SUBSTITUTED if line.extra_kind == ExtraKind.SUBSTITUTION else Gap.Kind.EXTRA
    else:
        return []
    return [
        Gap(
            receipt=receipt,
            product_id=line.product_id,
            kind=kind,
            ordered=line.ordered,
            received=line.received + (line.held_back if line.is_extra else 0),
            found_at=at,
        )
    ]


def _products(counts: Tally) -> dict[int, Product]:
    keys = list(counts.lines)
    found: dict[int, Product] = {}
    for start in range(0, len(keys), 500):
        found |= Product.objects.in_bulk(keys[start : start + 500])
    return found


def _what_came(receipt: Receipt, touched: list[Line], products: dict[int, Product]) -> list[_Came]:
    lots = lots_of(
        (products[line.product_id], lot.number, lot.expires_on)
        for line in touched
        for lot in line.lots
    )
    merged: dict[tuple[int, bool, Decimal | None], _Came] = {}
    for line in touched:
        product = products[line.product_id]
        for counted in line.lots:
            lot = lots[product.pk, counted.number, counted.expires_on or NO_DATE]
            cost = _unit_cost(line, product, is_gift=counted.is_gift)
            key = (lot.pk, counted.is_held_back, cost)
            quantity = counted.quantity * product.doses_per_box
            if key in merged:
                merged[key].quantity += quantity
            else:
                merged[key] = _Came(product, lot, quantity, counted.is_held_back, cost)
    # A mirror may have emptied a lot: it came to nothing.
    return sorted(
        (one for one in merged.values() if one.quantity > 0),
        key=lambda one: (one.is_held_back, one.lot.pk),
    )


def _unit_cost(line: Line, product: Product, *, is_gift: bool) -> Decimal | None:
    """Euros excl. VAT of one stock unit; ``None`` leaves the product's own."""
    if is_gift:
        return Decimal(0)
    price = line.actual_price if line.actual_price is not None else line.expected_price
    return None if price is None else to_finest(price / product.doses_per_box)


def _post_receipt(
    receipt: Receipt,
    came: list[_Came],
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    workstation: Workstation | None,
) -> Posting:
    supplier = stock.virtual(Location.Kind.SUPPLIER)
    dock = places.dock()
    held = stock.quarantine() if any(one.is_held_back for one in came) else dock
    return post(
        lines=[
            MoveLine(
                one.lot,
                supplier,
                held if one.is_held_back else dock,
                one.quantity,
                unit_cost=one.unit_cost,
            )
            for one in came
        ],
        reason=Posting.Reason.RECEIPT,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        # The receipt's own: two people who close it at once post it once.
        request_id=derived_id("receipt", receipt.public_id),
        workstation=workstation,
    )


def _set_aside(
    receipt: Receipt,
    came: list[_Came],
    *,
    at: datetime,
    on: date,
    actor: Actor,
    workstation: Workstation | None,
) -> None:
    """Move promised boxes from the dock to their slots: as announced, then as they still wait."""
    free: dict[int, list[_Came]] = defaultdict(list)
    recalled = set(stock.held_lot_ids())
    for one in came:
        # A lot recalled since its scan reaches no patient: it waits on the dock.
        if not one.is_held_back and one.lot.pk not in recalled:
            free[one.product.pk].append(one)
    dock = places.dock()
    for promise, wanted in _owed(receipt, free):
        left = wanted
        # Boxes that expire first leave first; an announced patient takes what was scanned.
        for one in sorted(free[promise.product_id], key=lambda came: came.lot.expires_on):
            quantity = min(left, one.quantity)
            if not quantity:
                continue
            promising.set_aside(
                promise,
                lot=one.lot,
                source=dock,
                quantity=quantity,
                at=at,
                on=on,
                actor=actor,
                by_pharmacist=True,  # only a pharmacist could scan a narcotic into the receipt
                request_id=derived_id("aside", receipt.public_id, promise.pk, one.lot.pk),
                workstation=workstation,
            )
            one.quantity -= quantity
            left -= quantity


def _owed(receipt: Receipt, free: dict[int, list[_Came]]) -> Iterable[tuple[Promise, int]]:
    """Promises to fill from this receipt, and with how many stock units each."""
    announced = dict(
        ReceiptScan.objects.filter(receipt=receipt, promise__isnull=False)
        .values_list("promise_id")
        .annotate(boxes=Sum("quantity"))
        .order_by()
    )
    owed = promises.promised_by_product(list(free))
    for key in sorted(owed):
        came = free[key]
        left = sum(one.quantity for one in came)
        waiting = promises.waiting_for(came[0].product)
        # What the bench announced is already in the slot: it comes before what was promised since.
        waiting.sort(key=lambda promise: not announced.get(promise.pk))
        for promise in waiting:
            wanted = min(left, promise.missing_quantity)
            if wanted > 0:
                left -= wanted
                yield promise, wanted


def _explain_found(
    receipt: Receipt,
    came: list[_Came],
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    workstation: Workstation | None,
) -> None:
    """Boxes withdrawn between the drop and this record were *found*: they came in this receipt.

    The record would count them twice; a posting from the dock to the virtual end *count* takes
    them out, and says what they were.
    """
    loose: dict[int, list[_Came]] = defaultdict(list)
    for one in came:
        if not one.is_held_back and one.quantity:
            loose[one.product.pk].append(one)
    dropped = (
        Parcel.objects.filter(receipt=receipt)
        .order_by("dropped_at")
        .values_list("dropped_at", flat=True)
        .first()
    )
    since = min(occurred_at, dropped or receipt.started_at, receipt.started_at)
    provisional = list(
        Move.objects.filter(
            is_found=True,
            source__kind=Location.Kind.COUNT,
            explained=None,
            posting__occurred_at__gte=since,
            posting__occurred_at__lt=recorded_at,
            # What was undone is back: it never left.
            posting__reversed_by=None,
        )
        .select_related("lot")
        .order_by("posting__position", "line")
    )
    lines: list[MoveLine] = []
    explained: list[Move] = []
    dock, counted = places.dock(), stock.virtual(Location.Kind.COUNT)
    for move in provisional:
        boxes = loose.get(move.lot.product_id, [])
        if sum(one.quantity for one in boxes) < move.quantity:
            continue
        missing = move.quantity
        # The lot that was scanned at the counter is the one that left.
        for one in sorted(boxes, key=lambda came: came.lot.pk != move.lot_id):
            taken = min(missing, one.quantity)
            if taken:
                lines.append(MoveLine(one.lot, dock, counted, taken, unit_cost=one.unit_cost))
                one.quantity -= taken
                missing -= taken
        explained.append(move)
    if not lines:
        return
    posting = post(
        lines=lines,
        reason=Posting.Reason.COUNT,
        occurred_at=recorded_at,
        recorded_at=recorded_at,
        actor=actor,
        request_id=derived_id("late", receipt.public_id),
        workstation=workstation,
    )
    explain_moves(explained, by=FoundExplained.By.RECEIPT, posting=posting, at=recorded_at)


def _count_orders(receipt: Receipt, counts: Tally, *, at: datetime, actor: Actor) -> None:
    left = {line.product_id: line.received for line in counts.lines.values()}
    received: dict[int, int] = {}
    last: dict[int, int] = {}
    lines = (
        OrderLine.objects.filter(order__receipt_orders__receipt=receipt, quantity__gt=0)
        .order_by("order_id", "pk")
        .values_list("pk", "product_id", "quantity", "answered_quantity", "received_quantity")
    )
    for key, product, quantity, answered, before in lines:
        due = max(0, (quantity if answered is None else answered) - before)
        taken = min(due, left.get(product, 0))
        received[key] = taken
        left[product] = left.get(product, 0) - taken
        last[product] = key
    for product, surplus in left.items():
        # Too many boxes came: the last order that asked for them says so.
        if surplus and product in last:
            received[last[product]] += surplus
    purchasing.note_received_many(received)
    for order in Order.objects.filter(
        receipt_orders__receipt=receipt, status__in=[Order.Status.SENT, Order.Status.ANSWERED]
    ).order_by("pk"):
        purchasing.mark_received(
            order,
            at=at,
            actor=actor,
            request_id=derived_id("received", receipt.public_id, order.pk),
        )
        promising.release_unfilled(order, at=at, actor=actor)


def _learn(touched: list[Line], products: dict[int, Product], *, receipt: Receipt) -> None:
    """The price of the last receipt is the cost from now on; what came is followed here."""
    costs: list[tuple[int, Decimal, str]] = []
    for line in touched:
        product = products[line.product_id]
        if not line.received or line.extra_kind == ExtraKind.GIFT:
            continue
        cost = _unit_cost(line, product, is_gift=False)
        if cost and (cost != product.unit_cost or product.cost_evidence != Evidence.RECEIPT):
            costs.append((product.pk, cost, Evidence.RECEIPT.value))
    update_rows(Product, ["unit_cost", "cost_evidence"], costs)
    unknown = [
        line.product_id
        for line in touched
        if line.received and not products[line.product_id].is_followed
    ]
    for start in range(0, len(unknown), 500):
        Product.objects.filter(pk__in=unknown[start : start + 500]).update(is_followed=True)


def _empty_parcels(receipt: Receipt, *, at: datetime) -> None:
    parcels = list(Parcel.objects.filter(receipt=receipt, emptied_at=None).order_by("pk"))
    for parcel in parcels:
        parcel.opened_at = parcel.opened_at or max(parcel.dropped_at, receipt.started_at)
        parcel.emptied_at = max(parcel.opened_at, at)
    Parcel.objects.bulk_update(parcels, ["opened_at", "emptied_at"])
