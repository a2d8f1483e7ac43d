"""A table whose columns go by known names → rows by field, each with its line's number."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from backofficine.formats.tables.grids import open_grids
from backofficine.formats.tables.markup import is_markup
from backofficine.formats.tables.shape import EMPTY, ONE_LINE, Rejected, Row, Table, TableRefused
from backofficine.formats.tables.text import open_text
from backofficine.formats.tables.values import normal
from backofficine.formats.tables.workbook import is_workbook

_HEADING_LINES = 20

Cells = tuple[int, list[str]]


def read_table(
    data: bytes, *, fields: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Table:
    """Read a table whose headings follow no norm: a text, a workbook, a web page named ``.xls``.

    Of several sheets, the one that names the most fields is read.

    :param fields: for each field, the headings it is known under, in any case, accents or not; its
        own name is one of them.
    :param required: the fields without which the table is refused.
    :raises TableRefused: if the file is empty, is no table, or has no such heading.
    """
    names = _field_names(fields)
    if is_workbook(data) or is_markup(data):
        grids = open_grids(data)
        found = [
            _heading([cells for _, cells in grid.rows[:_HEADING_LINES]], names) for grid in grids
        ]
        best = max(range(len(grids)), key=lambda index: len(found[index][1]))
        grid = grids[best]
        rows, encoding, separator = iter(grid.rows), grid.encoding, grid.separator
        damaged = grid.rejected
    else:
        text = open_text(data)
        rows, encoding, separator = text.cells(), text.encoding, text.separator
        damaged = text.rejected
    # Headings first: a file of noise is refused before anything costly is done with it.
    head = list(islice(rows, _HEADING_LINES))
    if not head:
        raise TableRefused(ONE_LINE if damaged else EMPTY)
    at, columns = _heading([cells for _, cells in head], names)
    headings = [heading.strip() for heading in head[at][1]]
    missing = [name for name in required if name not in columns]
    if missing:
        raise TableRefused(_missing(missing, fields, headings if columns else []))
    read, rejected = _rows(chain(head[at + 1 :], rows), columns, headings, required)
    return Table(
        rows=read,
        rejected=sorted([*damaged, *rejected], key=lambda left_out: left_out.line),
        encoding=encoding,
        separator=separator,
        columns={name: headings[index] for name, index in columns.items()},
        headings=headings,
    )


def _field_names(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, aliases in fields.items():
        for alias in (name, *aliases):
            names.setdefault(normal(alias), name)
    names.pop("", None)
    return names


def _heading(
    lines: Sequence[Sequence[str]], names: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Find the line of headings: the one among the first that names the most fields, two at least.

    A table of one column may only have one heading.
    """
    best: tuple[int, dict[str, int]] = (0, {})
    for at, cells in enumerate(lines):
        columns: dict[str, int] = {}
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
    found = ", ".join(f"« {heading[:40]} »" for heading in headings[:15] if heading)
    return (
        f"Il manque la colonne {wanted}. Colonnes trouvées : {found}. Renommez l’en-tête, puis "
        "recommencez."
    )


_FOOTER = re.compile(r"\b(?:sous )?total|\bpage\b|\bedite le\b|\bimprime le\b")


def is_footer(key: str, cells: Iterable[str]) -> bool:
    """Tell a total, a page number or an edition's date from a line of data.

    :param key: the text where the code should be; without it the whole line is looked at.
    """
    if key:
        return not key[0].isdigit() and _FOOTER.match(normal(key[:100])) is not None
    return _FOOTER.search(normal(" ".join(cells)[:400])) is not None


def _rows(
    lines: Iterator[Cells] | Iterable[Cells],
    columns: Mapping[str, int],
    headings: Sequence[str],
    required: Sequence[str],
) -> tuple[list[Row], list[Rejected]]:
    rows: list[Row] = []
    rejected: list[Rejected] = []
    width = len(headings)
    fewest = 1 + max(columns[name] for name in required) if required else 1
    key = required[0] if required else None
    for number, raw in lines:
        cells = [cell.strip() for cell in raw]
        if not any(cells) or cells == headings:
            continue  # a blank line, or the headings repeated at the top of each printed page
        key_text = cells[columns[key]] if key and columns[key] < len(cells) else ""
        if is_footer(key_text, cells):
            continue
        if len(cells) < fewest:
            reason = f"La ligne a {len(cells)} colonne(s) ; il en faut au moins {fewest}."
            rejected.append(Rejected(number, reason))
        elif len(cells) > width and any(cells[width:]):
            reason = (
                f"La ligne a {len(cells)} colonnes, l’en-tête {width} : un texte contient sans "
                "doute le séparateur."
            )
            rejected.append(Rejected(number, reason))
        else:
            texts = {
                name: cells[index] if index < len(cells) else "" for name, index in columns.items()
            }
            rows.append(Row(number, texts))
    return rows, rejected
