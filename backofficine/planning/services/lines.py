"""One line of a draft: from a policy's numbers to what is written, keeping what people decided."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from backofficine.kernel.bulk import insert_rows
from backofficine.planning.services.facts import Fact, code_of
from backofficine.planning.why import Blocked, Guard, Origin, Why, boxes_of
from backofficine.purchasing.models import Order, OrderLine
from backofficine.science.policies import (
    NO_MAXIMUM,
    REASONS,
    Columns,
    Proposals,
    ReasonCode,
    propose_many,
)

Urgency = OrderLine.Urgency

# Guards of a person's own decision: nothing more is wished for.
DECIDED = frozenset({Guard.NEVER, Guard.SNOOZED})

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


def wished_of(columns: Columns, proposed: Proposals) -> Any:
    """What the policy would order of each product if none were guarded, in stock units."""
    if columns.on_request is None or not columns.on_request.any():
        return proposed.quantity
    return propose_many(replace(columns, on_request=None)).quantity


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
    until: str = "",
) -> ProposedLine | None:
    """The line of one product, or none if nothing is to be said of it.

    ``until`` is the ISO day on which a person's decision ends, if it does.
    """
    policy = int(proposed.quantity[index])
    owed_units = -(-owed // fact.case_units) * fact.case_units
    units = max(policy, owed_units)
    blocked = fact.blocked
    per_box = fact.doses_per_box
    if blocked:
        if not (units or wished):
            return None
    elif not units and (guard == Guard.NONE or guard in DECIDED or not wished):
        return None
    quantity = 0 if blocked else boxes_of(units, per_box=per_box)
    more = max(wished, owed_units) if guard not in DECIDED else 0
    wished_boxes = boxes_of(more, per_box=per_box)
    asks = bool(guard) and wished_boxes > quantity
    maximum = int(columns.maximum[index])
    level = columns.levels[index] if columns.levels is not None else None
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
        successor=code_of(fact, facts) if blocked == Blocked.SUCCESSOR else "",
        service_level=columns.service.level,
        variance_to_mean=round(float(proposed.variance_to_mean[index]), 4),
        engine=level is not None,
        level_minimum=level.minimum if level else 0,
        level_target=level.target if level else 0,
        expected=level.expected if level else 0.0,
        chance=level.chance if level else 0.0,
        missing_cost=level.missing_cost if level else 0.0,
        holding_cost=level.holding_cost if level else 0.0,
        until=until,
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
