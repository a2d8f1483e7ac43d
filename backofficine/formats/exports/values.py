"""Texts of an export → boxes, days, months and plain texts, with the reason of each failure."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from backofficine.formats.exports.months import month_number, month_of, span
from backofficine.formats.tables import day, decimal_sign, instant, whole

ValueT = TypeVar("ValueT")

_FIRST_YEAR = 1990  # before, a date is the empty one of Excel or of the software
_NO_DATE = re.compile(r"[0/\-. :]*|.*9999.*|null|n/?a|neant|jamais", re.IGNORECASE)
_GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")
_THREE_ZEROS = re.compile(r"[-+]?[0-9]{1,3}[.,]000")


def box_sign(texts: Sequence[str]) -> str:
    """Give the decimal sign of a column of boxes; some software writes two boxes ``2,000``."""
    if sign := decimal_sign(texts):
        return sign
    written = [text for text in texts if text]
    in_three = [text for text in written if _THREE_ZEROS.fullmatch(text)]
    return in_three[0][-4] if in_three and len(in_three) * 2 > len(written) else ""


def boxes(text: str, *, decimal: str = "") -> int:
    """Read a number of boxes; ``1.234`` and ``1,234`` are thousands, for no box is cut in three.

    :raises ValueError: with the reason in French.
    """
    stripped = text.strip()
    if not stripped:
        raise ValueError("la case est vide")
    if _GROUPED.fullmatch(stripped) and stripped.lstrip("+-").find(decimal or "\x00") < 0:
        stripped = stripped.replace(".", "").replace(",", "")
    return whole(stripped, decimal=decimal)


def sale_day(text: str) -> date:
    """Read the day of a fact, with or without its hour.

    :raises ValueError: with the reason in French.
    """
    found = instant(text, None)
    on = found.date() if isinstance(found, datetime) else found
    if on.year < _FIRST_YEAR:
        raise ValueError(f"« {text[:40]} » est la date vide d’Excel ou du logiciel")
    return on


def past_day(text: str) -> date | None:
    """Read a day one may not know; zeros and the year 1900 mean it never came.

    :raises ValueError: with the reason in French.
    """
    if _NO_DATE.fullmatch(text):
        return None
    found = instant(text, None)
    on = found.date() if isinstance(found, datetime) else found
    return on if on.year >= _FIRST_YEAR else None


def expiry_day(text: str) -> date | None:
    """Read an expiry; ``05/28`` is the end of May 2028.

    :raises ValueError: with the reason in French.
    """
    if short := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{2})", text):
        return day(f"{short[1]}/20{short[2]}")
    return past_day(text)


def month_cell(text: str) -> str | None:
    """Give ``AAAA-MM`` for a cell that holds a month, not a day of it."""
    return None if len(re.findall(r"[0-9]+", text)) > 2 or len(text) == 8 else month_of(text)


def month_span(text: str) -> tuple[date, date]:
    """Read ``month␟year``; the year may stand in the month.

    :raises ValueError: with the reason in French.
    """
    said, _, year = text.partition("\x1f")
    if month := month_of(said):
        return span(month)
    alone = month_number(said)
    if alone and re.fullmatch(r"20[0-9]{2}", year):
        return span(f"{year}-{alone:02d}")
    raise ValueError(f"Date : « {said[:40]} » n’est pas un mois.")


def plain_text(text: str) -> str:
    """Take off the apostrophe that guards a text in a spreadsheet, and what no screen shows."""
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    if text.isprintable() and "  " not in text:
        return text
    return " ".join("".join(sign for sign in text if sign.isprintable() or sign.isspace()).split())


def remembered(parse: Callable[[str], ValueT]) -> Callable[[str], ValueT]:
    """Parse each different text once: a column says the same thing a thousand times."""
    memory: dict[str, ValueT] = {}

    def value(text: str) -> ValueT:
        try:
            return memory[text]
        except KeyError:
            parsed = memory[text] = parse(text)
            return parsed

    return value


def sentence(name: str, error: ValueError) -> str:
    """Say what is wrong with a field, in one sentence; a reason that names it is kept."""
    reason = str(error).rstrip(".")
    return reason + "." if reason.startswith("Le code") else f"{name} : {reason}."
