"""The register of the runs of the last eight weeks: one row each, none is taken away."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

MARK = "<!-- runs -->"


def record(page: Path, *, name: str, cost: float, ratio: float, folder: Path) -> str:
    """Append the run of a candidate to the page, under :data:`MARK`; gives the row."""
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    # What was not committed was run all the same: say so.
    dirty = " + changes" if _git(folder, "status", "--porcelain", "backofficine/science") else ""
    instant = datetime.now(UTC)
    row = f"| {instant:%Y-%m-%d %H:%M} | {name} | `{commit}`{dirty} | {cost:,.1f} | {ratio:.4f} |"
    text = page.read_text(encoding="utf-8")
    before, mark, after = text.partition(MARK)
    assert mark, "the page has a place for the runs"
    page.write_text(f"{before}{row}\n{MARK}{after}", encoding="utf-8")
    return row


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()
