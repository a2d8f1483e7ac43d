"""Write the exports of an invented pharmacy, as three programs would, to try the photo de départ.

``python tools/invent_exports.py FOLDER`` makes ``FOLDER/lines``, ``FOLDER/months`` and
``FOLDER/workbooks``; the same options write the same bytes.
"""

import argparse
import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.invented import as_columns_of_months, as_lines, as_workbooks, invent  # noqa: E402

STYLES = {
    "lines": (as_lines, "csv"),
    "months": (as_columns_of_months, "csv"),
    "workbooks": (as_workbooks, "xlsx"),
}


def main() -> None:
    """Read the options, write the files."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--references", type=int, default=8_000)
    options.add_argument("--months", type=int, default=24)
    options.add_argument("--known", type=Path, help="codes and labels to use first, « code;label »")
    options.add_argument("--purchases", action="store_true")
    asked = options.parse_args()
    known: list[tuple[str, str]] = []
    if asked.known:
        with asked.known.open(encoding="utf-8", newline="") as lines:
            known = [(row[0], row[1]) for row in csv.reader(lines, delimiter=";") if len(row) > 1]
    pharmacy = invent(
        seed=asked.seed, references=asked.references, months=asked.months, known=known
    )
    for name, (write, suffix) in STYLES.items():
        folder = asked.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        files = write(pharmacy, purchases=asked.purchases)
        for what in ("stock", "sales", "purchases"):
            if data := getattr(files, what):
                path = folder / f"{what}.{suffix}"
                path.write_bytes(data)
                print(f"{path}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
