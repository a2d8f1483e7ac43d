"""Posting: one business event, its moves, its balances and its seal, all or nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.bulk import insert_rows
from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.kernel.prepared import Prepared
from backofficine.stock.chain import SealedLine, seal
from backofficine.stock.models import NO_DATE, Balance, ChainHead, Location, Lot, Move, Posting
from backofficine.team.models import Actor, Workstation


class InsufficientStock(DomainError):
    message = _(
        "The record holds %(held)s of lot %(lot)s at %(location)s, not %(wanted)s. "
        "Count the place, or take the boxes from where they are."
    )


class RequestReused(DomainError):
    message = _("This form was already used for something else. Reload the page and start again.")


class AlreadyReversed(DomainError):
    message = _("This was already undone. Reload the page to see it.")


@dataclass(frozen=True, slots=True)
class MoveLine:
    """``quantity`` stock units of ``lot`` from one place to another.

    ``unit_cost`` in euros excl. VAT per stock unit; by default the product's own.
    """

    lot: Lot
    source: Location
    target: Location
    quantity: int
    unit_cost: Decimal | None = None
    is_lot_assumed: bool = False
    is_found: bool = False

    @property
    def cost(self) -> Decimal:
        if self.unit_cost is not None:
            return self.unit_cost
        return self.lot.product.unit_cost or Decimal(0)


def lot_of(product: Product, *, number: str = "", expires_on: date | None = None) -> Lot:
    """The lot of these words, made on first sight. An unknown date is kept as unknown."""
    return Lot.objects.get_or_create(
        product=product, number=number, expires_on=expires_on or NO_DATE
    )[0]


LotWords = tuple[int, str, date]
"""A product's primary key, a number, a date; what makes a lot unique."""


def lots_of(wanted: Iterable[tuple[Product, str, date | None]]) -> dict[LotWords, Lot]:
    """The lots of these words, those missing made at once: a few queries for a whole delivery.

    An unknown date is :data:`NO_DATE` in the keys. Each lot bears its product.
    """
    words = {
        (product.pk, number, expires_on or NO_DATE): product
        for product, number, expires_on in wanted
    }
    found = _lots_by_words(words)
    missing = [key for key in words if key not in found]
    if missing:
        # A competitor may make the same lot meanwhile: the wall keeps one, which is read again.
        Lot.objects.bulk_create(
            [
                Lot(product_id=product, number=number, expires_on=expires_on)
                for product, number, expires_on in missing
            ],
            ignore_conflicts=True,
        )
        found |= _lots_by_words({key: words[key] for key in missing})
    for key, lot in found.items():
        lot.product = words[key]
    return found


def _lots_by_words(words: dict[LotWords, Product]) -> dict[LotWords, Lot]:
    wanted = sorted(words)
    found: dict[LotWords, Lot] = {}
    # Some databases take no more than a few hundred values in one list. A product of long standing
    # has hundreds of lots: only those of these numbers are read.
    for start in range(0, len(wanted), 400):
        some = wanted[start : start + 400]
        rows = Lot.objects.filter(
            product__in={product for product, _number, _expires_on in some},
            number__in={number for _product, number, _expires_on in some},
        )
        for lot in rows.order_by("pk"):
            key = (lot.product_id, lot.number, lot.expires_on)
            if key in words:
                found[key] = lot
    return found


_HEAD = Prepared(lambda key: ChainHead.objects.select_for_update().filter(pk=key), int)
_POSTED = Prepared(lambda request: Posting.objects.filter(request_id=request), UUID)


def in_turn() -> ChainHead:
    """Take the ledger's lock, and return the head of the chain.

    A command that reads balances to decide what to post takes its turn first: what it read then
    stays true until it commits, and commands that lock other rows too never deadlock. SQLite's
    transactions are immediate and hold the one write lock already.
    """
    head = _HEAD.first(1)
    assert head is not None, "the first migration wrote it"
    return head


@transaction.atomic
def post(
    *,
    lines: Iterable[MoveLine],
    reason: Posting.Reason,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
    cause: str = "",
    reverses: Posting | None = None,
) -> Posting:
    """Write one business event to the ledger and bring the balances up to date.

    Posting the same ``request_id`` twice returns the first posting. This will lock the head of the
    chain, write the posting and its moves, raise and lower the balances, and move the head.

    :raises InsufficientStock: if a place would go below zero.
    :raises RequestReused: if ``request_id`` named another event.
    """
    # The lock comes first: whoever holds it sees every earlier posting, retries included.
    head = in_turn()
    known = _POSTED.first(request_id)
    if known is not None:
        if known.reason != reason:
            raise RequestReused
        return known
    asked = list(lines)
    assert asked, "a posting moves something"

    position = head.position + 1
    digest = seal(
        head.hash,
        position=position,
        request_id=request_id,
        reason=reason,
        cause=cause,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor.number,
        workstation=workstation.number if workstation else None,
        reverses=reverses.request_id if reverses else None,
        lines=[
            SealedLine.of(
                lot=line.lot.public_id,
                source=line.source.public_id,
                target=line.target.public_id,
                quantity=line.quantity,
                unit_cost=line.cost,
            )
            for line in asked
        ],
    )
    posting = Posting.objects.create(
        position=position,
        request_id=request_id,
        reason=reason,
        cause=cause,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        workstation=workstation,
        reverses=reverses,
        previous_hash=head.hash,
        hash=digest,
    )
    insert_rows(
        Move,
        (
            "posting_id", "line", "lot_id", "source_id", "target_id", "quantity", "unit_cost",
            "is_lot_assumed", "is_found",
        ),
        (
            (
                posting.pk, number, line.lot.pk, line.source.pk, line.target.pk, line.quantity,
                line.cost, line.is_lot_assumed, line.is_found,
            )
            for number, line in enumerate(asked)
        ),
    )  # fmt: skip
    _change_balances(asked)
    ChainHead.objects.filter(pk=1).update(position=position, hash=digest)
    return posting


def _change_balances(lines: list[MoveLine]) -> None:
    changes: Counter[tuple[int, int]] = Counter()
    for line in lines:
        if line.source.holds_stock:
            changes[line.lot.pk, line.source.pk] -= line.quantity
        if line.target.holds_stock:
            changes[line.lot.pk, line.target.pk] += line.quantity
    # Always in the same order, so that two postings cannot deadlock.
    ordered = sorted(changes.items())
    _raise_balances([(*key, by) for key, by in ordered if by > 0])
    for (lot_id, location_id), by in ordered:
        if by < 0:
            _lower_balance(lot_id=lot_id, location_id=location_id, by=-by)


def _raise_balances(rises: list[tuple[int, int, int]]) -> None:
    if not rises:
        return
    # One upsert; the ORM's own would overwrite on_hand instead of adding to it.
    statement = (
        "INSERT INTO stock_balance (lot_id, location_id, on_hand) VALUES (%s, %s, %s) "
        "ON CONFLICT (lot_id, location_id) "
        "DO UPDATE SET on_hand = stock_balance.on_hand + excluded.on_hand"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rises)


def _lower_balance(*, lot_id: int, location_id: int, by: int) -> None:
    # One conditional UPDATE is the check and the write: no gap for a race on any database. By hand:
    # a put-away lowers a hundred balances, and the ORM takes ten times the database's own time.
    statement = (
        "UPDATE stock_balance SET on_hand = on_hand - %s "
        "WHERE lot_id = %s AND location_id = %s AND on_hand >= %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [by, lot_id, location_id, by])
        lowered = cursor.rowcount
    if not lowered:
        balance = Balance.objects.filter(lot_id=lot_id, location_id=location_id)
        raise InsufficientStock(
            wanted=by,
            held=balance.values_list("on_hand", flat=True).first() or 0,
            lot=Lot.objects.get(pk=lot_id),
            location=Location.objects.get(pk=location_id),
        )


@transaction.atomic
def reverse(
    posting: Posting,
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
) -> Posting:
    """Undo a posting by its mirror image, once. This will post each move from target to source.

    :raises InsufficientStock: if the boxes have moved on since.
    :raises AlreadyReversed: if the posting is itself a reversal, or reversed already.
    """
    if posting.reason == Posting.Reason.REVERSAL:
        raise AlreadyReversed
    moves = posting.moves.select_related("lot__product", "source", "target").order_by("-line")
    return post(
        lines=[
            MoveLine(
                lot=move.lot,
                source=move.target,
                target=move.source,
                quantity=move.quantity,
                unit_cost=move.unit_cost,
                is_lot_assumed=move.is_lot_assumed,
            )
            for move in moves
        ],
        reason=Posting.Reason.REVERSAL,
        cause=posting.cause,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        workstation=workstation,
        reverses=posting,
        request_id=derived_id("reverse", posting.request_id),
    )
