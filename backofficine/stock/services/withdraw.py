"""Withdrawals: the busiest act of the shop, in hand-written SQL, in this one file.

It does what ``post`` does (lock the head, write, seal, lower the balances) in the fewest
statements, and adds the choice of the lots and the line of demand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.errors import DomainError
from backofficine.kernel.money import to_units
from backofficine.stock import queries
from backofficine.stock.chain import SealedLine, seal
from backofficine.stock.models import (
    CountRequest,
    DemandLine,
    ExpiredSale,
    Location,
    Lot,
    Move,
    NarcoticVisa,
    Posting,
)
from backofficine.stock.services.count import ask_count
from backofficine.stock.services.ledger import RequestReused, lot_of
from backofficine.team.models import Actor, Workstation


class ExpiredLot(DomainError):
    message = _(
        "Expired on %(day)s: this box may not be handed over. Take another, and take this one out "
        "of stock."
    )


class HeldLot(DomainError):
    message = _(
        "Lot %(lot)s is recalled or in quarantine: keep the box, call the pharmacist, take another."
    )


class NeedsVisa(DomainError):
    message = _("This visa was already given, or is not awaited any more.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """``quantity`` stock units of a product; ``lot`` if the box itself was scanned."""

    product: Product
    quantity: int
    lot: Lot | None = None


@dataclass(frozen=True, slots=True)
class WithdrawnLine:
    """What left, from which lot and place. ``is_found``: the record said it was not there."""

    product_id: int
    lot_id: int
    location_id: int
    quantity: int
    is_found: bool
    is_lot_assumed: bool


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The posting, and what it moved to the patient."""

    posting_id: int
    position: int
    lines: tuple[WithdrawnLine, ...] = ()
    is_repeat: bool = False

    @property
    def found(self) -> int:
        """Stock units that the record did not know."""
        return sum(line.quantity for line in self.lines if line.is_found)


@dataclass(slots=True)
class _Candidate:
    lot_id: int
    lot_public_id: UUID
    location_id: int
    location_public_id: UUID
    on_hand: int
    is_fresh: bool
    is_held: bool


@dataclass(slots=True)
class _Row:
    """A move to be written, with what the seal needs."""

    product_id: int
    lot_id: int
    lot_public_id: UUID
    source: tuple[int, UUID]
    target: tuple[int, UUID]
    quantity: int
    unit_cost: Decimal
    is_lot_assumed: bool = False
    is_found: bool = False
    is_refused_kind: bool = False  # expired or held, taken because a file says it was sold


@dataclass(slots=True)
class _Plan:
    rows: list[_Row] = field(default_factory=list)
    lowered: dict[tuple[int, int], int] = field(default_factory=dict)
    found_products: list[Product] = field(default_factory=list)


@transaction.atomic
def withdraw(
    wanted: Sequence[Wanted],
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    on: date,
    actor: Actor,
    request_id: UUID,
    by_pharmacist: bool,
    workstation: Workstation | None = None,
    is_fact: bool = False,
    demand_source: str = "",
) -> Withdrawal:
    """Record what left for a patient, whatever the record thought it held.

    ``on`` is the pharmacy's civil day, against which dates are read. Lots are taken first expired,
    first out; a scanned ``lot`` is taken itself. Boxes that the record did not know enter from the
    virtual end *count*, provisionally, and the product goes on the next count list. If the record
    holds other lots of a scanned product, those boxes change lot instead: the total was right.

    ``is_fact`` is for imported sales: an expired or held lot is then recorded and flagged, never
    refused. A narcotic withdrawn without ``by_pharmacist`` awaits a visa.

    :raises ExpiredLot: if the scanned box is expired.
    :raises HeldLot: if the scanned lot is recalled or quarantined, or waits in quarantine alone.
    :raises RequestReused: if ``request_id`` named another event.
    """
    with connection.cursor() as cursor:
        position, previous_hash = _lock_head(cursor)
        known = _known(cursor, request_id)
        if known is not None:
            return known
        patient, counted = _ends(cursor)
        plan = _plan(cursor, wanted, patient=patient, counted=counted, on=on, is_fact=is_fact)
        position += 1
        digest = seal(
            previous_hash,
            position=position,
            request_id=request_id,
            reason=Posting.Reason.WITHDRAWAL,
            cause="",
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor=actor.number,
            workstation=workstation.number if workstation else None,
            reverses=None,
            lines=[
                SealedLine.of(
                    lot=row.lot_public_id,
                    source=row.source[1],
                    target=row.target[1],
                    quantity=row.quantity,
                    unit_cost=row.unit_cost,
                )
                for row in plan.rows
            ],
        )
        cursor.execute(
            "INSERT INTO stock_posting (position, request_id, reason, cause, occurred_at, "
            "recorded_at, actor_id, workstation_id, reverses_id, previous_hash, hash) "
            "VALUES (%s, %s, %s, '', %s, %s, %s, %s, NULL, %s, %s) RETURNING id",
            [
                position,
                _uuid(request_id),
                str(Posting.Reason.WITHDRAWAL),
                _instant(occurred_at),
                _instant(recorded_at),
                actor.pk,
                workstation.pk if workstation else None,
                previous_hash,
                digest,
            ],
        )
        posting_id = int(cursor.fetchone()[0])
        _insert_moves(cursor, posting_id, plan.rows)
        _lower(cursor, plan.lowered)
        cursor.execute(
            "UPDATE stock_chainhead SET position = %s, hash = %s WHERE id = 1", [position, digest]
        )
        _insert_demand(
            cursor, wanted, occurred_at=occurred_at, on=on, request_id=request_id,
            source=demand_source,
        )  # fmt: skip
    for product in plan.found_products:
        ask_count(product, why=CountRequest.Why.FOUND, at=recorded_at)
    if any(row.is_refused_kind for row in plan.rows):
        _flag_expired(posting_id, plan.rows, at=recorded_at)
    if not by_pharmacist and any(line.product.is_narcotic for line in wanted):
        NarcoticVisa.objects.create(posting_id=posting_id, asked_at=recorded_at)
    return Withdrawal(
        posting_id=posting_id,
        position=position,
        lines=_to_patient(plan.rows, patient),
    )


def give_visa(visa: NarcoticVisa, *, at: datetime, actor: Actor) -> None:
    """A pharmacist looked at a technician's narcotic withdrawal.

    :raises NeedsVisa: if someone gave it already.
    """
    given = NarcoticVisa.objects.filter(pk=visa.pk, given_at=None).update(
        given_at=at, given_by=actor
    )
    if not given:
        raise NeedsVisa


def _lock_head(cursor: CursorWrapper) -> tuple[int, str]:
    # SQLite's transaction is IMMEDIATE: the write lock is already held.
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    cursor.execute(f"SELECT position, hash FROM stock_chainhead WHERE id = 1{lock}")  # noqa: S608
    position, previous_hash = cursor.fetchone()
    return int(position), str(previous_hash)


def _known(cursor: CursorWrapper, request_id: UUID) -> Withdrawal | None:
    cursor.execute(
        "SELECT id, position, reason FROM stock_posting WHERE request_id = %s", [_uuid(request_id)]
    )
    row = cursor.fetchone()
    if row is None:
        return None
    if row[2] != Posting.Reason.WITHDRAWAL:
        raise RequestReused
    moves = Move.objects.filter(posting_id=row[0], target__kind=Location.Kind.PATIENT)
    return Withdrawal(
        posting_id=int(row[0]),
        position=int(row[1]),
        lines=tuple(
            WithdrawnLine(
                product_id=move.lot.product_id,
                lot_id=move.lot_id,
                location_id=move.source_id,
                quantity=move.quantity,
                is_found=move.is_found,
                is_lot_assumed=move.is_lot_assumed,
            )
            for move in moves.select_related("lot").order_by("line")
        ),
        is_repeat=True,
    )


def _ends(cursor: CursorWrapper) -> tuple[tuple[int, UUID], tuple[int, UUID]]:
    cursor.execute(
        "SELECT kind, id, public_id FROM stock_location WHERE kind IN ('patient', 'count')"
    )
    ends = {kind: (int(pk), _as_uuid(public_id)) for kind, pk, public_id in cursor.fetchall()}
    return ends["patient"], ends["count"]


def _candidates(
    cursor: CursorWrapper, products: Iterable[int], *, on: date
) -> dict[int, list[_Candidate]]:
    keys = sorted(set(products))
    places = ", ".join(["%s"] * len(keys))
    serving = ", ".join(f"'{kind}'" for kind in Location.SERVING)
    cursor.execute(
        # Only placeholders and the constants above are formatted in.
        f"""SELECT lot.product_id, lot.id, lot.public_id, place.id, place.public_id,
                   balance.on_hand, lot.expires_on >= %s,
                   EXISTS (SELECT 1 FROM stock_lothold hold
                           WHERE hold.lot_id = lot.id AND hold.lifted_at IS NULL)
            FROM stock_lot lot
            JOIN stock_balance balance ON balance.lot_id = lot.id
            JOIN stock_location place ON place.id = balance.location_id
            WHERE lot.product_id IN ({places}) AND balance.on_hand > 0
              AND place.kind IN ({serving})
            ORDER BY lot.expires_on, place.walk_order, balance.id""",  # noqa: S608
        [_day(on), *keys],
    )
    found: dict[int, list[_Candidate]] = {key: [] for key in keys}
    for product, lot, lot_public, place, place_public, on_hand, fresh, held in cursor.fetchall():
        found[int(product)].append(
            _Candidate(
                int(lot),
                _as_uuid(lot_public),
                int(place),
                _as_uuid(place_public),
                int(on_hand),
                bool(fresh),
                bool(held),
            )
        )
    return found


def _plan(
    cursor: CursorWrapper,
    wanted: Sequence[Wanted],
    *,
    patient: tuple[int, UUID],
    counted: tuple[int, UUID],
    on: date,
    is_fact: bool,
) -> _Plan:
    assert wanted, "a withdrawal takes something"
    candidates = _candidates(cursor, (line.product.pk for line in wanted), on=on)
    plan = _Plan()
    for line in wanted:
        held = candidates[line.product.pk]
        if line.lot is not None:
            if not is_fact:
                _refuse(line.lot, on=on)
                _refuse_quarantined(line.lot, held)
            _take_scanned(plan, line, held, patient=patient, counted=counted)
        else:
            _take_first_expired(
                plan, line, held, patient=patient, counted=counted, on=on, is_fact=is_fact
            )
    return plan


def _refuse(lot: Lot, *, on: date) -> None:
    if lot.is_expired(on=on):
        raise ExpiredLot(day=f"{lot.expires_on:%d/%m/%Y}")
    if lot.holds.filter(lifted_at=None).exists():
        raise HeldLot(lot=lot)


def _refuse_quarantined(lot: Lot, held: list[_Candidate]) -> None:
    """A lot that the record knows in quarantine alone: the box in the hand comes from there."""
    if any(each.lot_id == lot.pk and each.on_hand for each in held):
        return
    aside = lot.balances.filter(on_hand__gt=0, location__kind=Location.Kind.QUARANTINE)
    if aside.exists():
        raise HeldLot(lot=lot)


def _cost(product: Product) -> Decimal:
    return product.unit_cost or Decimal(0)


def _take(
    plan: _Plan, line: Wanted, candidate: _Candidate, quantity: int, *, patient: tuple[int, UUID],
    assumed: bool,
) -> None:  # fmt: skip
    candidate.on_hand -= quantity
    key = candidate.lot_id, candidate.location_id
    plan.lowered[key] = plan.lowered.get(key, 0) + quantity
    plan.rows.append(
        _Row(
            line.product.pk,
            candidate.lot_id,
            candidate.lot_public_id,
            (candidate.location_id, candidate.location_public_id),
            patient,
            quantity,
            _cost(line.product),
            is_lot_assumed=assumed,
            is_refused_kind=not candidate.is_fresh or candidate.is_held,
        )
    )


def _take_first_expired(
    plan: _Plan,
    line: Wanted,
    held: list[_Candidate],
    *,
    patient: tuple[int, UUID],
    counted: tuple[int, UUID],
    on: date,
    is_fact: bool,
) -> None:
    missing = line.quantity
    allowed = [each for each in held if each.is_fresh and not each.is_held]
    if is_fact:
        # A file says the boxes left: if only forbidden ones were there, those left, and it is told.
        allowed += [each for each in held if not each.is_fresh or each.is_held]
    for candidate in allowed:
        quantity = min(missing, candidate.on_hand)
        if quantity:
            _take(plan, line, candidate, quantity, patient=patient, assumed=True)
            missing -= quantity
    if missing:
        lot = queries.latest_servable_lot(line.product, on=on) or lot_of(line.product)
        _take_found(plan, line, lot, missing, patient=patient, counted=counted, assumed=True)


def _take_scanned(
    plan: _Plan,
    line: Wanted,
    held: list[_Candidate],
    *,
    patient: tuple[int, UUID],
    counted: tuple[int, UUID],
) -> None:
    assert line.lot is not None, "a scanned box has a lot"
    missing = line.quantity
    for candidate in (each for each in held if each.lot_id == line.lot.pk):
        quantity = min(missing, candidate.on_hand)
        if quantity:
            _take(plan, line, candidate, quantity, patient=patient, assumed=False)
            missing -= quantity
    # The record holds the product under another lot: the box was entered under the wrong one.
    for candidate in held:
        quantity = min(missing, candidate.on_hand)
        if quantity:
            candidate.on_hand -= quantity
            key = candidate.lot_id, candidate.location_id
            plan.lowered[key] = plan.lowered.get(key, 0) + quantity
            place = candidate.location_id, candidate.location_public_id
            cost = _cost(line.product)
            lot = line.lot.pk, line.lot.public_id
            product = line.product.pk
            plan.rows += [
                _Row(product, candidate.lot_id, candidate.lot_public_id, place, counted, quantity,
                     cost, is_lot_assumed=True),
                _Row(product, *lot, counted, place, quantity, cost),
                _Row(product, *lot, place, patient, quantity, cost),
            ]  # fmt: skip
            missing -= quantity
    if missing:
        _take_found(plan, line, line.lot, missing, patient=patient, counted=counted, assumed=False)


def _take_found(
    plan: _Plan,
    line: Wanted,
    lot: Lot,
    quantity: int,
    *,
    patient: tuple[int, UUID],
    counted: tuple[int, UUID],
    assumed: bool,
) -> None:
    place = queries.place_of(line.product)
    end = place.pk, place.public_id
    for source, target in ((counted, end), (end, patient)):
        plan.rows.append(
            _Row(
                line.product.pk,
                lot.pk,
                lot.public_id,
                source,
                target,
                quantity,
                _cost(line.product),
                is_lot_assumed=assumed,
                is_found=True,
            )
        )
    plan.found_products.append(line.product)


def _insert_moves(cursor: CursorWrapper, posting_id: int, rows: list[_Row]) -> None:
    cursor.executemany(
        "INSERT INTO stock_move (posting_id, line, lot_id, source_id, target_id, quantity, "
        "unit_cost, is_lot_assumed, is_found) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                posting_id,
                number,
                row.lot_id,
                row.source[0],
                row.target[0],
                row.quantity,
                to_units(row.unit_cost),
                row.is_lot_assumed,
                row.is_found,
            )
            for number, row in enumerate(rows)
        ],
    )


def _lower(cursor: CursorWrapper, lowered: dict[tuple[int, int], int]) -> None:
    for (lot, place), quantity in sorted(lowered.items()):
        cursor.execute(
            "UPDATE stock_balance SET on_hand = on_hand - %s "
            "WHERE lot_id = %s AND location_id = %s AND on_hand >= %s",
            [quantity, lot, place, quantity],
        )
        assert cursor.rowcount == 1, "the head's lock keeps what was read true"


def _insert_demand(
    cursor: CursorWrapper,
    wanted: Sequence[Wanted],
    *,
    occurred_at: datetime,
    on: date,
    request_id: UUID,
    source: str,
) -> None:
    served = str(DemandLine.Kind.SERVED)
    cursor.executemany(
        "INSERT INTO stock_demandline (product_id, kind, quantity, occurred_at, occurred_on, "
        "request_id, line, source) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                line.product.pk,
                served,
                line.quantity,
                _instant(occurred_at),
                _day(on),
                _uuid(request_id),
                number,
                source,
            )
            for number, line in enumerate(wanted)
        ],
    )


def _flag_expired(posting_id: int, rows: list[_Row], *, at: datetime) -> None:
    numbers = [number for number, row in enumerate(rows) if row.is_refused_kind]
    moves = Move.objects.filter(posting_id=posting_id, line__in=numbers)
    ExpiredSale.objects.bulk_create([ExpiredSale(move=move, noticed_at=at) for move in moves])


def _to_patient(rows: list[_Row], patient: tuple[int, UUID]) -> tuple[WithdrawnLine, ...]:
    return tuple(
        WithdrawnLine(
            row.product_id,
            row.lot_id,
            row.source[0],
            row.quantity,
            row.is_found,
            row.is_lot_assumed,
        )
        for row in rows
        if row.target == patient
    )


def _uuid(value: UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _as_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _instant(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _day(value: date) -> Any:
    return connection.ops.adapt_datefield_value(value)
