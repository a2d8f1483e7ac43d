"""Shows every hour of a page in the pharmacy's own time zone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse  # noqa: TID251
from django.utils import timezone

from backofficine.pharmacy import queries


class LocalTime:
    """Activates the pharmacy's time zone for the length of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(queries.zone()):
            return self.get_response(request)
