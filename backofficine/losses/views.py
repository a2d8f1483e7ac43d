"""Pages of losses: the month, its lines, the proof of one, and the printed page."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.losses import pages, queries, services
from backofficine.losses.forms import ContestForm
from backofficine.losses.loss import Loss, Step, TariffUsed
from backofficine.losses.models import Contest
from backofficine.losses.queries import Filters, Statement
from backofficine.losses.rules import BY_KEY
from backofficine.losses.trend import trend
from backofficine.pharmacy.models import Tariff
from backofficine.pharmacy.queries import local_day, pharmacy
from backofficine.team.request import Request

LINES_A_PAGE = 50
MONTHS = 12


def _month_of(text: str, today: date) -> date:
    if not text:
        return queries.first_of(today)
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Http404 from error


def _frame(request: Request, month: date, today: date) -> dict[str, Any]:
    return {
        "month": month,
        "before": queries.month_before(month),
        "after": queries.month_before(month, months=-1),
        "is_running": month == queries.first_of(today),
        "has_after": month < queries.first_of(today),
        "sees_money": request.user.may("see_losses"),
        "answers": request.user.may("sign_tariffs"),
        "rules": BY_KEY,
    }


@login_required
@permission_required("team.contest_losses", raise_exception=True)
@require_GET
def month(request: Request, month: str = "") -> HttpResponse:
    """What a month cost, cash and time apart; with a filter, its lines."""
    today = local_day(clock.now())
    first = _month_of(month, today)
    filters = pages.filters_of(request.GET.dict())
    frame = _frame(request, first, today)
    if not filters.is_empty or "lines" in request.GET:
        return _lines(request, frame, queries.statement(first), filters)
    # The ten months before come after the page, on their own request; without a script, by a link.
    with_trend = "trend" in request.GET
    statements = queries.statements(first, months=MONTHS if with_trend else 2)
    statement, before = statements[-1], statements[-2]
    blanks, cells = pages.calendar(
        statement,
        open_days=queries.open_days(statement.start, statement.end),
        today=today,
        in_euros=frame["sees_money"],
    )
    return render(
        request,
        "losses/month.html",
        {
            **frame,
            "statement": statement,
            "previous": before,
            "cash_change": pages.change(statement.proved.cash, before.proved.cash),
            "time_change": pages.change(statement.proved.minutes, before.proved.minutes),
            "bars": pages.bars(statement),
            "blanks": range(blanks),
            "cells": cells,
            "chain": pages.chain(statement),
            "trends": _trends(statements, sees_money=frame["sees_money"]) if with_trend else None,
            "open_contests": queries.open_contests() if frame["answers"] else [],
        },
    )


@login_required
@permission_required("team.contest_losses", raise_exception=True)
@require_GET
def month_trend(request: Request, month: str) -> HttpResponse:
    """Twelve months on the band of their ordinary variation: a fragment of the month's page."""
    frame = _frame(request, _month_of(month, local_day(clock.now())), local_day(clock.now()))
    statements = queries.statements(frame["month"], months=MONTHS)
    trends = _trends(statements, sees_money=frame["sees_money"])
    return render(request, "losses/trends.html", {**frame, "trends": trends})


def _trends(statements: list[Statement], *, sees_money: bool) -> dict[str, Any]:
    """Proved and assumed together, so that a tariff newly signed does not look like a change."""
    time = [(one.start, one.proved.minutes + one.assumed.minutes) for one in statements]
    cash = [(one.start, one.proved.cash + one.assumed.cash) for one in statements]
    return {"cash": trend(cash) if sees_money else None, "time": trend(time)}


def _lines(
    request: Request,
    frame: dict[str, Any],
    statement: Statement,
    filters: Filters,
    *,
    proof: Loss | None = None,
    form: ContestForm | None = None,
) -> HttpResponse:
    kept = filters.keep(statement.lines)
    kept.reverse()  # the last first
    number: int | str = request.GET.get("page", 1)
    if proof is not None:
        keys = [one.key for one in kept]
        at = keys.index(proof.key) if proof.key in keys else 0
        number = at // LINES_A_PAGE + 1
        frame["newer"] = kept[at - 1].key if at else ""
        frame["older"] = kept[at + 1].key if at + 1 < len(kept) else ""
    rule_chips, state_chips = pages.chips(statement, filters)
    context = {
        **frame,
        "filters": filters,
        "rule": BY_KEY.get(filters.rule),
        "step_label": Step(filters.step).label if filters.step else "",
        "total": queries.statement_of(kept, start=statement.start, end=statement.end),
        "count": len(kept),
        "page": Paginator(kept, LINES_A_PAGE).get_page(number),
        "query": pages.query_of(filters),
        "rule_chips": rule_chips,
        "state_chips": state_chips,
        "proof": proof,
    }
    if proof is not None:
        contests = queries.contests(proof.key)
        context |= {
            "proof_rule": BY_KEY[proof.rule],
            "story": queries.story(proof),
            "contests": contests,
            "open_contest": next((one for one in contests if not hasattr(one, "answer")), None),
            "form": form or ContestForm(),
        }
    template = "losses/lines.html" if proof is None else "losses/proof.html"
    return render(request, template, context, status=422 if form and form.errors else 200)


def _proof(request: Request, key: str, form: ContestForm | None = None) -> HttpResponse:
    one = queries.loss(key)
    if one is None:
        raise Http404
    first = queries.first_of(one.day)
    frame = _frame(request, first, local_day(clock.now()))
    return _lines(
        request, frame, queries.statement(first), Filters(rule=one.rule), proof=one, form=form
    )


@login_required
@permission_required("team.contest_losses", raise_exception=True)
@require_GET
def proof(request: Request, key: str) -> HttpResponse:
    """How one line was computed: its facts, its tariffs, what was said against it."""
    return _proof(request, key)


@login_required
@permission_required("team.contest_losses", raise_exception=True)
@require_POST
def contest(request: Request, key: str) -> HttpResponse:
    """One tap, with a reason: out of the total until the owner answers."""
    form = ContestForm(request.POST)
    if form.is_valid():
        try:
            services.contest(key, **form.cleaned_data, at=clock.now(), actor=request.actor)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Contested: out of the total until it is answered."))
            return redirect("losses:proof", key)
    return _proof(request, key, form)


@login_required
@permission_required("team.sign_tariffs", raise_exception=True)
@require_POST
def answer(request: Request, pk: int) -> HttpResponse:
    """The owner's answer to a contest."""
    said = get_object_or_404(Contest, pk=pk)
    stands = request.POST.get("stands") == "yes"
    try:
        services.answer(said, stands=stands, at=clock.now(), actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("Answered: the line counts again.") if stands else _("Answered: the line is gone."),
        )
    return redirect("losses:proof", said.loss_key)


@login_required
@permission_required("team.contest_losses", raise_exception=True)
@require_GET
def print_month(request: Request, month: str) -> HttpResponse:
    """The month on one page, black and white, with room to write."""
    now = clock.now()
    today = local_day(now)
    first = _month_of(month, today)
    frame = _frame(request, first, today)
    statements = queries.statements(first, months=MONTHS)
    statement = statements[-1]
    tariffs = [
        row
        for row in _tariffs_of(statement)
        if frame["sees_money"] or row.unit == Tariff.Unit.MINUTES
    ]
    return render(
        request,
        "losses/print.html",
        {
            **frame,
            "pharmacy": pharmacy(),
            "now": now,
            "statement": statement,
            "previous": statements[-2],
            "bars": pages.bars(statement),
            "links": statement.links,
            "trends": _trends(statements, sees_money=frame["sees_money"]),
            "open_days": sum(
                day <= today for day in queries.open_days(statement.start, statement.end)
            ),
            "tariffs": tariffs,
            "sources": sorted({row.source for row in tariffs}),
        },
    )


def _tariffs_of(statement: Statement) -> list[TariffUsed]:
    rows = {
        (row.key, row.valid_from): row
        for one in statement.lines
        for row in (one.hour_tariff, one.time_tariff)
    }
    return [rows[key] for key in sorted(rows)]
