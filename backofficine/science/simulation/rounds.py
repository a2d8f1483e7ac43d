"""Who delivers and when: wholesalers with their rounds, direct suppliers with their cartons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from backofficine.science.simulation import names
from backofficine.science.simulation.profiles import at_local, is_open, next_open_day


class SupplierKind(StrEnum):
    WHOLESALER = "wholesaler"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class RoundTime:
    """A weekly round, local times; ``drop_day_offset`` counts days from the cut-off's."""

    weekday: int
    """Of the cut-off, 0 is Monday."""
    cut_off: time
    drop: time
    drop_day_offset: int


@dataclass(frozen=True, slots=True)
class InventedSupplier:
    """Somebody who sells to the pharmacy."""

    index: int
    name: str
    kind: SupplierKind
    rounds: tuple[RoundTime, ...] = ()
    lead_time_days: tuple[int, int] = (0, 0)
    """Open days from order to carton, least and most (direct suppliers; domain § 2.1)."""
    laboratory: str = ""
    """The maker a direct supplier sells for."""


@dataclass(frozen=True, slots=True)
class PlannedRound:
    """One round on its day, in UTC."""

    supplier: int
    cut_off_at: datetime
    due_at: datetime


def _main_rounds() -> tuple[RoundTime, ...]:
    """Two a day from Monday to Saturday (domain § 1.2); times assumed."""
    noon = [RoundTime(day, time(11, 45), time(14, 30), 0) for day in range(6)]
    night = [RoundTime(day, time(19, 0), time(7, 0), 1) for day in range(5)]
    # On Saturday the shop closes at 18 h, and the drop waits for Monday.
    saturday = RoundTime(5, time(17, 45), time(7, 0), 2)
    return tuple(sorted([*noon, *night, saturday], key=lambda one: (one.weekday, one.cut_off)))


def _second_rounds() -> tuple[RoundTime, ...]:
    return tuple(RoundTime(day, time(12, 15), time(15, 30), 0) for day in range(5))


SUPPLIERS: tuple[InventedSupplier, ...] = (
    InventedSupplier(0, "Répartition du Val d’Ombrage", SupplierKind.WHOLESALER, _main_rounds()),
    InventedSupplier(1, "Comptoir Hovicombe", SupplierKind.WHOLESALER, _second_rounds()),
    *(
        InventedSupplier(
            2 + place,
            f"Laboratoires {laboratory}",
            SupplierKind.DIRECT,
            lead_time_days=(2, 8),
            laboratory=laboratory,
        )
        for place, laboratory in enumerate((*names.LABORATORIES[:4], *names.COSMETIC_HOUSES[:3]))
    ),
)
"""The main wholesaler first, the second one next: both sell everything."""


def rounds_cut_on(day: date) -> list[PlannedRound]:
    """The rounds whose cut-off falls on this day, earliest first; none when closed.

    A drop that would fall on a closed day waits for the next open one: where the weekly schedule
    says otherwise (holidays), it is the exception that counts.
    """
    if not is_open(day):
        return []
    planned = []
    for supplier in SUPPLIERS:
        for one in supplier.rounds:
            if one.weekday == day.weekday():
                drop_day = day + timedelta(days=one.drop_day_offset)
                if not is_open(drop_day):
                    drop_day = next_open_day(drop_day)
                planned.append(
                    PlannedRound(
                        supplier=supplier.index,
                        cut_off_at=at_local(day, one.cut_off),
                        due_at=at_local(drop_day, one.drop),
                    )
                )
    return sorted(planned, key=lambda one: (one.cut_off_at, one.supplier))


def exceptions(first_day: date, last_day: date) -> list[tuple[int, RoundTime, date, date | None]]:
    """Where the weekly schedule is not kept: (supplier, round, its cut-off day, new drop day).

    No drop day means that the round is cancelled, because the pharmacy is closed that day.
    """
    found: list[tuple[int, RoundTime, date, date | None]] = []
    day = first_day
    while day <= last_day:
        for supplier in SUPPLIERS:
            for one in supplier.rounds:
                if one.weekday != day.weekday():
                    continue
                usual = day + timedelta(days=one.drop_day_offset)
                if not is_open(day):
                    found.append((supplier.index, one, day, None))
                elif not is_open(usual):
                    found.append((supplier.index, one, day, next_open_day(usual)))
        day += timedelta(days=1)
    return found
