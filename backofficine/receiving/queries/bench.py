"""The bench as it is drawn: the round at the left, one product and its destination at the right."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Exists, Max, OuterRef, Sum, Value
from django.db.models.functions import Coalesce

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.pharmacy.queries import UnknownValue, number, open_minutes_between
from backofficine.receiving.models import (
    Parcel,
    Receipt,
    ReceiptScan,
    UnknownKind,
    UnknownScan,
)
from backofficine.receiving.queries.destinations import Home, home_of
from backofficine.receiving.queries.results import (
    Ask,
    Destination,
    ScanResult,
    result_of,
    unknown_result,
)
from backofficine.receiving.queries.tally import Line, Tally, tally
from backofficine.stock import queries as stock
from backofficine.stock.models import NO_DATE, Address, Lot

# A scan redraws few lines; the whole list is one link away.
LINES_AFTER_A_SCAN = 9
MOST_LINES = 500
COLD_MINUTES = 15
"""From the opening of a cold tote to the fridge, while the pharmacy has set no other limit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line at the left. ``state``: on, done, gap, price, held, part or todo."""

    product: Product
    line: Line
    is_current: bool = False

    @property
    def state(self) -> str:
        if self.is_current:
            return "on"
        if not self.line.is_touched:
            return "todo"
        if self.line.held_back:
            return "held"
        if self.line.received != self.line.ordered:
            return "gap"
        return "price" if self.line.has_price_gap else "done"

    @property
    def one_lot(self) -> str:
        numbers = {lot.number for lot in self.line.lots if lot.quantity and lot.number}
        return next(iter(numbers)) if len(numbers) == 1 else ""

    @property
    def lot_count(self) -> int:
        return len({(lot.number, lot.expires_on) for lot in self.line.lots if lot.quantity})

    @property
    def soonest(self) -> date | None:
        dates = [lot.expires_on for lot in self.line.lots if lot.expires_on and lot.quantity]
        return min(dates) if dates else None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another strength that lives beside: its place is named, so that nobody mistakes it."""

    strength: str
    place: str


@dataclass(slots=True)
class Hero:
    """The one product at the right, with the facts under its destination."""

    product: Product
    line: Line
    home: Home
    on_hand: int
    promised: int
    strengths: list[Product] = field(default_factory=list)
    destinations: tuple[Destination, ...] = ()
    neighbour: Neighbour | None = None
    behind: tuple[int, date] | None = None  # boxes at the place that expire before, and when
    lot_number: str = ""
    expires_on: date | None = None

    @property
    def first(self) -> Destination | None:
        return self.destinations[0] if self.destinations else None

    @property
    def others(self) -> tuple[Destination, ...]:
        return self.destinations[1:]

    @property
    def after(self) -> int:
        """Stock units once this receipt is validated."""
        return self.on_hand + self.line.received * self.product.doses_per_box

    @property
    def price_percent(self) -> Decimal | None:
        difference, expected = self.line.price_difference, self.line.expected_price
        if difference is None or not expected:
            return None
        return difference * 100 / expected

    @property
    def room_after(self) -> int | None:
        if self.home.room is None:
            return None
        return max(0, self.home.room - self.line.received * self.product.doses_per_box)


@dataclass
class BenchView:
    """Everything the page shows. Minutes of the clock are minutes of opening."""

    receipt: Receipt
    counts: Tally
    parcel: Parcel | None
    parcel_number: int
    parcel_count: int
    minutes: int
    elapsed: timedelta
    limit: int
    cold_minutes: float | None
    cold_limit: int
    new_lots: int
    rows: list[Row]
    shown: str
    waiting: list[Product]
    hero: Hero | None = None
    result: ScanResult | None = None
    previous_id: int | None = None
    next_id: int | None = None

    @cached_property
    def done_lines(self) -> int:
        return sum(1 for line in self.counts.expected_lines if line.is_touched)

    @cached_property
    def due_lines(self) -> int:
        return len(self.counts.expected_lines)

    @cached_property
    def due_boxes(self) -> int:
        return sum(line.ordered for line in self.counts.expected_lines)

    @cached_property
    def done_boxes(self) -> int:
        return sum(min(line.received, line.ordered) for line in self.counts.expected_lines)

    @cached_property
    def quantity_gaps(self) -> int:
        return sum(1 for line in self.counts.lines.values() if line.has_quantity_gap)

    @cached_property
    def price_gaps(self) -> int:
        return sum(1 for line in self.counts.lines.values() if line.has_price_gap)

    @cached_property
    def waiting_count(self) -> int:
        return len(self.counts.waiting_lines)

    @cached_property
    def touched_count(self) -> int:
        return sum(1 for line in self.counts.lines.values() if line.is_touched)

    @cached_property
    def more_rows(self) -> int:
        return self.touched_count - len(self.rows) if not self.shown else 0

    @cached_property
    def is_all_read(self) -> bool:
        return self.due_lines > 0 and self.done_lines == self.due_lines

    @cached_property
    def is_empty(self) -> bool:
        return not self.touched_count and self.result is None

    @cached_property
    def asks_unknown(self) -> bool:
        return bool(self.result and Ask.UNKNOWN in self.result.asks)


def bench(
    receipt: Receipt,
    *,
    at: datetime,
    on: date,
    result: ScanResult | None = None,
    product_id: int | None = None,
    shown: str = "",
) -> BenchView:
    """Draw the bench after ``result``, or on a line, or where the last scan left it.

    ``shown``: "" for the last lines read, ``waiting``, ``gaps`` or ``all``.
    """
    counts = (result.tally if result else None) or tally(receipt, on=on)
    if result is None and product_id is None:
        result = last_result(receipt, on=on, counts=counts)
    if product_id is None and result is not None and result.product is not None:
        product_id = result.product.pk
    parcels = list(Parcel.objects.filter(receipt=receipt).order_by("-is_cold", "pk"))
    current = _current_parcel(parcels)
    still = [one for one in parcels if one.emptied_at is None] or parcels
    dropped = min((one.dropped_at for one in still), default=receipt.started_at)
    lines, before, after = _lines(counts, product_id, shown=shown)
    waiting = counts.waiting_lines[:3]
    # A row shows five words of a product: the rest stays where it is.
    products = Product.objects.only("name", "strength", "form", "pack", "cip13").in_bulk(
        {line.product_id for line in [*lines, *waiting]}
    )
    view = BenchView(
        receipt=receipt,
        counts=counts,
        parcel=current,
        parcel_number=parcels.index(current) + 1 if current else 0,
        parcel_count=len(parcels),
        minutes=open_minutes_between(dropped, at),
        elapsed=at - dropped,
        limit=receipt.supplier.dock_limit_minutes,
        cold_minutes=_cold_minutes(current, at=at),
        cold_limit=_cold_limit(current, on=on),
        new_lots=_new_lots(receipt),
        rows=[
            Row(products[line.product_id], line, is_current=line.product_id == product_id)
            for line in lines
        ],
        shown=shown,
        waiting=[products[line.product_id] for line in waiting],
        result=result,
        previous_id=before,
        next_id=after,
    )
    if product_id is not None and not view.asks_unknown:
        product = (
            result.product
            if result and result.product and result.product.pk == product_id
            else Product.objects.filter(pk=product_id).first()
        )
        if product is not None:
            view.hero = _hero(receipt, product, counts.line(product_id), result=result)
    return view


def last_result(receipt: Receipt, *, on: date, counts: Tally | None = None) -> ScanResult | None:
    """Where the bench stands: the last scan, or the unknown code that came after it."""
    last = (
        ReceiptScan.objects.filter(receipt=receipt)
        .order_by("-pk")
        .values_list("act", "scanned_at")
        .first()
    )
    unknown = (
        UnknownScan.objects.filter(receipt=receipt)
        .exclude(answers__answer__in=UnknownKind.values)
        .order_by("-pk")
        .first()
    )
    if unknown is not None and (last is None or unknown.scanned_at >= last[1]):
        return unknown_result(unknown)
    return result_of(receipt, last[0], on=on, counts=counts) if last else None


def _current_parcel(parcels: list[Parcel]) -> Parcel | None:
    opened = [one for one in parcels if one.opened_at and one.emptied_at is None]
    return max(opened, key=lambda one: (one.opened_at, one.pk)) if opened else None


def _cold_minutes(parcel: Parcel | None, *, at: datetime) -> float | None:
    if parcel is None or not parcel.is_cold or parcel.opened_at is None:
        return None
    return max(0.0, (at - parcel.opened_at).total_seconds() / 60)


def _cold_limit(parcel: Parcel | None, *, on: date) -> int:
    if parcel is None or not parcel.is_cold:
        return COLD_MINUTES
    try:
        return int(number("cold_out_minutes", on=on))
    except UnknownValue:
        return COLD_MINUTES


def _lines(
    counts: Tally, product_id: int | None, *, shown: str
) -> tuple[list[Line], int | None, int | None]:
    touched = counts.touched_lines
    every = [*touched, *counts.waiting_lines]
    match shown:
        case "waiting":
            lines = counts.waiting_lines[:MOST_LINES]
        case "gaps":
            lines = [line for line in every if not line.is_complete or line.has_price_gap][
                :MOST_LINES
            ]
        case "all":
            lines = every[:MOST_LINES]
        case _:
            lines = touched[:LINES_AFTER_A_SCAN]
    keys = [line.product_id for line in every]
    if product_id in keys:
        at = keys.index(product_id)
        before = keys[at - 1] if at else None
        after = keys[at + 1] if at + 1 < len(keys) else None
    else:
        before, after = None, keys[0] if keys else None
    if product_id is not None and not shown:
        # The line at hand is the first one shown.
        current = [line for line in every if line.product_id == product_id]
        lines = [*current, *(line for line in lines if line.product_id != product_id)]
    return lines, before, after


def _new_lots(receipt: Receipt) -> int:
    """Lots that this receipt adds to the record."""
    known = Lot.objects.filter(
        product=OuterRef("product"),
        number=OuterRef("lot_number"),
        expires_on=Coalesce(OuterRef("expires_on"), Value(NO_DATE)),
    )
    rows = (
        ReceiptScan.objects.filter(~Exists(known), receipt=receipt)
        .values_list("product_id", "lot_number", "expires_on")
        .annotate(boxes=Sum("quantity"))
        .filter(boxes__gt=0)
        .order_by()
    )
    return rows.count()


def _hero(receipt: Receipt, product: Product, line: Line, *, result: ScanResult | None) -> Hero:
    fits = result is not None and result.product is not None and result.product.pk == product.pk
    home = (result.home if result and fits else None) or home_of(product)
    doses = product.doses_per_box
    strengths = catalog.strengths(product)
    hero = Hero(
        product=product,
        line=line,
        home=home,
        on_hand=stock.on_hand(product),
        promised=line.promised * doses,
        strengths=strengths,
        neighbour=_neighbour(product, home, strengths),
    )
    if result is not None and fits:
        hero.destinations = result.destinations
        hero.lot_number, hero.expires_on = result.lot_number, result.expires_on
    else:
        last = max(line.lots, key=lambda lot: lot.quantity > 0, default=None)
        if last is not None:
            hero.lot_number, hero.expires_on = last.number, last.expires_on
    if not hero.destinations and (result is None or not fits):
        left = max(1, line.received or line.ordered)
        hero.destinations = (Destination(home.location, left, room=hero.room_after),)
    hero.behind = _behind(product, hero)
    return hero


def _neighbour(product: Product, home: Home, strengths: list[Product]) -> Neighbour | None:
    others = {one.pk: one for one in strengths if one.pk != product.pk}
    if not others:
        return None
    stem = home.location.code.rpartition("-")[0]
    for address in (
        Address.objects.filter(product__in=others, is_main=True)
        .select_related("location")
        .order_by("location__walk_order", "pk")
    ):
        beside = stem and address.location.code.rpartition("-")[0] == stem
        if beside or address.location_id == home.location.pk:
            return Neighbour(others[address.product_id].strength, address.location.code)
    return None


def _behind(product: Product, hero: Hero) -> tuple[int, date] | None:
    """Boxes already there that expire first: the new one goes behind them."""
    if hero.expires_on is None or not hero.home.held:
        return None
    held = (
        stock.balances_at(product, hero.home.location)
        .filter(lot__expires_on__lt=hero.expires_on)
        .order_by()
        .aggregate(boxes=Sum("on_hand"), last=Max("lot__expires_on"))
    )
    if not held["boxes"]:
        return None
    return int(held["boxes"]), held["last"]
