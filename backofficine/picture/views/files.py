"""The files of a picture: chosen, looked at, confirmed on one screen, then read."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backofficine.formats.exports import What
from backofficine.kernel import clock
from backofficine.kernel.errors import DomainError
from backofficine.picture import drafts, queries
from backofficine.picture.drafts import Draft
from backofficine.picture.forms import ColumnsForm, FilesForm
from backofficine.team.request import Request

FILES = [
    (
        What.STOCK,
        _("Every product with its code and its quantity. Purchase price, place, last sale, "
          "last receipt, minimum, maximum and expiry if they are there."),
        _("In your software: Stock, then List or Valuation of the stock, then Export. Keep the "
          "products with a quantity; tick every column offered."),
    ),
    (
        What.SALES,
        _("Twelve months or more. One line per sale is best; per day or per month works too."),
        _("In your software: Statistics, then Sales by product, then Export. Choose the longest "
          "period, by product and by day if the choice is offered."),
    ),
    (
        What.PURCHASES,
        _("Receipts or purchases of the same months. They sharpen prices and shortages."),
        _("In your software: Orders, then Receipts or Purchases by product, then Export."),
    ),
]  # fmt: skip


def gone(request: Request) -> HttpResponse:
    """The files are no longer here: taken, a day old, or another person's."""
    messages.info(request, _("These files are no longer here: choose them again."))
    return redirect("picture:start")


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_http_methods(["GET", "POST"])
def start(request: Request, number: UUID | None = None) -> HttpResponse:
    """Page one: the files. A file that is refused leaves the others where they are."""
    draft = None if number is None else drafts.find(number, person=request.user.pk)
    if number is not None and draft is None:
        return gone(request)
    here = set(draft.looks) if draft else set()
    form = FilesForm(request.POST or None, request.FILES or None, here=here)
    if request.method == "POST":
        form = FilesForm(request.POST, request.FILES, here=here)
        draft = draft or drafts.begin(person=request.user.pk, at=clock.now())
        # Each good file is kept even when another is missing or refused.
        form.is_valid()
        for what in What:
            file = form.cleaned_data.get(what)
            if file is not None:
                _put(draft, what, file, form)
        if not form.errors:
            return redirect("picture:confirm", draft.number)
    return render(
        request,
        "picture/start.html",
        {
            "form": form,
            "draft": draft,
            "files": [
                (form[what], draft.looks.get(what) if draft else None, holds, how)
                for what, holds, how in FILES
            ],
            "pictures": queries.pictures()[:12],
        },
        status=422 if form.errors else 200,
    )


def _put(draft: Draft, what: What, file: "UploadedFile[Any]", form: FilesForm) -> None:
    try:
        drafts.put(
            draft,
            what,
            file.read(),
            name=(file.name or "")[:120],
            remembered=queries.remembered_columns(what),
        )
    except DomainError as refusal:
        form.add_error(what, str(refusal))


@login_required
@permission_required("team.import_files", raise_exception=True)
@require_http_methods(["GET", "POST"])
def confirm(request: Request, number: UUID) -> HttpResponse:
    """One screen: what each column holds. Confirmed once, it is skipped through next time."""
    draft = drafts.find(number, person=request.user.pk)
    if draft is None:
        return gone(request)
    if not {What.STOCK, What.SALES} <= draft.looks.keys():
        return redirect("picture:start_again", draft.number)
    posted = request.POST if request.method == "POST" else None
    forms = [ColumnsForm(posted, what=what, look=draft.looks[what]) for what in _order(draft)]
    checked = [form.is_valid() for form in forms]  # each of them, to show all that is to mend
    if posted is not None and all(checked):
        before = dict(draft.looks)
        for form in forms:
            try:
                look = drafts.choose(draft, form.what, form.choice)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
                continue
            if request.POST.get("act") == "take":
                form.say_what_lacks(look)
        if not any(form.errors for form in forms):
            # A new sheet or new columns are shown before they are believed.
            if request.POST.get("act") == "take" and _is_settled(draft, before):
                return redirect("picture:take", draft.number)
            return redirect("picture:confirm", draft.number)
        for form in forms:
            form.look = draft.looks[form.what]
    faults = any(form.errors for form in forms)
    return render(
        request,
        "picture/confirm.html",
        {"draft": draft, "forms": forms, "faults": faults},
        status=422 if faults else 200,
    )


def _order(draft: Draft) -> list[What]:
    return [what for what in What if what in draft.looks]


def _is_settled(draft: Draft, before: dict[What, Any]) -> bool:
    same_sheet = all(
        draft.looks[what].layout["sheet"] == look.layout["sheet"] for what, look in before.items()
    )
    return draft.is_ready and same_sheet
