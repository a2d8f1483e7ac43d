"""A process that writes to the ledger until it is killed; ``test_crash`` starts it and kills it.

It loads Django once, then forks one writer for each line of JSON on its input:
``{"retry": [[kind, request_id], …]}``. A writer first sends again what was never acknowledged,
then acts at random. It tells on its output what it tries and what is acknowledged.
"""

import json
import os
import random
import sys
from uuid import UUID, uuid4

import django


def say(*words: object) -> None:
    # One write under PIPE_BUF: a line is whole or absent, even when the writer dies.
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def act(kind: str, request_id: UUID) -> None:
    """One act of the shop; doing it twice with one ``request_id`` does it once."""
    from backofficine.stock import queries, services
    from backofficine.stock.models import Location, Lot, Posting
    from backofficine.team.models import Actor
    from tests.factories.base import NOW, TODAY

    lot = Lot.objects.select_related("product").order_by("pk")[0]
    shelf = Location.objects.get(kind=Location.Kind.SHELF)
    when = {
        "occurred_at": NOW,
        "recorded_at": NOW,
        "actor": Actor.objects.order_by("pk")[0],
        "request_id": request_id,
    }
    if kind == "withdraw":
        services.withdraw([services.Wanted(lot.product, 2)], on=TODAY, by_pharmacist=True, **when)
    elif kind == "receive":
        services.post(
            lines=[services.MoveLine(lot, queries.virtual(Location.Kind.SUPPLIER), shelf, 3)],
            reason=Posting.Reason.RECEIPT,
            **when,
        )
    else:
        slot = Location.objects.get(kind=Location.Kind.PROMISE_SLOT)
        services.transfer([(lot, shelf, slot, 1)], **when)


def write(retry: list[tuple[str, str]]) -> None:
    """Act until killed."""
    for kind, request_id in retry:
        act(kind, UUID(request_id))
        say("ack", request_id)
    while True:
        kind, request_id = random.choice(["withdraw", "receive", "transfer"]), uuid4()
        say("try", request_id, kind)
        act(kind, request_id)
        say("ack", request_id)


def main() -> None:
    django.setup()
    import backofficine.stock.services  # noqa: F401  before the forks, which then start at once

    for line in sys.stdin:
        orders = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                write(orders["retry"])
            except BaseException as error:
                say("error", repr(error).replace("\n", " "))
            os._exit(1)
        say("pid", child)
        os.waitpid(child, 0)
        say("dead", child)


if __name__ == "__main__":
    main()
