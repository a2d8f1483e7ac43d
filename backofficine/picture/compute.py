"""From the files read and the national catalogue to a report: one pure function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backofficine.catalog.margins import MarginTable
from backofficine.formats.codes import kind_of
from backofficine.formats.exports import Export, fields_of
from backofficine.picture.acts import acts_of
from backofficine.picture.national import National
from backofficine.picture.report import (
    File,
    LeftOut,
    Number,
    Report,
    Section,
    Unmatched,
    euros,
    share,
)
from backofficine.picture.sections.cover import cover_section
from backofficine.picture.sections.dead_codes import dead_codes_section
from backofficine.picture.sections.dispersion import dispersion_section
from backofficine.picture.sections.dormant import dormant_section
from backofficine.picture.sections.expiry import expiry_section
from backofficine.picture.sections.ghosts import ghosts_section, weigh
from backofficine.picture.sections.missing import missing_section
from backofficine.picture.sections.prices import prices_section
from backofficine.picture.shelf import Item, Shelf, join
from backofficine.picture.unknowns import unknowns_of

Progress = Callable[[str], None]
MOST_LEFT_OUT = 200  # lines shown of each file; the count is whole


def _silent(stage: str) -> None:
    """No one watches."""


@dataclass(frozen=True)
class Exports:
    """The files of a picture, read; ``names`` as their owner calls them."""

    stock: Export
    sales: Export
    purchases: Export | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> list[Export]:
        return [one for one in (self.stock, self.sales, self.purchases) if one is not None]


def compute(
    exports: Exports,
    *,
    national: National,
    margins: MarginTable,
    as_of: date | None = None,
    counts: Mapping[str, int] | None = None,
    progress: Progress = _silent,
) -> Report:
    """The whole picture. The same arguments give the same bytes.

    ``as_of``: its day, the last of the sales file unless given. ``counts``: code → boxes found on
    the shelf, which corrects the ghosts. ``progress`` is told each section.
    """
    shelf = shelf_of(exports, national=national, margins=margins, as_of=as_of)
    return report_of(
        shelf, exports, national=national, margins=margins, counts=counts, progress=progress
    )


def shelf_of(
    exports: Exports, *, national: National, margins: MarginTable, as_of: date | None = None
) -> Shelf:
    """The files joined by product."""
    return join(
        stock=exports.stock,
        sales=exports.sales,
        purchases=exports.purchases,
        national=national,
        margins=margins,
        as_of=as_of,
    )


def report_of(
    shelf: Shelf,
    exports: Exports,
    *,
    national: National,
    margins: MarginTable,
    counts: Mapping[str, int] | None = None,
    progress: Progress = _silent,
) -> Report:
    """What the joined files say, section by section."""
    progress("ghosts")
    ghosts = weigh(shelf, counts=counts)
    sections: list[Section] = [ghosts_section(shelf, ghosts, counted=frozenset(counts or ()))]
    progress("missing")
    sections.append(missing_section(shelf))
    progress("dormant")
    sections.append(dormant_section(shelf, ghosts=ghosts.probability))
    progress("expiry")
    sections.append(expiry_section(shelf))
    progress("catalogue")
    sections.append(prices_section(shelf, margins=margins, editions=len(national.editions)))
    sections.append(dead_codes_section(shelf, national=national))
    sections.append(dispersion_section(shelf, national=national))
    progress("cover")
    sections.append(cover_section(shelf))
    unmatched = _unmatched(shelf, national)
    return Report(
        as_of=shelf.as_of,
        first_on=shelf.first_on,
        files=tuple(_file(one, exports.names) for one in exports.given),
        editions=national.editions,
        totals=_totals(shelf, unmatched=len(unmatched)),
        sections=tuple(sections),
        unknowns=unknowns_of(
            shelf, editions=len(national.editions), counted_on=exports.stock.edited_on
        ),
        acts=acts_of(shelf, {section.key: section for section in sections}),
        unmatched=unmatched,
        left_out=tuple(
            LeftOut(str(one.what), line.line, line.reason)
            for one in exports.given
            for line in one.rejected[:MOST_LEFT_OUT]
        ),
    )


def _file(export: Export, names: Mapping[str, str]) -> File:
    known = {one.name for one in fields_of(export.what)}
    columns = {name for name in export.layout.columns if name in known}
    if export.layout.months:
        columns |= {"date", "quantity"}
    return File(
        what=str(export.what),
        name=names.get(str(export.what), ""),
        digest=export.digest,
        lines=len(export.lines),
        rejected=len(export.rejected),
        grain=export.grain,
        columns=tuple(sorted(columns)),
        first_on=export.first_on,
        last_on=export.last_on,
        notes=tuple(export.notes),
    )


def _totals(shelf: Shelf, *, unmatched: int) -> dict[str, Number]:
    held = [item for item in shelf.items if item.held > 0]
    value = sum((item.value or Decimal(0) for item in held), Decimal(0))
    told = sum((item.value or Decimal(0) for item in held if not item.is_cost_assumed), Decimal(0))
    return {
        "references": len(shelf.items),
        "held_references": len(held),
        "boxes": sum(item.held for item in held),
        "euros": euros(value),
        "euros_known": share(told / value if value else Decimal(0)),
        "unpriced": sum(1 for item in held if item.cost is None),
        "negative": sum(1 for item in shelf.items if item.held < 0),
        "unmatched": unmatched,
        "days": shelf.days,
        "sold_boxes": int(shelf.sales.sum()),
    }


def _unmatched(shelf: Shelf, national: National) -> tuple[Unmatched, ...]:
    """Products that no edition knows, those held first, then by code."""
    found = [item for item in shelf.items if item.national is None]
    told = [
        Unmatched(item.code, item.label, _why(item, national), item.files, item.held)
        for item in sorted(found, key=lambda item: (item.held <= 0, item.code, item.label))
    ]
    return tuple(told)


def _why(item: Item, national: National) -> str:
    if not national.products:
        return "no_catalogue"
    if item.code == item.label:
        return "no_code"
    return "not_national" if kind_of(item.code) is not None else "bad_code"
