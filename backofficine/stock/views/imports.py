"""Files by hand: the stock, the sales, the national catalogue. Each report names what was left."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backofficine.catalog.queries import latest_edition
from backofficine.catalog.services import import_bdpm
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.stock import services
from backofficine.stock.forms import FileForm
from backofficine.stock.models import ImportedFile
from backofficine.stock.services import FileRefused
from backofficine.team.request import Request

SHOWN = 200
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST_UNZIPPED = 250 * 1024 * 1024  # bytes: four national editions


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_http_methods(["GET", "POST"])
def imports(request: Request) -> HttpResponse:
    """Choose a file, read its report. The same file again changes nothing, nor a second click."""
    form = FileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            context |= _import(request, form.cleaned_data["kind"], form.cleaned_data["file"])
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            context["form"] = FileForm(initial={"kind": form.cleaned_data["kind"]})
    edition = latest_edition()
    context["edition"] = date.fromisoformat(edition) if edition else None
    context["files"] = ImportedFile.objects.order_by("-imported_at", "-pk")[:10]
    return render(request, "stock/imports.html", context, status=422 if form.errors else 200)


def _import(request: Request, kind: str, file: "UploadedFile[Any]") -> dict[str, Any]:
    now, name = clock.now(), file.name or ""
    if kind == FileForm.BDPM:
        with unzipped(file.read()) as folder:
            edition = import_bdpm(folder, at=now)
        return _shown(edition.sentence, edition.rejected)
    if kind == FileForm.STOCK:
        opened = services.import_stock(
            file.read(), name=name, at=now, actor=request.actor, workstation=request.workstation
        )
        return _shown(opened.sentence, opened.rejected)
    told = services.import_sales(file.read(), name=name, at=now, actor=request.actor)
    return _shown(told.sentence, told.rejected)


def _shown(said: str, rejected: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "said": said,
        "rejected": rejected[:SHOWN],
        "rejected_count": len(rejected),
        "not_shown": max(0, len(rejected) - SHOWN),
    }


@contextmanager
def unzipped(data: bytes) -> Iterator[Path]:
    """A folder with the files of an archive, whatever their folders in it.

    :raises FileRefused: if it is no archive, or grows past all reason.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise FileRefused(
            why=_("This is no ZIP archive. Put the national files in one, as they were downloaded.")
        ) from error
    with archive, TemporaryDirectory() as temporary:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if sum(one.file_size for one in members) > LARGEST_UNZIPPED:
            raise FileRefused(why=_("This archive is far larger than the national files are."))
        # An edition is dated by its folder when the archive has one.
        parents = {PurePosixPath(one.filename).parent.name for one in members}
        dated = parents.pop() if len(parents) == 1 else ""
        folder = Path(temporary) / (dated if _DAY.fullmatch(dated) else "")
        folder.mkdir(exist_ok=True)
        for one in members:
            # The name alone: a path inside an archive may point anywhere.
            target = folder / PurePosixPath(one.filename.replace("\\", "/")).name
            try:
                target.write_bytes(archive.read(one))
            except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError) as error:
                raise FileRefused(
                    why=_("The archive is damaged at %(name)s: download it again.")
                    % {"name": one.filename}
                ) from error
        yield folder
