"""Measure every line on the database of ``DATABASE_URL`` and write them as JSON.

``--build`` only makes the database. ``--quick`` measures little, to see that everything runs.
``--only`` measures one part.
"""

import argparse
import json
import os
import sys

import django


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--moves", type=int, default=0)
    parser.add_argument("--part", choices=["shop", "catalogue", "ordering"], default="shop")
    parser.add_argument("--only", choices=["pages", "ledger", "receipts", "catalogue", "ordering"])
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backofficine.config.settings")
    django.setup()

    from bench import base, catalogue, ledger, ordering, pages, receipts

    if options.part == "catalogue":
        parts = [catalogue]
    elif options.part == "ordering":
        parts = [ordering]
    else:
        base.build(moves=options.moves or base.MOVES)
        # The pages first: they show a working day, not what the other lines leave behind.
        parts = [pages, ledger, receipts]
    if options.build:
        return 0
    measured = []
    for part in parts:
        if options.only and part.__name__ != f"bench.{options.only}":
            continue
        for line in part.lines(quick=options.quick):
            base.say(f"{line.name}: measured")
            measured.append(line.as_dict())
    sys.stdout.write(json.dumps(measured, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
