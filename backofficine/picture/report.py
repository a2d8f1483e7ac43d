"""What a picture says: keys and numbers only, as frozen dataclasses and as one canonical JSON.

No sentence lives here: whoever shows a report turns its keys into words. Nothing comes from the
clock, from the database's own numbers or from the order of a set, so that the same files give the
same bytes for ever.

Numbers are exact: ``int``, or ``Decimal`` already rounded (euros to the cent, boxes and days to
the tenth, shares and probabilities to the thousandth). In JSON a ``Decimal`` is a text: "12.30".
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

FORMAT = 1

Number = int | Decimal
"""An exact, rounded number."""

# --- Rounding, once -------------------------------------------------------------------------------

_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")
_THOUSANDTH = Decimal("0.001")


def _rounded(amount: float | Decimal, step: Decimal) -> Decimal:
    # Nine decimals first: two machines may differ in the last bits of a float.
    exact = amount if isinstance(amount, Decimal) else Decimal(f"{amount:.9f}")
    nearest = exact.quantize(step, rounding=ROUND_HALF_UP)
    return nearest or abs(nearest)  # no "-0.0"


def euros(amount: float | Decimal) -> Decimal:
    """Euros, to the cent."""
    return _rounded(amount, _CENT)


def boxes(amount: float | Decimal) -> Decimal:
    """Boxes (or days) that are an estimate, to the tenth."""
    return _rounded(amount, _TENTH)


def share(amount: float | Decimal) -> Decimal:
    """A share or a probability between 0 and 1, to the thousandth."""
    return _rounded(amount, _THOUSANDTH)


# --- The parts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """One estimate: a value, an interval that holds it with ``level`` %, and where it comes from.

    ``unit``: "euros" (a month too: "euros_per_month"), "boxes", "boxes_per_month", "lines",
    "days", "share", "percent". ``method`` is the key of the text that explains the computing;
    an exact count has ``low == value == high`` and level 100. The lines behind the figure are
    those of its section that bear its ``key`` in their ``groups`` (:meth:`Section.behind`).
    """

    key: str
    unit: str
    value: Number
    low: Number
    high: Number
    method: str
    level: int = 100

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Line:
    """One product behind a figure.

    ``code`` as shown (CIP13 when matched, else the file's own), ``held`` boxes on record. ``boxes``
    and ``euros`` are what the section says of the product (expected ghosts, excess, missing a
    month…), with their intervals (equal to the value when nothing is estimated). ``euros`` is
    ``None`` where no price is known. ``reason`` is the key of its explanation and ``numbers``
    what fills it; ``words`` are texts from the files (names, codes, ISO days), never sentences.
    """

    code: str
    label: str
    address: str = ""
    held: int = 0
    boxes: Number = 0
    boxes_low: Number = 0
    boxes_high: Number = 0
    euros: Decimal | None = None
    euros_low: Decimal | None = None
    euros_high: Decimal | None = None
    probability: Decimal | None = None
    is_cost_assumed: bool = False
    reason: str = ""
    groups: tuple[str, ...] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of a table of section 8: a class (``key``), its numbers, and texts to show."""

    key: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table of section 8: "vat", "atc", "price_band", "pareto"."""

    key: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """One of the sections: its figures, the lines in order of euros, tables, and why it is empty.

    ``absent`` is the key of what the files lack ("no_expiry_dates"); then nothing else is there.
    """

    key: str
    figures: tuple[Figure, ...] = ()
    lines: tuple[Line, ...] = ()
    tables: tuple[Table, ...] = ()
    absent: str = ""

    def behind(self, figure: Figure | str) -> tuple[Line, ...]:
        """The lines that make a figure, in the order of the section."""
        key = figure if isinstance(figure, str) else figure.key
        return tuple(line for line in self.lines if key in line.groups)

    def figure(self, key: str) -> Figure | None:
        """The figure of that key, if the section has it."""
        return next((one for one in self.figures if one.key == key), None)

    def table(self, key: str) -> Table | None:
        """The table of that key, if the section has it."""
        return next((one for one in self.tables if one.key == key), None)


@dataclass(frozen=True)
class File:
    """A file that was read. ``what``: stock, sales, purchases. ``columns``: fields recognised."""

    what: str
    name: str
    digest: str
    lines: int
    rejected: int
    grain: str
    columns: tuple[str, ...]
    first_on: date | None = None
    last_on: date | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmatched:
    """A product of the files that no national edition knows: kept, with what the file says of it.

    ``files``: where it was seen ("stock", "sales", "purchases"). ``kind``: why, as a key:
    "not_national" (a valid code of another kind of product), "bad_code", "no_code", "no_catalogue".
    """

    code: str
    label: str
    kind: str
    files: tuple[str, ...]
    held: int = 0


@dataclass(frozen=True)
class LeftOut:
    """A line of a file that could not be read; ``reason`` is the reader's own French sentence."""

    what: str
    line: int
    reason: str


@dataclass(frozen=True)
class Unknown:
    """Section 9: one thing that these files cannot tell, and the export that would.

    ``key``: what is unknown; ``export``: the key of what to export next time.
    """

    key: str
    export: str
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """One thing to do on Monday. ``minutes`` of work expected, ``cost`` is "free" or "money"."""

    key: str
    section: str
    cost: str = "free"
    numbers: Mapping[str, Number] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Edition:
    """A national edition that was used: its day, and the digest of its files."""

    edition: str
    digest: str


@dataclass(frozen=True)
class Report:
    """A whole picture. ``as_of`` is its day: the last of the sales file, or the one given.

    ``totals`` are exact numbers of the files: "references", "held_references", "boxes", "euros"
    (of the stock, without tax), "euros_known" (the share of them that the stock file itself
    priced), "unpriced" (references held without any price), "unmatched", "days" of sales,
    "sold_boxes". ``sections`` come in the order of :data:`SECTIONS`; the ninth is ``unknowns``.
    ``acts`` are in the order to do them: what costs nothing first.
    """

    as_of: date
    first_on: date
    files: tuple[File, ...]
    editions: tuple[Edition, ...]
    totals: Mapping[str, Number]
    sections: tuple[Section, ...]
    unknowns: tuple[Unknown, ...]
    acts: tuple[Act, ...]
    unmatched: tuple[Unmatched, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    format: int = FORMAT

    def section(self, key: str) -> Section:
        """The section of that key. :raises KeyError: if there is none."""
        for one in self.sections:
            if one.key == key:
                return one
        raise KeyError(key)

    @property
    def count_list(self) -> tuple[Line, ...]:
        """The twenty products to check first, by address then label: the walk."""
        lines = self.section("ghosts").behind("count_list")
        return tuple(sorted(lines, key=lambda line: (line.address, line.label, line.code)))


SECTIONS = (
    "ghosts", "missing", "dormant", "expiry", "price_cuts", "dead_codes", "dispersion", "cover",
)  # fmt: skip

# --- JSON -----------------------------------------------------------------------------------------


def as_json(report: Report) -> bytes:
    """The canonical bytes: UTF-8, sorted keys, no spaces, one newline at the end."""
    text = json.dumps(
        _plain(report), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float):
        raise TypeError("a report holds no float: round it first")
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def from_json(data: bytes | memoryview) -> Report:
    """The report that :func:`as_json` wrote.

    :raises ValueError: if the bytes are of another format.
    """
    kept = json.loads(bytes(data))
    if kept.get("format") != FORMAT:
        raise ValueError(f"format {kept.get('format')!r} instead of {FORMAT}")
    return Report(
        as_of=date.fromisoformat(kept["as_of"]),
        first_on=date.fromisoformat(kept["first_on"]),
        files=tuple(_file(one) for one in kept["files"]),
        editions=tuple(Edition(**one) for one in kept["editions"]),
        totals=_numbers(kept["totals"]),
        sections=tuple(_section(one) for one in kept["sections"]),
        unknowns=tuple(
            Unknown(**{**one, "numbers": _numbers(one["numbers"])}) for one in kept["unknowns"]
        ),
        acts=tuple(Act(**{**one, "numbers": _numbers(one["numbers"])}) for one in kept["acts"]),
        unmatched=tuple(
            Unmatched(**{**one, "files": tuple(one["files"])}) for one in kept["unmatched"]
        ),
        left_out=tuple(LeftOut(**one) for one in kept["left_out"]),
    )


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def _numbers(values: Mapping[str, Any]) -> dict[str, Number]:
    return {key: _number(value) for key, value in values.items()}


def _file(kept: dict[str, Any]) -> File:
    first, last = kept["first_on"], kept["last_on"]
    return File(
        **{
            **kept,
            "columns": tuple(kept["columns"]),
            "notes": tuple(kept["notes"]),
            "first_on": date.fromisoformat(first) if first else None,
            "last_on": date.fromisoformat(last) if last else None,
        }
    )


_LINE_NUMBERS = (
    "boxes", "boxes_low", "boxes_high", "euros", "euros_low", "euros_high", "probability",
)  # fmt: skip


def _section(kept: dict[str, Any]) -> Section:
    return Section(
        key=kept["key"],
        figures=tuple(
            Figure(**{**one, **{key: _number(one[key]) for key in ("value", "low", "high")}})
            for one in kept["figures"]
        ),
        lines=tuple(_lines(kept["lines"])),
        tables=tuple(
            Table(
                table["key"],
                tuple(
                    Row(row["key"], _numbers(row["numbers"]), row["words"]) for row in table["rows"]
                ),
            )
            for table in kept["tables"]
        ),
        absent=kept["absent"],
    )


def _lines(kept: Iterable[dict[str, Any]]) -> Iterator[Line]:
    for one in kept:
        yield Line(
            **{
                **one,
                **{key: _number(one[key]) for key in _LINE_NUMBERS},
                "groups": tuple(one["groups"]),
                "numbers": _numbers(one["numbers"]),
            }
        )
