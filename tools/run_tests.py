"""Run every test on SQLite, then on a private PostgreSQL: ``make test``.

What follows goes to pytest: ``make test ARGS="-k promise"``. ``--sqlite`` or ``--postgresql`` alone
runs one database. Missing helpers (PostgreSQL, Chromium) are installed with apt when root; else
what cannot run is said loudly and counted. ``WORKERS`` (default 2) is the number of processes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from private_postgresql import binaries, is_root, running

ROOT = Path(__file__).resolve().parent.parent
SKIPS = re.compile(r"^SKIPS +(\d+)  (.*)$")
NO_TESTS_CHOSEN = 5  # pytest's status when -k left nothing


def say(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def install(*packages: str) -> bool:
    """Install Debian packages when allowed; tells whether it worked."""
    if not (is_root() and shutil.which("apt-get")):
        return False
    say(f"apt-get install {' '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for attempt in (["apt-get", "update", "-qq"], None):
        done = subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return True
        if attempt:
            subprocess.run(attempt, env=quiet, stdout=subprocess.DEVNULL, check=False)
    return (
        subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode == 0
    )


def chromium() -> str | None:
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return shutil.which("chromium") or shutil.which("chromium-browser")


def run_pytest(arguments: list[str], environment: dict[str, str]) -> tuple[int, str, Counter[str]]:
    """Run pytest and show it; returns its status, its closing line, and the skips by reason."""
    closing, skips = "pytest said nothing", Counter[str]()
    # The tests choose their database and settings themselves.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL"
        and (not name.startswith("BACKOFFICINE_") or name == "BACKOFFICINE_TEST_DATA")
    }
    with (
        tempfile.TemporaryDirectory(prefix="backofficine-test-") as folder,
        subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env=kept | {"BACKOFFICINE_DATA_DIR": folder} | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None, "it is a pipe"
        for line in process.stdout:
            print(line, end="", flush=True)
            match = SKIPS.match(line)
            if match:
                skips[match[2].strip()] += int(match[1])
            if line.strip():
                closing = line.strip()
    return process.returncode, closing, skips


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    only = {word for word in arguments if word in {"--sqlite", "--postgresql"}}
    passed_on = [word for word in arguments if word not in only]
    workers = os.environ.get("WORKERS", "2")
    common = ["-n", workers, "--dist", "loadgroup", "-q", *passed_on]
    # The same examples on every run: a red build must be red again.
    shared = {"HYPOTHESIS_PROFILE": os.environ.get("HYPOTHESIS_PROFILE", "ci")}

    browser = chromium() or (install("chromium") and chromium())
    if browser:
        shared["CHROMIUM"] = str(browser)
    else:
        say("NO CHROMIUM: the browser journeys are skipped. Install it, or set CHROMIUM=…")

    results: list[tuple[str, int, str]] = []
    skips = Counter[str]()
    if only != {"--postgresql"}:
        say("SQLite")
        status, closing, skipped = run_pytest(common, shared)
        results.append(("SQLite", status, closing))
        skips += skipped
    if only != {"--sqlite"}:
        if binaries() or (install("postgresql") and binaries()):
            say("PostgreSQL")
            with running() as url:
                # The browser sees pages, not databases: once is enough.
                chosen = _without_browser(common)
                status, closing, skipped = run_pytest(chosen, {**shared, "DATABASE_URL": url})
            results.append(("PostgreSQL", status, closing))
            skips += skipped
        else:
            say("NO POSTGRESQL: nothing ran on it. Install Debian's package “postgresql”.")
            skips["the whole run on PostgreSQL: not installed"] += 1

    say(f"{time.monotonic() - began:.0f} s in all. Skipped: {skips.total()}")
    for reason, number in sorted(skips.items()):
        print(f"  {number:4d}  {reason}")
    for name, _status, closing in results:
        print(f"{name:10}  {closing}")
    statuses = [status for _name, status, _closing in results]
    # A choice of tests may leave nothing on one database, never on both.
    return 0 if 0 in statuses and set(statuses) <= {0, NO_TESTS_CHOSEN} else 1


def _without_browser(arguments: list[str]) -> list[str]:
    if "-m" in arguments:
        place = arguments.index("-m") + 1
        chosen = f"({arguments[place]}) and not browser"
        return [*arguments[:place], chosen, *arguments[place + 1 :]]
    return [*arguments, "-m", "not browser"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
