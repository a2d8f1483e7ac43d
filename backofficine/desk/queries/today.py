"""The day as rounds: what came, what is on the floor, what is due, and what to do next.

Bounded queries only: open work, and the facts of one day. Moves are never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from django.db.models import Count, Q, Sum

from backofficine.desk.queries.frame import CLOSE, Waiting
from backofficine.desk.queries.hours import Hours
from backofficine.kernel.prepared import Prepared
from backofficine.pharmacy.queries import number
from backofficine.promises.identity import initials_of
from backofficine.promises.models import HOLDING, Cause, Promise, Status
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.receiving.models import Gap, Parcel, Receipt
from backofficine.stock.models import Balance, ChainHead, Location, NotFound

WAITED = (Status.TO_ORDER, Status.ORDERED, Status.ARRIVED)
COLD_OUT, EXPIRY_WATCH = "cold_out_minutes", "expiry_watch_days"
SHOWN = 5
SHORT_LIST = 3
PRODUCT_LINE = (
    "public_id", "name", "strength", "form", "pack", "cip13", "storage", "legal_status",
    "availability",
)  # fmt: skip

# Minutes of an act, to plan the day; orders of magnitude, shown with « environ ». Receiving a
# line: 120 lines an hour; the others are estimates of the same kind.
MINUTES_A_LINE = Decimal("0.5")
MINUTES_A_PARCEL = Decimal(10)
MINUTES_A_PUT_AWAY = Decimal("0.4")
MINUTES_A_CALL = Decimal(2)
MINUTES_A_BAG = Decimal(1)
MINUTES_A_COUNT = Decimal("0.8")
FEWEST_MINUTES = 2


@dataclass(slots=True)
class Drop:
    """Totes or cartons that one supplier left together, and their clock.

    Cold ones have the container's validated hours, by the clock on the wall, then a few minutes
    once opened; the others have opening minutes.
    """

    supplier: Supplier
    is_cold: bool
    place: str
    dropped_at: datetime
    delivery_round_id: int | None
    receipt_number: int | None = None
    totes: int = 0
    cartons: int = 0
    opened_at: datetime | None = None
    minutes: int = 0
    limit: int = 0

    @property
    def count(self) -> int:
        return self.totes + self.cartons

    @property
    def left(self) -> int:
        """Minutes before the limit; negative when it is past."""
        return self.limit - self.minutes

    @property
    def is_overdue(self) -> bool:
        return self.left <= 0

    @property
    def is_direct(self) -> bool:
        return self.supplier.kind == Supplier.Kind.DIRECT

    @property
    def limit_at(self) -> datetime | None:
        """When the limit strikes, for a clock that runs on the wall."""
        start = self.opened_at or self.dropped_at
        return start + timedelta(minutes=self.limit) if self.is_cold else None


class RoundState(StrEnum):
    AWAITED = "awaited"  # due later
    MISSING = "missing"  # due, and nothing was dropped
    ON_FLOOR = "on_floor"
    RECEIVED = "received"


@dataclass(slots=True)
class RoundOfDay:
    """A round due today and what became of it."""

    delivery_round: DeliveryRound
    state: RoundState
    parcels: int
    received_at: datetime | None
    promises: int = 0

    @property
    def due_at(self) -> datetime:
        return self.delivery_round.due_at


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One promise of the day: initials, never a name."""

    promise: Promise
    is_late: bool
    late_minutes: int = 0  # since the hour said

    @property
    def initials(self) -> str:
        return initials_of(self.promise)

    @property
    def is_short(self) -> bool:
        return self.promise.cause in (Cause.NATIONAL_SHORTAGE, Cause.WHOLESALER_OUT, Cause.QUOTA)

    @property
    def is_ready(self) -> bool:
        return self.promise.status in HOLDING


@dataclass(frozen=True, slots=True)
class Due:
    """A promise of the day, as far as counting goes."""

    key: int
    status: str
    promised_at: datetime
    delivery_round: int | None
    is_told: bool
    is_late: bool

    @property
    def is_ready(self) -> bool:
        return self.status in HOLDING


class Kind(StrEnum):
    """What may be done now, in the order of :func:`_acts`."""

    COLD = "cold"
    ORDER_NOW = "order_now"
    SET_ASIDE = "set_aside"
    OVERDUE = "overdue"
    TELL = "tell"
    PUT_AWAY = "put_away"
    COUNT = "count"
    RECEIVE = "receive"
    ORDER = "order"


RIGHTS = {
    Kind.COLD: "receive",
    Kind.ORDER_NOW: "order",
    Kind.SET_ASIDE: "promise",
    Kind.OVERDUE: "receive",
    Kind.TELL: "promise",
    Kind.PUT_AWAY: "put_away",
    Kind.COUNT: "count_stock",
    Kind.RECEIVE: "receive",
    Kind.ORDER: "order",
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do: how much of it, before when, in about how many minutes."""

    kind: Kind
    count: int
    minutes: int
    drop: Drop | None = None
    delivery_round: DeliveryRound | None = None
    before: datetime | None = None


@dataclass(slots=True)
class Expiring:
    """Lots whose date is past or near; quantities in stock units."""

    lots: int = 0
    units: int = 0
    past_lots: int = 0
    soonest: list[Balance] = field(default_factory=list)


@dataclass(slots=True)
class Today:
    """Everything the page of the day shows."""

    at: datetime
    day: date
    openings: list[tuple[datetime, datetime]]
    rounds: list[RoundOfDay]
    cut_offs: Sequence[DeliveryRound]
    drops: list[Drop]
    promises: list[PromiseLine]
    promise_count: int
    ready_count: int
    late_count: int
    gaps: list[Gap]
    gap_count: int
    not_found: list[NotFound]
    not_found_count: int
    counts_asked: int
    expiring: Expiring
    acts: list[Act]
    waves: list["Wave"]
    has_order_left: bool  # the one of the next cut-off

    @property
    def floor_count(self) -> int:
        return sum(one.count for one in self.drops)

    @property
    def last_round(self) -> RoundOfDay | None:
        """The last round that was due by now: the past of the page's sentence."""
        past = [one for one in self.rounds if one.due_at <= self.at]
        return past[-1] if past else None

    @property
    def next_cut_off(self) -> DeliveryRound | None:
        return next((one for one in self.cut_offs if one.cut_off_at > self.at), None)

    @property
    def overdue(self) -> list[Drop]:
        return [one for one in self.drops if one.is_overdue]

    @property
    def more_promises(self) -> int:
        return self.promise_count - len(self.promises)


@dataclass(slots=True)
class Wave:
    """Promises said for the same hour: how many, how many ready. For the wall: nobody in it."""

    at: datetime
    count: int = 0
    ready: int = 0

    @property
    def is_done(self) -> bool:
        return self.ready == self.count


def _line(product: str) -> list[str]:
    """The columns that a product's line shows: reading whole products would cost the page more."""
    return [f"{product}__{name}" for name in PRODUCT_LINE]


_ROUNDS = Prepared(
    lambda due_from, due_before, closes_from, closes_before: DeliveryRound.objects.filter(
        Q(due_at__gte=due_from, due_at__lt=due_before)
        | Q(cut_off_at__gte=closes_from, cut_off_at__lt=closes_before),
        is_cancelled=False,
        supplier__is_active=True,
    ).order_by("cut_off_at", "pk")[:60],
    *[datetime] * 4,
)
_GAPS = Prepared(
    lambda start, end: (
        Gap.objects.filter(found_at__gte=start, found_at__lt=end)
        .select_related("product")
        .only("kind", "ordered", "received", *_line("product"))
        .order_by("-found_at", "-pk")[:50]
    ),
    datetime,
    datetime,
)
_SEARCHES = Prepared(
    lambda start, end: (
        NotFound.objects.filter(reported_at__gte=start, reported_at__lt=end)
        .select_related("product", "location")
        .only("reported_at", "location__code", "location__kind", *_line("product"))
        .order_by("-reported_at", "-pk")[:50]
    ),
    datetime,
    datetime,
)
_DUE = Prepared(
    lambda end, start, before: (
        Promise.objects.filter(closed_at__isnull=True)
        .filter(
            Q(status__in=WAITED, promised_at__lt=end)
            | Q(status__in=sorted(HOLDING), promised_at__gte=start, promised_at__lt=before)
        )
        .order_by("promised_at", "pk")
        .values_list("pk", "status", "promised_at", "delivery_round", "told_at")[:500]
    ),
    *[datetime] * 3,
)
_ON_FLOOR = Prepared(
    lambda: (
        Parcel.objects.filter(emptied_at=None)
        .select_related("supplier", "receipt")
        .only(
            "kind",
            "is_cold",
            "place",
            "dropped_at",
            "opened_at",
            "delivery_round_id",
            "supplier__name",
            "supplier__kind",
            "supplier__dock_limit_minutes",
            "supplier__cold_limit_minutes",
            "receipt__number",
            "receipt__status",
        )
        .order_by("dropped_at", "pk")[:300]
    )
)
_SHOWN = Prepared(
    lambda promises: Promise.objects.filter(pk__in=promises).select_related(
        "product", "slot", "delivery_round", "identity"
    ),
    list,
)
_GONE = Prepared(
    lambda rounds: (
        Order.objects.filter(delivery_round__in=rounds)
        .exclude(status__in=(Order.Status.DRAFT, Order.Status.CANCELLED))
        .values_list("delivery_round")
    ),
    list,
)
_PARCELS = Prepared(
    lambda rounds: (
        Parcel.objects.filter(delivery_round__in=rounds)
        .values_list("delivery_round")
        .annotate(total=Count("pk"), lying=Count("pk", filter=Q(emptied_at=None)))
        .order_by()
    ),
    list,
)
_RECEIVED = Prepared(
    lambda rounds: (
        Receipt.objects.filter(delivery_round__in=rounds, status=Receipt.Status.VALIDATED)
        .order_by("validated_at")
        .values_list("delivery_round", "validated_at")
    ),
    list,
)
_SEAL = Prepared(lambda: ChainHead.objects.filter(pk=1).values_list("hash"))


def today(at: datetime, *, waiting: Waiting, rights: set[str], with_promises: bool = True) -> Today:
    """The day at an instant; ``rights`` are those of the reader, ``team.`` left out.

    ``waiting`` is what the frame already counted. Without ``with_promises`` they are only counted:
    no identity is read.
    """
    hours = Hours(at=at)
    day = hours.today
    start, end = hours.bounds(day)
    settings = _settings(day)
    drops = _drops(hours, at=at, cold_out=settings[COLD_OUT])
    promises = _promises(at=at, start=start, end=end)
    due = _ROUNDS.all(start, end, start, end + timedelta(days=4))
    cut_offs = [one for one in due if one.cut_off_at >= start]
    coming = next((one for one in cut_offs if one.cut_off_at > at), None)
    due_today = [one for one in due if start <= one.due_at < end]
    ordered = _ordered([*due_today, *([coming] if coming else [])])
    rounds = _rounds(due_today, promises, ordered, at=at)
    shown_gaps = _GAPS.all(start, end)
    shown_searches = _SEARCHES.all(start, end)
    one_day = Today(
        at=at,
        day=day,
        openings=hours.openings(day),
        rounds=rounds,
        cut_offs=cut_offs,
        drops=drops,
        promises=_shown(promises[:SHOWN], at=at) if with_promises else [],
        promise_count=len(promises),
        ready_count=sum(one.is_ready for one in promises),
        late_count=sum(one.is_late for one in promises),
        gaps=shown_gaps[:SHORT_LIST],
        gap_count=len(shown_gaps),
        not_found=shown_searches[:SHORT_LIST],
        not_found_count=len(shown_searches),
        counts_asked=waiting.counts_asked,
        expiring=_expiring(day, watch_days=settings[EXPIRY_WATCH]),
        acts=[],
        waves=_waves(promises),
        has_order_left=coming is not None and coming.pk in ordered,
    )
    one_day.acts = [
        act
        for act in _acts(one_day, promises=promises, waiting=waiting)
        if RIGHTS[act.kind] in rights
    ]
    return one_day


def _settings(day: date) -> dict[str, int]:
    """The dated parameters the page needs, read at once."""
    return {key: int(number(key, on=day)) for key in (COLD_OUT, EXPIRY_WATCH)}


def _drops(hours: Hours, *, at: datetime, cold_out: int) -> list[Drop]:
    """What lies on the floor, cold first, then the oldest."""
    drops: dict[tuple[object, ...], Drop] = {}
    for parcel in _ON_FLOOR.all():
        key = (parcel.supplier_id, parcel.is_cold, parcel.place, parcel.dropped_at)
        one = drops.setdefault(
            key,
            Drop(
                parcel.supplier,
                parcel.is_cold,
                parcel.place,
                parcel.dropped_at,
                parcel.delivery_round_id,
            ),
        )
        if parcel.kind == Parcel.Kind.TOTE:
            one.totes += 1
        else:
            one.cartons += 1
        if parcel.receipt is not None and parcel.receipt.status == Receipt.Status.OPEN:
            one.receipt_number = parcel.receipt.number
        if parcel.opened_at is not None:
            one.opened_at = min(one.opened_at or parcel.opened_at, parcel.opened_at)
    for one in drops.values():
        if one.is_cold:
            since = one.opened_at or one.dropped_at
            one.minutes = int((at - since).total_seconds() // 60)
            one.limit = cold_out if one.opened_at else one.supplier.cold_limit_minutes
        else:
            one.minutes = hours.open_minutes(one.dropped_at, at)
            one.limit = one.supplier.dock_limit_minutes
    return sorted(drops.values(), key=lambda one: (not one.is_cold, one.dropped_at))


def _promises(*, at: datetime, start: datetime, end: datetime) -> list[Due]:
    """Promises said for today, and the late ones of the days before: late first, then by hour."""
    lines = [
        Due(key, status, said, delivery_round, told is not None, status in WAITED and said < at)
        for key, status, said, delivery_round, told in _DUE.all(end, start, end)
        if said is not None
    ]
    return sorted(lines, key=lambda one: not one.is_late)


def _shown(lines: list[Due], *, at: datetime) -> list[PromiseLine]:
    """The few that the page shows, with what their initials need."""
    known = {one.pk: one for one in _SHOWN.all([one.key for one in lines])}
    return [
        PromiseLine(
            known[one.key],
            one.is_late,
            int((at - one.promised_at).total_seconds() // 60) if one.is_late else 0,
        )
        for one in lines
    ]


def _waves(promises: Sequence[Due]) -> list[Wave]:
    waves: dict[datetime, Wave] = {}
    for one in promises:
        if one.is_late:
            continue
        wave = waves.setdefault(one.promised_at, Wave(one.promised_at))
        wave.count += 1
        wave.ready += one.is_ready
    return sorted(waves.values(), key=lambda wave: wave.at)


def _ordered(rounds: list[DeliveryRound]) -> set[int]:
    """The rounds for which an order has left."""
    return {key for (key,) in _GONE.all({one.pk for one in rounds})}


def _rounds(
    due: list[DeliveryRound], promises: Sequence[Due], ordered: set[int], *, at: datetime
) -> list[RoundOfDay]:
    asked = {one.pk for one in due} & ordered
    keys = [one.pk for one in due]
    parcels = {key: (total, lying) for key, total, lying in _PARCELS.all(keys)}
    received = dict(_RECEIVED.all(keys))
    rounds = []
    for one in due:
        total, lying = parcels.get(one.pk, (0, 0))
        if lying:
            state = RoundState.ON_FLOOR
        elif one.pk in received or total:
            state = RoundState.RECEIVED
        elif one.due_at > at:
            state = RoundState.AWAITED
        elif asked and one.pk not in asked:
            continue  # orders leave from here, and nothing was asked of it: nobody misses it
        else:
            state = RoundState.MISSING
        rounds.append(
            RoundOfDay(
                one,
                state,
                total,
                received.get(one.pk),
                promises=sum(line.delivery_round == one.pk for line in promises),
            )
        )
    return sorted(rounds, key=lambda each: (each.due_at, each.delivery_round.pk))


def _expiring(day: date, *, watch_days: int) -> Expiring:
    """Boxes on hand whose date is past, or within the days that the pharmacy watches.

    Boxes only move by postings: as long as the chain's last seal is the same, so is the answer.
    """
    head = _SEAL.first()
    assert head is not None, "the chain has a head from its first migration"
    return _expiring_under(head[0], day, day + timedelta(days=watch_days))


@lru_cache(maxsize=4)
def _expiring_under(seal: str, day: date, until: date) -> Expiring:
    held = Balance.objects.filter(on_hand__gt=0, lot__expires_on__lt=until).exclude(
        location__kind=Location.Kind.QUARANTINE
    )
    whole = held.aggregate(
        lots=Count("lot", distinct=True),
        units=Sum("on_hand"),
        past=Count("lot", distinct=True, filter=Q(lot__expires_on__lt=day)),
    )
    found = Expiring(whole["lots"], whole["units"] or 0, whole["past"])
    if found.lots:
        found.soonest = list(
            held.select_related("lot__product", "location").order_by("lot__expires_on", "pk")[
                :SHORT_LIST
            ]
        )
    return found


def _about(count: int, minutes: Decimal) -> int:
    return max(FEWEST_MINUTES, round(count * minutes))


def _acts(one_day: Today, *, promises: list[Due], waiting: Waiting) -> list[Act]:
    """What to do, most pressing first. The first is the page's own act.

    1. cold on the floor: to the fridge before its limit;
    2. a cut-off in less than ninety minutes whose order has not left;
    3. promised boxes that arrived and are not in a slot;
    4. totes and cartons past their limit;
    5. late promises: tell the patient before the patient comes;
    6. boxes on the dock: to their places;
    7. counts that were asked;
    8. the rest of the floor, in time;
    9. the next order, in time.
    """
    acts = [
        Act(
            Kind.COLD, one.count, _about(one.count, MINUTES_A_PARCEL), drop=one, before=one.limit_at
        )
        for one in one_day.drops
        if one.is_cold
    ]
    coming = one_day.next_cut_off
    order = None
    if coming is not None and not one_day.has_order_left:
        lines = waiting.order_lines
        is_now = coming.cut_off_at - one_day.at < CLOSE
        order = Act(
            Kind.ORDER_NOW if is_now else Kind.ORDER,
            lines,
            _about(lines, MINUTES_A_LINE / 3),
            delivery_round=coming,
            before=coming.cut_off_at,
        )
        if is_now:
            acts.append(order)
    arrived = sum(one.status == Status.ARRIVED for one in promises)
    if arrived:
        acts.append(Act(Kind.SET_ASIDE, arrived, _about(arrived, MINUTES_A_BAG)))
    acts += [
        Act(Kind.OVERDUE, one.count, _about(one.count, MINUTES_A_PARCEL), drop=one)
        for one in one_day.drops
        if one.is_overdue and not one.is_cold
    ]
    to_tell = sum(one.is_late and not one.is_told for one in promises)
    if to_tell:
        acts.append(Act(Kind.TELL, to_tell, _about(to_tell, MINUTES_A_CALL)))
    if waiting.dock_lines:
        acts.append(
            Act(
                Kind.PUT_AWAY,
                waiting.dock_lines,
                _about(waiting.dock_lines, MINUTES_A_PUT_AWAY),
            )
        )
    if one_day.counts_asked:
        acts.append(
            Act(
                Kind.COUNT,
                one_day.counts_asked,
                _about(min(one_day.counts_asked, 10), MINUTES_A_COUNT),
            )
        )
    acts += [
        Act(Kind.RECEIVE, one.count, _about(one.count, MINUTES_A_PARCEL), drop=one)
        for one in one_day.drops
        if not one.is_overdue and not one.is_cold
    ]
    if order is not None and order.kind == Kind.ORDER:
        acts.append(order)
    return acts
