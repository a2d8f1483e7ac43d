"""The supplier mix on ten invented instances, beside HiGHS on the textbook formulation.

``python tools/bench_mix.py [--seeds 1-10] [--textbook SECONDS] [--demanding]``: one line per seed.
The textbook formulation runs in a process of its own, killed if HiGHS outlives its time limit.
Status 1 if a gap is above a thousandth, if it took more than five seconds, or if it is dearer.
"""

import argparse
import multiprocessing
import sys
import time

from mix_instances import instance

from backofficine.science.mix.bill import bill
from backofficine.science.mix.solve import best_mix
from backofficine.science.mix.textbook import textbook

GAP, SECONDS = 1e-3, 5.0


def textbook_cost(seed: int, seconds: float, demanding: bool) -> tuple[float, float]:
    """(cost, gap) of the best answer of the textbook formulation; infinite if it found none."""
    drawn = instance(seed, demanding=demanding)
    paid, bound = textbook(drawn, gap=GAP, seconds=seconds)
    if paid is None:
        return float("inf"), float("inf")
    cost = bill(drawn, paid.tolist()).total
    return cost, (cost - bound) / cost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-10")
    parser.add_argument("--textbook", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--demanding", action="store_true")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    # HiGHS is loaded once, before the clock starts.
    best_mix(instance(0, suppliers=2, products=5))
    print("seed      cost     bound      gap   wall    cpu nodes  textbook   its gap  ratio")
    good = True
    for seed in range(int(first), int(last or first) + 1):
        drawn = instance(seed, demanding=options.demanding)
        wall, cpu = time.perf_counter(), time.process_time()
        mix = best_mix(drawn, gap=GAP, seconds=60.0)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        good &= mix.gap <= GAP and wall <= SECONDS
        line = (
            f"{seed:4d} {mix.cost:9.2f} {mix.bound:9.2f} {mix.gap:8.5f} {wall:6.2f} {cpu:6.2f} "
            f"{mix.nodes:5d}"
        )
        if options.textbook:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                work = pool.apply_async(textbook_cost, (seed, options.textbook, options.demanding))
                try:
                    cost, gap = work.get(timeout=options.textbook * 2 + 30)
                except multiprocessing.TimeoutError:
                    cost, gap = float("inf"), float("inf")
            good &= mix.cost <= cost
            line += f" {cost:9.2f} {gap:9.5f} {mix.cost / cost:6.4f}"
        print(line, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
