"""The places of the shop: seen in walking order, added, retired; an address is never edited."""

from collections.abc import Callable
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.kernel.errors import DomainError
from backofficine.stock import queries, services
from backofficine.stock.forms import ModeForm, PlaceForm
from backofficine.stock.models import Location
from backofficine.team.request import Request

Mode = Location.PutAwayMode


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_http_methods(["GET", "POST"])
def places(request: Request) -> HttpResponse:
    """Every place by zone, and a form for a new one."""
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        try:
            made = services.add_place(
                code=words["code"],
                kind=Location.Kind(words["kind"]),
                room=words["room"],
                zone=words["zone"],
            )
        except DomainError as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("%(place)s is in the walk.") % {"place": made.code})
            return redirect("stock:places")
    return _page(request, form)


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def place_mode(request: Request, public_id: UUID) -> HttpResponse:
    """Put away there in another mode."""
    place = get_object_or_404(queries.walk(), public_id=public_id)
    form = ModeForm(request.POST)
    if not form.is_valid():
        return _page(request, PlaceForm(), refused=_("Choose a mode of the list."))
    mode = Mode(form.cleaned_data["mode"])
    return _act(request, lambda: services.set_put_away_mode(place, mode=mode), said=_("Kept."))


@login_required
@permission_required("team.manage_settings", raise_exception=True)
@require_POST
def retire_place(request: Request, public_id: UUID) -> HttpResponse:
    """An empty place leaves the walk."""
    place = get_object_or_404(queries.walk(), public_id=public_id)
    said = _("%(place)s is retired.") % {"place": place.code}
    return _act(request, lambda: services.retire_place(place), said=said)


def _act(request: Request, command: Callable[[], None], *, said: str) -> HttpResponse:
    try:
        command()
    except DomainError as error:
        return _page(request, PlaceForm(), refused=str(error))
    messages.success(request, said)
    return redirect("stock:places")


def _page(request: Request, form: PlaceForm, *, refused: str = "") -> HttpResponse:
    rows = list(queries.walk())
    context = {
        "form": form,
        "refused": refused,
        "total": len(rows),
        "zones": [(zone, list(each)) for zone, each in groupby(rows, key=lambda row: row.parent)],
        "modes": [(Mode.FREE, _("free")), (Mode.CHECKED, _("checked")), (Mode.STRICT, _("strict"))],
        "mode_words": [mode.label for mode in Mode],
    }
    status = 422 if form.errors or refused else 200
    return render(request, "stock/places.html", context, status=status)
