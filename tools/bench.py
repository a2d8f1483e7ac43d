"""``make bench``: every line on SQLite and PostgreSQL, beside the same work in plain SQL.

The databases of five million moves are made once and kept under ``var/bench`` (``--fresh`` makes
them again). ``--sqlite`` or ``--postgresql`` alone; ``--quick`` measures little; ``--json``
writes the report for programs. Status 1 if a goal is not met.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from private_postgresql import binaries, can_live_in, is_root, running

ROOT = Path(__file__).resolve().parent.parent


def kept_folder() -> Path:
    """Where the bench keeps its databases."""
    data = os.environ.get("BACKOFFICINE_DATA_DIR")
    return (Path(data) if data else ROOT / "var") / "bench"


@contextmanager
def sqlite(folder: Path) -> Iterator[dict[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    yield {"BACKOFFICINE_DATA_DIR": str(folder)}


@contextmanager
def postgresql(folder: Path) -> Iterator[dict[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    cluster = folder / "cluster"
    if is_root():
        # The data folder is closed to others; the cluster's owner only walks through.
        for parent in (folder, folder.parent, folder.parent.parent):
            parent.chmod(parent.stat().st_mode | 0o011)
        if not can_live_in(folder):
            cluster = Path(tempfile.gettempdir()) / "backofficine-bench-cluster"
    with running(cluster) as url:
        yield {"BACKOFFICINE_DATA_DIR": str(folder), "DATABASE_URL": url}


@contextmanager
def empty(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A database of its own beside the other, for the catalogue; thrown away."""
    with tempfile.TemporaryDirectory(prefix="backofficine-bench-") as folder:
        url = environment.get("DATABASE_URL")
        if url is None:
            yield {"BACKOFFICINE_DATA_DIR": folder}
            return
        user, host = url.removeprefix("postgres://").split("@/postgres?host=")
        words = f"host={host} user={user} dbname=postgres"
        with psycopg.connect(words, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS bench_catalogue")
            connection.execute("CREATE DATABASE bench_catalogue")
            yield {
                "BACKOFFICINE_DATA_DIR": folder,
                "DATABASE_URL": url.replace("@/postgres?", "@/bench_catalogue?"),
            }
            connection.execute("DROP DATABASE bench_catalogue WITH (FORCE)")


def measure(environment: dict[str, str], words: list[str]) -> list[dict[str, Any]]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "BACKOFFICINE_SQLITE_SYNCHRONOUS"}
    }
    program = [sys.executable, "-m", "bench", *words]
    done = subprocess.run(
        program, cwd=ROOT, env=clean | environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the bench stopped with status {done.returncode}")
    return json.loads(done.stdout) if done.stdout.strip() else []


def show(name: str, lines: list[dict[str, Any]]) -> None:
    print(f"\n{name}")
    head = f"{'':46} {'min':>9} {'p50':>9} {'p95':>9} {'p99':>9} {'max':>9}"
    print(f"{head} {'plain p50':>10} {'ratio':>6}  goal")
    for line in lines:
        ours = "".join(f" {line['ours'][key]:9.1f}" if line["unit"] == "/s"
                       else f" {line['ours'][key]:9.2f}"
                       for key in ("min", "p50", "p95", "p99", "max"))  # fmt: skip
        plain = f"{line['plain']['p50']:10.2f}" if line["plain"] else " " * 10
        ratio = f"{line['ratio']:6.2f}" if line["ratio"] else " " * 6
        sign = "≥" if line["unit"] == "/s" else "≤"
        goals = [f"{key} {sign} {limit:g}" for key, limit in line["goal"].items()]
        if line["least_ratio"]:
            goals.append(f"ratio ≥ {line['least_ratio']:g}")
        mark = "" if not goals else (" met" if line["met"] else " NOT MET")
        label = f"{line['name']} ({line['unit']})"
        print(f"{label:46}{ours} {plain} {ratio}  {', '.join(goals)}{mark}")
        if line["note"]:
            print(f"    {line['note']}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--moves", type=int, default=0)
    parser.add_argument("--only", choices=["pages", "ledger", "receipts", "catalogue", "ordering"])
    options = parser.parse_args()
    both = options.sqlite == options.postgresql
    words = ["--quick"] if options.quick else []
    words += ["--moves", str(options.moves)] if options.moves else []
    words += ["--only", options.only] if options.only else []

    began, report = time.monotonic(), {}
    for name, wanted, database in (
        ("SQLite", options.sqlite or both, sqlite),
        ("PostgreSQL", options.postgresql or both, postgresql),
    ):
        if not wanted:
            continue
        if name == "PostgreSQL" and binaries() is None:
            print("NO POSTGRESQL: not measured. Install Debian's package “postgresql”.")
            continue
        folder = kept_folder() / name.lower()
        if options.fresh:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"{name}\n")
        with database(folder) as environment:
            report[name] = measure(environment, words)
            with empty(environment) as other:
                report[name] += measure(other, [*words, "--part", "catalogue"])
            with empty(environment) as other:
                report[name] += measure(other, [*words, "--part", "ordering"])
        if not options.json:
            show(name, report[name])
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        print(f"\n{time.monotonic() - began:.0f} s. Both sides are measured in turns, A B A B.")
    return 0 if all(line["met"] for lines in report.values() for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
