"""Which column holds what: by the words of its heading, and by what its cells look like."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from backofficine.formats.codes import UnreadableCode, clean_code, has_valid_key
from backofficine.formats.exports.fields import Known
from backofficine.formats.exports.months import month_number, month_of
from backofficine.formats.exports.shape import Guess
from backofficine.formats.tables import day, normal, number

_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,2}")
_DATE_LIKE = re.compile(
    r"(?:[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:[0-9]{4}|[0-9]{2})|(?:19|20)[0-9]{2}[/.-][0-9]{1,2}"
    r"(?:[/.-][0-9]{1,2})?|[0-9]{1,2}[/.-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{6})(?:[ T].*)?"
)
_SERIAL = re.compile(r"[34][0-9]{4}(?:[.,][0-9]+)?")
_TIME = re.compile(r"[0-9]{1,2}[:hH][0-9]{2}(?::[0-9]{2})?")
_RATES = {"0", "2.1", "5.5", "8.5", "10", "20"}
_INITIALS = re.compile(r"\b[a-z](?: [a-z])+\b")  # « P.A. H.T. »
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column's cells look like: shares in 0–1 of the cells that hold something."""

    filled: int
    keyed: float = 0.0  # thirteen digits with a valid key, or codes a spreadsheet rounded
    seven: float = 0.0  # seven digits
    number: float = 0.0
    whole: float = 0.0
    small: float = 0.0  # whole, less than ten thousand
    rate: float = 0.0
    dated: float = 0.0
    serial: float = 0.0
    monthly: float = 0.0  # a month, with its year or not
    timed: float = 0.0
    words: float = 0.0  # mostly letters
    distinct: float = 0.0
    middle: float = 0.0  # median of the numbers


def profile(texts: Sequence[str]) -> Profile:
    """Describe a column from a sample of its cells."""
    filled = [text for text in (text.strip() for text in texts) if text]
    if not filled:
        return Profile(0)
    count = len(filled)
    marks = [_marks(text[:80]) for text in filled]
    numbers = [value for mark, value in marks if "n" in mark]

    def share(letter: str) -> float:
        return sum(letter in mark for mark, _ in marks) / count

    return Profile(
        filled=count,
        keyed=share("k"),
        seven=share("7"),
        number=share("n"),
        whole=share("i"),
        small=share("s"),
        rate=share("r"),
        dated=share("d"),
        serial=share("x"),
        monthly=share("m"),
        timed=share("t"),
        words=share("w"),
        distinct=len(set(filled)) / count,
        middle=median(numbers) if numbers else 0.0,
    )


def is_code(text: str) -> bool:
    """Tell whether a cell is a code of a product beyond doubt, or was one."""
    return "k" in _marks(text.strip()[:80])[0]


@lru_cache(maxsize=65536)
def _marks(text: str) -> tuple[str, float]:
    """Give a letter for each thing a cell may be, and its number when it is one."""
    marks = ""
    if _SCIENTIFIC.fullmatch(text):
        return "k", 0.0
    try:
        code = clean_code(text)
    except UnreadableCode:
        code = ""
    if len(code) == 13 and has_valid_key(code):
        marks += "k"
    elif len(code) == 7 and code.isascii() and code.isdigit():
        marks += "7"
    if _DATE_LIKE.fullmatch(text):
        try:
            day(text.split()[0].split("T")[0])
            marks += "d"
        except ValueError:
            pass
    if _SERIAL.fullmatch(text):
        marks += "x"
    if month_of(text) or month_number(text):
        marks += "m"
    if _TIME.fullmatch(text):
        marks += "t"
    letters = len(_LETTER.findall(text))
    if letters * 2 > len(text.replace(" ", "")):
        marks += "w"
    try:
        value = number(text)
    except ValueError:
        return marks, 0.0
    marks += "n"
    if value == value.to_integral_value() or re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", text):
        marks += "i"
        if abs(value) < 10_000:
            marks += "s"
    if f"{abs(value).normalize():f}" in _RATES:
        marks += "r"
    return marks, float(value)


def likeness(kind: str, column: Profile) -> float:
    """Tell in 0–1 how well the cells of a column suit a kind of field, whatever its heading."""
    if not column.filled:
        return 0.0
    match kind:
        case "code":
            # A code of the house is any short word or number; it is believed by its heading.
            known = max(column.keyed, 0.8 * column.seven)
            return known if known > 0.3 else 0.3 * column.distinct
        case "whole":
            return column.small if column.keyed < 0.5 else 0.0
        case "money":
            return column.number if column.keyed < 0.5 and column.dated < 0.5 else 0.0
        case "rate":
            return max(column.rate, 0.6 * column.number)
        case "date":
            return max(column.dated, 0.9 * column.serial, 0.9 * column.monthly)
        case "time":
            return max(column.timed, column.dated)
        case "year":
            return column.whole if 1990 < column.middle < 2100 else 0.0
        case _:
            return 1.0 if column.keyed < 0.5 and column.dated < 0.5 else 0.0


# --- By name --------------------------------------------------------------------------------------


def name_score(heading: str, name: str, known: Known) -> float:
    """Tell in 0–1 how much a heading says a field: 1 word for word, less among other words."""
    plain = _INITIALS.sub(lambda run: run[0].replace(" ", ""), normal(heading[:80]))
    if not plain:
        return 0.0
    return _name_score(plain, name, known.names, known.never)


@lru_cache(maxsize=16384)
def _name_score(plain: str, name: str, names: tuple[str, ...], never: frozenset[str]) -> float:
    aliases = {normal(alias) for alias in (name, *names)}
    if plain in aliases:
        return 1.0
    said = plain.split()
    if never & set(said):
        return 0.0
    best = 0.0
    for alias in aliases:
        if f" {alias} " in f" {plain} ":
            best = max(best, 0.55 + 0.35 * len(alias.split()) / len(said))
    return best


def assign(
    headings: Sequence[Sequence[str]],
    profiles: Sequence[Profile],
    known: Mapping[str, Known],
    *,
    taken: set[int],
) -> dict[str, tuple[int, str, float]]:
    """Give each field its column by name: field → (column, ``"name"``, confidence).

    ``headings`` gives for each column the ways to read its heading, the surest first. A name that
    the cells contradict is not believed.
    """
    scores: list[tuple[float, int, str, float]] = []
    for index, ways in enumerate(headings):
        if index in taken:
            continue
        column = profiles[index]
        for name, field in known.items():
            said = max(
                (name_score(way, name, field) * 0.96**at for at, way in enumerate(ways)),
                default=0.0,
            )
            if said < 0.5:
                continue
            suits = likeness(field.kind, column)
            # An empty column is believed only by its very name.
            if (suits < 0.25 and column.filled) or (not column.filled and said < 0.9):
                continue
            confidence = min(1.0, said * (0.6 + 0.4 * suits))
            scores.append((said + 0.3 * suits, -index, name, confidence))
    scores.sort(reverse=True)
    columns: dict[str, tuple[int, str, float]] = {}
    used: set[int] = set(taken)
    for _, negative, name, confidence in scores:
        if name not in columns and -negative not in used:
            columns[name] = -negative, "name", round(confidence, 2)
            used.add(-negative)
    return columns


# --- By content -----------------------------------------------------------------------------------


def guess_from_cells(
    profiles: Sequence[Profile], known: Mapping[str, Known], *, taken: set[int], names: set[str]
) -> dict[str, tuple[int, str, float]]:
    """Find the fields of ``names`` by their cells alone: (column, ``"content"``, confidence)."""
    free = [
        index for index in range(len(profiles)) if index not in taken and profiles[index].filled
    ]
    found: dict[str, tuple[int, str, float]] = {}

    def take(name: str, index: int, confidence: float) -> None:
        found[name] = index, "content", round(confidence, 2)
        free.remove(index)

    if "code" in names:
        keyed = [index for index in free if profiles[index].keyed >= 0.5]
        seven = [
            index
            for index in free
            if profiles[index].seven >= 0.6 and profiles[index].distinct > 0.02
        ]
        if keyed or seven:
            best = (
                max(keyed, key=lambda index: (profiles[index].keyed, -index)) if keyed else seven[0]
            )
            take("code", best, 0.95 * max(profiles[best].keyed, 0.7 * profiles[best].seven))
    if "date" in names:
        dated = [index for index in free if profiles[index].dated >= 0.6]
        serial = [
            index
            for index in free
            if profiles[index].serial >= 0.9 and profiles[index].whole >= 0.5
        ]
        if dated or serial:
            best = (dated or serial)[0]
            take("date", best, 0.9 if len(dated) == 1 else 0.6)
    if "label" in names:
        worded = [index for index in free if profiles[index].words >= 0.5]
        if worded:
            best = max(worded, key=lambda index: (profiles[index].distinct, -index))
            take("label", best, 0.8 * profiles[best].words)
    if "vat_rate" in names:
        rates = [
            index for index in free if profiles[index].rate >= 0.95 and _is_rate(profiles[index])
        ]
        if len(rates) == 1:
            take("vat_rate", rates[0], 0.6)
    if "quantity" in names:
        small = [
            index for index in free if profiles[index].small >= 0.9 and profiles[index].dated < 0.5
        ]
        if small:
            take("quantity", small[0], 0.7 if len(small) == 1 else 0.4)
    priced = [
        index
        for index in free
        if profiles[index].number >= 0.9
        and profiles[index].whole < 0.9
        and profiles[index].dated < 0.3
    ]
    if {"purchase_price", "public_price"} <= names and len(priced) == 2:
        low, high = sorted(priced, key=lambda index: profiles[index].middle)
        take("purchase_price", low, 0.5)
        take("public_price", high, 0.5)
    else:
        for name in ("purchase_price", "amount", "unit_price"):
            if name in names and len(priced) == 1:
                take(name, priced[0], 0.5)
                break
    return {name: guess for name, guess in found.items() if name in known}


def _is_rate(column: Profile) -> bool:
    return column.distinct < 0.5 and column.middle in (2.1, 5.5, 10.0, 20.0)


def guess_of(
    found: tuple[int, str, float], headings: Sequence[str], sample: tuple[str, ...]
) -> Guess:
    """Dress a column found for the screen that confirms it."""
    index, how, confidence = found
    heading = headings[index] if index < len(headings) else ""
    return Guess(index, heading, how, confidence, sample)
