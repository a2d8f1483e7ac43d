"""Plant ghosts in real demand and see whether the photo de départ finds them.

    python tools/truth_test.py [--data DIR] [--set NAME …] [--seeds 20] [--endings KIND] [--json]

Real series (``truth_series``) are the demand of a shop whose stock is simulated; what is planted
is known, so the estimates of ``backofficine.science.picture.ghosts`` can be judged. They are given
what two exports give and nothing else: sales by period, boxes on record today, the list of national
shortages, and the day of the last full count of the shop.

The protocol:

- **Stock**: each product follows an ordinary (s, S) policy: when record and orders fall to *s* or
  below, order up to *S*; *s* covers the lead time and one period with one standard deviation, *S*
  a month more, from what was asked in the past year and revised each month. What the shelf cannot
  give is lost. Lead time: two days for daily series, one period for weekly and monthly ones.
- **Ghosts**: max(3 %, 60) products. At some instant all the boxes of the shelf go, the record
  stays. The instant is drawn among those since the last full count (a year ago, half of the file if
  it is shorter) at which the record was above *s* with nothing on order (else the shop orders and
  sells again; those that it heals all the same are drawn again), after which something is asked
  (the ghost is what stops the sales), and such that the silence lasts at least three mean
  intervals of the product, measured before it.
- **Dead but present**: a quarter as many. The demand is thinned by a line that falls to zero over
  a time drawn between nothing and half a year, box by box, and ends within the same window, three
  mean intervals or more ago; the record ends above zero.
- **Shortages**: 5 % of the products are not delivered for one to four months that begin at any time
  in the last year; half of these are in the national list (given), half are not.
- **All the rest** is as the real shop had it, with its novelties and seasons: none is a ghost, and
  all that have a record above zero are ranked. Where the real shop had no stock (VN2) demand is
  unknown: no demand, and told as a known shortage.
- **Endings**: a real series that ends is a product that nobody asked for, or that the real shop had
  no more; to give it stock is to invent, and the dead would be far more than the quarter planted.
  So the file ends at four fifths of the series, and the last fifth is the witness: products that
  sell there a third at least of what their rhythm promised are kept (endings *left out*). The same
  with every product (endings *kept*: all that ended is dead, its boxes there) is printed too.
- **Judges**: precision at 20; recall among the first G, G the ghosts planted; calibration of the
  probability over all products held (Brier, expected calibration error over ten equal steps); the
  share of the twenty that the estimate promised, and how often its interval holds. Baselines:
  longest without sale; days without sale divided by the mean interval (from two sales on). Mean of
  the seeds and its 95 % interval (Student).

Structure and constants were chosen on ``CHOOSE`` only; the other sets judge. The target is asked of
endings left out. Exit 2 when the data are not there, 1 when the target is missed.
"""

import argparse
import json
import math
import os
import sys
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
for folder in (str(HERE), str(HERE.parent)):
    if folder not in sys.path:
        sys.path.insert(0, folder)  # a test loads this file by its path
from truth_series import SETS, DataAbsent, Series  # noqa: E402

from backofficine.science.picture import ghosts, shortages  # noqa: E402

CHOOSE = ("carparts", "online-retail-uci")
TOP = 20
TARGET = 0.8
WITNESS = 0.2
# What is sold in the witness is at least the rhythm's promise divided by this.
GOES_ON = 3.0
YEAR_DAYS = 365.0
MONTH_DAYS = 30.4
# 97.5 % quantiles of Student's law, by degrees of freedom.
STUDENT = {1: 12.71, 2: 4.30, 4: 2.78, 9: 2.26, 19: 2.09, 29: 2.05}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


# The shop ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What a shop sold and had on record at the end of each period."""

    sales: Floats
    record: Floats
    on_order: Floats
    minimum: Floats


def run_shop(demand: Floats, *, period_days: float, blocked: Bools, vanish: Ints) -> Run:
    """Simulate the (s, S) policy; the shelf of a product is emptied before the period ``vanish``.

    :param blocked: (n, T) true when the supplier delivers nothing: what comes due waits.
    :param vanish: (n,) period, -1 for never.
    """
    products, periods = demand.shape
    lead = max(1, round(2 / period_days)) if period_days < 7 else 1
    year = max(1, round(YEAR_DAYS / period_days))
    month = max(1, round(MONTH_DAYS / period_days))
    sales, record, asked = (np.zeros_like(demand) for _ in range(3))
    ordered, minima = np.zeros_like(demand), np.zeros_like(demand)
    opening = demand[:, : max(4, 3 * month)]
    low, high = _levels(opening.mean(axis=1), opening.var(axis=1), lead=lead, month=month)
    book, shelf = high.copy(), high.copy()
    due = np.zeros((products, periods + lead + 1))
    for now in range(periods):
        coming = np.where(blocked[:, now], 0.0, due[:, now])
        due[:, now + 1] += due[:, now] - coming
        book += coming
        shelf += coming
        shelf[vanish == now] = 0.0
        sold = np.minimum(demand[:, now], shelf)
        shelf -= sold
        book -= sold
        sales[:, now] = sold
        # Asked for and known to be out, it was noted; asked for in front of a ghost, it was not.
        asked[:, now] = np.where(book > 0, sold, demand[:, now])
        if now >= month and now % month == 0:
            past = asked[:, max(0, now + 1 - year) : now + 1]
            low, high = _levels(past.mean(axis=1), past.var(axis=1), lead=lead, month=month)
        waiting = due[:, now + 1 :].sum(axis=1)
        wanted = np.where(book + waiting <= low, np.maximum(high - book - waiting, 0.0), 0.0)
        due[:, now + lead] += wanted
        record[:, now], ordered[:, now], minima[:, now] = book, waiting + wanted, low
    return Run(sales, record, ordered, minima)


def _levels(mean: Floats, variance: Floats, *, lead: int, month: int) -> tuple[Floats, Floats]:
    cover = lead + 1
    low = np.floor(mean * cover + np.sqrt(variance * cover))
    high = low + np.maximum(1.0, np.ceil(mean * month))
    # What did not sell for a year is not ordered again.
    return np.where(mean > 0, low, -1.0), np.where(mean > 0, high, 0.0)


# What is planted ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A shop with what was planted in it."""

    sales: Floats
    on_hand: Floats
    available: Bools
    is_ghost: Bools
    is_dead: Bools
    lost: Floats
    """(n, T) boxes asked for that a planted shortage made the shop lose."""
    window_days: float


def cut(series: Series, *, endings: bool) -> Series:
    """End the file before its last fifth, which tells which products were still asked for.

    :param endings: keep those that were not.
    """
    periods = series.demand.shape[1]
    today = periods - round(periods * WITNESS)
    before = (series.demand[:, :today] > 0).any(axis=1)
    sold = series.demand > 0
    rate = sold[:, :today].sum(axis=1) / np.maximum(today - sold.argmax(axis=1), 1)
    promised = rate * (periods - today)
    after = sold[:, today:].sum(axis=1) >= np.maximum(promised / GOES_ON, 1.0)
    kept = before if endings else before & after
    return Series(
        series.name,
        series.demand[kept, :today],
        series.period_days,
        None if series.months is None else series.months[:today],
        series.available[kept, :today],
    )


def plant(series: Series, *, seed: int) -> World:
    """Draw one world: shortages, deaths, then ghosts, on different products."""
    draw = np.random.default_rng(seed)
    demand = np.where(series.available, np.round(series.demand), 0.0)
    products, periods = demand.shape
    days = series.period_days
    window = min(round(YEAR_DAYS / days), periods // 2)
    order = draw.permutation(products)
    blocked = np.zeros(demand.shape, dtype=bool)
    available = series.available.copy()
    short, order = order[: round(0.05 * products)], order[round(0.05 * products) :]
    for rank, product in enumerate(short):
        length = max(1, round(draw.uniform(30, 120) / days))
        start = int(draw.integers(max(0, periods - round(YEAR_DAYS / days)), periods))
        blocked[product, start : start + length] = True
        if rank % 2:
            available[product, start : start + length] = False

    wanted = max(math.ceil(0.03 * products), 60)
    vanish = np.full(products, -1)
    first = run_shop(demand, period_days=days, blocked=blocked, vanish=vanish)
    candidates = list(order)
    while candidates and (vanish >= 0).sum() < wanted:
        for _ in range(wanted - int((vanish >= 0).sum())):
            while candidates:
                product = candidates.pop(0)
                instants = _instants(first, demand, int(product), window=window)
                if len(instants):
                    vanish[product] = draw.choice(instants)
                    break
        # A shop that orders again heals its ghost: another is drawn in its place.
        tried = run_shop(demand, period_days=days, blocked=blocked, vanish=vanish)
        gone = np.where(vanish >= 0, vanish, periods)
        after = np.where(np.arange(periods) >= gone[:, None], tried.sales, 0.0)
        vanish[after.any(axis=1)] = -1
    is_ghost = vanish >= 0

    dying, is_dead = demand.copy(), np.zeros(products, dtype=bool)
    goal = round(is_ghost.sum() / 4)
    for product in order[~is_ghost[order]]:
        if is_dead.sum() == goal:
            break
        end = _end(first.sales[product], window=window, draw=draw)
        if end is None:
            continue
        fade = draw.uniform(0, YEAR_DAYS / 2) / days
        kept = np.clip((end - np.arange(periods)) / max(fade, 1e-9), 0.0, 1.0)
        thinned = draw.binomial(demand[product].astype(np.int64), kept).astype(np.float64)
        if not thinned.any():
            continue
        dying[product] = thinned
        is_dead[product] = True

    last = run_shop(dying, period_days=days, blocked=blocked, vanish=vanish)
    on_hand = last.record[:, -1]
    assert (on_hand[is_ghost] > 0).all(), "a ghost must be on record"
    lost: Floats = np.where(blocked, dying - last.sales, 0.0)
    return World(
        last.sales, on_hand, available, is_ghost, is_dead & (on_hand > 0), lost, window * days
    )


def _interval(sales: Floats) -> tuple[float, int]:
    """Mean interval, in periods, and the last period with a sale; infinite below three sales."""
    at = np.flatnonzero(sales)
    if len(at) < 3:
        return math.inf, -1
    return (at[-1] - at[0]) / (len(at) - 1), int(at[-1])


def _instants(run: Run, demand: Floats, product: int, *, window: int) -> Ints:
    """Periods in which the boxes of a product may go unseen for ever, and sales be lost by it."""
    periods = run.sales.shape[1]
    fit = []
    for now in range(periods - window, periods):
        before = now - 1
        if run.record[product, before] <= max(run.minimum[product, before], 0.0):
            continue
        if run.on_order[product, before] > 0:
            continue
        if not demand[product, now:].any():
            continue
        interval, last = _interval(run.sales[product, :now])
        if periods - 1 - last >= 3 * interval:
            fit.append(now)
    return np.array(fit, dtype=np.int64)


def _end(sales: Floats, *, window: int, draw: np.random.Generator) -> int | None:
    """A period, in the window and three mean intervals ago at least, at which demand ends."""
    periods = len(sales)
    interval, _ = _interval(sales)
    latest = periods - math.ceil(3 * interval) if not math.isinf(interval) else -1
    if latest <= periods - window:
        return None
    return int(draw.integers(periods - window, latest))


# What is judged ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """One seed of one set."""

    precision: float
    longest: float
    ratio: float
    recall: float
    recall_longest: float
    recall_ratio: float
    brier: float
    error: float
    promised: float
    covered: float
    """1 when the precision lies in the interval promised for the list."""
    ghosts: int
    dead: int
    held: int
    natural: int
    """Among the twenty: real products neither planted as ghost nor as dead."""
    next_precision: float
    next_promised: float
    next_before: float
    """Of the twenty after those that were counted: found; promised with the counts, and without."""
    shortages_seen: float
    """Share of the planted shortages, of three mean intervals and more, that are told."""
    lost_estimated: float
    """Boxes estimated lost in them, divided by those that were."""
    seconds: float


def judge(series: Series, *, seed: int) -> tuple[Score, Floats, Bools]:
    """Score one world; also the probability of each product held, and the truth."""
    world = plant(series, seed=seed)
    started = time.perf_counter()
    found = _find(series, world)
    seconds = time.perf_counter() - started
    next_precision, next_promised, next_before = _after_counts(series, world, found)
    seen, estimated = _shortages(series, world)
    held = world.on_hand > 0
    longest, ratio = _baselines(world)
    count = int(world.is_ghost.sum())
    chosen = found.ranked()[:TOP]
    promised = ghosts.hit_rate(found, chosen)
    precision = _share(chosen, world.is_ghost)
    chance, truth = found.probability[held], world.is_ghost[held]
    score = Score(
        precision=precision,
        longest=_share(_best(longest, held)[:TOP], world.is_ghost),
        ratio=_share(_best(ratio, held)[:TOP], world.is_ghost),
        recall=_share(found.ranked()[:count], world.is_ghost),
        recall_longest=_share(_best(longest, held)[:count], world.is_ghost),
        recall_ratio=_share(_best(ratio, held)[:count], world.is_ghost),
        brier=float(((chance - truth) ** 2).mean()),
        error=calibration_error(chance, truth),
        promised=promised.value,
        covered=float(promised.low - 1e-9 <= precision <= promised.high + 1e-9),
        ghosts=count,
        dead=int(world.is_dead.sum()),
        held=int(held.sum()),
        next_precision=next_precision,
        next_promised=next_promised,
        next_before=next_before,
        shortages_seen=seen,
        lost_estimated=estimated,
        natural=int((~world.is_ghost & ~world.is_dead)[chosen].sum()),
        seconds=seconds,
    )
    return score, chance, truth


def _find(series: Series, world: World, *, counts: dict[int, int] | None = None) -> ghosts.Ghosts:
    return ghosts.find_ghosts(
        world.sales,
        world.on_hand,
        period_days=series.period_days,
        available=world.available,
        months=series.months,
        counted_days_ago=world.window_days,
        counts=counts,
    )


def _after_counts(series: Series, world: World, found: ghosts.Ghosts) -> tuple[float, float, float]:
    """Count the first twenty, then judge the twenty that come next."""
    counts = {
        int(product): 0 if world.is_ghost[product] else int(world.on_hand[product])
        for product in found.ranked()[:TOP]
    }
    again = _find(series, world, counts=counts)
    after = np.array([one for one in again.ranked() if int(one) not in counts][:TOP], dtype=int)
    if not len(after):
        return math.nan, math.nan, math.nan
    return (
        _share(after, world.is_ghost),
        float(again.probability[after].mean()),
        float(found.probability[after].mean()),
    )


def _shortages(series: Series, world: World) -> tuple[float, float]:
    """Share of the planted shortages that are told, and boxes estimated per box really lost."""
    told = shortages.find_shortages(
        world.sales,
        world.on_hand,
        period_days=series.period_days,
        months=series.months,
        national=~world.available,
    )
    lost = world.lost > 0
    long = lost.sum(axis=1) >= 3
    # A product with a rhythm: six sales or more outside.
    long &= (world.sales > 0).sum(axis=1) >= shortages.CLEAR
    year = max(1, round(YEAR_DAYS / series.period_days))
    real = world.lost[long, -year:].sum()
    if not real:
        return math.nan, math.nan
    months = min(world.sales.shape[1] * series.period_days, YEAR_DAYS) / MONTH_DAYS
    guessed = (told.lost_per_month + told.national_per_month)[long].sum() * months
    return float(((told.gaps > 0) | told.out_now)[long].mean()), float(guessed / real)


def _baselines(world: World) -> tuple[Floats, Floats]:
    """Periods without sale; the same in mean intervals."""
    periods = world.sales.shape[1]
    sold = world.sales > 0
    ever = sold.any(axis=1)
    last = np.where(ever, periods - 1 - sold[:, ::-1].argmax(axis=1), -1)
    silent = (periods - 1 - last).astype(np.float64)
    events = sold.sum(axis=1)
    interval = (last - sold.argmax(axis=1)) / np.maximum(events - 1, 1)
    return silent, np.where(events >= 2, silent / np.maximum(interval, 1e-9), -1.0)


def _best(score: Floats, held: Bools) -> Ints:
    order = np.argsort(-score, kind="stable")
    return order[held[order]]


def _share(chosen: Ints, truth: Bools) -> float:
    return float(truth[chosen].mean()) if len(chosen) else 0.0


def calibration_error(chance: Floats, truth: Bools) -> float:
    """Expected calibration error over ten equal steps of probability."""
    step = np.minimum((chance * 10).astype(int), 9)
    return float(
        sum(
            abs(chance[step == k].mean() - truth[step == k].mean()) * (step == k).mean()
            for k in range(10)
            if (step == k).any()
        )
    )


def reliability(chance: Floats, truth: Bools) -> list[dict[str, float]]:
    """Promised and found, by step of probability."""
    edges = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0001)
    rows = []
    for low, high in pairwise(edges):
        inside = (chance >= low) & (chance < high)
        if inside.any():
            rows.append(
                {
                    "from": low,
                    "to": min(high, 1.0),
                    "products": int(inside.sum()),
                    "promised": float(chance[inside].mean()),
                    "found": float(truth[inside].mean()),
                }
            )
    return rows


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % interval."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    quantile = STUDENT.get(len(values) - 1, 1.96 + 2.4 / (len(values) - 1))
    return mean, quantile * deviation / math.sqrt(len(values))


# The report --------------------------------------------------------------------------------------


def measure(series: Series, *, seeds: int) -> dict[str, object]:
    scores, chances, truths = [], [], []
    for seed in range(seeds):
        score, chance, truth = judge(series, seed=seed)
        scores.append(asdict(score))
        chances.append(chance)
        truths.append(truth)
    result: dict[str, object] = {
        "set": series.name,
        "role": "choose" if series.name in CHOOSE else "judge",
        "products": len(series.demand),
        "periods": series.demand.shape[1],
        "reliability": reliability(np.concatenate(chances), np.concatenate(truths)),
    }
    for name in scores[0]:
        values = [float(score[name]) for score in scores]
        mean, half = interval([value for value in values if not math.isnan(value)] or [math.nan])
        result[name] = [None if math.isnan(one) else round(one, 4) for one in (mean, half)]
    best = max(("longest", "ratio"), key=lambda name: result[name][0])  # type: ignore[index]
    gains = [score["precision"] - score[best] for score in scores]
    result["best_baseline"] = best
    result["gain"] = [round(value, 4) for value in interval(gains)]
    reached = result["precision"][0] >= TARGET  # type: ignore[index]
    result["reached"] = bool(reached and result["gain"][0] > 0)  # type: ignore[index]
    return result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = os.environ.get("BACKOFFICINE_TEST_DATA", str(HERE.parent.parent / "shared/data"))
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--set", action="append", choices=sorted(SETS), dest="sets")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--endings", choices=("out", "kept"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = []
    for name in options.sets or SETS:
        try:
            series = SETS[name](options.data)
        except DataAbsent as error:
            print(f"truth test: {error}; give the folder with --data", file=sys.stderr)
            return 2
        for endings in (False, True) if options.endings is None else (options.endings == "kept",):
            result = measure(cut(series, endings=endings), seeds=options.seeds)
            result["endings"] = "kept" if endings else "left out"
            results.append(result)
    print(json.dumps(results, indent=1) if options.json else report(results))
    judged = [result for result in results if result["endings"] == "left out"]
    return 0 if all(result["reached"] for result in judged) else 1


def report(results: list[dict]) -> str:  # type: ignore[type-arg]
    """Markdown: one table, then a reliability diagram by set."""

    def told(value: list[float | None]) -> str:
        if value[0] is None:
            return "-"
        return f"{value[0]:.2f}" if value[1] is None else f"{value[0]:.2f} ± {value[1]:.2f}"

    heads = (
        "set | role | endings | held | ghosts | dead | precision at 20 | longest silent"
        " | silence ÷ interval | gain | recall (longest, ratio) | Brier | ECE | promised"
        " | interval holds | next 20 after counts (promised, before) | shortages seen, boxes"
        " | reached"
    )
    lines = [
        f"| {heads} |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results:
        cells = (
            one["set"],
            one["role"],
            one["endings"],
            *(f"{one[name][0]:.0f}" for name in ("held", "ghosts", "dead")),
            *(told(one[name]) for name in ("precision", "longest", "ratio", "gain")),
            f"{told(one['recall'])} ({one['recall_longest'][0]:.2f}, {one['recall_ratio'][0]:.2f})",
            f"{one['brier'][0]:.3f}",
            f"{one['error'][0]:.3f}",
            told(one["promised"]),
            f"{one['covered'][0]:.2f}",
            told(one["next_precision"])
            + f" ({told(one['next_promised'])}, {told(one['next_before'])})",
            f"{told(one['shortages_seen'])}, {told(one['lost_estimated'])}",
            "yes" if one["reached"] else "no",
        )
        lines.append(f"| {' | '.join(cells)} |")
    for one in results:
        lines += ["", f"### {one['set']}, endings {one['endings']}: promised and found", "", "```"]
        for row in one["reliability"]:
            bar = "█" * round(20 * row["found"])
            lines.append(
                f"{row['from']:.2f}-{row['to']:.2f} {row['products']:7d} promised"
                f" {row['promised']:.3f} found {row['found']:.3f} {bar}"
            )
        lines.append("```")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
