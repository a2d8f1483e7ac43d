"""What happens around every page: a page that is only read writes nothing, and speaks French."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from backofficine.kernel.reading import one_reading

READING = {"GET", "HEAD", "OPTIONS"}
_WRITES = re.compile(
    r"[\s(]*(?:(?:INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|CREATE|DROP|ALTER|COPY|MERGE)\b"
    r"|WITH\b.*?\b(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b)",
    re.IGNORECASE | re.DOTALL,
)

GetResponse = Callable[[HttpRequest], HttpResponse]


class GetMustNotWrite(AssertionError):
    """A bug: a page that is only read tried to change the database."""


def _refuse_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if _WRITES.match(sql):
        raise GetMustNotWrite(sql[:120])
    return execute(sql, params, many, context)


class ReadOnlyGet:
    """Refuse every write of a GET, on every table; what it asks twice is then the same."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in READING:
            return self.get_response(request)
        with connection.execute_wrapper(_refuse_writes), one_reading():
            return self.get_response(request)


class Language:
    """French unless the person or the workstation chose otherwise; the browser is not asked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response
