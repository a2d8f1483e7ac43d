"""The picture being taken: one request computes, another tells how far it is."""

from uuid import UUID

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from backofficine.formats.exports import Layout, What
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.picture import drafts, services
from backofficine.picture.drafts import Draft
from backofficine.picture.models import Picture
from backofficine.picture.services import GivenFile
from backofficine.picture.views.files import gone
from backofficine.team.request import Request

STAGES: dict[str, str | Lazy] = {
    "read": _("Reading the files"),
    "catalogue": _("Asking the national catalogue"),
    "ghosts": _("Weighing each silence: probable ghosts"),
    "missing": _("Looking for what is always missing"),
    "dormant": _("Measuring what sleeps"),
    "expiry": _("Comparing dates with sales"),
    "prices": _("Comparing prices, codes and laboratories"),
    "cover": _("Counting days of cover"),
    "keep": _("Keeping the picture"),
}
STOP_POLLING = 286  # the status by which htmx stops asking


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_http_methods(["GET", "POST"])
def take(request: Request, number: UUID) -> HttpResponse:
    """A page that asks for the picture at once; the same files ask twice and get one picture."""
    draft = drafts.find(number, person=request.user.pk)
    if draft is None:
        # A second click while the first one ended: its picture is in the list.
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": reverse("picture:start")})
        return gone(request)
    if not draft.is_ready:
        return redirect("picture:confirm", draft.number)
    refusal = ""
    if request.method == "POST":
        try:
            picture = _taken(request, draft)
        except DomainError as error:
            refusal = str(error)
        else:
            drafts.forget(draft)
            address = reverse("picture:report", args=[picture.public_id])
            if request.htmx:
                return HttpResponse(headers={"HX-Redirect": address})
            return redirect(address)
    template = "picture/take.html#taking" if request.htmx else "picture/take.html"
    return render(
        request,
        template,
        {"draft": draft, "refusal": refusal, "stages": _stages("")},
        status=422 if refusal else 200,
    )


class _Telling:
    """Says each stage once, never one that is behind."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.left = list(STAGES)

    def __call__(self, stage: str) -> None:
        if stage in self.left:
            self.left = self.left[self.left.index(stage) :]
            drafts.tell(self.draft, stage)


def _taken(request: Request, draft: Draft) -> Picture:
    now = clock.now()
    picture = services.take_picture(
        [
            GivenFile(what, look.name, draft.bytes_of(what), Layout.from_dict(look.layout))
            for what in What
            if (look := draft.looks.get(what)) is not None
        ],
        at=now,
        actor=request.actor,
        progress=_Telling(draft),
    )
    for what, look in draft.looks.items():
        services.remember_layout(
            what=what,
            fingerprint=look.fingerprint,
            layout=Layout.from_dict(look.layout),
            at=now,
            actor=request.actor,
        )
    return picture


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_GET
def progress(request: Request, number: UUID) -> HttpResponse:
    """How far the picture is: a fragment, asked again while it is being taken."""
    draft = drafts.find(number, person=request.user.pk)
    if draft is None:
        return HttpResponse(status=STOP_POLLING)
    told = {"draft": draft, "stages": _stages(drafts.stage(draft))}
    return render(request, "picture/take.html#stages", told)


def _stages(reached: str) -> list[tuple[str, str]]:
    """Each stage in words, with "done", "now" or ""."""
    names = list(STAGES)
    place = names.index(reached) if reached in names else 0
    states = ["done"] * place + ["now"] + [""] * (len(names) - place - 1)
    return [(str(STAGES[name]), state) for name, state in zip(names, states, strict=True)]
