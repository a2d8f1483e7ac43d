"""One order on files: the quantity that costs least, given what is on hand and on its way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from backofficine.science.demand.history import Floats, History, Ints
from backofficine.science.demand.training import Trained, predict, train

SCENARIOS = 1000
SEED = 20240415
# Cells of scenario computed at once: products × scenarios × periods.
CELLS = 1 << 22


def plan(
    history: History,
    *,
    on_hand: Ints,
    arriving: Ints,
    holding_cost: float,
    shortage_cost: float,
    lead_time: int,
    review: int,
    cycle: int,
    weight_ahead: Floats | None = None,
    season_ahead: Ints | None = None,
) -> Ints:
    """(n,) units to order now, for the least expected cost of the periods this order answers for.

    Each period: what arrives at its start is added, demand takes what it can, the rest is lost
    (``shortage_cost`` a unit); what is left at its end costs ``holding_cost`` a unit. An order
    placed now is available at the start of period ``lead_time + 1`` and answers for ``review``
    periods, until the next one is. ``arriving`` is (n, A): column *k* comes at the start of period
    *k + 1*. The stock that the order will find is itself random: scenarios of demand run through
    the lost-sales recursion *I ← (I + arrivals − D)⁺* (Zipkin, *Old and New Methods for Lost-Sales
    Inventory Systems*, Operations Research 56, 2008: the myopic policy on the full pipeline).
    The same arguments always give the same quantities.

    ``weight_ahead`` and ``season_ahead`` tell the (at least ``lead_time + review``) periods to come
    as :class:`History` tells the past ones; by default normal periods that follow in the cycle.
    """
    assert lead_time >= 0, "an order cannot arrive before it is placed"
    assert review >= 1, "an order answers for one period at least"
    n = len(history)
    horizon = lead_time + review
    trained = train(history, cycle=cycle)
    season = (history.season[-1] + 1 + np.arange(horizon)) % cycle
    if season_ahead is not None:
        season = season_ahead[:horizon]
    weight = np.ones(horizon) if weight_ahead is None else weight_ahead[:horizon]
    arrivals = np.zeros((n, horizon), dtype=np.int64)
    taken = min(arriving.shape[1], horizon)
    arrivals[:, :taken] = arriving[:, :taken]

    quantity = np.zeros(n, dtype=np.int64)
    rng = np.random.default_rng(SEED)
    chunk = max(1, CELLS // (SCENARIOS * horizon))
    for start in range(0, n, chunk):
        rows = np.arange(start, min(start + chunk, n))
        demand = scenarios(trained, rows=rows, weight=weight, season=season, rng=rng)
        stock = np.broadcast_to(on_hand[rows, None], (len(rows), SCENARIOS))
        for period in range(lead_time):
            stock = np.maximum(stock + arrivals[rows, period, None] - demand[:, period], 0)
        quantity[rows] = _cheapest(
            stock,
            demand=demand[:, lead_time:],
            arrivals=arrivals[rows, lead_time:],
            holding_cost=holding_cost,
            shortage_cost=shortage_cost,
        )
    return quantity


def scenarios(
    trained: Trained, *, rows: Ints, weight: Floats, season: Ints, rng: np.random.Generator
) -> Ints:
    """(rows, periods, SCENARIOS) demands drawn period by period from the trained laws.

    A scenario keeps one level for all its periods: the doubt on the level does not average out.
    """
    periods = len(weight)
    doubt = np.maximum(trained.doubt[rows], 1e-6)
    level = rng.gamma(1 / doubt[:, None], doubt[:, None], (len(rows), SCENARIOS))
    level *= rng.random((len(rows), SCENARIOS)) >= trained.quiet[rows, None]
    result = np.empty((len(rows), periods, SCENARIOS), dtype=np.int64)
    for period in range(periods):
        law = predict(trained, weight=weight[period : period + 1], season=season[period, None])
        mean = law.mean[rows, 0, None] * level
        spread = np.maximum(trained.spread[rows, None], 1e-6)
        # Gamma of mean m and variance m·spread, then Poisson: variance m·(1 + spread).
        result[:, period] = rng.poisson(rng.gamma(mean / spread + 1e-12) * spread)
    return result


def _cheapest(
    stock: Ints,
    *,
    demand: Ints,
    arrivals: Ints,
    holding_cost: float,
    shortage_cost: float,
) -> Ints:
    """(n,) the least quantity whose next unit costs more to hold than it saves.

    The next unit stays until the first period that runs short: it is held in each period before,
    saves one shortage there if there is one, and is held to the end otherwise.
    """
    periods = demand.shape[1]
    low = np.zeros(len(stock), dtype=np.int64)
    high = demand.sum(axis=1).max(axis=1) + 1
    while (low < high).any():
        middle = (low + high) // 2
        left = stock + middle[:, None]
        kept = np.ones(left.shape, dtype=bool)
        gain: npt.NDArray[np.float64] = np.zeros(left.shape)
        for period in range(periods):
            left = left + arrivals[:, period, None] - demand[:, period]
            short = left < 0
            gain += np.where(kept & short, shortage_cost, 0.0)
            kept &= ~short
            gain -= np.where(kept, holding_cost, 0.0)
            left = np.maximum(left, 0)
        worth = gain.mean(axis=1) > 0
        low = np.where(worth & (low < high), middle + 1, low)
        high = np.where(~worth & (low < high), middle, high)
    return low
