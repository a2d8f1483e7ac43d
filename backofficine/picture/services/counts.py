"""Type what was found on the shelf: each count corrects every estimate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.errors import DomainError
from backofficine.picture.acts import acts_of
from backofficine.picture.models import Correction, Picture, PictureCount, PictureData
from backofficine.picture.pack import unpack
from backofficine.picture.queries import counts_of
from backofficine.picture.report import as_json, from_json
from backofficine.picture.sections.ghosts import ghosts_section, weigh
from backofficine.stock.services.imports import MOST_UNITS
from backofficine.team.models import Actor


class NotInThePicture(DomainError):
    message = _("The code %(code)s is not among the products held in this picture.")


class CountAbsurd(DomainError):
    message = _("%(found)s boxes are more than a pharmacy holds: type the number found.")


class CountsAlreadyKept(DomainError):
    message = _(
        "This page was already kept with other numbers: check what is typed, then keep it again."
    )


def type_count(
    picture: Picture, *, code: str, found: int, at: datetime, actor: Actor, request_id: UUID
) -> PictureCount:
    """Type one count. See :func:`type_counts`."""
    return type_counts(
        picture, found={code: found}, at=at, actor=actor, request_id=request_id
    )[-1]  # fmt: skip


@transaction.atomic
def type_counts(
    picture: Picture,
    *,
    found: Mapping[str, int],
    at: datetime,
    actor: Actor,
    request_id: UUID,
) -> list[PictureCount]:
    """Write what was found, then estimate the ghosts again, knowing it.

    ``found``: code → boxes on the shelf, none or more. The same ``request_id`` writes once. A
    picture whose data were erased keeps the counts, and its first estimates.

    :raises CountsAlreadyKept: if this ``request_id`` wrote other numbers, or not these products.
    :raises NotInThePicture: if a code is not held in the picture.
    :raises CountAbsurd: if a number is out of reason.
    """
    # Two persons typing at once: the later estimate knows what both found.
    Picture.objects.select_for_update(no_key=True).only("pk").get(pk=picture.pk)
    known = list(PictureCount.objects.filter(request_id=request_id).order_by("pk"))
    if known:
        told = {count.code: count.found for count in known}
        if any(told.get(code) != boxes for code, boxes in found.items()):
            raise CountsAlreadyKept
        return known
    data = PictureData.objects.filter(picture=picture).first()
    shelf = unpack(data.packed) if data is not None else None
    held = (
        {item.code: item.held for item in shelf.items if item.held > 0}
        if shelf is not None
        else _held_in_report(picture)
    )
    for code, boxes in found.items():
        if code not in held:
            raise NotInThePicture(code=code)
        if not 0 <= boxes <= MOST_UNITS:
            raise CountAbsurd(found=boxes)
    counts = [
        PictureCount.objects.create(
            picture=picture, code=code, held=held[code], found=boxes, counted_at=at, actor=actor,
            request_id=request_id,
        )
        for code, boxes in found.items()
    ]  # fmt: skip
    if shelf is not None and counts:
        typed = counts_of(picture)
        ghosts = weigh(shelf, counts=typed)
        section = ghosts_section(shelf, ghosts, counted=frozenset(typed))
        report = from_json(picture.report)
        sections = tuple(section if one.key == "ghosts" else one for one in report.sections)
        Correction.objects.create(
            picture=picture,
            last_count=counts[-1],
            report=as_json(
                replace(
                    report,
                    sections=sections,
                    acts=acts_of(shelf, {one.key: one for one in sections}),
                )
            ),
        )
    return counts


def _held_in_report(picture: Picture) -> dict[str, int]:
    lines = from_json(picture.report).section("ghosts").lines
    return {line.code: line.held for line in lines}
