"""The pharmacy's time zone on every page; an empty installation goes to its first page."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: TID251
from django.utils import timezone

from backofficine.pharmacy import queries
from backofficine.web.addresses import address


class LocalTime:
    """Activates the pharmacy's time zone for the length of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = queries.here()
        request.pharmacy = found  # type: ignore[attr-defined]
        first_page = address("desk:first_run")
        if found is None and not request.path.startswith((first_page, settings.STATIC_URL)):
            return HttpResponseRedirect(first_page)
        with timezone.override(ZoneInfo(found.time_zone if found else settings.TIME_ZONE)):
            return self.get_response(request)
