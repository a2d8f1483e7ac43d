"""The desk of the past: proposes with the policy of *Commander*, decides, sends, asks again."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Greatest

from backofficine.kernel.ids import derived_id
from backofficine.planning import services as planning
from backofficine.planning.queries import OpenDays, owed_by_product
from backofficine.planning.services import facts as known
from backofficine.planning.services import lines as drafts
from backofficine.planning.services import propose
from backofficine.planning.services.lines import ProposedLine
from backofficine.planning.why import Guard
from backofficine.promises import queries as promises
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as purchases
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.purchasing.queries.orders import AWAITED
from backofficine.science.policies import NO_MAXIMUM, Columns, Service, propose_many
from backofficine.science.simulation.world import World
from backofficine.stock.models import StockRule
from backofficine.team.models import Actor
from backofficine.twin.services.mirror import Mirror
from backofficine.twin.services.shop import Shop

# What nobody could send is asked for again after so long, unless a patient waits for it (assumed).
ASKED_AGAIN_AFTER = timedelta(days=2)
# How long after sending the supplier answers (assumed).
ANSWERED_AFTER = timedelta(seconds=90)


class Desk:
    """Orders of the past. Quantities come from the same policy code as the page *Commander*."""

    def __init__(self, shop: Shop, *, mirror: Mirror, world: World, at: datetime) -> None:
        self._shop = shop
        self._mirror = mirror
        self._world = world
        self.calendar = OpenDays.read()
        self._dear = known.value_of("expensive_from", known.EXPENSIVE_FROM, at=at)
        self._level = float(known.value_of("service_level", propose.SERVICE_LEVEL, at=at))
        self._review = float(
            known.value_of("direct_review_days", propose.DIRECT_REVIEW_DAYS, at=at)
        )
        self._refused: dict[int, datetime] = {}
        self._facts: dict[int, known.Fact] = {}
        self.read_facts()

    def read_facts(self) -> None:
        """Read again what the policy knows of each product: costs and availability move."""
        facts = known.facts_of(self._shop.suppliers[0])
        never = set(StockRule.objects.filter(never_stock=True).values_list("product", flat=True))
        self._facts = facts
        self._known = [facts[product.pk] for product in self._shop.products]
        self._guards = [
            Guard.NEVER if fact.pk in never else known.guard_of(fact, dear=self._dear)
            for fact in self._known
        ]
        self._on_request = np.array([bool(guard) for guard in self._guards], dtype=np.bool_)
        self._case = np.array([fact.case_units for fact in self._known], dtype=np.int64)
        self._blocked = np.array([bool(fact.blocked) for fact in self._known], dtype=np.bool_)
        none = np.zeros(len(self._known), dtype=np.int64)
        self._floor = none
        self._maximum = none + NO_MAXIMUM

    def guard_of(self, index: int) -> Guard:
        """Why a product is never ordered by itself, if it is not."""
        return self._guards[index]

    def was_refused(self, index: int, *, at: datetime) -> bool:
        """Whether a wholesaler could not send it lately."""
        return index in self._refused and at - self._refused[index] < ASKED_AGAIN_AFTER

    def proposals(
        self,
        supplier: Supplier,
        delivery_round: DeliveryRound | None,
        *,
        at: datetime,
        only: Iterable[int] | None = None,
    ) -> list[ProposedLine]:
        """The lines of a draft now: ``planning.services.proposals`` over the mirror.

        ``only`` keeps some products, by index. Blocked products, of which nothing can be ordered,
        are left aside.
        """
        lead, review = propose.cover_of(supplier, delivery_round, at=at, open_days=self.calendar)
        today = self.calendar.local_day(at)
        days = max(self.calendar.count(self._mirror.first_day, today), 1)
        demand = self._mirror.demand(open_days=days)
        promised = promises.promised_by_product()
        on_order = _arriving(by=self._horizon(supplier, delivery_round, at=at))
        owed = owed_by_product()
        size = self._mirror.size
        columns = Columns(
            on_hand=self._mirror.servable.copy(),
            on_order=self._column(on_order),
            promised=self._column(promised),
            asked=demand.asked,
            days=np.full(size, days, dtype=np.int64),
            days_out=demand.days_out,
            largest_line=np.minimum(demand.largest, demand.asked),
            lines=demand.lines,
            squares=demand.squares,
            lead_time_days=np.full(size, lead),
            review_days=np.full(size, review),
            case_size=self._case,
            minimum_floor=self._floor,
            maximum=self._maximum,
            on_request=self._on_request,
            service=Service(level=self._level),
        )
        proposed = propose_many(columns)
        wished = drafts.wished_of(columns, proposed)
        looked = (proposed.quantity > 0) | (self._column(owed) > 0)
        looked |= self._on_request & (wished > 0)
        looked &= ~self._blocked
        if only is not None:
            kept = np.zeros(size, dtype=np.bool_)
            kept[list(only)] = True
            looked &= kept
        indexes = np.flatnonzero(looked).tolist()
        prices = purchasing.unit_prices(
            supplier, [self._shop.products[index] for index in indexes], on=today
        )
        made = []
        for index in indexes:
            fact = self._known[index]
            line = drafts.line_of(
                fact, index, columns, proposed, guard=self._guards[index],
                wished=int(wished[index]),
                owed=drafts.owed_beyond(fact.pk, owed, on_order, promised),
                price=prices.get(fact.pk), facts=self._facts,
            )  # fmt: skip
            if line is not None and not self._is_set_aside(index, line, at=at):
                made.append(line)
        return made

    def draft(
        self,
        supplier: Supplier,
        delivery_round: DeliveryRound | None,
        lines: list[ProposedLine],
        *,
        at: datetime,
        actor: Actor,
    ) -> Order | None:
        """Write proposals in a draft, and what a person decides of those that ask for one.

        Cold boxes and narcotics that the policy would keep are accepted; dear boxes are ordered
        for patients only. Lines of nothing are not kept. ``None`` if nothing is asked for.
        """
        decided = {}
        kept = []
        for line in lines:
            accepted = line.quantity
            if line.why.guard in (Guard.COLD, Guard.NARCOTIC):
                accepted = max(line.quantity, line.why.wished_boxes)
            if accepted:
                kept.append(line)
            if accepted != line.quantity:
                decided[line.product_id] = accepted
        existing = purchasing.draft(supplier, delivery_round)
        if not kept and existing is None:
            return None
        order = existing or purchases.open_draft(
            supplier=supplier, delivery_round=delivery_round, at=at, actor=actor
        )
        Order.objects.filter(pk=order.pk).update(proposed_at=at)
        if kept:
            drafts.write_lines(order, kept)
        by_quantity: dict[tuple[int, str], list[int]] = {}
        proposed = {line.product_id: line.quantity for line in kept}
        for product, quantity in decided.items():
            reason = str(OrderLine.ChangeReason.OTHER) if proposed[product] else ""
            by_quantity.setdefault((quantity, reason), []).append(product)
        for (quantity, reason), products in sorted(by_quantity.items()):
            order.lines.filter(product__in=products).update(
                quantity=quantity, change_reason=reason, is_checked=True, version=1
            )
        return order

    def send(self, order: Order, *, at: datetime, actor: Actor, day: date) -> None:
        """Send, record the answer, and ask the second wholesaler for what is short."""
        planning.send_order(
            order,
            channel=Order.Channel.FILE,
            at=at,
            actor=actor,
            request_id=derived_id("demo send", self._shop.seed, order.number),
            is_lived=True,
        )
        if order.supplier.kind != Supplier.Kind.WHOLESALER:
            return
        supplier = self._shop.suppliers.index(order.supplier)
        answers: dict[int, int | None] = {}
        answered_at = at + ANSWERED_AFTER
        for key, product, quantity in order.lines.filter(quantity__gt=0).values_list(
            "pk", "product_id", "quantity"
        ):
            index = self._mirror.index_of[product]
            filled = self._world.boxes_filled(index, asked=quantity, day=day, supplier=supplier)
            if filled < quantity:
                answers[key] = filled
                self._refused[index] = answered_at
        short = planning.answer_order(
            order,
            answers=answers,
            at=answered_at,
            actor=actor,
            request_id=derived_id("demo answer", self._shop.seed, order.number),
        )
        if supplier == 0 and short:
            self._ask_second(short, at=answered_at, actor=actor)

    def _ask_second(self, short: list[OrderLine], *, at: datetime, actor: Actor) -> None:
        second = self._shop.suppliers[1]
        soon = purchasing.next_round(second, at=at)
        if soon is None or soon.cut_off_at - at > timedelta(hours=4):
            return
        for line in short:
            # Where makers are short, the second wholesaler is asked for patients only.
            index = self._mirror.index_of[line.product_id]
            if line.promised_quantity or self._mirror.servable[index] == 0:
                planning.order_elsewhere(line, supplier=second, at=at, actor=actor, is_lived=True)

    def _horizon(
        self, supplier: Supplier, delivery_round: DeliveryRound | None, *, at: datetime
    ) -> datetime:
        """Until when this order must last: the round after its own, or a direct order's month."""
        if delivery_round is None:
            return at + timedelta(days=self._review)
        following = purchasing.next_round(supplier, at=delivery_round.cut_off_at)
        return following.due_at if following else delivery_round.due_at

    def _is_set_aside(self, index: int, line: ProposedLine, *, at: datetime) -> bool:
        """Nobody asks twice a day for what could not be had this morning, but for a patient."""
        return not line.promised_boxes and self.was_refused(index, at=at)

    def _column(self, by_product: dict[int, int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        column = np.zeros(self._mirror.size, dtype=np.int64)
        for product, units in by_product.items():
            column[self._mirror.index_of[product]] = units
        return column


def _arriving(*, by: datetime) -> dict[int, int]:
    """Boxes on their way that come in time, by product.

    A direct order on its way for a week does not keep the shelf full meanwhile: whoever orders
    asks the wholesaler for the days between.
    """
    coming = Greatest(Coalesce(F("answered_quantity"), F("quantity")) - F("received_quantity"), 0)
    rows = (
        OrderLine.objects.filter(order__status__in=AWAITED, order__expected_at__lte=by)
        .values_list("product")
        .annotate(total=Sum(coming))
        .order_by()
    )
    return {int(product): int(total) for product, total in rows if total}
