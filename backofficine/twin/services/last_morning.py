"""The last evening and the last morning: so that every screen has something true to say."""

from collections.abc import Callable
from datetime import datetime, time

from backofficine.planning import services as planning
from backofficine.promises.models import Cause
from backofficine.science.simulation import past
from backofficine.science.simulation.baskets import InventedPatient
from backofficine.stock.services import Wanted
from backofficine.team.models import Role
from backofficine.twin.services import scenes
from backofficine.twin.services.at_the_dock import AtTheDock
from backofficine.twin.services.house import (
    ARRANGED,
    COLD_SCENE,
)

_PASSERS = (
    InventedPatient(9001, "Solange", "Aubrechat", "0639980117"),
    InventedPatient(9002, "Gaspard", "Tilleroy", "0639980254"),
    InventedPatient(9003, "Mireille", "Sorbevent", "0639980391"),
)


class LastMorning(AtTheDock):
    """What is arranged just before the present."""

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
            number=ARRANGED + number,
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
        planning.train_forecasts(at=at)
        supplier = self._shop.suppliers[0]
        planning.propose_orders(
            supplier=supplier,
            delivery_round=self._next_round(at),
            at=at,
            actor=self._actor(self._present(at)),
        )

    def _put_last_tray(self, at: datetime) -> None:
        """One box leaves the dock at the very last instant: the clock of the demo starts there."""
        waiting = len(self._mirror.lots_at(self._dock.pk))
        clerk = next(
            one.index for one in self._people if self._user(one.index).role == Role.STOCK_CLERK
        )
        if waiting > 1:
            self._put_away(at=at, who=clerk, key=("last tray",), leaving=waiting - 1)
