"""The one door of every import: bytes of any table a pharmacy can export → grids of texts."""

from backofficine.formats.tables.markup import is_markup, open_markup
from backofficine.formats.tables.shape import EMPTY, ONE_LINE, Grid, TableRefused
from backofficine.formats.tables.text import open_text
from backofficine.formats.tables.workbook import is_workbook, open_workbook


def open_grids(data: bytes) -> list[Grid]:
    """Read a text, an Excel or LibreOffice workbook, or a web page named ``.xls``.

    :raises TableRefused: if the file is empty, locked, damaged, or none of these.
    """
    if is_workbook(data):
        return open_workbook(data)
    if is_markup(data):
        grids = open_markup(data)
        if not grids:
            raise TableRefused(
                "Le fichier contient une page web sans tableau, même si son nom finit par .csv ou "
                ".xls. Exportez à nouveau, au format CSV ou Excel."
            )
        return grids
    text = open_text(data)
    rows = [row for row in text.cells() if any(cell.strip() for cell in row[1])]
    if not rows:
        raise TableRefused(ONE_LINE if text.rejected else EMPTY)
    return [Grid("", "texte", text.encoding, text.separator, rows, text.rejected)]
