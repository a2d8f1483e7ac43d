"""What the house does by itself, every hour: rounds ahead, and what is past its time erased."""

import logging
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import close_old_connections

from backofficine.kernel import clock, vault
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries as pharmacy
from backofficine.picture import drafts
from backofficine.picture.services import erase_old_data
from backofficine.planning.services import train_if_due
from backofficine.promises.services import erase_old
from backofficine.purchasing.services import generate_rounds
from backofficine.team.services import forget_names, system_actor

EVERY = timedelta(hours=1)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tidied:
    """How many rounds were dated, identities erased, actors that lost their name; and whether
    the demand was learnt again."""

    rounds: int
    identities: int
    names: int
    is_trained: bool

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def tidy(*, at: datetime) -> Tidied:
    """Do the hourly work once; doing it again changes nothing.

    :raises NoPharmacy: before the first run.
    """
    pharmacy.pharmacy()
    drafts.sweep(at=at)
    erase_old_data(at=at)
    return Tidied(
        rounds=generate_rounds(at=at),
        identities=erase_old(at=at, actor=system_actor()),
        names=forget_names(before_month=_first_month_kept(at)),
        is_trained=train_if_due(at=at),
    )


def _first_month_kept(at: datetime) -> str:
    today = pharmacy.local_day(at)
    months = int(pharmacy.number("actor_name_months", on=today))
    index = today.year * 12 + today.month - 1 - months
    return vault.month_of(today.replace(year=index // 12, month=index % 12 + 1, day=1))


def keep_tidy() -> threading.Thread:
    """Start the hourly work beside the server; a failure is logged and tried again later."""
    thread = threading.Thread(target=_every_hour, name="tidy", daemon=True)
    thread.start()
    return thread


def _every_hour() -> None:
    pause = threading.Event()
    while True:
        try:
            tidy(at=clock.now())
        except DomainError as refusal:
            logger.info("nothing to tidy: %s", refusal)
        except Exception:
            logger.exception("the hourly work failed and will be tried again")
        finally:
            close_old_connections()
        pause.wait(EVERY.total_seconds())
