"""What the pages of orders show: a line, a small chart, a draft's head, worked out once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from django.utils.functional import cached_property
from django.utils.html import escape
from django.utils.translation import gettext as _

from backofficine.planning import queries
from backofficine.planning.queries import OpenDays, WeekOfDemand
from backofficine.planning.why import Origin, Why, sentence, what_would_change
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.web.templatetags.components import euros, product_line
from backofficine.web.templatetags.components import quantity as figure

Urgency = OrderLine.Urgency

# Urgency → colour and drawing of its tag; the words are the model's own.
TAGS: dict[Urgency, tuple[str, str]] = {
    Urgency.PROMISED: ("now", "receipt"),
    Urgency.OUT: ("now", "alert-triangle"),
    Urgency.DECIDE: ("today", "lock"),
    Urgency.UNAVAILABLE: ("today", "alert-octagon"),
    Urgency.BELOW: ("", ""),
    Urgency.ADDED: ("", ""),
}
CLOSE = timedelta(minutes=30)


class LineWords(TypedDict):
    """The words of one row. A template formats at ten times the cost, and a page holds dozens; it
    also reads a key of a dictionary faster than an attribute."""

    key: str
    word: str  # of the first column, with its colour and its drawing
    colour: str
    drawing: str
    reason: str
    product: str
    sum: str
    net: str
    days: str
    proposed: str
    promised: str
    version: str
    quantity: str
    asks_reason: bool
    case: str
    amount: str
    is_open: bool
    is_wide: bool
    is_accepted: bool
    error: str


@dataclass
class LineRow:
    """One line of a draft, as read. ``typed`` and ``error`` come back after a refusal."""

    line: OrderLine
    is_open: bool = False
    typed: str | None = None
    typed_reason: str = ""
    error: str = ""
    asks_confirmation: bool = False
    is_conflict: bool = False
    weeks: Sequence[WeekOfDemand] = ()
    per_week: float = 0.0

    @cached_property
    def why(self) -> Why:
        return Why.of(self.line.why)

    @property
    def key(self) -> str:
        return str(self.line.pk)

    @property
    def words(self) -> "LineWords":
        """What the row prints, each word made once."""
        word, colour, drawing = self.tag
        return LineWords(
            key=escape(self.key),  # printed nine times
            word=word,
            colour=colour,
            drawing=drawing,
            reason=self.reason_words,
            product=product_line(self.line.product, code=False),
            sum=self.sum,
            net=self.net,
            days=self.days,
            proposed=str(self.line.proposed_quantity),
            promised=self.promised_words,
            version=str(self.line.version),
            quantity=self.shown_quantity,
            asks_reason=self.asks_reason,
            case=self.case,
            amount=self.amount_words,
            is_open=self.is_open,
            is_wide=self.is_wide,
            is_accepted=self.line.is_checked,
            error=self.error,
        )

    @property
    def form_name(self) -> str:
        return f"form-{self.line.pk}"

    @property
    def is_wide(self) -> bool:
        return self.is_open or bool(self.error)

    @property
    def tag(self) -> tuple[str, str, str]:
        """Word, colour and drawing of the first column."""
        if self.line.is_checked and not self.line.is_changed:
            return _("accepted"), "done", "check"
        urgency = Urgency(self.line.urgency)
        return str(urgency.label), *TAGS[urgency]

    @property
    def reason_words(self) -> str:
        if self.line.is_changed and self.line.proposed_quantity:
            return str(self.line.get_change_reason_display())
        return ""

    @property
    def sum(self) -> str:
        if self.why.origin != Origin.PROPOSED:
            return "–"
        return f"{self.why.on_hand} + {self.why.on_order} − {self.why.promised} ="

    @property
    def net(self) -> str:
        return figure(self.why.net) if self.why.origin == Origin.PROPOSED else ""

    @property
    def days(self) -> str:
        cover = self.why.days_of_cover
        return figure(None if cover is None else Decimal(f"{cover:.2f}"), 1)

    @property
    def promised_words(self) -> str:
        count = self.line.promised_quantity
        return _("%(n)s promised") % {"n": count} if count else ""

    @property
    def sentence(self) -> str:
        return sentence(self.why, quantity=self.line.proposed_quantity)

    @property
    def would_change(self) -> str:
        return what_would_change(self.why)

    @property
    def shown_quantity(self) -> str:
        return str(self.line.quantity) if self.typed is None else self.typed

    @property
    def asks_reason(self) -> bool:
        """The reason is asked as soon as the quantity leaves the proposal."""
        proposed = self.line.proposed_quantity
        return bool(proposed) and (
            self.shown_quantity != str(proposed) or bool(self.line.change_reason)
        )

    @property
    def shown_reason(self) -> str:
        return self.typed_reason or self.line.change_reason

    @property
    def amount_words(self) -> str:
        price = self.line.unit_price
        return "–" if price is None else euros(price * self.line.quantity)

    @property
    def case(self) -> str:
        """Boxes in a case."""
        return str(max(self.why.case_size // self.why.per_box, 1))

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return reasons()

    @property
    def chart(self) -> "Chart | None":
        return Chart.of(self.weeks, expected=self.per_week) if self.weeks else None


def reasons() -> list[tuple[str, str]]:
    """Why a person may change a proposal, in words."""
    return [(str(code), str(label)) for code, label in OrderLine.ChangeReason.choices]


@dataclass(frozen=True)
class Bar:
    """One week: a bar from the axis, and on it what was asked in vain. Pixels of the drawing."""

    x: float
    y: float
    height: float
    missing_y: float
    missing_height: float


@dataclass(frozen=True)
class Chart:
    """Twenty-six weeks of demand and the rate expected, 470 by 112."""

    bars: list[Bar]
    top: int
    middle_y: float
    expected_y: float
    expected: float
    label: str

    WIDTH, LEFT, TOP, AXIS = 470, 30, 12, 92

    @classmethod
    def of(cls, weeks: Sequence[WeekOfDemand], *, expected: float) -> "Chart":
        most = max([week.served + week.missing for week in weeks] + [expected, 1])
        top = int(-(-most // 2) * 2)
        scale = (cls.AXIS - cls.TOP) / top
        step = (cls.WIDTH - cls.LEFT - 4) / len(weeks)
        bars = []
        for place, week in enumerate(weeks):
            served, missing = week.served * scale, week.missing * scale
            bars.append(
                Bar(
                    x=round(cls.LEFT + place * step, 1),
                    y=round(cls.AXIS - served, 1),
                    height=round(served, 1),
                    missing_y=round(cls.AXIS - served - missing, 1),
                    missing_height=round(missing, 1),
                )
            )
        total = sum(week.served + week.missing for week in weeks)
        return cls(
            bars=bars,
            top=top,
            middle_y=round(cls.AXIS - top / 2 * scale, 1),
            expected_y=round(cls.AXIS - expected * scale, 1),
            expected=expected,
            label=_("Demand of the last 26 weeks: %(total)s in all") % {"total": total},
        )

    @property
    def middle(self) -> int:
        return self.top // 2


def rows(lines: Iterable[OrderLine], *, open_line: int | None, at: datetime) -> list[LineRow]:
    """The lines as shown; the open one with its chart."""
    shown = [LineRow(line, is_open=line.pk == open_line) for line in lines]
    for row in shown:
        if row.is_open:
            open_up(row, at=at)
    return shown


def open_up(row: LineRow, *, at: datetime) -> LineRow:
    """Add what the open panel shows."""
    row.is_open = True
    row.weeks = queries.weekly_demand(row.line.product_id, at=at)
    days = OpenDays.read()
    row.per_week = row.why.rate_per_day * len(days.hours)
    return row


@dataclass
class SupplierTab:
    """A supplier one may order from, with the round that can still be caught."""

    supplier: Supplier
    next_round: DeliveryRound | None
    lines: int = 0
    is_current: bool = False


@dataclass
class CutOff:
    """How long an order may still leave."""

    at: datetime
    now: datetime

    @property
    def left(self) -> timedelta:
        return max(self.at - self.now, timedelta())

    @property
    def is_past(self) -> bool:
        return self.at <= self.now

    @property
    def is_close(self) -> bool:
        return not self.is_past and self.left <= CLOSE


@dataclass
class Franco:
    """Free carriage: what is ordered against what it takes. Euros excl. VAT."""

    amount: Decimal
    wanted: Decimal

    @property
    def missing(self) -> Decimal:
        return max(self.wanted - self.amount, Decimal(0))


def franco(order: Order, amount: Decimal) -> Franco | None:
    wanted = order.supplier.free_carriage_from
    return Franco(amount, wanted) if wanted else None
