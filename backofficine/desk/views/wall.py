"""The wall screen: what is on the floor, what is due, when the next order leaves. Nobody in it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from backofficine.desk import queries
from backofficine.desk.queries.today import Kind
from backofficine.kernel import clock
from backofficine.team import queries as team
from backofficine.web.request import Request

REFRESH_SECONDS = 30
LINES = 3
# What the whole team reads from afar: no line of it may ask for a name, a product or a price.
SAID = (Kind.COLD, Kind.OVERDUE, Kind.ORDER_NOW, Kind.SET_ASIDE, Kind.TELL, Kind.PUT_AWAY)


@require_GET
@never_cache
def wall(request: Request, token: str) -> HttpResponse:
    """Read-only, by its token alone; a revoked or unknown token is a page that does not exist."""
    if team.wall_screen(token) is None:
        if request.htmx:
            # The screen polls: make it ask for the whole page, which is then not there.
            return HttpResponseClientRefresh()
        raise Http404
    now = clock.now()
    rights = {"receive", "order", "promise", "put_away", "count_stock"}
    waiting = queries.waiting(now)
    one = queries.today(now, waiting=waiting, rights=rights, with_promises=False)
    coming = one.next_cut_off
    elapsed = None
    if coming is not None:
        # The bar fills over the last four hours before a cut-off.
        left = (coming.cut_off_at - now).total_seconds()
        elapsed = round(100 * max(0.0, 1 - left / (4 * 3600)))
    return render(
        request,
        "desk/wall.html",
        {
            "refresh": REFRESH_SECONDS,
            "at": now,
            "floor_count": one.floor_count,
            "drops": one.drops[:LINES],
            "more_drops": len(one.drops) - LINES,
            "promise_count": one.promise_count,
            "late_count": one.late_count,
            "waves": one.waves[: LINES if not one.late_count else LINES - 1],
            "coming": coming,
            "has_order_left": one.has_order_left,
            "left": coming.cut_off_at - now if coming else None,
            "elapsed": elapsed,
            "act": next((act for act in one.acts if act.kind in SAID), None),
            "dock_lines": waiting.dock_lines,
            "is_open": any(opens <= now < closes for opens, closes in one.openings),
        },
    )
