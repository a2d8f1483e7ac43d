"""``import-sales``: what was sold, from a file: demand, and boxes out where the file is the truth.

Before the opening of the stock a sale is history. After it, where the dispensing software holds the
stock, it is a withdrawal, recorded as the fact it is; where Backofficine does, the counter alone
withdraws and a file stays history.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from backofficine.catalog.models import Product
from backofficine.catalog.services import touch_version
from backofficine.formats.canonical import Import, SaleLine, read_sales
from backofficine.kernel.bulk import insert_rows
from backofficine.kernel.ids import derived_id
from backofficine.pharmacy.models import Pharmacy
from backofficine.pharmacy.queries import instant, zone
from backofficine.stock import queries
from backofficine.stock.models import DemandLine, ImportedFile, Location, Move, Posting
from backofficine.stock.services.imports import (
    MOST_UNITS,
    Codes,
    Earlier,
    LeftOut,
    Progress,
    absurd,
    follow,
    make_missing_places,
    nothing_used,
    read,
    silent,
    unchanged,
)
from backofficine.stock.services.ledger import MoveLine, in_turn, lot_of, post
from backofficine.stock.services.withdraw import Wanted, withdraw
from backofficine.team.models import Actor

_NOON = time(12)  # of a sale whose hour the file does not tell
_LAST_MINUTE = time(23, 59)  # a stock dated of it is that of a day's end
_MOST_LINES = 200  # of one posting
_POSTINGS_AT_ONCE = 100  # of one transaction: a crash loses at most these, and they come again
_SOURCE = "import-sales:"

Span = tuple[date, date]  # first and last day


@dataclass
class SalesReport:
    """What a sales file said; the JSON of ``import-sales``. Quantities in stock units."""

    name: str
    digest: str
    mode: str
    lines: int = 0
    products: int = 0
    first_on: date | None = None
    last_on: date | None = None
    history: Counter[str] = field(default_factory=Counter)
    withdrawn: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    already_known: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    is_unchanged: bool = False

    @property
    def is_useless(self) -> bool:
        """Not one line could be used: nothing was written, nor remembered."""
        told = self.history["lines"] + self.withdrawn["lines"] + self.returned["lines"]
        return not told and not self.already_known and not self.is_unchanged

    @property
    def sentence(self) -> str:
        """The report as one reads it."""
        if self.is_unchanged:
            return unchanged()
        if self.is_useless:
            return nothing_used(self.lines)
        return _(
            "Sales recorded: %(history)d lines of history, %(withdrawn)d lines withdrawn "
            "(%(found)d units the record did not know), %(returned)d returns, %(known)d lines "
            "known already."
        ) % {
            "history": self.history["lines"],
            "withdrawn": self.withdrawn["lines"],
            "found": self.withdrawn["found"],
            "returned": self.returned["lines"],
            "known": self.already_known,
        }

    def as_dict(self) -> dict[str, Any]:
        """``already_known``: lines that an earlier file said word for word."""
        return {
            "kind": "sales",
            "file": self.name,
            "digest": self.digest,
            "unchanged": self.is_unchanged,
            "mode": self.mode,
            "lines": self.lines,
            "products": self.products,
            "first_on": self.first_on.isoformat() if self.first_on else None,
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "history": {key: self.history[key] for key in ("lines", "quantity")},
            "withdrawn": {
                key: self.withdrawn[key] for key in ("postings", "lines", "quantity", "found")
            },
            "returned": {key: self.returned[key] for key in ("lines", "quantity")},
            "already_known": self.already_known,
            "rejected": self.rejected,
        }


@dataclass(slots=True)
class _Sale:
    """A line that names one product, at an instant; ``quantity`` stock units, below zero back.

    ``since`` is the first day of a whole month, told as one sale of its last day.
    """

    line: int
    product: Product
    at: datetime
    on: date
    quantity: int
    since: date | None = None

    def overlaps(self, opening: datetime) -> bool:
        """Whether an opening, in the pharmacy's time, falls within the month the line sums up."""
        if self.since is None:
            return False
        return self.since < opening.date() and opening < datetime.combine(
            self.on, _LAST_MINUTE, opening.tzinfo
        )


def import_sales(
    data: bytes,
    *,
    name: str,
    at: datetime,
    actor: Actor,
    progress: Progress = silent,
    covers: Span | None = None,
) -> SalesReport:
    """Record the sales of a file, whatever the record thought it held.

    Lines that an earlier file gave word for word are recognised: overlapping exports do no harm.
    History is written at once; withdrawals follow in the order of their instants, a hundred
    postings at a time, each known by the file and its line: an import that was cut short is
    started again and goes on. The same file again changes nothing; once the catalogue has changed,
    the lines left out are tried again. ``covers`` are the first and last day that the file sums up:
    what another one tells of its products there is known already.

    :raises FileRefused: if the file is no sales file, or none of its lines can be used.
    """
    file = read(read_sales, data)
    earlier = Earlier.of(ImportedFile.Kind.SALES, file.digest)
    if earlier.last is not None and earlier.is_done:
        return _repeat(earlier.last, file.digest)
    return _Sales(file, earlier, name, at, actor, progress, covers).run()


def _repeat(known: ImportedFile, digest: str) -> SalesReport:
    said = known.report
    return SalesReport(
        name=known.name,
        digest=digest,
        mode=said["mode"],
        lines=said["lines"],
        products=said["products"],
        first_on=date.fromisoformat(said["first_on"]) if said["first_on"] else None,
        last_on=date.fromisoformat(said["last_on"]) if said["last_on"] else None,
        history=Counter(said["history"]),
        withdrawn=Counter(said["withdrawn"]),
        returned=Counter(said["returned"]),
        already_known=said["already_known"],
        rejected=said["rejected"],
        is_unchanged=True,
    )


@dataclass
class _Sales:
    """One sales file on its way in. Steps run in the order of ``run``."""

    file: Import[SaleLine]
    earlier: Earlier
    name: str
    at: datetime
    actor: Actor
    progress: Progress
    covers: Span | None
    left_out: LeftOut = field(default_factory=LeftOut)

    def run(self) -> SalesReport:
        mode = Pharmacy.objects.values_list("stock_truth", flat=True).first()
        report = SalesReport(self.name, self.file.digest, str(mode or Pharmacy.StockTruth.HERE))
        unreadable = [line for line in self.file.rejected if self.earlier.keeps(line.line)]
        asked = [line for line in self.file.lines if self.earlier.keeps(line.line)]
        report.lines = len(asked) + len(unreadable)
        for line in unreadable:
            self.left_out.add(line.line, "", line.reason)
        sales = self._new_ones(self._understood(asked), report)
        report.products = len({sale.product.pk for sale in sales})
        if sales:
            days = [sale.on for sale in sales]
            report.first_on, report.last_on = min(days), max(days)
        history, moving = self._parted(sales, mode=report.mode)
        report.rejected = self.left_out.ordered()
        if not history and not moving and not report.already_known:
            # Nothing was used, so nothing is remembered: mend the file or the catalogue, come back.
            last = self.earlier.last
            return _repeat(last, self.file.digest) if last is not None else report
        self._write_history(history, report)
        self._withdraw(moving, report)
        with transaction.atomic():
            in_turn()
            now = Earlier.of(ImportedFile.Kind.SALES, self.file.digest)
            if now.last is not None and now.number > self.earlier.number:
                # A second click wrote the same lines meanwhile, each once.
                return _repeat(now.last, self.file.digest)
            if follow(sale.product for sale in sales):
                touch_version()
            self.earlier.remember(
                ImportedFile.Kind.SALES,
                self.file.digest,
                name=self.name,
                at=self.at,
                report={**report.as_dict(), **self._spans([*history, *moving])},
            )
        return report

    @property
    def _source(self) -> str:
        return _source(self.file.digest)

    def _understood(self, asked: list[SaleLine]) -> list[_Sale]:
        """The lines that name one product at a possible instant, in the order of time."""
        codes = Codes.of(line.code for line in asked)
        here = zone()
        latest = self.at + timedelta(days=1)  # clocks of two machines may differ
        instants: dict[datetime, datetime] = {}
        sales: list[_Sale] = []
        for line in asked:
            product = codes.product(line.code)
            local = line.occurred_at or datetime.combine(line.date, _NOON)
            if local not in instants:
                instants[local] = instant(local.date(), local.time(), in_zone=here)
            at = instants[local]
            if product is None:
                self.left_out.add(line.line, line.code, codes.reason(line.code, line.label))
            elif abs(line.quantity) > MOST_UNITS:
                self.left_out.add(line.line, line.code, absurd(abs(line.quantity)))
            elif at > latest:
                self.left_out.add(line.line, line.code, _in_the_future(line.date))
            else:
                quantity = line.quantity * product.doses_per_box
                sales.append(_Sale(line.line, product, at, line.date, quantity, line.since))
        sales.sort(key=lambda sale: (sale.at, sale.line))
        return sales

    def _new_ones(self, sales: list[_Sale], report: SalesReport) -> list[_Sale]:
        """Leave out what earlier files said already: the same product, instant and quantity.

        A month and its days are told once, whichever came first.
        """
        if not sales:
            return []
        covered = self._covered(sales)
        earlier = (
            DemandLine.objects.standing()
            .filter(
                source__startswith=_SOURCE,
                occurred_on__gte=min(sale.since or sale.on for sale in sales),
                occurred_on__lte=sales[-1].on,
            )
            .exclude(source=self._source)
            .values_list("product_id", "occurred_at", "quantity", "kind", "occurred_on")
        )
        returned = str(DemandLine.Kind.RETURNED)
        known: Counter[tuple[int, datetime, int]] = Counter()
        has_months = any(sale.since for sale in sales)
        months: set[tuple[int, int, int]] = set()
        for product, at, quantity, kind, on in earlier.iterator(chunk_size=5000):
            known[product, at, -quantity if kind == returned else quantity] += 1
            if has_months:
                months.add((product, on.year, on.month))
        if not known and not covered:
            return sales
        new = []
        for sale in sales:
            key = sale.product.pk, sale.at, sale.quantity
            if known[key]:
                known[key] -= 1
                report.already_known += 1
            elif (
                sale.since is not None and (sale.product.pk, sale.on.year, sale.on.month) in months
            ) or any(
                first <= sale.on <= last and sale.product.pk in products
                for first, last, products in covered
            ):
                report.already_known += 1
            else:
                new.append(sale)
        return new

    def _covered(self, sales: list[_Sale]) -> list[tuple[date, date, set[int]]]:
        """Spans that other files summed up, each with the products they told of.

        What was undone since covers nothing: its lines stand no more.
        """
        covered = []
        reports = ImportedFile.objects.filter(
            kind=ImportedFile.Kind.SALES, report__has_key="covers"
        ).values_list("report__digest", "report__covers")
        for digest, spans in reports:
            for first, last in (map(date.fromisoformat, span) for span in spans):
                if digest == self.file.digest or last < sales[0].on or first > sales[-1].on:
                    continue
                told = DemandLine.objects.standing().filter(
                    source=_source(digest), occurred_on__gte=first, occurred_on__lte=last
                )
                products = set(told.values_list("product_id", flat=True).distinct())
                if products:
                    covered.append((first, last, products))
        return covered

    def _spans(self, sales: list[_Sale]) -> dict[str, list[list[str]]]:
        """The spans this file sums up, as its report keeps them; nothing where there is none."""
        told = {(sale.since, sale.on) for sale in sales if sale.since is not None}
        if self.covers is not None:
            told.add(self.covers)
        spans = [[first.isoformat(), last.isoformat()] for first, last in sorted(told)]
        return {"covers": spans} if spans else {}

    def _parted(self, sales: list[_Sale], *, mode: str) -> tuple[list[_Sale], list[_Sale]]:
        """Sales that are history, and sales that move boxes."""
        if mode != Pharmacy.StockTruth.LGO:
            return self._before_the_counter(sales), []
        openings = Posting.objects.filter(reason=Posting.Reason.OPENING, reversed_by=None)
        first = openings.aggregate(first=Min("occurred_at"))["first"]
        if first is None:
            return sales, []
        opened = _opened_at()
        here = zone()
        history: list[_Sale] = []
        moving: list[_Sale] = []
        for sale in sales:
            begins = opened.get(sale.product.pk, first).astimezone(here)
            if sale.overlaps(begins):
                self.left_out.add(sale.line, sale.product.cip13, _overlaps_the_opening(begins))
            else:
                (moving if sale.at >= begins else history).append(sale)
        return history, moving

    def _before_the_counter(self, sales: list[_Sale]) -> list[_Sale]:
        """Where the counter withdraws, what it recorded must not be told twice."""
        first = DemandLine.objects.filter(
            kind__in=[DemandLine.Kind.SERVED, DemandLine.Kind.MISSING]
        ).aggregate(first=Min("occurred_at"))["first"]
        if first is None:
            return sales
        kept = []
        for sale in sales:
            if sale.at < first:
                kept.append(sale)
            else:
                self.left_out.add(sale.line, sale.product.cip13, _counter_told_it(first))
        return kept

    def _write_history(self, sales: list[_Sale], report: SalesReport) -> None:
        sold = [sale for sale in sales if sale.quantity > 0]
        back = [sale for sale in sales if sale.quantity < 0]
        report.history.update(lines=len(sold), quantity=sum(sale.quantity for sale in sold))
        report.returned.update(lines=len(back), quantity=-sum(sale.quantity for sale in back))
        request_id = derived_id("import-sales", self.file.digest, "history", self.earlier.number)
        with transaction.atomic():
            in_turn()
            if DemandLine.objects.filter(request_id=request_id).exists():
                return  # an import that was cut short had come so far
            insert_rows(
                DemandLine,
                ["product_id", "kind", "quantity", "occurred_at", "occurred_on", "request_id",
                 "line", "source"],
                (self._demand(sale, DemandLine.Kind.HISTORY, request_id) for sale in sales),
            )  # fmt: skip

    def _demand(self, sale: _Sale, kind: DemandLine.Kind, request_id: UUID) -> tuple[Any, ...]:
        shown = kind if sale.quantity > 0 else DemandLine.Kind.RETURNED
        return (
            sale.product.pk, str(shown), abs(sale.quantity), sale.at, sale.on, request_id,
            sale.line, self._source,
        )  # fmt: skip

    def _withdraw(self, sales: list[_Sale], report: SalesReport) -> None:
        make_missing_places({sale.product.pk: sale.product for sale in sales}.values())
        groups = list(_groups(sales))
        for start in range(0, len(groups), _POSTINGS_AT_ONCE):
            self.progress(start, len(groups))
            with transaction.atomic():
                for group in groups[start : start + _POSTINGS_AT_ONCE]:
                    self._withdraw_group(group, report)
        self.progress(len(groups), len(groups))

    def _withdraw_group(self, group: Sequence[_Sale], report: SalesReport) -> None:
        sold = [sale for sale in group if sale.quantity > 0]
        back = [sale for sale in group if sale.quantity < 0]
        first = group[0]
        if sold:
            withdrawal = withdraw(
                [Wanted(sale.product, sale.quantity) for sale in sold],
                occurred_at=first.at,
                recorded_at=self.at,
                on=first.on,
                actor=self.actor,
                request_id=derived_id("import-sales", self.file.digest, first.line),
                # The dispensing software kept its own narcotics record of these sales.
                by_pharmacist=True,
                is_fact=True,
                demand_source=self._source,
            )
            report.withdrawn.update(
                postings=1,
                lines=len(sold),
                quantity=sum(sale.quantity for sale in sold),
                found=withdrawal.found,
            )
        if back:
            self._take_back(back)
            report.returned.update(lines=len(back), quantity=-sum(sale.quantity for sale in back))

    def _take_back(self, sales: list[_Sale]) -> None:
        """A negative sale undoes one: the boxes never left."""
        request_id = derived_id("import-sales", self.file.digest, "back", sales[0].line)
        in_turn()
        if Posting.objects.filter(request_id=request_id).exists():
            return
        patient = queries.virtual(Location.Kind.PATIENT)
        post(
            lines=[
                MoveLine(
                    queries.latest_lot(sale.product) or lot_of(sale.product),
                    patient,
                    queries.place_of(sale.product),
                    -sale.quantity,
                    is_lot_assumed=True,
                )
                for sale in sales
            ],
            reason=Posting.Reason.RETURN_IN,
            occurred_at=sales[0].at,
            recorded_at=self.at,
            actor=self.actor,
            request_id=request_id,
        )
        insert_rows(
            DemandLine,
            ["product_id", "kind", "quantity", "occurred_at", "occurred_on", "request_id",
             "line", "source"],
            [self._demand(sale, DemandLine.Kind.RETURNED, request_id) for sale in sales],
        )  # fmt: skip


def _source(digest: str) -> str:
    return f"{_SOURCE}{digest[:32]}"


def _opened_at() -> dict[int, datetime]:
    """When the stock of each product was opened."""
    rows = (
        Move.objects.filter(posting__reason=Posting.Reason.OPENING, posting__reversed_by=None)
        .values_list("lot__product_id")
        .annotate(at=Max("posting__occurred_at"))
        .order_by()
    )
    return {int(product): at for product, at in rows}


def _groups(sales: list[_Sale]) -> Iterator[Sequence[_Sale]]:
    """Sales of one instant, cut where they are too many for one posting."""
    by_instant: dict[datetime, list[_Sale]] = defaultdict(list)
    for sale in sales:
        by_instant[sale.at].append(sale)
    for same in by_instant.values():
        for start in range(0, len(same), _MOST_LINES):
            yield same[start : start + _MOST_LINES]


def _in_the_future(day: date) -> str:
    return _("%(day)s has not come yet: check the column of dates.") % {"day": f"{day:%d/%m/%Y}"}


def _overlaps_the_opening(opening: datetime) -> str:
    return _(
        "The stock was opened on %(day)s, within this month: its boxes cannot be told apart. "
        "Import the sales of its days instead."
    ) % {"day": f"{opening:%d/%m/%Y}"}


def _counter_told_it(first: datetime) -> str:
    return _("The counter records the sales since %(day)s: this line would count twice.") % {
        "day": f"{first.astimezone(zone()):%d/%m/%Y %H:%M}"
    }
