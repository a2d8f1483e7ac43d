"""What stands of people's decisions on a day, product by product, and as a list to read."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from backofficine.catalog.models import Product
from backofficine.planning.models import Decision
from backofficine.stock.models import StockRule

Kind = Decision.Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """What proposals must obey for one product."""

    is_never: bool = False
    """Not kept here: ordered for patients only, and never wished for."""
    is_on_promise: bool = False
    """Ordered for patients only; what the policy would ask for is shown."""
    snoozed_until: date | None = None
    """No order by itself up to and including that day; patients who wait are served."""
    demand_factor: float = 1.0
    """Times the usual demand, on average over the days asked about."""
    minimum: int | None = None
    """Stock units never to go below, while a season lasts."""


NOTHING_STANDS = Standing()


def standing_decisions(on: date, *, until: date | None = None) -> dict[int, Standing]:
    """By product, what stands on a day; absent means nothing.

    A seasonal plan counts for the days from ``on`` to ``until`` (that day alone by default): give
    the last day that the order must cover, and a season about to begin is prepared in time. Three
    queries, whatever the number of decisions.
    """
    last = max(until or on, on)
    found: dict[int, Standing] = {
        product: Standing(is_never=True)
        for product in StockRule.objects.filter(never_stock=True).values_list("product", flat=True)
    }
    plans: dict[int, list[Decision]] = defaultdict(list)
    for decision in _unended():
        product = decision.product_id
        stands = found.get(product, NOTHING_STANDS)
        ends = decision.last_day or date.max
        if decision.kind == Kind.SEASONAL:
            if decision.first_day <= last and ends >= on:
                plans[product].append(decision)
        elif decision.first_day <= on <= ends:
            if decision.kind == Kind.SNOOZED:
                found[product] = replace(stands, snoozed_until=decision.last_day)
            elif decision.kind == Kind.ON_PROMISE:
                found[product] = replace(stands, is_on_promise=True)
    for product, seasons in plans.items():
        found[product] = replace(
            found.get(product, NOTHING_STANDS),
            demand_factor=_average_factor(seasons, on, last),
            minimum=max((one.minimum for one in seasons if one.minimum is not None), default=None),
        )
    return found


def _unended() -> list[Decision]:
    """Seasonal plans without an end, and the last word of each other kind if it has none.

    Oldest first. An older word does not stand again because the newer one was ended.
    """
    rows = Decision.objects.select_related("end").order_by("pk")
    last_word: dict[tuple[int, str], int] = {}
    decisions = list(rows)
    for decision in decisions:
        last_word[decision.product_id, decision.kind] = decision.pk
    return [
        decision
        for decision in decisions
        if not hasattr(decision, "end")
        and (
            decision.kind == Kind.SEASONAL
            or last_word[decision.product_id, decision.kind] == decision.pk
        )
    ]


def _average_factor(seasons: list[Decision], on: date, last: date) -> float:
    """Mean over the days of the percentage of the newest plan that covers each one."""
    total, days = 0, (last - on).days + 1
    for ahead in range(days):
        day = on + timedelta(days=ahead)
        covering = [
            one.percent
            for one in seasons
            if one.percent is not None and one.first_day <= day <= (one.last_day or date.max)
        ]
        total += covering[-1] if covering else 100
    return total / days / 100


@dataclass(frozen=True, slots=True)
class Listed:
    """One decision that stands or will. ``decision`` is unknown for a rule set before decisions."""

    product: Product
    kind: Decision.Kind
    decision: Decision | None

    @property
    def is_never(self) -> bool:
        return self.kind == Kind.NEVER


def decisions_listed(on: date, *, product: Product | None = None) -> list[Listed]:
    """What stands on a day or will later, by name of product."""
    rules = StockRule.objects.filter(never_stock=True).select_related("product")
    if product is not None:
        rules = rules.filter(product=product)
    unended = [one for one in _unended() if one.last_day is None or one.last_day >= on]
    by_product = Product.objects.in_bulk({one.product_id for one in unended})
    told = {one.product_id: one for one in unended if one.kind == Kind.NEVER}
    listed = [Listed(rule.product, Kind.NEVER, told.get(rule.product_id)) for rule in rules]
    listed += [
        Listed(by_product[one.product_id], Kind(one.kind), one)
        for one in unended
        if one.kind != Kind.NEVER and (product is None or one.product_id == product.pk)
    ]
    return sorted(listed, key=lambda one: (one.product.name, one.product.strength, one.kind))
