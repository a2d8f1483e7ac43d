"""Two pages for the scan line's browser test, and the memory of what they were sent."""

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import path

sent: list[dict[str, str]] = []
"""Every post received, in order."""
trouble = {"down": False, "locked": False}

PAGE = """{% extends "web/base.html" %}{% block content %}
<a href="/taking/?by=enter" data-key="Enter">Main</a> <a href="/taking/?by=n" data-key="n">New</a>
<label for="other">Other</label><input id="other" class="form-control">
{% if takes %}<form method="post" action="/take/" data-scan-target
  hx-post="/take/" hx-target="#out">
  {% csrf_token %}<label for="code">Code</label><input id="code" name="code" class="form-control">
  <input type="hidden" name="request_id" value="made-by-the-server"></form><div id="out"></div>
{% endif %}{% endblock %}"""


def _page(request: HttpRequest, *, takes: bool) -> HttpResponse:
    context = {"scan_url": "/scan/", "takes": takes}
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


def plain(request: HttpRequest) -> HttpResponse:
    return _page(request, takes=False)


def taking(request: HttpRequest) -> HttpResponse:
    return _page(request, takes=True)


def who(request: HttpRequest) -> HttpResponse:
    trouble["locked"] = False
    return _page(request, takes=False)


def scan(request: HttpRequest) -> HttpResponse:
    if trouble["down"]:
        return HttpResponse(status=503)
    if trouble["locked"]:
        return HttpResponse(headers={"HX-Redirect": "/who/?next=/"})
    sent.append({**request.POST.dict(), "by": "house"})
    if request.POST["code"] == "GO-THERE":
        return HttpResponse(headers={"HX-Redirect": "/taking/"})
    return render(
        request, "web/components/said.html", {"tone": "yes", "icon": "check", "text": "Read"}
    )


def take(request: HttpRequest) -> HttpResponse:
    time.sleep(0.15)  # Long enough for the next scans to come while this one is in flight.
    sent.append({**request.POST.dict(), "by": "page"})
    if request.POST["code"] == "GO-BACK":
        return HttpResponse(headers={"HX-Redirect": "/"})
    return render(
        request, "web/components/said.html", {"tone": "look", "icon": "check", "text": "Taken"}
    )


urlpatterns = [
    path("", plain),
    path("taking/", taking),
    path("who/", who),
    path("scan/", scan),
    path("take/", take),
]
