"""Sub-commands about the stock: the audit of the ledger, and the files that come from elsewhere."""

import argparse
import sys

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.kernel.commands import Command, report
from backofficine.stock import queries
from backofficine.stock.queries import LedgerReport

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


COMMANDS = [
    Command(
        "check-ledger",
        gettext_lazy("replay the whole ledger, verify its seals, compare its balances"),
        check_ledger,
    ),
]
