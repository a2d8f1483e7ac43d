"""Builds the demo pharmacy: an empty database, a shop, and the past that it has lived."""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.models import Pharmacy
from backofficine.science.simulation.assortment import InventedProduct, invent_assortment
from backofficine.science.simulation.past import PastPlan, visits_before, world_of
from backofficine.science.simulation.profiles import PARIS, is_open
from backofficine.science.simulation.world import OpeningLot, World
from backofficine.stock import queries as stock
from backofficine.stock.queries import LedgerReport
from backofficine.team.services import actor_of
from backofficine.twin.services.house import Lived
from backofficine.twin.services.live_through import live_through
from backofficine.twin.services.mirror import Mirror
from backofficine.twin.services.scenes import stage
from backofficine.twin.services.shop import (
    first_instant,
    found_shop,
    open_stock,
    record_history,
)

HISTORY_DAYS = 120
MARK = "demo.json"
DEAR = 60  # euros, public price

# Share of the whole work, in per cent, at the end of each step: measured on 6,000 references.
FOUNDED, LIVED, CHECKED = 4, 92, 100

Step = Callable[[int, str], None]
"""Called with a percentage and the word of the step."""


class DemoExists(DomainError):
    message = gettext_lazy(
        "This database already holds a pharmacy. Choose an empty folder in BACKOFFICINE_DATA_DIR."
    )


@dataclass(frozen=True, slots=True)
class Built:
    """A demo pharmacy, and what its ledger says of it."""

    seed: int
    references: int
    ends_at: datetime
    history_lines: int
    lived: Lived
    ledger: LedgerReport


def last_open_day(now: datetime) -> date:
    """Today if the shop opens, else the last day it did."""
    day = now.astimezone(PARIS).date()
    while not is_open(day):
        day = date.fromordinal(day.toordinal() - 1)
    return day


def build_demo(
    *, last_day: date, days: int, references: int, seed: int, step: Step | None = None
) -> Built:
    """Found the invented pharmacy and live its past, up to 10:18 on ``last_day``.

    The same arguments give the same facts. This will write one transaction for the shop and its
    opening stock, then one per simulated day, and replay the whole ledger at the end.

    :raises DemoExists: if the database already holds a pharmacy.
    """
    tell = step or _say_nothing
    if Pharmacy.objects.exists():
        raise DemoExists
    tell(0, _("inventing products"))
    plan = PastPlan.ending_on(last_day, days=days)
    assortment = invent_assortment(size=references, seed=seed)
    world = world_of(plan, seed=seed, assortment=assortment)
    first_day = plan.open_days()[0]
    with transaction.atomic():
        tell(1, _("furnishing the shop"))
        shop = found_shop(assortment, seed=seed, first_day=plan.first_day, last_day=last_day)
        staged = stage(assortment, plan=plan, world=world, seed=seed)
        mirror = Mirror(product_keys=[product.pk for product in shop.products])
        tell(2, _("remembering last season"))
        visits = list(visits_before(plan, seed=seed, days=HISTORY_DAYS, assortment=assortment))
        for visit in visits:
            mirror.remember(
                visit.at.astimezone(PARIS).date(),
                ((line.product, line.quantity) for line in visit.lines),
            )
        history = record_history(shop, visits)
        tell(3, _("filling the drawers"))
        opening = {
            about.index: staged.opening.get(
                about.index, _opening(about, world=world, plan=plan, day=first_day)
            )
            for about in assortment
        }
        opened_at = first_instant(first_day)
        open_stock(
            shop, opening=opening, at=opened_at, actor=actor_of(shop.people[0], at=opened_at)
        )
    with _few_collections():
        lived = live_through(
            shop,
            plan=plan,
            world=world,
            staged=staged,
            mirror=mirror,
            progress=lambda day, done, total: tell(
                FOUNDED + (LIVED - FOUNDED) * done // total,
                _("living %(day)s") % {"day": f"{day:%d/%m/%Y}"},
            ),
        )
    tell(LIVED, _("checking the ledger"))
    ledger = stock.audit()
    tell(CHECKED, _("ready"))
    return Built(
        seed=seed,
        references=references,
        ends_at=plan.now,
        history_lines=history,
        lived=lived,
        ledger=ledger,
    )


def leave_mark(built: Built) -> Path:
    """Write beside the database that the demo is whole, and what it holds."""
    path = Path(settings.DATA_DIR) / MARK
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_dict(built), ensure_ascii=False, indent=2) + "\n")
    return path


def as_dict(built: Built) -> dict[str, object]:
    """The report of the command, ready for JSON."""
    return {
        "seed": built.seed,
        "references": built.references,
        "ends_at": built.ends_at.isoformat(),
        "history_lines": built.history_lines,
        "lived": asdict(built.lived),
        "ledger": built.ledger.as_dict(),
    }


def _opening(
    about: InventedProduct, *, world: World, plan: PastPlan, day: date
) -> list[OpeningLot]:
    """The lots on the first morning; a dear box is ordered for somebody and does not grow old."""
    lots = world.opening_lots(about.index, day=day)
    if about.public_price < DEAR:
        return lots
    return [lot for lot in lots if lot.expires_on > plan.last_day + timedelta(days=90)]


@contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage rarely: the shop's thousands of rows live to the end and are no garbage."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _say_nothing(percent: int, word: str) -> None:
    """Nobody watches."""
