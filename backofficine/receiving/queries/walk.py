"""The put-away walk: what waits on the dock, stop by stop, in the order of the feet."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.receiving.models import PutAwayProblem
from backofficine.receiving.queries.destinations import homes_of, reserve
from backofficine.stock.models import Balance, Location, Lot

# A place said to be full is full for this walk; tomorrow it may not be.
FULL_FOR = timedelta(hours=12)

_FIRST = {Location.Kind.FRIDGE: 0, Location.Kind.SAFE: 1}


@dataclass(frozen=True, slots=True)
class Carried:
    """``quantity`` stock units of one lot, from where on the floor."""

    lot: Lot
    source: Location
    quantity: int


@dataclass(slots=True)
class Stop:
    """One card of the walk: a product to one place. ``room`` is what still fits before it."""

    product: Product
    target: Location
    room: int | None = None
    is_overflow: bool = False
    problem: str = ""
    carried: list[Carried] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.product.pk}-{self.target.pk}"

    @property
    def quantity(self) -> int:
        """Stock units to put there."""
        return sum(one.quantity for one in self.carried)

    @property
    def boxes(self) -> int:
        return -(-self.quantity // self.product.doses_per_box)

    @property
    def free_boxes(self) -> int | None:
        """Whole boxes that still fit; ``None`` if nobody said how much the place holds."""
        return None if self.room is None else self.room // self.product.doses_per_box

    @property
    def mode(self) -> str:
        """Narcotics and cold boxes are scanned one by one, whatever the zone says."""
        if self.target.put_away_mode == Location.PutAwayMode.STRICT:
            return Location.PutAwayMode.STRICT
        if self.product.is_narcotic or self.product.is_cold:
            return Location.PutAwayMode.CHECKED
        return self.target.put_away_mode

    @property
    def is_free(self) -> bool:
        return self.mode == Location.PutAwayMode.FREE

    @property
    def is_strict(self) -> bool:
        return self.mode == Location.PutAwayMode.STRICT

    @property
    def is_first(self) -> bool:
        """Cold, then narcotics: before everything else."""
        return self.target.kind in _FIRST

    @property
    def rank(self) -> tuple[bool, int, bool, int, str, int]:
        return (
            bool(self.problem),
            _FIRST.get(Location.Kind(self.target.kind), 2),
            self.is_overflow,
            self.target.walk_order,
            self.target.code,
            self.product.pk,
        )


def on_the_dock() -> int:
    """How many products wait to be put away."""
    return (
        Balance.objects.filter(location__kind=Location.Kind.DOCK, on_hand__gt=0)
        .values("lot__product")
        .distinct()
        .count()
    )


def _waiting(**more: Any) -> QuerySet[Balance]:
    return (
        Balance.objects.filter(location__kind=Location.Kind.DOCK, on_hand__gt=0, **more)
        .select_related("lot__product", "location")
        .order_by("lot__expires_on", "pk")
    )


_WAITING = Prepared(_waiting)
_WAITING_OF = Prepared(lambda product: _waiting(lot__product=product), int)
_PROBLEMS = Prepared(
    lambda products, since: (
        PutAwayProblem.objects.filter(product__in=products, reported_at__gt=since)
        .order_by("pk")
        .values_list("kind", "product_id", "location_id")
    ),
    list,
    datetime,
)


def walk(*, at: datetime, product: Product | None = None) -> list[Stop]:
    """Every stop, cold and safe first, then in walking order; known problems last.

    What does not fit at an ambient address gets a second stop, in the reserve. Cold boxes and
    narcotics never overflow: there is nowhere else for them.
    """
    rows = _WAITING.all() if product is None else _WAITING_OF.all(product.pk)
    waiting: dict[int, list[Carried]] = {}
    products: dict[int, Product] = {}
    for row in rows:
        products[row.lot.product_id] = row.lot.product
        waiting.setdefault(row.lot.product_id, []).append(
            Carried(row.lot, row.location, row.on_hand)
        )
    if not waiting:
        return []
    homes = homes_of(products.values())
    surplus = reserve()
    full, problems = _problems(products, at=at)
    stops: list[Stop] = []
    for key, carried in waiting.items():
        home, one = homes[key], products[key]
        room = 0 if (key, home.location.pk) in full else home.room
        first = Stop(one, home.location, room, problem=problems.get(key, ""))
        may_overflow = (
            surplus is not None
            and surplus.pk != home.location.pk
            and home.location.kind not in _FIRST
        )
        second = Stop(one, surplus or home.location, is_overflow=True, problem=first.problem)
        left = room if room is not None and may_overflow else None
        for lot in carried:
            here = lot.quantity if left is None else min(left, lot.quantity)
            if here:
                first.carried.append(Carried(lot.lot, lot.source, here))
            if lot.quantity > here:
                second.carried.append(Carried(lot.lot, lot.source, lot.quantity - here))
            left = None if left is None else left - here
        stops += [stop for stop in (first, second) if stop.carried]
    return sorted(stops, key=lambda stop: stop.rank)


def _problems(
    products: dict[int, Product], *, at: datetime
) -> tuple[set[tuple[int, int]], dict[int, str]]:
    """Places said to be full lately, and products looked for in vain."""
    full: set[tuple[int, int]] = set()
    others: dict[int, str] = {}
    for kind, product, location in _PROBLEMS.all(products, at - FULL_FOR):
        if kind == PutAwayProblem.Kind.FULL:
            full.add((product, location))
        else:
            others[product] = kind
    return full, others
