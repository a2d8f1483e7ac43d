"""The scan line's answer: one act, one page, or one sentence with its sound."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from backofficine.catalog.models import Product
from backofficine.desk.scan import FOUND, Kind, Resolution, search_words
from backofficine.desk.scan import resolve as resolve_scan
from backofficine.formats.gs1 import Doubt
from backofficine.kernel import clock
from backofficine.promises import identity
from backofficine.promises import queries as promises
from backofficine.promises.models import Promise
from backofficine.receiving.models import Receipt
from backofficine.team import services as team
from backofficine.team.request import Request


@dataclass(frozen=True)
class Answer:
    """Where to go, or what to say. ``tone``: yes, look or stop; ``note``: how to mend a reader."""

    url: str = ""
    tone: str = "look"
    text: str = ""
    aside: str = ""
    products: tuple[Any, ...] = ()
    product_query: str = ""  # where a product of the list leads, when not to its own page
    cards: tuple[Any, ...] = ()
    note: str = ""


@require_POST
@login_required
@never_cache
def scan(request: Request) -> HttpResponse:
    """Any code, from any page: resolve it, then lead to the act that fits page and role."""
    resolution = resolved(request, request.POST.get("code", ""))
    return reply(request, answer_to(request, resolution))


def resolved(request: Request, code: str) -> Resolution:
    """What a code is on this workstation; a keyboard proved wrong is remembered."""
    today = timezone.localdate(clock.now())
    found = resolve_scan(code, workstation=request.workstation, today=today)
    if found.learnt is not None and request.workstation is not None:
        team.remember_reader(request.workstation, keyboard_layout=found.learnt)
    return found


def reader_note(resolution: Resolution) -> str:
    """How to set a reader right, said the first time its keyboard had to be mended."""
    if resolution.learnt is None:
        return ""
    return _(
        "This reader types on another keyboard: it was understood and is remembered. To mend it "
        "for good, scan “French keyboard” in the reader’s manual."
    )


def reply(request: Request, answer: Answer) -> HttpResponse:
    """An address or a sentence, for a script or for a plain form."""
    if answer.url:
        if answer.note:
            messages.warning(request, answer.note)
        if request.htmx:
            return HttpResponseClientRedirect(answer.url)
        return redirect(answer.url)
    template = "desk/scan.html#answer" if request.htmx else "desk/scan.html"
    return render(request, template, {"answer": answer})


def answer_to(request: Request, found: Resolution) -> Answer:
    """The act that fits: by what was scanned, the page it was scanned on, and who scanned it."""
    answers = {
        Kind.PRODUCT: _product,
        Kind.LOT: _product,
        Kind.CASE: _product,
        Kind.LOCATION: _location,
        Kind.PARCEL: _parcel,
        Kind.ORDER: _order,
        Kind.PROMISE: _promise,
        Kind.BADGE: _badge,
        Kind.WORDS: _words,
        Kind.UNKNOWN: _unknown,
        Kind.NOTHING: _nothing,
    }
    return replace(answers[found.kind](request, found), note=reader_note(found))


def address(name: str, *args: Any, **query: Any) -> str:
    """A page of the house, with its filters."""
    url = reverse(name, args=args)
    return f"{url}?{urlencode(query)}" if query else url


def _page(request: Request) -> tuple[str, dict[str, Any], str]:
    """(name, arguments, address) of the page the scan came from; never another site."""
    page = request.POST.get("page", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return "", {}, "/"
    try:
        match = resolve(page.split("?")[0])
    except Resolver404:
        return "", {}, "/"
    return match.view_name, match.kwargs, page


def _choosing(name: str, page: str) -> str:
    """On the page of a new promise a product is chosen, for the same visit: up to ``product=``."""
    if name != "promises:create":
        return ""
    kept = [part for part in page.partition("?")[2].split("&") if part.startswith("bundle=")]
    return f"{reverse(name)}?{'&'.join([*kept, 'product='])}"


def _taking_out(request: Request, name: str) -> Answer | None:
    """On *Sortir* the box in the hand is the one that leaves, with its lot."""
    if name != "stock:take_out" or not request.user.may("write_off"):
        return None
    return Answer(url=address(name, code=request.POST.get("code", "").strip()))


def _product(request: Request, found: Resolution) -> Answer:
    name, arguments, page = _page(request)
    if leaving := _taking_out(request, name):
        return leaving
    if request.user.may("promise"):
        choosing = _choosing(name, page)
        if choosing and found.product is not None:
            return Answer(url=f"{choosing}{found.product.public_id}")
        if name.startswith("promises:") and "public_id" in arguments:
            return _checked(found, arguments["public_id"])
        if choosing:
            return _choice(found, query=choosing)
    if found.product is None:
        return _choice(found)
    return _to_product(found.product)


def _to_product(product: Product) -> Answer:
    return Answer(url=product.get_absolute_url())


def _choice(found: Resolution, *, query: str = "") -> Answer:
    return Answer(
        text=_("Look: several products bear this code. Choose the one in your hand"),
        products=found.products[:FOUND],
        product_query=query,
    )


def _checked(found: Resolution, public_id: Any) -> Answer:
    """On a promise's page, a scan says whether the box in the hand is the one promised."""
    promise = Promise.objects.filter(public_id=public_id).select_related("product").first()
    if promise is not None and promise.product in found.products:
        return Answer(
            tone="yes",
            text=_("Yes: this is the product of promise no. %(number)s")
            % {"number": promise.number},
        )
    return Answer(
        tone="stop",
        text=_("Stop: this box is not the product of this promise"),
        aside=_("check name and strength"),
        products=found.products[:FOUND],
    )


def _location(request: Request, found: Resolution) -> Answer:
    place = found.location
    assert place is not None, "a place was found"
    waiting = list(
        Promise.objects.filter(slot=place, closed_at=None)
        .select_related("product", "slot__parent", "identity")
        .order_by("number")[:FOUND]
    )
    if waiting and request.user.may("promise"):
        if len(waiting) == 1:
            return Answer(url=address("promises:detail", waiting[0].public_id))
        at = clock.now()
        rules = promises.rules_at(at)
        return Answer(
            tone="yes",
            text=_("Slot %(code)s: several promises share it") % {"code": place.short_code},
            cards=tuple(promises.card_of(one, at=at, rules=rules) for one in waiting),
        )
    if waiting:
        return Answer(
            tone="yes",
            text=_("Slot %(code)s is taken by promise no. %(number)s")
            % {"code": place.short_code, "number": waiting[0].number},
            aside=identity.initials_of(waiting[0]),
        )
    held = Product.objects.filter(
        lots__balances__location=place, lots__balances__on_hand__gt=0
    ).distinct()
    count = held.count()
    return Answer(
        tone="yes",
        text=ngettext(
            "Place %(code)s: %(count)s product", "Place %(code)s: %(count)s products", count
        )
        % {"code": place.code, "count": count},
        products=tuple(held.order_by("name", "pk")[:FOUND]),
    )


def _parcel(request: Request, found: Resolution) -> Answer:
    parcel = found.parcel
    assert parcel is not None, "a parcel was found"
    if request.user.may("receive") and parcel.emptied_at is None:
        receipt = parcel.receipt
        is_open = receipt is not None and receipt.status == Receipt.Status.OPEN
        url = (
            address("receiving:bench", receipt.number)
            if receipt is not None and is_open
            else address("receiving:receive")
        )
        return Answer(url=url)
    return Answer(
        tone="yes",
        text=_("%(kind)s %(code)s of %(supplier)s")
        % {
            "kind": parcel.get_kind_display(),
            "code": parcel.code,
            "supplier": parcel.supplier,
        },
    )


def _order(request: Request, found: Resolution) -> Answer:
    order = found.order
    assert order is not None, "an order was found"
    if request.user.may("order"):
        return Answer(url=address("planning:order", order.public_id))
    return Answer(
        tone="yes",
        text=_("Order %(number)s for %(supplier)s, %(status)s")
        % {
            "number": order,
            "supplier": order.supplier,
            "status": order.get_status_display(),
        },
    )


def _promise(request: Request, found: Resolution) -> Answer:
    promise = found.promise
    assert promise is not None, "a promise was found"
    if request.user.may("promise"):
        return Answer(url=address("promises:detail", promise.public_id))
    slot = promises.shown_slot(promise.slot)
    if promise.is_closed or slot is None:
        text = _("Promise no. %(number)s: no slot is kept for it")
        return Answer(text=text % {"number": promise.number})
    return Answer(
        tone="yes",
        text=_("Promise no. %(number)s: slot %(code)s")
        % {"number": promise.number, "code": slot.code},
        aside=identity.initials_of(promise),
    )


def _badge(request: Request, found: Resolution) -> Answer:
    assert found.user is not None, "a badge was found"
    _name, _arguments, page = _page(request)
    return Answer(url=address("team:switch", person=found.user.get_username(), next=page))


def _words(request: Request, found: Resolution) -> Answer:
    name, _arguments, page = _page(request)
    if leaving := _taking_out(request, name):
        return leaving
    query = _choosing(name, page)
    products = tuple(search_words(found.text))
    cards: tuple[Any, ...] = ()
    if request.user.may("promise"):
        at = clock.now()
        rules = promises.rules_at(at)
        cards = tuple(
            promises.card_of(one, at=at, rules=rules)
            for one in promises.find(found.text, limit=FOUND)
        )
    if not products and not cards:
        return Answer(
            text=_("Nothing answers to this. Try fewer letters, or scan the code of the box")
        )
    return Answer(
        text=_("Look: choose what you meant"), products=products, product_query=query, cards=cards
    )


def _unknown(request: Request, found: Resolution) -> Answer:
    if Doubt.BAD_KEY in found.doubts:
        return Answer(
            text=_("Look: this code is badly read, its key is wrong. Scan it again"),
            aside=found.text[:40],
        )
    return Answer(
        text=_("Look: this code is unknown here. Search the product by its name; nothing is lost"),
        aside=found.text[:40],
    )


def _nothing(request: Request, found: Resolution) -> Answer:
    return Answer(text=_("Nothing was read. Scan again"))
