"""The ordinary pages over HTTP, from the real server, with the whole ledger behind them."""

import http.client
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from backofficine.catalog.models import Product
from backofficine.stock.models import Balance
from backofficine.team.models import Role, User
from bench.base import present
from bench.measure import Line
from tests.serving import Server

CLIENTS = 8
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def addresses() -> dict[str, str]:
    """The pages of a working day."""
    busiest = (
        Balance.objects.filter(on_hand__gt=0)
        .values("lot__product")
        .annotate(lots=Count("pk"))
        .order_by("-lots", "lot__product")
    )[0]
    product = Product.objects.get(pk=busiest["lot__product"])
    return {
        "Aujourd'hui": reverse("desk:today"),
        "Comptoir": reverse("desk:counter"),
        "Commander": reverse("planning:orders"),
        "Réceptionner": reverse("receiving:receive"),
        "Ranger": reverse("receiving:put_away"),
        "Promis": reverse("promises:board"),
        "Stock": reverse("stock:list"),
        "un produit": reverse("stock:product", args=[product.public_id]),
        "Pertes": reverse("losses:month"),
        "Équipe": reverse("team:people"),
    }


def lines(*, quick: bool) -> Iterator[Line]:
    owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk")[0]
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner, backend=BACKEND)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    pages = addresses()
    shift = int((present() - datetime.now(UTC)).total_seconds())
    ours = {name: os.environ[name] for name in os.environ
            if name.startswith("BACKOFFICINE_") or name == "DATABASE_URL"}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        server = Server(
            {**ours, "BACKOFFICINE_CLOCK_SHIFT_SECONDS": str(shift)},
            log=Path(folder) / "server.log",
        )
        server.start()
        try:
            # After the server: it gathered the static files that a page names.
            queries = {name: _statements(client, url) for name, url in pages.items()}
            yield from _measured(server, cookie, pages, queries, turns=5 if quick else 60)
        finally:
            server.stop()


def _measured(
    server: Server,
    cookie: str,
    pages: dict[str, str],
    queries: dict[str, list[tuple[str, Any]]],
    *,
    turns: int,
) -> Iterator[Line]:
    alone = Line(
        "ordinary pages, one client", "ms", goal=(("p50", 15.0), ("p95", 60.0)),
        note="plain: the same page's own statements, run and fetched, nothing else",
    )  # fmt: skip
    each = {name: Line(f"  {name}", "ms") for name in pages}
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for name, url in pages.items():
        for _warm in range(3):
            _get(link, url, cookie, name)
    for _turn in range(turns):
        for name, url in pages.items():
            took = _get(link, url, cookie, name)
            plain = _run(queries[name])
            for line in (alone, each[name]):
                line.ours.append(took)
                line.plain.append(plain)
    link.close()
    yield alone
    yield from each.values()

    crowd = Line(f"ordinary pages, {CLIENTS} clients", "ms", goal=(("p95", 150.0),))
    guard = threading.Lock()

    def work(first: int) -> None:
        own = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        names = list(pages)
        took = []
        for number in range(turns * 2):
            name = names[(first + number) % len(names)]
            took.append(_get(own, pages[name], cookie, name))
        own.close()
        with guard:
            crowd.ours.extend(took)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield crowd


def _get(link: http.client.HTTPConnection, url: str, cookie: str, name: str) -> float:
    began = time.perf_counter()
    link.request("GET", url, headers={"Cookie": cookie})
    response = link.getresponse()
    body = response.read()
    took = (time.perf_counter() - began) * 1000
    assert response.status == 200, f"{name} ({url}): {response.status} {body[:200]!r}"
    return took


def _statements(client: Client, url: str) -> list[tuple[str, Any]]:
    """What a page asks of the database."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    from backofficine.kernel import clock

    clock.fix(present())
    try:
        with connection.execute_wrapper(listen):
            response = client.get(url)
    finally:
        clock.fix(None)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    return asked


def _run(statements: list[tuple[str, Any]]) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()
    return (time.perf_counter() - began) * 1000
