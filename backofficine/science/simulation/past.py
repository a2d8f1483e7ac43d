"""A believable past, told as dated events; ``twin/services/live_through.py`` lives it for real.

:func:`live` yields what happens in the invented pharmacy, in order of time, from the opening of the
first day to an instant of the last one (10:18). It knows neither the stock record nor the orders:
those belong to whoever plays the events through the real commands. How each event is meant to be
played, with *world* the :class:`~backofficine.science.simulation.world.World` of the same seed:

``PharmacyOpens``, ``PharmacyCloses``
    Milestones. Before the first one, post ``world.opening_lots`` as the opening stock (some of it
    expired already) and record :func:`visits_before` as demand history. The closing is the last
    event of its day: commit there, one transaction per day.
``Visit``
    For each line: withdraw what is there; what is missing becomes a promise if ``waits``, a lost
    sale otherwise. ``paid`` says whether a promise is billed at once. Remember each promise under
    a number of your own: it is the ``key`` of ``world.pickup_at`` and ``world.is_told``.
``NotFound``
    Somebody searches for a product at its address. Skip it when the record holds none; when
    ``really_missing``, one box of the record does not exist: add −1 to its hidden difference.
``SilentError``
    Nobody notices: add ``change`` to the hidden difference of the product, post nothing.
``Breakage``
    A box goes to waste, if the record holds one.
``CutOff``
    Propose, order and send to ``supplier`` for the round ``(cut_off_at, due_at)``, at ``at``.
    ``world.misses_round`` tells if it leaves for the following round instead. Then the answer:
    ``world.boxes_filled`` for each line; re-propose the short ones to the second wholesaler.
``RoundDropped``
    The totes of the round cut at ``cut_off_at`` are on the floor. Nothing to do without an order.
``ReceivingStarts``
    Receive the boxes of that round: lot from ``world.lot_for``, gaps from ``world.receiving_gap``.
    Fill the promises. ``cold_minutes`` above zero: the cold tote waited so long before the fridge.
``PutAway``
    Everything of that round still on the dock goes to its address, promises to their slot; each
    promise is then ready: ask ``world.pickup_at`` and keep the pick-up in a queue of your own,
    played before each next event; told at once if ``world.is_told``.
``DirectOrder``, ``DirectDropped``, ``DirectReceived``
    The same with a direct supplier: order about a month's cover of those of ``products`` that are
    below it; cartons come at ``DirectDropped``, are received and put away at ``DirectReceived``.
``Count``
    Count ``products``: present = record + hidden difference, seen through ``world.counted``; the
    difference is posted and the hidden one returns to zero.
``ExpiryCheck``
    Boxes that have expired, or will within ``horizon_days``, leave the shelf.
``FridgeAlarm``
    A reading out of bounds, for the log.

The last morning is left unfinished on purpose: the night round and a carton are on the floor, the
noon round is still to be ordered, so that every screen has something true to say.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import TypeAlias

import numpy as np

from backofficine.science.simulation.arrivals import Arrivals, times_of_day
from backofficine.science.simulation.assortment import (
    OPEN_DAYS_PER_YEAR,
    InventedProduct,
    invent_assortment,
)
from backofficine.science.simulation.baskets import (
    Baskets,
    InventedPatient,
    Line,
    Shoppers,
    invent_patients,
)
from backofficine.science.simulation.mishaps import Mishaps
from backofficine.science.simulation.people import (
    InventedPerson,
    at_the_bench,
    at_the_counter,
    invent_people,
)
from backofficine.science.simulation.profiles import (
    OPENING_HOURS,
    PARIS,
    at_local,
    instant,
    is_open,
    next_open_day,
)
from backofficine.science.simulation.rounds import (
    SUPPLIERS,
    PlannedRound,
    SupplierKind,
    rounds_cut_on,
)
from backofficine.science.simulation.seeds import generator
from backofficine.science.simulation.world import World


@dataclass(frozen=True, slots=True)
class PastPlan:
    """The past to live."""

    first_day: date
    last_day: date
    """Included, until ``ends_at``; must be an open day."""
    ends_at: time = time(10, 18)
    """Local time."""
    assortment_size: int = 6000
    arrivals: Arrivals = field(default_factory=Arrivals)
    baskets: Baskets = field(default_factory=Baskets)
    mishaps: Mishaps = field(default_factory=Mishaps)
    leaves_last_round: bool = True
    """The last morning's round and carton are dropped, and not yet received."""

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise ValueError("the first day must not come after the last one")
        if not is_open(self.last_day):
            raise ValueError("the last day must be a day when the pharmacy is open")

    @classmethod
    def ending_on(cls, last_day: date, *, days: int = 180) -> PastPlan:
        """The plan of the ``days`` calendar days that end on ``last_day``."""
        return cls(first_day=last_day - timedelta(days=days - 1), last_day=last_day)

    @property
    def now(self) -> datetime:
        """The instant at which this past ends."""
        return at_local(self.last_day, self.ends_at)

    def open_days(self) -> list[date]:
        count = (self.last_day - self.first_day).days + 1
        days = (self.first_day + timedelta(days=number) for number in range(count))
        return [day for day in days if is_open(day)]


# --- What happens. Products, suppliers and people are named by their index. ----------------------


@dataclass(frozen=True, slots=True)
class PharmacyOpens:
    at: datetime
    on_duty: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PharmacyCloses:
    at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the counter."""

    at: datetime
    number: int
    """From 1, in order of time."""
    who: int
    """Who serves."""
    lines: tuple[Line, ...]
    patient: InventedPatient | None
    prescription: bool
    renewal: bool
    waits: bool
    """Accepts a promise for what is missing."""
    paid: bool
    """What is missing is billed at once."""


@dataclass(frozen=True, slots=True)
class NotFound:
    at: datetime
    who: int
    product: int
    minutes: float
    """Time spent searching."""
    really_missing: bool


@dataclass(frozen=True, slots=True)
class SilentError:
    at: datetime
    product: int
    change: int
    """Boxes really there minus boxes recorded: −1 for a box gone unrecorded."""


@dataclass(frozen=True, slots=True)
class Breakage:
    at: datetime
    who: int
    product: int


@dataclass(frozen=True, slots=True)
class CutOff:
    at: datetime
    """When the order is sent, some minutes before the cut-off."""
    who: int
    supplier: int
    cut_off_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RoundDropped:
    at: datetime
    """When the totes really come."""
    supplier: int
    cut_off_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivingStarts:
    at: datetime
    who: int
    supplier: int
    cut_off_at: datetime
    cold_minutes: int


@dataclass(frozen=True, slots=True)
class PutAway:
    at: datetime
    who: int
    supplier: int
    cut_off_at: datetime


@dataclass(frozen=True, slots=True)
class DirectOrder:
    at: datetime
    who: int
    supplier: int
    number: int
    """From 1; the same in the three direct events."""
    products: tuple[int, ...]
    """What this supplier makes, best-selling first."""
    expected_on: date


@dataclass(frozen=True, slots=True)
class DirectDropped:
    at: datetime
    supplier: int
    number: int
    cartons: int


@dataclass(frozen=True, slots=True)
class DirectReceived:
    at: datetime
    who: int
    supplier: int
    number: int


@dataclass(frozen=True, slots=True)
class Count:
    at: datetime
    who: int
    zone: str
    """First letters of the addresses counted."""
    products: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExpiryCheck:
    at: datetime
    who: int
    horizon_days: int


@dataclass(frozen=True, slots=True)
class FridgeAlarm:
    at: datetime
    who: int
    celsius: float


Event: TypeAlias = (
    PharmacyOpens
    | PharmacyCloses
    | Visit
    | NotFound
    | SilentError
    | Breakage
    | CutOff
    | RoundDropped
    | ReceivingStarts
    | PutAway
    | DirectOrder
    | DirectDropped
    | DirectReceived
    | Count
    | ExpiryCheck
    | FridgeAlarm
)


def live(
    plan: PastPlan, *, seed: int, assortment: Sequence[InventedProduct] | None = None
) -> Iterator[Event]:
    """The events of the plan in order of time.

    ``assortment`` spares inventing it twice; it must be ``invent_assortment`` of the same size
    and seed.
    """
    if assortment is None:
        assortment = invent_assortment(size=plan.assortment_size, seed=seed)
    return _Past(plan, assortment=assortment, seed=seed).events()


def visits_before(
    plan: PastPlan,
    *,
    seed: int,
    days: int = 120,
    assortment: Sequence[InventedProduct] | None = None,
) -> Iterator[Visit]:
    """The visits of the ``days`` days before the plan: history of demand, not moves of stock.

    An ordering policy needs it from the first cut-off. The town and its treatments are the same
    as in :func:`live`; visits are numbered from 1 here too.
    """
    if assortment is None:
        assortment = invent_assortment(size=plan.assortment_size, seed=seed)
    before = replace(
        plan,
        first_day=plan.first_day - timedelta(days=days),
        last_day=_open_day_before(plan.first_day),
    )
    return _Past(before, assortment=assortment, seed=seed).visits()


def world_of(plan: PastPlan, *, seed: int, assortment: Sequence[InventedProduct]) -> World:
    """The world that answers while this past is lived."""
    return World(assortment, mishaps=plan.mishaps, seed=seed)


def digest(events: Iterable[Event]) -> str:
    """A fingerprint of a past: two runs of one seed have the same."""
    sha = hashlib.sha256()
    for event in events:
        sha.update(repr(event).encode())
    return sha.hexdigest()


class _DayClock:
    """Local hours of one open day as UTC instants, without asking the time zone each time."""

    def __init__(self, day: date) -> None:
        # Clocks change before three in the morning: from then on the day is even.
        self._zero = instant(day, 12) - timedelta(hours=12)

    def at(self, hours: float) -> datetime:
        # Whole seconds: nobody stamps finer, and equal instants print alike.
        return self._zero + timedelta(seconds=int(hours * 3600))


@dataclass(frozen=True, slots=True)
class _Direct:
    """One direct order, from its sending to its last carton."""

    number: int
    supplier: int
    ordered_on: date
    ordered_at: float
    arrives_on: date
    dropped_at: float
    cartons: int
    left_on_the_floor: bool


class _Past:
    """Builds the days one by one, each part from its own generator."""

    def __init__(self, plan: PastPlan, *, assortment: Sequence[InventedProduct], seed: int) -> None:
        self._plan = plan
        self._seed = seed
        self._assortment = assortment
        self._people = invent_people(seed=seed)
        self._patients = invent_patients(count=plan.baskets.town, seed=seed)
        self._shoppers = Shoppers(
            assortment,
            baskets=plan.baskets,
            visits_per_day=plan.arrivals.visits_per_day,
            first_day=plan.first_day,
            last_day=plan.last_day,
            seed=seed,
        )
        rates = np.array([product.boxes_per_open_day for product in assortment])
        # Trouble follows handling, less than in proportion: frequent products are known by heart.
        trouble = np.sqrt(rates)
        self._trouble = np.cumsum(trouble) / trouble.sum()
        handling = np.cumsum(rates) / rates.sum()
        self._handling = handling
        self._directs = self._plan_directs()
        self._counts = self._count_lists()
        self._visits = 0

    def events(self) -> Iterator[Event]:
        now = self._plan.now
        for place, day in enumerate(self._plan.open_days()):
            clock = _DayClock(day)
            happened: list[Event] = [
                *self._opening(day, clock=clock),
                *self._orders(day, clock=clock),
                *self._deliveries(day),
                *self._direct_events(day, clock=clock),
                *self._mishaps(day, clock=clock),
                *self._checks(day, place=place, clock=clock),
            ]
            # Two sorts, because visits already come in order and are the most numerous.
            happened.sort(key=attrgetter("at"))
            for event in heapq.merge(
                happened, self._day_of_visits(day, clock=clock), key=attrgetter("at")
            ):
                if event.at > now:
                    return
                yield event

    def visits(self) -> Iterator[Visit]:
        """The visits of whole days, alone."""
        for day in self._plan.open_days():
            yield from self._day_of_visits(day, clock=_DayClock(day))

    # --- the counter ---

    def _opening(self, day: date, *, clock: _DayClock) -> Iterator[Event]:
        hours = OPENING_HOURS[day.weekday()]
        opens = hours[0][0].hour + hours[0][0].minute / 60
        present = [one.index for one in self._people if one.rota[day.weekday()]]
        yield PharmacyOpens(at=clock.at(opens), on_duty=tuple(present))
        yield PharmacyCloses(at=at_local(day, hours[-1][1]))

    def _day_of_visits(self, day: date, *, clock: _DayClock) -> Iterator[Visit]:
        rng = generator(self._seed, "visits", day.toordinal())
        arrivals, shoppers, baskets = self._plan.arrivals, self._shoppers, self._plan.baskets
        mood = arrivals.mood(rng=rng)
        acute, counter = (
            int(rng.poisson(mood * arrivals.expected(day, share=share, season=season)))
            for share, season in (
                (shoppers.acute_share, shoppers.acute_season(day)),
                (shoppers.counter_share, shoppers.counter_season(day)),
            )
        )
        wanted = [
            *shoppers.renewals(day),
            *shoppers.acute(day, count=acute, rng=rng),
            *shoppers.counter(day, count=counter, rng=rng),
        ]
        order = rng.permutation(len(wanted)).tolist()
        times = times_of_day(day, count=len(wanted), rng=rng).tolist()
        waits = rng.random(len(wanted)).tolist()
        paid = (rng.random(len(wanted)) < baskets.paid_at_once).tolist()
        served_by = rng.random(len(wanted)).tolist()
        quarters: dict[int, list[int]] = {}
        for place, hours in zip(order, times, strict=True):
            basket = wanted[place]
            quarter = int(hours * 4)
            if quarter not in quarters:
                team = at_the_counter(self._people, day=day, hours=quarter / 4)
                quarters[quarter] = [one.index for one in team]
            team_now = quarters[quarter]
            chance_to_wait = (
                baskets.waits_with_prescription if basket.prescription else baskets.waits_without
            )
            self._visits += 1
            yield Visit(
                at=clock.at(hours),
                number=self._visits,
                who=team_now[int(served_by[place] * len(team_now))],
                lines=basket.lines,
                patient=None if basket.patient is None else self._patients[basket.patient],
                prescription=basket.prescription,
                renewal=basket.renewal,
                # Nobody can be promised anything without a name.
                waits=basket.patient is not None and waits[place] < chance_to_wait,
                paid=paid[place],
            )

    # --- rounds ---

    def _orders(self, day: date, *, clock: _DayClock) -> Iterator[Event]:
        rng = generator(self._seed, "orders", day.toordinal())
        for planned in rounds_cut_on(day):
            sent_at = planned.cut_off_at - timedelta(seconds=int(rng.integers(120, 900)))
            yield CutOff(
                at=sent_at,
                who=self._buyer(day, sent_at).index,
                supplier=planned.supplier,
                cut_off_at=planned.cut_off_at,
                due_at=planned.due_at,
            )

    def _buyer(self, day: date, moment: datetime) -> InventedPerson:
        return at_the_counter(self._people, day=day, hours=_local_hours(moment))[0]

    def _deliveries(self, day: date) -> Iterator[Event]:
        """The rounds due on this day, as they come, are received and put away."""
        mishaps = self._plan.mishaps
        for planned in self._due_on(day):
            minutes = int(planned.cut_off_at.timestamp()) // 60
            rng = generator(self._seed, "delivery", planned.supplier, minutes)
            late = 0
            if rng.random() < mishaps.late_round:
                late = int(rng.integers(*mishaps.late_minutes))
            dropped_at = planned.due_at + timedelta(minutes=late + int(rng.integers(-4, 9)))
            wait, work = int(rng.integers(4, 18)), int(rng.integers(35, 75))
            forgotten = rng.random() < mishaps.cold_forgotten
            cold = int(rng.integers(*mishaps.cold_forgotten_minutes)) if forgotten else 0
            yield RoundDropped(
                at=dropped_at,
                supplier=planned.supplier,
                cut_off_at=planned.cut_off_at,
                due_at=planned.due_at,
            )
            if day == self._plan.last_day and self._plan.leaves_last_round:
                continue
            # The night round waits in its locked room for the first clerk, at half past seven.
            started_at = max(dropped_at, at_local(day, time(7, 30))) + timedelta(minutes=wait)
            put_away_at = started_at + timedelta(minutes=work)
            bench = at_the_bench(self._people, day=day, hours=_local_hours(started_at))
            yield ReceivingStarts(
                at=started_at,
                who=bench.index,
                supplier=planned.supplier,
                cut_off_at=planned.cut_off_at,
                cold_minutes=cold,
            )
            yield PutAway(
                at=put_away_at,
                who=bench.index,
                supplier=planned.supplier,
                cut_off_at=planned.cut_off_at,
            )

    def _due_on(self, day: date) -> list[PlannedRound]:
        """Rounds that drop on this day and whose cut-off lies inside the period."""
        due = []
        cut_on = day
        # A drop follows its cut-off by four days at most (a long week-end).
        for _ in range(6):
            if cut_on >= self._plan.first_day:
                due += [
                    planned
                    for planned in rounds_cut_on(cut_on)
                    if planned.due_at.astimezone(PARIS).date() == day
                ]
            cut_on -= timedelta(days=1)
        return sorted(due, key=lambda planned: (planned.due_at, planned.supplier))

    # --- direct orders ---

    def _plan_directs(self) -> list[_Direct]:
        """Every direct order of the period; the last morning gets one carton for sure."""
        plan = self._plan
        days = plan.open_days()
        suppliers = [one for one in SUPPLIERS if one.kind is SupplierKind.DIRECT]
        rate = plan.mishaps.direct_orders_per_year / OPEN_DAYS_PER_YEAR
        rng = generator(self._seed, "direct orders")
        directs: list[_Direct] = []
        for place, day in enumerate(days):
            counts = int(rng.poisson(rate))
            forced = plan.leaves_last_round and place == max(len(days) - 5, 0)
            for copy in range(counts + (1 if forced else 0)):
                supplier = suppliers[int(rng.integers(len(suppliers)))]
                least, most = supplier.lead_time_days
                lead = int(rng.integers(least, most + 1))
                ordered_at, dropped_at = rng.uniform(14.2, 17.0), rng.uniform(9.1, 12.2)
                cartons = 1 + int(rng.poisson(1.2))
                left = forced and copy == counts
                arrives_on = day
                for _ in range(lead):
                    arrives_on = next_open_day(arrives_on)
                if left:
                    arrives_on, dropped_at = days[-1], 9.2 + dropped_at % 0.8
                directs.append(
                    _Direct(
                        number=len(directs) + 1,
                        supplier=supplier.index,
                        ordered_on=day,
                        ordered_at=float(ordered_at),
                        arrives_on=arrives_on,
                        dropped_at=float(dropped_at),
                        cartons=cartons,
                        left_on_the_floor=left,
                    )
                )
        return directs

    def _direct_events(self, day: date, *, clock: _DayClock) -> Iterator[Event]:
        for direct in self._directs:
            if direct.ordered_on == day:
                yield DirectOrder(
                    at=clock.at(direct.ordered_at),
                    who=at_the_counter(self._people, day=day, hours=direct.ordered_at)[0].index,
                    supplier=direct.supplier,
                    number=direct.number,
                    products=self._made_by(SUPPLIERS[direct.supplier].laboratory),
                    expected_on=direct.arrives_on,
                )
            if direct.arrives_on == day and direct.ordered_on < day:
                yield DirectDropped(
                    at=clock.at(direct.dropped_at),
                    supplier=direct.supplier,
                    number=direct.number,
                    cartons=direct.cartons,
                )
                if not direct.left_on_the_floor:
                    # Cartons wait for a calm hour (domain § 1.2).
                    hours = 14.6 + direct.dropped_at % 1
                    yield DirectReceived(
                        at=clock.at(hours),
                        who=at_the_bench(self._people, day=day, hours=hours).index,
                        supplier=direct.supplier,
                        number=direct.number,
                    )

    def _made_by(self, laboratory: str) -> tuple[int, ...]:
        made = (one.index for one in self._assortment if one.laboratory == laboratory)
        # Products are numbered by rank: the first are the best-selling.
        return tuple(list(made)[:40])

    # --- mishaps ---

    def _mishaps(self, day: date, *, clock: _DayClock) -> Iterator[Event]:
        mishaps = self._plan.mishaps
        rng = generator(self._seed, "mishaps", day.toordinal())
        searched = int(rng.poisson(mishaps.not_found_per_day))
        for hours in times_of_day(day, count=searched, rng=rng).tolist():
            yield NotFound(
                at=clock.at(hours),
                who=at_the_counter(self._people, day=day, hours=hours)[-1].index,
                product=self._troublesome(rng),
                minutes=round(0.5 + float(rng.exponential(mishaps.search_minutes - 0.5)), 1),
                really_missing=bool(rng.random() < mishaps.really_missing),
            )
        silent = int(rng.poisson(mishaps.silent_errors_per_day))
        for hours in times_of_day(day, count=silent, rng=rng).tolist():
            yield SilentError(
                at=clock.at(hours),
                product=self._troublesome(rng),
                # More boxes vanish than appear: theft and forgotten scans (assumed two to one).
                change=-1 if rng.random() < 2 / 3 else 1,
            )
        for hours in times_of_day(
            day, count=int(rng.poisson(mishaps.breakages_per_day)), rng=rng
        ).tolist():
            yield Breakage(
                at=clock.at(hours),
                who=at_the_bench(self._people, day=day, hours=hours).index,
                product=int(np.searchsorted(self._handling, rng.random())),
            )
        if rng.random() < mishaps.opened_fridge_alarm_per_day:
            hours = float(times_of_day(day, count=1, rng=rng)[0])
            yield FridgeAlarm(
                at=clock.at(hours),
                who=at_the_counter(self._people, day=day, hours=hours)[0].index,
                celsius=round(8.2 + float(rng.exponential(1.5)), 1),
            )

    def _troublesome(self, rng: np.random.Generator) -> int:
        return int(np.searchsorted(self._trouble, rng.random()))

    # --- counts and checks ---

    def _checks(self, day: date, *, place: int, clock: _DayClock) -> Iterator[Event]:
        """Ten lines counted each calm afternoon, expiry dates looked at on the first Tuesday."""
        rng = generator(self._seed, "checks", day.toordinal())
        hours = 15.6 + rng.random() * 0.6
        bench = at_the_bench(self._people, day=day, hours=hours).index
        zone, products = self._counts[place % len(self._counts)]
        yield Count(at=clock.at(hours), who=bench, zone=zone, products=products)
        if day.weekday() == 1 and day.day <= 7:
            hours = 14.3 + rng.random()
            yield ExpiryCheck(at=clock.at(hours), who=bench, horizon_days=90)

    def _count_lists(self) -> list[tuple[str, tuple[int, ...]]]:
        """Lists of ten neighbouring addresses, in an order that visits all zones."""
        by_address = sorted(self._assortment, key=lambda product: product.address)
        lists = []
        for start in range(0, len(by_address), 10):
            ten = by_address[start : start + 10]
            zone = ten[0].address.rsplit("-", 1)[0]
            lists.append((zone, tuple(product.index for product in ten)))
        order = generator(self._seed, "count lists").permutation(len(lists))
        return [lists[number] for number in order]


def _open_day_before(day: date) -> date:
    day -= timedelta(days=1)
    while not is_open(day):
        day -= timedelta(days=1)
    return day


def _local_hours(moment: datetime) -> float:
    local = moment.astimezone(PARIS)
    return local.hour + local.minute / 60 + local.second / 3600
