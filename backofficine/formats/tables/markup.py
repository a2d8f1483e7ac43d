"""Web pages and XML sheets that a pharmacy software names ``.xls`` → grids of texts."""

import re
from html import unescape

from backofficine.formats.tables.shape import Grid, TableRefused
from backofficine.formats.tables.text import decode

_STARTS = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<meta", b"<body", b"<workbook")
# HTML says table, tr, td, th; the XML of Excel 2003 says Table, Row, Cell.
_TAG = re.compile(
    r"<(/?)(?:ss:)?(table|tr|row|td|th|cell)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE
)
_BREAK = re.compile(r"<br\s*/?>|</p>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
# Possessive, from the first letter on: a long word without a sign is looked at once.
_ATTRIBUTE = re.compile(r"(?<![a-z:])([a-z:]++)\s*+=\s*+[\"']?([0-9]+)", re.IGNORECASE)
_MOST_COVERED = 2_000  # rows or columns one cell may cover
_MOST_CELLS = 10_000_000


def is_markup(data: bytes) -> bool:
    """Tell whether a file is a page or an XML sheet, whatever its name ends with."""
    return data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_STARTS)


def open_markup(data: bytes) -> list[Grid]:
    """Read every table of a page, in order; the lines count from 1 in each table.

    :raises TableRefused: if its cells spread without end.
    """
    text, encoding = decode(data)
    # _TAG has three groups: text, closing sign, name, attributes, text…
    parts = _TAG.split(_without_comments(text.replace("\x00", "\ufffd")))
    tables: list[list[list[str]]] = []
    covered: dict[int, tuple[int, str]] = {}  # column → rows still covered from above, text
    row: list[str] | None = None
    count = 0
    for at in range(1, len(parts) - 3, 4):
        closing, name, said, inside = parts[at], parts[at + 1].lower(), parts[at + 2], parts[at + 3]
        if closing:
            continue
        if name == "table":
            tables.append([])
            covered, row = {}, None
        elif name in ("tr", "row"):
            if not tables:
                tables.append([])
            if row is not None:
                _pull(row, covered)
                count += len(row)
            row = []
            tables[-1].append(row)
        elif row is not None:
            _put(row, covered, _attributes(said), "" if said.endswith("/") else _words(inside))
        # A row that never ends counts too.
        if count + len(row or ()) > _MOST_CELLS:
            raise TableRefused(
                "Le tableau de cette page est démesuré. Exportez une période plus courte, ou "
                "choisissez le format CSV."
            )
    return [
        Grid(
            name=f"Tableau {number}",
            kind="html",
            encoding=encoding,
            separator="",
            rows=[
                (line, cells)
                for line, cells in enumerate(table, start=1)
                if any(map(str.strip, cells))
            ],
        )
        for number, table in enumerate(tables, start=1)
        if any(any(map(str.strip, cells)) for cells in table)
    ]


def _attributes(said: str) -> dict[str, int]:
    return {
        name.lower().removeprefix("ss:"): int(number[:6])
        for name, number in _ATTRIBUTE.findall(said)
    }


def _put(
    row: list[str], covered: dict[int, tuple[int, str]], said: dict[str, int], text: str
) -> None:
    """Add a cell at the next free column, repeated where it spreads to the right and below."""
    _pull(row, covered)
    if said.get("index", 0) > len(row) + 1:
        row.extend([""] * min(said["index"] - len(row) - 1, _MOST_COVERED))
    wide = max(1, said.get("colspan", 1), said.get("mergeacross", 0) + 1)
    deep = max(1, said.get("rowspan", 1), said.get("mergedown", 0) + 1)
    for _ in range(min(wide, _MOST_COVERED)):
        if deep > 1:
            covered[len(row)] = (min(deep, _MOST_COVERED) - 1, text)
        row.append(text)


def _pull(row: list[str], covered: dict[int, tuple[int, str]]) -> None:
    while len(row) in covered:
        left, text = covered.pop(len(row))
        if left > 1:
            covered[len(row)] = (left - 1, text)
        row.append(text)


def _without_comments(text: str) -> str:
    first, *rest = text.split("<!--")
    return first + "".join(piece.partition("-->")[2] for piece in rest)


def _words(inside: str) -> str:
    return unescape(_ANY_TAG.sub("", _BREAK.sub(" ", inside))).strip()
