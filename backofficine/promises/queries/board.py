"""The board: every open promise in its lane, with the hour said and whether it still holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Storage
from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import day_bounds, local_day, number, zone
from backofficine.promises.identity import UNKNOWN, initials_of, sealed_initials
from backofficine.promises.models import Cause, Promise, Status
from backofficine.promises.queries.guard import due_at
from backofficine.stock.models import Location

NOT_COLLECTED_DAYS = "not_collected_days"
BILLED_DAYS = "promise_billed_days"
LIMIT = 500
CREDIT_CLOSE_DAYS = 3
_WAITED = (Status.TO_ORDER, Status.ORDERED, Status.ARRIVED)
_READ = (
    "public_id", "number", "status", "quantity", "aside_quantity", "collected_quantity",
    "delivery_round", "can_wait", "is_paid", "is_billed", "promised_at", "created_at", "ready_at",
    "told_at", "closed_at", "credited_at",
    "product__name", "product__strength", "product__form", "product__pack", "product__cip13",
    "product__legal_status", "product__storage", "product__availability",
    "slot__code", "slot__kind", "slot__walk_order", "slot__parent__kind",
)  # fmt: skip


class LaneName(StrEnum):
    """From left to right on the board."""

    LATE = "late"
    TO_ORDER = "to_order"
    ORDERED = "ordered"
    ARRIVED = "arrived"
    IN_SLOT = "in_slot"
    TOLD = "told"
    NOT_COLLECTED = "not_collected"


LABELS = {
    LaneName.LATE: _("Late"),
    LaneName.TO_ORDER: _("To order"),
    LaneName.ORDERED: _("Ordered"),
    LaneName.ARRIVED: _("Arrived"),
    LaneName.IN_SLOT: _("In its slot"),
    LaneName.TOLD: _("Told"),
    LaneName.NOT_COLLECTED: _("Not collected"),
}


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour said to the patient. ``holds``: whether it can still be kept; ``None`` if unsaid."""

    promised_at: datetime | None
    expected_at: datetime | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class ShownSlot:
    """A slot as its plate shows it: in the fridge or the safe, the shape of what keeps it."""

    code: str
    kind: str


def shown_slot(location: Location | None) -> ShownSlot | None:
    """``CASIER-27`` is written 27 under the word; a slot of the fridge keeps its whole code."""
    if location is None:
        return None
    keeper = location.parent.kind if location.parent else ""
    is_kept = keeper in (Location.Kind.FRIDGE, Location.Kind.SAFE)
    kind = keeper if is_kept and location.kind == Location.Kind.PROMISE_SLOT else location.kind
    return ShownSlot(code=location.short_code, kind=kind)


@dataclass(frozen=True, slots=True)
class Card:
    """One promise as the board shows it: initials, never a name."""

    promise: Promise
    lane: LaneName
    initials: str
    hour: Hour
    age: timedelta  # since the hour missed, the notice, the slot, or the promise
    credit_in_days: int | None  # billed and not collected: days left to credit it
    is_today: bool  # the hour said is of the day
    credit_by: date | None  # billed and not collected: the last day to credit it

    @property
    def is_late(self) -> bool:
        return self.lane == LaneName.LATE

    @property
    def cannot_wait(self) -> bool:
        return not self.promise.can_wait and not self.promise.is_held

    @property
    def is_doubtful(self) -> bool:
        """The hour said will not hold, and is not past yet."""
        return self.hour.holds is False and not self.is_late and not self.promise.is_held

    @property
    def is_ready(self) -> bool:
        return self.promise.is_held and self.lane != LaneName.LATE

    @property
    def slot(self) -> ShownSlot | None:
        return shown_slot(self.promise.slot)

    @property
    def is_cold(self) -> bool:
        return self.promise.product.storage == Storage.FRIDGE

    @property
    def credit_is_close(self) -> bool:
        """A billed promise whose time to be collected or credited is nearly over."""
        return self.credit_in_days is not None and self.credit_in_days <= CREDIT_CLOSE_DAYS


@dataclass(slots=True)
class Lane:
    name: LaneName
    cards: list[Card] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(LABELS[self.name])

    @property
    def count(self) -> int:
        return len(self.cards)

    @property
    def is_late(self) -> bool:
        return self.name == LaneName.LATE


@dataclass(slots=True)
class Board:
    """The lanes, and the numbers of the page's first sentence."""

    lanes: list[Lane]
    due_today: int
    week_kept: int
    week_due: int
    week_wrong_stock: int
    is_cut: bool  # more promises are open than the board reads

    def lane(self, name: LaneName) -> Lane:
        return next(lane for lane in self.lanes if lane.name == name)

    @property
    def late(self) -> int:
        return self.lane(LaneName.LATE).count

    @property
    def arrived(self) -> int:
        return self.lane(LaneName.ARRIVED).count

    @property
    def to_tell(self) -> int:
        return sum(card.promise.is_ready for card in self.lane(LaneName.IN_SLOT).cards)

    @property
    def ready(self) -> list[Card]:
        """Bags that can be handed over now, in the order of the slots."""
        held = [
            card
            for name in (LaneName.IN_SLOT, LaneName.TOLD, LaneName.NOT_COLLECTED)
            for card in self.lane(name).cards
        ]
        return sorted(held, key=lambda card: (_walk(card.promise), card.promise.number))

    @property
    def awaited(self) -> list[Card]:
        return [
            card
            for name in (LaneName.TO_ORDER, LaneName.ORDERED, LaneName.ARRIVED)
            for card in self.lane(name).cards
        ]

    @property
    def week_kept_rate(self) -> float | None:
        """Per cent of last week's promises that were in their slot at the hour said."""
        return 100 * self.week_kept / self.week_due if self.week_due else None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the pharmacy set, read once for a whole board."""

    zone: ZoneInfo
    patience: timedelta  # in the slot; longer is *not collected*
    billed: timedelta  # what was billed is credited within

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def rules_at(at: datetime) -> Rules:
    """The rules valid at an instant."""
    here = zone()
    today = local_day(at, in_zone=here)
    return Rules(
        zone=here,
        patience=timedelta(days=int(number(NOT_COLLECTED_DAYS, on=today))),
        billed=timedelta(days=int(number(BILLED_DAYS, on=today))),
    )


def _walk(promise: Promise) -> tuple[int, str]:
    slot = promise.slot
    return (slot.walk_order, slot.code) if slot else (0, "")


def _open() -> QuerySet[Promise]:
    """Open promises with what a card says of them, and no more: a board holds hundreds."""
    return (
        Promise.objects.filter(closed_at__isnull=True)
        .select_related("product", "slot__parent")
        .only(*_READ)
    )


def _cards() -> QuerySet[Any]:
    # Columns, not rows of other tables: an order, its round and an identity for a few words.
    return _open().annotate(
        expected_at=Coalesce(
            "order_line__order__delivery_round__due_at", "order_line__order__expected_at"
        ),
        cut_off_at=F("delivery_round__cut_off_at"),
        is_round_cancelled=F("delivery_round__is_cancelled"),
        name_cipher=F("identity__name_cipher"),
        name_month=F("identity__month"),
    )


def _in_order(cards: QuerySet[Any]) -> QuerySet[Any]:
    return cards.order_by(F("promised_at").asc(nulls_last=True), "pk")[: LIMIT + 1]


_WHOLE: Prepared[Any] = Prepared(lambda: _in_order(_cards()))


def board(at: datetime, *, promises: Iterable[Promise] | None = None) -> Board:
    """Open promises by lane, the most pressing first in each; at most :data:`LIMIT`.

    ``promises`` narrows the cards, for a search; the week's numbers stay.
    """
    rules = rules_at(at)
    if promises is None:
        read = _WHOLE.all()
    else:
        keys = [promise.pk for promise in promises]
        read = list(_in_order(_cards().filter(pk__in=keys)))
    lanes = {name: Lane(name) for name in LaneName}
    for promise in read[:LIMIT]:
        beside = _Beside(
            initials=_initials(promise.name_cipher, promise.name_month),
            expected_at=promise.expected_at,
            cut_off_at=promise.cut_off_at,
            is_round_cancelled=bool(promise.is_round_cancelled),
        )
        card = _card(promise, beside, at=at, rules=rules)
        lanes[card.lane].cards.append(card)
    lanes[LaneName.LATE].cards.sort(key=lambda card: (card.promise.can_wait, -card.age))
    lanes[LaneName.TO_ORDER].cards.sort(key=lambda card: card.promise.can_wait)
    _start, midnight = day_bounds(rules.day_of(at))
    due, kept, wrong_stock = _week(at)
    return Board(
        lanes=list(lanes.values()),
        due_today=sum(
            1
            for promise in read
            if promise.status in _WAITED and promise.promised_at and promise.promised_at < midnight
        ),
        week_due=due,
        week_kept=kept,
        week_wrong_stock=wrong_stock,
        is_cut=len(read) > LIMIT,
    )


_IN_TIME = Q(ready_at__lte=F("promised_at"))
_WEEK = timedelta(days=7)


def _due(start: Any, end: Any) -> Q:
    """Promised for an hour between two instants."""
    return Q(promised_at__gt=start, promised_at__lte=end) & ~Q(status=Status.CANCELLED)


def _wrong_stock(start: Any, end: Any) -> Q:
    return Q(created_at__gt=start, created_at__lte=end, cause=Cause.WRONG_STOCK)


_NUMBERS = Prepared(
    lambda start, end: (
        Promise.objects.filter(_due(start, end) | _wrong_stock(start, end))
        .values(every=Value(1))
        .annotate(
            due=Count("pk", filter=_due(start, end)),
            kept=Count("pk", filter=_due(start, end) & _IN_TIME),
            wrong_stock=Count("pk", filter=_wrong_stock(start, end)),
        )
        .values_list("due", "kept", "wrong_stock")
        .order_by()
    ),
    datetime,
    datetime,
)


def _week(at: datetime) -> tuple[int, int, int]:
    """Promises due in the last seven days, those kept, those made for a wrong stock."""
    return _NUMBERS.first(at - _WEEK, at) or (0, 0, 0)


def week_wrong_stock(at: datetime) -> QuerySet[Promise]:
    """Promises of the last seven days made because the record was wrong."""
    return Promise.objects.filter(_wrong_stock(at - _WEEK, at))


def week_missed(at: datetime) -> QuerySet[Promise]:
    """Promises of the last seven days that were not in their slot at the hour said."""
    return Promise.objects.filter(_due(at - _WEEK, at)).exclude(_IN_TIME)


def card_of(promise: Promise, *, at: datetime, rules: Rules | None = None) -> Card:
    """The card of one open promise."""
    delivery_round = promise.delivery_round
    beside = _Beside(
        initials=initials_of(promise),
        expected_at=due_at(promise.order_line.order) if promise.order_line else None,
        cut_off_at=delivery_round.cut_off_at if delivery_round else None,
        is_round_cancelled=bool(delivery_round and delivery_round.is_cancelled),
    )
    return _card(promise, beside, at=at, rules=rules or rules_at(at))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a card takes from beside its promise: its order, its round, its identity."""

    initials: str
    expected_at: datetime | None
    cut_off_at: datetime | None  # of the round; none without a round
    is_round_cancelled: bool


def _initials(cipher: str | None, month: str | None) -> str:
    return sealed_initials(cipher, month=month) if cipher and month else UNKNOWN


def _card(promise: Promise, beside: _Beside, *, at: datetime, rules: Rules) -> Card:
    lane = _lane(promise, at=at, patience=rules.patience)
    today = rules.day_of(at)
    credit_by = None
    if promise.is_billed and not promise.credited_at and not promise.is_closed:
        credit_by = rules.day_of(promise.created_at) + rules.billed
    return Card(
        promise=promise,
        lane=lane,
        initials=beside.initials,
        hour=_hour(promise, beside, at=at),
        age=at - _since(promise, lane),
        credit_in_days=(credit_by - today).days if credit_by else None,
        is_today=bool(promise.promised_at and rules.day_of(promise.promised_at) == today),
        credit_by=credit_by,
    )


def _lane(promise: Promise, *, at: datetime, patience: timedelta) -> LaneName:
    if promise.status in _WAITED:
        if promise.promised_at and promise.promised_at < at:
            return LaneName.LATE
        return LaneName(promise.status)
    if promise.status == Status.ABANDONED:
        return LaneName.NOT_COLLECTED
    if promise.ready_at and promise.ready_at + patience < at:
        return LaneName.NOT_COLLECTED
    return LaneName.TOLD if promise.status == Status.TOLD else LaneName.IN_SLOT


def _since(promise: Promise, lane: LaneName) -> datetime:
    if lane == LaneName.LATE and promise.promised_at:
        return promise.promised_at
    if lane == LaneName.TOLD and promise.told_at:
        return promise.told_at
    if promise.is_held and promise.ready_at:
        return promise.ready_at
    return promise.created_at


def _hour(promise: Promise, beside: _Beside, *, at: datetime) -> Hour:
    """A promise to order holds until its round's cut-off; one on order, if its order comes before
    the hour said; one that arrived, until that hour."""
    said, expected = promise.promised_at, beside.expected_at
    if said is None:
        return Hour(None, expected, None)
    if promise.is_held:
        return Hour(said, expected, holds=promise.ready_at is None or promise.ready_at <= said)
    if said < at:
        return Hour(said, expected, holds=False)
    if promise.status == Status.TO_ORDER:
        closes = beside.cut_off_at
        can_catch = closes is None or (closes > at and not beside.is_round_cancelled)
        return Hour(said, None, holds=can_catch)
    if promise.status == Status.ORDERED:
        return Hour(said, expected, holds=expected is None or expected <= said)
    return Hour(said, expected, holds=True)


def late_count(at: datetime) -> int:
    """Promises whose hour is past and whose boxes are not in a slot."""
    return Promise.objects.filter(
        Q(closed_at__isnull=True), promised_at__lt=at, status__in=_WAITED
    ).count()
