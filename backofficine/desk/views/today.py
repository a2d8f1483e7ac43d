"""*Aujourd'hui*: the page that brings the day, and says what to do next."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from backofficine.desk import queries
from backofficine.desk.context import waiting_of
from backofficine.desk.queries.today import Act, Kind
from backofficine.desk.strip import moments, strip
from backofficine.desk.words import said, size
from backofficine.kernel import clock
from backofficine.team.request import Request

MOST_ACTS = 6
MOST_DROPS = 4
RIGHTS = ("receive", "order", "promise", "put_away", "count_stock")


@login_required
@require_GET
def today(request: Request) -> HttpResponse:
    """The day at this instant, and the acts this person may do."""
    now = clock.now()
    one = queries.today(
        now,
        waiting=waiting_of(request, at=now),
        rights={right for right in RIGHTS if request.user.may(right)},
    )
    acts = [said(act, url=_address(act)) for act in one.acts[:MOST_ACTS]]
    return render(
        request,
        "desk/today.html",
        {
            "today": one,
            "strip": strip(one),
            "moments": moments(one),
            "first": acts[0] if acts else None,
            "then": acts[1:],
            "drops": [(drop, size(drop)) for drop in one.drops[:MOST_DROPS]],
            **{
                f"{word}_url": _url(name, query) if request.user.may(right) else ""
                for word, (name, query, right) in LISTS.items()
            },
        },
    )


# Every number opens its list, for those who may open it.
LISTS: dict[str, tuple[str, str, str]] = {
    "floor": ("receiving:receive", "", "receive"),
    "late": ("promises:board", "lane=late", "promise"),
    "promises": ("promises:board", "", "promise"),
    "ready": ("promises:board", "lane=in_slot", "promise"),
    "order": ("planning:orders", "", "order"),
    "put_away": ("receiving:put_away", "", "put_away"),
    "gaps": ("receiving:receive", "", "receive"),
    "not_found": ("losses:month", "lines=all&rule=not_found", "contest_losses"),
    "expiring": ("stock:list", "show=expiring", "count_stock"),
    "counts": ("stock:list", "show=to_count", "count_stock"),
}
ACTS = {
    Kind.SET_ASIDE: ("promises:board", "lane=arrived"),
    Kind.TELL: ("promises:board", "lane=late"),
    Kind.PUT_AWAY: ("receiving:put_away", ""),
    Kind.COUNT: ("stock:list", "show=to_count"),
    Kind.ORDER: ("planning:orders", ""),
    Kind.ORDER_NOW: ("planning:orders", ""),
}


def _url(name: str, query: str = "", args: list[Any] | None = None) -> str:
    """An address, or nothing while its page does not exist."""
    try:
        return reverse(name, args=args) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""


def _address(act: Act) -> str:
    if act.drop is not None and act.drop.receipt_number is not None:
        return _url("receiving:bench", args=[act.drop.receipt_number])
    name, query = ACTS.get(act.kind, ("receiving:receive", ""))
    return _url(name, query)
