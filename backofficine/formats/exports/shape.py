"""What an export of the pharmacy's software gives, and what one confirms before it is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from backofficine.formats.tables import Rejected

_MONTH = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])")


class What(StrEnum):
    """What an export tells: what is on the shelves, what went out, what came in."""

    STOCK = "stock"
    SALES = "sales"
    PURCHASES = "purchases"


@dataclass(frozen=True, slots=True)
class StockLine:
    """A product, in one place and lot where the file parts them; ``quantity`` as read, even < 0.

    Prices in euros a box: ``purchase_price`` without tax, ``public_price`` with; ``value`` in euros
    for the line. ``vat_rate`` in percent. Nothing known is ``""`` or ``None``.
    """

    line: int
    code: str
    label: str
    quantity: int
    purchase_price: Decimal | None = None
    public_price: Decimal | None = None
    value: Decimal | None = None
    address: str = ""
    last_sale_on: date | None = None
    last_receipt_on: date | None = None
    min_stock: int | None = None
    max_stock: int | None = None
    expires_on: date | None = None
    lot: str = ""
    vat_rate: Decimal | None = None
    category: str = ""
    laboratory: str = ""


@dataclass(frozen=True, slots=True)
class SalesLine:
    """Boxes out between two days, both included and equal unless the file tells months only.

    A negative quantity is a return. ``amount`` in euros, as the file counts them, for the line.
    """

    line: int
    code: str
    label: str
    quantity: int
    first_on: date
    last_on: date
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """Boxes in on a day; ``unit_price`` in euros without tax; ``free_quantity`` comes on top."""

    line: int
    code: str
    label: str
    quantity: int
    on: date
    supplier: str = ""
    unit_price: Decimal | None = None
    free_quantity: int | None = None


Line = StockLine | SalesLine | PurchaseLine


@dataclass(frozen=True)
class Field:
    """Something a column may hold, in the words of the one who confirms it."""

    name: str
    french: str
    is_required: bool


@dataclass(frozen=True)
class Guess:
    """The column taken for a field: by its ``"name"`` or its ``"content"``; confidence in 0–1."""

    index: int
    heading: str
    how: str
    confidence: float
    sample: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Where everything is in a file: what one confirms, and what is remembered.

    ``columns``: field → column from 0. ``months``: column of the wide form → ``AAAA-MM``.
    ``relative``: column → how many months before the newest one, where headings say no year.
    """

    sheet: int
    heading_line: int | None
    columns: dict[str, int]
    months: dict[int, str] = field(default_factory=dict)
    relative: dict[int, int] = field(default_factory=dict)

    def dated(self, newest: str) -> "Layout":
        """Say which month the newest column is, ``AAAA-MM``: the others follow.

        :raises ValueError: if it is no such month.
        """
        if not _MONTH.fullmatch(newest):
            raise ValueError(f"not a month: {newest!r}")
        year, month = map(int, newest.split("-"))
        at = year * 12 + month - 1
        months = {
            index: f"{(at - back) // 12:04d}-{(at - back) % 12 + 1:02d}"
            for index, back in self.relative.items()
        }
        return replace(self, months={**self.months, **months})

    def as_dict(self) -> dict[str, Any]:
        """Give what JSON keeps."""
        return {
            "sheet": self.sheet,
            "heading_line": self.heading_line,
            "columns": dict(self.columns),
            "months": [[index, month] for index, month in sorted(self.months.items())],
            "relative": [[index, back] for index, back in sorted(self.relative.items())],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Layout":
        """Take back what :meth:`as_dict` gave.

        :raises ValueError: if it is no such thing.
        """
        try:
            heading = kept["heading_line"]
            layout = cls(
                sheet=int(kept["sheet"]),
                heading_line=None if heading is None else int(heading),
                columns={str(name): int(index) for name, index in kept["columns"].items()},
                months={int(index): str(month) for index, month in kept.get("months", [])},
                relative={int(index): int(back) for index, back in kept.get("relative", [])},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a layout: {error}") from None
        indices = [layout.sheet, *layout.columns.values(), *layout.months, *layout.relative]
        if min(indices) < 0 or not all(map(_MONTH.fullmatch, layout.months.values())):
            raise ValueError("not a layout: a column or a month is impossible")
        return layout


@dataclass(frozen=True)
class Proposal:
    """What was recognised in a file, and what to ask before reading it.

    ``headings`` and ``preview`` (line number, texts) are of the sheet proposed; ``samples`` gives
    a few texts of each column. ``questions`` are French sentences; none means nothing is in doubt.
    ``fingerprint`` names the headings, whatever months they carry, to remember the answer under.
    """

    what: What
    layout: Layout
    guesses: dict[str, Guess]
    headings: list[str]
    preview: list[tuple[int, list[str]]]
    samples: list[tuple[str, ...]]
    questions: list[str]
    notes: list[str]
    fingerprint: str
    fields: list[Field]
    missing: list[str]
    sheets: list[str]
    read_as: str
    lines: int

    @property
    def is_complete(self) -> bool:
        """Whether the file can be read without an answer."""
        return not self.missing


@dataclass(frozen=True)
class Export:
    """An export read: its lines, those left out with their reason, notes in French.

    ``grain`` is ``"line"`` (one sale a line), ``"day"`` or ``"month"``. ``edited_on`` is the day
    the file says it was made, when it does. ``digest`` is the SHA-256 of the bytes.
    """

    what: What
    lines: Sequence[Any]
    rejected: list[Rejected]
    notes: list[str]
    grain: str
    digest: str
    layout: Layout
    first_on: date | None = None
    last_on: date | None = None
    edited_on: date | None = None
