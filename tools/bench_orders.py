"""``make bench-orders``: is the order engine worth it, and does it tell the truth?

    python tools/bench_orders.py [--data DIR] [--only PART …] [--seeds 5] [--json FILE]
    python tools/bench_orders.py --release NAME     runs the last eight weeks of VN2, once

Parts: ``vn2`` (earlier origins), ``sets``, ``calibration``, ``speed``. Every table is
read on periods that nothing was tuned on, except VN2's earlier origins, which are for tuning: its
last eight weeks are run once per candidate release, by ``--release``, and each run is written in
``docs/benchmarks.md``. Status 1 if a goal is missed, 2 if the data are not there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # started by its path

from tools.orders import calibrate, engine, release, sets, speed, trial, vn2  # noqa: E402
from tools.truth_series import DataAbsent  # noqa: E402

VN2_GOAL = 0.85
SETS_GOAL, NEVER_ABOVE = 0.90, 1.0
SPEED_GOAL = 5.0


@dataclass
class Report:
    """What was measured, and what missed its goal."""

    seeds: list[int]
    data: dict[str, Any] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def goal(self, name: str, met: bool) -> str:
        if not met:
            self.missed.append(name)
        return "ok" if met else "MISSED"


def title(text: str) -> None:
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


# VN2 ---------------------------------------------------------------------------------------------


def show_vn2(report: Report, folder: Path) -> None:
    challenge = vn2.load(folder)
    title("VN2, earlier origins: cost of weeks 3–8, ratio to the published benchmark")
    rolled = vn2.rolling(engine.ours, challenge=challenge)
    for each in rolled:
        print(
            f"  {each.first_week}  ours {each.cost:8.1f}  benchmark {each.benchmark:8.1f}  "
            f"ratio {each.ratio:.3f}   left {each.left:7.0f}  lost {each.lost:6.0f}"
        )
    ratio = vn2.pooled(rolled)
    print(f"  all together: {ratio:.3f}  (goal of the last eight weeks ≤ {VN2_GOAL})")
    print("  no seed: neither the demand nor the policy is drawn anew")
    report.data["vn2_rolling"] = {
        "pooled": ratio,
        "origins": {str(each.first_week): each.ratio for each in rolled},
    }


def run_release(report: Report, folder: Path, *, name: str) -> None:
    challenge = vn2.load(folder)
    title("VN2, the last eight weeks")
    ours = vn2.play(engine.ours, challenge=challenge)
    theirs = vn2.play(vn2.benchmark, challenge=challenge)
    scored = slice(vn2.FIRST_SCORED - 1, None)
    ratio = vn2.score(ours) / vn2.score(theirs)
    for week in range(vn2.WEEKS):
        print(
            f"  week {week + 1}  ours {ours.cost()[:, week].sum():7.1f}  "
            f"benchmark {theirs.cost()[:, week].sum():7.1f}"
        )
    ranges = [
        trial.resampled(
            ours.cost()[:, scored].sum(axis=1), theirs.cost()[:, scored].sum(axis=1), seed=seed
        )
        for seed in report.seeds
    ]
    low, high = np.mean(ranges, axis=0)
    print(
        f"  weeks 3–8: {vn2.score(ours):.1f} / {vn2.score(theirs):.1f} = {ratio:.3f}  "
        f"[{low:.3f}–{high:.3f}]  {report.goal('VN2', ratio <= VN2_GOAL)}"
    )
    row = release.record(
        ROOT / "docs/benchmarks.md", name=name, cost=vn2.score(ours), ratio=ratio, folder=ROOT
    )
    print(f"  written in docs/benchmarks.md: {row}")
    report.data["vn2"] = {"cost": vn2.score(ours), "ratio": ratio}


# The other sets ----------------------------------------------------------------------------------


def show_sets(report: Report, folder: Path) -> None:
    for name, load in sets.TRIALS.items():
        judged = load(folder)
        for costs in trial.COSTS:
            began = time.perf_counter()
            table = trial.judge(engine.ours, trial=judged, costs=costs)
            title(
                f"{name}, {judged.demand.products:,} products: {costs}; lead time "
                f"{judged.rules.lead}, review {judged.rules.review}, last {judged.held_back} "
                f"{judged.demand.period}s"
            )
            _print_rows(table)
            ranges = [table.interval(seed=seed) for seed in report.seeds]
            low, high = np.mean(ranges, axis=0)
            word = report.goal(f"{name} ({costs})", table.ratio <= SETS_GOAL)
            if table.ratio > NEVER_ABOVE:
                word += ", above 1"
            seeds = f"{report.seeds[0]}–{report.seeds[-1]}"
            print(
                f"  ratio to the best, {table.best_usual.name}: {table.ratio:.3f}  "
                f"[{low:.3f}–{high:.3f}, products drawn again, seeds {seeds}]  {word}"
            )
            print(
                f"  to the best when all are tuned, {table.best_tuned.name}: "
                f"{table.hardest_ratio:.3f}   ({time.perf_counter() - began:.0f} s)"
            )
            report.data.setdefault("sets", {})[f"{name}, {costs}"] = {
                "ratio": table.ratio,
                "interval": [low, high],
                "best": table.best_usual.name,
                "hardest_ratio": table.hardest_ratio,
                "best_tuned": table.best_tuned.name,
            }


def _print_rows(table: trial.Table) -> None:
    best = table.best_usual.total
    print(
        f"  {'policy':34}  {'number':>7}  {'cost':>11}  {'ratio':>6}  {'served':>7}  {'stock':>9}"
    )
    tuned = [(row, "tuned: ") for row in table.tuned if row not in table.usual]
    for row, mark in [*((row, "") for row in table.usual), *tuned, (table.ours, "")]:
        number = "" if row.number is None else f"{row.number:.3f}"
        print(
            f"  {mark + row.name:34}  {number:>7}  {row.total:11,.0f}  {row.total / best:6.3f}  "
            f"{row.fill_rate:7.1%}  {row.left:9,.0f}"
        )


# Calibration -------------------------------------------------------------------------------------


def show_calibration(report: Report, folder: Path) -> None:
    title("Calibration on held-back periods (randomised PIT, mean of the seeds)")
    centres = "  ".join(f"{share:4.0%}" for share in calibrate.CENTRES)
    levels = "  ".join(f"{level:5.1%}" for level in calibrate.LEVELS)
    print(f"  {'set':20} {'ahead':>9} {'laws':>7}   central {centres}   above {levels}")
    for each in calibrate.all_sets(folder, seeds=report.seeds):
        met = each.is_calibrated()
        central = "  ".join(f"{share:4.0%}" for share in each.central)
        above = "  ".join(f"{share:5.1%}" for share in each.above)
        print(
            f"  {each.set:20} {each.ahead:>9} {each.laws:7,}           {central}         {above}"
            f"   {report.goal(f'calibration {each.set} {each.ahead}', met)}"
        )
        report.data.setdefault("calibration", []).append(
            {"set": each.set, "ahead": each.ahead, "central": each.central, "above": each.above}
        )


# Speed -------------------------------------------------------------------------------------------


def show_speed(report: Report, _folder: Path) -> None:
    seed = report.seeds[0]
    title(f"Learning and predicting two years of days (seed {seed})")
    for step in speed.scaling(seed=seed):
        print(
            f"  {step.products:6,} products: {step.train:6.2f} s to learn, {step.predict:5.2f} s "
            "to predict and read five quantiles; "
            f"{1e3 * step.train / step.products:.2f} ms a product"
        )
        report.data.setdefault("scaling", []).append(
            {"products": step.products, "train": step.train, "predict": step.predict}
        )
    python = speed.statsforecast_python()
    title(f"Whole processes beside statsforecast (CrostonSBA + TSB), by turns, seed {seed}")
    if python is None:
        print("  not run: it is no dependency. To compare:")
        print("  python3 -m venv DIR && DIR/bin/pip install statsforecast")
        print("  BENCH_STATSFORECAST=DIR/bin/python make bench-orders ARGS='--only speed'")
        return
    for products, periods in (speed.WEEKLY, speed.DAILY):
        fought = speed.duel(products, periods, seed=seed, python=python)
        met = report.goal(f"speed, {fought.series}", fought.ratio >= SPEED_GOAL)
        print(
            f"  {fought.series}: ours {_seconds(fought.ours)}, theirs {_seconds(fought.theirs)}: "
            f"{fought.ratio:.1f} times faster  {met}"
        )
        report.data.setdefault("duels", {})[fought.series] = fought.ratio


def _seconds(values: list[float]) -> str:
    return f"{np.median(values):.2f} s ({min(values):.2f}–{max(values):.2f})"


PARTS = {
    "vn2": show_vn2,
    "sets": show_sets,
    "calibration": show_calibration,
    "speed": show_speed,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=vn2.data_folder())
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--release", metavar="NAME")
    options = parser.parse_args()
    report = Report(seeds=list(range(1, options.seeds + 1)))
    began = time.perf_counter()
    try:
        if options.release:
            run_release(report, options.data, name=options.release)
        else:
            for part in options.only:
                PARTS[part](report, options.data)
    except DataAbsent as absent:
        print(f"{absent}. Give the folder of the shared data by --data.")
        return 2
    print(f"\n{time.perf_counter() - began:.0f} s. Goals missed: {len(report.missed)}")
    for name in report.missed:
        print(f"  {name}")
    if options.json:
        options.json.write_text(json.dumps(report.data, indent=2), encoding="utf-8")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
