"""The server is killed in the middle of receiving: nothing acknowledged is lost, nothing doubled.

``KILLS=50 make test ARGS="-k middle_of_receiving"`` kills it fifty times; a daily run, five. The
same with the ledger alone, without HTTP, is ``tests/stock/test_crash.py``.
"""

import http.client
import os
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from backofficine.receiving.models import Receipt, ReceiptScan
from backofficine.stock import queries
from backofficine.stock.models import Move
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    shop_floor,
    signed_in,
)
from tests.serving import Server
from tests.stock.test_crash import database_url

KILLS = int(os.environ.get("KILLS", "5"))
SCANS_PER_RECEIPT = 25
TOKEN = "k" * 32  # any token, as long as the cookie and the header agree

pytestmark = pytest.mark.slow


class Colleague:
    """Someone at the bench, who scans, closes, starts again, and repeats what got no answer."""

    def __init__(self, server: Server, cookie: str, *, codes: list[str], start: dict[str, Any]):
        self.server, self.cookie, self.codes, self.start = server, cookie, codes, start
        self.scans: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self.closed: list[int] = []
        self.statuses: Counter[int] = Counter()
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def post(self, path: str, **words: Any) -> str:
        """Send one form again and again until it is answered; returns where it led."""
        data = urllib.parse.urlencode(words).encode()
        deadline = time.monotonic() + 240
        while True:
            request = urllib.request.Request(
                self.server.url + path,
                data=data,
                headers={
                    "Cookie": f"{settings.SESSION_COOKIE_NAME}={self.cookie}; csrftoken={TOKEN}",
                    "X-CSRFToken": TOKEN,
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    response.read()
                    self.statuses[response.status] += 1
                    return str(response.url)
            except urllib.error.HTTPError as error:
                told = error.read().decode(errors="replace")
                raise AssertionError(f"{path}: {error.code} {told[:2000]}") from error
            except (OSError, http.client.HTTPException) as error:  # killed: no answer, or half
                if time.monotonic() > deadline:
                    raise AssertionError(f"the server never came back: {error!r}") from error
                time.sleep(0.02)

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self._one_receipt()
        except BaseException as error:
            self.failure = error

    def _one_receipt(self) -> None:
        page = self.post("/receptionner/commencer/", request_id=uuid4(), **self.start)
        number = int(page.rstrip("/").rsplit("/", 1)[1])
        for scan in range(SCANS_PER_RECEIPT):
            if self.stopping.is_set() and scan:  # an empty receipt is not closed
                break
            key, code = str(uuid4()), random.choice(self.codes)
            self.scans[key] = code
            self.post(f"/receptionner/{number}/", request_id=key, code=code)
            self.acknowledged.add(key)
        self.post(f"/receptionner/{number}/cloture/", request_id=uuid4())
        self.closed.append(number)


@pytest.fixture
def colleague(committed_db, pharmacy, tmp_path: Path) -> Iterator[Colleague]:
    shop_floor()
    delivery_round = DeliveryRoundFactory(this_morning=True)
    order = OrderFactory(sent=True, delivery_round=delivery_round)
    products = [ProductFactory() for _number in range(5)]
    for product in products:
        OrderLineFactory(order=order, product=product, quantity=100_000)
    cookie = signed_in(PersonFactory(stock_clerk=True)).cookies[settings.SESSION_COOKIE_NAME].value
    server = Server(
        {
            "DATABASE_URL": database_url(),
            "BACKOFFICINE_DATA_DIR": str(tmp_path / "data"),
            "BACKOFFICINE_SECRET_KEY": settings.SECRET_KEY,
            "BACKOFFICINE_SQLITE_SYNCHRONOUS": "FULL",
        },
        log=tmp_path / "server.log",
    )
    connection.close()
    server.start()
    someone = Colleague(
        server,
        cookie,
        codes=[product.cip13 for product in products],
        start={"supplier": delivery_round.supplier_id, "delivery_round": delivery_round.pk},
    )
    someone.thread.start()
    yield someone
    someone.stopping.set()
    someone.thread.join(timeout=90)
    server.kill()


def test_kills_in_the_middle_of_receiving_lose_nothing_and_double_nothing(colleague):
    moments = random.Random(20261124)
    seen = 0

    for _kill in range(KILLS):
        # Only a kill in the middle of work proves anything.
        while len(colleague.acknowledged) < seen + 3 and colleague.failure is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.4))
        before = set(colleague.acknowledged)
        colleague.server.kill()

        rows = ReceiptScan.objects.filter(act__in=before).values_list("act", flat=True)
        kept = Counter(str(act) for act in rows)
        assert kept == Counter(before), "each acknowledged scan is there once"
        assert queries.audit().is_sound
        connection.close()
        seen = len(before)
        colleague.server.start()

    colleague.stopping.set()
    colleague.thread.join(timeout=120)
    assert colleague.failure is None, colleague.failure
    assert not colleague.thread.is_alive()

    # Everything sent was answered in the end, and counted once: on the bench and in the ledger.
    assert colleague.acknowledged == set(colleague.scans)
    acts = Counter(str(act) for act in ReceiptScan.objects.values_list("act", flat=True))
    assert acts == Counter(list(colleague.scans))
    receipts = Receipt.objects.filter(status=Receipt.Status.VALIDATED)
    assert sorted(receipts.values_list("number", flat=True)) == sorted(colleague.closed)
    assert Receipt.objects.count() == receipts.count()
    came = Move.objects.filter(source__kind="supplier").aggregate(boxes=Sum("quantity"))["boxes"]
    assert came == len(colleague.scans)
    report = queries.audit()
    assert report.divergence is None
    assert report.postings == len(colleague.closed)
