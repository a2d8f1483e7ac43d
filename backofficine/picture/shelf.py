"""The files joined: one item per product, its boxes, its dates, its sales as a row of a matrix."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from backofficine.catalog.margins import MarginTable
from backofficine.formats.codes import kind_of
from backofficine.formats.exports import Export, PurchaseLine, SalesLine, StockLine
from backofficine.picture.national import National, NationalProduct

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LONGEST_DAYS = 3 * 366  # what is older says nothing of today's rhythm
MONTH_DAYS = 30.44
YEAR = timedelta(days=365)
REIMBURSED = Decimal("2.1")


@dataclass(frozen=True, slots=True)
class LotHeld:
    """Boxes of one date; ``expires_on`` as the file gives it."""

    expires_on: date
    quantity: int
    number: str


@dataclass(slots=True)
class Item:
    """One product of the files. ``held`` as on record, even below zero; ``cost`` euros a box.

    ``code`` is the CIP13 when the catalogue knows the product, else what the file says.
    ``vat_rate`` in per cent; ``None`` where neither file nor catalogue tells.
    """

    code: str
    label: str
    national: NationalProduct | None = None
    address: str = ""
    held: int = 0
    cost: Decimal | None = None
    is_cost_assumed: bool = False
    price: Decimal | None = None
    vat_rate: Decimal | None = None
    last_sale_on: date | None = None
    last_receipt_on: date | None = None
    lots: tuple[LotHeld, ...] = ()
    files: tuple[str, ...] = ()
    sales_lines: int = 0
    recent_lines: int = 0  # of the last 365 days
    received: tuple[tuple[date, int], ...] = ()
    season_class: str = ""  # therapeutic class, three signs: what shares a season

    @property
    def is_emergency(self) -> bool:
        return self.national is not None and self.national.is_emergency

    @property
    def value(self) -> Decimal | None:
        """Euros of what is held, without tax."""
        return None if self.cost is None else self.cost * max(self.held, 0)

    def received_since(self, day: date) -> int:
        """Boxes received from a day on, as the purchases file tells."""
        return sum(quantity for on, quantity in self.received if on >= day)


@dataclass(frozen=True)
class Shelf:
    """Items in the order of their codes; ``sales`` (n, T) boxes, the last period ends on ``as_of``.

    ``period_days`` is 1, or 30.44 where the file tells months. ``stock_columns``: the fields that
    the stock file holds. ``bought``: the first and last days of the purchases file, if any.
    """

    items: tuple[Item, ...]
    sales: Floats
    period_days: float
    starts: tuple[date, ...]
    as_of: date
    grain: str
    stock_columns: frozenset[str]
    bought: tuple[date, date] | None = None

    @property
    def first_on(self) -> date:
        return self.starts[0]

    @property
    def days(self) -> int:
        """Days of sales that the files tell."""
        return (self.as_of - self.first_on).days + 1

    @cached_property
    def months(self) -> Ints:
        return np.array([day.month for day in self.starts], dtype=np.int64)

    @cached_property
    def on_hand(self) -> Floats:
        return np.array([max(item.held, 0) for item in self.items], dtype=np.float64)

    @cached_property
    def costs(self) -> Floats:
        """Euros a box; 0 where unknown."""
        return np.array([float(item.cost or 0) for item in self.items], dtype=np.float64)

    @cached_property
    def classes(self) -> Ints:
        """Number of the class of each item."""
        names = [item.season_class for item in self.items]
        known = {name: place for place, name in enumerate(sorted(set(names)))}
        return np.array([known[name] for name in names], dtype=np.int64)

    @cached_property
    def sold_a_day(self) -> Floats:
        """Boxes a day over the last year (or what the file holds of it)."""
        periods = min(self.sales.shape[1], max(1, round(365 / self.period_days)))
        total: Floats = self.sales[:, -periods:].sum(axis=1) / (periods * self.period_days)
        return total

    @cached_property
    def available(self) -> Bools:
        """False between the last sale and a later receipt: there may have been nothing to sell."""
        able = np.ones(self.sales.shape, dtype=np.bool_)
        sold = self.sales > 0
        after = self.sales.shape[1] - sold[:, ::-1].argmax(axis=1)
        for row, item in enumerate(self.items):
            if item.last_receipt_on is None or not sold[row].any():
                continue
            until = self.period_of(item.last_receipt_on)
            if until is not None and until > after[row]:
                able[row, after[row] : until] = False
        return able

    def period_of(self, day: date) -> int | None:
        """The period that holds a day; ``None`` outside the file."""
        if not self.first_on <= day <= self.as_of:
            return None
        if self.period_days == 1:
            return (day - self.first_on).days
        return int(np.searchsorted([start.toordinal() for start in self.starts],
                                   day.toordinal(), side="right")) - 1  # fmt: skip


@dataclass
class _Gathering:
    """Lines of one product on their way to an :class:`Item`."""

    national: NationalProduct | None
    label: str = ""
    held: int = 0
    addresses: dict[str, None] = field(default_factory=dict)
    costs: list[tuple[int, Decimal]] = field(default_factory=list)
    public_price: Decimal | None = None
    vat_rate: Decimal | None = None
    last_sale_on: date | None = None
    last_receipt_on: date | None = None
    lots: Counter[tuple[date, str]] = field(default_factory=Counter)
    files: dict[str, None] = field(default_factory=dict)
    sales_lines: int = 0
    recent_lines: int = 0
    received: list[tuple[date, int]] = field(default_factory=list)
    bought_at: tuple[date, Decimal] | None = None


class _Joining:
    def __init__(self, national: National) -> None:
        self.national = national
        self.keys: dict[tuple[str, str], str] = {}
        self.found: dict[str, _Gathering] = {}

    def key(self, code: str, label: str) -> str:
        """Under what name a line's product is gathered: one code, several spellings."""
        written = (code, "" if code else label)
        if written not in self.keys:
            product = self.national.find(code) if code else None
            if product is not None:
                key = product.cip13
            elif len(code) == 12 and code.isdigit() and kind_of(code.zfill(13)):
                key = code.zfill(13)
            else:
                key = code or label
            self.keys[written] = key
            self.found.setdefault(key, _Gathering(product))
        return self.keys[written]

    def take(self, code: str, label: str, file: str) -> _Gathering:
        gathering = self.found[self.key(code, label)]
        gathering.label = gathering.label or label
        gathering.files[file] = None
        return gathering


def join(
    *,
    stock: Export,
    sales: Export,
    purchases: Export | None,
    national: National,
    margins: MarginTable,
    as_of: date | None = None,
) -> Shelf:
    """Join the files by product, price each, and lay the sales out by period.

    Sales after ``as_of`` are left out; returns (negative quantities) lower their own period. What
    is older than three years is left out.
    """
    joining = _Joining(national)
    for line in stock.lines:
        _take_stock(joining.take(line.code, line.label, "stock"), line)
    last = as_of or max(line.last_on for line in sales.lines)
    first = min((line.first_on for line in sales.lines if line.first_on <= last), default=last)
    first = max(first, last - timedelta(days=LONGEST_DAYS - 1))
    monthly = sales.grain == "month"
    starts = _months(first, last) if monthly else _days(first, last)
    place = {(day.year, day.month): period for period, day in enumerate(starts)} if monthly else {}
    rows, periods, quantities = [], [], []
    for sale in sales.lines:
        if sale.first_on > last or sale.last_on < first:
            continue
        gathering = joining.take(sale.code, sale.label, "sales")
        _note_sale(gathering, sale, since=last - YEAR)
        rows.append(joining.key(sale.code, sale.label))
        month = sale.first_on.year, sale.first_on.month
        periods.append(place[month] if monthly else (sale.first_on - first).days)
        quantities.append(sale.quantity)
    for bought in purchases.lines if purchases is not None else ():
        if bought.on <= last:
            _take_purchase(joining.take(bought.code, bought.label, "purchases"), bought)

    order = sorted(joining.found)
    index = {key: row for row, key in enumerate(order)}
    items = tuple(_item(key, joining.found[key], margins) for key in order)
    matrix = np.zeros((len(items), len(starts)))
    np.add.at(
        matrix,
        (np.array([index[key] for key in rows], dtype=np.int64),
         np.array(periods, dtype=np.int64)),
        np.array(quantities, dtype=np.float64),
    )  # fmt: skip
    matrix = np.maximum(matrix, 0.0)
    if not monthly:
        _note_last_sales(items, matrix, starts)
    span = None
    if purchases is not None and purchases.lines:
        days = [bought.on for bought in purchases.lines]
        span = min(days), min(max(days), last)
    return Shelf(
        items=items,
        sales=matrix,
        period_days=MONTH_DAYS if monthly else 1.0,
        starts=starts,
        as_of=last,
        grain=sales.grain,
        stock_columns=_filled(stock.lines),
        bought=span,
    )


def _days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))


def _months(first: date, last: date) -> tuple[date, ...]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    at = first.year * 12 + first.month - 1
    return tuple(date((at + k) // 12, (at + k) % 12 + 1, 1) for k in range(count))


def _filled(lines: Iterable[StockLine]) -> frozenset[str]:
    """The fields that at least one line of the stock file fills."""
    asked = ("purchase_price", "public_price", "value", "address", "last_sale_on",
             "last_receipt_on", "expires_on", "vat_rate")  # fmt: skip
    left = set(asked)
    for line in lines:
        left -= {name for name in left if getattr(line, name) not in (None, "")}
        if not left:
            break
    return frozenset(set(asked) - left)


def _take_stock(item: _Gathering, line: StockLine) -> None:
    item.held += line.quantity
    if line.address:
        item.addresses[line.address] = None
    cost = line.purchase_price
    if (cost is None or cost <= 0) and line.value is not None and line.quantity > 0:
        cost = line.value / line.quantity
    if cost is not None and cost > 0:
        item.costs.append((max(line.quantity, 0), cost))
    item.public_price = item.public_price or line.public_price
    item.vat_rate = item.vat_rate if line.vat_rate is None else line.vat_rate
    item.last_sale_on = _later(item.last_sale_on, line.last_sale_on)
    item.last_receipt_on = _later(item.last_receipt_on, line.last_receipt_on)
    if line.expires_on is not None and line.quantity > 0:
        item.lots[line.expires_on, line.lot] += line.quantity


def _note_sale(item: _Gathering, line: SalesLine, *, since: date) -> None:
    item.sales_lines += 1
    item.recent_lines += line.last_on > since


def _note_last_sales(items: Sequence[Item], sales: Floats, days: Sequence[date]) -> None:
    """A sale that came back the same day was none."""
    sold = sales > 0
    last = sales.shape[1] - 1 - sold[:, ::-1].argmax(axis=1)
    for row in np.flatnonzero(sold.any(axis=1)).tolist():
        items[row].last_sale_on = _later(items[row].last_sale_on, days[last[row]])


def _take_purchase(item: _Gathering, line: PurchaseLine) -> None:
    item.received.append((line.on, line.quantity + (line.free_quantity or 0)))
    item.last_receipt_on = _later(item.last_receipt_on, line.on)
    price = line.unit_price
    if price is not None and price > 0 and (item.bought_at is None or line.on > item.bought_at[0]):
        item.bought_at = line.on, price


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)


def _item(code: str, told: _Gathering, margins: MarginTable) -> Item:
    product = told.national
    vat = told.vat_rate
    if vat is None and product is not None:
        vat = product.vat_rate
    price = product.price if product is not None else None
    price = price if price is not None else told.public_price
    cost, assumed = _cost(told, price=price, vat=vat, margins=margins)
    return Item(
        code=code,
        label=product.label if product is not None else told.label,
        national=product,
        address=" · ".join(told.addresses),
        held=told.held,
        cost=cost,
        is_cost_assumed=assumed,
        price=price,
        vat_rate=None if vat is None else Decimal(f"{vat.normalize():f}"),
        last_sale_on=told.last_sale_on,
        last_receipt_on=told.last_receipt_on,
        lots=tuple(
            LotHeld(day, quantity, number)
            for (day, number), quantity in sorted(told.lots.items())
        ),
        files=tuple(told.files),
        sales_lines=told.sales_lines,
        recent_lines=told.recent_lines,
        received=tuple(sorted(told.received)),
        season_class=product.atc[:3] if product is not None else "",
    )  # fmt: skip


def _cost(
    told: _Gathering, *, price: Decimal | None, vat: Decimal | None, margins: MarginTable
) -> tuple[Decimal | None, bool]:
    """What a box cost: the stock file says, else the last purchase, else margins assume."""
    if told.costs:
        boxes = sum(quantity for quantity, _cost in told.costs)
        if boxes:
            return sum(n * cost for n, cost in told.costs) / Decimal(boxes), False
        return told.costs[0][1], False
    if told.bought_at is not None:
        return told.bought_at[1], False
    # The regulated margins undo a regulated price only.
    if price is not None and price > 0 and vat == REIMBURSED:
        return margins.purchase_cost(price), True
    return None, False
