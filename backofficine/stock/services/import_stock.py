"""``import-stock``: the opening balances, from the stock file of the dispensing software."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from backofficine.catalog.models import Evidence, Product
from backofficine.catalog.services import touch_version
from backofficine.formats.canonical import Import, StockLine, read_stock
from backofficine.formats.naming import fold
from backofficine.kernel.bulk import insert_rows, update_rows
from backofficine.kernel.ids import derived_id
from backofficine.kernel.money import to_finest
from backofficine.pharmacy.queries import instant, zone
from backofficine.stock import queries
from backofficine.stock.models import (
    NO_DATE,
    Address,
    Balance,
    CountRequest,
    FoundExplained,
    ImportedFile,
    Location,
    Move,
    Posting,
)
from backofficine.stock.services.count import explain_moves
from backofficine.stock.services.imports import (
    MOST_UNITS,
    Codes,
    Earlier,
    LeftOut,
    Progress,
    absurd,
    default_place,
    first_suited,
    follow,
    kind_for,
    nothing_used,
    read,
    silent,
    unchanged,
)
from backofficine.stock.services.ledger import MoveLine, in_turn, lots_of, post
from backofficine.team.models import Actor, Workstation

_TOTAL_HEADING = re.compile(r"total", re.IGNORECASE)


@dataclass
class StockReport:
    """What a stock file opened; the JSON of ``import-stock``. ``value`` in euros excl. VAT."""

    name: str
    digest: str
    opened_at: datetime | None = None
    lines: int = 0
    products: int = 0
    quantity: int = 0
    value: Decimal = Decimal(0)
    lots: int = 0
    locations_created: int = 0
    costs_set: int = 0
    counts_asked: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    is_unchanged: bool = False

    @property
    def is_useless(self) -> bool:
        """Not one line could be used: nothing was written, nor remembered."""
        return not self.products and not self.is_unchanged

    @property
    def sentence(self) -> str:
        """The report as one reads it."""
        if self.is_unchanged:
            return unchanged()
        if self.is_useless:
            return nothing_used(self.lines)
        return _(
            "Stock opened: %(products)d products, %(quantity)d units in %(lots)d lots, "
            "%(value)s € excl. VAT; %(places)d new places, %(counts)d products to count."
        ) % {
            "products": self.products,
            "quantity": self.quantity,
            "lots": self.lots,
            "value": number_format(self.value, decimal_pos=2, force_grouping=True),
            "places": self.locations_created,
            "counts": self.counts_asked,
        }

    def as_dict(self) -> dict[str, Any]:
        """``unchanged``: these very bytes were imported before, nothing was written."""
        return {
            "kind": "stock",
            "file": self.name,
            "digest": self.digest,
            "unchanged": self.is_unchanged,
            "opened_at": self.opened_at.isoformat() if self.opened_at else None,
            "lines": self.lines,
            "products": self.products,
            "quantity": self.quantity,
            "value": f"{self.value:.2f}",
            "lots": self.lots,
            "locations_created": self.locations_created,
            "costs_set": self.costs_set,
            "counts_asked": self.counts_asked,
            "rejected": self.rejected,
        }


@dataclass(slots=True)
class _Held:
    """A line that names one product: where it is and how much, in stock units."""

    product: Product
    place: str  # the code of the location, or "" when the file names none
    number: str
    expires_on: date | None
    quantity: int


def import_stock(
    data: bytes,
    *,
    name: str,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None = None,
    progress: Progress = silent,
) -> StockReport:
    """Open the stock of the products of a file, in one posting, all or nothing.

    This will make the places the file names, give each product its address, its cost when nothing
    better is known, and post its boxes from the virtual end *count*. A negative quantity opens at
    zero and asks for a count. A product whose stock is already open here is left out: its boxes
    would count twice. The same file again changes nothing; once the catalogue has changed, the
    lines left out are tried again.

    :raises FileRefused: if the file is no stock file, or none of its lines can be used.
    """
    file = read(read_stock, data)
    with transaction.atomic():
        # A second click waits here until the first is written, then finds its report.
        in_turn()
        earlier = Earlier.of(ImportedFile.Kind.STOCK, file.digest)
        if earlier.last is not None and earlier.is_done:
            return _repeat(earlier.last, file.digest)
        return _Opening(
            file, earlier, name=name, at=at, actor=actor, workstation=workstation, progress=progress
        ).run()


def _repeat(known: ImportedFile, digest: str) -> StockReport:
    report = known.report
    return StockReport(
        name=known.name,
        digest=digest,
        opened_at=datetime.fromisoformat(report["opened_at"]) if report["opened_at"] else None,
        lines=report["lines"],
        products=report["products"],
        quantity=report["quantity"],
        value=Decimal(report["value"]),
        lots=report["lots"],
        rejected=report["rejected"],
        is_unchanged=True,
    )


@dataclass
class _Opening:
    """One stock file on its way in. Steps run in the order of ``run``."""

    file: Import[StockLine]
    earlier: Earlier
    name: str
    at: datetime
    actor: Actor
    workstation: Workstation | None
    progress: Progress
    left_out: LeftOut = field(default_factory=LeftOut)
    places: dict[str, Location] = field(default_factory=dict)

    def run(self) -> StockReport:
        report = StockReport(self.name, self.file.digest, opened_at=self._opened_at())
        unreadable = [line for line in self.file.rejected if self.earlier.keeps(line.line)]
        asked = [line for line in self.file.lines if self.earlier.keeps(line.line)]
        report.lines = len(asked) + len(unreadable)
        for line in unreadable:
            self.left_out.add(line.line, "", line.reason)
        lines = self._understood(asked)
        report.rejected = self.left_out.ordered()
        if not lines:
            # Nothing was used, so nothing is remembered: mend the file or the catalogue, come back.
            last = self.earlier.last
            return _repeat(last, self.file.digest) if last is not None else report
        report.products = len({line.product.pk for line, _source in lines})
        report.locations_created = self._make_places([held for held, _source in lines])
        self._give_addresses(held for held, _source in lines)
        report.costs_set = self._set_costs(lines)
        report.counts_asked = self._ask_counts(lines)
        posted = self._post([held for held, _source in lines if held.quantity > 0], report)
        if follow(held.product for held, _source in lines) or posted:
            touch_version()
        self.earlier.remember(
            ImportedFile.Kind.STOCK,
            self.file.digest,
            name=self.name,
            at=self.at,
            report=report.as_dict(),
        )
        return report

    def _opened_at(self) -> datetime:
        """When the file was true: the date it gives if it gives one, never after now.

        Some software writes there the last count of each product: days that differ are no date of
        the file, which is then true now.
        """
        told = {line.counted_at for line in self.file.lines if line.counted_at is not None}
        days = {day.date() if isinstance(day, datetime) else day for day in told}
        if len(days) != 1:
            return self.at
        here = zone()
        instants = [
            instant(each.date(), each.time(), in_zone=here)
            if isinstance(each, datetime)
            else instant(each, time.min, in_zone=here)
            for each in told
        ]
        return min(self.at, max(instants))

    def _understood(self, asked: list[StockLine]) -> list[tuple[_Held, StockLine]]:
        """The lines whose product is known and not open yet."""
        codes = Codes.of(line.code for line in asked)
        opened = _opened(codes.products)
        total = bool(_TOTAL_HEADING.search(self.file.columns.get("quantity", "")))
        understood: list[tuple[_Held, StockLine]] = []
        for count, line in enumerate(asked):
            if count % 1000 == 0:
                self.progress(count, len(asked))
            product = codes.product(line.code)
            reserve = line.reserve_quantity or 0
            if product is None:
                self.left_out.add(line.line, line.code, codes.reason(line.code, line.label))
            elif max(abs(line.quantity), reserve) > MOST_UNITS:
                self.left_out.add(line.line, line.code, absurd(max(line.quantity, reserve)))
            elif product.pk in opened:
                self.left_out.add(line.line, line.code, _already_open_reason(product))
            else:
                here = line.quantity - reserve if total else line.quantity
                understood.append((_held(line, product, max(here, 0)), line))
                if reserve > 0:
                    aside = _held(line, product, reserve)
                    aside.place = RESERVE
                    understood.append((aside, line))
        self.progress(len(asked), len(asked))
        return understood

    def _make_places(self, lines: list[_Held]) -> int:
        """Find or make the places the file names, and one per storage class for the rest."""
        stored: dict[str, set[str]] = defaultdict(set)
        for held in lines:
            stored[held.place or default_place(held.product)].add(held.product.storage)
        known = {place.code.casefold(): place for place in Location.objects.all()}
        for held in lines:
            if not held.place:
                # Somewhere suitable exists already: no need of another.
                suited = first_suited(held.product, known.values())
                if suited is not None:
                    self.places[default_place(held.product)] = suited
        last = max((place.walk_order for place in known.values()), default=0)
        new = []
        for code in sorted(stored, key=fold):
            place = known.get(code.casefold())
            if place is not None and place.holds_stock:
                self.places[code] = place
            elif code not in self.places:
                last += 10
                free = code if place is None else f"{code[:27]} 2"
                new.append((_kind_of_place(code, stored[code]), free, True, last))
        insert_rows(Location, ["kind", "code", "holds_stock", "walk_order"], new)
        made = {
            place.code: place for place in Location.objects.filter(code__in=[n[1] for n in new])
        }
        for code in stored:
            if code not in self.places:
                self.places[code] = made.get(code) or made[f"{code[:27]} 2"]
        return len(new)

    def _give_addresses(self, lines: Iterable[_Held]) -> None:
        """The first place the file gives a product is its main address, unless it has one."""
        held = set(Address.objects.values_list("product_id", "location_id"))
        main = set(Address.objects.filter(is_main=True).values_list("product_id", flat=True))
        new = []
        for line in lines:
            key = line.product.pk, self.places[line.place or default_place(line.product)].pk
            if not line.place or line.place == RESERVE or key in held:
                continue
            new.append((*key, line.product.pk not in main))
            held.add(key)
            main.add(line.product.pk)
        insert_rows(Address, ["product_id", "location_id", "is_main"], new)

    def _set_costs(self, lines: list[tuple[_Held, StockLine]]) -> int:
        """A cost from a receipt or a person is better than the file's; an assumed one is not."""
        better = {Evidence.RECEIPT, Evidence.HERE}
        costs: dict[int, Decimal] = {}
        for held, source in lines:
            product = held.product
            if source.unit_cost is None or product.cost_evidence in better:
                continue
            cost = to_finest(source.unit_cost / product.doses_per_box)
            costs[product.pk] = cost
            product.unit_cost, product.cost_evidence = cost, Evidence.STOCK_FILE
        update_rows(
            Product,
            ["unit_cost", "cost_evidence"],
            [(pk, cost, str(Evidence.STOCK_FILE)) for pk, cost in sorted(costs.items())],
        )
        return len(costs)

    def _ask_counts(self, lines: list[tuple[_Held, StockLine]]) -> int:
        negative = {held.product.pk for held, source in lines if source.is_negative}
        asked = set(
            CountRequest.objects.filter(why=CountRequest.Why.NEGATIVE, closed_at=None).values_list(
                "product_id", flat=True
            )
        )
        CountRequest.objects.bulk_create(
            [
                CountRequest(product_id=pk, why=CountRequest.Why.NEGATIVE, asked_at=self.at)
                for pk in sorted(negative - asked)
            ]
        )
        return len(negative)

    def _post(self, lines: list[_Held], report: StockReport) -> bool:
        """One posting for the whole file; the same lot twice in one place adds up."""
        amounts: dict[tuple[int, str, date, str], int] = defaultdict(int)
        products: dict[int, Product] = {}
        for held in lines:
            place = held.place or default_place(held.product)
            products[held.product.pk] = held.product
            amounts[held.product.pk, held.number, held.expires_on or NO_DATE, place] += (
                held.quantity
            )
        if not amounts:
            return False
        lots = lots_of((products[pk], number, day) for pk, number, day, _place in amounts)
        counted = queries.virtual(Location.Kind.COUNT)
        moves = [
            MoveLine(
                lots[pk, number, day],
                counted,
                self.places[place],
                quantity,
                is_lot_assumed=not number,
            )
            for (pk, number, day, place), quantity in amounts.items()
        ]
        posting = post(
            lines=moves,
            reason=Posting.Reason.OPENING,
            occurred_at=report.opened_at or self.at,
            recorded_at=self.at,
            actor=self.actor,
            workstation=self.workstation,
            request_id=derived_id("import-stock", self.file.digest, self.earlier.number),
        )
        # What was sold before the opening without being known is explained by it.
        found = Move.objects.filter(
            is_found=True, source=counted, explained=None, posting__position__lt=posting.position
        ).select_related("lot")
        explain_moves(
            [move for move in found.order_by("pk") if move.lot.product_id in products],
            by=FoundExplained.By.COUNT,
            posting=posting,
            at=self.at,
        )
        report.quantity = sum(amounts.values())
        report.value = sum((line.cost * line.quantity for line in moves), Decimal(0))
        report.lots = len(lots)
        return True


RESERVE = "RÉSERVE"
_KINDS_BY_WORD = (
    (Location.Kind.FRIDGE, ("frigo", "froid", "refrig", "chambre froide")),
    (Location.Kind.SAFE, ("coffre", "stup")),
    (Location.Kind.QUARANTINE, ("quarantaine", "perime", "litige")),
    (Location.Kind.RESERVE, ("reserve", "cave", "sous-sol", "surstock", "back office")),
    (Location.Kind.ROBOT, ("robot", "automate")),
    (Location.Kind.DRAWER, ("tiroir", "colonne")),
)


def _held(line: StockLine, product: Product, boxes: int) -> _Held:
    return _Held(
        product,
        line.location[:30],
        line.lot[:20],
        line.expires_on,
        boxes * product.doses_per_box,
    )


def _kind_of_place(code: str, storages: set[str]) -> str:
    """What the name of a place says, else what lives there when nothing else does."""
    folded = fold(code)
    for kind, words in _KINDS_BY_WORD:
        if any(word in folded for word in words):
            return str(kind)
    alone = next(iter(storages)) if len(storages) == 1 else ""
    return str(kind_for(alone))


def _opened(products: dict[int, Product]) -> set[int]:
    """Products whose boxes the record already knows otherwise than by having *found* them."""
    known = Balance.objects.filter(on_hand__gt=0).values_list("lot__product_id", flat=True)
    # An opening that was reversed opened nothing: neither it nor its mirror counts.
    moved = Move.objects.filter(
        is_found=False, target__holds_stock=True, posting__reversed_by=None, posting__reverses=None
    )
    opened = set(known.distinct())
    if not opened and not moved.exists():
        return set()
    return (opened | set(moved.values_list("lot__product_id", flat=True).distinct())) & set(
        products
    )


def _already_open_reason(product: Product) -> str:
    return _(
        "The stock of %(product)s is already followed here: these boxes would count twice. Count "
        "the product instead."
    ) % {"product": product}
