"""Tells each request which person, actor and workstation it comes from."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from backofficine.kernel import clock
from backofficine.team import queries, services

WORKSTATION_COOKIE = "workstation"


class Identify:
    """Sets ``request.actor`` and ``request.workstation``; both are read only when asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        number = request.get_signed_cookie(WORKSTATION_COOKIE, default=None)
        request.workstation = (  # type: ignore[attr-defined]
            queries.workstation(number) if number and user.is_authenticated else None
        )
        if user.is_authenticated:
            request.actor = SimpleLazyObject(  # type: ignore[attr-defined]
                lambda: services.actor_of(user, at=clock.now())
            )
        return self.get_response(request)
