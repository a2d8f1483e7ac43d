"""The record was wrong: boxes found that it did not know, boxes missing when someone counted."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Min, Q
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.losses.loss import ZERO, Fact, FactKind, Loss, State, Step, Waste
from backofficine.losses.rules.base import Period, Rule, columns_of
from backofficine.losses.tariffs import TariffBook
from backofficine.stock.models import (
    CountLine,
    CountRequest,
    FoundExplained,
    Location,
    Move,
    NotFound,
    Posting,
)
from backofficine.stock.queries import virtual

SUFFERED_AT = {
    Posting.Reason.WITHDRAWAL: Step.COUNTER,
    Posting.Reason.SET_ASIDE: Step.PROMISE,
    Posting.Reason.HAND_OVER: Step.PROMISE,
}
# A box taken out that the record did not know is told by the rule of its cause.
TOLD_ELSEWHERE = (Posting.Reason.WRITE_OFF, Posting.Reason.QUARANTINE)


@dataclass(slots=True)
class StockError:
    """All that showed, on one day, that the record of one product was wrong."""

    product: Product
    day: date
    found: list[Move] = field(default_factory=list)
    counts: list[CountLine] = field(default_factory=list)
    searches: list[NotFound] = field(default_factory=list)
    missing_cost: Decimal = ZERO
    is_provisional: bool = False

    @property
    def occurred_at(self) -> datetime:
        instants = [move.posting.occurred_at for move in self.found]
        instants += [search.reported_at for search in self.searches]
        instants += [count.counted_at for count in self.counts]
        return min(instants)

    @property
    def quantity(self) -> int:
        """Stock units by which the record was wrong."""
        missing = sum(abs(count.recorded - count.counted) for count in self.counts)
        return missing + sum(move.quantity for move in self.found)

    @property
    def facts(self) -> tuple[Fact, ...]:
        facts = [
            Fact(
                FactKind.MOVE,
                f"{move.posting.position}",
                move.posting.occurred_at,
                _("In the hand, although the record said none"),
                location=move.target,
                quantity=move.quantity,
            )
            for move in self.found
        ]
        facts += [
            Fact(
                FactKind.NOT_FOUND,
                f"{search.pk}",
                search.reported_at,
                _("Tapped “not found”; the record said it was there"),
                location=search.location,
                quantity=search.expected,
            )
            for search in self.searches
        ]
        facts += [
            Fact(
                FactKind.COUNT,
                f"{count.pk}",
                count.counted_at,
                _("Counted %(counted)s, recorded %(recorded)s")
                % {"counted": count.counted, "recorded": count.recorded},
                location=count.location,
                quantity=abs(count.counted - count.recorded),
            )
            for count in self.counts
        ]
        return tuple(sorted(facts, key=lambda fact: fact.at))


class WrongRecord(Rule):
    """One product, one day, one loss, whatever the number of facts that showed the error.

    Reads the boxes *found* (withdrawn or set aside although the record said none), the counts that
    differ, and the searches of that day. A count that answers an earlier search or finding belongs
    to the day of that one. Boxes found stay provisional until something explains them; a late
    receipt or a synchronisation explains them away, and then there is no loss. Counts the minutes
    of one stock error and, in euros, the boxes missing at the count at their unit cost. Boxes the
    count finds in excess cost nothing and gain nothing.
    """

    key = "stock_error"
    label = _("Stock errors")
    counts = _("the minutes of one error, and each box missing at the count at its unit cost")
    tariff = "minutes_stock_error"
    waste = Waste.DEFECT
    sufferer = Step.STOCK

    def losses(self, period: Period, book: TariffBook) -> Iterable[Loss]:
        for error in errors_of(period):
            reason = error.found[0].posting.reason if error.found else ""
            sufferer = SUFFERED_AT.get(Posting.Reason(reason)) if reason else None
            yield self.price(
                book,
                key=f"{error.product.public_id}:{error.day.isoformat()}",
                at=error.occurred_at,
                day=error.day,
                product=error.product,
                quantity=error.quantity,
                cash=error.missing_cost,
                apart=State.PROVISIONAL if error.is_provisional else None,
                sufferer=Step.COUNTER if error.searches and not sufferer else sufferer,
                proof=error.facts,
            )

    def day_of(self, key: str) -> date | None:
        product, _colon, day = key.partition(":")
        try:
            UUID(product)
            return date.fromisoformat(day)
        except ValueError:
            return None

    def story(self, loss: Loss) -> list[Fact]:
        """The facts, and what explained the boxes found."""
        facts = list(loss.proof)
        positions = [int(fact.number) for fact in facts if fact.kind == FactKind.MOVE]
        explained = (
            FoundExplained.objects.filter(
                move__posting__position__in=positions, move__lot__product=loss.product
            )
            .order_by("explained_at", "pk")
            .distinct()
        )
        facts += [
            Fact(
                FactKind.EXPLAINED,
                f"{each.pk}",
                each.explained_at,
                _("Explained by %(what)s") % {"what": FoundExplained.By(each.by).label},
            )
            for each in explained
        ]
        return sorted(facts, key=lambda fact: fact.at)


def errors_of(period: Period) -> list[StockError]:
    """The stock errors whose day is in the period, in order. A few queries, whatever the period."""
    known: list[StockError] | None = period.memo.get("stock_errors")
    if known is None:
        known = period.memo["stock_errors"] = _errors_of(period)
    return known


def _errors_of(period: Period) -> list[StockError]:
    found = _found(period)
    # The counts of the period, and those that came later but answer what was found in it.
    later = {
        move.explained.posting_id
        for move in found
        if _explanation(move) == FoundExplained.By.COUNT and move.explained.posting_id
    }
    answers = CountRequest.objects.filter(
        why=CountRequest.Why.NOT_FOUND, asked_at__gte=period.start, asked_at__lt=period.end
    )
    counts = list(
        CountLine.objects.filter(
            Q(counted_at__gte=period.start, counted_at__lt=period.end)
            | Q(posting__in=later)
            | Q(posting__in=answers.filter(closed_by__isnull=False).values("closed_by")),
            posting__isnull=False,
            posting__reversed_by__isnull=True,
        )
        .exclude(counted=F("recorded"))
        .select_related("product", "location")
        .only(
            "recorded",
            "counted",
            "counted_at",
            "posting_id",
            "location__code",
            "location__kind",
            *columns_of("product"),
        )
        .order_by("counted_at", "pk")
    )
    postings = {int(count.posting_id) for count in counts if count.posting_id}
    origins = _origins(postings)
    costs = _missing_costs(postings)

    errors: dict[tuple[int, date], StockError] = {}

    def error(product: Product, day: date) -> StockError:
        return errors.setdefault((product.pk, day), StockError(product, day))

    for move in found:
        by = _explanation(move)
        if by not in (FoundExplained.By.RECEIPT, FoundExplained.By.SYNC):
            one = error(move.lot.product, period.day_of(move.posting.occurred_at))
            one.found.append(move)
            one.is_provisional = one.is_provisional or by is None
    for count in counts:
        assert count.posting_id is not None, "the query keeps counts that posted"
        day = period.day_of(origins.get(count.posting_id, count.counted_at))
        if period.first <= day <= period.last:
            one = error(count.product, day)
            one.counts.append(count)
            one.missing_cost += costs.get(count.posting_id, ZERO)
            # Someone counted, and the record was wrong: nothing more is awaited.
            one.is_provisional = False
    _add_searches(errors, period)
    return sorted(errors.values(), key=lambda one: (one.day, one.occurred_at, one.product.pk))


def _found(period: Period) -> list[Move]:
    return list(
        # By its place: few moves come out of *count*, whatever the period holds.
        Move.objects.filter(
            is_found=True,
            source=virtual(Location.Kind.COUNT),
            posting__occurred_at__gte=period.start,
            posting__occurred_at__lt=period.end,
            posting__reversed_by__isnull=True,
        )
        .exclude(posting__reason__in=TOLD_ELSEWHERE)
        .select_related("posting", "lot__product", "target", "explained")
        .only(
            "line",
            "quantity",
            "posting__position",
            "posting__reason",
            "posting__occurred_at",
            "target__code",
            "target__kind",
            "explained__by",
            "explained__posting_id",
            *columns_of("lot__product"),
        )
        .order_by("posting__position", "line")
    )


def _explanation(move: Move) -> str | None:
    explained: FoundExplained | None = getattr(move, "explained", None)
    return explained.by if explained else None


def _origins(postings: set[int]) -> dict[int, datetime]:
    """When what each count answers was first seen: boxes found, or a product not found."""
    first: dict[int, datetime] = {}
    found = FoundExplained.objects.filter(posting__in=postings, by=FoundExplained.By.COUNT).exclude(
        move__posting__reason__in=TOLD_ELSEWHERE
    )
    searches = CountRequest.objects.filter(closed_by__in=postings, why=CountRequest.Why.NOT_FOUND)
    for posting, at in [
        *found.values_list("posting").annotate(at=Min("move__posting__occurred_at")).order_by(),
        *searches.values_list("closed_by").annotate(at=Min("asked_at")).order_by(),
    ]:
        first[posting] = min(first.get(posting, at), at)
    return first


def _missing_costs(postings: set[int]) -> dict[int, Decimal]:
    """Euros of the boxes that each count took out of the record."""
    costs: dict[int, Decimal] = defaultdict(Decimal)
    moves = Move.objects.filter(posting__in=postings, target=virtual(Location.Kind.COUNT))
    for posting, quantity, cost in moves.values_list("posting", "quantity", "unit_cost"):
        costs[posting] += quantity * cost
    return costs


def _add_searches(errors: dict[tuple[int, date], StockError], period: Period) -> None:
    if not errors:
        return
    searches = (
        NotFound.objects.filter(
            reported_at__gte=period.start,
            reported_at__lt=period.end,
            product__in={product for product, _day in errors},
        )
        .select_related("location")
        .only("product_id", "reported_at", "expected", "location__code", "location__kind")
        .order_by("reported_at", "pk")
    )
    for search in searches:
        one = errors.get((search.product_id, period.day_of(search.reported_at)))
        if one is not None:
            one.searches.append(search)
