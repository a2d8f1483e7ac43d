"""Take a picture: read the files, ask the catalogue, compute, keep."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.formats.exports import Export, Layout, What, read_export
from backofficine.formats.tables import TableRefused
from backofficine.kernel.errors import DomainError
from backofficine.picture.compute import Exports, report_of, shelf_of
from backofficine.picture.models import Picture, PictureData, RememberedLayout
from backofficine.picture.national import National, from_catalogue, margins_on
from backofficine.picture.pack import pack
from backofficine.picture.report import FORMAT, as_json
from backofficine.picture.shelf import Shelf
from backofficine.team.models import Actor

KEPT = timedelta(days=90)  # what the files said serves no longer than this
CLOSED = timedelta(days=4)  # a pharmacy may be shut for so long without a sale

Progress = Callable[[str], None]


def _silent(stage: str) -> None:
    """No one watches."""


class PictureRefused(DomainError):
    """A file cannot be used; the reader's French sentence says what to do. Nothing was kept."""

    message = _("%(file)s: %(why)s")


class FileMissing(PictureRefused):
    message = _("A picture needs the export of the stock and the export of the sales.")


class DayWithoutSales(PictureRefused):
    message = _(
        "There is no sale before %(day)s in the sales file: choose a later day, or another file."
    )


class DayAfterSales(PictureRefused):
    message = _(
        "The sales file ends on %(last)s: on %(day)s every product would look silent. Choose its "
        "last day or an earlier one, or export the sales again."
    )


@dataclass(frozen=True)
class GivenFile:
    """A file, its name, and the columns that were confirmed; ``None`` takes those proposed."""

    what: What
    name: str
    data: bytes
    layout: Layout | None = None


def read_files(files: Sequence[GivenFile]) -> Exports:
    """Read each file.

    :raises PictureRefused: if one cannot be used, or the stock or the sales are missing.
    """
    read: dict[What, Export] = {}
    for given in files:
        try:
            read[given.what] = read_export(given.data, given.what, layout=given.layout)
        except TableRefused as refusal:
            raise PictureRefused(file=given.name, why=str(refusal)) from refusal
    if not {What.STOCK, What.SALES} <= read.keys():
        raise FileMissing
    return Exports(
        read[What.STOCK],
        read[What.SALES],
        read.get(What.PURCHASES),
        {str(given.what): given.name for given in files},
    )


def take_picture(
    files: Sequence[GivenFile],
    *,
    at: datetime,
    actor: Actor,
    as_of: date | None = None,
    progress: Progress = _silent,
) -> Picture:
    """Take the picture of these files, and keep it with what corrections need.

    The same files with the same columns, editions and day give the picture that was taken first;
    what they said is kept anew if it was erased since.
    ``progress`` is told "read", "catalogue", each section, then "keep".

    :raises PictureRefused: if a file cannot be used.
    """
    progress("read")
    exports = read_files(files)
    progress("catalogue")
    national = from_catalogue()
    day = picture_day(exports, as_of=as_of)
    key = _key(exports, national=national, as_of=day)
    known = Picture.objects.filter(key=key).first()
    if known is not None and PictureData.objects.filter(picture=known).exists():
        return known
    margins = margins_on(day)
    shelf = shelf_of(exports, national=national, margins=margins, as_of=day)
    if known is not None:
        _keep_again(known, shelf, at=at)
        return known
    report = report_of(shelf, exports, national=national, margins=margins, progress=progress)
    progress("keep")
    erase_old_data(at=at)
    with transaction.atomic():
        picture, created = Picture.objects.get_or_create(
            key=key,
            defaults={
                "as_of": day,
                "edition": national.editions[-1].edition if national.editions else "",
                "names": dict(exports.names),
                "layouts": {str(one.what): one.layout.as_dict() for one in exports.given},
                "digests": {str(one.what): one.digest for one in exports.given},
                "report": as_json(report),
                "taken_at": at,
                "actor": actor,
            },
        )
        if created:
            PictureData.objects.create(picture=picture, packed=pack(shelf), kept_at=at)
    return picture


def _keep_again(picture: Picture, shelf: Shelf, *, at: datetime) -> None:
    """Give a picture back what its files said; its report stays as it was."""
    PictureData.objects.get_or_create(
        picture=picture, defaults={"packed": pack(shelf), "kept_at": at}
    )


def picture_day(exports: Exports, *, as_of: date | None) -> date:
    """The day of a picture: the one asked for, else the last of the sales.

    A file of months made before its last month was over is of the day it was made.

    :raises DayWithoutSales: if the sales begin after it.
    :raises DayAfterSales: if they end long before it.
    """
    last = max(line.last_on for line in exports.sales.lines)
    first = min(line.first_on for line in exports.sales.lines)
    if as_of is not None and as_of < first:
        raise DayWithoutSales(day=f"{as_of:%d/%m/%Y}")
    if as_of is not None and as_of - last > CLOSED:
        raise DayAfterSales(last=f"{last:%d/%m/%Y}", day=f"{as_of:%d/%m/%Y}")
    return as_of or _begun_month(exports, last=last) or last


def _begun_month(exports: Exports, *, last: date) -> date | None:
    """The day a file of months was made, when its last month was not over yet."""
    for one in (exports.sales, exports.stock):
        made = one.edited_on
        if exports.sales.grain == "month" and made is not None and made < last:
            return made if (made.year, made.month) == (last.year, last.month) else None
    return None


def _key(exports: Exports, *, national: National, as_of: date) -> str:
    """What makes a picture what it is; the names of the files do not."""
    made_of = {
        "format": FORMAT,
        "as_of": as_of.isoformat(),
        "editions": [[one.edition, one.digest] for one in national.editions],
        "files": [[str(one.what), one.digest, one.layout.as_dict()] for one in exports.given],
    }
    return sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def remember_layout(
    *, what: What, fingerprint: str, layout: Layout, at: datetime, actor: Actor
) -> RememberedLayout:
    """Remember the columns a person confirmed; the last confirmation is the one proposed."""
    return RememberedLayout.objects.update_or_create(
        what=str(what),
        fingerprint=fingerprint,
        defaults={"layout": layout.as_dict(), "remembered_at": at, "actor": actor},
    )[0]


def erase_old_data(*, at: datetime) -> int:
    """Erase what the files said, three months after; the reports stay."""
    return PictureData.objects.filter(kept_at__lt=at - KEPT).delete()[0]
