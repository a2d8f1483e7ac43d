"""The words templates draw with: one tag per component, and the filters for figures and hours.

Each tag fills one small template of ``web/components/``; no rule of the trade lives here.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms, template
from django.forms.boundfield import BoundField
from django.template.loader import get_template
from django.templatetags import static as files
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.functional import Promise as Lazy
from django.utils.html import conditional_escape
from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from backofficine.web.addresses import address

if TYPE_CHECKING:
    from backofficine.web.charts import Chart

register = template.Library()

NARROW = "\u202f"
"""Narrow no-break space, between thousands."""
NO_BREAK = "\u00a0"

Words = str | Lazy

# ---------------------------------------------------------------- figures and hours


def _is_french() -> bool:
    return (get_language() or "fr").startswith("fr")


def is_single(number: float) -> bool:
    """Whether a figure takes the singular: in French, all that is below two."""
    return abs(number) < 2 if _is_french() else abs(number) == 1


def _grouped(number: Decimal, *, decimals: int) -> str:
    """A number as people read it, rounded once, half away from zero."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{rounded:,.{decimals}f}"
    if _is_french():
        text = text.replace(",", NARROW).replace(".", ",")
    return text.replace("-", "−")


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    return Decimal(str(value))


@register.filter
def euros(amount: Decimal | int | str | None, decimals: int = 2) -> str:
    """An amount in euros: « 1 234,56 € »; ``euros:0`` for tiles; "" when there is none."""
    number = _decimal(amount)
    if number is None:
        return ""
    text = _grouped(number, decimals=decimals)
    if _is_french():
        return f"{text}{NO_BREAK}€"
    return f"−€{text[1:]}" if text.startswith("−") else f"€{text}"


@register.filter
def quantity(number: Decimal | int | str | None, decimals: int = 0) -> str:
    """A count or a measure: « 1 204 », ``quantity:1`` → « 6,5 », unknown → « – »."""
    if type(number) is int and not decimals and 0 <= number < 1000:
        return str(number)  # nothing to round or to group: most figures of a table
    value = _decimal(number)
    return "–" if value is None else _grouped(value, decimals=decimals)


@register.filter
def percent(share: Decimal | float | str | None, decimals: int = 0) -> str:
    """A share of one: « 97 % », ``percent:1`` → « 97,4 % », unknown → « – »."""
    value = _decimal(share)
    if value is None:
        return "–"
    figure = _grouped(value * 100, decimals=decimals)
    return f"{figure}{NO_BREAK}%" if _is_french() else f"{figure}%"


def _local(moment: dt.datetime | dt.time) -> dt.datetime | dt.time:
    if isinstance(moment, dt.datetime) and timezone.is_aware(moment):
        return timezone.localtime(moment)
    return moment


@register.filter
def hour(moment: dt.datetime | dt.time | str | None, form: str = "") -> str:
    """An hour of the pharmacy's clock: « 16 h 30 », « 19 h »; ``hour:"full"`` keeps « 19 h 00 »."""
    if moment is None or isinstance(moment, str):
        return ""
    local = _local(moment)
    if not _is_french():
        return f"{local.hour}:{local.minute:02d}"
    if local.minute == 0 and form != "full":
        return f"{local.hour}{NO_BREAK}h"
    return f"{local.hour}{NO_BREAK}h{NO_BREAK}{local.minute:02d}"


WEEKDAYS = [
    pgettext_lazy("short weekday", "Mon"),
    pgettext_lazy("short weekday", "Tue"),
    pgettext_lazy("short weekday", "Wed"),
    pgettext_lazy("short weekday", "Thu"),
    pgettext_lazy("short weekday", "Fri"),
    pgettext_lazy("short weekday", "Sat"),
    pgettext_lazy("short weekday", "Sun"),
]
MONTHS = [
    pgettext_lazy("short month", "Jan"),
    pgettext_lazy("short month", "Feb"),
    pgettext_lazy("short month", "Mar"),
    pgettext_lazy("short month", "Apr"),
    pgettext_lazy("short month", "May"),
    pgettext_lazy("short month", "Jun"),
    pgettext_lazy("short month", "Jul"),
    pgettext_lazy("short month", "Aug"),
    pgettext_lazy("short month", "Sep"),
    pgettext_lazy("short month", "Oct"),
    pgettext_lazy("short month", "Nov"),
    pgettext_lazy("short month", "Dec"),
]


@register.filter
def day(moment: dt.datetime | dt.date | str | None, form: str = "") -> str:
    """A civil day: « lun. 23 nov. »; ``day:"year"`` adds the year, ``day:"long"`` spells it."""
    if moment is None or isinstance(moment, str):
        return ""
    date = _local(moment).date() if isinstance(moment, dt.datetime) else moment  # type: ignore[union-attr]
    return _day_words(date, form, get_language())


@functools.lru_cache(maxsize=4096)
def _day_words(date: dt.date, form: str, _language: str | None) -> str:
    """A day in words, made once: the rows of a table tell the same few days again and again."""
    number = pgettext("first day of a month", "1") if date.day == 1 else str(date.day)
    if form == "long":
        weekday, month = format_date(date, "l"), format_date(date, "F")
        return NO_BREAK.join([weekday, number, month, str(date.year)])
    parts = [str(WEEKDAYS[date.weekday()]), number, str(MONTHS[date.month - 1])]
    return NO_BREAK.join([*parts, str(date.year)] if form == "year" else parts)


@register.filter
def age(minutes: dt.timedelta | float | str | None) -> str:
    """How long, in the two largest units: « 42 min », « 2 h 10 », « 1 j 18 h ».

    Takes minutes or a ``timedelta``. A duration that has not begun reads « 0 min ».
    """
    if minutes is None or isinstance(minutes, str):
        return ""
    if isinstance(minutes, dt.timedelta):
        minutes = minutes.total_seconds() / 60
    whole = max(0, int(minutes))
    days, hours, rest = whole // 1440, whole % 1440 // 60, whole % 60
    letter = pgettext("short for days", "d")
    if days:
        parts = [f"{days}{NO_BREAK}{letter}"] + ([f"{hours}{NO_BREAK}h"] if hours else [])
        return NO_BREAK.join(parts)
    if hours:
        return f"{hours}{NO_BREAK}h" + (f"{NO_BREAK}{rest:02d}" if rest else "")
    return f"{whole}{NO_BREAK}min"


# ---------------------------------------------------------------- the frame

THUMB_ICONS = {"package-import", "building-warehouse", "receipt"}


@register.filter
def on_phone(menu: Iterable[Any] | None) -> list[Any]:
    """The words of the menu that stay under the thumb: receive, put away, promises."""
    return [item for item in menu or [] if item.icon in THUMB_ICONS]


@register.simple_tag
def fixed(template_name: str) -> str:
    """A part of the frame that depends on the language alone: drawn once, then repeated."""
    return _filled(template_name, language=get_language())


@register.simple_tag(takes_context=True)
def who(context: template.Context) -> str:
    """Whose session this is, on which workstation, and how to change person.

    Not kept from one page to the next: it holds initials, and the page's own address.
    """
    request: Any = context.get("request")
    words = {"role": "", "initials": "", "station": "", "post": "", "switch_url": "", "page": ""}
    person = getattr(request, "user", None)
    if person is not None and person.is_authenticated:
        words["role"], words["initials"] = str(person.get_role_display()), person.initials
        words["switch_url"], words["page"] = address("team:switch"), request.get_full_path()
        station = getattr(request, "workstation", None)
        if station is not None:
            words["station"], words["post"] = station.name, str(station.get_post_display())
    return get_template("web/components/who.html").render(words)


@register.simple_tag
def menu_list(menu: Iterable[Any] | None) -> str:
    """The words of the menu; drawn twice on each page, in the rail and on the phone's sheet."""
    return _filled("web/components/menu.html", menu=tuple(menu or ()))


# ---------------------------------------------------------------- small marks


@register.simple_tag
@functools.cache
def static(name: str) -> str:
    """Address of a file that ships with the program: it changes with the program only."""
    return files.static(name)


# Typed: a text marked safe and the same text typed by a person are two different words.
@functools.lru_cache(maxsize=8192, typed=True)
def _filled(template_name: str, /, **words: Any) -> str:
    """A small template filled once for the same words: a page shows dozens of the same few.

    Only for templates that depend on their words alone, not on the request or the language.
    """
    return get_template(template_name).render(words)


@register.simple_tag
def icon(name: str, label: Words = "", css: str = "") -> str:
    """One drawing of the sprite; decorative unless it is given a ``label``."""
    return _filled(
        "web/components/icon.html",
        name=name,
        label=str(label),
        css=css,
        sprite=static("dist/icons.svg"),
    )


@register.simple_tag
def key(*names: str) -> str:
    """The keys to press, one mark each: ``{% key "Pg↑" "Pg↓" %}``."""
    return _filled("web/components/key.html", names=names)


@register.simple_tag
def key_hint(meaning: Words, *names: str) -> str:
    """What a key does: ``{% key_hint _("previous / next") "Pg↑" "Pg↓" %}`` inside ``.bo-keys``."""
    return _filled("web/components/key_hint.html", names=names, meaning=str(meaning))


TAG_ICONS = {"now": "alert-octagon", "today": "clock", "info": "info-circle", "done": "check"}


@register.simple_tag
def tag(word: Words, state: str = "", icon: str | None = None) -> str:
    """A word on its tint. ``state``: now, today, info, done, line, or "" (no data)."""
    drawing = TAG_ICONS.get(state, "") if icon is None else icon
    return _filled(
        "web/components/tag.html",
        word=str(word),
        state=state,
        icon=drawing,
        sprite=static("dist/icons.svg"),
    )


# ---------------------------------------------------------------- acts and forms


def _as_attributes(names: Mapping[str, Any]) -> dict[str, Any]:
    """``hx_post="…"`` → ``hx-post``; False and None leave the attribute out."""
    return {
        name.replace("_", "-"): value
        for name, value in names.items()
        if value is not None and value is not False
    }


@register.simple_tag
def button(
    label: Words,
    kind: str = "",
    key: str = "",
    icon: str = "",
    href: str = "",
    size: str = "",
    type: str = "submit",  # noqa: A002 - the word of HTML
    disabled: bool = False,
    busy: bool = False,
    **attributes: Any,
) -> str:
    """A button, or a link that looks like one when it has an ``href``.

    ``kind``: primary (one a page), danger, link, or "". ``size``: sm, lg, or "". Any other name
    becomes an attribute: ``name``, ``value``, ``form``, ``hx_post``, ``data_key``…
    """
    return _filled(
        "web/components/button.html",
        label=str(label),
        kind=kind,
        key=str(key),
        icon=icon,
        href=href,
        size=size,
        type=type,
        disabled=disabled,
        busy=busy,
        # Escaped here: inside a tuple, a safe text and a typed one would be the same word.
        attributes=tuple(
            (name, value if value is True else conditional_escape(value))
            for name, value in _as_attributes(attributes).items()
        ),
    )


def _shape(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "choices"
    if isinstance(widget, forms.Select):
        return "select"
    return "control"


@register.inclusion_tag("web/components/field.html")
def field(
    bound: BoundField, suffix: Words = "", css: str = "", style: str = "", **attributes: Any
) -> dict[str, Any]:
    """A bound form field: label, what is typed, hint, error.

    ``suffix`` is a unit shown inside the field; ``css`` adds classes (``n`` figure, ``mono`` lot);
    ``style="seg"`` draws radios under one border; other names become attributes of the field.
    """
    shape = _shape(bound)
    classes = {"select": "form-select", "control": "form-control"}.get(shape, "")
    if bound.errors:
        classes = f"{classes} is-invalid"
    extra = _as_attributes(attributes)
    described = [f"{bound.auto_id}_hint"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
        extra["aria-invalid"] = "true"
    if described:
        extra["aria-describedby"] = " ".join(described)
    extra["class"] = f"{classes} {css}".strip()
    if not extra["class"]:
        del extra["class"]
    grouped = shape == "choices"
    return {
        "bound": bound,
        "shape": "seg" if grouped and style == "seg" else shape,
        "grouped": grouped,
        "suffix": suffix,
        "widget": "" if grouped else bound.as_widget(attrs=extra),
        "described": extra.get("aria-describedby", ""),
        "optional": not bound.field.required and shape != "check",
    }


def _target(bound: BoundField) -> str:
    return bound.id_for_label or bound.auto_id


@register.inclusion_tag("web/components/error_summary.html")
def error_summary(form: forms.BaseForm, title: Words = "", focus: bool = True) -> dict[str, Any]:
    """What is to mend, before the form; each line leads to its field and repeats its words."""
    lines = [
        {"label": form[name].label, "id": _target(form[name]), "text": text}
        for name, texts in form.errors.items()
        if name in form.fields
        for text in texts
    ]
    general = list(form.non_field_errors()) if form.errors else []
    count = len(lines) + len(general)
    default = ngettext(
        "%(count)d point to correct, nothing is lost",
        "%(count)d points to correct, nothing is lost",
        count,
    ) % {"count": count}
    return {
        "title": title or default,
        "lines": lines,
        "general": general,
        "shown": bool(count),
        "focus": focus,
    }


@register.inclusion_tag("web/components/dialog.html")
def dialog(
    name: str, title: Words, text: Words, confirm: Words, cancel: Words = "", danger: bool = False
) -> dict[str, Any]:
    """The one dialog, for what cannot be undone: it names the act.

    The button that submits the form carries ``data-confirm="name"``; without a script it submits.
    """
    return {
        "name": name,
        "title": title,
        "text": text,
        "confirm": confirm,
        "cancel": cancel or _("Go back"),
        "danger": danger,
    }


# ---------------------------------------------------------------- what the page tells


@register.inclusion_tag("web/components/tile.html")
def tile(
    label: Words,
    value: Words,
    unit: Words = "",
    note: Words = "",
    href: str = "",
    bare: bool = False,
) -> dict[str, Any]:
    """A figure that opens its list."""
    return {"label": label, "value": value, "unit": unit, "note": note, "href": href, "bare": bare}


@register.inclusion_tag("web/components/progress.html")
def progress(done: float, total: float, label: Words, state: str = "ink") -> dict[str, Any]:
    """A bar and its sentence. ``state``: ink (being done), "" (green, done), part (orange)."""
    share = min(100.0, 100 * float(done) / float(total)) if total else 0.0
    return {"done": done, "total": total, "percent": f"{share:.1f}", "label": label, "state": state}


@register.inclusion_tag("web/components/chart.html")
def chart(chart: "Chart") -> dict[str, Any]:
    """A drawing, its sentence and its figures, from one of the kinds of ``web.charts``.

    The script that draws is fetched by the first chart of a page, and by no other page.
    """
    table = chart.table()
    kinds = [column.is_figure for column in table.head]
    return {
        "chart": chart,
        "table": table,
        "rows": [list(zip(row, kinds, strict=True)) for row in table.rows],
        "script": static("dist/charts.js"),
    }


@register.inclusion_tag("web/components/empty.html")
def empty(title: Words, text: Words = "", href: str = "", action: Words = "") -> dict[str, Any]:
    """A page with nothing to show teaches the next gesture."""
    return {"title": title, "text": text, "href": href, "action": action}


@register.inclusion_tag("web/components/toast.html", takes_context=True)
def toast(
    context: template.Context, text: Words, undo_url: str = "", state: str = ""
) -> dict[str, Any]:
    """A short message that leaves by itself; with ``undo_url`` it offers the mirror act.

    A view says it with ``messages.success(request, text, extra_tags=undo_url)``.
    """
    return {
        "text": text,
        "undo_url": undo_url if undo_url.startswith("/") else "",
        "state": state,
        "csrf_token": context.get("csrf_token"),
    }


TONES = {"yes": "check", "look": "alert-triangle", "stop": "alert-octagon"}


@register.inclusion_tag("web/components/said.html")
def said(tone: str, text: Words, aside: Words = "", silent: bool = False) -> dict[str, Any]:
    """The answer to a scan: one sentence, one sound. ``tone``: yes, look or stop."""
    return {"tone": tone, "icon": TONES[tone], "text": text, "aside": aside, "silent": silent}


PIE = 53.4071
"""Circumference of a circle of radius 8.5: the pie is a stroke 17 wide."""


@register.simple_tag
def clock(
    minutes: float | dt.timedelta | None = 0,
    limit: float | dt.timedelta = 90,
    call: bool = False,
    left: bool = False,
    done: Words = "",
) -> str:
    """An age against its limit, both in minutes or ``timedelta``.

    Grey, orange from 70 %, red at 100 %. An open ``call`` is orange at once and red at its limit.
    ``left`` tells what remains instead of the age; ``done`` is the sentence of something finished.
    """
    elapsed = _minutes(minutes)
    allowed = max(_minutes(limit), 0.001)
    share = min(1.0, elapsed / allowed)
    state = "now" if share >= 1 else "today" if share >= 0.7 or call else ""
    remaining = left and share < 1
    return _filled(
        "web/components/clock.html",
        language=get_language(),  # the sentence around the age is the template's
        state="done" if done else state,
        dash=f"{PIE * (1 if done else share):.1f} {PIE:.1f}",
        text=str(done) if done else age(allowed - elapsed if remaining else elapsed),
        limit=f"{round(allowed)}{NO_BREAK}min" if allowed <= 120 else age(allowed),
        shows_limit=not (done or left or call),
        remaining=remaining,
        elapsed_minutes=f"{elapsed:.2f}",
        limit_minutes=f"{allowed:.2f}",
        ticks=not done,
        call=call,
        left=left,
    )


def _minutes(value: float | dt.timedelta | None) -> float:
    if isinstance(value, dt.timedelta):
        return max(0.0, value.total_seconds() / 60)
    return max(0.0, float(value or 0))


age_chip = register.simple_tag(clock, name="age_chip")


# ---------------------------------------------------------------- products and places


class Picto(NamedTuple):
    """A mark on a product's line: a drawing, or a letter."""

    label: str
    shape: str = ""
    icon: str = ""
    mark: str = ""


def _pictos(product: Any) -> tuple[Picto, ...]:
    """What a product's box must warn of, in the order people learn it."""
    marks = []
    if product.is_cold:
        marks.append(Picto(_("Cold, +2 to +8 °C"), shape="cold", icon="snowflake"))
    if product.is_narcotic:
        marks.append(Picto(_("Narcotic"), shape="stup", icon="lock"))
    if product.list_mark:
        label = _("List %(mark)s") % {"mark": product.list_mark}
        marks.append(Picto(label, mark=product.list_mark))
    if product.is_short:
        marks.append(Picto(_("Shortage"), icon="alert-octagon"))
    return tuple(marks)


@register.simple_tag
def product_line(
    product: Any, code: bool = True, pictos: bool = True, link: bool = False, form: bool = True
) -> str:
    """A product, written the one way: name, strength larger and bold, form and pack, code.

    ``product`` has name, strength, form, pack, cip13, is_cold, is_narcotic, list_mark, is_short.
    """
    cip13 = str(getattr(product, "cip13", "") or "")
    # The CIP7 inside a CIP13 is what people read aloud: 34009 · 9910442 · 5.
    national = len(cip13) == 13 and cip13.startswith("34009")
    return _filled(
        "web/components/product_line.html",
        name=str(product.name),
        strength=str(product.strength),
        form=str(product.form),
        shows_form=form,
        pack=str(product.pack),
        prefix=cip13[:5] if national else "",
        cip7=cip13[5:12] if national else "",
        check_digit=cip13[12:] if national else cip13,
        code=bool(code and cip13),
        pictos=_pictos(product) if pictos else (),
        sprite=static("dist/icons.svg"),
        href=product.get_absolute_url() if link else "",
    )


@register.inclusion_tag("web/components/pictos.html")
def pictos(product: Any) -> dict[str, Any]:
    """The pictograms of a product alone: fridge, narcotic, list, shortage."""
    return {"pictos": _pictos(product), "sprite": static("dist/icons.svg")}


@register.inclusion_tag("web/components/ladder.html")
def ladder(strengths: Iterable[Any], current: Any) -> dict[str, Any]:
    """Every strength stocked of the same substance, ascending, the box's own inked.

    Each is a string, or an object with ``strength`` and ``get_absolute_url``.
    """
    wanted = str(getattr(current, "strength", current))
    steps = []
    for one in strengths:
        text = str(getattr(one, "strength", one))
        url = getattr(one, "get_absolute_url", None)
        steps.append({"text": text, "on": text == wanted, "href": url() if url else ""})
    return {"steps": steps, "shown": len(steps) > 1}


# Kind of place → shape of its plate, and the drawing on it.
PLATES: dict[str, tuple[str, str]] = {
    "shelf": ("", ""),
    "drawer": ("", ""),
    "promise_slot": ("slot", ""),
    "fridge": ("cold", "snowflake"),
    "safe": ("safe", "lock"),
    "reserve": ("over", "stack-2"),
    "quarantine": ("quar", "alert-octagon"),
    "robot": ("", "robot"),
}


def _plate(location: Any, *, code: str, kind: str, word: Words | None) -> dict[str, Any]:
    """Whatever stands for a place; one without a shape of its own is a flat grey plate."""
    # A place may have a shorter word for its plate than the code on its label.
    code = code or str(getattr(location, "short_code", getattr(location, "code", location)) or "")
    kind = kind or str(getattr(location, "kind", "") or ("shelf" if code else "dock"))
    shape, drawing = PLATES.get(kind, ("dock", ""))
    if word is None:
        word = _("Slot") if shape == "slot" else ""
    return {
        "code": code or _("no place yet"),
        "parts": tuple(code.split("-")),
        "shape": shape,
        "drawing": drawing,
        "sprite": static("dist/icons.svg"),
        "word": str(word),
    }


PLATE_SIZES = {"": "", "list": "list", "card": "card", "bench": "bench-size"}


@register.simple_tag
def plate(
    location: Any = None, size: str = "", code: str = "", kind: str = "", word: Words | None = None
) -> str:
    """An address, told by its shape. ``location`` has ``code`` and ``kind``, or give these two.

    ``size``: "" 14 px, list 26, card 94, bench 152. A ``None`` place reads « pas encore de place ».
    """
    place = _plate(location, code=code, kind=kind, word=word)
    return _filled("web/components/plate.html", **place, size=PLATE_SIZES[size])


@register.simple_block_tag(end_name="enddest")
def dest(
    content: str,
    location: Any = None,
    label: Words = "",
    icon: str = "",
    code: str = "",
    kind: str = "",
) -> str:
    """The hero of the bench: where this box goes, readable at two metres.

    The block holds what to say beside it: ``{% dest place %}<b>M. D. · n° 426</b>{% enddest %}``.
    """
    place = _plate(location, code=code, kind=kind, word="")
    default = {
        "slot": _("Promise, slot"),
        "cold": _("To the fridge, first"),
        "safe": _("To the safe"),
        "over": _("To the reserve"),
        "quar": _("Quarantine"),
    }.get(place["shape"], _("To put away in"))
    # A long address takes the whole width: its explanation goes underneath.
    shown = {
        **place,
        "icon": icon or {"slot": "receipt"}.get(place["shape"], place["drawing"] or "map-pin"),
        "label": label or default,
        "wide": len(place["code"]) > 4,
        "content": content,
    }
    return get_template("web/components/dest.html").render(shown)


@register.simple_block_tag(end_name="endsection")
def section(content: str, title: Words, aside: Words = "", span: int = 0) -> str:
    """A section opened by its ink rule: title, a word at the right, content."""
    return get_template("web/components/section.html").render(
        {"title": title, "aside": aside, "span": span, "content": content}
    )
