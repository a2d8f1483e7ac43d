"""*Ranger*: the list to tick, the card to scan."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from backofficine.catalog import queries as catalog
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day
from backofficine.receiving import queries, services
from backofficine.receiving.forms import ProblemForm, StopForm, TrayForm
from backofficine.receiving.queries import Stop, Tone
from backofficine.receiving.services import Placed
from backofficine.team.request import Request


def _may_put_away(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return login_required(permission_required("team.put_away", raise_exception=True)(view))


def _by_pharmacist(request: Request) -> bool:
    return request.user.has_perm("team.move_narcotics")


@require_http_methods(["GET", "HEAD", "POST"])
@_may_put_away
def put_away(request: Request) -> HttpResponse:
    """The walk. A POST with a code is a scan in front of a card."""
    at = clock.now()
    if request.method != "POST":
        return _draw(request, at=at, key=request.GET.get("stop", ""))
    form = StopForm(request.POST)
    if not form.is_valid():
        said = Placed(Tone.STOP, _("This scan could not be read. Scan again"))
        return _draw(request, at=at, said=said, status=422)
    told = form.cleaned_data
    stops = queries.walk(at=at)
    stop = _found(stops, told["stop"])
    try:
        said = services.scan_stop(
            told["code"],
            stop=stop,
            is_at_place=bool(stop and told["place"] == stop.key),
            at=at,
            on=local_day(at),
            actor=request.actor,
            by_pharmacist=_by_pharmacist(request),
            request_id=told["request_id"],
            workstation=request.workstation,
        )
    except DomainError as error:
        said = Placed(Tone.STOP, str(error), stop)
        return _draw(request, at=at, key=told["stop"], said=said, status=422)
    key = said.stop.key if said.stop else told["stop"]
    return _draw(request, at=at, key=key, said=said, done=_done(request) + bool(said.placed))


@require_POST
@_may_put_away
def tray(request: Request) -> HttpResponse:
    """The ticked stops leave the dock, in one posting."""
    at = clock.now()
    stops = queries.walk(at=at)
    # A stop that somebody else emptied meanwhile is no error: it is put away.
    known = [stop.key for stop in stops]
    form = TrayForm(request.POST, keys=[*known, *request.POST.getlist("stops")])
    if not form.is_valid():
        return redirect("receiving:put_away")
    ticked = set(form.cleaned_data["stops"])
    chosen = [stop for stop in stops if stop.key in ticked]
    try:
        services.put_away(
            services.lines_of(chosen),
            at=at,
            actor=request.actor,
            by_pharmacist=_by_pharmacist(request),
            request_id=form.cleaned_data["request_id"],
            workstation=request.workstation,
        )
    except DomainError as error:
        said = Placed(Tone.STOP, str(error))
        return _draw(request, at=at, said=said, status=422)
    boxes = sum(stop.boxes for stop in chosen)
    if boxes:
        words = ngettext("%(count)s box put away.", "%(count)s boxes put away.", boxes)
        messages.success(request, words % {"count": boxes})
    done = _done(request) + len(chosen)
    return redirect(f"{reverse('receiving:put_away')}?done={done}")


@require_POST
@_may_put_away
def problem(request: Request) -> HttpResponse:
    """The place is full, or the box is not in the tray."""
    at = clock.now()
    form = ProblemForm(request.POST)
    stop = _found(queries.walk(at=at), request.POST.get("stop", ""))
    if stop is None or not form.is_valid():
        return redirect("receiving:put_away")
    told = form.cleaned_data
    services.report_problem(
        stop, kind=told["kind"], at=at, actor=request.actor, request_id=told["request_id"],
        workstation=request.workstation,
    )  # fmt: skip
    if told["kind"] == "full":
        words = _("%(place)s is full: the boxes go to the reserve.")
    else:
        words = _("%(product)s will be counted.")
    messages.warning(request, words % {"place": stop.target.code, "product": stop.product})
    return redirect(f"{reverse('receiving:put_away')}?done={_done(request)}")


def _found(stops: list[Stop], key: str) -> Stop | None:
    return next((stop for stop in stops if stop.key == key), None)


def _done(request: Request) -> int:
    """Stops already made on this walk, carried by the page itself."""
    text = str(request.POST.get("done", request.GET.get("done", "0")))
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _draw(
    request: Request,
    *,
    at: datetime,
    key: str = "",
    said: Placed | None = None,
    done: int | None = None,
    status: int = 200,
) -> HttpResponse:
    stops = queries.walk(at=at)
    stop = _found(stops, key) or (stops[0] if stops else None)
    at_place = bool(said and said.is_at_place and stop and said.stop and said.stop.key == stop.key)
    position = stops.index(stop) if stop else 0
    following = stops[position + 1] if position + 1 < len(stops) else None
    done = _done(request) if done is None else done
    context: dict[str, Any] = {
        "stops": stops,
        "stop": stop,
        "following": following,
        "said": said,
        "is_at_place": at_place,
        "strengths": catalog.strengths(stop.product) if stop else [],
        "done": done,
        "number": done + position + 1,
        "total": done + len(stops),
        "first_left": sum(1 for one in stops if one.is_first),
        "boxes": sum(one.boxes for one in stops),
        "may_move_narcotics": _by_pharmacist(request),
        "request_id": uuid4(),
        "problem_id": uuid4(),
    }
    template = "receiving/put_away.html#walk" if request.htmx else "receiving/put_away.html"
    return render(request, template, context, status=status)
