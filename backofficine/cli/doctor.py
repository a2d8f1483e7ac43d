"""``doctor``: what is wrong with this installation, in French, and how to mend it."""

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.kernel import append_only
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock.models import ChainHead, Posting
from backofficine.team.models import Role, User

MEGABYTE = 1024 * 1024
LEAST_FREE_MB = 500


@dataclass(frozen=True)
class Finding:
    """``level`` is ok, warning or error; ``advice`` says what to do about the last two."""

    check: str
    level: str
    text: str
    advice: str = ""


def examine() -> list[Finding]:
    """Run every check; one that cannot run because of an earlier fault is left out."""
    findings: list[Finding] = []
    for check in (_python, _folder, _disk, _keys, _assets):
        findings += check()
    reachable = _database()
    findings.append(reachable)
    if reachable.level == "error":
        return findings
    for check in (_sqlite, _migrations):
        findings += check()
    if not any(each.check == "migrations" and each.level == "error" for each in findings):
        for check in (_triggers, _ledger, _pharmacy):
            findings += check()
    return findings


def unready(error: DatabaseError) -> Finding | None:
    """Why the database refused a command, when the installation is the cause; ``None`` if not."""
    if "locked" in str(error):
        return Finding(
            "locked", "error", _("Another program keeps the database busy."),
            _("Wait until it has ended, then try again."),
        )  # fmt: skip
    reachable = _database()
    if reachable.level == "error":
        return reachable
    return next((each for each in _migrations() if each.level == "error"), None)


def _python() -> Iterator[Finding]:
    # An older Python cannot even read these files: `make` refuses it first.
    yield Finding("python", "ok", f"Python {'.'.join(map(str, sys.version_info[:3]))}")


def _folder() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK):
        yield Finding(
            "data_dir", "error",
            _("The data folder %(folder)s cannot be written.") % {"folder": folder},
            _("Give the folder to the user that runs Backofficine, or choose another with "
              "BACKOFFICINE_DATA_DIR."),
        )  # fmt: skip
    else:
        yield Finding("data_dir", "ok", _("Data folder: %(folder)s") % {"folder": folder})


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.DATA_DIR).free // MEGABYTE
    text = _("%(free)s MB free on the disk of the data.") % {"free": free}
    if free < LEAST_FREE_MB:
        yield Finding(
            "disk", "error", text, _("Make room before going on: a full disk stops every act.")
        )
    else:
        yield Finding("disk", "ok", text)


def _keys() -> Iterator[Finding]:
    folder = Path(settings.KEYS_DIR)
    if not folder.exists():
        yield Finding("keys", "ok", _("No key yet: they are made with the first secret."))
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding(
            "keys", "error", _("Other users of this computer can read the keys in %(folder)s.")
            % {"folder": folder},
            _("Run: chmod 700 %(folder)s") % {"folder": folder},
        )  # fmt: skip
    else:
        yield Finding("keys", "ok", _("The keys are readable by this user alone."))


def _assets() -> Iterator[Finding]:
    built = Path(settings.STATICFILES_DIRS[0]) / "dist" / "style.css"
    if built.exists():
        yield Finding("assets", "ok", _("Styles and scripts are built."))
    else:
        yield Finding(
            "assets", "error", _("Styles and scripts are missing."), _("Run: make assets")
        )


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Finding(
            "database", "error", _("The database does not answer: %(error)s") % {"error": error},
            _("Check DATABASE_URL, and that PostgreSQL runs; without DATABASE_URL a file is used."),
        )  # fmt: skip
    return Finding("database", "ok", f"{connection.display_name} {_server_version()}")


def _server_version() -> str:
    if connection.vendor == "sqlite":
        return sqlite3.sqlite_version
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _pragma(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return str(cursor.fetchone()[0])


def _sqlite() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    if sqlite3.sqlite_version_info < (3, 35):
        yield Finding(
            "sqlite_version", "error", _("This SQLite is too old: 3.35 is needed."),
            _("Install a more recent Python, or use PostgreSQL with DATABASE_URL."),
        )  # fmt: skip
    if _pragma("synchronous") != "2":
        yield Finding(
            "durability", "warning", _("A power cut may lose the last acts."),
            _("Remove BACKOFFICINE_SQLITE_SYNCHRONOUS, so that it is FULL again."),
        )  # fmt: skip
    if _pragma("quick_check(1)") != "ok":
        yield Finding(
            "integrity", "error", _("The database file is damaged."),
            _("Stop everything, keep a copy of the file, and restore the last backup."),
        )  # fmt: skip
    else:
        yield Finding("integrity", "ok", _("The database file is whole."))


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield Finding(
            "migrations", "error",
            ngettext(
                "The database is %(count)s migration behind.",
                "The database is %(count)s migrations behind.",
                len(waiting),
            ) % {"count": len(waiting)},
            _("Run: backofficine migrate"),
        )  # fmt: skip
    else:
        yield Finding("migrations", "ok", _("The database is up to date."))


def _triggers() -> Iterator[Finding]:
    open_tables = append_only.unguarded()
    if open_tables:
        yield Finding(
            "append_only", "error",
            _("Facts could be changed in: %(tables)s") % {"tables": ", ".join(open_tables)},
            _("Run: backofficine migrate, then backofficine check-ledger"),
        )  # fmt: skip
    else:
        yield Finding("append_only", "ok", _("The database refuses to change a fact."))


def _ledger() -> Iterator[Finding]:
    head = ChainHead.objects.filter(pk=1).first()
    last = Posting.objects.order_by("-position").values_list("position", "hash").first()
    expected = (head.position, head.hash) if head else None
    if expected is None or (last is not None and last != expected):
        yield Finding(
            "ledger", "error", _("The end of the ledger does not match its chain."),
            _("Run: backofficine check-ledger"),
        )  # fmt: skip
    else:
        position = last[0] if last else 0
        yield Finding("ledger", "ok", _("%(count)s postings in the ledger.") % {"count": position})


def _pharmacy() -> Iterator[Finding]:
    found = Pharmacy.objects.first()
    if found is None:
        yield Finding(
            "pharmacy", "warning", _("No pharmacy yet."),
            _("Open the first page in a browser: it asks for its name and its owner."),
        )  # fmt: skip
        return
    try:
        ZoneInfo(found.time_zone)
        yield Finding("pharmacy", "ok", f"{found.name}, {found.time_zone}")
    except ZoneInfoNotFoundError:
        yield Finding(
            "time_zone", "error",
            _("The time zone %(zone)s is unknown here.") % {"zone": found.time_zone},
            _("Install the system's time zones (package tzdata)."),
        )  # fmt: skip
    if not User.objects.filter(role=Role.OWNER, is_active=True).exists():
        yield Finding(
            "owner", "error", _("Nobody is the owner."),
            _("Run: backofficine createsuperuser"),
        )  # fmt: skip
    if found.team_informed_on is None:
        yield Finding(
            "team_informed", "warning", _("The team has not been told what is recorded."),
            _("Tell the team, then fill “team informed on” under Settings."),
        )  # fmt: skip
