"""Why this quantity: the numbers kept with a line, the sentence they make, and the way back.

An order line keeps its reasons as plain numbers (``OrderLine.why``), never as words.
:func:`sentence` is the only writer of the words, :func:`recompute` finds the quantity again from
the numbers, and the numbers that a person reads are those that were used: times and safety are
rounded to a tenth *before* they count.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.science.policies import (
    Level,
    Numbers,
    Proposal,
    ReasonCode,
    StockPosition,
    Terms,
)
from backofficine.science.policies import recompute as recompute_policy
from backofficine.web.templatetags.components import day, euros
from backofficine.web.templatetags.components import quantity as figure


class Guard(StrEnum):
    """Why a product is never ordered by itself beyond what patients wait for."""

    NONE = ""
    COLD = "cold"
    NARCOTIC = "narcotic"
    EXPENSIVE = "expensive"
    NEVER = "never"  # this pharmacy decided not to keep it
    ON_PROMISE = "on_promise"  # for patients who ask, it decided
    SNOOZED = "snoozed"  # not before a day, it decided


class Blocked(StrEnum):
    """Why nothing can be ordered at all."""

    NONE = ""
    SHORTAGE = "shortage"
    STOPPED = "stopped"
    SUCCESSOR = "successor"


class Origin(StrEnum):
    """Who put the line there."""

    PROPOSED = "proposed"
    BY_HAND = "by_hand"
    SHORT_LINE = "short_line"


@dataclass(frozen=True, slots=True)
class Why:
    """Every number behind a proposed quantity, in stock units but where said otherwise."""

    origin: Origin = Origin.PROPOSED
    per_box: int = 1
    """Stock units in a box; quantities ordered are whole boxes."""
    on_hand: int = 0
    on_order: int = 0
    promised: int = 0
    owed: int = 0
    """Promised to patients and on no order yet: ordered whatever the record says is there."""
    asked: int = 0
    peak: int = 0
    days: int = 0
    """Open days of the period."""
    days_out: int = 0
    days_counted: int = 0
    kept: bool = False
    lead_days: float = 0.0
    """Open days until this order is in hand, a whole number of tenths."""
    review_days: float = 0.0
    """Open days from then until the next order is, a whole number of tenths."""
    safety: float = 0.0
    minimum: int = 0
    target: int = 0
    need: int = 0
    case_size: int = 1
    """Stock units in a case."""
    floor: int = 0
    maximum: int | None = None
    on_request: bool = False
    reason: str = ""
    policy_quantity: int = 0
    """What the policy alone orders, in stock units."""
    guard: str = Guard.NONE
    wished_boxes: int = 0
    """Boxes that the policy would order if the product were not guarded or blocked."""
    blocked: str = Blocked.NONE
    successor: str = ""
    """Code of the product that replaces this one."""
    short_order: int = 0
    """Number of the order whose supplier did not send these boxes."""
    short_boxes: int = 0
    service_level: float = 0.0
    variance_to_mean: float = 0.0
    engine: bool = False
    """The levels are those of least expected cost; otherwise, of the plain formulas."""
    level_minimum: int = 0
    level_target: int = 0
    expected: float = 0.0
    """Stock units expected to be asked until the order after this one, to a tenth."""
    chance: float = 0.0
    """Probability that the minimum serves all of it, to a hundredth, rounded down."""
    missing_cost: float = 0.0
    """Euros, one stock unit asked for and not there."""
    holding_cost: float = 0.0
    """Euros, one stock unit kept a year."""
    until: str = ""
    """ISO day on which a person's decision ends."""

    def as_numbers(self) -> dict[str, Any]:
        """What the database keeps: only what differs from nothing."""
        values = ((name, getattr(self, name)) for name in _DEFAULTS)
        return {name: value for name, value in values if value != _DEFAULTS[name]} | {
            "origin": str(self.origin)
        }

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> "Why":
        """Read back what a line kept; names of a later version are left aside."""
        return cls(**{name: numbers[name] for name in _DEFAULTS if name in numbers})

    @property
    def net(self) -> int:
        return self.on_hand + self.on_order - self.promised

    @property
    def rate_per_day(self) -> float:
        """Stock units per open day, without the one-off peak and the days out of stock."""
        return (self.asked - self.peak) / self.days_counted if self.days_counted else 0.0

    @property
    def days_of_cover(self) -> float | None:
        """Open days that the net position lasts; unknown when nothing sells."""
        rate = self.rate_per_day
        return max(self.net, 0) / rate if rate > 0 else None

    @property
    def is_dose(self) -> bool:
        return self.per_box > 1


_DEFAULTS = {field.name: field.default for field in fields(Why)}


def boxes_of(units: int, *, per_box: int) -> int:
    """Whole boxes that hold at least so many stock units."""
    return -(-units // per_box)


def recompute(why: Why) -> int:
    """The proposed quantity, in boxes, found again from the numbers alone."""
    if why.origin == Origin.SHORT_LINE:
        return why.short_boxes
    if why.origin == Origin.BY_HAND or why.blocked:
        return 0
    policy = recompute_policy(_proposal(why))
    units = max(policy, math.ceil(why.owed / why.case_size) * why.case_size)
    return boxes_of(units, per_box=why.per_box)


def _proposal(why: Why) -> Proposal:
    return Proposal(
        quantity=why.policy_quantity,
        reorder_point=why.minimum - 1,
        target=why.target,
        rate_per_day=why.rate_per_day,
        reason_code=ReasonCode(why.reason),
        numbers=Numbers(
            position=StockPosition(why.on_hand, why.on_order, why.promised),
            asked=why.asked,
            peak=why.peak,
            days=why.days,
            days_out=why.days_out,
            days_counted=why.days_counted,
            kept=why.kept,
            lead_time_days=why.lead_days,
            review_days=why.review_days,
            safety=why.safety,
            minimum=why.minimum,
            need=why.need,
            terms=Terms(
                case_size=why.case_size,
                minimum_floor=why.floor,
                maximum=why.maximum,
                on_request=why.on_request,
            ),
            service_level=why.service_level,
            variance_to_mean=why.variance_to_mean,
            level=_level(why),
        ),
    )


def _level(why: Why) -> Level | None:
    if not why.engine:
        return None
    return Level(
        minimum=why.level_minimum,
        target=why.level_target,
        expected=why.expected,
        chance=why.chance,
        missing_cost=why.missing_cost,
        holding_cost=why.holding_cost,
    )


def sentence(why: Why, *, quantity: int) -> str:
    """Why ``quantity`` boxes are proposed, in one line whose numbers lead to it."""
    if why.origin == Origin.BY_HAND:
        return _("Added by hand: nothing was proposed.")
    if why.origin == Origin.SHORT_LINE:
        return _("%(boxes)s short on order C%(order)s: asked for here.") % {
            "boxes": _boxes(why.short_boxes),
            "order": why.short_order,
        }
    parts = [_demand(why)]
    if why.kept:
        parts.append(_cover(why))
    elif why.floor:
        parts.append(_("Minimum set here: %(floor)s.") % {"floor": figure(why.floor)})
    parts.append(_position(why))
    parts.append(_conclusion(why, quantity=quantity))
    return " ".join(part for part in parts if part)


def _real(value: float, decimals: int) -> str:
    return figure(Decimal(repr(value)), decimals)


def _boxes(count: int) -> str:
    return ngettext("%(count)s box", "%(count)s boxes", count) % {"count": figure(count)}


def _demand(why: Why) -> str:
    if not why.asked:
        return _("Not asked for in %(days)s open days.") % {"days": figure(why.days)}
    text = _("Asked for over %(days)s open days: %(asked)s") % {
        "days": figure(why.days),
        "asked": figure(why.asked),
    }
    if why.days_out:
        text += _(", %(days)s days out of stock left aside") % {"days": figure(why.days_out)}
    if why.peak:
        text += _(", %(peak)s of one large demand left aside") % {"peak": figure(why.peak)}
    if not (why.kept or why.on_request):
        return text + "."
    if not (why.days_out or why.peak):
        return text + _(", that is %(rate)s per day.") % {"rate": _real(why.rate_per_day, 2)}
    return text + _(": %(sold)s ÷ %(days)s d = %(rate)s per day.") % {
        "sold": figure(why.asked - why.peak),
        "days": figure(why.days_counted),
        "rate": _real(why.rate_per_day, 2),
    }


def _cover(why: Why) -> str:
    if why.engine:
        return _levels(why)
    text = _("To cover: %(lead)s d until the delivery, %(review)s d until the next.") % {
        "lead": _real(why.lead_days, 1),
        "review": _real(why.review_days, 1),
    }
    return f"{text} " + _("Safety %(safety)s. Order below %(minimum)s, up to %(target)s.") % {
        "safety": _real(why.safety, 1),
        "minimum": figure(why.minimum),
        "target": figure(why.target),
    }


def _levels(why: Why) -> str:
    """What the engine decided, and the costs that decided it."""
    expected = _(
        "%(lead)s d until the delivery, %(review)s d until the next: %(expected)s expected."
    ) % {
        "lead": _real(why.lead_days, 1),
        "review": _real(why.review_days, 1),
        "expected": _real(why.expected, 1),
    }
    chance = _(
        "%(minimum)s serve it all %(chance)s times in 100; one missing costs %(missing)s, one kept "
        "a year %(holding)s."
    ) % {
        "minimum": figure(why.level_minimum),
        "chance": figure(round(why.chance * 100)),
        "missing": euros(Decimal(repr(why.missing_cost))),
        "holding": euros(Decimal(repr(why.holding_cost))),
    }
    order = _("Order below %(minimum)s, up to %(target)s.") % {
        "minimum": figure(why.minimum),
        "target": figure(why.target),
    }
    return f"{expected} {chance} {order}"


def _position(why: Why) -> str:
    text = _("Stock %(on_hand)s + on order %(on_order)s − promised %(promised)s = %(net)s") % {
        "on_hand": figure(why.on_hand),
        "on_order": figure(why.on_order),
        "promised": figure(why.promised),
        "net": figure(why.net),
    }
    return text + (_(", in doses.") if why.is_dose else ".")


def _conclusion(why: Why, *, quantity: int) -> str:
    if why.blocked:
        return _blocked(why)
    if not quantity:
        return _nothing(why)
    units = quantity * why.per_box
    parts = []
    in_cases = why.need // why.case_size * why.case_size if why.engine and why.kept else why.need
    if why.need > 0 and why.policy_quantity >= in_cases:
        cut = _case(why)
        if why.need == why.policy_quantity:
            parts.append(_("Order %(need)s.") % {"need": figure(why.need)})
        else:
            parts.append(
                _("Order %(need)s → %(quantity)s (%(case)s).")
                % {"need": figure(why.need), "quantity": figure(why.policy_quantity), "case": cut}
            )
    elif why.need > 0:
        parts.append(
            _("%(need)s short, cut to %(quantity)s: no room above %(maximum)s.")
            % {
                "need": figure(why.need),
                "quantity": figure(why.policy_quantity),
                "maximum": figure(why.maximum),
            }
        )
    if units > why.policy_quantity:
        parts.append(
            _("Patients wait for %(owed)s on no order: order %(quantity)s.")
            % {"owed": figure(why.owed), "quantity": figure(units)}
        )
    if why.is_dose:
        parts.append(
            _("That is %(boxes)s of %(per_box)s doses.")
            % {"boxes": _boxes(quantity), "per_box": figure(why.per_box)}
        )
    if why.guard:
        parts.append(_guarded(why))
    return " ".join(parts)


def _case(why: Why) -> str:
    return _("by %(case)s") % {"case": figure(why.case_size)}


def _nothing(why: Why) -> str:
    if why.guard:
        return _guarded(why)
    if why.reason == ReasonCode.NO_ROOM:
        return _("Order 0: no room above %(maximum)s.") % {"maximum": figure(why.maximum)}
    return _("Order 0: enough until the round after next.")


def _guarded(why: Why) -> str:
    reasons = {
        Guard.COLD: _("Cold"),
        Guard.NARCOTIC: _("Narcotic"),
        Guard.EXPENSIVE: _("Expensive"),
        Guard.NEVER: _("Not kept here"),
        Guard.ON_PROMISE: _("On promise only, decided here"),
        Guard.SNOOZED: _("On hold until %(day)s") % {"day": _day(why.until)},
    }
    reason = reasons[Guard(why.guard)]
    if not why.wished_boxes:
        return _("%(reason)s: ordered for patients only.") % {"reason": reason}
    return _(
        "%(reason)s: never ordered by itself beyond what patients wait for. The policy would ask "
        "for %(boxes)s: yours to decide."
    ) % {"reason": reason, "boxes": _boxes(why.wished_boxes)}


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso)) if iso else ""


def _blocked(why: Why) -> str:
    if why.blocked == Blocked.SUCCESSOR:
        return _("Order 0: this code is dead, %(successor)s replaces it.") % {
            "successor": why.successor
        }
    if why.blocked == Blocked.STOPPED:
        return _("Order 0: no longer marketed. Look for a substitute.")
    return _("Order 0: out of stock at the manufacturer. Look for a substitute.")


def what_would_change(why: Why) -> str:
    """What another promise, or one less, would do to the quantity."""
    if why.origin != Origin.PROPOSED or why.blocked:
        return ""
    now = recompute(why)

    def with_promises(more: int) -> int:
        changed = asdict(why) | {
            "promised": max(why.promised + more * why.per_box, 0),
            "owed": max(why.owed + more * why.per_box, 0),
        }
        return recompute(_with_need(Why(**changed)))

    parts = []
    if why.promised:
        parts.append(
            _("one promise cancelled, %(boxes)s") % {"boxes": _or_still(with_promises(-1), now)}
        )
    for more in (1, 2):
        label = ngettext("%(count)s more promise, %(boxes)s", "%(count)s more promises, %(boxes)s",
                         more)  # fmt: skip
        parts.append(label % {"count": more, "boxes": _or_still(with_promises(more), now)})
    if why.case_size > why.per_box:
        alone = recompute(Why(**(asdict(why) | {"case_size": why.per_box})))
        parts.append(_("box by box, %(boxes)s") % {"boxes": _or_still(alone, now)})
    return " · ".join(parts)


def _with_need(why: Why) -> Why:
    need = why.target - why.net if why.net < why.minimum else 0
    return Why(**(asdict(why) | {"need": need}))


def _or_still(count: int, now: int) -> str:
    return _("still %(count)s") % {"count": figure(count)} if count == now else figure(count)
