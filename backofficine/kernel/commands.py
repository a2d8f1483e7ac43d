"""The shape of a sub-command: a name, a line of help, its arguments, and what it runs."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise as LazyText


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Most commands need none."""


@dataclass(frozen=True)
class Command:
    """``run`` returns the exit status, or ``None`` for 0. ``reports`` adds ``--json``."""

    name: str
    help: str | LazyText
    run: Callable[[argparse.Namespace], int | None]
    add_arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments
    reports: bool = True


def report(options: argparse.Namespace, *, data: dict[str, Any], text: str) -> None:
    """Write a report as people or programs read it."""
    if options.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        sys.stdout.write(text.rstrip("\n") + "\n")


# Characters of a bar of progress.
BAR = 24


def bar(percent: int, word: str = "") -> None:
    """Draw how far long work is, on one line of a terminal; every tenth elsewhere."""
    done = BAR * percent // 100
    end = "\r" if sys.stderr.isatty() else "\n"
    if end == "\n" and percent % 10:
        return
    sys.stderr.write(f"\r{'█' * done}{'░' * (BAR - done)} {percent:3d} % {word:<32}{end}")
    sys.stderr.flush()
