"""A PostgreSQL of our own, in a folder, on a socket: for the tests and the bench."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
THROWN_AWAY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def owner() -> str:
    """PostgreSQL refuses to run as root: then it runs as Debian's user ``postgres``."""
    return "postgres" if is_root() else getpass.getuser()


def _as_owner() -> list[str]:
    return ["runuser", "-u", owner(), "--"] if is_root() else []


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, newest version first; ``None`` if not installed."""
    found = [path.parent for path in DEBIAN.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def can_live_in(folder: Path) -> bool:
    """Whether the owner of the cluster reaches ``folder``: it does not look inside /root."""
    test = [*_as_owner(), "test", "-x", str(folder)]
    return subprocess.run(test, check=False, stderr=subprocess.DEVNULL).returncode == 0


@contextmanager
def running(kept_in: Path | None = None) -> Iterator[str]:
    """Run a cluster and yield the ``DATABASE_URL`` of its database.

    Without ``kept_in`` it lives in a temporary folder, forgets to fsync, and is removed whatever
    happens. With it, the cluster is made once, kept, and promises what a shop's does.
    """
    programs = binaries()
    assert programs is not None, "the caller looked for it"
    # The socket's own folder is short: its path may not exceed a hundred characters.
    socket = Path(tempfile.mkdtemp(prefix="bo-pg-"))
    data = kept_in / "data" if kept_in else socket / "data"
    try:
        if kept_in:
            kept_in.mkdir(parents=True, exist_ok=True)
        if is_root():
            for folder in filter(None, (socket, kept_in)):
                shutil.chown(folder, owner())
        if not (data / "PG_VERSION").exists():
            initdb = [
                *_as_owner(), str(programs / "initdb"), "-D", str(data), "-U", owner(),
                "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            ]  # fmt: skip
            subprocess.run(initdb, cwd=socket, stdout=subprocess.DEVNULL, check=True)
        (data / "postmaster.pid").unlink(missing_ok=True)
        options = (
            f"-k {socket} -c listen_addresses= -c shared_buffers=256MB -c max_connections=100 "
            f"-c max_wal_size=2GB {'' if kept_in else THROWN_AWAY}"
        )
        control = [*_as_owner(), str(programs / "pg_ctl"), "-D", str(data), "-w"]
        subprocess.run(
            [*control, "-o", options, "-l", str(socket / "log"), "start"],
            cwd=socket, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        try:
            yield f"postgres://{owner()}@/postgres?host={socket}"
        finally:
            subprocess.run(
                [*control, "-m", "fast" if kept_in else "immediate", "stop"],
                cwd=socket, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
    finally:
        shutil.rmtree(socket, ignore_errors=True)
