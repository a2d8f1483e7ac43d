"""Headings and cells that name a month: ``janv 2026``, ``01/2026``, ``202601``, ``m-1``, ``v3``."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from backofficine.formats.tables import normal

_NAMES = {
    name: number
    for number, names in enumerate(
        [
            "janvier janv jan january", "fevrier fevr fev feb february", "mars mar march",
            "avril avr apr april", "mai may", "juin jun june", "juillet juil jul july",
            "aout aou aug august", "septembre sept sep september", "octobre oct october",
            "novembre nov november", "decembre dec december",
        ],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = "|".join(sorted(_NAMES, key=len, reverse=True))
# What may stand before or after a month without changing what is counted.
_DRESS = re.compile(
    r"\b(?:qte|quantite|ventes?|vte|vtes|vendues?|sorties?|nb|unites|mois|de|du|en)\b"
)
_MONEY = re.compile(r"\b(?:ca|montant|ht|ttc|valeur|marge|achats?|prix|euros?|eur)\b")
_NUMBERED = re.compile(r"(?P<month>0?[1-9]|1[0-2]) ?(?P<year>20[0-9]{2})")
_YEAR_FIRST = re.compile(r"(?P<year>20[0-9]{2}) ?(?P<month>0?[1-9]|1[0-2])")
_NAMED = re.compile(rf"(?P<name>{_NAME}) ?(?P<year>20[0-9]{{2}}|[0-9]{{2}})")
_YEAR_NAMED = re.compile(rf"(?P<year>20[0-9]{{2}}) ?(?P<name>{_NAME})")
_DAY = re.compile(r"(?P<day>[0-9]{1,2}) (?P<month>[0-9]{1,2}) (?P<year>20[0-9]{2})")
_ISO_DAY = re.compile(r"(?P<year>20[0-9]{2}) (?P<month>[0-9]{2}) (?P<day>[0-9]{2})(?: 00 00 00)?")
_BACK = re.compile(r"(?:m|n|v) ?(?P<back>[0-9]{1,2})|(?P<now>m|n)")


@dataclass(frozen=True, slots=True)
class Wide:
    """The columns of months of a wide form: dated, counted back from the newest, or only named."""

    months: dict[int, str]
    relative: dict[int, int]
    nameless: dict[int, int]  # column → month 1–12, whose year no heading says

    def __len__(self) -> int:
        return len(self.months) + len(self.relative) + len(self.nameless)


def month_of(text: str) -> str | None:
    """Give ``AAAA-MM`` for a text that names a month and its year, or its first or last day."""
    plain = normal(text)
    for form in (_NUMBERED, _YEAR_FIRST, _NAMED, _YEAR_NAMED, _DAY, _ISO_DAY):
        if not (found := form.fullmatch(plain)):
            continue
        said = found.groupdict()
        year = int(said["year"]) + (2000 if len(said["year"]) == 2 else 0)
        month = _NAMES[said["name"]] if "name" in said else int(said["month"])
        if not 1 <= month <= 12:
            return None
        if "day" in said and int(said["day"]) not in (1, monthrange(year, month)[1]):
            return None
        return f"{year:04d}-{month:02d}"
    return None


def month_number(text: str) -> int | None:
    """Give 1–12 for ``janv``, ``janvier`` or ``1``: a month whose year stands elsewhere."""
    plain = normal(text)
    if plain.isascii() and plain.isdigit():
        return int(plain) if 1 <= int(plain[:4]) <= 12 and len(plain) <= 2 else None
    return _NAMES.get(plain)


def span(month: str) -> tuple[date, date]:
    """Give the first and the last day of ``AAAA-MM``.

    :raises ValueError: if it is no month.
    """
    year, number = map(int, month.split("-"))
    first = date(year, number, 1)
    return first, first.replace(day=monthrange(year, number)[1])


def wide_months(headings: Sequence[str]) -> Wide:
    """Find the columns of months among headings; amounts by month are left aside.

    ``v1`` is the newest month, as ``m`` is: ``relative`` counts from it.
    """
    months: dict[int, str] = {}
    back: dict[int, tuple[str, int]] = {}
    nameless: dict[int, int] = {}
    for index, heading in enumerate(headings):
        plain = normal(heading[:60])
        if not plain or _MONEY.search(plain):
            continue
        bare = " ".join(_DRESS.sub(" ", plain).split()) or plain
        if month := month_of(heading) or month_of(bare):
            if month not in months.values():
                months[index] = month
        elif bare in _NAMES:
            nameless[index] = _NAMES[bare]
        elif found := _BACK.fullmatch(bare):
            letter, steps = bare[0], int(found["back"] or 0)
            back[index] = letter, steps
    return Wide(months, _from_newest(back), nameless)


def _from_newest(back: Mapping[int, tuple[str, int]]) -> dict[int, int]:
    """Keep the longest family of letters, counted from its newest month; two columns at least."""
    families: dict[str, dict[int, int]] = {}
    for index, (letter, steps) in back.items():
        if steps not in families.setdefault(letter, {}).values():
            families[letter][index] = steps
    best = max(families.values(), key=len, default={})
    # « n » and « n 1 » alone are years; « m » has no other meaning.
    if len(best) < (2 if best is families.get("m") else 3):
        return {}
    newest = min(best.values())
    return {index: steps - newest for index, steps in best.items()}


def with_years(nameless: Mapping[int, int], newest_year: int) -> dict[int, str]:
    """Date months that say no year, the newest of them being of ``newest_year``.

    Columns that go backwards in time are followed backwards.
    """
    indices = sorted(nameless)
    steps = [(nameless[after] - nameless[before]) % 12 for before, after in pairwise(indices)]
    if sum(step == 11 for step in steps) > sum(step == 1 for step in steps):
        indices.reverse()
    year = newest_year
    dated: dict[int, str] = {}
    later = 13
    for index in reversed(indices):
        if nameless[index] >= later:
            year -= 1
        later = nameless[index]
        dated[index] = f"{year:04d}-{later:02d}"
    return dated
