"""The catalogue on the command line: ``import-bdpm``."""

import argparse
import sys
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.catalog.services import ImportReport, import_bdpm
from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report

SHOWN_LINES = 10
_STAGES = {
    "read": gettext_lazy("reading the files"),
    "specialities": gettext_lazy("medicines"),
    "presentations": gettext_lazy("presentations"),
    "prices": gettext_lazy("prices"),
    "groups": gettext_lazy("generic groups"),
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="DIR",
        help=_("folder of the national files, gzipped or not"),
    )  # fmt: skip


def _text(done: ImportReport) -> str:
    """The report as one reads it: its sentence, then the first lines left out."""
    lines = [_("%(file)s, line %(line)d: %(reason)s") % one for one in done.rejected[:SHOWN_LINES]]
    if len(done.rejected) > SHOWN_LINES:
        more = len(done.rejected) - SHOWN_LINES
        lines.append(_("… and %(more)d other lines (see --json).") % {"more": more})
    return "\n".join([done.sentence, *lines])


def _import_bdpm(options: argparse.Namespace) -> None:
    def tell(stage: str) -> None:
        sys.stderr.write(f"… {_STAGES[stage]}\n")
        sys.stderr.flush()

    done = import_bdpm(options.folder, at=clock.now(), progress=tell)
    report(options, data=done.as_dict(), text=_text(done))


COMMANDS = [
    Command(
        "import-bdpm",
        gettext_lazy("bring the catalogue to an edition of the national files"),
        _import_bdpm,
        _arguments,
    )
]
