"""How long the engine takes to learn and to predict, beside statsforecast on the same series.

Whole processes, by turns: each reads the same file, forecasts, and ends. Theirs does CrostonSBA and
TSB, which give points; ours gives laws and five quantiles. ``BENCH_STATSFORECAST`` names a Python
that has statsforecast, for it is too heavy to be a dependency:

    python3 -m venv DIR && DIR/bin/pip install statsforecast
    BENCH_STATSFORECAST=DIR/bin/python make bench-orders
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.orders.shop import Floats

ROOT = Path(__file__).resolve().parent.parent.parent
TURNS = 3
WEEKLY = (10_000, 104)
DAILY = (15_000, 730)
SCALE = (1_000, 5_000, 10_000, 20_000)
AHEAD = {"week": 3, "day": 4}

THEIRS = """
import sys
import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import TSB, CrostonSBA

demand = np.load(sys.argv[1])
n, periods = demand.shape
frame = pd.DataFrame({
    "unique_id": np.repeat(np.arange(n), periods),
    "ds": np.tile(np.arange(periods), n),
    "y": demand.ravel().astype(np.float32),
})
model = StatsForecast(models=[CrostonSBA(), TSB(alpha_d=0.1, alpha_p=0.1)], freq=1, n_jobs=1)
print(float(model.forecast(df=frame, h=int(sys.argv[3])).iloc[:, 2:].to_numpy().sum()))
"""


def series(products: int, periods: int, *, seed: int) -> Floats:
    """Invented demand of a pharmacy, weekly or daily: most products sell now and then.

    Rates are log-normal as boxes a year in one officine are (``FACTS``), sizes geometric.
    """
    rng = np.random.default_rng(seed)
    per_year = 365 if periods > 365 else 52
    rate = np.minimum(rng.lognormal(1.8, 1.7, products), 2000.0) / per_year
    times = rng.poisson(rng.gamma(3.0, rate[:, None] / 3.0, (products, periods)))
    more = rng.negative_binomial(np.maximum(times, 1), 0.8)
    demand: Floats = np.where(times > 0, times + more, 0).astype(np.float64)
    return demand


@dataclass(frozen=True, slots=True)
class Duel:
    """Seconds of whole processes, by turns, on the same series."""

    series: str
    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.theirs) / statistics.median(self.ours)


def duel(products: int, periods: int, *, seed: int, python: str) -> Duel:
    """Each in its turn, three times."""
    period = "day" if periods > 365 else "week"
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="backofficine-bench-") as folder:
        path = Path(folder) / "demand.npy"
        np.save(path, series(products, periods, seed=seed).astype(np.float32))
        script = Path(folder) / "theirs.py"
        script.write_text(THEIRS, encoding="utf-8")
        tail = [str(path), period, str(AHEAD[period])]
        for _turn in range(TURNS):
            ours.append(_seconds([sys.executable, "-m", "tools.orders.speed", *tail]))
            theirs.append(_seconds([python, str(script), *tail]))
    return Duel(f"{products:,} × {periods} {period}s", ours, theirs)


def _seconds(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Step:
    products: int
    train: float
    predict: float


def scaling(*, seed: int) -> list[Step]:
    """Seconds to learn and to predict two years of days, for more and more products."""
    demand = series(max(SCALE), DAILY[1], seed=seed).astype(np.float32)
    return [Step(products, *_timed(demand[:products], "day")) for products in SCALE]


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(demand: npt.NDArray[np.floating[Any]], period: str) -> tuple[float, float]:
    from backofficine.science.demand.history import History
    from backofficine.science.demand.training import predict, train

    n, periods = demand.shape
    days = 1 if period == "day" else 7
    season = (np.arange(periods + 60) * days // 7) % 52
    history = History(
        quantity=demand,
        known=np.ones(demand.shape, dtype=np.bool_),
        weight=np.ones(periods),
        season=season[:periods],
        group=np.arange(n) % 40,
    )
    began = time.perf_counter()
    trained = train(history, cycle=53)
    learnt = time.perf_counter()
    ahead = AHEAD[period]
    law = predict(trained, weight=np.ones(ahead), season=season[periods : periods + ahead])
    for level in (0.5, 0.8, 0.9, 0.95, 0.98):
        law.quantile(level)
    return learnt - began, time.perf_counter() - learnt


def statsforecast_python() -> str | None:
    return os.environ.get("BENCH_STATSFORECAST") or None


if __name__ == "__main__":
    took = _timed(np.load(sys.argv[1]), sys.argv[2])
    print(f"{took[0]:.2f} s to learn, {took[1]:.2f} s to predict, {peak_megabytes():.0f} MB")
