"""Sub-commands of the twin: the demo pharmacy and the past that it has lived."""

import argparse
import sys

from django.core.management import call_command
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, bar, report
from backofficine.twin.services import Built, build_demo
from backofficine.twin.services.build_demo import as_dict, last_open_day, leave_mark


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=180, help=_("days of past to live"))
    parser.add_argument("--references", type=int, default=6000, help=_("invented references"))
    parser.add_argument("--seed", type=int, default=20261124, help=_("seed of the past"))


def build(options: argparse.Namespace) -> int:
    """Migrate an empty database, found the demo pharmacy and live its past; exit 1 if unsound."""
    call_command("migrate", verbosity=0, interactive=False)
    built = build_demo(
        last_day=last_open_day(clock.now()),
        days=options.days,
        references=options.references,
        seed=options.seed,
        step=bar,
    )
    sys.stderr.write("\n")
    if built.ledger.is_sound:
        leave_mark(built)
    report(options, data=as_dict(built), text=_text(built))
    return 0 if built.ledger.is_sound else 1


def _text(built: Built) -> str:
    if not built.ledger.is_sound:
        return _("The past was lived, but its ledger is not sound: %(divergence)s") % {
            "divergence": built.ledger.divergence
        }
    return _(
        "%(visits)s visits, %(boxes)s boxes, %(promises)s promises and %(orders)s orders in "
        "%(days)s open days; the ledger is sound (%(postings)s postings)."
    ) % {
        "visits": number_format(built.lived.visits, force_grouping=True),
        "boxes": number_format(built.lived.boxes, force_grouping=True),
        "promises": number_format(built.lived.promises, force_grouping=True),
        "orders": number_format(built.lived.orders, force_grouping=True),
        "days": number_format(built.lived.days, force_grouping=True),
        "postings": number_format(built.ledger.postings, force_grouping=True),
    }


COMMANDS = [
    Command(
        "build-demo",
        gettext_lazy("found the demo pharmacy and live its past"),
        build,
        _arguments,
    ),
]
