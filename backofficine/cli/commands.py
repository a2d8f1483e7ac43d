"""Sub-commands about the program itself: doctor, serve, demo."""

import argparse
import json
import multiprocessing
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.cli.doctor import examine
from backofficine.cli.tidy import keep_tidy, tidy
from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}


# Pages are Python, which uses one core: one process for each of two. More threads would only
# make every page wait for every other; three leave room for a long act beside short pages.
WORKERS = min(2, os.cpu_count() or 1)
THREADS = 3


class PortTaken(DomainError):
    message = gettext_lazy(
        "Port %(port)s is used by another program. Stop it, or choose another: --port %(next)s"
    )


def doctor(options: argparse.Namespace) -> int:
    """Examine the installation; exit 1 if something must be mended."""
    findings = examine()
    if options.json:
        rows = [vars(each) for each in findings]
        sys.stdout.write(json.dumps({"findings": rows}, ensure_ascii=False, indent=2) + "\n")
    else:
        for each in findings:
            sys.stdout.write(f"{MARKS[each.level]} {each.text}\n")
            if each.advice:
                sys.stdout.write(f"    → {each.advice}\n")
    return 1 if any(each.level == "error" for each in findings) else 0


def tidy_up(options: argparse.Namespace) -> int:
    """Date the rounds ahead, erase what is past its time; the server does it every hour."""
    done = tidy(at=clock.now())
    text = (
        _("%(rounds)s rounds dated, %(identities)s identities erased, %(names)s names forgotten.")
        % done.as_dict()
    )
    report(options, data=done.as_dict(), text=text)
    return 0


def _port_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on"))
    parser.add_argument("--port", type=int, default=8000, help=_("port to listen on"))


def serve(options: argparse.Namespace) -> int:
    """Serve the pages until stopped."""
    _refuse_taken_port(options.host, options.port)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)

    # The worker is born anew: forked, it would inherit SQLite's memory of the locks that this
    # process holds (the hourly work may hold one) and could wait for ever to write.
    multiprocessing.set_start_method("spawn", force=True)
    connections.close_all()
    keep_tidy()

    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "backofficine.config.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
    ).serve()
    return 0


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(port=port, next=port + 1) from error


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    _port_arguments(parser)
    parser.add_argument("--days", type=int, default=180, help=_("days of past to live"))
    parser.add_argument("--references", type=int, default=6000, help=_("invented references"))
    parser.add_argument("--seed", type=int, default=20261124, help=_("seed of the past"))
    parser.add_argument(
        "--fresh", action="store_true", help=_("throw the demo away and live it again")
    )
    parser.add_argument(
        "--build-only", action="store_true", help=_("build the pharmacy, do not serve")
    )


def demo(options: argparse.Namespace) -> int:
    """Build the demo pharmacy if it is not there, then serve it at 10 h 18 on a working day."""
    if not options.build_only:
        _refuse_taken_port(options.host, options.port)
    if options.fresh or not _is_built():
        _build(options)
    if options.build_only:
        return 0
    started = datetime.now(UTC)
    shift = int((_last_instant() - started).total_seconds())
    address = f"http://{options.host}:{options.port}"
    sys.stdout.write(_logins(address))
    sys.stdout.flush()
    environment = {**os.environ, "BACKOFFICINE_CLOCK_SHIFT_SECONDS": str(shift)}
    words = [sys.executable, "-m", "backofficine", "serve"]
    words += ["--host", options.host, "--port", str(options.port)]
    try:
        return subprocess.run(words, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _is_built() -> bool:
    return (Path(settings.DATA_DIR) / "demo.json").exists()


def _build(options: argparse.Namespace) -> None:
    # Another process: only there may an acknowledged write wait for the disk.
    for leftover in Path(settings.DATA_DIR).glob("backofficine.sqlite3*"):
        leftover.unlink()
    (Path(settings.DATA_DIR) / "demo.json").unlink(missing_ok=True)
    words = [sys.executable, "-m", "backofficine", "build-demo"]
    words += ["--days", str(options.days), "--references", str(options.references)]
    words += ["--seed", str(options.seed)]
    environment = {**os.environ, "BACKOFFICINE_SQLITE_SYNCHRONOUS": "NORMAL"}
    subprocess.run(words, env=environment, check=True)


def _last_instant() -> datetime:
    """Where the shop's clock stopped: the last fact recorded."""
    from backofficine.stock.models import Posting

    last = Posting.objects.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return last or datetime.now(UTC)


def _logins(address: str) -> str:
    from backofficine.team.demo import PASSWORD, PEOPLE

    lines = [
        "",
        _("The demo pharmacy is open: %(address)s") % {"address": address},
        _("Password for all: %(password)s") % {"password": PASSWORD},
        *(f"  {person.username:<12} PIN {person.pin}   {person.role.label}" for person in PEOPLE),
        _("Products, people and figures are invented. Ctrl+C stops."),
        "",
    ]
    return "\n".join(lines) + "\n"


COMMANDS = [
    Command("doctor", gettext_lazy("say what is wrong with this installation"), doctor),
    Command("tidy", gettext_lazy("date the rounds ahead, erase what is past its time"), tidy_up),
    Command(
        "serve", gettext_lazy("serve the pages"), serve, _port_arguments, reports=False
    ),
    Command(
        "demo", gettext_lazy("build and serve the demo pharmacy"), demo, _demo_arguments,
        reports=False,
    ),
]  # fmt: skip
