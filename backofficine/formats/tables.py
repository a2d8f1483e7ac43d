"""Any delimited text a pharmacy software exports → named columns, with each line's number."""

import re
import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice


@dataclass(frozen=True, slots=True)
class Row:
    """One line of data: its number in the file, from 1, and its texts by field."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line left out, with the reason in French."""

    line: int
    reason: str


@dataclass(frozen=True)
class Table:
    """A table read. ``columns`` gives each field the heading it was found under, as written.

    ``headings`` lists every heading of the file in order, known or not; a field found twice keeps
    its first column.
    """

    rows: list[Row]
    rejected: list[Rejected]
    encoding: str
    separator: str
    columns: dict[str, str]
    headings: list[str] = field(default_factory=list)


class TableRefused(ValueError):
    """The file as a whole is not such a table; the French sentence says what to do."""


_SEPARATORS = ";\t,|"
_HEADING_LINES = 20
_SAMPLE_LINES = 50
_SAMPLE_WIDTH = 10_000
_NOISE_SAMPLE = 65536
_EMPTY = "Le fichier est vide : vérifiez l’export, puis recommencez."
_SAVE_AS_CSV = (
    "Dans le tableur, choisissez « Enregistrer sous », format « CSV UTF-8 », puis importez ce "
    "fichier."
)
_BINARIES = (
    (b"PK\x03\x04", "est un classeur Excel (ou une archive ZIP)"),
    (b"\xd0\xcf\x11\xe0", "est un ancien classeur Excel"),
    (b"%PDF", "est un document PDF"),
    (b"\x1f\x8b", "est compressé"),
    (b"\x89PNG", "est une image"),
    (b"\xff\xd8\xff", "est une image"),
)


def read_table(
    data: bytes, *, fields: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Table:
    """Read a delimited text whose headings follow no norm.

    :param fields: for each field, the headings it is known under, in any case, accents or not; its
        own name is one of them.
    :param required: the fields without which the table is refused.
    :raises TableRefused: if the file is empty, binary, HTML, or has no such heading.
    """
    _refuse_what_is_no_text(data)
    text, encoding = _decode(data)
    # PostgreSQL stores no NUL; taking it off would turn a damaged « 3NUL4 » into 34.
    text = text.replace("\x00", "\ufffd")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start, separator = _start(lines)
    # Headings first: a file of noise is refused before anything costly is done with it.
    numbered = _joined(lines, start, separator)
    head = list(islice(numbered, _HEADING_LINES))
    if not head:
        raise TableRefused(_EMPTY)
    names = _field_names(fields)
    at, columns = _heading([line for _, line in head], separator, names)
    headings = _split(head[at][1][:_SAMPLE_WIDTH], separator)
    missing = [name for name in required if name not in columns]
    if missing:
        raise TableRefused(_missing(missing, fields, headings if columns else []))
    body = chain(head[at + 1 :], numbered)
    rows, rejected = _rows(body, separator, columns, headings, required)
    return Table(
        rows=rows,
        rejected=rejected,
        encoding=encoding,
        separator=separator,
        columns={name: headings[index].strip() for name, index in columns.items()},
        headings=[heading.strip() for heading in headings],
    )


# --- What is no table -----------------------------------------------------------------------------

_DECLARED_SEPARATOR = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def _refuse_what_is_no_text(data: bytes) -> None:
    if not data.strip():
        raise TableRefused(_EMPTY)
    for signature, what in _BINARIES:
        if data.startswith(signature):
            raise TableRefused(f"Le fichier {what}, pas un texte CSV. {_SAVE_AS_CSV}")
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<meta")):
        raise TableRefused(
            "Le fichier contient une page web, pas un texte CSV, même si son nom finit par .csv ou "
            f".xls. Ouvrez-le dans un tableur. {_SAVE_AS_CSV}"
        )
    if data.startswith(_UTF_16):
        return
    sample = data[:_NOISE_SAMPLE]
    controls = sum(sample.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13, 28, 29))
    if b"\x00" in sample or controls > 4 + len(sample) // 200:
        raise TableRefused(
            f"Le fichier n’est pas un texte : il contient du binaire. {_SAVE_AS_CSV}"
        )


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(_UTF_16):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            raise TableRefused(
                f"Le fichier est incomplet ou abîmé (UTF-16 illisible). {_SAVE_AS_CSV}"
            ) from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        encoding = _old_encoding(data)
        return data.decode(encoding, errors="replace"), encoding


_OLD_ENCODINGS = ("cp1252", "cp850", "mac-roman")  # Windows, MS-DOS, old Macintosh
_FRENCH_LETTERS = "éèêëàâçîïôùûüÉÈÊÀÇ°"


def _old_encoding(data: bytes) -> str:
    """Choose the encoding, older than Unicode, under which the file shows most French letters."""
    marked = bytes(byte for byte in data[:_NOISE_SAMPLE] if byte > 127)

    def french(encoding: str) -> int:
        text = marked.decode(encoding, errors="replace")
        return sum(text.count(letter) for letter in _FRENCH_LETTERS)

    return max(_OLD_ENCODINGS, key=french)


def _start(lines: Sequence[str]) -> tuple[int, str]:
    """Give the index of the first line to read and the separator, declared by Excel or guessed."""
    start = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    if start < len(lines) and (declared := _DECLARED_SEPARATOR.fullmatch(lines[start])):
        return start + 1, declared[1]
    filled = islice((line for line in lines[start:] if line.strip()), _SAMPLE_LINES)
    return start, _separator([line[:_SAMPLE_WIDTH] for line in filled])


_OPENS_A_CELL = re.compile(r'(?:^|[;,\t|]) *"')
_LONGEST_LINE = 100_000  # characters
_LONGEST_CELL = 20  # lines: an unpaired quote must not swallow the rest of the file


def _joined(lines: Sequence[str], start: int, separator: str) -> Iterator[tuple[int, str]]:
    """Number the filled lines; a line feed between quotes stays inside its cell."""
    at = start
    while at < len(lines):
        line, end = lines[at], at + 1
        if (
            '"' in line
            and len(line) < _LONGEST_LINE
            and line.count('"') % 2
            and _OPENS_A_CELL.search(line)
        ):
            for closing in range(at + 1, min(at + _LONGEST_CELL, len(lines))):
                if lines[closing].count('"') % 2:
                    whole_line = "\n".join(lines[at : closing + 1])
                    if all(
                        "\n" not in raw
                        for raw, quoted in _cells(whole_line, separator)
                        if not quoted
                    ):
                        line, end = whole_line, closing + 1
                    break
        if line.strip():
            yield at + 1, line
        at = end


def _split(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    return [cell for cell, _ in _cells(line, separator)]


def _cells(line: str, separator: str) -> Iterator[tuple[str, bool]]:
    """Cut a line into cells, telling which were quoted: quotes inside ``5" ; x`` are plain text."""
    quoted = _quoted_cell(separator)
    at = 0
    while True:
        if found := quoted.match(line, at):
            yield found[1].replace('""', '"'), True
            end = found.end()
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            yield line[at:end], False
        if end >= len(line):
            return
        at = end + 1


@lru_cache(maxsize=16)
def _quoted_cell(separator: str) -> re.Pattern[str]:
    return re.compile(rf' *"((?:[^"]++|"")*+)" *(?={re.escape(separator)}|\Z)')


# --- Columns --------------------------------------------------------------------------------------


def _separator(lines: Sequence[str]) -> str:
    """Choose the separator that gives the most constant number of columns, above one."""
    best, best_score = ";", (0.0, 0)
    for separator in _SEPARATORS:
        widths = Counter(len(_split(line, separator)) for line in lines if separator in line)
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / len(lines), width)
        if score > best_score:
            best, best_score = separator, score
    return best


@lru_cache(maxsize=65536)
def normal(heading: str) -> str:
    """Reduce a heading to plain words: ``Qté  cdée.`` → ``qte cdee``."""
    apart = unicodedata.normalize("NFKD", heading.casefold())
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def _field_names(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, aliases in fields.items():
        for alias in (name, *aliases):
            names.setdefault(normal(alias), name)
    names.pop("", None)
    return names


def _heading(
    lines: Sequence[str], separator: str, names: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Find the line of headings: the one among the first that names the most fields, two at least.

    A table of one column may only have one heading.
    """
    best: tuple[int, dict[str, int]] = (0, {})
    for at, line in enumerate(lines):
        columns: dict[str, int] = {}
        cells = _split(line[:_SAMPLE_WIDTH], separator)
        for index, cell in enumerate(cells):
            name = names.get(normal(cell[:100]))
            if name is not None:
                columns.setdefault(name, index)
        enough = 2 if len(cells) > 1 else 1
        if len(columns) >= enough and len(columns) > len(best[1]):
            best = (at, columns)
    return best


def _missing(
    missing: Sequence[str], fields: Mapping[str, Sequence[str]], headings: Sequence[str]
) -> str:
    wanted = ", ".join(
        f"« {name} » (ou {', '.join(fields.get(name, ())[:3])})"
        if fields.get(name)
        else f"« {name} »"
        for name in missing
    )
    if not headings:
        return (
            "Aucune ligne d’en-tête n’a été reconnue dans les vingt premières lignes. Le fichier "
            f"doit avoir au moins les colonnes {wanted}, séparées par des points-virgules."
        )
    found = ", ".join(f"« {heading.strip()[:40]} »" for heading in headings[:15] if heading.strip())
    return (
        f"Il manque la colonne {wanted}. Colonnes trouvées : {found}. Renommez l’en-tête, puis "
        "recommencez."
    )


_FOOTER = re.compile(r"\b(?:sous )?total|\bpage\b|\bedite le\b|\bimprime le\b")


def _is_footer(key: str, line: str) -> bool:
    if key:
        return not key[0].isdigit() and _FOOTER.match(normal(key[:100])) is not None
    return _FOOTER.search(normal(line[:400])) is not None


def _rows(
    lines: Iterable[tuple[int, str]],
    separator: str,
    columns: Mapping[str, int],
    headings: Sequence[str],
    required: Sequence[str],
) -> tuple[list[Row], list[Rejected]]:
    rows: list[Row] = []
    rejected: list[Rejected] = []
    width = len(headings)
    fewest = 1 + max(columns[name] for name in required) if required else 1
    key = required[0] if required else None
    for number, line in lines:
        if len(line) > _LONGEST_LINE:
            rejected.append(Rejected(number, "La ligne est démesurée : ce n’est pas une donnée."))
            continue
        cells = [cell.strip() for cell in _split(line, separator)]
        if not any(cells) or cells == [heading.strip() for heading in headings]:
            continue  # a blank line, or the headings repeated at the top of each printed page
        key_text = cells[columns[key]] if key and columns[key] < len(cells) else ""
        if _is_footer(key_text, line):
            continue
        if len(cells) < fewest:
            rejected.append(
                Rejected(
                    number, f"La ligne a {len(cells)} colonne(s) ; il en faut au moins {fewest}."
                )
            )
        elif len(cells) > width and any(cells[width:]):
            rejected.append(
                Rejected(
                    number,
                    f"La ligne a {len(cells)} colonnes, l’en-tête {width} : un texte contient sans "
                    "doute le séparateur.",
                )
            )
        else:
            rows.append(
                Row(
                    number,
                    {
                        name: cells[index] if index < len(cells) else ""
                        for name, index in columns.items()
                    },
                )
            )
    return rows, rejected


# --- Values ---------------------------------------------------------------------------------------

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
