"""Learns the forecasts again from the whole past: every night, or when asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction

from backofficine.kernel.reading import one_reading
from backofficine.pharmacy import queries as pharmacy
from backofficine.planning.models import Training
from backofficine.planning.queries.series import CYCLE, Series, series_at
from backofficine.planning.queries.training import Told, packed
from backofficine.science.demand.history import set_apart_peaks
from backofficine.science.demand.training import Trained, train
from backofficine.stock.models import DemandLine

Ints = npt.NDArray[np.int64]

# The days that the sentence of a line tells of: what a person can check on a page.
TOLD_DAYS = 180
KEPT_TRAININGS = 3
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
    cleaned, peaks = set_apart_peaks(
        np.asarray(series.history.quantity, dtype=np.float64), series.history.known
    )
    told = _told(series, peaks)
    history = replace(series.history, quantity=cleaned)
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


def _told(series: Series, peaks: npt.NDArray[Any]) -> Told:
    history = series.history
    tail = slice(max(history.periods - TOLD_DAYS, 0), None)
    known, open_day = history.known[:, tail], history.weight[tail] > 0
    quantity = np.where(known, history.quantity[:, tail], 0.0)
    # Days before a product came into the range are not days out of stock.
    entered = np.maximum.accumulate(history.known, axis=1)[:, tail]
    days = (entered & open_day).sum(axis=1)
    return Told(
        asked=quantity.sum(axis=1).astype(np.int64),
        peak=np.where(known, peaks[:, tail], 0.0).sum(axis=1).astype(np.int64),
        days=np.maximum(days, 1).astype(np.int64),
        days_out=(entered & ~known & open_day).sum(axis=1).astype(np.int64),
    )
