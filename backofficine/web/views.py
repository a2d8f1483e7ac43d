"""The style gallery: every component, in every state, on one page."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from backofficine.web.forms import SampleFields, SampleRefused
from backofficine.web.sample_charts import sample_charts


@dataclass(frozen=True)
class SampleProduct:
    """What a product line needs to be drawn; invented."""

    name: str
    strength: str
    form: str
    pack: str
    cip13: str
    is_cold: bool = False
    is_narcotic: bool = False
    list_mark: str = ""
    is_short: bool = False


@dataclass(frozen=True)
class SamplePlace:
    code: str
    kind: str


@dataclass(frozen=True)
class SampleLine:
    """One row of the sample table."""

    product: SampleProduct
    place: SamplePlace
    on_hand: int
    days: Decimal | None
    price: Decimal
    selected: bool = False


PRODUCTS = [
    SampleProduct("Amoxaline", "500 mg", "gél.", "B/12", "3400999104427"),
    SampleProduct(
        "Insulane", "100 UI/ml", "stylo 3 ml", "B/5", "3400999166085", is_cold=True, list_mark="II"
    ),
    SampleProduct("Morphane LP", "10 mg", "gél.", "B/14", "3400999188216", is_narcotic=True),
    SampleProduct("Oxapane", "10 mg", "cp", "B/30", "3400999187554", list_mark="I", is_short=True),
]
LEVOTHANE = SampleProduct("Lévothane", "100 µg", "cp", "B/30", "3400999155559")
LINES = [
    SampleLine(
        SampleProduct("Ramiprane", "5 mg", "cp", "B/30", ""),
        SamplePlace("T4-A-02", "drawer"),
        12,
        Decimal("6.5"),
        Decimal("1.94"),
    ),
    SampleLine(
        SampleProduct("Bisoprane", "2,5 mg", "cp", "B/30", ""),
        SamplePlace("T1-C-11", "drawer"),
        3,
        Decimal("1.2"),
        Decimal("2.07"),
        selected=True,
    ),
    SampleLine(
        SampleProduct("Apixane", "5 mg", "cp", "B/60", ""),
        SamplePlace("R1-02", "reserve"),
        1204,
        None,
        Decimal("1234.56"),
    ),
]
COLOURS = [
    "paper",
    "sunken",
    "line-strong",
    "ink-3",
    "ink",
    "cross",
    "now",
    "today-fill",
    "info",
    "none-tint",
]


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show what pages are made of."""
    return render(
        request,
        "web/gallery.html",
        {
            "products": PRODUCTS,
            "levothane": LEVOTHANE,
            "strengths": ["75 µg", "100 µg", "125 µg"],
            "places": [
                SamplePlace("T3-B-07", "shelf"),
                SamplePlace("27", "promise_slot"),
                SamplePlace("F1-B", "fridge"),
                SamplePlace("C1-02", "safe"),
                SamplePlace("R2-04", "reserve"),
                SamplePlace("Q-03", "quarantine"),
                SamplePlace("RB-1", "robot"),
            ],
            "slot": SamplePlace("27", "promise_slot"),
            "shelf": SamplePlace("T3-B-07", "shelf"),
            "fridge": SamplePlace("F1-B", "fridge"),
            "lines": LINES,
            "on_hand_total": sum(line.on_hand for line in LINES),
            "refused": SampleRefused({"quantity": "40", "lot": "B2409A"}),
            "fields": SampleFields(),
            "amount": Decimal("1234.56"),
            "moment": timezone.make_aware(dt.datetime(2026, 11, 23, 16, 30)),  # noqa: DTZ001
            "charts": sample_charts(),
            "colours": COLOURS,
            "undo_url": request.path,
        },
    )
