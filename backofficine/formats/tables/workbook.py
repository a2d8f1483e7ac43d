"""Excel and LibreOffice workbooks → grids of texts, one per sheet that holds something."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from backofficine.formats.tables.extent import Vast, check_ods, check_xlsx
from backofficine.formats.tables.ole import Damaged, check_old_workbook
from backofficine.formats.tables.shape import Grid, TableRefused

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LARGEST = 1_000_000_000  # bytes once unzipped
_MOST_CELLS = 15_000_000
_MOST_FILLED = 5_000  # cells that one merged range may fill

_OPEN_AND_SAVE = (
    "Ouvrez-le dans un tableur, enregistrez-le au format « Classeur Excel (.xlsx) » ou « CSV "
    "UTF-8 », puis recommencez."
)


def is_workbook(data: bytes) -> bool:
    """Tell whether a file starts as a workbook does; a ZIP archive starts the same way."""
    return data.startswith((_ZIP, _OLE[:4]))


def open_workbook(data: bytes) -> list[Grid]:
    """Read every visible sheet that holds something, with the numbers of lines Excel shows.

    A number comes as digits with a point, never as ``3,4E+12``; a date as AAAA-MM-JJ; a formula as
    the result it had when the workbook was saved.

    :raises TableRefused: if it is locked, damaged, empty or no workbook.
    """
    kind = _kind(data)
    try:
        grids = _grids(data, kind)
    except PasswordError:
        raise _locked() from None
    except TableRefused:
        raise
    except (CalamineError, OSError, ValueError, OverflowError, MemoryError):
        raise _damaged(kind) from None
    except BaseException as error:
        # The reader is written in Rust: a bug of it on a damaged file comes as a panic, which is
        # no Exception.
        if type(error).__name__ == "PanicException":
            raise _damaged(kind) from None
        raise
    if not grids:
        raise TableRefused(
            "Le classeur est vide : aucune de ses feuilles ne contient de ligne. Vérifiez "
            "l’export, puis recommencez."
        )
    return grids


def _locked() -> TableRefused:
    return TableRefused(
        "Le classeur est protégé par un mot de passe. Ouvrez-le dans Excel, enregistrez-le sans "
        "mot de passe (Fichier, Informations, Protéger le classeur), puis recommencez."
    )


def _damaged(kind: str) -> TableRefused:
    what = "ancien classeur Excel" if kind == "xls" else "classeur Excel"
    return TableRefused(f"Le fichier est un {what} abîmé ou incomplet. {_OPEN_AND_SAVE}")


# --- What kind it is ------------------------------------------------------------------------------


def _kind(data: bytes) -> str:
    if not data.startswith(_ZIP):
        if _ENCRYPTED in data:
            raise _locked()
        try:
            check_old_workbook(data, most_cells=_MOST_CELLS)
        except Damaged:
            raise _damaged("xls") from None
        return "xls"
    kind = "xlsx"
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            kind = _zip_kind(names)
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise TableRefused(
                    "Le classeur est démesuré. Exportez une période plus courte, ou choisissez le "
                    "format CSV."
                )
            if kind == "ods":
                check_ods(archive.read("content.xml"), most_cells=_MOST_CELLS)
            else:
                for entry in entries:
                    check_xlsx(archive.read(entry), most_cells=_MOST_CELLS)
    except Vast:
        raise TableRefused(
            "Une feuille du classeur s’étend sur des millions de cases vides. Copiez les colonnes "
            "utiles dans un nouveau classeur, puis recommencez."
        ) from None
    except TableRefused:
        raise
    except Exception:  # each way of packing has its own errors; all mean the same to people
        raise _damaged(kind) from None
    return kind


def _zip_kind(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        raise TableRefused(f"Le fichier est un classeur Excel binaire (.xlsb). {_OPEN_AND_SAVE}")
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    inside = sorted(name for name in names if not name.endswith("/"))
    shown = ", ".join(f"« {name[-40:]} »" for name in inside[:3])
    raise TableRefused(
        "Le fichier est une archive ZIP, pas un classeur Excel. Ouvrez-la et déposez le fichier "
        f"qu’elle contient{f' ({shown})' if shown else ''}."
    )


# --- Sheets and cells -----------------------------------------------------------------------------


def _grids(data: bytes, kind: str) -> list[Grid]:
    with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
        grids: list[Grid] = []
        for index, about in enumerate(book.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
                continue
            sheet = book.get_sheet_by_index(index)
            if sheet.total_height * sheet.total_width > _MOST_CELLS:
                raise _damaged(kind)
            left = (sheet.start or (0, 0))[1]
            rows: list[list[str]] = []
            for values in sheet.iter_rows():
                cells = [_text(value) for value in values]
                # A sheet may hold a million blank lines: no cell of theirs is kept.
                rows.append([*[""] * left, *cells] if any(cells) else [])
            _fill(rows, sheet.merged_cell_ranges or ())
            filled = [(number, cells) for number, cells in enumerate(rows, start=1) if cells]
            if filled:
                grids.append(Grid(about.name, kind, "", "", filled))
    return grids


def _fill(
    rows: Sequence[list[str]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Repeat the text of a merged range in each cell it covers, blank lines left aside."""
    for (top, left), (bottom, right) in merged:
        if top >= len(rows) or left >= len(rows[top]) or not (text := rows[top][left]):
            continue
        if (bottom - top + 1) * (right - left + 1) > _MOST_FILLED:
            continue
        for row in rows[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = row[column] or text


def _text(value: Any) -> str:
    """Write a typed cell as a text that is read back the same way, whatever its column says."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").strip()
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _decimal(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    text = f"{value:.6f}".rstrip("0")
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    # Three digits after a lone point would read as thousands in a column that writes « 12,50 ».
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text.rstrip(".")
