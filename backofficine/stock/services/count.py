"""Looking at the shelf: not found, and counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from backofficine.catalog.models import Product
from backofficine.kernel.ids import derived_id
from backofficine.kernel.prepared import Prepared
from backofficine.stock import queries
from backofficine.stock.models import (
    Balance,
    CountLine,
    CountRequest,
    FoundExplained,
    Location,
    Move,
    NotFound,
    Posting,
)
from backofficine.stock.services.ledger import MoveLine, in_turn, lot_of, post
from backofficine.team.models import Actor, Workstation

_REPORTED = Prepared(lambda request: NotFound.objects.filter(request_id=request), UUID)


@transaction.atomic
def report_not_found(
    product: Product,
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    location: Location | None = None,
    workstation: Workstation | None = None,
) -> NotFound:
    """One tap: the product is not where the record says. This will ask for a count.

    Nothing moves: only a count changes the stock. One ``request_id`` counts once.
    """
    in_turn()
    known = _REPORTED.first(request_id)
    if known is not None:
        return known
    ask_count(product, why=CountRequest.Why.NOT_FOUND, at=at)
    return NotFound.objects.create(
        product=product,
        location=location or queries.place_of(product),
        expected=queries.on_hand(product),
        reported_at=at,
        request_id=request_id,
        actor=actor,
        workstation=workstation,
    )


def ask_count(product: Product, *, why: CountRequest.Why, at: datetime) -> None:
    """Put a product on the next count list, once for each reason."""
    CountRequest.objects.get_or_create(
        product=product, why=why, closed_at=None, defaults={"asked_at": at}
    )


@transaction.atomic
def count(
    product: Product,
    *,
    location: Location,
    counted: int,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    cause: str = "unknown",
    workstation: Workstation | None = None,
) -> CountLine:
    """Record a blind count of one product in one place, in stock units.

    This will post the difference against the virtual end *count*: boxes missing leave from the
    lots that expire first, boxes found enter as the product's latest known lot, marked assumed.
    It closes the product's count requests and explains what was found before it.
    """
    in_turn()
    known = CountLine.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    virtual = queries.virtual(Location.Kind.COUNT)
    balances = queries.lots_at(product, location)
    recorded = sum(balance.on_hand for balance in balances)
    lines: list[MoveLine] = []
    missing = recorded - counted
    for balance in balances:
        taken = min(max(missing, 0), balance.on_hand)
        if taken:
            lines.append(MoveLine(balance.lot, location, virtual, taken, is_lot_assumed=True))
            missing -= taken
    if counted > recorded:
        lot = balances[-1].lot if balances else queries.latest_lot(product) or lot_of(product)
        lines.append(MoveLine(lot, virtual, location, counted - recorded, is_lot_assumed=True))
    posting = None
    if lines:
        posting = post(
            lines=lines,
            reason=Posting.Reason.COUNT,
            occurred_at=at,
            recorded_at=at,
            actor=actor,
            request_id=request_id,
            workstation=workstation,
        )
    CountRequest.objects.filter(product=product, closed_at=None).update(
        closed_at=at, closed_by=posting
    )
    explain_found(product, by=FoundExplained.By.COUNT, posting=posting, at=at)
    return CountLine.objects.create(
        product=product,
        location=location,
        recorded=recorded,
        counted=counted,
        cause=cause,
        counted_at=at,
        request_id=request_id,
        posting=posting,
        actor=actor,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of a count list: what was seen of a product in one place, in stock units."""

    product: Product
    location: Location
    counted: int


@transaction.atomic
def count_many(
    lines: Sequence[Counted],
    *,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> list[CountLine]:
    """A whole count list at once: what :func:`count` records of each line, in a few queries.

    Lines whose count differs from the record are posted one by one; the others, usually most of
    them, only leave their fact. The same ``request_id`` counts once.
    """
    in_turn()
    ids = [derived_id("count", request_id, number) for number in range(len(lines))]
    if not ids or CountLine.objects.filter(request_id=ids[0]).exists():
        return list(CountLine.objects.filter(request_id__in=ids).order_by("pk"))
    products = {line.product.pk for line in lines}
    recorded = {
        (int(product), int(location)): int(total)
        for product, location, total in Balance.objects.filter(
            lot__product__in=products, location__in={line.location.pk for line in lines}
        )
        .values_list("lot__product", "location")
        .annotate(total=Sum("on_hand"))
        .order_by()
    }
    made: list[CountLine] = []
    plain: list[CountLine] = []
    for line, own_id in zip(lines, ids, strict=True):
        held = recorded.get((line.product.pk, line.location.pk), 0)
        if held != line.counted:
            made.append(
                count(
                    line.product, location=line.location, counted=line.counted, at=at, actor=actor,
                    request_id=own_id, workstation=workstation,
                )
            )  # fmt: skip
            continue
        plain.append(
            CountLine(
                product=line.product, location=line.location, recorded=held, counted=held,
                counted_at=at, request_id=own_id, actor=actor,
            )
        )  # fmt: skip
    keys = [one.product_id for one in plain]
    CountRequest.objects.filter(product__in=keys, closed_at=None).update(closed_at=at)
    provisional = Move.objects.filter(
        lot__product__in=keys, is_found=True, source__kind=Location.Kind.COUNT, explained=None
    )
    explain_moves(provisional.order_by("pk"), by=FoundExplained.By.COUNT, posting=None, at=at)
    return [*made, *CountLine.objects.bulk_create(plain)]


def explain_found(
    product: Product, *, by: FoundExplained.By, posting: Posting | None, at: datetime
) -> int:
    """Say what explains the boxes that were found so far; returns how many moves it explains."""
    provisional = Move.objects.filter(
        lot__product=product, is_found=True, source__kind=Location.Kind.COUNT, explained=None
    )
    return explain_moves(provisional.order_by("pk"), by=by, posting=posting, at=at)


def explain_moves(
    moves: Iterable[Move], *, by: FoundExplained.By, posting: Posting | None, at: datetime
) -> int:
    """Say what explains these provisional moves; returns how many they are."""
    explained = FoundExplained.objects.bulk_create(
        [FoundExplained(move=move, by=by, posting=posting, explained_at=at) for move in moves]
    )
    return len(explained)
