"""Everything that is checked without running the house: ``make check``.

Each check runs even if another fails; one line each at the end.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: list[tuple[str, list[str]]] = [
    ("form (ruff format)", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    ("habits (ruff check)", [str(BIN / "ruff"), "check", "--quiet", "."]),
    ("types (mypy)", [sys.executable, "-m", "mypy"]),
    ("the staircase (import-linter)", [str(BIN / "lint-imports"), "--no-logo"]),
    (
        "migrations match the models",
        [sys.executable, "-m", "backofficine", "makemigrations", "--check", "--dry-run"],
    ),
    ("every message has its French", [sys.executable, "tools/messages.py", "check"]),
]


def main() -> int:
    lines, failed = [], 0
    with tempfile.TemporaryDirectory(prefix="backofficine-check-") as folder:
        for name, command in CHECKS:
            began = time.monotonic()
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "BACKOFFICINE_DATA_DIR": folder},
                capture_output=True,
                text=True,
                check=False,
            )
            took = time.monotonic() - began
            word = "ok    " if done.returncode == 0 else "FAILED"
            lines.append(f"{word}  {took:5.1f} s  {name}")
            if done.returncode:
                failed += 1
                print(f"--- {name}\n{done.stdout}{done.stderr}", flush=True)
    print("\n".join(lines))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
