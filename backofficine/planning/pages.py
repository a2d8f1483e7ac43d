"""What the pages of orders show: a line, a small chart, a draft's head, worked out once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from django.utils.functional import cached_property
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.planning.queries import OpenDays
from backofficine.planning.queries.alternatives import Alternative, alternatives
from backofficine.planning.queries.outlook import WEEK, WEEKS_AHEAD, Outlook, outlook
from backofficine.planning.why import Origin, Why, sentence, what_would_change
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.web.charts import BOXES, DOSES, Ahead, Arrival, Fan, Past
from backofficine.web.templatetags.components import day, euros, hour, product_line
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
    outlook: Outlook | None = None
    per_week: float = 0.0
    alternatives: Sequence[Alternative] = ()

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
    def others(self) -> list["OtherSupplier"]:
        return [OtherSupplier.of(one) for one in self.alternatives]

    @property
    def chart(self) -> Fan | None:
        return demand_chart(self) if self.outlook else None


@dataclass(frozen=True)
class OtherSupplier:
    """Who else has a product, in words."""

    key: int
    name: str
    when: str
    price: str
    gap: str
    short: str

    @classmethod
    def of(cls, one: Alternative) -> "OtherSupplier":
        return cls(
            key=one.supplier.pk,
            name=one.supplier.name,
            when=cls._when(one),
            price="" if one.price is None else euros(one.price),
            gap="" if one.gap is None else signed_euros(one.gap, 2),
            short=_("short on %(day)s") % {"day": day(one.short_at)} if one.short_at else "",
        )

    @staticmethod
    def _when(one: Alternative) -> str:
        if one.delivery_round is not None:
            return _("before %(hour)s, here %(day)s, %(due)s") % {
                "hour": hour(one.delivery_round.cut_off_at),
                "day": day(one.delivery_round.due_at),
                "due": hour(one.delivery_round.due_at),
            }
        days = one.supplier.lead_time_days or 0
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


def signed_euros(amount: Decimal, decimals: int = 0) -> str:
    """« +1 240 € », « −12 € »: a difference says its direction."""
    return f"+{euros(amount, decimals)}" if amount > 0 else euros(amount, decimals)


def reasons() -> list[tuple[str, str]]:
    """Why a person may change a proposal, in words."""
    return [(str(code), str(label)) for code, label in OrderLine.ChangeReason.choices]


def demand_chart(row: "LineRow") -> Fan:
    """The weeks behind an open line, those ahead, what is there and what comes."""
    seen = row.outlook
    assert seen is not None, "only an open line has a chart"
    ahead = [Ahead(one.starts_on, one.expected, one.ranges) for one in seen.ahead]
    if not ahead and row.per_week:
        # Before the forecasts are trained, the plain rate is all that is known.
        first = seen.today + timedelta(days=1)
        rate = round(row.per_week, 1)
        ahead = [Ahead(first + week * WEEK, rate) for week in range(WEEKS_AHEAD)]
    return Fan(
        title=_("Demand and forecast"),
        is_small=True,
        now=seen.today + timedelta(days=1),
        unit=DOSES if row.why.is_dose else BOXES,
        middle_decimals=1,
        past=[
            Past(week.starts_on, week.served, week.missing, is_out=week.starts_on in seen.out)
            for week in seen.weeks
        ],
        ahead=ahead,
        stock=seen.on_hand,
        arrivals=[Arrival(one.on, one.quantity) for one in seen.coming],
    )


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
    row.outlook = outlook(row.line.product_id, at=at)
    row.alternatives = alternatives(row.line, at=at)
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
    def seconds_left(self) -> int:
        return int(self.left.total_seconds())

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
