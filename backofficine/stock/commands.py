"""Sub-commands about the stock: the audit of the ledger, and the files that come from elsewhere."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.files import read_bytes
from backofficine.stock import queries, services
from backofficine.stock.queries import LedgerReport
from backofficine.stock.services.furnish import furnish as furnish_shop
from backofficine.team.models import Actor
from backofficine.team.services import system_actor

DIVERGENCES = {
    "missing_posting": gettext_lazy(
        "Posting %(expected_position)s is missing: the next one found is number %(position)s."
    ),
    "broken_chain": gettext_lazy(
        "Posting %(position)s does not follow the seal before it: history was written again."
    ),
    "altered_posting": gettext_lazy(
        "Posting %(position)s (%(request_id)s) was altered: its seal does not match its words."
    ),
    "wrong_head": gettext_lazy(
        "The head of the chain says %(position)s: the last postings were cut off or added."
    ),
    "wrong_balance": gettext_lazy(
        "Wrong balance of lot %(lot)s at %(location)s: %(stored)s stored, %(replayed)s replayed."
    ),
}


def check_ledger(options: argparse.Namespace) -> int:
    """Replay every posting, verify every seal, compare every balance; exit 1 if one differs."""
    audit = queries.audit(progress=_progress if sys.stderr.isatty() else None)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    report(options, data=audit.as_dict(), text=_sentence(audit))
    return 0 if audit.is_sound else 1


def _progress(done: int, total: int) -> None:
    sys.stderr.write("\r" + _("%(done)s of %(total)s postings read") % _grouped(done, total))
    sys.stderr.flush()


def _grouped(done: int, total: int) -> dict[str, str]:
    return {
        "done": number_format(done, force_grouping=True),
        "total": number_format(total, force_grouping=True),
    }


def _sentence(audit: LedgerReport) -> str:
    if audit.divergence is None:
        return _(
            "The ledger is sound: %(postings)s postings, %(moves)s moves, %(balances)s balances, "
            "chain verified up to %(head)s."
        ) % {
            "postings": number_format(audit.postings, force_grouping=True),
            "moves": number_format(audit.moves, force_grouping=True),
            "balances": number_format(audit.balances, force_grouping=True),
            "head": audit.head[:12],
        }
    first = str(DIVERGENCES[audit.divergence["kind"]]) % audit.divergence
    advice = _("Stop writing, keep a copy of the database, and restore the last sound backup.")
    return f"{first}\n{advice}"


def furnish(options: argparse.Namespace) -> None:
    """Make the places that are missing."""
    made = furnish_shop()
    text = ngettext("%(count)d place made.", "%(count)d places made.", made) % {"count": made}
    report(options, data={"places": made}, text=text)


# --- Files that come from elsewhere ---------------------------------------------------------------

SHOWN_LINES = 10


def import_stock(options: argparse.Namespace) -> int:
    """Open the stock from a file; exit 1 if no line of it can be used."""
    done = services.import_stock(
        read_bytes(options.file), name=options.file.name, at=clock.now(),
        actor=system_actor(kind=Actor.Kind.IMPORT), progress=_lines_done,
    )  # fmt: skip
    report(options, data=done.as_dict(), text=_with_rejected(done.sentence, done.rejected))
    return int(done.is_useless)


def import_sales(options: argparse.Namespace) -> int:
    """Record the sales of a file; exit 1 if no line of it can be used."""
    done = services.import_sales(
        read_bytes(options.file), name=options.file.name, at=clock.now(),
        actor=system_actor(kind=Actor.Kind.IMPORT), progress=_lines_done,
    )  # fmt: skip
    report(options, data=done.as_dict(), text=_with_rejected(done.sentence, done.rejected))
    return int(done.is_useless)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=_("CSV file to read"))


def _lines_done(done: int, total: int) -> None:
    if total and sys.stderr.isatty():
        sys.stderr.write("\r" + _("%(done)s of %(total)s done") % _grouped(done, total))
        sys.stderr.write("\n" if done == total else "")
        sys.stderr.flush()


def _with_rejected(head: str, rejected: list[dict[str, Any]]) -> str:
    lines = [_("line %(line)d: %(reason)s") % one for one in rejected[:SHOWN_LINES]]
    if len(rejected) > SHOWN_LINES:
        more = len(rejected) - SHOWN_LINES
        lines.append(_("… and %(more)d other lines (see --json).") % {"more": more})
    if rejected:
        lines.insert(0, _("Lines left out: %(count)d.") % {"count": len(rejected)})
    return "\n".join([head, *lines])


COMMANDS = [
    Command(
        "check-ledger",
        gettext_lazy("replay the whole ledger, verify its seals, compare its balances"),
        check_ledger,
    ),
    Command(
        "furnish",
        gettext_lazy("make the dock, the quarantine, the promise slots that are missing"),
        furnish,
    ),
    Command(
        "import-stock",
        gettext_lazy("open the stock from a CSV file of the dispensing software"),
        import_stock,
        _file,
    ),
    Command(
        "import-sales",
        gettext_lazy("record the sales of a CSV file: demand, and withdrawals in mode LGO"),
        import_sales,
        _file,
    ),
]
