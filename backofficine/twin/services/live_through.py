"""Lives an invented past through the real commands: every fact is what a person would have left."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from django.db import transaction

from backofficine.science.simulation import past
from backofficine.science.simulation.past import Event, PastPlan
from backofficine.science.simulation.profiles import PARIS, at_local
from backofficine.science.simulation.world import World
from backofficine.twin.services.house import Lived, Progress
from backofficine.twin.services.last_morning import LastMorning
from backofficine.twin.services.mirror import Mirror
from backofficine.twin.services.scenes import Scenes
from backofficine.twin.services.shop import Shop


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


class _Life(LastMorning):
    """The whole house, day after day."""

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
