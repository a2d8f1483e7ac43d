"""A picture on the screen: what it says, the lines behind each figure, its sheets, its bytes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backofficine.picture import pages, pdf, queries, words
from backofficine.picture.models import Picture, StartingPoint
from backofficine.picture.pages import Told
from backofficine.picture.report import Report, as_json
from backofficine.team.request import Request
from backofficine.web.templatetags.components import quantity

LINES_A_PAGE = 100


def picture_or_404(number: UUID) -> Picture:
    picture = queries.find(number)
    if picture is None:
        raise Http404
    return picture


@dataclass(frozen=True)
class Tile:
    """A figure of the head of the page; it opens its lines."""

    label: str
    value: str
    note: str
    href: str


@dataclass(frozen=True)
class Point:
    """Where the pharmacy stands: the starting point in force, if any, and what may be done."""

    row: StartingPoint | None
    is_here: bool
    can_begin: bool


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def report(request: Request, number: UUID) -> HttpResponse:
    """Everything the picture says, the dearest first."""
    picture = picture_or_404(number)
    shown = queries.corrected(picture).report
    ghosts = pages.headline(shown, "ghost_euros")
    return render(
        request,
        "picture/report.html",
        {
            "picture": picture,
            "report": shown,
            "ghosts": ghosts,
            "tiles": _tiles(picture, shown),
            "ranked": pages.ranked(shown),
            "known": words.percent(shown.totals.get("euros_known", Decimal(1))),
            "acts": _acts(picture, shown),
            "parts": pages.parts(shown),
            "level": pages.level(shown),
            "unknowns": [words.unknown(one) for one in shown.unknowns],
            "files": [
                {
                    "file": one,
                    "what": words.word(words.FILES, one.what),
                    "grain": words.word(words.GRAINS, one.grain) if one.what == "sales" else "",
                }
                for one in shown.files
            ],
            "editions": ", ".join(one.edition for one in shown.editions),
            "point": _point(picture),
        },
    )


def _point(picture: Picture) -> Point:
    row = queries.starting_point()
    return Point(
        row=row,
        is_here=row is not None and row.picture_id == picture.pk,
        can_begin=row is None and hasattr(picture, "data"),
    )


def _tiles(picture: Picture, shown: Report) -> list[Tile]:
    tiles = []
    for key, label in (
        ("ghost_euros", _("Probably not there")),
        ("", _("Money that sleeps")),
        ("missing_boxes", _("Always missing")),
    ):
        told = pages.headline(shown, key) if key else _asleep(shown)
        if told is not None:
            href = (
                reverse("picture:lines", args=[picture.public_id, told.section, told.key])
                if key
                else reverse("picture:section", args=[picture.public_id, "dormant"])
            )
            tiles.append(Tile(label, told.value, told.interval or _("counted"), href))
    return tiles


def _asleep(shown: Report) -> Told | None:
    figure = pages.asleep(shown)
    return pages.told(shown.section("dormant"), figure, decimals=0) if figure else None


def _acts(picture: Picture, shown: Report) -> list[dict[str, str]]:
    told = []
    for one in shown.acts:
        text, why = words.act(one)
        href = reverse("picture:report", args=[picture.public_id]) + f"#{one.section}"
        if one.key == "count_twenty":
            href = reverse("picture:count", args=[picture.public_id])
        told.append({"text": text, "why": why, "href": href})
    return told


# --- Lines ----------------------------------------------------------------------------------------


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def lines(request: Request, number: UUID, section: str, figure: str = "") -> HttpResponse:
    """The lines behind one figure, or all those of a section, the dearest first."""
    picture = picture_or_404(number)
    shown = queries.corrected(picture).report
    try:
        part = shown.section(section)
    except KeyError as error:
        raise Http404 from error
    found = part.figure(figure) if figure else None
    if figure and found is None:
        raise Http404
    kept = part.behind(figure) if figure else part.lines
    page = Paginator(kept, LINES_A_PAGE).get_page(request.GET.get("page", 1))
    section_title = words.SECTIONS.get(section, (section, ""))[0]
    return render(
        request,
        "picture/lines.html",
        {
            "picture": picture,
            "part": section,
            "section_title": section_title,
            "title": words.word(words.FIGURES, figure) if figure else section_title,
            "figure": pages.told(part, found) if found else None,
            "count": len(kept),
            "page": page,
            "told": [pages.line_told(line) for line in page],
        },
    )


def _table(
    request: Request, picture: Picture, title: str, heads: list[str], rows: list[tuple[Any, ...]]
) -> HttpResponse:
    page = Paginator(rows, LINES_A_PAGE).get_page(request.GET.get("page", 1))
    return render(
        request,
        "picture/lines.html",
        {
            "picture": picture,
            "part": "files",
            "section_title": _("Files read"),
            "title": title,
            "count": len(rows),
            "page": page,
            "heads": heads,
            "rows": list(page),
        },
    )


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def unmatched(request: Request, number: UUID) -> HttpResponse:
    """Products that no national edition knows: listed, never dropped."""
    picture = picture_or_404(number)
    rows = [
        (one.label, one.code, quantity(one.held), words.unmatched(one))
        for one in queries.report_of(picture).unmatched
    ]
    heads = [_("Product"), _("Code"), _("Recorded"), _("Why")]
    title = _("Products that the national catalogue does not know")
    return _table(request, picture, title, heads, rows)


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def left_out(request: Request, number: UUID) -> HttpResponse:
    """Lines of the files that could not be read, each with its reason."""
    picture = picture_or_404(number)
    rows = [
        (words.word(words.FILES, one.what), quantity(one.line), one.reason)
        for one in queries.report_of(picture).left_out
    ]
    heads = [_("File"), _("Line"), _("Reason")]
    return _table(request, picture, _("Lines left out"), heads, rows)


# --- Bytes ----------------------------------------------------------------------------------------


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def sheets(request: Request, number: UUID) -> HttpResponse:
    """The two pages to print, as the command line prints them."""
    picture = picture_or_404(number)
    answer = HttpResponse(
        pdf.render(queries.corrected(picture).report), content_type="application/pdf"
    )
    answer["Content-Disposition"] = f'inline; filename="photo-{picture.as_of:%Y-%m-%d}.pdf"'
    return answer


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def as_bytes(request: Request, number: UUID) -> HttpResponse:
    """The report as JSON, byte for byte what the command line writes."""
    picture = picture_or_404(number)
    answer = HttpResponse(as_json(queries.report_of(picture)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="photo-{picture.as_of:%Y-%m-%d}.json"'
    return answer
