"""What a person does with a picture: type what was found, begin from it, take that back."""

from collections.abc import Container
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.picture import pages, queries, services, words
from backofficine.picture.forms import FoundForm, found_name
from backofficine.picture.report import Line, Report
from backofficine.picture.views.report import picture_or_404
from backofficine.team.request import Request


@dataclass(frozen=True)
class CountRow:
    """One product to check, with the field that takes what was found."""

    line: Line
    chance: str
    field: BoundField


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_http_methods(["GET", "POST"])
def count(request: Request, number: UUID) -> HttpResponse:
    """The twenty to check, by place; what is typed corrects the estimates."""
    picture = picture_or_404(number)
    first = queries.report_of(picture)
    corrected = queries.corrected(picture)
    form = FoundForm(
        request.POST or None,
        lines=_listed(first, corrected, posted=request.POST),
        known=corrected.counts,
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.type_counts(
                picture,
                found=form.fresh,
                at=clock.now(),
                actor=request.actor,
                request_id=form.cleaned_data["request_id"],
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            form.renew()
        else:
            messages.success(request, _("Kept; the estimates are corrected."))
            return redirect("picture:count", picture.public_id)
    return render(
        request,
        "picture/count.html",
        {
            "picture": picture,
            "form": form,
            "corrected": corrected,
            "expected": pages.headline(first, "count_list"),
            "before": pages.headline(first, "ghost_euros"),
            "after": pages.headline(corrected.report, "ghost_euros"),
            "rows": [
                CountRow(
                    line,
                    words.percent(line.probability) if line.probability is not None else "",
                    form[name],
                )
                for name, line in form.fields_of.items()
            ],
        },
        status=422 if form.errors else 200,
    )


def _listed(first: Report, corrected: queries.Corrected, *, posted: Container[str]) -> list[Line]:
    """Give the products to type, in walking order: those of every list that may have been printed.

    The first list stays while it is walked; the next twenty follow it, once their turn has come on
    the printed sheet; what was typed stays in sight, and what is being typed is never dropped.
    """
    listed = {line.code: line for line in first.count_list}
    known = {
        line.code: line
        for report in (first, corrected.report)
        for line in report.section("ghosts").lines
    }
    for code, line in known.items():
        if code in corrected.counts or found_name(code) in posted:
            listed.setdefault(code, line)
    for line in corrected.report.count_list:
        listed.setdefault(line.code, line)
    return sorted(listed.values(), key=lambda line: (line.address, line.label, line.code))


def _at_start(number: UUID) -> str:
    return reverse("picture:report", args=[number]) + "#start"


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_POST
def begin(request: Request, number: UUID) -> HttpResponse:
    """The picture becomes the pharmacy's opening stock; the message offers to undo it."""
    picture = picture_or_404(number)
    try:
        services.make_starting_point(picture, at=clock.now(), actor=request.actor)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("The pharmacy begins from this picture."),
            extra_tags=reverse("picture:undo", args=[number]),
        )
    return redirect(_at_start(number))


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_POST
def undo(request: Request, number: UUID) -> HttpResponse:
    """Take the starting point back: counter-entries, nothing erased."""
    picture = picture_or_404(number)
    point = queries.starting_point(picture)
    if point is None:
        messages.error(request, _("This picture is not the starting point: nothing to undo."))
        return redirect(_at_start(number))
    try:
        services.undo_starting_point(point, at=clock.now(), actor=request.actor)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The starting point is undone; the picture stays."))
    return redirect(_at_start(number))
