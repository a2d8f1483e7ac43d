"""Two A4 pages in black and white: what the owner reads, what the team does on Monday.

The text of a report reaches typst as data, in JSON: it is shown, never read as code. The fonts
are those of typst itself and the date is the report's, so the same report gives the same bytes.
"""

import json
import re
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import typst
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.picture import pages, words
from backofficine.picture.report import Line, Report, Section, Unknown
from backofficine.web.templatetags.components import euros, quantity

SHEETS = Path(__file__).parent / "sheets"
LANGUAGE = "fr"  # a sheet of the pharmacy, whoever prints it
_LABEL, _HALF_LABEL, _THIRD_LABEL = 50, 40, 34  # signs of a name, by the width it has
_LEAST_NAME = 16  # signs of a name that still tell the product
_PLACE = 18  # signs of a place: a real one is never cut
_OWNER_ACTS, _TEAM_ACTS, _MISSING, _UNKNOWNS = 7, 5, 7, 6

_FIRST, _SOON = 4, 5
_AT_THE_DESK = ("dormant_euros", "excess_euros", "dead_euros", "price_cut_euros", "expiry_euros")

_NUMBER = re.compile(r"[0-9.,/]+")

# What the team does with its hands; the rest is decided by the owner.
_BY_HAND = ("count_negative", "pull_expired", "sell_before_expiry")


def render(report: Report) -> bytes:
    """The two pages, as a PDF."""
    return _compile(report, "pdf")[0]


def as_images(report: Report, *, ppi: int = 110) -> list[bytes]:
    """The same pages as PNG images, to look at."""
    return _compile(report, "png", ppi=ppi)


def _compile(report: Report, kind: Literal["pdf", "png"], *, ppi: int = 72) -> list[bytes]:
    with translation.override(LANGUAGE):
        data = {
            "title": _("Starting picture"),
            "day": [report.as_of.year, report.as_of.month, report.as_of.day],
            "owner": _owner(report),
            "team": _team(report),
        }
    # Its stubs do not know that several files may be given at once.
    files: Any = {
        "main.typ": (SHEETS / "main.typ").read_bytes(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
    }
    made: Any = typst.compile(
        files,
        format=kind,
        ignore_system_fonts=True,
        timestamp=int(datetime.combine(report.as_of, time(), UTC).timestamp()),
        ppi=ppi,
    )
    return [bytes(one) for one in made] if isinstance(made, list) else [bytes(made)]


# --- The owner's page -----------------------------------------------------------------------------


def _owner(report: Report) -> dict[str, Any]:
    totals = report.totals
    rows = pages.ranked(report)
    cover = report.section("cover")
    days = cover.figure("cover_days")
    classes = _classes(cover)
    # One page holds so much: a ninth subject takes the room of an act.
    shown = _OWNER_ACTS - max(0, len(rows) - 8)
    return {
        "over": _("Starting picture, the owner's page"),
        "title": _("What your stock tells you"),
        "aside": [
            _("stock and sales on %(day)s") % {"day": words.plain_day(report.as_of)},
            _("sales since %(day)s") % {"day": words.plain_day(report.first_on)},
        ],
        "figures": _figures(report),
        "read_title": _("How to read."),
        "read": _(
            "Nothing here is called a loss. Each estimate carries the interval that should hold "
            "the truth %(level)s times out of 100. A ghost is a box on record that is probably "
            "not on the shelf."
        )
        % {"level": pages.level(report)},
        "table_title": _("From the dearest to the least"),
        "table_aside": _("solid: the estimate; frame: the top of its interval"),
        "table_head": ["", _("Subject"), "", _("Euros"), _("interval")],
        "rows": [
            {
                "rank": str(place),
                "label": row.label,
                "note": row.note,
                "bar": float(row.bar),
                "bar_high": float(row.bar_high),
                "value": row.value,
                "interval": row.interval or _("counted"),
            }
            for place, row in enumerate(rows, 1)
        ],
        "table_note": _(
            "A box may stand in two subjects: do not add them up. %(share)s of the stock has a "
            "purchase price."
        )
        % {"share": words.percent(totals.get("euros_known", Decimal(1)))},
        "acts_title": _("To do on Monday"),
        "acts_aside": _("free first"),
        "acts": [_act(report, place) for place in range(min(shown, len(report.acts)))],
        "cover_title": _("Cover"),
        "cover_aside": words.value_of(days) if days else "",
        "cover_head": [classes.heads[0] if classes else "", _("days"), _("stock")],
        "cover_rows": [[row[0], row[4], row[3]] for row in classes.rows] if classes else [],
        "pareto": _pareto(report),
        "first_title": _("The dearest product of a subject"),
        "first_rows": _first(report, rows),
        "unknown_title": _("What these files do not tell"),
        "unknown_aside": "",
        "unknowns": [_unknown(one) for one in report.unknowns[:_UNKNOWNS]],
        "footer": _footer(report),
    }


def _figures(report: Report) -> list[dict[str, str]]:
    totals = report.totals
    shown = [
        {
            "label": _("Stock on record"),
            "value": euros(Decimal(totals["euros"]), 0),
            "note": _("%(products)s products, %(boxes)s boxes")
            % {
                "products": quantity(totals["held_references"]),
                "boxes": quantity(totals["boxes"]),
            },
        }
    ]
    ghosts = pages.headline(report, "ghost_euros")
    if ghosts:
        shown.append(
            {"label": _("Probably not there"), "value": ghosts.value, "note": ghosts.interval}
        )
    asleep = pages.asleep(report)
    if asleep:
        shown.append(
            {
                "label": _("Money that sleeps"),
                "value": words.value_of(asleep, decimals=0),
                "note": _("dormant and excess, %(interval)s")
                % {"interval": words.interval_of(asleep, decimals=0) or _("counted")},
            }
        )
    return shown


def _act(report: Report, place: int) -> dict[str, str]:
    text, why = words.act(report.acts[place])
    return {"text": text, "why": why}


def _unknown(one: Unknown) -> dict[str, str]:
    what, export = words.unknown(one)
    return {"what": what, "export": export}


def _classes(cover: Section) -> pages.Cells | None:
    """Days of cover by VAT rate, or by price where the files do not tell the rate."""
    for key in ("vat", "price_band"):
        table = cover.table(key)
        if table is not None and any(row.key for row in table.rows):
            return pages.cells(table)
    return None


def _first(report: Report, rows: list[pages.Ranked]) -> list[dict[str, str]]:
    """The dearest products of the subjects that are decided at a desk."""
    chosen: list[tuple[int, Line, str]] = []
    for row in rows:
        if row.key in _AT_THE_DESK:
            lines = report.section(row.section).behind(row.key)
            chosen += [(place, line, row.label) for place, line in enumerate(lines)]
    # One of each subject, then the second of each: the dearest subject does not take it all.
    chosen.sort(key=lambda one: (one[0], -(one[1].euros or 0), one[1].code))
    return [
        {
            "label": _short(line.label, _HALF_LABEL),
            "subject": subject,
            "value": euros(line.euros, 0) if line.euros is not None else "–",
        }
        for _place, line, subject in chosen[:_FIRST]
    ]


def _pareto(report: Report) -> str:
    figure = report.section("cover").figure("eighty_percent")
    if figure is None:
        return ""
    return _("%(products)s products make 80 %% of the lines: never let them run out.") % {
        "products": words.value_of(figure)
    }


def _footer(report: Report) -> str:
    files = " · ".join(
        f"{words.word(words.FILES, one.what).lower()} {one.name[:28]} ({one.digest[:8]})"
        for one in report.files
    )
    return _("Method and lines behind each figure: on the screen. Files read: %(files)s.") % {
        "files": files
    }


# --- The team's page ------------------------------------------------------------------------------


def _team(report: Report) -> dict[str, Any]:
    missing = report.section("missing")
    # What patients miss most, not what is dearest: that is the owner's question.
    most = sorted(missing.behind("missing_boxes"), key=lambda line: (-line.boxes, line.code))
    rows = most[:_MISSING]
    longest = max((len(line.address) for line in report.count_list), default=0)
    by_hand = [
        words.act(one) for one in report.acts if one.key in _BY_HAND or one.section == "dead_codes"
    ]
    return {
        "over": _("Starting picture, the team's page"),
        "title": _("On Monday, to check on the shelves"),
        "aside": [_("stock on %(day)s") % {"day": words.plain_day(report.as_of)}],
        "lead": _lead(report),
        "count_head": ["", _("Place"), _("Product"), _("Code"), _("Recorded"), _("Found")],
        "place_width": min(max(22, 2.45 * longest + 4), 38),  # millimetres
        "count_rows": [_count_row(line) for line in report.count_list],
        "count_note": _("Type what you found on the screen: the estimate corrects itself."),
        "missing_title": _("Always missing"),
        "missing_aside": _("national shortages apart"),
        "missing_head": [_("Product"), _("boxes a month")],
        "missing_rows": [
            {
                "label": _short(line.label, _HALF_LABEL),
                "boxes": words.number(line.boxes),
                "interval": words.between(line.boxes_low, line.boxes_high, "boxes"),
            }
            for line in rows
        ],
        "missing_none": _("No product with a clear rhythm is missing."),
        "acts_title": _("And also"),
        "acts_aside": "",
        "acts": [{"text": text, "why": why} for text, why in by_hand[:_TEAM_ACTS]],
        "soon_title": _("Dates first"),
        "soon_aside": _("to take off, or to put in front"),
        "soon_rows": [
            {
                "label": _short(line.label, _THIRD_LABEL),
                "address": _short(line.address, _PLACE),
                "boxes": words.boxes_in_words(line.held),
                "day": words.iso_day(line.words.get("expires_on", "")),
            }
            for line in _soonest(report)
        ],
        "footer": _("No name, no patient, no ranking of persons."),
    }


def _soonest(report: Report) -> list[Line]:
    """Boxes past their date, then those that will not sell in time, the nearest date first."""
    dated = [line for line in report.section("expiry").lines if line.words.get("expires_on")]
    return sorted(dated, key=lambda line: (line.words["expires_on"], line.code))[:_SOON]


def _lead(report: Report) -> str:
    count = len(report.count_list)
    rate = report.section("ghosts").figure("count_list")
    if not count or rate is None:
        return _("No product has been silent for too long: nothing to check first.")
    expected = ngettext(
        "%(count)s product that the record says is there, and whose silence is surprising.",
        "%(count)s products that the record says are there, and whose silence is surprising.",
        count,
    ) % {"count": count}
    how_many = _("About %(value)s of them should be wrong (%(interval)s).") % {
        "value": quantity(Decimal(rate.value) * count, 0),
        "interval": words.between(
            round(Decimal(rate.low) * count), round(Decimal(rate.high) * count), "boxes"
        ),
    }
    gesture = _("Look, count, write: zero is an answer.")
    return f"{expected} {how_many} {gesture}"


def _count_row(line: Line) -> dict[str, str]:
    return {
        "address": _short(line.address, _PLACE) or "–",
        "label": _short(line.label, _LABEL),
        "code": _read_aloud(line.code),
        "held": words.number(line.held),
    }


def _read_aloud(code: str) -> str:
    """The CIP7 inside a CIP13, which is what people read; any other code whole."""
    return code[5:12] if len(code) == 13 and code.startswith("34009") else code


def _short(text: str, signs: int) -> str:
    """A long name that keeps its strength whole, and its pack when there is room.

    Half a number, or a number without its unit, would be another medicine.
    """
    if len(text) <= signs:
        return text
    said = text.split()
    at = next((place for place, one in enumerate(said) if place and _has_digit(one)), len(said))
    strength = " ".join(said[at:])
    if strength and len(strength) <= signs - _LEAST_NAME:
        name = " ".join(said[:at])
        return f"{name[: signs - len(strength) - 2].rstrip()}… {strength}"
    pack = f" {said[-1]}" if len(said) > at + 2 and _has_digit(said[-1]) else ""
    kept: list[str] = []
    for one in said:
        if len(" ".join([*kept, one])) + 1 + len(pack) > signs:
            break
        kept.append(one)
    while kept and _NUMBER.fullmatch(kept[-1]):
        kept.pop()
    return f"{' '.join(kept)}…{pack}" if kept else f"{text[: signs - 1]}…"


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)
