"""What a file seems to hold, and what to ask before it is read."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from backofficine.formats.exports import columns as columns_of
from backofficine.formats.exports.columns import Profile
from backofficine.formats.exports.fields import KNOWN, Known, fields_of
from backofficine.formats.exports.months import Wide, month_of, wide_months, with_years
from backofficine.formats.exports.shape import Layout, Proposal, What
from backofficine.formats.tables import Grid, is_footer, normal, number, open_grids

_SEARCHED = 60  # lines, for the headings
_SAMPLED = 300  # lines, for the content
_PREVIEWED = 8
_SHOWN = 5
_LONGEST_HEADING = 80
_HEADING = 1.9  # two names, or one name over a line with a code
_OVER_CODES = 1.9
_DAY = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:20)?[0-9]{2}")

Cells = tuple[int, list[str]]
Found = dict[str, tuple[int, str, float]]


def propose(
    data: bytes,
    what: What,
    *,
    columns: Mapping[str, int] | None = None,
    newest: str | None = None,
    year: int | None = None,
) -> Proposal:
    """Recognise the columns of an export.

    :param columns: what one chose or remembers, field → column; it prevails over what is guessed.
    :param newest: ``AAAA-MM`` of the newest column of months, where headings only count back.
    :param year: the year of the newest month, where headings name months only.
    :raises TableRefused: if the file holds no table at all.
    """
    return propose_from(open_grids(data), what, columns=columns, newest=newest, year=year)


def propose_from(
    grids: Sequence[Grid],
    what: What,
    *,
    columns: Mapping[str, int] | None = None,
    newest: str | None = None,
    year: int | None = None,
) -> Proposal:
    """Recognise the columns of an export already opened; see :func:`propose`."""
    sheets = [_Sheet.of(grid, what, columns) for grid in grids]
    best = max(range(len(sheets)), key=lambda index: (*sheets[index].worth, -index))
    sheet = sheets[best]
    layout = _dated(sheet.layout(best), sheet.wide, newest=newest, year=year)
    missing = _missing(what, layout)
    return Proposal(
        what=what,
        layout=layout,
        guesses={
            name: columns_of.guess_of(found, sheet.headings, sheet.sample(found[0]))
            for name, found in sorted(sheet.found.items(), key=lambda item: item[1][0])
        },
        headings=sheet.headings,
        preview=[(line, list(cells)) for line, cells in sheet.body[:_PREVIEWED]],
        samples=[sheet.sample(index) for index in range(sheet.width)],
        questions=_questions(sheet, layout, missing),
        notes=_notes(grids, sheets, best),
        fingerprint=_fingerprint(what, sheet),
        fields=fields_of(what),
        missing=missing,
        sheets=[grid.name for grid in grids],
        read_as=_read_as(grids[best]),
        lines=len(sheet.body),
    )


# --- Headings -------------------------------------------------------------------------------------


@dataclass
class _Sheet:
    """A grid looked at: its headings, the cells below, the columns found in it."""

    what: What
    headings: list[str]
    heading_line: int | None
    body: list[Cells]
    profiles: list[Profile]
    wide: Wide
    found: Found
    rivals: dict[str, list[int]]

    @classmethod
    def of(cls, grid: Grid, what: What, chosen: Mapping[str, int] | None) -> "_Sheet":
        known = KNOWN[what]
        ways, last = _headings(grid.rows[:_SEARCHED], what)
        body = grid.rows[last + 1 :] if last is not None else grid.rows
        width = max((len(cells) for _, cells in [*body[:_SAMPLED], *grid.rows[:1]]), default=0)
        width = max(width, len(ways))
        ways = [*ways, *[[""]] * (width - len(ways))]
        headings = [way[0] for way in ways]
        sampled = list(_sample(body))
        profiles = [
            columns_of.profile([cells[index] for _, cells in sampled if index < len(cells)])
            for index in range(width)
        ]
        wide = _wide(ways, profiles) if what is What.SALES else Wide({}, {}, {})
        found = _find(ways, profiles, known, wide, chosen or {}, has_headings=last is not None)
        if "date" in found and len(wide) and found["date"][2] < 0.9:
            del found["date"]
        if "date" in found:
            wide = Wide({}, {}, {})
        elif len(wide):
            found = {name: one for name, one in found.items() if name not in _LONG_ONLY}
        return cls(
            what=what,
            headings=headings,
            heading_line=grid.rows[last][0] if last is not None else None,
            body=body,
            profiles=profiles,
            wide=wide,
            found=found,
            rivals=_rivals(ways, profiles, known, found),
        )

    @property
    def width(self) -> int:
        return len(self.headings)

    @property
    def worth(self) -> tuple[int, int, int]:
        """How good a table this is: required fields found, all fields found, lines."""
        known = KNOWN[self.what]
        required = sum(known[name].is_required for name in self.found if name in known)
        if len(self.wide):
            required += 2
        return (required if self.body else 0), len(self.found), len(self.body)

    def layout(self, index: int) -> Layout:
        return Layout(
            sheet=index,
            heading_line=self.heading_line,
            columns={name: self.found[name][0] for name in KNOWN[self.what] if name in self.found},
            months=dict(self.wide.months),
            relative=dict(self.wide.relative),
        )

    def sample(self, index: int) -> tuple[str, ...]:
        """Give a few different texts of a column."""
        texts: dict[str, None] = {}
        for _, cells in self.body[:_SAMPLED]:
            if index < len(cells) and (text := cells[index].strip()):
                texts[text[:60]] = None
            if len(texts) == _SHOWN:
                break
        return tuple(texts)


_LONG_ONLY = ("quantity", "year", "time", "amount")


def _headings(rows: Sequence[Cells], what: What) -> tuple[list[list[str]], int | None]:
    """Find the line or two of headings: for each column its readings, and the last line's index."""
    known = KNOWN[what]
    best, best_score = None, 0.0
    for at, (_, cells) in enumerate(rows):
        if not _may_be_heading(cells):
            continue
        score = _heading_score(cells, known)
        if at + 1 < len(rows) and _heads_codes(cells, rows[at + 1][1]):
            score += _OVER_CODES
        if score >= _HEADING and score > best_score:
            best, best_score = at, score
    if best is None:
        return [], None
    last = best
    if best + 1 < len(rows) and _head_together(rows[best], rows[best + 1]):
        last = best + 1
    above = best - 1 if last == best else best
    lower = [cell.strip() for cell in rows[last][1]]
    if above < 0 or not _head_together(rows[above], rows[last]):
        return [[text] for text in lower], last
    upper = _spread(rows[above][1], len(lower))
    return [
        _ways(top, bottom) for top, bottom in zip(upper, _padded(lower, len(upper)), strict=True)
    ], last


def _heads_codes(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell whether a line stands over a line with a code, and is about as full."""
    filled, under = (sum(1 for cell in line if cell.strip()) for line in (cells, below))
    return filled > 0.6 * under and any(columns_of.is_code(cell) for cell in below)


def _may_be_heading(cells: Sequence[str]) -> bool:
    texts = {text for cell in cells if (text := cell.strip())}
    if len(texts) < 2:
        return False
    return not any(_is_data(text) for text in texts)


def _head_together(upper: Cells, lower: Cells) -> bool:
    """Tell two lines of headings from a title above one: they touch, and give no day."""
    return (
        upper[0] == lower[0] - 1
        and _may_be_heading(upper[1])
        and _may_be_heading(lower[1])
        and not any(_DAY.search(cell) for cell in upper[1])
    )


def _is_data(text: str) -> bool:
    """Tell a value from a heading; a year and a month are headings too."""
    if len(text) > _LONGEST_HEADING or columns_of.is_code(text):
        return True
    if not any(sign.isdigit() for sign in text) or month_of(text):
        return False
    try:
        value = number(text)
    except ValueError:
        return False
    return not (value == value.to_integral_value() and (1990 < value < 2100 or 1 <= value <= 12))


def _heading_score(cells: Sequence[str], known: Mapping[str, Known]) -> float:
    best: dict[str, float] = {}
    for cell in cells:
        for name, field in known.items():
            score = columns_of.name_score(cell, name, field)
            if score > best.get(name, 0.0):
                best[name] = score
    months = wide_months(cells)
    score = sum(one for one in best.values() if one >= 0.5)
    return score + (min(len(months), 12) if len(months) >= 2 else 0)


def _spread(cells: Sequence[str], width: int) -> list[str]:
    """Carry each group's heading over the columns it heads; blanks before the first stay blank."""
    spread: list[str] = []
    for cell in _padded([cell.strip() for cell in cells], width):
        spread.append(cell or (spread[-1] if spread else ""))
    return spread


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def _ways(top: str, bottom: str) -> list[str]:
    if not bottom or normal(top) == normal(bottom):
        return [top]
    return [f"{top} {bottom}", bottom] if top else [bottom]


def _sample(body: Sequence[Cells]) -> Iterable[Cells]:
    """Give the first lines and others spread over the file, totals left out."""
    step = max(1, (len(body) - 150) // 150)
    for row in [*body[:150], *body[150::step][:150]]:
        if sum(1 for cell in row[1] if cell.strip()) > 1 and not is_footer("", row[1]):
            yield row


# --- Columns --------------------------------------------------------------------------------------


def _wide(ways: Sequence[Sequence[str]], profiles: Sequence[Profile]) -> Wide:
    wide = max((wide_months([way[at] for way in ways]) for at in (0, -1)), key=len)
    if len(wide) < 2:
        return Wide({}, {}, {})

    def counted(index: int) -> bool:
        return not profiles[index].filled or profiles[index].number > 0.5

    return Wide(
        wide.months,  # a month by its name and year: its bad cells are told one by one
        {index: back for index, back in wide.relative.items() if counted(index)},
        {index: month for index, month in wide.nameless.items() if counted(index)},
    )


def _find(
    ways: Sequence[Sequence[str]],
    profiles: Sequence[Profile],
    known: Mapping[str, Known],
    wide: Wide,
    chosen: Mapping[str, int],
    *,
    has_headings: bool,
) -> Found:
    """Give each field its column: as chosen, else by name, else by content."""
    found: Found = {
        name: (index, "choice", 1.0)
        for name, index in chosen.items()
        if name in known and 0 <= index < len(profiles)
    }
    taken = {index for index, _, _ in found.values()}
    taken |= {*wide.months, *wide.relative, *wide.nameless}
    free = {name: field for name, field in known.items() if name not in found}
    found |= columns_of.assign(ways, profiles, free, taken=taken)
    taken |= {index for index, _, _ in found.values()}
    _mend_code(found, profiles)
    names = {name for name in known if name not in found}
    if has_headings:
        # Under headings, what nobody named is not guessed, save what the file cannot do without.
        names &= {name for name, field in known.items() if field.is_required} | {"label"}
        if len(wide):
            names -= {"date", "quantity"}
    return found | columns_of.guess_from_cells(profiles, known, taken=taken, names=names)


def _mend_code(found: Found, profiles: Sequence[Profile]) -> None:
    """Prefer the thirteen digits that stand in another column to a code of the house."""
    if "code" not in found or found["code"][1] == "choice":
        return
    index = found["code"][0]
    if "code2" in found:
        other = found["code2"][0]
        if profiles[other].keyed > profiles[index].keyed:
            found["code"], found["code2"] = found["code2"], found["code"]
    elif max(profiles[index].keyed, profiles[index].seven) < 0.3:
        taken = {column for column, _, _ in found.values()}
        keyed = [at for at, one in enumerate(profiles) if one.keyed >= 0.5 and at not in taken]
        if keyed:
            best = max(keyed, key=lambda at: (profiles[at].keyed, -at))
            found["code"] = best, "content", round(profiles[best].keyed, 2)


def _rivals(
    ways: Sequence[Sequence[str]],
    profiles: Sequence[Profile],
    known: Mapping[str, Known],
    found: Found,
) -> dict[str, list[int]]:
    """Give, for a required field in doubt, the other columns that could be it."""
    taken = {index for index, _, _ in found.values()}
    rivals: dict[str, list[int]] = {}
    for name, field in known.items():
        if (
            not field.is_required
            or name not in found
            or name == "code"
            or found[name][1] == "choice"
        ):
            continue
        _, how, confidence = found[name]
        for other in range(len(profiles)):
            if other in taken or not profiles[other].filled:
                continue
            suits = columns_of.likeness(field.kind, profiles[other])
            said = max(columns_of.name_score(way, name, field) for way in ways[other])
            by_name = how == "name" and said >= 0.6 and said > confidence - 0.15
            if suits >= 0.8 and (by_name or (how == "content" and not ways[other][0])):
                rivals.setdefault(name, []).append(other)
    return rivals


def _dated(layout: Layout, wide: Wide, *, newest: str | None, year: int | None) -> Layout:
    if wide.nameless and year is not None:
        layout = replace(layout, months={**layout.months, **with_years(wide.nameless, year)})
    if layout.relative and newest is not None:
        layout = layout.dated(newest)
    return layout


def lacking_of(what: What, layout: Layout) -> list[str]:
    """Name the required fields that no column gives; months are a date and a quantity."""
    is_wide = bool(layout.months or layout.relative)
    return [
        name
        for name, field in KNOWN[what].items()
        if field.is_required
        and name not in layout.columns
        and not (is_wide and name in ("date", "quantity"))
    ]


def _missing(what: What, layout: Layout) -> list[str]:
    """Name what a person must still say: ``months`` when columns of months have no date."""
    undated = any(index not in layout.months for index in layout.relative)
    return [*lacking_of(what, layout), *(["months"] if undated else [])]


# --- Words ----------------------------------------------------------------------------------------


def _questions(sheet: _Sheet, layout: Layout, missing: Sequence[str]) -> list[str]:
    known = KNOWN[sheet.what]
    asked: list[str] = []
    if sheet.heading_line is None:
        asked.append(
            "Le fichier n’a pas de ligne d’en-tête : les colonnes ont été reconnues d’après ce "
            "qu’elles contiennent. Vérifiez chacune d’elles."
        )
    if sheet.wide.nameless and not layout.months:
        names = ", ".join(
            f"« {sheet.headings[index]} »" for index in sorted(sheet.wide.nameless)[:3]
        )
        asked.append(
            f"Les colonnes {names}… nomment des mois sans année : de quelle année est le plus "
            "récent ?"
        )
        missing = [name for name in missing if name not in ("date", "quantity")]
    for name in missing:
        if name == "months":
            newest = min(layout.relative, key=lambda index: layout.relative[index])
            asked.append(
                f"De quel mois est la colonne « {sheet.headings[newest]} » ? Les autres colonnes "
                "de mois sont comptées à partir de celle-ci."
            )
        else:
            asked.append(f"Quelle colonne contient : {known[name].french} ?")
    if other := _looks_like(sheet, missing):
        asked.append(f"Ce fichier ressemble à {other} : est-ce bien le bon fichier ?")
    for name, others in sheet.rivals.items():
        chosen = sheet.found[name][0]
        listed = " ou ".join(column_name(sheet.headings, index) for index in [chosen, *others[:3]])
        asked.append(f"{known[name].french} : est-ce {listed} ?")
    return asked


def _looks_like(sheet: _Sheet, missing: Sequence[str]) -> str:
    """Name the other export a file seems to be: files are dropped in each other's place."""
    taken = {index for index, _, _ in sheet.found.values()}

    def named(what: What, name: str) -> bool:
        field = KNOWN[what][name]
        return any(
            columns_of.name_score(heading, name, field) >= 0.9
            and columns_of.likeness(field.kind, sheet.profiles[index]) > 0.8
            for index, heading in enumerate(sheet.headings)
            if index not in taken
        )

    if sheet.what is What.STOCK and named(What.SALES, "date"):
        return "un export de ventes ou d’achats (une date sur chaque ligne)"
    if "date" in missing and sheet.what is not What.STOCK and not len(sheet.wide):
        stock = KNOWN[What.STOCK]["quantity"]
        if any(
            columns_of.name_score(heading, "quantity", stock) >= 0.9 and "stock" in normal(heading)
            for heading in sheet.headings
        ):
            return "un état du stock (aucune date)"
    return ""


def column_name(headings: Sequence[str], index: int) -> str:
    """Name a column as one points at it: its heading, or its letter in a spreadsheet."""
    if index < len(headings) and headings[index]:
        return f"« {headings[index][:40]} »"
    letters, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"la colonne {letters}"


def _notes(grids: Sequence[Grid], sheets: Sequence[_Sheet], best: int) -> list[str]:
    if len(grids) == 1:
        return []
    what = "feuilles" if grids[best].kind != "html" else "tableaux"
    notes = [f"Le fichier a {len(grids)} {what} ; « {grids[best].name} » est lue."]
    print_ = _fingerprint(sheets[best].what, sheets[best])
    twins = [
        grid.name
        for index, (grid, sheet) in enumerate(zip(grids, sheets, strict=True))
        if index != best and sheet.body and _fingerprint(sheet.what, sheet) == print_
    ]
    if twins:
        listed = ", ".join(f"« {name} »" for name in twins[:5])
        notes.append(
            f"{listed} : mêmes colonnes, mais non lue. Réunissez les feuilles en une seule si "
            "elles se suivent."
        )
    return notes


def _read_as(grid: Grid) -> str:
    names = {
        "xlsx": "classeur Excel",
        "xls": "ancien classeur Excel",
        "ods": "classeur LibreOffice",
    }
    if grid.kind in names:
        return names[grid.kind]
    if grid.kind == "html":
        return f"page web, {grid.encoding}"
    signs = {"\t": "tabulation", ";": "point-virgule", ",": "virgule", "|": "barre verticale"}
    return f"texte {grid.encoding}, séparateur {signs.get(grid.separator, grid.separator)}"


def _fingerprint(what: What, sheet: _Sheet) -> str:
    """Name the headings: the same columns give the same name, whatever the months they carry.

    Where the months stand counts: one more shifts the columns that an answer was remembered for.
    """
    months = {*sheet.wide.months, *sheet.wide.relative, *sheet.wide.nameless}
    if sheet.heading_line is None:
        told = [_kind_of(one) for one in sheet.profiles]
    else:
        told = [
            "*" if index in months else normal(text) for index, text in enumerate(sheet.headings)
        ]
    return hashlib.sha256("\x1f".join([what, *told]).encode()).hexdigest()[:32]


def _kind_of(column: Profile) -> str:
    kinds = {
        "code": column.keyed, "date": column.dated, "words": column.words,
        "whole": column.whole, "number": column.number,
    }  # fmt: skip
    return max(kinds, key=lambda kind: kinds[kind]) if column.filled else ""
