"""Delimited text of any encoding, separator and quoting → numbered lines of cells."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from backofficine.formats.tables.shape import EMPTY, SAVE_AS_CSV, Rejected, TableRefused

_SEPARATORS = ";\t,|"
_SAMPLE_LINES = 50
_SAMPLE_WIDTH = 10_000
_NOISE_SAMPLE = 65536
_BINARIES = (
    (b"PK\x03\x04", "est un classeur Excel (ou une archive ZIP)"),
    (b"\xd0\xcf\x11\xe0", "est un ancien classeur Excel"),
    (b"%PDF", "est un document PDF"),
    (b"\x1f\x8b", "est compressé"),
    (b"\x89PNG", "est une image"),
    (b"\xff\xd8\xff", "est une image"),
    (b"GIF8", "est une image"),
)
_DECLARED_SEPARATOR = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Text:
    """A text about to be cut: ``cells`` goes through it once, filling ``rejected`` on its way."""

    lines: list[str]
    start: int
    encoding: str
    separator: str
    rejected: list[Rejected] = field(default_factory=list)

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Give the number and the cells of each filled line; lazily, for noise is long."""
        separator = self.separator
        for number, line in _joined(self.lines, self.start, separator):
            if len(line) > _LONGEST_LINE:
                reason = "La ligne est démesurée : ce n’est pas une donnée."
                self.rejected.append(Rejected(number, reason))
            else:
                yield number, _split(line, separator)


def open_text(data: bytes) -> Text:
    """Decode a delimited text and find its separator.

    :raises TableRefused: if it is empty or no text.
    """
    refuse_what_is_no_text(data)
    text, encoding = decode(data)
    # PostgreSQL stores no NUL; taking it off would turn a damaged « 3NUL4 » into 34.
    text = text.replace("\x00", "\ufffd")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start, separator = _start(lines)
    if start >= len(lines):
        raise TableRefused(EMPTY)
    return Text(lines, start, encoding, separator)


# --- What is no text, and what encoding it has ----------------------------------------------------


def refuse_what_is_no_text(data: bytes) -> None:
    """Refuse what no reading of the cells can help.

    :raises TableRefused: always for an empty file, a known binary, or noise.
    """
    if not data.strip(b"\x00 \t\r\n\x0b\x0c"):
        raise TableRefused(EMPTY)
    for signature, what in _BINARIES:
        if data.startswith(signature):
            raise TableRefused(f"Le fichier {what}, pas un texte CSV. {SAVE_AS_CSV}")
    if data.startswith(_UTF_16) or _bare_utf_16(data):
        return
    sample = data[:_NOISE_SAMPLE]
    controls = sum(sample.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13, 28, 29))
    # A few NUL come from a disk or a modem; each damages its own cell only.
    if sample.count(b"\x00") > len(sample) // 200 or controls > 4 + len(sample) // 200:
        raise TableRefused(f"Le fichier n’est pas un texte : il contient du binaire. {SAVE_AS_CSV}")


def _bare_utf_16(data: bytes) -> str:
    """Name the UTF-16 whose mark was forgotten: half the bytes of such a text are NUL."""
    sample = data[:2000]
    half = len(sample) // 2
    if half < 8 or len(data) % 2:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.8 * half and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.8 * half and not odd else ""


def decode(data: bytes) -> tuple[str, str]:
    """Give the text and the name of its encoding.

    :raises TableRefused: if a UTF-16 is damaged.
    """
    if data.startswith(_UTF_16) or (bare := _bare_utf_16(data)):
        try:
            marked = data.startswith(_UTF_16)
            return data.decode("utf-16" if marked else bare), "utf-16"
        except UnicodeDecodeError:
            raise TableRefused(
                f"Le fichier est incomplet ou abîmé (UTF-16 illisible). {SAVE_AS_CSV}"
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


# --- Lines and cells ------------------------------------------------------------------------------


def _start(lines: Sequence[str]) -> tuple[int, str]:
    """Give the index of the first line to read and the separator, declared by Excel or guessed."""
    start = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    if start < len(lines) and (declared := _DECLARED_SEPARATOR.fullmatch(lines[start])):
        return start + 1, declared[1]
    filled = islice((line for line in lines[start:] if line.strip()), _SAMPLE_LINES)
    return start, _separator([line[:_SAMPLE_WIDTH] for line in filled])


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
    joint = f'"{separator}"'
    # Where every cell is quoted and none holds a quote, cutting at the joints says the same.
    if line[0] == line[-1] == '"' and line.count('"') == 2 * line.count(joint) + 2:
        return line[1:-1].split(joint)
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
