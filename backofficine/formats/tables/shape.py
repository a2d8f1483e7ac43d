"""What reading a table gives: grids of texts, rows by field, lines left out, a refusal."""

from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Grid:
    """One sheet, or one text: its filled lines as the file numbers them, from 1.

    ``kind`` is ``texte``, ``xlsx``, ``xls``, ``ods`` or ``html``; ``encoding`` and ``separator``
    are empty for a workbook. A merged cell is repeated in each cell it covers. ``rejected`` are
    lines that no cell could be cut from.
    """

    name: str
    kind: str
    encoding: str
    separator: str
    rows: list[tuple[int, list[str]]]
    rejected: list[Rejected] = field(default_factory=list)


class TableRefused(ValueError):
    """The file as a whole is not such a table; the French sentence says what to do."""


EMPTY = "Le fichier est vide : vérifiez l’export, puis recommencez."
ONE_LINE = (
    "Le fichier tient sur une seule ligne démesurée : aucun en-tête ni aucune ligne n’y est "
    "reconnu. Exportez à nouveau, au format CSV ou Excel."
)
SAVE_AS_CSV = (
    "Dans le tableur, choisissez « Enregistrer sous », format « CSV UTF-8 », puis importez ce "
    "fichier."
)
