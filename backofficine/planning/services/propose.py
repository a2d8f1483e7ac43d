"""Proposes quantities for one supplier and one round, and writes them in its draft.

The rule, in plain words: keep of each product what lasts until the order after this one arrives,
with a margin for chance (``science.policies``); add what patients wait for; never order by itself
what is cold, narcotic or expensive; never order what cannot be had.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import LegalStatus, Product, Storage
from backofficine.kernel.bulk import insert_rows
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.queries import UnknownValue
from backofficine.planning.queries import OpenDays, demand_at, owed_by_product
from backofficine.planning.queries.demand import NOTHING, Asked
from backofficine.planning.why import Blocked, Guard, Origin, Why, boxes_of
from backofficine.promises import queries as promises
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import (
    DeliveryRound,
    Order,
    OrderLine,
    Supplier,
    SupplierPrice,
)
from backofficine.purchasing.services import NotDraft
from backofficine.science.policies import (
    NO_MAXIMUM,
    REASONS,
    Columns,
    Proposals,
    ReasonCode,
    Service,
    propose_many,
)
from backofficine.stock import queries as stock
from backofficine.stock.models import StockRule
from backofficine.team.models import Actor

Urgency = OrderLine.Urgency

# Until the pharmacy sets its own, dated, under Settings.
EXPENSIVE_FROM = Decimal(100)  # euros excl. VAT, one box
DIRECT_REVIEW_DAYS = Decimal(26)  # open days between two direct orders: a month
SERVICE_LEVEL = Decimal("0.98")


class NothingToOrderFrom(DomainError):
    message = _(
        "%(supplier)s has no round to come. Enter its schedule under Settings, or choose another "
        "supplier."
    )


# What stands beside a quantity that a person wants and the policy does not.
NO_PROPOSAL: dict[str, Any] = {
    "proposed_quantity": 0,
    "promised_quantity": 0,
    "urgency": Urgency.ADDED,
    "why": {"origin": str(Origin.BY_HAND)},
}


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One line to write: a quantity in boxes and the numbers behind it."""

    product_id: int
    quantity: int
    promised_boxes: int
    urgency: Urgency
    unit_price: Decimal | None
    """Euros excl. VAT, one box."""
    why: Why


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
    """The lines that a draft should hold now; reads, in a bounded number of queries."""
    open_days = OpenDays.read()
    today = open_days.local_day(at)
    on_hand = stock.on_hand_by_product(on=today)
    table = demand_at(at, on_hand=on_hand, open_days=open_days)
    promised = promises.promised_by_product()
    owed = owed_by_product()
    on_order = purchasing.on_order_by_product()
    rules = {rule.product_id: rule for rule in StockRule.objects.all()}
    facts = facts_of(supplier)

    asked = dict(table.by_product)
    for product, replacement in _replacements(facts).items():
        # The old code's sales and boxes are the new one's; its promises stay its own.
        if replacement in facts:
            asked[replacement] = asked.get(replacement, NOTHING).with_(asked.get(product, NOTHING))
            on_hand[replacement] = on_hand.get(replacement, 0) + on_hand.get(product, 0)
            on_order[replacement] = on_order.get(replacement, 0) + on_order.get(product, 0)
    wanted = [
        product
        for product in facts
        if product in asked
        or product in promised
        or facts[product].is_emergency
        or (product in rules and rules[product].minimum)
    ]
    if not wanted:
        return []
    known = [facts[product] for product in wanted]
    guards = _guards(known, rules, at=at)
    service = Service(level=float(value_of("service_level", SERVICE_LEVEL, at=at)))
    lead, review = cover_of(supplier, delivery_round, at=at, open_days=open_days)
    columns = _columns(
        known, asked, on_hand, on_order, promised, rules, guards,
        days=table.days, lead=lead, review=review, service=service,
    )  # fmt: skip
    proposed = propose_many(columns)
    wished = wished_of(columns, proposed)
    prices = purchasing.unit_prices(supplier, known, on=today)
    made = []
    for index, fact in enumerate(known):
        line = line_of(
            fact, index, columns, proposed, guard=guards[index], wished=int(wished[index]),
            owed=owed_beyond(fact.pk, owed, on_order, promised), price=prices.get(fact.pk),
            facts=facts,
        )  # fmt: skip
        if line is not None:
            made.append(line)
    return made


@dataclass(frozen=True, slots=True)
class Fact:
    """What the rule must know of a product. ``unit_cost`` in euros excl. VAT, one stock unit."""

    pk: int
    cip13: str
    case_size: int
    doses_per_box: int
    storage: str
    legal_status: str
    is_narcotic_like: bool
    state: str
    availability: str
    unit_cost: Decimal | None
    is_emergency: bool
    successor_id: int | None

    @property
    def case_units(self) -> int:
        return self.case_size * self.doses_per_box

    @property
    def blocked(self) -> Blocked:
        if self.successor_id is not None:
            return Blocked.SUCCESSOR
        if self.state != Product.State.MARKETED or (
            self.availability == Product.Availability.STOPPED
        ):
            return Blocked.STOPPED
        if self.availability == Product.Availability.SHORTAGE:
            return Blocked.SHORTAGE
        return Blocked.NONE


def facts_of(supplier: Supplier) -> dict[int, Fact]:
    """The products that this supplier may be asked for, by primary key."""
    products = Product.objects.filter(is_followed=True)
    if supplier.kind == Supplier.Kind.DIRECT:
        priced = SupplierPrice.objects.filter(supplier=supplier).values("product")
        products = products.filter(pk__in=priced)
    elif not _is_asked_for_all(supplier):
        return {}
    rows = products.order_by("pk").values_list(
        "pk", "cip13", "case_size", "doses_per_box", "storage", "legal_status",
        "is_narcotic_like", "state", "availability", "unit_cost", "is_emergency", "successor_id",
    )  # fmt: skip
    return {row[0]: Fact(*row) for row in rows}


def _is_asked_for_all(supplier: Supplier) -> bool:
    """One wholesaler is asked for everything: the main one, or the only one."""
    others = Supplier.objects.filter(kind=Supplier.Kind.WHOLESALER, is_active=True)
    return supplier.is_main or not others.exclude(pk=supplier.pk).exists()


def _replacements(facts: dict[int, Fact]) -> dict[int, int]:
    """Dead code → the living one that replaces it, however many codes lie between."""
    found = {}
    for product, fact in facts.items():
        if fact.successor_id is None:
            continue
        seen, living = {product}, fact.successor_id
        while living in facts and facts[living].successor_id is not None and living not in seen:
            seen.add(living)
            living = facts[living].successor_id or living
        found[product] = living
    return found


def value_of(key: str, default: Decimal, *, at: datetime) -> Decimal:
    """A dated number of the pharmacy, or what the house assumes."""
    try:
        return pharmacy.number(key, on=pharmacy.local_day(at))
    except UnknownValue:
        return default


def _guards(known: Iterable[Fact], rules: dict[int, StockRule], *, at: datetime) -> list[Guard]:
    dear = value_of("expensive_from", EXPENSIVE_FROM, at=at)
    return [guard_of(fact, rules.get(fact.pk), dear=dear) for fact in known]


def guard_of(fact: Fact, rule: StockRule | None, *, dear: Decimal) -> Guard:
    """Why this product is never ordered by itself; ``dear`` in euros excl. VAT, one box."""
    if rule is not None and rule.never_stock:
        return Guard.NEVER
    if fact.legal_status == LegalStatus.NARCOTIC or fact.is_narcotic_like:
        return Guard.NARCOTIC
    if fact.storage == Storage.FRIDGE:
        return Guard.COLD
    if fact.unit_cost is not None and fact.unit_cost * fact.doses_per_box >= dear:
        return Guard.EXPENSIVE
    return Guard.NONE


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
    return _tenth(lead), _tenth(review)


def _tenth(days: float) -> float:
    return float(np.ceil(days * 10 - 1e-9) / 10)


def _columns(
    known: list[Fact],
    asked: dict[int, Asked],
    on_hand: dict[int, int],
    on_order: dict[int, int],
    promised: dict[int, int],
    rules: dict[int, StockRule],
    guards: list[Guard],
    *,
    days: int,
    lead: float,
    review: float,
    service: Service,
) -> Columns:
    count = len(known)
    demand = [asked.get(fact.pk, NOTHING) for fact in known]

    def whole(values: Iterable[int]) -> Any:
        return np.fromiter(values, dtype=np.int64, count=count)

    def floor(fact: Fact) -> int:
        rule = rules.get(fact.pk)
        least = (rule.minimum or 0) if rule else 0
        return max(least, fact.doses_per_box if fact.is_emergency else 0)

    def room(fact: Fact) -> int:
        rule = rules.get(fact.pk)
        return NO_MAXIMUM if rule is None or rule.maximum is None else rule.maximum

    return Columns(
        on_hand=whole(on_hand.get(fact.pk, 0) for fact in known),
        on_order=whole(on_order.get(fact.pk, 0) for fact in known),
        promised=whole(promised.get(fact.pk, 0) for fact in known),
        asked=whole(one.quantity for one in demand),
        days=np.full(count, days, dtype=np.int64),
        days_out=whole(one.days_out for one in demand),
        largest_line=whole(min(one.largest, one.quantity) for one in demand),
        lines=whole(one.lines for one in demand),
        squares=whole(one.squares for one in demand),
        lead_time_days=np.full(count, lead),
        review_days=np.full(count, review),
        case_size=whole(fact.case_units for fact in known),
        minimum_floor=whole(floor(fact) for fact in known),
        maximum=whole(room(fact) for fact in known),
        on_request=np.array([guard != Guard.NONE for guard in guards], dtype=np.bool_),
        service=service,
    )


def wished_of(columns: Columns, proposed: Proposals) -> Any:
    """What the policy would order of each product if none were guarded, in stock units."""
    if columns.on_request is None or not columns.on_request.any():
        return proposed.quantity
    free = Columns(
        **{
            name: getattr(columns, name)
            for name in Columns.__dataclass_fields__
            if name != "on_request"
        }
    )
    return propose_many(free).quantity


def owed_beyond(
    product: int, owed: dict[int, int], on_order: dict[int, int], promised: dict[int, int]
) -> int:
    """Units owed on no order, less the boxes on their way that nobody else waits for."""
    waiting = owed.get(product, 0)
    if not waiting:
        return 0
    free = on_order.get(product, 0) - (promised.get(product, 0) - waiting)
    return max(waiting - max(free, 0), 0)


def line_of(
    fact: Fact,
    index: int,
    columns: Columns,
    proposed: Proposals,
    *,
    guard: Guard,
    wished: int,
    owed: int,
    price: Decimal | None,
    facts: dict[int, Fact],
) -> ProposedLine | None:
    """The line of one product, or none if nothing is to be said of it."""
    policy = int(proposed.quantity[index])
    owed_units = -(-owed // fact.case_units) * fact.case_units
    units = max(policy, owed_units)
    blocked = fact.blocked
    per_box = fact.doses_per_box
    if blocked:
        if not (units or wished):
            return None
    elif not units and (guard in {Guard.NONE, Guard.NEVER} or not wished):
        return None
    quantity = 0 if blocked else boxes_of(units, per_box=per_box)
    more = max(wished, owed_units) if guard != Guard.NEVER else 0
    wished_boxes = boxes_of(more, per_box=per_box)
    asks = bool(guard) and wished_boxes > quantity
    maximum = int(columns.maximum[index])
    why = Why(
        per_box=per_box,
        on_hand=int(columns.on_hand[index]),
        on_order=int(columns.on_order[index]),
        promised=int(columns.promised[index]),
        owed=owed,
        asked=int(columns.asked[index]),
        peak=int(proposed.peak[index]),
        days=int(columns.days[index]),
        days_out=int(columns.days_out[index]),
        days_counted=int(proposed.days_counted[index]),
        kept=bool(proposed.kept[index]),
        lead_days=float(columns.lead_time_days[index]),
        review_days=float(columns.review_days[index]),
        safety=float(proposed.safety[index]),
        minimum=int(proposed.minimum[index]),
        target=int(proposed.target[index]),
        need=int(proposed.need[index]),
        case_size=fact.case_units,
        floor=int(columns.minimum_floor[index]),
        maximum=None if maximum == NO_MAXIMUM else maximum,
        on_request=guard != Guard.NONE,
        reason=str(REASONS[int(proposed.reason[index])]),
        policy_quantity=policy,
        guard=str(guard),
        wished_boxes=wished_boxes if asks or blocked else 0,
        blocked=str(blocked),
        successor=_code(fact, facts) if blocked == Blocked.SUCCESSOR else "",
        service_level=columns.service.level,
        variance_to_mean=round(float(proposed.variance_to_mean[index]), 4),
    )
    promised_boxes = min(boxes_of(max(owed, -why.net, 0), per_box=per_box), quantity)
    return ProposedLine(
        product_id=fact.pk,
        quantity=quantity,
        promised_boxes=promised_boxes,
        urgency=_urgency(why, asks=asks, promised_boxes=promised_boxes),
        unit_price=price,
        why=why,
    )


def _code(fact: Fact, facts: dict[int, Fact]) -> str:
    living = facts.get(_replacements(facts).get(fact.pk, 0))
    return living.cip13 if living else ""


def _urgency(why: Why, *, asks: bool, promised_boxes: int) -> Urgency:
    if why.blocked:
        return Urgency.UNAVAILABLE
    if asks:
        return Urgency.DECIDE
    if promised_boxes:
        return Urgency.PROMISED
    if why.reason != ReasonCode.ENOUGH and why.net <= why.rate_per_day * why.lead_days:
        return Urgency.OUT
    return Urgency.BELOW


def write_lines(order: Order, lines: list[ProposedLine]) -> int:
    """Bring the draft's lines to the proposals, keeping what people decided; how many changed."""
    existing = {line.product_id: line for line in order.lines.all()}
    fresh, changed = [], []
    for proposed in lines:
        line = existing.pop(proposed.product_id, None)
        if line is None:
            fresh.append(proposed)
            continue
        values = {
            "proposed_quantity": proposed.quantity,
            "promised_quantity": proposed.promised_boxes,
            "urgency": proposed.urgency,
            "why": proposed.why.as_numbers(),
            "unit_price": proposed.unit_price,
        }
        if _follow(line, values):
            changed.append(line)
    gone = []
    for line in existing.values():
        # What is no longer proposed goes, unless a person put it there or changed it.
        if line.why.get("origin") == Origin.SHORT_LINE:
            continue
        if not line.change_reason:
            gone.append(line.pk)
        elif _follow(line, NO_PROPOSAL):
            changed.append(line)
    OrderLine.objects.filter(pk__in=gone).delete()
    insert_rows(
        OrderLine,
        [
            "order_id", "product_id", "quantity", "proposed_quantity", "promised_quantity",
            "urgency", "unit_price", "why",
        ],
        [
            [
                order.pk, one.product_id, one.quantity, one.quantity, one.promised_boxes,
                int(one.urgency), one.unit_price, one.why.as_numbers(),
            ]
            for one in fresh
        ],
    )  # fmt: skip
    OrderLine.objects.bulk_update(
        changed,
        [
            "quantity", "proposed_quantity", "promised_quantity", "urgency", "why", "unit_price",
            "is_checked", "change_reason",
        ],
        batch_size=100,
    )  # fmt: skip
    return len(fresh) + len(changed) + len(gone)


def _follow(line: OrderLine, values: dict[str, Any]) -> bool:
    """Give a line its new proposal; whether anything moved."""
    before = {name: getattr(line, name) for name in values} | {"quantity": line.quantity}
    was_followed = line.quantity == line.proposed_quantity and not line.change_reason
    for name, value in values.items():
        setattr(line, name, value)
    if was_followed:
        if line.quantity != line.proposed_quantity:
            line.is_checked = False  # what the person accepted is no longer what is proposed
        line.quantity = line.proposed_quantity
    return any(getattr(line, name) != value for name, value in before.items())
