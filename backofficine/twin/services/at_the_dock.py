"""What is ordered, dropped, received and put away."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Coalesce

from backofficine.catalog.models import Product
from backofficine.kernel.money import to_cents
from backofficine.planning import services as planning
from backofficine.planning.services.lines import ProposedLine
from backofficine.promises import services as promising
from backofficine.promises.models import Promise, Status
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, Order
from backofficine.receiving import services as receiving
from backofficine.receiving.models import Receipt
from backofficine.science.simulation import past
from backofficine.science.simulation.profiles import PARIS
from backofficine.science.simulation.world import GapKind
from backofficine.stock.models import (
    Lot,
)
from backofficine.team.models import Actor, Role
from backofficine.twin.services import scenes
from backofficine.twin.services.house import (
    LAST_GAPS,
    LATE_LINES,
    LATE_PROMISES,
    LEFT_ON_THE_DOCK,
    LINES_PER_TOTE,
    SCANNING_MINUTES,
    SCANNING_SPREAD,
)
from backofficine.twin.services.on_the_shelves import OnTheShelves


class AtTheDock(OnTheShelves):
    """Orders, deliveries and the walk."""

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
            delivery_note=f"{orders[0].number:06d}",
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
        arranged = dict(LAST_GAPS) if is_last else {}
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

    def _order_twice(
        self,
        lines: list[ProposedLine],
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
            delivery_note=f"{orders[0].number:06d}", at=at,
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


def stock_price(price: Any, *, factor: float) -> Any:
    """The price on the delivery note, in euros to the cent."""
    return to_cents(price * Decimal(str(factor)))
