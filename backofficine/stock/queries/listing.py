"""What the stock pages show: the list and its filters, one product, what waits for a visa."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import local_day
from backofficine.stock.models import (
    NO_DATE,
    Address,
    Balance,
    CountLine,
    CountRequest,
    DemandLine,
    Location,
    Lot,
    LotHold,
    Move,
    NarcoticVisa,
    NotFound,
    Posting,
)
from backofficine.stock.queries.places import place_of

PAGE = 50
SOON_DAYS = 92  # three months: what an exit plan still saves
WEEKS = 26
MOVEMENTS = 20
LOTS = 12  # a page shows so many lots at once; the others are one tap away
MOST_FOUND = 200
# What the line of a product is written with.
LINE = (
    "public_id", "name", "strength", "form", "pack", "cip13", "legal_status", "storage",
    "availability",
)  # fmt: skip


class Show(StrEnum):
    """The filters of the list, as they stand in its address."""

    ALL = "all"
    ZERO = "zero"
    EXPIRING = "expiring"
    TO_COUNT = "to_count"


SHOW_LABELS: dict[Show, LazyText] = {
    Show.ALL: _("Followed"),
    Show.ZERO: _("None on hand"),
    Show.EXPIRING: _("Expiring"),
    Show.TO_COUNT: _("To count"),
}


class Place(NamedTuple):
    """What the plate of a place shows."""

    code: str
    kind: str


@dataclass
class StockRow:
    """A product of the list. Quantities in stock units."""

    product: Product
    place: Place | None = None
    on_hand: int = 0
    set_aside: int = 0
    next_expiry: date | None = None
    is_expired: bool = False
    is_soon: bool = False
    counted_at: datetime | None = None
    is_to_count: bool = False

    @property
    def expiry_month(self) -> str:
        """As a box shows it: ``03/2027``; "" when nothing held has a date."""
        return f"{self.next_expiry:%m/%Y}" if self.next_expiry else ""


@dataclass
class StockPage:
    """Fifty rows at most, and the figures of the sentence."""

    rows: list[StockRow]
    number: int
    pages: int
    total: int
    counts: dict[Show, int] = field(default_factory=dict)
    awaiting_visa: int = 0

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def _served_from(**more: object) -> QuerySet[Balance]:
    return Balance.objects.filter(on_hand__gt=0, location__kind__in=Location.SERVING, **more)


def _holding() -> Exists:
    return Exists(_served_from(lot__product=OuterRef("pk")))


def _expiring(day: date) -> QuerySet[Balance]:
    return Balance.objects.filter(
        on_hand__gt=0, lot__expires_on__lte=day + timedelta(days=SOON_DAYS)
    )


def _filtered(show: Show, *, on: date) -> QuerySet[Product]:
    products = Product.objects.filter(is_followed=True)
    match show:
        case Show.ZERO:
            return products.exclude(_holding())
        case Show.EXPIRING:
            return products.filter(Exists(_expiring(on).filter(lot__product=OuterRef("pk"))))
        case Show.TO_COUNT:
            waiting = CountRequest.objects.filter(closed_at=None)
            return products.filter(pk__in=waiting.values("product"))
        case _:
            return products


def stock_page(*, show: Show, text: str, number: int, on: date) -> StockPage:
    """One page of the followed products, in the order of names, or of a search.

    A search also looks among the products that are not followed, after those that are.
    """
    products = _filtered(show, on=on)
    figures = _figures()
    counts = _counts(figures, on=on)
    if text:
        found = catalog.search(text, limit=MOST_FOUND)
        if show is not Show.ALL:
            kept = set(
                products.filter(pk__in=[product.pk for product in found]).values_list(
                    "pk", flat=True
                )
            )
            found = [product for product in found if product.pk in kept]
        total, chosen = len(found), found
    else:
        total, chosen = counts[show], []
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    first = (number - 1) * PAGE
    if text:
        chosen = chosen[first : first + PAGE]
    else:
        ordered = _in_order(products)[first : first + PAGE]
        chosen = _followed_from(first).all() if show is Show.ALL else list(ordered)
    return StockPage(
        rows=_rows(chosen, on=on),
        number=number,
        pages=pages,
        total=total,
        counts=counts,
        awaiting_visa=figures.awaiting_visa,
    )


def _in_order(products: QuerySet[Product]) -> QuerySet[Product]:
    return products.only(*LINE).order_by("name", "strength", "pack", "pk")


@lru_cache(maxsize=64)
def _followed_from(first: int) -> Prepared[Product]:
    """The page of all followed products that begins with number ``first``."""
    return Prepared(
        lambda: _in_order(Product.objects.filter(is_followed=True))[first : first + PAGE]
    )


class _Figures(NamedTuple):
    """What four tables count for the list. ``head``: the seal of the last posting."""

    head: str
    followed: int
    to_count: int
    awaiting_visa: int


# One question instead of four: a count costs far less than asking for it.
_FIGURES = """
SELECT head.hash,
       (SELECT COUNT(*) FROM catalog_product WHERE is_followed),
       (SELECT COUNT(DISTINCT asked.product_id) FROM stock_countrequest asked
          JOIN catalog_product product ON product.id = asked.product_id
         WHERE asked.closed_at IS NULL AND product.is_followed),
       (SELECT COUNT(*) FROM stock_narcoticvisa WHERE given_at IS NULL)
  FROM stock_chainhead head WHERE head.id = 1
"""


def _figures() -> _Figures:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES)
        return _Figures(*cursor.fetchone())


def _counts(figures: _Figures, *, on: date) -> dict[Show, int]:
    """The figures of the sentence. Those of the ledger are read again once it has moved."""
    # The head's seal names one history of moves, and no other.
    held, expiring = _held_and_expiring(figures.head, figures.followed, on)
    return {
        Show.ALL: figures.followed,
        Show.ZERO: figures.followed - held,
        Show.EXPIRING: expiring,
        Show.TO_COUNT: figures.to_count,
    }


@lru_cache(maxsize=8)
def _held_and_expiring(head: str, followed: int, on: date) -> tuple[int, int]:
    """How many followed products are held, and how many expire soon, at this head of the chain."""
    # Counted from the places outwards: far fewer rows than products times lots.
    held = _served_from(lot__product__is_followed=True)
    expiring = _expiring(on).filter(lot__product__is_followed=True)
    return (
        held.aggregate(n=Count("lot__product", distinct=True))["n"],
        expiring.aggregate(n=Count("lot__product", distinct=True))["n"],
    )


_TOTALS = Prepared(
    lambda products: (
        Balance.objects.filter(on_hand__gt=0, lot__product__in=products)
        .values_list("lot__product")
        .annotate(
            here=Sum("on_hand", filter=Q(location__kind__in=Location.SERVING)),
            aside=Sum("on_hand", filter=Q(location__kind=Location.Kind.PROMISE_SLOT)),
            expiry=Min("lot__expires_on", filter=Q(lot__expires_on__lt=NO_DATE)),
        )
        .order_by()
    ),
    list,
)
_MAIN = Prepared(
    lambda products: Address.objects.filter(product__in=products, is_main=True).values_list(
        "product", "location__code", "location__kind"
    ),
    list,
)
_LAST_COUNTS = Prepared(
    lambda products: (
        CountLine.objects.filter(product__in=products)
        .values_list("product")
        .annotate(at=Max("counted_at"))
        .order_by()
    ),
    list,
)
_TO_COUNT = Prepared(
    lambda products: CountRequest.objects.filter(product__in=products, closed_at=None).values_list(
        "product"
    ),
    list,
)


def _rows(products: Sequence[Product], *, on: date) -> list[StockRow]:
    rows = {product.pk: StockRow(product) for product in products}
    for product, here, aside, expiry in _TOTALS.all(rows):
        row = rows[product]
        row.on_hand, row.set_aside, row.next_expiry = here or 0, aside or 0, expiry
        if expiry is not None:
            row.is_expired = expiry < on
            row.is_soon = not row.is_expired and expiry <= on + timedelta(days=SOON_DAYS)
    for product, code, kind in _MAIN.all(rows):
        rows[product].place = Place(code, kind)
    for product, at in _LAST_COUNTS.all(rows):
        rows[product].counted_at = at
    for (product,) in _TO_COUNT.all(rows):
        rows[product].is_to_count = True
    return list(rows.values())


# --- One product ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeldLot:
    """A lot in a place, and what to know before taking a box of it. Quantity in stock units."""

    public_id: UUID
    number: str
    expires_on: date
    location: Location
    on_hand: int
    is_first: bool
    is_expired: bool
    is_held: bool

    @property
    def expiry_month(self) -> str:
        """As a box shows it: ``03/2027``; "" when the date is not known."""
        return "" if self.expires_on == NO_DATE else f"{self.expires_on:%m/%Y}"

    @property
    def is_set_aside(self) -> bool:
        """Somebody's box, in a promise slot."""
        return self.location.kind == Location.Kind.PROMISE_SLOT

    @property
    def is_served(self) -> bool:
        """In a place patients are served from, whatever its date."""
        return self.location.kind in Location.SERVING


@dataclass(frozen=True)
class Movement:
    """A fact of the ledger about one product: never who, always why and when."""

    position: int
    occurred_at: datetime
    reason: str
    cause: str
    lot: str
    source: Location
    target: Location
    quantity: int
    is_found: bool


@dataclass(frozen=True)
class Week:
    """Units asked in the week that begins on a Monday; ``missing`` of them were not there."""

    begins_on: date
    quantity: int
    missing: int


@dataclass(frozen=True)
class ProductSheet:
    """Everything the stock knows of one product. Quantities in stock units."""

    product: Product
    lots: list[HeldLot]
    addresses: list[Address]
    ladder: list[Product]
    movements: list[Movement]
    weeks: list[Week]
    last_counted_at: datetime | None
    count_requests: list[CountRequest]
    not_found_recently: int

    @property
    def on_hand(self) -> int:
        """In the places patients are served from."""
        return sum(one.on_hand for one in self.lots if one.is_served)

    @property
    def set_aside(self) -> int:
        return sum(one.on_hand for one in self.lots if one.is_set_aside)

    @property
    def lots_to_look_at(self) -> list[HeldLot]:
        """The first to expire, and those that leave first or may not leave, however far."""
        return [
            one
            for number, one in enumerate(self.lots)
            if number < LOTS or one.is_first or one.is_held
        ]

    @property
    def asked(self) -> int:
        """Units asked over the weeks of the chart."""
        return sum(week.quantity for week in self.weeks)

    @property
    def tallest(self) -> int:
        return max((week.quantity for week in self.weeks), default=0)


_HELD = Prepared(
    lambda product: (
        Balance.objects.filter(on_hand__gt=0, lot__product=product)
        .order_by("lot__expires_on", "location__walk_order", "pk")
        .values_list(
            "lot", "lot__public_id", "lot__number", "lot__expires_on", "location", "on_hand"
        )
    ),
    int,
)
_STOPPED = Prepared(
    lambda product: LotHold.objects.filter(lot__product=product, lifted_at=None).values_list("lot"),
    int,
)
_ADDRESSES = Prepared(
    lambda product: (
        Address.objects.filter(product=product)
        .select_related("location")
        .order_by("-is_main", "location__walk_order", "pk")
    ),
    int,
)
_COUNTED = Prepared(
    lambda product: (
        CountLine.objects.filter(product=product)
        .order_by("-counted_at", "pk")
        .values_list("counted_at")[:1]
    ),
    int,
)
_COUNTS_ASKED = Prepared(
    lambda product: CountRequest.objects.filter(product=product, closed_at=None).order_by(
        "asked_at", "pk"
    ),
    int,
)
_NOT_FOUND = Prepared(
    lambda product, since: NotFound.objects.filter(
        product=product, reported_at__gte=since
    ).values_list("pk"),
    int,
    datetime,
)
_ASKED = Prepared(
    lambda product, first, last: (
        DemandLine.objects.standing()
        .filter(product=product, occurred_on__gte=first, occurred_on__lte=last)
        .exclude(kind=DemandLine.Kind.RETURNED)
        .values_list("occurred_on", "kind")
        .annotate(total=Sum("quantity"))
        .order_by()
    ),
    int,
    date,
    date,
)
_LOTS = Prepared(lambda product: Lot.objects.filter(product=product).values_list("pk"), int)
# The index by lot says which are the last, and only those are read: postings are numbered in the
# order of the chain, moves in the order of their lines.
_LAST_OF_LOTS = Prepared(
    lambda lots: (
        Move.objects.filter(lot__in=lots)
        .order_by("-posting_id", "pk")
        .values_list("pk")[:MOVEMENTS]
    ),
    list,
)
_MOVES = Prepared(
    lambda moves: (
        Move.objects.filter(pk__in=moves)
        .order_by("-posting__position", "line")
        .values_list(
            "posting__position", "posting__occurred_at", "posting__reason", "posting__cause",
            "lot__number", "source", "target", "quantity", "is_found",
        )
    ),
    list,
)  # fmt: skip
_PLACES = Prepared(lambda places: Location.objects.filter(pk__in=places), list)


_PRODUCT = Prepared(
    lambda public_id: Product.objects.filter(public_id=public_id).select_related("successor"), UUID
)


def product_of(public_id: UUID) -> Product | None:
    """The product of an address, with the one that replaces it."""
    return _PRODUCT.first(public_id)


def product_sheet(product: Product, *, at: datetime) -> ProductSheet:
    """Read a product's lots, places, demand and latest facts."""
    today = local_day(at)
    # Rows, not models: a product may lie in a hundred lots, in the same few places.
    held = _HELD.all(product.pk)
    stopped = {lot for (lot,) in _STOPPED.all(product.pk)}
    moves = _latest_moves(product)
    ends = {end for move in moves for end in (move.source, move.target)}
    places = {place.pk: place for place in _PLACES.all({row[4] for row in held} | ends)}
    return ProductSheet(
        product=product,
        lots=_held_lots(held, places, stopped, today=today),
        addresses=_ADDRESSES.all(product.pk),
        ladder=catalog.strengths(product),
        movements=[_movement(move, places) for move in moves],
        weeks=_weeks(product, today=today),
        last_counted_at=next((counted for (counted,) in _COUNTED.all(product.pk)), None),
        count_requests=_COUNTS_ASKED.all(product.pk),
        not_found_recently=len(_NOT_FOUND.all(product.pk, at - timedelta(days=SOON_DAYS))),
    )


_HeldRow = tuple[int, UUID, str, date, int, int]


def _held_lots(
    held: Iterable[_HeldRow], places: Mapping[int, Location], stopped: set[int], *, today: date
) -> list[HeldLot]:
    lots = []
    is_first = True
    for pk, public_id, number, expires_on, place, on_hand in held:
        location = places[place]
        is_expired, is_held = expires_on < today, pk in stopped
        may_serve = location.kind in Location.SERVING and not is_expired and not is_held
        lots.append(
            HeldLot(
                public_id=public_id,
                number=number,
                expires_on=expires_on,
                location=location,
                on_hand=on_hand,
                is_first=is_first and may_serve,
                is_expired=is_expired,
                is_held=is_held,
            )
        )
        is_first = is_first and not may_serve
    return lots


class _MoveRow(NamedTuple):
    """What the page shows of a move; the places are primary keys."""

    position: int
    occurred_at: datetime
    reason: str
    cause: str
    lot: str
    source: int
    target: int
    quantity: int
    is_found: bool


def _latest_moves(product: Product) -> list[_MoveRow]:
    lots = [pk for (pk,) in _LOTS.all(product.pk)]
    last = [pk for (pk,) in _LAST_OF_LOTS.all(lots)]
    return [_MoveRow(*row) for row in _MOVES.all(last)]


def _movement(move: _MoveRow, places: Mapping[int, Location]) -> Movement:
    return Movement(
        position=move.position,
        occurred_at=move.occurred_at,
        reason=str(Posting.Reason(move.reason).label),
        cause=str(Posting.Cause(move.cause).label) if move.cause else "",
        lot=move.lot,
        source=places[move.source],
        target=places[move.target],
        quantity=move.quantity,
        is_found=move.is_found,
    )


def _weeks(product: Product, *, today: date) -> list[Week]:
    """The last 26 whole or begun weeks, from Monday, the empty ones included."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    asked = dict.fromkeys((first + timedelta(weeks=n) for n in range(WEEKS)), 0)
    missing = dict(asked)
    for day, kind, total in _ASKED.all(product.pk, first, today):
        week = day - timedelta(days=day.weekday())
        asked[week] += total
        if kind == DemandLine.Kind.MISSING:
            missing[week] += total
    return [Week(week, quantity, missing[week]) for week, quantity in asked.items()]


def places_of(product: Product) -> list[Location]:
    """Where a product may be counted: its addresses, and wherever the record holds it."""
    held = Balance.objects.filter(on_hand__gt=0, lot__product=product).exclude(
        location__kind=Location.Kind.PROMISE_SLOT
    )
    known = Location.objects.filter(
        Q(pk__in=held.values("location")) | Q(addresses__product=product)
    ).distinct()
    main = Address.objects.filter(product=product, is_main=True).values_list("location_id")
    found = list(known.order_by("walk_order", "pk"))
    mains = {pk for (pk,) in main}
    found.sort(key=lambda place: place.pk not in mains)
    return found or [place_of(product)]


def lots_held(product: Product) -> list[Lot]:
    """Lots of which a box may be in the hand, the first to expire first."""
    held = Balance.objects.filter(on_hand__gt=0, lot__product=product).exclude(
        location__kind=Location.Kind.PROMISE_SLOT
    )
    return list(Lot.objects.filter(pk__in=held.values("lot")).order_by("expires_on", "pk"))


# --- Narcotics ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AwaitedVisa:
    """A technician's withdrawal of a narcotic: what left, when; never by whom."""

    visa: NarcoticVisa
    moves: list[Move]


def awaited_visas() -> list[AwaitedVisa]:
    """Withdrawals of narcotics that no pharmacist has looked at, the oldest first."""
    visas = list(
        NarcoticVisa.objects.filter(given_at=None)
        .select_related("posting")
        .order_by("asked_at", "pk")[:MOST_FOUND]
    )
    moves: dict[int, list[Move]] = {visa.posting_id: [] for visa in visas}
    rows = Move.objects.filter(
        posting__in=list(moves), target__kind=Location.Kind.PATIENT
    ).select_related("lot__product", "source")
    for move in rows.order_by("posting__position", "line"):
        if move.lot.product.is_narcotic:
            moves[move.posting_id].append(move)
    return [AwaitedVisa(visa, moves[visa.posting_id]) for visa in visas]
