"""Tells each request which person, actor and workstation it comes from, and locks what was left."""

from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from backofficine.kernel import clock
from backofficine.team import queries, services
from backofficine.web.addresses import address

WORKSTATION_COOKIE = "workstation"
SEEN = "seen_at"
LOCKED = "locked"
QUIET_SECONDS = 30  # the session cookie is written again at most this often

GetResponse = Callable[[HttpRequest], HttpResponse]


class Identify:
    """Sets ``request.actor`` and ``request.workstation``; both are read only when asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = request.get_signed_cookie(WORKSTATION_COOKIE, default="")
        request.workstation = (  # type: ignore[attr-defined]
            queries.workstation(number) if number else None
        )
        user = request.user
        if user.is_authenticated:
            request.actor = SimpleLazyObject(  # type: ignore[attr-defined]
                lambda: services.actor_of(user, at=clock.now())
            )
        return self.get_response(request)


class AutoLock:
    """A workstation left alone asks for a PIN again; what was typed waits in the page.

    The instant of the last act rides in the signed session: an old copy of it is locked too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or self._is_open(request.path):
            return self.get_response(request)
        now = int(clock.now().timestamp())
        seen = int(request.session.get(SEEN, now))
        if request.session.get(LOCKED) or now - seen > settings.LOCK_AFTER_MINUTES * 60:
            request.session[LOCKED] = True
            return self._ask(request)
        if now - seen > QUIET_SECONDS or SEEN not in request.session:
            request.session[SEEN] = now
        return self.get_response(request)

    def _is_open(self, path: str) -> bool:
        return path.startswith(
            (address("team:switch"), "/compte/", settings.STATIC_URL, address("team:lock"))
        )

    def _ask(self, request: HttpRequest) -> HttpResponse:
        # After an act (POST) the person comes back to the page, whose form kept what was typed.
        back = request.headers.get("HX-Current-URL", "") or request.get_full_path()
        if request.method != "GET":
            back = request.headers.get("Referer", "/")
        asked = f"{address('team:switch')}?next={quote(back)}"
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(asked)
        return HttpResponseRedirect(asked)
