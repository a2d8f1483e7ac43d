"""Learns the forecasts again from the whole past: every night, or when asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import transaction

from backofficine.kernel.reading import one_reading
from backofficine.pharmacy import queries as pharmacy
from backofficine.planning.models import Training
from backofficine.planning.queries.series import CYCLE, Series, series_at
from backofficine.planning.queries.training import TOLD, Told, packed
from backofficine.science.demand.history import History, set_apart_peaks
from backofficine.science.demand.training import Trained, train
from backofficine.stock.models import DemandLine

Ints = npt.NDArray[np.int64]

# The days that the sentence of a line tells of: what a person can check on a page.
TOLD_DAYS = 180
KEPT_TRAININGS = 3
TOGETHER = 2_000
# Share of the work that reading the past is, for the bar of progress.
READ = 0.5


def train_forecasts(*, at: datetime, progress: Callable[[float], None] | None = None) -> Training:
    """Learn from every day that is over; keeps the last trainings only.

    ``progress`` is told the share done, from 0 to 1. Half a minute for 15,000 products with two
    years of days; nothing is locked meanwhile.
    """
    say = progress or (lambda _share: None)
    last = pharmacy.local_day(at) - timedelta(days=1)
    say(0.0)
    with one_reading():
        series = series_at(last)
    say(READ)
    told, history = _told(series)
    trained = train(history, cycle=CYCLE, progress=lambda share: say(READ + share * (1 - READ)))
    kept = _keep(series, told, trained, at=at)
    say(1.0)
    return kept


def train_if_due(*, at: datetime) -> bool:
    """Learn again if a day is over that was not learnt from, while the shop is closed.

    A shop that was never learnt from does not wait for the night.
    """
    last = Training.objects.order_by("-last_day").values_list("last_day", flat=True).first()
    today = pharmacy.local_day(at)
    if last is not None and (
        last >= today - timedelta(days=1)
        or any(opens <= at < closes for opens, closes in pharmacy.openings(today))
    ):
        return False
    if last is None and not DemandLine.objects.exists():
        return False
    train_forecasts(at=at)
    return True


@transaction.atomic
def _keep(series: Series, told: Told, trained: Trained, *, at: datetime) -> Training:
    kept = Training.objects.update_or_create(
        trained_at=at,
        defaults={
            "first_day": series.first_day,
            "last_day": series.last_day,
            "open_days": int((series.history.weight > 0).sum()),
            "products": len(series.products),
            "packed": packed(series.products, told, trained),
            "shared": trained.shared(),
        },
    )[0]
    old = Training.objects.order_by("-trained_at").values_list("pk", flat=True)[KEPT_TRAININGS:]
    Training.objects.filter(pk__in=list(old)).delete()
    return kept


def _told(series: Series) -> tuple[Told, History]:
    """What was asked lately, and the history without its one-off peaks.

    A few products at a time: two years of 20,000 of them are too many numbers to hold thrice.
    """
    whole = series.history
    tail = slice(max(whole.periods - TOLD_DAYS, 0), None)
    open_day = whole.weight[tail] > 0
    columns = [np.zeros(len(whole), dtype=np.int64) for _name in TOLD]
    asked, peak, days, days_out = columns
    cleaned = np.empty(whole.quantity.shape, dtype=np.float32)
    for start in range(0, len(whole), TOGETHER):
        some = slice(start, start + TOGETHER)
        known = whole.known[some]
        quantity = np.asarray(whole.quantity[some], dtype=np.float64)
        cleaned[some], peaks = set_apart_peaks(quantity, known)
        late = known[:, tail]
        # Days before a product came into the range are not days out of stock.
        entered = np.maximum.accumulate(known, axis=1)[:, tail] & open_day
        asked[some] = np.where(late, quantity[:, tail], 0.0).sum(axis=1)
        peak[some] = np.where(late, peaks[:, tail], 0.0).sum(axis=1)
        days[some] = np.maximum(entered.sum(axis=1), 1)
        days_out[some] = (entered & ~late).sum(axis=1)
    return Told(*columns), replace(whole, quantity=cleaned)
