"""Narcotics withdrawn by a technician: a pharmacist looks, and says so, the same day."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.stock import queries, services
from backofficine.stock.models import NarcoticVisa
from backofficine.team.request import Request


@login_required
@permission_required("team.move_narcotics", raise_exception=True)
@require_safe
def visas(request: Request) -> HttpResponse:
    """What awaits a visa."""
    return render(request, "stock/visas.html", {"visas": queries.awaited_visas()})


@login_required
@permission_required("team.move_narcotics", raise_exception=True)
@require_POST
def give_visa(request: Request, pk: int) -> HttpResponse:
    """One visa, once: a second click finds it given and says so."""
    try:
        services.give_visa(
            get_object_or_404(NarcoticVisa, pk=pk), at=clock.now(), actor=request.actor
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Visa given."))
    return redirect("stock:visas")
