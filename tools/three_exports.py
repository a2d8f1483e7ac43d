"""Three invented exports of one pharmacy, and the seconds `starting-picture` takes on each.

Run from the repository: ``python tools/three_exports.py DIR [--references 8000] [--months 24]``.
The files stay in DIR, to be dropped in the browser. The limit is 20 s of computing on one core.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.invented import as_columns_of_months, as_lines, as_workbooks, invent  # noqa: E402

LIMIT_SECONDS = 20.0
AS_OF = date(2026, 1, 31)
NATIONAL_SHARE = 0.75  # of the references; the rest is of the counter, with codes of its own
WRITERS = {
    "lines": (as_lines, "csv"),
    "months": (as_columns_of_months, "csv"),
    "workbooks": (as_workbooks, "xlsx"),
}


def main() -> int:
    """Write the files, take the three pictures, print the seconds; 1 if one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--references", type=int, default=8000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20260131)
    parser.add_argument("--bdpm", type=Path, action="append", default=[])
    parser.add_argument("--purchases", action="store_true")
    parser.add_argument("--only", choices=sorted(WRITERS))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    pharmacy = invent(
        seed=options.seed, references=options.references, months=options.months,
        as_of=AS_OF, known=_known(options.bdpm, seed=options.seed, references=options.references),
    )  # fmt: skip
    slow = False
    for name, (write, kind) in WRITERS.items():
        if options.only not in (None, name):
            continue
        files = write(pharmacy, purchases=options.purchases)
        words = []
        for what in ("stock", "sales", "purchases"):
            data = getattr(files, what)
            if data:
                path = options.folder / f"{name}-{what}.{kind}"
                path.write_bytes(data)
                words += ["--purchases", str(path)] if what == "purchases" else [str(path)]
        words += [word for folder in options.bdpm for word in ("--bdpm", str(folder))]
        seconds, report = _timed(words, folder=options.folder)
        slow |= seconds > LIMIT_SECONDS
        totals = report["totals"]
        sys.stdout.write(
            f"{name:<10} {seconds:6.1f} s   {totals['references']} references, "
            f"{sum(file['lines'] for file in report['files'])} lines, "
            f"{sum(file['rejected'] for file in report['files'])} left out\n"
        )
        sys.stdout.flush()
    return int(slow)


def _known(folders: list[Path], *, seed: int, references: int) -> list[tuple[str, str]]:
    """Codes and names of the last edition, drawn among those a pharmacy may hold."""
    if not folders:
        return []
    from backofficine.formats.bdpm import read_folder

    edition = read_folder(folders[-1])
    names = {one.cis: one.name for one in edition.specialities}
    boxes = [
        (box.cip13, names[box.cis][:60])
        for box in edition.presentations
        if box.cis in names and (box.price is None or box.price < 500)
    ]
    dice = np.random.default_rng(seed)
    chosen = dice.permutation(len(boxes))[: int(references * NATIONAL_SHARE)]
    return [boxes[place] for place in chosen]


def _timed(words: list[str], *, folder: Path) -> tuple[float, dict]:  # type: ignore[type-arg]
    """The whole command, the start of Python and the reading of the files included, on one core."""
    environment = {**os.environ, "BACKOFFICINE_DATA_DIR": str(folder / "no-database")}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "backofficine", "starting-picture", *words, "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - began, json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
