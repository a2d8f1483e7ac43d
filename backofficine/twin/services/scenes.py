"""What is arranged so that the present has something true to say on every screen.

All of it happens through the same commands as the rest of the past: a scene only chooses the
product, the hour and the people. Times are local and belong to the last open day unless said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from backofficine.science.simulation.assortment import InventedProduct, Storage
from backofficine.science.simulation.assortment import Status as InventedStatus
from backofficine.science.simulation.past import PastPlan
from backofficine.science.simulation.seeds import generator
from backofficine.science.simulation.world import OpeningLot, World

PROMISED_AGAIN_AT = time(9, 6)
SECOND_DROP = time(9, 32)  # the driver comes back with a tote he forgot
COLD_DROP = time(10, 7)  # and once more with the cold one
BENCH_RESUMES = time(9, 50)
FOUND_AT = time(9, 24)
NOT_FOUND_AT = time(9, 41)
NARCOTIC_AT = time(9, 47)
PROPOSED_AT = time(10, 4)
LAST_TRAY_AT = time(10, 18)

# Days to live, on the last day, of the lots that nobody took out in time.
DAYS_LEFT = (-6, 9, 17, 26)


@dataclass(frozen=True, slots=True)
class Scenes:
    """Products chosen for their part, by index in the assortment."""

    overlooked: tuple[int, ...]
    """Their lots expire soon, or already have; the checks of the past do not see them."""
    phantoms: tuple[int, int]
    """The record holds some, the shelf has none."""
    found: int
    """The shelf has one that the record does not know."""
    searched: int
    """Not found this morning, then found elsewhere: it is really there."""
    narcotic: int
    late: tuple[int, int]
    """Promised yesterday, and no wholesaler has it."""
    cold: int
    """Promised yesterday and waiting in the fridge."""
    opening: dict[int, list[OpeningLot]] = field(default_factory=dict)
    """Opening lots that replace those of the world."""


def stage(
    assortment: Sequence[InventedProduct], *, plan: PastPlan, world: World, seed: int
) -> Scenes:
    """Choose the products of each scene, the same for a seed and a plan."""
    rng = generator(seed, "scenes")
    ambient = [one.index for one in assortment if one.storage is Storage.AMBIENT]
    size = len(assortment)
    # The slowest tenth: nobody asks for them meanwhile, so that the scene is still there.
    slowest = [
        index for index in ambient[int(len(ambient) * 0.9) :] if assortment[index].public_price < 60
    ]
    picked = [int(index) for index in rng.permutation(slowest)[:7]]
    overlooked, phantoms, found = tuple(picked[:4]), (picked[4], picked[5]), picked[6]
    middle = [index for index in ambient if size * 0.05 < index < size * 0.5]
    searched = int(rng.choice(middle))
    narcotics = [one.index for one in assortment if one.status is InventedStatus.NARCOTIC]
    eve = plan.open_days()[-2] if len(plan.open_days()) > 1 else plan.last_day
    # The slowest that the wholesaler has: few boxes leave the shelf to make the promise.
    cold = sorted(
        (one for one in assortment if one.cold),
        key=lambda one: (
            not world.boxes_filled(one.index, asked=1, day=eve),
            one.boxes_per_open_day,
            one.index,
        ),
    )
    short = [
        index
        for index in ambient
        if index > size * 0.02
        and world.is_short(index, day=plan.last_day)
        and not any(
            world.boxes_filled(index, asked=1, day=day, supplier=supplier)
            for day in plan.open_days()[-2:]
            for supplier in (0, 1)
        )
    ]
    dear_enough = [index for index in short if assortment[index].public_price < 100] or short
    return Scenes(
        overlooked=overlooked,
        phantoms=phantoms,
        found=found,
        searched=searched,
        narcotic=narcotics[0],
        late=(dear_enough[0], dear_enough[min(1, len(dear_enough) - 1)]),
        cold=cold[0].index,
        opening=_openings(overlooked, phantoms=phantoms, found=found, plan=plan),
    )


def _openings(
    overlooked: tuple[int, ...], *, phantoms: tuple[int, int], found: int, plan: PastPlan
) -> dict[int, list[OpeningLot]]:
    lots = {
        index: [OpeningLot(f"K{index:05d}", _in(plan.last_day, days), boxes=1 + place % 2)]
        for place, (index, days) in enumerate(zip(overlooked, DAYS_LEFT, strict=True))
    }
    for index in phantoms:
        lots[index] = [OpeningLot(f"G{index:05d}", _in(plan.last_day, 500), boxes=2)]
    lots[found] = []
    return lots


def _in(day: date, days: int) -> date:
    return day + timedelta(days=days)
