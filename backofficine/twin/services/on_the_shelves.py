"""What goes wrong with boxes, and how it is found: searches, breakages, counts, dates."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from backofficine.catalog.models import Product
from backofficine.science.simulation import past
from backofficine.stock import services as stock
from backofficine.stock.models import (
    Lot,
    NarcoticVisa,
    Posting,
)
from backofficine.twin.services.at_the_counter import AtTheCounter
from backofficine.twin.services.house import COUNTS_ASKED_A_DAY, VISA_BEFORE_CLOSING


class OnTheShelves(AtTheCounter):
    """Mishaps, counts and the end of the day."""

    # --- mishaps ---

    def not_found(self, event: past.NotFound) -> None:
        if self._mirror.servable[event.product] <= 0:
            return
        if event.really_missing:
            self._hidden[event.product] -= 1
        self._report(
            event.product, at=event.at, who=event.who, key=("not found", event.at.isoformat())
        )

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
