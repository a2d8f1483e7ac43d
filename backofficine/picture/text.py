"""A report on a terminal: each section with its figures, its first lines, then Monday's acts."""

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.picture import words
from backofficine.picture.report import Figure, Line, Report, Section
from backofficine.web.templatetags.components import euros, quantity

FIRST_LINES = 5
FIRST_UNMATCHED = 5


def text_of(report: Report) -> str:
    """The whole picture as plain text, in the reader's language."""
    blocks = [list(_heading(report))]
    blocks += [list(_section(section)) for section in report.sections]
    blocks.append(list(_unknowns(report)))
    blocks.append(list(_acts(report)))
    blocks.append(list(_unmatched(report)))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _heading(report: Report) -> Iterator[str]:
    totals = report.totals
    yield _("Starting picture on %(day)s") % {"day": f"{report.as_of:%d/%m/%Y}"}
    yield _("%(references)s references held, %(boxes)s boxes, %(euros)s without tax.") % {
        "references": quantity(int(totals["held_references"])),
        "boxes": quantity(int(totals["boxes"])),
        "euros": euros(Decimal(totals["euros"])),
    }
    for file in report.files:
        yield ngettext(
            "%(name)s: %(count)s line read, %(rejected)s left out.",
            "%(name)s: %(count)s lines read, %(rejected)s left out.",
            file.lines,
        ) % {
            "name": file.name,
            "count": quantity(file.lines),
            "rejected": quantity(file.rejected),
        }


def _section(section: Section) -> Iterator[str]:
    title, _what = words.SECTIONS[section.key]
    yield f"{title}".upper()
    if section.absent:
        yield f"  {words.word(words.ABSENT, section.absent)}"
        return
    for figure in section.figures:
        yield f"  {words.word(words.FIGURES, figure.key)}{_colon()}{_value(figure)}"
    for line in section.lines[:FIRST_LINES]:
        yield f"    · {_line(line)}"
    if len(section.lines) > FIRST_LINES:
        yield "    " + _("… and %(more)d other lines (see --json).") % {
            "more": len(section.lines) - FIRST_LINES
        }


def _value(figure: Figure) -> str:
    interval = words.interval_of(figure)
    return f"{words.value_of(figure)} ({interval})" if interval else words.value_of(figure)


def _line(line: Line) -> str:
    parts = [line.label, line.code, line.address]
    if line.euros is not None:
        parts.append(euros(line.euros))
    return " – ".join(part for part in (*parts, words.reason(line)) if part)


def _unknowns(report: Report) -> Iterator[str]:
    yield _("What cannot be known from these files").upper()
    for one in report.unknowns:
        what, export = words.unknown(one)
        yield f"  · {what} → {export}"


def _acts(report: Report) -> Iterator[str]:
    yield _("On Monday").upper()
    for number, one in enumerate(report.acts, start=1):
        what, why = words.act(one)
        yield f"  {number}. {what} {why}".rstrip()


def _unmatched(report: Report) -> Iterator[str]:
    if not report.unmatched:
        return
    yield ngettext(
        "%(count)s product that no national edition knows",
        "%(count)s products that no national edition knows",
        len(report.unmatched),
    ) % {"count": quantity(len(report.unmatched))}
    for one in report.unmatched[:FIRST_UNMATCHED]:
        yield f"  · {one.code} {one.label} – {words.unmatched(one)}"


def _colon() -> str:
    return _("%(what)s: ") % {"what": ""}
