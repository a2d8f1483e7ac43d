"""``starting-picture``: the truth of a stock from two exports, with or without a database."""

import argparse
import sys
from datetime import date
from pathlib import Path

from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.formats.exports import What
from backofficine.kernel.commands import Command
from backofficine.kernel.files import FileUnreadable, read_bytes
from backofficine.picture.compute import compute
from backofficine.picture.national import National, from_catalogue, from_folders, margins_on
from backofficine.picture.report import Report, as_json
from backofficine.picture.services.take import GivenFile, picture_day, read_files
from backofficine.picture.text import text_of


def civil_day(text: str) -> date:
    """A day such as 2026-11-24."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            _("“%(text)s” is not a day such as 2026-11-24") % {"text": text}
        ) from error


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stock", type=Path, metavar="STOCK", help=_("export of the stock"))
    parser.add_argument("sales", type=Path, metavar="SALES", help=_("export of the sales"))
    parser.add_argument(
        "--purchases", type=Path, metavar="FILE", help=_("export of the purchases, if any")
    )
    parser.add_argument(
        "--bdpm", type=Path, metavar="DIR", action="append", default=[],
        help=_("folder of a national edition; give two to see the prices that fell"),
    )  # fmt: skip
    parser.add_argument(
        "--as-of", type=civil_day, metavar="DATE",
        help=_("day of the picture; by default the last day of the sales"),
    )  # fmt: skip
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help=_("write the report as JSON"))
    shown.add_argument(
        "--pdf", type=Path, metavar="FILE", help=_("write the two printed pages in this file")
    )


def _picture(options: argparse.Namespace) -> None:
    report = _report(options)
    if options.json:
        sys.stdout.buffer.write(as_json(report))
        sys.stdout.buffer.flush()
    elif options.pdf is not None:
        # The typesetter is heavy: it is loaded by whoever prints.
        from backofficine.picture.pdf import render

        _write(options.pdf, render(report))
        sys.stdout.write(_("The two pages are in %(file)s.") % {"file": options.pdf} + "\n")
    else:
        sys.stdout.write(text_of(report))


def _report(options: argparse.Namespace) -> Report:
    paths = [(What.STOCK, options.stock), (What.SALES, options.sales)]
    if options.purchases is not None:
        paths.append((What.PURCHASES, options.purchases))
    exports = read_files([GivenFile(what, path.name, read_bytes(path)) for what, path in paths])
    national = from_folders(options.bdpm) if options.bdpm else _catalogue()
    day = picture_day(exports, as_of=options.as_of)
    return compute(exports, national=national, margins=margins_on(day), as_of=day)


def _catalogue() -> National:
    """The database's catalogue; none where there is no database yet."""
    try:
        return from_catalogue()
    except DatabaseError:
        return National()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FileUnreadable(file=path, why=error.strerror or str(error)) from error


COMMANDS = [
    Command(
        "starting-picture",
        gettext_lazy("say what two exports tell of the stock"),
        _picture,
        _arguments,
        reports=False,
    )
]
