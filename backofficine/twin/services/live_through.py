"""Lives an invented past through the real commands: every fact is what a person would have left."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from backofficine.catalog.models import Product
from backofficine.kernel.ids import derived_id
from backofficine.kernel.money import to_cents
from backofficine.planning import services as planning
from backofficine.planning.why import Guard
from backofficine.promises import services as promising
from backofficine.promises.models import Cause, Promise, Status
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.receiving import services as receiving
from backofficine.receiving.models import Receipt
from backofficine.science.simulation import past
from backofficine.science.simulation.baskets import InventedPatient
from backofficine.science.simulation.past import Event, PastPlan
from backofficine.science.simulation.people import at_the_bench, at_the_counter, invent_people
from backofficine.science.simulation.profiles import PARIS, at_local, is_open, next_open_day
from backofficine.science.simulation.seeds import mixed, part_number
from backofficine.science.simulation.world import GapKind, ReceivingGap, World
from backofficine.stock import services as stock
from backofficine.stock.models import (
    Lot,
    NarcoticVisa,
    Posting,
)
from backofficine.stock.services import Wanted
from backofficine.stock.services.demand import record_missing
from backofficine.team.models import Actor, Role, User, Workstation
from backofficine.team.services import actor_of
from backofficine.twin.services import scenes
from backofficine.twin.services.mirror import Mirror
from backofficine.twin.services.orders import Desk
from backofficine.twin.services.scenes import Scenes
from backofficine.twin.services.shop import Shop

LINES_PER_TOTE = 28
LINES_PER_CARTON = 6
# From the first scan of a round to its validation, in minutes: least, and most beyond (assumed).
SCANNING_MINUTES, SCANNING_SPREAD = 14, 14
NOT_COLLECTED_DAYS = 15  # then the bag is taken back
GIVEN_UP_DAYS = 2  # a promise that nobody can serve: the patient found another way
COUNTS_ASKED_A_DAY = 12
# One patient in so many waits for a product that makers cannot supply (assumed): the others take
# a substitute or go back to the prescriber.
WAITS_IN_SHORTAGE = 5
LATE_PROMISES, LATE_LINES = 4, 14  # of the order that the driver forgot, the last morning
COLD_SCENE = 2  # number of the promise that waits in the fridge
LEFT_ON_THE_DOCK = 9  # lines, the last morning
VISA_BEFORE_CLOSING = timedelta(minutes=4)

Progress = Callable[[date, int, int], None]


@dataclass(slots=True)
class Lived:
    """What a past left, for its report."""

    days: int = 0
    visits: int = 0
    boxes: int = 0
    promises: int = 0
    orders: int = 0
    lost_lines: int = 0
    counts: int = 0
    events: dict[str, int] = field(default_factory=dict)


@dataclass(order=True, slots=True)
class _Later:
    """Something to do at an instant, decided by what happened before."""

    at: datetime
    number: int
    act: Callable[[datetime], None] = field(compare=False)


def live_through(
    shop: Shop,
    *,
    plan: PastPlan,
    world: World,
    staged: Scenes,
    mirror: Mirror,
    progress: Progress | None = None,
) -> Lived:
    """Play the plan's events, one transaction per simulated day, up to its last instant."""
    life = _Life(shop, plan=plan, world=world, staged=staged, mirror=mirror)
    days = plan.open_days()
    by_day: dict[date, list[Event]] = defaultdict(list)
    for event in life.rearranged(past.live(plan, seed=shop.seed, assortment=shop.assortment)):
        by_day[event.at.astimezone(PARIS).date()].append(event)
    for number, day in enumerate(days):
        with transaction.atomic():
            life.live_day(day, by_day[day])
        if progress:
            progress(day, number + 1, len(days))
    return life.lived


class _Life:
    """The state of the house while its past is lived."""

    def __init__(
        self, shop: Shop, *, plan: PastPlan, world: World, staged: Scenes, mirror: Mirror
    ) -> None:
        self._shop = shop
        self._plan = plan
        self._world = world
        self._staged = staged
        self._mirror = mirror
        self._last_day = plan.last_day
        self._eve = plan.open_days()[-2] if len(plan.open_days()) > 1 else plan.last_day
        self._desk = Desk(shop, mirror=mirror, world=world, at=at_local(plan.first_day, time(8)))
        self._people = invent_people(seed=shop.seed)
        self._hidden: Counter[int] = Counter()
        self._rounds: dict[tuple[int, datetime], DeliveryRound] = {}
        self._coming: list[DeliveryRound] = []
        self._promised_at: dict[int, datetime] = {}
        self._later: list[_Later] = []
        self._numbers = 0
        self._actors: dict[tuple[int, str], Actor] = {}
        self._scheduled: set[int] = set()
        self._to_count: dict[int, datetime] = {}
        self._directs: dict[int, Order | None] = {}
        self._short: set[int] = set()
        self._dock = shop.places["QUAI"]
        self._today = plan.first_day
        self.lived = Lived()
        self._hidden[staged.found] = 1
        for index in staged.phantoms:
            self._hidden[index] = -2
        by_key = {supplier.pk: number for number, supplier in enumerate(shop.suppliers)}
        for one in DeliveryRound.objects.order_by("cut_off_at"):
            one.supplier = shop.suppliers[by_key[one.supplier_id]]
            self._rounds[by_key[one.supplier_id], one.cut_off_at] = one
            if by_key[one.supplier_id] == 0:
                self._coming.append(one)

    # --- the clock ---

    def rearranged(self, events: Iterable[Event]) -> list[Event]:
        """The carton left on the floor was dropped the day before, and is still in the way."""
        moved: list[Event] = []
        for event in events:
            if (
                isinstance(event, past.DirectDropped)
                and event.at.astimezone(PARIS).date() == self._last_day
            ):
                moved.append(replace(event, at=at_local(self._eve, time(16, 20)), cartons=3))
            else:
                moved.append(event)
        return sorted(moved, key=lambda event: event.at)

    def live_day(self, day: date, events: Sequence[Event]) -> None:
        self._today = day
        self._mirror.begin_day(day)
        self._mirror.catch_up()
        self.lived.days += 1
        if day.weekday() == 0 or self.lived.days == 1 or day == self._last_day:
            self._read_availability(day)
        if day == self._eve:
            self._plan_the_eve()
        if day == self._last_day:
            self._plan_the_last_morning()
        for event in events:
            self._catch_up_with(event.at)
            name = type(event).__name__
            self.lived.events[name] = self.lived.events.get(name, 0) + 1
            _PLAY[type(event)](self, event)
        end = self._plan.now if day == self._last_day else events[-1].at
        self._catch_up_with(end)
        if day != self._last_day:
            self._close(events[-1].at)
            self._mirror.end_day()

    def _catch_up_with(self, at: datetime) -> None:
        while self._later and self._later[0].at <= at:
            later = heapq.heappop(self._later)
            later.act(later.at)

    def _do(self, at: datetime, act: Callable[[datetime], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._later, _Later(at, self._numbers, act))

    def _local(self, clock: time, day: date | None = None) -> datetime:
        return at_local(day or self._today, clock)

    def _id(self, *parts: object) -> UUID:
        return derived_id("demo", self._shop.seed, *parts)

    def _chance(self, *numbers: int) -> int:
        return mixed(self._shop.seed, _LIFE, *numbers)

    # --- who ---

    def _user(self, who: int) -> User:
        return self._shop.people[who]

    def _actor(self, who: int) -> Actor:
        key = who, f"{self._today:%Y-%m}"
        if key not in self._actors:
            self._actors[key] = actor_of(self._user(who), at=self._local(time(12)))
        return self._actors[key]

    def _is_pharmacist(self, who: int) -> bool:
        return self._user(who).role in (Role.OWNER, Role.PHARMACIST)

    def _pharmacist(self, at: datetime) -> int:
        """A pharmacist who is there, or the first one of the team."""
        return self._present(at, only_pharmacists=True)

    def _present(self, at: datetime, *, only_pharmacists: bool = False) -> int:
        local = at.astimezone(PARIS)
        there = at_the_counter(self._people, day=local.date(), hours=local.hour + local.minute / 60)
        for one in there:
            if not only_pharmacists or self._is_pharmacist(one.index):
                return one.index
        return next(
            one.index
            for one in self._people
            if one.rota[local.weekday()] and self._is_pharmacist(one.index)
        )

    def _clerk(self) -> int:
        """Who opens the bench this morning."""
        return at_the_bench(self._people, day=self._today, hours=8.0).index

    def _counter(self, who: int) -> Workstation:
        return self._shop.counters[who % len(self._shop.counters)]

    def _bench_of(self, who: int, index: int, at: datetime) -> int:
        """Who may move this box: a narcotic is for a pharmacist."""
        product = self._shop.products[index]
        return self._pharmacist(at) if product.is_narcotic and not self._is_pharmacist(who) else who

    # --- the counter ---

    def open(self, event: past.PharmacyOpens) -> None:
        """Nothing is written when the door opens."""

    def closing(self, event: past.PharmacyCloses) -> None:
        """The day is closed by :meth:`live_day`, after what is left to do."""

    def visit(self, event: past.Visit) -> None:
        self.lived.visits += 1
        served: list[Wanted] = []
        missing: list[tuple[int, int, Cause]] = []
        taken: Counter[int] = Counter()
        for line in event.lines:
            index = line.product
            record = int(self._mirror.servable[index]) - taken[index]
            there = max(record + self._hidden[index], 0)
            quantity = min(line.quantity, there)
            if quantity:
                served.append(Wanted(self._shop.products[index], quantity))
                taken[index] += quantity
            if quantity < line.quantity:
                is_phantom = record > there and there < line.quantity
                if is_phantom:
                    self._report(index, at=event.at, who=event.who, key=("visit", event.number))
                cause = self._cause(
                    index, quantity=line.quantity, is_phantom=is_phantom, at=event.at
                )
                missing.append((index, line.quantity - quantity, cause))
        if served:
            self._withdraw(served, at=event.at, who=event.who, key=("visit", event.number))
        if missing:
            self._miss(event, missing, was_served=bool(served))

    def _withdraw(
        self, served: list[Wanted], *, at: datetime, who: int, key: tuple[object, ...]
    ) -> None:
        withdrawal = stock.withdraw(
            served,
            occurred_at=at,
            recorded_at=at,
            on=self._today,
            actor=self._actor(who),
            request_id=self._id("withdraw", *key),
            by_pharmacist=self._is_pharmacist(who),
            workstation=self._counter(who),
        )
        for line in withdrawal.lines:
            if line.is_found:
                # What was hidden is on the record now: the box came from *count*.
                index = self._mirror.index_of[line.product_id]
                self._hidden[index] -= line.quantity
                self._to_count.setdefault(index, at)
        self._mirror.follow(withdrawal)
        for wanted in served:
            self.lived.boxes += wanted.quantity
            self._mirror.ask(
                self._mirror.index_of[wanted.product.pk], wanted.quantity, is_missing=False
            )

    def _miss(
        self, event: past.Visit, missing: list[tuple[int, int, Cause]], *, was_served: bool
    ) -> None:
        bundle = self._id("bundle", event.number)
        for place, (index, quantity, cause) in enumerate(missing):
            self._mirror.ask(index, quantity, is_missing=True)
            if self._waits(event, index, place):
                assert event.patient is not None, "whoever waits has a name"
                self._promise(
                    index, quantity, cause=cause, patient=event.patient, paid=event.paid,
                    at=event.at, who=event.who, bundle=bundle,
                    key=("promise", event.number, place),
                )  # fmt: skip
            else:
                self.lived.lost_lines += 1
                record_missing(
                    self._shop.products[index],
                    quantity=quantity,
                    at=event.at,
                    on=self._today,
                    request_id=self._id("lost", event.number, place),
                    source="comptoir",
                )

    def _waits(self, event: past.Visit, index: int, place: int) -> bool:
        if not event.waits or event.patient is None:
            return False
        is_arranged = event.number >= _ARRANGED
        is_short = index in self._short and not is_arranged
        return not is_short or self._chance(event.number, place) % WAITS_IN_SHORTAGE == 0

    def _promise(
        self,
        index: int,
        quantity: int,
        *,
        cause: Cause,
        patient: InventedPatient,
        paid: bool,
        at: datetime,
        who: int,
        bundle: UUID,
        key: tuple[object, ...],
    ) -> Promise:
        self.lived.promises += 1
        draw = self._chance(self.lived.promises)
        delivery_round = self._next_round(at)
        if delivery_round.pk not in self._promised_at:
            self._promised_at[delivery_round.pk] = purchasing.promised_instant(delivery_round)
        return promising.promise(
            self._shop.products[index],
            quantity=quantity,
            name=f"{patient.given_name} {patient.family_name}",
            phone=patient.phone,
            patient_key=str(patient.number),
            cause=cause,
            is_chosen=cause in (Cause.EXPENSIVE, Cause.COLD_OR_NARCOTIC),
            can_wait=draw % 20 != 0,
            all_at_once=draw % 3 != 0,
            is_paid=paid,
            is_billed=paid,
            bundle=bundle,
            delivery_round=delivery_round,
            promised_at=self._promised_at[delivery_round.pk],
            at=at,
            on=self._today,
            actor=self._actor(who),
            request_id=self._id(*key),
            workstation=self._counter(who),
        )

    def _next_round(self, at: datetime) -> DeliveryRound:
        while self._coming[0].cut_off_at <= at:
            self._coming.pop(0)
        return self._coming[0]

    def _cause(self, index: int, *, quantity: int, is_phantom: bool, at: datetime) -> Cause:
        """Why it is not there, as the person at the counter would say it."""
        if is_phantom:
            return Cause.WRONG_STOCK
        if index in self._short:
            return Cause.NATIONAL_SHORTAGE
        if self._desk.was_refused(index, at=at):
            return Cause.WHOLESALER_OUT
        match self._desk.guard_of(index):
            case Guard.COLD | Guard.NARCOTIC:
                return Cause.COLD_OR_NARCOTIC
            case Guard.EXPENSIVE:
                return Cause.EXPENSIVE
        rate = self._shop.assortment[index].boxes_per_open_day
        if rate < 0.03:
            return Cause.NOT_STOCKED
        return Cause.TOO_MANY if quantity > 2 else Cause.HIGH_DEMAND

    # --- promises: after the round ---

    def _await_pickups(self, at: datetime) -> None:
        """Boxes that have just reached their slot: who is told, who comes and when."""
        ready = Promise.objects.filter(
            status=Status.IN_SLOT, closed_at=None, aside_quantity__gt=0
        ).exclude(pk__in=self._scheduled)
        for promise in ready.order_by("pk"):
            self._scheduled.add(promise.pk)
            number = promise.number
            if promise.request_id == self._id("promise", _ARRANGED + COLD_SCENE, 0):
                continue  # nobody comes for it before the present
            if self._world.is_told(number):
                self._do(at + timedelta(minutes=4 + number % 25), self._teller(promise.pk))
            pickup = self._world.pickup_at(number, ready_at=at)
            if pickup is None:
                self._do(
                    _calm_hour(at + timedelta(days=NOT_COLLECTED_DAYS)),
                    self._abandoner(promise.pk),
                )
            else:
                self._do(max(pickup, at + timedelta(minutes=30)), self._giver(promise.pk))

    def _teller(self, key: int) -> Callable[[datetime], None]:
        def tell(at: datetime) -> None:
            promise = Promise.objects.get(pk=key)
            if promise.status != Status.IN_SLOT:
                return
            who = self._present(at)
            try:
                promising.tell(
                    promise, at=at, actor=self._actor(who), workstation=self._counter(who),
                    request_id=self._id("tell", promise.number, promise.collected_quantity),
                )  # fmt: skip
            except promising.BundleNotReady:
                # They wait for the rest of the visit: told when it comes.
                return

        return tell

    def _giver(self, key: int) -> Callable[[datetime], None]:
        def give(at: datetime) -> None:
            promise = Promise.objects.get(pk=key)
            if promise.status not in (Status.IN_SLOT, Status.TOLD):
                return
            who = self._present(at)
            boxes = promise.aside_quantity
            promising.hand_over(
                promise,
                at=at,
                on=self._today,
                actor=self._actor(who),
                request_id=self._id("hand over", promise.number, promise.collected_quantity),
                workstation=self._counter(who),
                by_pharmacist=self._is_pharmacist(who),
            )
            self.lived.boxes += boxes
            self._scheduled.discard(key)
            self._mirror.catch_up()

        return give

    def _abandoner(self, key: int) -> Callable[[datetime], None]:
        def abandon(at: datetime) -> None:
            promise = Promise.objects.get(pk=key)
            if promise.status not in (Status.IN_SLOT, Status.TOLD):
                return
            who = self._present(at)
            promising.abandon(promise, at=at, actor=self._actor(who),
                              workstation=self._shop.office)  # fmt: skip
            self._do(_calm_hour(at + timedelta(days=1)), self._restocker(key))

        return abandon

    def _restocker(self, key: int) -> Callable[[datetime], None]:
        def restock(at: datetime) -> None:
            promise = Promise.objects.select_related("product").get(pk=key)
            who = self._pharmacist(at)
            promising.restock(
                promise,
                at=at,
                actor=self._actor(who),
                request_id=self._id("restock", promise.number),
                workstation=self._shop.office,
                by_pharmacist=True,
            )
            if promise.is_billed:
                promising.credit(promise, at=at, actor=self._actor(who),
                                 workstation=self._shop.office)  # fmt: skip
            self._mirror.catch_up()

        return restock

    def _give_up(self, at: datetime) -> None:
        """Promises that no wholesaler serves: the patient found another way."""
        limit = at - timedelta(days=GIVEN_UP_DAYS)
        for promise in Promise.objects.filter(
            status=Status.TO_ORDER, created_at__lt=limit
        ).order_by("pk"):
            who = self._present(at - VISA_BEFORE_CLOSING)
            promising.cancel(promise, at=at, actor=self._actor(who),
                             workstation=self._shop.office)  # fmt: skip
            if promise.is_billed:
                promising.credit(promise, at=at, actor=self._actor(who),
                                 workstation=self._shop.office)  # fmt: skip

    # --- orders ---

    def cut_off(self, event: past.CutOff) -> None:
        supplier = self._shop.suppliers[event.supplier]
        delivery_round = self._rounds[event.supplier, event.cut_off_at]
        if self._world.misses_round(event.supplier, cut_off_at=event.cut_off_at):
            # The order leaves with the next one: what it would have asked for waits until then.
            return
        actor = self._actor(event.who)
        if event.supplier == 0:
            lines = self._desk.proposals(supplier, delivery_round, at=event.at)
            if self._is_last_night(event):
                self._order_twice(lines, delivery_round, at=event.at, actor=actor)
                return
            order = self._desk.draft(supplier, delivery_round, lines, at=event.at, actor=actor)
        else:
            order = purchasing.draft(supplier, delivery_round)
        if order is not None and order.lines.filter(quantity__gt=0).exists():
            self.lived.orders += 1
            self._desk.send(order, at=event.at, actor=actor, day=self._today)

    def _is_last_night(self, event: past.CutOff) -> bool:
        """The round of the night before the last morning: its order leaves in two parts."""
        return event.due_at.astimezone(PARIS).date() == self._last_day and (
            event.due_at.astimezone(PARIS).hour < 8
        )

    def round_dropped(self, event: past.RoundDropped) -> None:
        delivery_round = self._rounds[event.supplier, event.cut_off_at]
        orders = self._awaited(delivery_round)
        if self._today == self._last_day:
            orders = orders[:1]
        self._drop(orders, delivery_round, at=event.at)
        if self._today == self._last_day and orders:
            self._receive_the_last_morning(orders[0], delivery_round, at=event.at)

    def _drop(self, orders: list[Order], delivery_round: DeliveryRound, *, at: datetime) -> None:
        lines = 0
        cold = 0
        for order in orders:
            for product, quantity, answered in order.lines.values_list(
                "product_id", "quantity", "answered_quantity"
            ):
                boxes = quantity if answered is None else answered
                lines += bool(boxes)
                cold += bool(boxes) and self._shop.products[self._mirror.index_of[product]].is_cold
        if not lines:
            return
        totes = -(-(lines - cold) // LINES_PER_TOTE) + bool(cold)
        number = orders[0].number
        receiving.drop(
            supplier=delivery_round.supplier,
            delivery_round=delivery_round,
            at=at,
            totes=totes,
            cold=int(bool(cold)),
            codes=[f"BAC{number:05d}{place:02d}" for place in range(totes)],
            request_id=self._id("drop", number),
        )

    def _awaited(self, delivery_round: DeliveryRound) -> list[Order]:
        return list(
            Order.objects.filter(
                delivery_round=delivery_round,
                status__in=[Order.Status.SENT, Order.Status.ANSWERED],
            )
            .select_related("supplier")
            .order_by("number")
        )

    def _coming_orders(
        self, delivery_round: DeliveryRound, *, at: datetime, who: int
    ) -> list[Order]:
        """The orders of a round that bring something; one that was refused whole is closed."""
        coming = []
        for order in self._awaited(delivery_round):
            boxes = order.lines.aggregate(total=Sum(Coalesce("answered_quantity", "quantity")))
            if boxes["total"]:
                coming.append(order)
            else:
                planning.close_order(order, at=at, actor=self._actor(who))
        return coming

    def receiving_starts(self, event: past.ReceivingStarts) -> None:
        delivery_round = self._rounds[event.supplier, event.cut_off_at]
        orders = self._coming_orders(delivery_round, at=event.at, who=event.who)
        if orders:
            self._receive(
                orders, delivery_round, supplier=event.supplier, at=event.at, who=event.who,
                cold_minutes=event.cold_minutes,
            )  # fmt: skip

    def _receive(
        self,
        orders: list[Order],
        delivery_round: DeliveryRound | None,
        *,
        supplier: int,
        at: datetime,
        who: int,
        cold_minutes: int = 0,
    ) -> Receipt:
        receipt = receiving.start_receipt(
            supplier=self._shop.suppliers[supplier],
            delivery_round=delivery_round,
            orders=orders,
            delivery_note=f"BL{orders[0].number:06d}",
            at=at,
            request_id=self._id("receipt", orders[0].number),
        )
        for parcel in receipt.parcels.filter(is_cold=True).order_by("pk"):
            receiving.open_parcel(parcel, at=at + timedelta(minutes=cold_minutes), receipt=receipt)
        minutes = SCANNING_MINUTES + orders[0].number * 7 % SCANNING_SPREAD
        minutes = max(minutes, cold_minutes + 1)
        self._do(
            at + timedelta(minutes=minutes),
            lambda end: self._validate(receipt, supplier=supplier, who=who, at=end),
        )
        return receipt

    def _validate(self, receipt: Receipt, *, supplier: int, who: int, at: datetime) -> None:
        boxes, broken = self._boxes_of(receipt, supplier=supplier)
        self._scan(receipt, boxes, at=at, who=who)
        if not boxes:
            return
        receiving.validate(
            receipt,
            at=at,
            on=self._today,
            actor=self._actor(who),
            request_id=self._id("validate", receipt.number),
            workstation=self._shop.bench,
        )
        self._mirror.catch_up()
        self._learn_costs([one.product for one in boxes])
        for one, quantity in broken:
            self._break(one.product, quantity, at=at, who=who, key=("damaged", receipt.number))

    def _scan(
        self, receipt: Receipt, boxes: list[receiving.Boxes], *, at: datetime, who: int
    ) -> None:
        narcotic = [one for one in boxes if one.product.is_narcotic]
        plain = [one for one in boxes if not one.product.is_narcotic]
        told: dict[str, Any] = {"at": at, "on": self._today, "workstation": self._shop.bench}
        if plain:
            receiving.scan_many(
                receipt, plain, actor=self._actor(who), by_pharmacist=self._is_pharmacist(who),
                request_id=self._id("scan", receipt.number), **told,
            )  # fmt: skip
        if narcotic:
            receiving.scan_many(
                receipt, narcotic, actor=self._actor(self._pharmacist(at)), by_pharmacist=True,
                request_id=self._id("scan narcotics", receipt.number), **told,
            )  # fmt: skip

    def _boxes_of(
        self, receipt: Receipt, *, supplier: int
    ) -> tuple[list[receiving.Boxes], list[tuple[receiving.Boxes, int]]]:
        """What is really in the totes, with the gaps of the world; and what came broken."""
        boxes: list[receiving.Boxes] = []
        broken: list[tuple[receiving.Boxes, int]] = []
        is_last = self._today == self._last_day and receipt.delivery_round_id is not None
        arranged = dict(_LAST_GAPS) if is_last else {}
        lines = (
            receipt.receipt_orders.filter(order__lines__quantity__gt=0)
            .order_by("order_id", "order__lines__pk")
            .values_list(
                "order__lines__product_id",
                "order__lines__quantity",
                "order__lines__answered_quantity",
                "order__lines__unit_price",
            )
        )
        for key, asked, answered, price in lines:
            due = asked if answered is None else answered
            if not due:
                continue
            index = self._mirror.index_of[key]
            gap = self._world.receiving_gap(index, boxes=due, day=self._today, supplier=supplier)
            if arranged and (kind := arranged.get(GapKind.MISSING if due > 1 else GapKind.PRICE)):
                gap = kind
                del arranged[kind.kind]
            extra = None
            unit_price = None
            came = due
            if gap is not None:
                match gap.kind:
                    case GapKind.MISSING:
                        came = due - gap.boxes
                    case GapKind.EXTRA:
                        came = due + gap.boxes
                    case GapKind.SUBSTITUTED:
                        came = due - gap.boxes
                        extra = gap.instead
                    case GapKind.PRICE if price is not None:
                        unit_price = stock_price(price, factor=gap.price_factor)
            if came:
                one = self._box(index, came, supplier=supplier, unit_price=unit_price)
                boxes.append(one)
                if gap is not None and gap.kind is GapKind.DAMAGED:
                    broken.append((one, gap.boxes))
            if extra is not None and gap is not None:
                boxes.append(
                    self._box(extra, gap.boxes, supplier=supplier, extra_kind="substitution")
                )
        return boxes, broken

    def _box(self, index: int, quantity: int, *, supplier: int, **more: Any) -> receiving.Boxes:
        lot = self._world.lot_for(index, day=self._today, supplier=supplier)
        return receiving.Boxes(
            self._shop.products[index], quantity, lot.number, lot.expires_on, **more
        )

    def _learn_costs(self, products: list[Product]) -> None:
        """The receipt may have changed what a box costs: withdrawals are valued with it."""
        keys = {product.pk for product in products}
        for key, cost in Product.objects.filter(pk__in=keys).values_list("pk", "unit_cost"):
            self._shop.products[self._mirror.index_of[key]].unit_cost = cost

    def put_away(self, event: past.PutAway) -> None:
        self._put_away(at=event.at, who=event.who, key=(event.supplier, event.cut_off_at))

    def _put_away(
        self,
        *,
        at: datetime,
        who: int,
        key: tuple[object, ...],
        leaving: int = 0,
    ) -> None:
        """Everything on the dock goes to its address, and what does not fit to the reserve.

        ``leaving`` lines stay on the dock, for whoever comes next.
        """
        waiting = self._mirror.lots_at(self._dock.pk)
        if leaving:
            left = waiting[:: max(len(waiting) // leaving, 1)][:leaving]
            waiting = [line for line in waiting if line not in left]
        lots = Lot.objects.in_bulk([lot for _index, lot, _quantity in waiting])
        plain: list[receiving.PutAway] = []
        narcotic: list[receiving.PutAway] = []
        room: dict[int, int] = {}
        for index, key_of_lot, quantity in waiting:
            product = self._shop.products[index]
            lot = lots[key_of_lot]
            lot.product = product
            place, reserve = self._shop.main_place(index), self._shop.reserve_place(index)
            if index not in room:
                room[index] = self._shop.assortment[index].room - self._mirror.held(
                    index, at=place.pk
                )
            here = quantity if reserve is None else max(min(quantity, room[index]), 0)
            room[index] -= here
            into = narcotic if product.is_narcotic else plain
            if here:
                into.append(receiving.PutAway(lot, self._dock, place, here))
            if quantity > here and reserve is not None:
                into.append(receiving.PutAway(lot, self._dock, reserve, quantity - here))
        for name, lines, person in (
            ("plain", plain, who),
            ("narcotic", narcotic, self._pharmacist(at)),
        ):
            if lines:
                receiving.put_away(
                    lines,
                    at=at,
                    actor=self._actor(person),
                    by_pharmacist=self._is_pharmacist(person),
                    request_id=self._id("put away", name, *key),
                    workstation=self._shop.bench,
                )
        self._mirror.catch_up()
        self._await_pickups(at)

    # --- direct orders ---

    def direct_order(self, event: past.DirectOrder) -> None:
        supplier = self._shop.suppliers[event.supplier]
        draft = purchasing.draft(supplier, None)
        assert draft is None, "a direct order leaves at once"
        lines = self._desk.proposals(supplier, None, at=event.at, only=event.products)
        order = self._desk.draft(supplier, None, lines, at=event.at, actor=self._actor(event.who))
        if order is None:
            self._directs[event.number] = None
            return
        self.lived.orders += 1
        self._desk.send(order, at=event.at, actor=self._actor(event.who), day=self._today)
        self._directs[event.number] = order

    def direct_dropped(self, event: past.DirectDropped) -> None:
        order = self._directs.get(event.number)
        if order is None:
            return
        parcels = receiving.drop(
            supplier=order.supplier,
            at=event.at,
            cartons=event.cartons,
            place="devant la réserve",
            codes=[f"CTN{order.number:05d}{place:02d}" for place in range(event.cartons)],
            request_id=self._id("direct drop", event.number),
        )
        assert parcels, "cartons were left"

    def direct_received(self, event: past.DirectReceived) -> None:
        order = self._directs.pop(event.number, None)
        if order is None:
            return
        receipt = self._receive([order], None, supplier=event.supplier, at=event.at, who=event.who)
        cartons = order.supplier.parcels.filter(opened_at=None, receipt=None).order_by("pk")
        for carton in cartons:
            receiving.open_parcel(carton, at=event.at, receipt=receipt)
        self._do(
            event.at + timedelta(minutes=45),
            lambda at: self._put_away(at=at, who=event.who, key=("direct", event.number)),
        )

    # --- mishaps ---

    def not_found(self, event: past.NotFound) -> None:
        if self._mirror.servable[event.product] <= 0:
            return
        if event.really_missing:
            self._hidden[event.product] -= 1
        self._report(
            event.product, at=event.at, who=event.who, key=("not found", event.at.isoformat())
        )

    def _report(self, index: int, *, at: datetime, who: int, key: tuple[object, ...]) -> None:
        stock.report_not_found(
            self._shop.products[index],
            at=at,
            actor=self._actor(who),
            location=self._shop.main_place(index),
            request_id=self._id("report", index, *key),
            workstation=self._counter(who),
        )
        self._to_count.setdefault(index, at)

    def silent_error(self, event: past.SilentError) -> None:
        self._hidden[event.product] += event.change

    def breakage(self, event: past.Breakage) -> None:
        if self._mirror.servable[event.product] > 0:
            self._break(
                self._shop.products[event.product], 1, at=event.at, who=event.who,
                key=("broken", event.at.isoformat()),
            )  # fmt: skip

    def _break(
        self, product: Product, quantity: int, *, at: datetime, who: int, key: tuple[object, ...]
    ) -> None:
        index = self._mirror.index_of[product.pk]
        self._take_out(index, quantity, cause=Posting.Cause.BROKEN, at=at, who=who, key=key)

    def _take_out(
        self,
        index: int,
        quantity: int,
        *,
        cause: Posting.Cause,
        at: datetime,
        who: int,
        key: tuple[object, ...],
        lots: Iterable[int] | None = None,
    ) -> None:
        """Boxes in the hand go to waste, lot by lot, where the record holds them."""
        left = quantity
        held: Counter[int] = Counter()
        for (key_of_lot, place), boxes in self._mirror.boxes[index].items():
            if place in self._mirror.serving and (lots is None or key_of_lot in lots):
                held[key_of_lot] += boxes
        who = self._bench_of(who, index, at)
        known = Lot.objects.select_related("product").in_bulk(list(held))
        for lot in sorted(known.values(), key=lambda lot: (lot.expires_on, lot.number)):
            taken = min(left, held[lot.pk])
            if not taken:
                break
            stock.take_out(
                lot,
                quantity=taken,
                cause=cause,
                occurred_at=at,
                recorded_at=at,
                actor=self._actor(who),
                by_pharmacist=self._is_pharmacist(who),
                request_id=self._id("take out", index, lot.number, *key),
                workstation=self._shop.bench,
            )
            left -= taken
        self._mirror.catch_up()

    def count(self, event: past.Count) -> None:
        """The list of the day, and the products that somebody asked to count."""
        asked = sorted(self._to_count, key=lambda index: (self._to_count[index], index))
        indexes = [
            index
            for index in dict.fromkeys([*event.products, *asked[:COUNTS_ASKED_A_DAY]])
            if index not in self._staged.phantoms
        ]
        by_person: dict[int, list[int]] = defaultdict(list)
        for index in indexes:
            by_person[self._bench_of(event.who, index, event.at)].append(index)
        for who, ones in sorted(by_person.items()):
            self._count(ones, at=event.at, who=who)

    def _count(self, indexes: list[int], *, at: datetime, who: int) -> None:
        lines: list[stock.Counted] = []
        for index in indexes:
            place = self._shop.main_place(index)
            here = self._mirror.held(index, at=place.pk)
            there = max(here + self._hidden[index], 0)
            seen = self._world.counted(index, present=there, day=self._today)
            # What the count did not see stays hidden: boxes in the reserve, a slip of the person.
            self._hidden[index] -= seen - here
            self._to_count.pop(index, None)
            lines.append(stock.Counted(self._shop.products[index], place, seen))
        self.lived.counts += len(lines)
        stock.count_many(
            lines,
            at=at,
            actor=self._actor(who),
            request_id=self._id("count", who, at.isoformat()),
            workstation=self._shop.bench,
        )
        self._mirror.catch_up()

    def expiry_check(self, event: past.ExpiryCheck) -> None:
        limit = self._today + timedelta(days=event.horizon_days // 3)
        for index, boxes in enumerate(self._mirror.boxes):
            if index in self._staged.overlooked:
                continue
            old: Counter[int] = Counter()
            for (lot, place), quantity in boxes.items():
                if place in self._mirror.serving and self._mirror.expiry[lot] < limit:
                    old[lot] += quantity
            if old:
                self._take_out(
                    index, sum(old.values()), cause=Posting.Cause.EXPIRED, at=event.at,
                    who=event.who, key=("expiry", self._today.isoformat()), lots=set(old),
                )  # fmt: skip

    def fridge_alarm(self, event: past.FridgeAlarm) -> None:
        """Temperatures are not kept yet: the alarm is heard, and nothing is written."""

    # --- the end of the day ---

    def _close(self, at: datetime) -> None:
        visa_at = at - VISA_BEFORE_CLOSING
        pharmacist = self._actor(self._pharmacist(visa_at))
        for visa in NarcoticVisa.objects.filter(given_at=None).order_by("pk"):
            stock.give_visa(visa, at=max(visa_at, visa.asked_at), actor=pharmacist)
        self._give_up(at)

    def _read_availability(self, day: date) -> None:
        """What the national file would say this week of products that makers cannot supply."""
        short = {
            index for index in range(self._mirror.size) if self._world.is_short(index, day=day)
        }
        back = self._short - short
        for state, indexes in (
            (Product.Availability.AVAILABLE, back),
            (Product.Availability.SHORTAGE, {one for one in short - self._short if one % 2}),
            (Product.Availability.TENSION, {one for one in short - self._short if not one % 2}),
        ):
            keys = [self._shop.products[index].pk for index in sorted(indexes)]
            for start in range(0, len(keys), 500):
                Product.objects.filter(pk__in=keys[start : start + 500]).update(availability=state)
        self._short = short
        self._desk.read_facts()

    # --- the last evening and the last morning ---

    def _plan_the_eve(self) -> None:
        staged = self._staged
        for number, index in enumerate(staged.late):
            self._do(self._local(time(10, 31 + 7 * number)), self._late_promise(index, number))
        self._do(
            self._local(time(9, 42)),
            lambda at: self._arrange_promise(
                staged.cold, at=at, number=COLD_SCENE, cause=Cause.COLD_OR_NARCOTIC
            ),
        )
        self._do(self._local(time(15, 9)), lambda at: self._report_phantom(0, at=at))

    def _late_promise(self, index: int, number: int) -> Callable[[datetime], None]:
        return lambda at: self._arrange_promise(
            index, at=at, number=number, cause=Cause.NATIONAL_SHORTAGE
        )

    def _arrange_promise(self, index: int, *, at: datetime, number: int, cause: Cause) -> None:
        """Somebody asks for more than there is, and waits for it."""
        visit = past.Visit(
            at=at,
            number=_ARRANGED + number,
            who=self._present(at),
            lines=(),
            patient=_PASSERS[number],
            prescription=True,
            renewal=False,
            waits=True,
            paid=number != 1,
        )
        there = max(int(self._mirror.servable[index]) + self._hidden[index], 0)
        if there:
            self._withdraw(
                [Wanted(self._shop.products[index], there)], at=at, who=visit.who,
                key=("scene", number),
            )  # fmt: skip
        self._miss(visit, [(index, 1, cause)], was_served=bool(there))

    def _report_phantom(self, number: int, *, at: datetime) -> None:
        index = self._staged.phantoms[number]
        self._report(index, at=at, who=self._present(at), key=("phantom", number))

    def _plan_the_last_morning(self) -> None:
        staged = self._staged
        self._do(self._local(time(9, 13)), lambda at: self._report_phantom(1, at=at))
        self._do(self._local(scenes.FOUND_AT), self._find_one)
        self._do(
            self._local(scenes.NOT_FOUND_AT),
            lambda at: self._report(
                staged.searched, at=at, who=self._present(at), key=("scene", "searched")
            ),
        )
        self._do(self._local(scenes.NARCOTIC_AT), self._dispense_narcotic)
        self._do(self._local(scenes.PROPOSED_AT), self._propose_noon)
        self._do(self._plan.now, self._put_last_tray)

    def _find_one(self, at: datetime) -> None:
        """The record holds none, and yet here is the box."""
        self._withdraw(
            [Wanted(self._shop.products[self._staged.found], 1)], at=at, who=self._present(at),
            key=("scene", "found"),
        )  # fmt: skip

    def _dispense_narcotic(self, at: datetime) -> None:
        index = self._staged.narcotic
        technician = next(
            one.index
            for one in self._people
            if self._user(one.index).role == Role.TECHNICIAN and one.rota[self._today.weekday()]
        )
        if self._mirror.servable[index] > 0:
            self._withdraw(
                [Wanted(self._shop.products[index], 1)], at=at, who=technician,
                key=("scene", "narcotic"),
            )  # fmt: skip

    def _propose_noon(self, at: datetime) -> None:
        supplier = self._shop.suppliers[0]
        planning.propose_orders(
            supplier=supplier,
            delivery_round=self._next_round(at),
            at=at,
            actor=self._actor(self._present(at)),
        )

    def _order_twice(
        self,
        lines: list[planning.propose.ProposedLine],
        delivery_round: DeliveryRound,
        *,
        at: datetime,
        actor: Actor,
    ) -> None:
        """Most of the order leaves first; some promises, the cold and slow products follow it."""
        by_need = sorted(
            lines,
            key=lambda line: (
                not line.why.guard,
                not line.promised_boxes,
                -self._mirror.index_of[line.product_id],
            ),
        )
        owed = [line for line in by_need if line.promised_boxes and not line.why.guard]
        cold = [line for line in by_need if line.why.guard]
        slow = [line for line in reversed(by_need) if line not in owed and line not in cold]
        # A tote and the cold one; in a small shop, never more than half of the order.
        wanted = [*owed[:LATE_PROMISES], *cold, *slow[-LATE_LINES:]]
        late = wanted[: len(lines) // 2]
        first = [line for line in lines if line not in late]
        for number, part in enumerate((first, late)):
            when = at + timedelta(minutes=number)
            order = self._desk.draft(
                delivery_round.supplier, delivery_round, part, at=when, actor=actor
            )
            if order is not None:
                self.lived.orders += 1
                self._desk.send(order, at=when, actor=actor, day=self._today)

    def _receive_the_last_morning(
        self, order: Order, delivery_round: DeliveryRound, *, at: datetime
    ) -> None:
        clerk = next(
            one.index for one in self._people if self._user(one.index).role == Role.STOCK_CLERK
        )
        start = max(at, self._local(time(7, 30))) + timedelta(minutes=9)
        self._do(
            start,
            lambda when: self._receive_and_return(order, delivery_round, at=when, who=clerk),
        )
        self._do(
            start + timedelta(minutes=55),
            lambda when: self._put_away(
                at=when, who=clerk, key=("last morning",), leaving=LEFT_ON_THE_DOCK
            ),
        )
        self._do(
            self._local(scenes.PROMISED_AGAIN_AT),
            lambda when: self._promise_again(delivery_round, at=when),
        )
        self._do(
            self._local(scenes.SECOND_DROP),
            lambda when: self._second_drop(delivery_round, at=when),
        )
        self._do(
            self._local(scenes.BENCH_RESUMES),
            lambda when: self._scan_half(delivery_round, at=when, who=clerk),
        )
        self._do(
            self._local(scenes.COLD_DROP),
            lambda when: self._cold_drop(delivery_round, at=when),
        )

    def _receive_and_return(
        self, order: Order, delivery_round: DeliveryRound, *, at: datetime, who: int
    ) -> None:
        self._receive([order], delivery_round, supplier=0, at=at, who=who)

    def _second_drop(self, delivery_round: DeliveryRound, *, at: datetime) -> None:
        receiving.drop(
            supplier=delivery_round.supplier, delivery_round=delivery_round, at=at, totes=1,
            codes=["BAC9990001"], place="au pied de la paillasse",
            request_id=self._id("second drop"),
        )  # fmt: skip

    def _promise_again(self, delivery_round: DeliveryRound, *, at: datetime) -> None:
        """The driver forgot a tote: patients are told another hour before they come for nothing."""
        who = self._present(at)
        for promise in Promise.objects.filter(
            status=Status.ORDERED, order_line__order__delivery_round=delivery_round
        ).order_by("number"):
            promising.promise_again(
                promise, delivery_round=self._next_round(at), at=at, actor=self._actor(who),
                workstation=self._counter(who), request_id=self._id("again", promise.number),
            )  # fmt: skip

    def _cold_drop(self, delivery_round: DeliveryRound, *, at: datetime) -> None:
        receiving.drop(
            supplier=delivery_round.supplier, delivery_round=delivery_round, at=at, totes=1,
            cold=1, codes=["BAC9990002"], place="sas", request_id=self._id("cold drop"),
        )  # fmt: skip

    def _scan_half(self, delivery_round: DeliveryRound, *, at: datetime, who: int) -> None:
        orders = self._awaited(delivery_round)
        if not orders:
            return
        receipt = receiving.start_receipt(
            supplier=delivery_round.supplier, delivery_round=delivery_round, orders=orders,
            delivery_note=f"BL{orders[0].number:06d}", at=at,
            request_id=self._id("receipt", orders[0].number),
        )  # fmt: skip
        for parcel in receipt.parcels.order_by("pk"):
            receiving.open_parcel(parcel, at=at, receipt=receipt)
        boxes, _broken = self._boxes_of(receipt, supplier=0)
        # The cold ones are in the tote that has not come yet; narcotics are for a pharmacist.
        plain = [one for one in boxes if not one.product.is_cold and not one.product.is_narcotic]
        told: dict[str, Any] = {
            "on": self._today,
            "actor": self._actor(who),
            "by_pharmacist": False,
            "workstation": self._shop.bench,
        }
        scanned = plain[: (len(plain) + 1) // 2]
        for number, one in enumerate(scanned):
            receiving.scan(
                receipt,
                product=one.product,
                lot_number=one.lot_number,
                expires_on=one.expires_on,
                serial=self._world.serial(
                    self._mirror.index_of[one.product.pk], number=1_000_000 + number
                ),
                at=at + timedelta(seconds=40 * (number + 1)),
                request_id=self._id("half scan", number),
                **told,
            )
        arrived = Promise.objects.filter(
            receipt_scans__receipt=receipt, status=Status.ORDERED
        ).order_by("pk")
        for promise in arrived[:1]:
            promising.arrive(promise, at=at + timedelta(minutes=9), actor=self._actor(who),
                             workstation=self._shop.bench)  # fmt: skip

    def _put_last_tray(self, at: datetime) -> None:
        """One box leaves the dock at the very last instant: the clock of the demo starts there."""
        waiting = len(self._mirror.lots_at(self._dock.pk))
        clerk = next(
            one.index for one in self._people if self._user(one.index).role == Role.STOCK_CLERK
        )
        if waiting > 1:
            self._put_away(at=at, who=clerk, key=("last tray",), leaving=waiting - 1)


def _calm_hour(at: datetime) -> datetime:
    """The middle of the afternoon of that day, or of the next one that is open."""
    day = at.astimezone(PARIS).date()
    return at_local(day if is_open(day) else next_open_day(day), time(15, 20))


def stock_price(price: Any, *, factor: float) -> Any:
    """The price on the delivery note, in euros to the cent."""
    return to_cents(price * Decimal(str(factor)))


_ARRANGED = 10_000_000  # visits of the scenes are numbered from here
_PASSERS = (
    InventedPatient(9001, "Solange", "Aubrechat", "0639980117"),
    InventedPatient(9002, "Gaspard", "Tilleroy", "0639980254"),
    InventedPatient(9003, "Mireille", "Sorbevent", "0639980391"),
)
# What differs this morning, so that the receipt has something to say: one short line, one price.
_LAST_GAPS = {
    GapKind.MISSING: ReceivingGap(GapKind.MISSING, boxes=1, instead=None, price_factor=1.0),
    GapKind.PRICE: ReceivingGap(GapKind.PRICE, boxes=0, instead=None, price_factor=1.08),
}
_LIFE = part_number("life")

_PLAY: dict[type, Callable[[_Life, Any], None]] = {
    past.PharmacyOpens: _Life.open,
    past.PharmacyCloses: _Life.closing,
    past.Visit: _Life.visit,
    past.NotFound: _Life.not_found,
    past.SilentError: _Life.silent_error,
    past.Breakage: _Life.breakage,
    past.CutOff: _Life.cut_off,
    past.RoundDropped: _Life.round_dropped,
    past.ReceivingStarts: _Life.receiving_starts,
    past.PutAway: _Life.put_away,
    past.DirectOrder: _Life.direct_order,
    past.DirectDropped: _Life.direct_dropped,
    past.DirectReceived: _Life.direct_received,
    past.Count: _Life.count,
    past.ExpiryCheck: _Life.expiry_check,
    past.FridgeAlarm: _Life.fridge_alarm,
}
