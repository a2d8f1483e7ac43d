"""Who works in the invented pharmacy, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from backofficine.science.simulation import names
from backofficine.science.simulation.seeds import generator


class Role(StrEnum):
    OWNER = "owner"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    CLERK = "clerk"


DISPENSING = frozenset({Role.OWNER, Role.PHARMACIST, Role.TECHNICIAN})
"""Only these may hand a medicine to a patient (domain § 1.1)."""

Interval = tuple[float, float]
"""Local hours: (8.5, 12.5) is from half past eight to half past twelve."""


@dataclass(frozen=True, slots=True)
class InventedPerson:
    """A member of the team."""

    index: int
    given_name: str
    family_name: str
    role: Role
    rota: tuple[tuple[Interval, ...], ...]
    """Intervals of presence for each weekday, Monday first."""

    def present(self, day: date, hours: float) -> bool:
        return any(start <= hours < end for start, end in self.rota[day.weekday()])


_FULL: tuple[Interval, ...] = ((8.5, 12.5), (14.0, 19.5))
_MORNING: tuple[Interval, ...] = ((8.5, 12.5), (14.0, 17.0))
_EVENING: tuple[Interval, ...] = ((10.0, 12.5), (14.0, 19.5))
_SATURDAY: tuple[Interval, ...] = ((9.0, 12.5), (14.0, 18.0))
_EARLY: tuple[Interval, ...] = ((7.5, 12.5), (13.5, 15.5))
_EARLY_SATURDAY: tuple[Interval, ...] = ((7.5, 12.5),)
_LATE: tuple[Interval, ...] = ((9.0, 12.5), (14.0, 17.5))
_OFF: tuple[Interval, ...] = ()

# Assumed: eight people, one pharmacist always present, a clerk there before opening.
_ROTAS: tuple[tuple[Role, tuple[tuple[Interval, ...], ...]], ...] = (
    (Role.OWNER, (_FULL, _FULL, _OFF, _FULL, _FULL, _OFF)),
    (Role.PHARMACIST, (_MORNING, _FULL, _FULL, _OFF, _MORNING, _SATURDAY)),
    (Role.PHARMACIST, (_EVENING, _OFF, _FULL, _EVENING, _EVENING, _SATURDAY)),
    (Role.TECHNICIAN, (_MORNING, _MORNING, _MORNING, _MORNING, _MORNING, _OFF)),
    (Role.TECHNICIAN, (_EVENING, _EVENING, _EVENING, _EVENING, _EVENING, _OFF)),
    (Role.TECHNICIAN, (_FULL, _OFF, _FULL, _OFF, _FULL, _SATURDAY)),
    (Role.CLERK, (_EARLY, _EARLY, _EARLY, _EARLY, _EARLY, _OFF)),
    (Role.CLERK, (_LATE, _LATE, _EARLY, _LATE, _LATE, _EARLY_SATURDAY)),
)


def invent_people(*, seed: int) -> tuple[InventedPerson, ...]:
    """The eight people of the team; no two bear the same name."""
    rng = generator(seed, "people")
    given = rng.permutation(len(names.GIVEN_NAMES))
    family = rng.permutation(len(names.FAMILY_NAMES))
    return tuple(
        InventedPerson(
            index=index,
            given_name=names.GIVEN_NAMES[given[index]],
            family_name=names.FAMILY_NAMES[family[index]],
            role=role,
            rota=(*week, _OFF),
        )
        for index, (role, week) in enumerate(_ROTAS)
    )


def at_the_counter(
    people: tuple[InventedPerson, ...], *, day: date, hours: float
) -> list[InventedPerson]:
    """Who may dispense at this local time, in the order of the team."""
    return [one for one in people if one.role in DISPENSING and one.present(day, hours)]


def at_the_bench(people: tuple[InventedPerson, ...], *, day: date, hours: float) -> InventedPerson:
    """Who unpacks and puts away at this local time: a clerk if one is there, else a technician.

    Before opening, the one who comes first.
    """
    present = [one for one in people if one.present(day, hours)]
    clerks = [one for one in present if one.role is Role.CLERK]
    technicians = [one for one in present if one.role is Role.TECHNICIAN]
    fallback = [one for one in people if one.rota[day.weekday()]]
    return (clerks or technicians or present or fallback)[0]
