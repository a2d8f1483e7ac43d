"""The state of the house while its past is lived: what it knows, who is there, what comes later."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from backofficine.kernel.ids import derived_id
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.science.simulation.past import PastPlan
from backofficine.science.simulation.people import at_the_bench, at_the_counter, invent_people
from backofficine.science.simulation.profiles import PARIS, at_local, is_open, next_open_day
from backofficine.science.simulation.seeds import mixed, part_number
from backofficine.science.simulation.world import GapKind, ReceivingGap, World
from backofficine.team.models import Actor, Role, User, Workstation
from backofficine.team.services import actor_of
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


class House:
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


_LIFE = part_number("life")


def calm_hour(at: datetime) -> datetime:
    """The middle of the afternoon of that day, or of the next one that is open."""
    day = at.astimezone(PARIS).date()
    return at_local(day if is_open(day) else next_open_day(day), time(15, 20))


ARRANGED = 10_000_000  # visits of the scenes are numbered from here
# What differs this morning, so that the receipt has something to say: one short line, one price.
LAST_GAPS = {
    GapKind.MISSING: ReceivingGap(GapKind.MISSING, boxes=1, instead=None, price_factor=1.0),
    GapKind.PRICE: ReceivingGap(GapKind.PRICE, boxes=0, instead=None, price_factor=1.08),
}
