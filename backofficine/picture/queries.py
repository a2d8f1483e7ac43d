"""Questions about pictures: those taken, what was counted, what was confirmed of their files."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from backofficine.picture.models import (
    Correction,
    Picture,
    PictureCount,
    RememberedLayout,
    StartingPoint,
)
from backofficine.picture.report import Report, from_json


def pictures() -> "QuerySet[Picture]":
    """Pictures, the last taken first, without their reports; which is the starting point."""
    point = StartingPoint.objects.filter(picture=OuterRef("pk"), is_in_force=True)
    return (
        Picture.objects.defer("report")
        .annotate(is_starting_point=Exists(point))
        .order_by("-taken_at", "-pk")
    )


def find(public_id: UUID) -> Picture | None:
    """The picture of a number, if there is one."""
    return Picture.objects.filter(public_id=public_id).first()


def report_of(picture: Picture) -> Report:
    """What the picture said when it was taken."""
    return from_json(picture.report)


@dataclass(frozen=True)
class Corrected:
    """A report once what was found is known; ``counts``: code → boxes found."""

    report: Report
    counts: dict[str, int]
    checked: int
    missing: int


def corrected(picture: Picture) -> Corrected:
    """The report with its ghosts estimated again from what was typed so far."""
    rows = PictureCount.objects.filter(picture=picture).order_by("pk")
    typed = {code: (held, found) for code, held, found in rows.values_list("code", "held", "found")}
    last = Correction.objects.filter(picture=picture).order_by("-last_count_id").first()
    return Corrected(
        report=from_json(last.report if last is not None else picture.report),
        counts={code: found for code, (_held, found) in typed.items()},
        checked=len(typed),
        missing=sum(1 for held, found in typed.values() if 2 * found < held),
    )


def counts_of(picture: Picture) -> dict[str, int]:
    """Boxes found, by code; the last typed is true."""
    rows = PictureCount.objects.filter(picture=picture).order_by("pk")
    return dict(rows.values_list("code", "found"))


def remembered_layouts(what: str) -> dict[str, dict[str, Any]]:
    """Layouts confirmed before, by fingerprint of the headings."""
    rows = RememberedLayout.objects.filter(what=str(what)).order_by("pk")
    return dict(rows.values_list("fingerprint", "layout"))


def remembered_columns(what: str) -> dict[str, dict[str, int]]:
    """Columns confirmed before: fingerprint → field → column."""
    return {name: layout["columns"] for name, layout in remembered_layouts(what).items()}


def starting_point(picture: Picture | None = None) -> StartingPoint | None:
    """The starting point in force, of one picture or of any."""
    rows = StartingPoint.objects.filter(is_in_force=True).select_related("picture", "posting")
    if picture is not None:
        rows = rows.filter(picture=picture)
    return rows.first()
