"""Killed at any moment: nothing acknowledged is lost, nothing is done twice."""

import contextlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection

from backofficine.stock import queries
from backofficine.stock.models import ChainHead, Lot, Posting
from tests.factories import ActorFactory, LocationFactory, stocked
from tests.stock import writer

ROOT = Path(__file__).resolve().parents[2]
KILLS = 50

pytestmark = pytest.mark.slow


def database_url() -> str:
    """The test database, as another process would name it."""
    words = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{words['NAME']}"
    host = words["OPTIONS"].get("host") or words["HOST"]
    return f"postgres://{words['USER']}:{words['PASSWORD']}@/{words['NAME']}?host={host}"


class Launcher:
    """The process that forks writers, and what they said."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stock.writer"],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "backofficine.config.settings",
                "DATABASE_URL": database_url(),
                "BACKOFFICINE_DATA_DIR": str(folder),
                # As in the shop: what is acknowledged is on the disk.
                "BACKOFFICINE_SQLITE_SYNCHRONOUS": "FULL",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lines: queue.Queue[list[str]] = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.tried: dict[str, str] = {}
        self.acknowledged: set[str] = set()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.split())
        self.lines.put(["over"])

    def pending(self) -> list[tuple[str, str]]:
        return [(kind, key) for key, kind in self.tried.items() if key not in self.acknowledged]

    def write_and_kill(self, after: float) -> None:
        """Start a writer and kill it ``after`` so many seconds from its first word."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"retry": self.pending()}) + "\n")
        word, child = self._listen(until="pid")
        assert word == "pid"
        self.hear()
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):  # it died by itself: its error is told next
            os.kill(int(child), signal.SIGKILL)
        self._listen(until="dead")

    def hear(self) -> None:
        """Wait for the first word of a writer: killing it before proves nothing."""
        self._take(self.lines.get(timeout=60))

    def _listen(self, *, until: str) -> list[str]:
        while True:
            words = self.lines.get(timeout=60)
            if words[0] == until:
                return words
            self._take(words)

    def _take(self, words: list[str]) -> None:
        match words:
            case ["try", key, kind]:
                self.tried[key] = kind
            case ["ack", key]:
                self.acknowledged.add(key)
            case _:
                pytest.fail(f"the writer said {words}")

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.reader.join(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def launcher(committed_db, tmp_path) -> Iterator[Launcher]:
    stocked(quantity=100_000, location=LocationFactory(), actor=ActorFactory())
    LocationFactory(promise_slot=True)
    LocationFactory(dock=True)
    # Another process must see what was just made, and keep no lock of ours.
    connection.close()
    started = Launcher(tmp_path)
    yield started
    started.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fifty_kills_lose_nothing_and_double_nothing(launcher):
    moments = random.Random(20261124)
    kinds = {"withdraw": "withdrawal", "receive": "receipt", "transfer": "transfer"}

    for _kill in range(KILLS):
        launcher.write_and_kill(moments.uniform(0.0, 0.15))

        kept = {str(key) for key in Posting.objects.values_list("request_id", flat=True)}
        assert launcher.acknowledged <= kept, "what was acknowledged is there"
        connection.close()

    report = queries.audit()
    assert report.divergence is None
    assert report.postings == ChainHead.objects.get().position

    # What was never acknowledged is there or not; sent again, it is there once.
    for kind, key in launcher.pending():
        writer.act(kind, UUID(key))
    postings = Posting.objects.exclude(position=1)
    assert {str(key): reason for key, reason in postings.values_list("request_id", "reason")} == {
        key: kinds[kind] for key, kind in launcher.tried.items()
    }
    taken = sum(kind == "withdraw" for kind in launcher.tried.values()) * 2
    received = sum(kind == "receive" for kind in launcher.tried.values()) * 3
    set_aside = sum(kind == "transfer" for kind in launcher.tried.values())
    product = Lot.objects.order_by("pk")[0].product
    assert queries.on_hand(product) == 100_000 - taken + received - set_aside
    assert queries.audit().is_sound
    assert len(launcher.tried) > 2 * KILLS, "the kills fell in the middle of work"
