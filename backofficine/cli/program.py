"""Reads the words of the command line and calls the drawer ``commands`` of the right app."""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management import execute_from_command_line, get_commands
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backofficine import __version__
from backofficine.cli.doctor import unready
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError

# Each app that has sub-commands lists them in ``commands.COMMANDS``, in the order of a day.
APPS = (
    "backofficine.cli",
    "backofficine.desk",
    "backofficine.catalog",
    "backofficine.stock",
    "backofficine.purchasing",
    "backofficine.planning",
    "backofficine.receiving",
    "backofficine.picture",
    "backofficine.promises",
    "backofficine.losses",
    "backofficine.twin",
)


# The words that argparse itself writes; it looks them up by these names at the moment it speaks.
_FIXED_WORDS = (
    gettext_noop("usage: "),
    gettext_noop("positional arguments"),
    gettext_noop("options"),
    gettext_noop("show this help message and exit"),
    gettext_noop("show program's version number and exit"),
    gettext_noop("argument %(argument_name)s: %(message)s"),
    gettext_noop("invalid choice: %(value)r (choose from %(choices)s)"),
    gettext_noop("the following arguments are required: %s"),
    gettext_noop("unrecognized arguments: %s"),
    gettext_noop("expected one argument"),
    gettext_noop("expected at least one argument"),
    gettext_noop("invalid %(type)s value: %(value)r"),
    gettext_noop("ambiguous option: %(option)s could match %(matches)s"),
    gettext_noop("not allowed with argument %s"),
    gettext_noop("ignored explicit argument %r"),
)
vars(argparse)["_"] = _  # ours knows French; the standard library's catalogue is not there


class Parser(argparse.ArgumentParser):
    """argparse, with its few fixed words in the reader's language."""

    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog} : {message}\n")


def known_commands() -> dict[str, Any]:
    """Every sub-command of the house, by its name on the command line."""
    commands: dict[str, Any] = {}
    for app in APPS:
        try:
            module = importlib.import_module(f"{app}.commands")
        except ModuleNotFoundError as error:
            if error.name != f"{app}.commands":
                raise
            continue
        commands.update({command.name: command for command in module.COMMANDS})
    return commands


def parser(commands: dict[str, Any]) -> argparse.ArgumentParser:
    """The whole grammar of the program."""
    whole = Parser(
        prog="backofficine",
        description=_("The open back office of the community pharmacy."),
        epilog=_(
            "Django's own commands (migrate, shell, runserver…) pass through. "
            "Files live under BACKOFFICINE_DATA_DIR; DATABASE_URL chooses PostgreSQL."
        ),
    )
    whole.add_argument("--version", action="version", version=__version__)
    words = whole.add_subparsers(dest="command", metavar=_("COMMAND"), required=True)
    for name, command in commands.items():
        text = str(command.help)
        sub = words.add_parser(name, help=text, description=text)
        sub.add_argument(
            "--at", type=instant, metavar="INSTANT",
            help=_("act as if it were this instant (ISO 8601 with its offset), for tests"),
        )  # fmt: skip
        if command.reports:
            sub.add_argument("--json", action="store_true", help=_("write the report as JSON"))
        command.add_arguments(sub)
    return whole


def instant(text: str) -> datetime:
    """An aware instant from ISO 8601."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            _("“%(text)s” is not an instant such as 2026-11-24T10:18:00+01:00") % {"text": text}
        ) from error
    if read.tzinfo is None:
        from backofficine.pharmacy.queries import zone

        read = read.replace(tzinfo=zone())
    return read


def run(words: Sequence[str]) -> int:
    """Run one sub-command; a refusal is a sentence on stderr (or JSON) and the status 1."""
    commands = known_commands()
    if words and words[0] in get_commands() and words[0] not in commands:
        execute_from_command_line(["backofficine", *words])
        return 0
    options = parser(commands).parse_args(list(words))
    clock.fix(options.at)
    try:
        return int(commands[options.command].run(options) or 0)
    except DomainError as error:
        return _refused(options, str(error))
    except DatabaseError as error:
        found = unready(error)
        if found is None:
            raise  # the database is in order: this is a bug, and its trace is wanted
        return _refused(options, f"{found.text} {found.advice}".strip())
    except (BrokenPipeError, KeyboardInterrupt):
        return 130
    finally:
        clock.fix(None)


def _refused(options: argparse.Namespace, sentence: str) -> int:
    if getattr(options, "json", False):
        sys.stdout.write(json.dumps({"error": sentence}, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{sentence}\n")
    return 1
