"""The first page of an empty installation."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from backofficine.desk.founding import found
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.forms import FirstRunForm
from backofficine.pharmacy.models import Pharmacy
from backofficine.team.views import BACKEND


@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """The pharmacy, its owner, and one is logged in."""
    if Pharmacy.objects.exists():
        return redirect("account_login")
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = found(form.cleaned_data, at=clock.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            login(request, owner, backend=BACKEND)
            # The first thing a newcomer may try: what two exports say of the stock.
            after = reverse("team:workstation", query={"next": reverse("picture:start")})
            return redirect(after)
    return render(
        request, "pharmacy/first_run.html", {"form": form}, status=422 if form.errors else 200
    )
