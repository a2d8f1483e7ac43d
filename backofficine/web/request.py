"""The typed request of pages that need no one to be known."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    """What htmx and the language middleware add to Django's request."""

    htmx: HtmxDetails
    LANGUAGE_CODE: str
    csp_nonce: str
