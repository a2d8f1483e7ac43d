"""Proposes quantities for one supplier and one round, and writes them in its draft.

The rule, in plain words: keep of each product what costs least until the order after this one
arrives, a missing box against a box kept (``science.decision``; until people choose it,
``science.policies`` alone); add what patients wait for; never order by itself what is cold,
narcotic or expensive; never order what cannot be had; obey what people decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.planning.models import Policy
from backofficine.planning.queries import (
    NOTHING_STANDS,
    OpenDays,
    Standing,
    active_policy,
    demand_at,
    owed_by_product,
    standing_decisions,
)
from backofficine.planning.queries.demand import NOTHING
from backofficine.planning.queries.training import Learnt, latest_training
from backofficine.planning.services.facts import (
    EXPENSIVE_FROM,
    Fact,
    facts_of,
    guard_of,
    replacements,
    value_of,
)
from backofficine.planning.services.levels import Ahead, Prices, levels_of
from backofficine.planning.services.lines import (
    ProposedLine,
    line_of,
    owed_beyond,
    wished_of,
    write_lines,
)
from backofficine.planning.why import Guard
from backofficine.promises import queries as promises
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.purchasing.services import NotDraft
from backofficine.science.policies import NO_MAXIMUM, Columns, Service, propose_many
from backofficine.stock import queries as stock
from backofficine.stock.models import StockRule
from backofficine.team.models import Actor

# Until the pharmacy sets its own, dated, under Settings.
DIRECT_REVIEW_DAYS = Decimal(26)  # open days between two direct orders: a month
SERVICE_LEVEL = Decimal("0.98")


class NothingToOrderFrom(DomainError):
    message = _(
        "%(supplier)s has no round to come. Enter its schedule under Settings, or choose another "
        "supplier."
    )


@transaction.atomic
def propose_orders(
    *, supplier: Supplier, delivery_round: DeliveryRound | None, at: datetime, actor: Actor
) -> Order:
    """Make or refresh the draft of a supplier's round; returns it.

    The main wholesaler is asked for every product followed here, a direct supplier for those it has
    a price for, another wholesaler for nothing by itself. What people decided is kept: a changed
    quantity stays, its proposal beside it moves on. Doing it again at the same instant changes
    nothing but the freshness.

    :raises NothingToOrderFrom: if a wholesaler has no round to propose for.
    """
    if delivery_round is None and supplier.kind == Supplier.Kind.WHOLESALER:
        raise NothingToOrderFrom(supplier=supplier)
    lines = proposals(supplier=supplier, delivery_round=delivery_round, at=at)
    order = orders.open_draft(supplier=supplier, delivery_round=delivery_round, at=at, actor=actor)
    # Takes the order's row: a quantity being typed by someone else waits, or is read.
    if not Order.objects.filter(pk=order.pk, status=Order.Status.DRAFT).update(proposed_at=at):
        raise NotDraft
    if write_lines(order, lines):
        Order.objects.filter(pk=order.pk).update(version=F("version") + 1)
    order.refresh_from_db()
    return order


def proposals(
    *, supplier: Supplier, delivery_round: DeliveryRound | None, at: datetime
) -> list[ProposedLine]:
    """The lines that a draft should hold now; reads, in a bounded number of queries.

    The engine's levels decide once people chose it and forecasts were trained.
    """
    shop = _Shop.read(supplier, delivery_round, at=at)
    learnt = latest_training(at=at) if active_policy(at) == Policy.ENGINE else None
    columns = shop.plain_columns() if learnt is None else shop.engine_columns(learnt)
    if columns is None:
        return []
    proposed = propose_many(columns)
    wished = wished_of(columns, proposed)
    prices = purchasing.unit_prices(supplier, shop.known, on=shop.today)
    looked = (proposed.quantity > 0) | (wished > 0) | shop.has_owed()
    made = []
    for index in np.flatnonzero(looked).tolist():
        fact = shop.known[index]
        stands = shop.standing.get(fact.pk, NOTHING_STANDS)
        line = line_of(
            fact, index, columns, proposed, guard=shop.guards[index], wished=int(wished[index]),
            owed=owed_beyond(fact.pk, shop.owed, shop.on_order, shop.promised),
            price=prices.get(fact.pk), facts=shop.facts,
            until=stands.snoozed_until.isoformat() if stands.snoozed_until else "",
        )  # fmt: skip
        if line is not None:
            made.append(line)
    return made


@dataclass(slots=True)
class _Shop:
    """What stands at an instant for one supplier's round. Quantities in stock units."""

    supplier: Supplier
    delivery_round: DeliveryRound | None
    at: datetime
    today: date
    open_days: OpenDays
    on_hand: dict[int, int]
    on_order: dict[int, int]
    promised: dict[int, int]
    owed: dict[int, int]
    rules: dict[int, StockRule]
    facts: dict[int, Fact]
    standing: dict[int, Standing]
    known: list[Fact] = field(default_factory=list)
    """The products looked at, in the order of the columns."""
    guards: list[Guard] = field(default_factory=list)

    @classmethod
    def read(
        cls, supplier: Supplier, delivery_round: DeliveryRound | None, *, at: datetime
    ) -> "_Shop":
        open_days = OpenDays.read()
        today = open_days.local_day(at)
        _due, until = span_of(supplier, delivery_round, at=at)
        return cls(
            supplier=supplier,
            delivery_round=delivery_round,
            at=at,
            today=today,
            open_days=open_days,
            on_hand=stock.on_hand_by_product(on=today),
            on_order=purchasing.on_order_by_product(),
            promised=promises.promised_by_product(),
            owed=owed_by_product(),
            rules={rule.product_id: rule for rule in StockRule.objects.all()},
            facts=facts_of(supplier),
            standing=standing_decisions(today, until=open_days.local_day(until)),
        )

    def has_owed(self) -> npt.NDArray[np.bool_]:
        return np.array([fact.pk in self.owed for fact in self.known], dtype=np.bool_)

    def plain_columns(self) -> Columns | None:
        """By the plain rule, over what was asked lately."""
        table = demand_at(self.at, on_hand=self.on_hand, open_days=self.open_days)
        asked = dict(table.by_product)
        for product, replacement in self._take_over():
            asked[replacement] = asked.get(replacement, NOTHING).with_(asked.get(product, NOTHING))
        self._look_at(product for product in self.facts if product in asked)
        if not self.known:
            return None
        demand = [asked.get(fact.pk, NOTHING) for fact in self.known]
        return self._columns(
            asked=whole(one.quantity for one in demand),
            days=np.full(len(demand), table.days, dtype=np.int64),
            days_out=whole(one.days_out for one in demand),
            largest_line=whole(min(one.largest, one.quantity) for one in demand),
            lines=whole(one.lines for one in demand),
            squares=whole(one.squares for one in demand),
        )

    def engine_columns(self, learnt: Learnt) -> Columns | None:
        """By the levels of least expected cost, over what was learnt last night."""
        self._take_over()
        due_at, until = span_of(self.supplier, self.delivery_round, at=self.at)
        prices = Prices.read(on=self.today)
        ahead = Ahead.of(
            self.at, due_at=due_at, until=until, life_days=prices.shelf_life_days,
            calendar=self.open_days,
        )  # fmt: skip
        every = list(self.facts.values())
        levels, rows = levels_of(
            learnt,
            list(self.facts),
            ahead=ahead,
            prices=prices,
            unit_cost=np.array(
                [np.nan if one.unit_cost is None else float(one.unit_cost) for one in every]
            ),
            per_box=whole(one.doses_per_box for one in every),
            case=whole(one.case_units for one in every),
            is_major=np.array([one.is_major_interest or one.is_emergency for one in every]),
            factor=np.array(
                [self.standing.get(one.pk, NOTHING_STANDS).demand_factor for one in every]
            ),
        )
        kept = np.flatnonzero(levels.minimum > 0).tolist()
        self._look_at(every[place].pk for place in kept)
        if not self.known:
            return None
        place_of = {product: place for place, product in enumerate(self.facts)}
        places = whole(place_of[fact.pk] for fact in self.known)
        row = rows[places]

        def told(name: str) -> npt.NDArray[np.int64]:
            column: npt.NDArray[np.int64] = getattr(learnt.told, name)
            return np.where(row >= 0, column[row], 0) if len(column) else np.zeros_like(row)

        none = np.zeros(len(self.known), dtype=np.int64)
        return self._columns(
            asked=told("asked"),
            days=np.maximum(told("days"), 1),
            days_out=told("days_out"),
            largest_line=none,
            lines=none,
            squares=none,
            levels=levels.take(places),
            peak=told("peak"),
            cover=(tenth(float(ahead.lead.sum())), tenth(float((ahead.cover - ahead.lead).sum()))),
        )

    def _take_over(self) -> list[tuple[int, int]]:
        """Give the boxes of dead codes to the living ones that replace them; which to which.

        The old code's sales and boxes are the new one's; its promises stay its own.
        """
        pairs = [
            (product, replacement)
            for product, replacement in replacements(self.facts).items()
            if replacement in self.facts
        ]
        for product, replacement in pairs:
            for boxes in (self.on_hand, self.on_order):
                boxes[replacement] = boxes.get(replacement, 0) + boxes.get(product, 0)
        return pairs

    def _look_at(self, asked: Iterable[int]) -> None:
        wanted = set(asked)
        dear = value_of("expensive_from", EXPENSIVE_FROM, at=self.at)
        for product, fact in self.facts.items():
            if (
                product in wanted
                or product in self.promised
                or fact.is_emergency
                or self._minimum(fact)
            ):
                self.known.append(fact)
                stands = self.standing.get(product, NOTHING_STANDS)
                self.guards.append(guard_of(fact, stands, dear=dear))

    def _minimum(self, fact: Fact) -> int:
        """Units never to go below: the rule set here, a season, the emergency list."""
        rule = self.rules.get(fact.pk)
        return max(
            (rule.minimum or 0) if rule else 0,
            self.standing.get(fact.pk, NOTHING_STANDS).minimum or 0,
            fact.doses_per_box if fact.is_emergency else 0,
        )

    def _room(self, fact: Fact) -> int:
        rule = self.rules.get(fact.pk)
        return NO_MAXIMUM if rule is None or rule.maximum is None else rule.maximum

    def _columns(self, *, cover: tuple[float, float] | None = None, **demand: Any) -> Columns:
        lead, review = cover or cover_of(
            self.supplier, self.delivery_round, at=self.at, open_days=self.open_days
        )
        known = self.known
        return Columns(
            on_hand=whole(self.on_hand.get(fact.pk, 0) for fact in known),
            on_order=whole(self.on_order.get(fact.pk, 0) for fact in known),
            promised=whole(self.promised.get(fact.pk, 0) for fact in known),
            lead_time_days=np.full(len(known), lead),
            review_days=np.full(len(known), review),
            case_size=whole(fact.case_units for fact in known),
            minimum_floor=whole(self._minimum(fact) for fact in known),
            maximum=whole(self._room(fact) for fact in known),
            on_request=np.array([guard != Guard.NONE for guard in self.guards], dtype=np.bool_),
            service=Service(level=float(value_of("service_level", SERVICE_LEVEL, at=self.at))),
            **demand,
        )


def whole(values: Iterable[int]) -> npt.NDArray[np.int64]:
    """A column of whole numbers."""
    return np.fromiter(values, dtype=np.int64)


def span_of(
    supplier: Supplier, delivery_round: DeliveryRound | None, *, at: datetime
) -> tuple[datetime, datetime]:
    """When an order of this round is in hand, and when the one after it is.

    A shop without a following round yet (a new schedule) is covered for one day more.
    """
    if delivery_round is None:
        due_at = at + timedelta(days=supplier.lead_time_days or 0)
        review = float(value_of("direct_review_days", DIRECT_REVIEW_DAYS, at=at))
        return due_at, due_at + timedelta(days=review * 7 / 6)
    following = (
        purchasing.coming_rounds(supplier, at=delivery_round.cut_off_at)
        .filter(due_at__gt=delivery_round.due_at)
        .first()
    )
    due_at = delivery_round.due_at
    return due_at, following.due_at if following else due_at + timedelta(days=1)


def cover_of(
    supplier: Supplier,
    delivery_round: DeliveryRound | None,
    *,
    at: datetime,
    open_days: OpenDays,
) -> tuple[float, float]:
    """Open days until this order is in hand, then until the next one is; rounded up to a tenth.

    A shop without a following round yet (a new schedule) is covered for one open day.
    """
    if delivery_round is None:
        lead = float(supplier.lead_time_days or 0)
        review = float(value_of("direct_review_days", DIRECT_REVIEW_DAYS, at=at))
        return lead, review
    following = (
        purchasing.coming_rounds(supplier, at=delivery_round.cut_off_at)
        .filter(due_at__gt=delivery_round.due_at)
        .first()
    )
    lead = open_days.between(at, delivery_round.due_at)
    review = open_days.between(delivery_round.due_at, following.due_at) if following else 1.0
    return tenth(lead), tenth(review)


def tenth(days: float) -> float:
    """Days rounded up to a tenth: the numbers read are those that were used."""
    return float(np.ceil(days * 10 - 1e-9) / 10)
