"""Pages about people: change person by PIN, lock, the team, the workstations, the walls."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.team import queries, services
from backofficine.team.forms import (
    PersonForm,
    PinForm,
    SwitchForm,
    WallForm,
    WorkstationForm,
)
from backofficine.team.middleware import LOCKED, SEEN, WORKSTATION_COOKIE
from backofficine.team.models import Role, User, Workstation
from backofficine.team.request import Request

BACKEND = settings.AUTHENTICATION_BACKENDS[0]
COOKIE_AGE = 60 * 60 * 24 * 365 * 2


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else "/"


@require_http_methods(["GET", "POST"])
def switch(request: Request) -> HttpResponse:
    """Change person in two seconds: a name, a PIN. Only on a declared workstation."""
    if request.workstation is None:
        # Without a workstation a PIN proves nothing: a locked session ends, the password opens.
        if request.session.get(LOCKED):
            logout(request)
        return redirect(f"{reverse('account_login')}?next={_next(request)}")
    form = SwitchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = (
            queries.people().filter(username=form.cleaned_data["person"]).first()
            or queries.people().filter(badge=form.cleaned_data["person"].upper()).first()
        )
        try:
            if user is None:
                raise services.NoPin
            services.check_pin(
                user,
                pin=form.cleaned_data["pin"],
                workstation=request.workstation,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error("pin", str(error))
        else:
            login(request, user, backend=BACKEND)
            request.session.cycle_key()
            request.session[LOCKED] = False
            request.session[SEEN] = int(clock.now().timestamp())
            return redirect(_next(request))
    chosen = request.POST.get("person") or request.GET.get("person", "")
    if not chosen and request.session.get(LOCKED):
        chosen = request.user.get_username()
    context = {
        "form": form,
        "people": [person for person in queries.everybody() if person.pin_hash],
        "chosen": chosen,
        "next": _next(request),
        "is_locked": bool(request.session.get(LOCKED)),
    }
    return render(request, "team/switch.html", context, status=422 if form.errors else 200)


@require_POST
def lock(request: Request) -> HttpResponse:
    """Lock this workstation at once."""
    request.session[LOCKED] = True
    return redirect("team:switch")


@login_required
@require_safe
def people(request: Request) -> HttpResponse:
    """The team: who works here, on which workstations, and what was opened about oneself."""
    manages = request.user.may("manage_team")
    return render(
        request,
        "team/people.html",
        {
            "people": queries.everybody(),
            "workstations": queries.workstations(),
            "screens": queries.wall_screens() if manages else [],
            "openings": queries.openings_of(request.user),
            "manages": manages,
            "this": request.workstation,
            "roles": Role.choices,
        },
    )


@login_required
@permission_required("team.manage_team", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_person(request: Request) -> HttpResponse:
    """A new colleague."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_person(
                **{**form.cleaned_data, "role": Role(form.cleaned_data["role"])}, at=clock.now()
            )
        except DomainError as error:
            form.add_error("username", str(error))
        else:
            messages.success(request, _("Added. Give the first password by word of mouth."))
            return redirect("team:people")
    return render(request, "team/add_person.html", {"form": form}, status=_status(form))


@login_required
@permission_required("team.manage_team", raise_exception=True)
@require_POST
def change_person(request: Request, username: str) -> HttpResponse:
    """Another post for a colleague, or their departure."""
    person = get_object_or_404(User, username=username)
    try:
        if "leave" in request.POST:
            services.leave(person)
        elif request.POST.get("role") in Role.values:
            services.change_role(person, role=Role(request.POST["role"]))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("team:people")


@login_required
@require_http_methods(["GET", "POST"])
def pin(request: Request) -> HttpResponse:
    """Choose one's own PIN, proved by the password."""
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        proved = authenticate(
            request, username=request.user.username, password=form.cleaned_data["password"]
        )
        if proved is None:
            form.add_error("password", _("That is not your password."))
        else:
            try:
                services.set_pin(request.user, pin=form.cleaned_data["pin"])
            except DomainError as error:
                form.add_error("pin", str(error))
            else:
                messages.success(request, _("Your PIN is set. F12 changes person."))
                return redirect("team:people")
    return render(request, "team/pin.html", {"form": form}, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def workstation(request: Request) -> HttpResponse:
    """Say which workstation this is; whoever may manage the team may declare a new one."""
    form = WorkstationForm(request.POST if "new" in request.POST else None)
    chosen: Workstation | None = None
    if request.method == "POST":
        if "number" in request.POST:
            chosen = queries.workstation(request.POST["number"])
        elif request.user.may("manage_team") and form.is_valid():
            chosen = services.add_workstation(
                name=form.cleaned_data["name"], post=Workstation.Post(form.cleaned_data["post"])
            )
        if chosen is not None:
            response = redirect(_next(request))
            response.set_signed_cookie(
                WORKSTATION_COOKIE,
                str(chosen.number),
                max_age=COOKIE_AGE,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
            return response
    context = {
        "form": form,
        "workstations": queries.workstations(),
        "this": request.workstation,
        "next": _next(request),
        "manages": request.user.may("manage_team"),
    }
    return render(request, "team/workstation.html", context, status=_status(form))


@login_required
@permission_required("team.manage_team", raise_exception=True)
@require_POST
def retire_workstation(request: Request, number: UUID) -> HttpResponse:
    """A computer that leaves the shop."""
    services.retire_workstation(get_object_or_404(Workstation, number=number))
    return redirect("team:people")


@login_required
@permission_required("team.manage_team", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_wall(request: Request) -> HttpResponse:
    """A wall screen: its address is shown once."""
    form = WallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _screen, token = services.add_wall_screen(name=form.cleaned_data["name"], at=clock.now())
        address = request.build_absolute_uri(f"/mural/{token}/")
        return render(request, "team/wall_added.html", {"address": address})
    return render(request, "team/add_wall.html", {"form": form}, status=_status(form))


@login_required
@permission_required("team.manage_team", raise_exception=True)
@require_POST
def revoke_wall(request: Request, number: int) -> HttpResponse:
    """The screen goes dark."""
    services.revoke_wall_screen(number, at=clock.now())
    return redirect("team:people")


def _status(form: object) -> int:
    return 422 if getattr(form, "errors", None) else 200
