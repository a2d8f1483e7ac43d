"""Lives a past again under several policies at once: same patients, same rounds, other orders.

Between two events (a midnight, a drop, a cut-off) the lines asked are served first come, first
served. What is not there becomes a promise, kept by the next boxes that come, or a patient who
leaves: who waits was drawn beforehand, so that every policy meets the same people. Nothing is
random here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np

from backofficine.science.replay.house import Asked, House
from backofficine.science.replay.outcome import Outcome
from backofficine.science.replay.past import Ints, Past
from backofficine.science.replay.record import Moment, Record

Progress = Callable[[int, int], None]


class Policy(Protocol):
    """Decides how many units to order of each product."""

    def decide(self, now: Moment) -> Ints: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """Not a policy: the boxes that really came, when they came."""

    def decide(self, now: Moment) -> Ints:
        return np.zeros(len(now.on_hand), dtype=np.int64)


class _Kind(IntEnum):
    """In the order in which things happen at one instant."""

    MIDNIGHT = 0
    COMING = 1
    REAL = 2
    DROP = 3
    CUT_OFF = 4


def replay(
    past: Past, policies: Sequence[Policy], *, progress: Progress | None = None
) -> list[Outcome]:
    """Live the past once under each policy; outcomes in the order of ``policies``.

    ``progress`` is told, at each midnight, the days lived and the days to live.

    :raises ValueError: if a policy orders less than nothing, or the boxes really received are asked
        for and not known.
    """
    if past.received is None and any(isinstance(one, Recorded) for one in policies):
        raise ValueError("the boxes really received are not known")
    record = Record(past)
    houses = [House(past, is_real=isinstance(one, Recorded)) for one in policies]
    deciding = [
        (house, policy) for house, policy in zip(houses, policies, strict=True) if not house.is_real
    ]
    done = _lines_before(past, past.start)
    for at, kind, number in _events(past):
        upto = _lines_before(past, at)
        if upto > done:
            asked = Asked(past.lines, done, upto)
            for house in houses:
                house.serve(asked)
            record.add(past.lines, done, upto)
            done = upto
        if kind == _Kind.CUT_OFF:
            shared: dict[str, Any] = {}
            for house, policy in deciding:
                now = _moment(past, house, number, record=record, shared=shared)
                house.order(policy.decide(now), number=number)
        elif kind == _Kind.DROP:
            for house, _policy in deciding:
                house.deliver(number)
        elif kind == _Kind.MIDNIGHT:
            for house in houses:
                house.midnight(number)
            if progress is not None:
                progress(number - past.start, past.days - past.start)
        else:
            arrivals = (past.received or ()) if kind == _Kind.REAL else past.coming
            for house in houses:
                if house.is_real == (kind == _Kind.REAL):
                    house.receive(arrivals[number])
    rate = record.rate(days=past.days)
    return [house.outcome(rate=rate) for house in houses]


def _events(past: Past) -> Iterator[tuple[float, _Kind, int]]:
    """Midnights, arrivals, drops and cut-offs of the replay, in order of time."""
    found = [(float(day), _Kind.MIDNIGHT, day) for day in range(past.start, past.days + 1)]
    for kind, arrivals in ((_Kind.COMING, past.coming), (_Kind.REAL, past.received or ())):
        found += [(one.at, kind, number) for number, one in enumerate(arrivals)]
    for number, one in enumerate(past.rounds):
        found += [(one.cut_off, _Kind.CUT_OFF, number), (one.due, _Kind.DROP, number)]
    return (event for event in sorted(found) if past.start <= event[0] <= past.days)


def _lines_before(past: Past, at: float) -> int:
    return int(np.searchsorted(past.lines.at, at, side="left"))


def _moment(
    past: Past, house: House, number: int, *, record: Record, shared: dict[str, Any]
) -> Moment:
    one = past.rounds[number]
    return Moment(
        round=number,
        today=int(one.cut_off),
        on_hand=_read_only(house.on_hand),
        on_order=_read_only(house.on_order),
        promised=_read_only(house.owed),
        lead=one.lead,
        review=one.review,
        shelf=past.shelf,
        record=record,
        shared=shared,
    )


def _read_only(values: Ints) -> Ints:
    seen = values.view()
    seen.flags.writeable = False
    return seen
