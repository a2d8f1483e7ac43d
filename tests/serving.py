"""The real server in a process of its own, for browsers, crashes and the bench."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
LOGIN = "/compte/login/"


def free_port() -> int:
    """A port nobody listens on, in a range of this test process alone.

    Below the system's own range, so that no outgoing connection takes it before the server does.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + worker % 4 * 3_000
    for port in random.sample(range(first, first + 3_000), 50):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def backofficine(*words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one sub-command to its end, in an installation of its own."""
    return subprocess.run(
        [sys.executable, "-m", "backofficine", *words],
        cwd=ROOT,
        env=clean() | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def clean() -> dict[str, str]:
    """This process's environment without what would name another installation or its tests."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BACKOFFICINE_", "DJANGO_")) and name != "DATABASE_URL"
    }


class Server:
    """``backofficine serve`` on a free port. ``kill`` is the power cut: no goodbye."""

    def __init__(self, environment: dict[str, str], *, log: Path) -> None:
        self.environment = environment
        self.log = log
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until a page answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backofficine", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=clean() | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its worker must die with it
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}{LOGIN}", timeout=5):
                    return
            except urllib.error.HTTPError:
                break  # it answers, badly
            except OSError:
                time.sleep(0.05)
        self.kill()
        told = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"the server did not answer:\n{told}")

    def kill(self) -> None:
        """SIGKILL to the server and its worker, at once."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.process is None:
            return
        group = self.process.pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            self.process.wait(timeout=10)
        # The worker may outlive its parent by an instant: wait until the group is gone.
        for _try in range(200):
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                break
            time.sleep(0.02)
        self.process = None
