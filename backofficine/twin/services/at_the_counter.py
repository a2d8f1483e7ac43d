"""What patients ask for, and what is promised, told, handed over or taken back."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from backofficine.kernel.prepared import Prepared
from backofficine.planning.why import Guard
from backofficine.promises import services as promising
from backofficine.promises.models import Cause, Promise, Status
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound
from backofficine.science.simulation import past
from backofficine.science.simulation.baskets import InventedPatient
from backofficine.stock import services as stock
from backofficine.stock.services import Wanted
from backofficine.stock.services.demand import record_missing
from backofficine.twin.services.house import (
    ARRANGED,
    COLD_SCENE,
    GIVEN_UP_DAYS,
    NOT_COLLECTED_DAYS,
    VISA_BEFORE_CLOSING,
    WAITS_IN_SHORTAGE,
    House,
    calm_hour,
)

_PROMISE = Prepared(lambda key: Promise.objects.filter(pk=key), int)


def _now(key: int) -> Promise:
    promise = _PROMISE.first(key)
    assert promise is not None, "promises are never deleted"
    return promise


class AtTheCounter(House):
    """Visits and promises."""

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
        is_arranged = event.number >= ARRANGED
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
            if promise.request_id == self._id("promise", ARRANGED + COLD_SCENE, 0):
                continue  # nobody comes for it before the present
            if self._world.is_told(number):
                self._do(at + timedelta(minutes=4 + number % 25), self._teller(promise.pk))
            pickup = self._world.pickup_at(number, ready_at=at)
            if pickup is None:
                self._do(
                    calm_hour(at + timedelta(days=NOT_COLLECTED_DAYS)),
                    self._abandoner(promise.pk),
                )
            else:
                self._do(max(pickup, at + timedelta(minutes=30)), self._giver(promise.pk))

    def _teller(self, key: int) -> Callable[[datetime], None]:
        def tell(at: datetime) -> None:
            promise = _now(key)
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
            promise = _now(key)
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
            promise = _now(key)
            if promise.status not in (Status.IN_SLOT, Status.TOLD):
                return
            who = self._present(at)
            promising.abandon(promise, at=at, actor=self._actor(who),
                              workstation=self._shop.office)  # fmt: skip
            self._do(calm_hour(at + timedelta(days=1)), self._restocker(key))

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
