"""Founding the pharmacy from the command line, where no browser is at hand."""

import argparse
import os
import sys
from getpass import getpass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.desk.founding import found
from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.forms import FirstRunForm
from backofficine.pharmacy.models import Pharmacy
from backofficine.pharmacy.services import AlreadyThere

PASSWORD_VARIABLE = "BACKOFFICINE_OWNER_PASSWORD"  # noqa: S105 - a name, not a secret


class WordsRefused(DomainError):
    message = gettext_lazy("The pharmacy was not created. %(why)s")


class NoPassword(DomainError):
    message = gettext_lazy(
        "The owner needs a password: put it in %(variable)s, or run this command in a terminal, "
        "which asks for it."
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help=_("name of the pharmacy"))
    parser.add_argument(
        "--owner", required=True, metavar="USERNAME", help=_("the owner logs in as")
    )
    parser.add_argument("--owner-name", default="", help=_("first and last name of the owner"))
    parser.add_argument(
        "--stock-truth", choices=Pharmacy.StockTruth.values, default=str(Pharmacy.StockTruth.LGO),
        help=_("who holds the truth of the stock: the dispensing software (lgo) or here"),
    )  # fmt: skip
    parser.add_argument("--time-zone", default="Europe/Paris", help=_("where the pharmacy is"))


def found_pharmacy(options: argparse.Namespace) -> None:
    """Create the pharmacy and its owner, by the same rules as the first page."""
    if Pharmacy.objects.exists():
        raise AlreadyThere
    form = FirstRunForm(
        {
            "pharmacy": options.name,
            "time_zone": options.time_zone,
            "stock_truth": options.stock_truth,
            "name": options.owner_name or options.owner,
            "username": options.owner,
            "password": _password(),
        }
    )
    if not form.is_valid():
        raise WordsRefused(why=_told(form))
    words = form.cleaned_data
    owner = found(words, at=clock.now())
    data: dict[str, Any] = {
        "pharmacy": words["pharmacy"],
        "owner": owner.username,
        "stock_truth": words["stock_truth"],
        "time_zone": words["time_zone"],
    }
    text = _("%(pharmacy)s is founded; its owner logs in as %(owner)s.") % data
    report(options, data=data, text=text)


def _password() -> str:
    given = os.environ.get("BACKOFFICINE_OWNER_PASSWORD")
    if given:
        return given
    if not sys.stdin.isatty():
        raise NoPassword(variable=PASSWORD_VARIABLE)
    return getpass(_("Password of the owner: "))


def _told(form: FirstRunForm) -> str:
    return " ".join(
        f"{form.fields[name].label} — {' '.join(str(error) for error in errors)}"
        for name, errors in form.errors.items()
    )


COMMANDS = [
    Command(
        "found-pharmacy",
        gettext_lazy("create the pharmacy and its owner, as the first page does"),
        found_pharmacy,
        _arguments,
    )
]
