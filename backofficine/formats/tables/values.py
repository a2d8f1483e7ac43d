"""Texts of a cell → whole numbers, amounts, days, instants; and headings as plain words."""

import re
import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache


@lru_cache(maxsize=65536)
def normal(heading: str) -> str:
    """Reduce a heading to plain words: ``Qté  cdée.`` → ``qte cdee``."""
    apart = unicodedata.normalize("NFKD", heading.casefold())
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[a-z0-9]+", plain))


# --- Numbers --------------------------------------------------------------------------------------

_NUMBER_BLANKS = re.compile(r"[\s'’\u00a0\u202f\u2009]|€|%|\bEUR\b", re.IGNORECASE)
_SIGNED = re.compile(r"\((?P<inside>[^()]+)\)|(?P<before>[-+−])?(?P<body>[0-9.,]+)(?P<after>[-−])?")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")


def number(text: str, *, decimal: str = "") -> Decimal:
    """Read ``1 234,56 €``, ``1,234.56``, ``12.5``, ``(3)`` or ``3-``.

    A single sign followed by three digits is ambiguous: it is a decimal point unless ``decimal``,
    the decimal sign of the column (see :func:`decimal_sign`), says it separates thousands.

    :raises ValueError: with the reason in French.
    """
    signed = _SIGNED.fullmatch(_NUMBER_BLANKS.sub("", text))
    if not signed:
        raise ValueError(_bad("un nombre", text))
    if inside := signed["inside"]:
        return -number(inside, decimal=decimal)
    plain, sign = signed["body"], _decimal_of(signed["body"], decimal)
    if sign is None:
        raise ValueError(_bad("un nombre", text))
    for other in ".,":
        if other != sign:
            plain = plain.replace(other, "")
    plain = plain.replace(",", ".")
    if not _PLAIN.fullmatch(plain):
        raise ValueError(_bad("un nombre", text))
    value = Decimal(plain)
    is_negative = signed["before"] in ("-", "−") or signed["after"]
    return -value if is_negative else value


def _decimal_of(body: str, decimal: str) -> str | None:
    """Tell which sign is the decimal one: empty when none is, ``None`` when it is no number."""
    if "." in body and "," in body:
        return max(".,", key=body.rfind)
    sign = "." if "." in body else "," if "," in body else ""
    if sign and body.count(sign) > 1:
        return "" if _GROUPED.fullmatch(body) else None
    if sign and decimal and sign != decimal and _GROUPED.fullmatch(body):
        return ""
    return sign


def decimal_sign(texts: Iterable[str]) -> str:
    """Give the decimal sign that most numbers of a column show; empty when none shows any."""
    votes: Counter[str] = Counter()
    for text in texts:
        body = _NUMBER_BLANKS.sub("", text).strip("()-+−")
        if body and not _GROUPED.fullmatch(body) and (sign := _decimal_of(body, "")) in (".", ","):
            votes[sign] += 1
    return votes.most_common(1)[0][0] if votes else ""


def whole(text: str, *, decimal: str = "") -> int:
    """Read a whole number: ``12``, ``12,00``, ``1 200``, ``-3``.

    :raises ValueError: with the reason in French, also for a fraction or more than nine digits.
    """
    value = number(text, decimal=decimal)
    if value != value.to_integral_value():
        raise ValueError(f"« {text.strip()[:40]} » n’est pas un nombre entier")
    if abs(value) > 999_999_999:
        raise ValueError(f"« {text.strip()[:40]} » est un nombre démesuré")
    return int(value)


_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{1,2})[/.-]((?:19|20)[0-9]{2})")
_YEAR_MONTH = re.compile(r"((?:19|20)[0-9]{2})[/.-]([0-9]{1,2})")
_SERIAL = re.compile(r"([3-5][0-9]{4})(?:[.,][0-9]+)?")
_SERIAL_TIME = re.compile(r"([3-5][0-9]{4})[.,]([0-9]+)")
_EXCEL_EPOCH = date(1899, 12, 30)


def day(text: str) -> date:
    """Read a civil date; never month first. ``MM/AAAA`` is the last day of its month.

    Understands JJ/MM/AAAA, JJ/MM/AA (20AA), AAAA-MM-JJ, AAAAMMJJ, Excel's serial numbers.

    :raises ValueError: with the reason in French.
    """
    return _day(text.strip())


@lru_cache(maxsize=16384)
def _day(text: str) -> date:
    if found := _SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + timedelta(days=int(found[1]))
    if found := _DAY_FIRST.fullmatch(text):
        days, months, year = map(int, found.groups())
        return _civil(text, 2000 + year if len(found[3]) == 2 else year, months, days)
    if found := (_YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)):
        year, months, days = map(int, found.groups())
        return _civil(text, year, months, days)
    if found := _MONTH.fullmatch(text):
        months, year = map(int, found.groups())
    elif found := _YEAR_MONTH.fullmatch(text):
        year, months = map(int, found.groups())
    else:
        raise ValueError(_bad("une date", text))
    if not 1 <= months <= 12:
        raise ValueError(f"« {text[:40]} » n’existe pas au calendrier")
    return date(year, months, monthrange(year, months)[1])


_YEARS = range(1900, 2200)  # beyond, time zones overflow and no shop has facts


def _civil(text: str, year: int, month: int, days: int) -> date:
    if year not in _YEARS:
        raise ValueError(f"« {text[:40]} » est une année impossible")
    try:
        return date(year, month, days)
    except ValueError:
        raise ValueError(f"« {text[:40]} » n’existe pas au calendrier") from None


_INSTANT = re.compile(
    r"(?P<day>\S+?)(?:T|\s+(?:à\s+)?)(?P<hour>[0-9]{1,2})[:hH](?P<minute>[0-9]{2})?"
    r"(?::?(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?\s*(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def instant(text: str, zone: tzinfo | None) -> datetime | date:
    """Read a date that may carry a time of day; without one, give the bare date.

    A local time gets ``zone`` (``None`` leaves it naive); a written offset is converted to it. At
    the hour that comes twice in October the first one is meant; one that never comes in March is
    taken as it was written.

    :raises ValueError: with the reason in French.
    """
    stripped = text.strip()
    if serial := _SERIAL_TIME.fullmatch(stripped):
        midnight = datetime.combine(day(serial[1]), time(), tzinfo=zone)
        seconds = round(Decimal(f"0.{serial[2]}") * 86400)
        return midnight + timedelta(seconds=seconds) if seconds else midnight.date()
    found = _INSTANT.fullmatch(stripped)
    if not found:
        return day(stripped)
    civil = day(found["day"])
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"« {stripped[:40]} » n’est pas une heure")
    local = datetime(civil.year, civil.month, civil.day, hour, minute, second, tzinfo=zone)
    if found["offset"] is None or zone is None:
        return local
    suffix = "+00:00" if found["offset"] == "Z" else found["offset"]
    return datetime.fromisoformat(f"{local.replace(tzinfo=None).isoformat()}{suffix}").astimezone(
        zone
    )


def _bad(what: str, text: str) -> str:
    shown = text.strip()[:40]
    return f"« {shown} » n’est pas {what}" if shown else f"il manque {what}"
