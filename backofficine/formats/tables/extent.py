"""How far a sheet spreads, before its reader lays out in memory each cell of that rectangle."""

import re
from xml.parsers.expat import ParserCreate

# Of a cell, « AB12 »; of a row, « 12 ».
_PLACE = r"""\br\s*=\s*["']([A-Za-z]{%s})([0-9]{%s})"""
_FAR = re.compile((_PLACE % ("0,9", "6,19")).encode())
_WIDE = re.compile((_PLACE % ("2,9", "1,19")).encode())
_ANY = re.compile((_PLACE % ("0,9", "1,19")).encode())
_NEAR = 99_999  # the lines that _FAR does not see
_NARROW = 26  # the columns that _WIDE does not see


class Vast(ValueError):
    """A sheet holds a few cells very far apart."""


def check_xlsx(xml: bytes, *, most_cells: int) -> None:
    """Look at the place of each cell of a sheet of Excel ([ECMA-376], part 1, § 18.3.1.4).

    :raises Vast: if they spread over more than ``most_cells``.
    """
    height = max((int(found[2]) for found in _FAR.finditer(xml)), default=_NEAR)
    width = max((_column(found[1]) for found in _WIDE.finditer(xml)), default=_NARROW)
    if height * width <= most_cells:
        return
    places = [(int(found[2]), _column(found[1])) for found in _ANY.finditer(xml)]
    if max(line for line, _ in places) * max(column for _, column in places) > most_cells:
        raise Vast("cells too far apart")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


_ROWS = re.compile(rb"<table:table-row\b([^>]*)>")
_CELLS = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*)>")
_TABLE = re.compile(rb"<table:table(?=[\s>])")
_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']([0-9]{1,19})""")


def check_ods(xml: bytes, *, most_cells: int) -> None:
    """Follow the repeated rows and cells of LibreOffice ([ODF], part 3, §§ 9.1.3 and 9.1.4).

    :raises Vast: if those that hold something spread over more than ``most_cells``.
    :raises ExpatError: if the XML is damaged: its reader would look for the end for ever.
    """
    ParserCreate().Parse(xml, True)
    for table in _TABLE.split(xml)[1:]:
        height = line = width = 0
        parts = _ROWS.split(table)
        for said, inside in zip(parts[1::2], parts[2::2], strict=True):
            line += _times(said)
            if b"office:" not in inside and b"<text:" not in inside:
                continue
            height = line
            cells = _CELLS.split(inside)
            column = 0
            for about, content in zip(cells[1::2], cells[2::2], strict=True):
                column += _times(about)
                if b"office:" in about or b"<text:" in content:
                    width = max(width, column)
            if height * max(1, width) > most_cells:
                raise Vast("cells too far apart")


def _times(said: bytes) -> int:
    found = _REPEATED.search(said)
    return int(found[1]) if found else 1
