"""The keys of a report in words: sections, figures, reasons, acts, and what cannot be known."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from backofficine.picture.report import Act, Figure, Line, Number, Unknown, Unmatched
from backofficine.web.templatetags.components import NO_BREAK, euros, quantity

Words = str | Lazy

SECTIONS: dict[str, tuple[Words, Words]] = {
    "ghosts": (
        _("Probable ghosts"),
        _("Boxes on record that are probably not on the shelf: silent for too long for their "
             "rhythm, season and shortages considered."),
    ),
    "missing": (
        _("Always missing"),
        _("Products with a clear rhythm whose stock is zero, or whose sales stop and start "
             "like a shortage. National shortages are told apart."),
    ),
    "dormant": (
        _("Dormant and excess"),
        _("No sale for twelve months, or more boxes than will sell in time. Emergency "
             "products are never in this list."),
    ),
    "expiry": (
        _("At risk of expiry"),
        _("Boxes that will not have sold before their date, first expired, first out."),
    ),
    "price_cuts": (
        _("Price cuts"),
        _("Regulated prices that fell between editions of the national files, against the "
             "boxes held."),
    ),
    "dead_codes": (
        _("Dead codes"),
        _("Discontinued or replaced presentations, still in stock or still ordered."),
    ),
    "dispersion": (
        _("Dispersion"),
        _("Generic groups held in several laboratories, and what a single one would free."),
    ),
    "cover": (
        _("Cover and rotation"),
        _("How many days of sales are on the shelves, and which products make most of them."),
    ),
}  # fmt: skip

FIGURES: dict[str, Words] = {
    "ghost_euros": _("Stock probably not there"),
    "ghost_boxes": _("Boxes probably not there"),
    "count_list": _("Expected errors among the twenty to check"),
    "ghost_share": _("Share of the references held"),
    "missing_boxes": _("Boxes lost or promised"),
    "missing_euros": _("Sales lost or promised, at the public price"),
    "out_now": _("Out of stock today, with a clear rhythm"),
    "national_boxes": _("Boxes missing by a national shortage, apart"),
    "dormant_euros": _("Dormant: no sale in twelve months"),
    "dormant_boxes": _("Dormant boxes"),
    "excess_euros": _("Excess: beyond what will sell in time"),
    "excess_boxes": _("Boxes in excess"),
    "emergency_kept": _("Emergency products, kept whatever they sell"),
    "expiry_euros": _("Will not sell before their date"),
    "expiry_boxes": _("Boxes that will not sell in time"),
    "expired_boxes": _("Boxes already past their date"),
    "expired_euros": _("Stock already past its date"),
    "price_cut_euros": _("Value that fell with the price, on the boxes held"),
    "dead_euros": _("Stock under dead codes"),
    "dead_boxes": _("Boxes under dead codes"),
    "dead_ordered": _("Dead codes still ordered"),
    "dispersion_euros": _("What one laboratory for each group would free"),
    "dispersion_groups": _("Generic groups held in several laboratories"),
    "cover_days": _("Days of sales in stock"),
    "eighty_percent": _("Products that make 80 % of the lines sold"),
}

# The figure that says how much each section weighs, in the order a reader compares them.
RANKED: dict[str, Words] = {
    "ghost_euros": _("Probable ghosts"),
    "dormant_euros": _("Dormant"),
    "excess_euros": _("Excess"),
    "expired_euros": _("Already past their date"),
    "expiry_euros": _("At risk of expiry"),
    "price_cut_euros": _("Price cuts"),
    "dead_euros": _("Dead codes"),
    "dispersion_euros": _("Dispersion of generics"),
    "missing_euros": _("Always missing, per month"),
}

REASONS: dict[str, Words] = {
    "silent_too_long": _(
        "Silent for %(silence_days)s; %(interval_days)s between two sales before."
    ),
    "silent_and_rare": _("Silent for %(silence_days)s; too few sales to tell a rhythm."),
    "out_now": _("At zero, %(days_out)s out in a year, %(per_month)s a month else."),
    "stops_and_starts": _(
        "%(gaps)s stops in a year, %(days_out)s without; %(per_month)s a month else."
    ),
    "national_shortage": _(
        "National shortage: %(national_days)s, of %(days_out)s without."
    ),
    "dormant_unknown_return": _(
        "Silent for %(silence_days)s. Return window unknown: ask the supplier."
    ),
    "dormant_count_first": _(
        "Silent for %(silence_days)s. Perhaps not there (%(ghost)s): look first."
    ),
    "dormant_ask_return": _(
        "Silent for %(silence_days)s, received within the year: ask for its return."
    ),
    "excess_ask_return": _(
        "%(cover_days)s of sales held, for an aim of %(horizon_days)s; received lately: ask "
        "for its return."
    ),
    "excess_let_sell": _(
        "%(cover_days)s of sales held, for an aim of %(horizon_days)s: let it sell, do not "
        "order."
    ),
    "emergency": _("Kept whatever it sells."),
    "will_not_sell": _(
        "Expires %(expires_on)s, in %(days_left)s; sells %(per_month)s a month."
    ),
    "already_expired": _("Expired %(expires_on)s: take it off the shelf."),
    "price_fell": _("Public price from %(old_price)s to %(new_price)s since %(since)s."),
    "price_will_fall": _("Public price from %(old_price)s to %(new_price)s on %(since)s."),
    "stopped": _("No longer marketed."),
    "withdrawn": _("Authorisation withdrawn."),
    "suspended": _("Authorisation suspended."),
    "left_catalogue": _("No longer in the national files."),
    "several_laboratories": _(
        "%(laboratories)s laboratories, %(references)s references. Keep %(keep)s; sell off "
        "%(others)s."
    ),
    "rotation": _("%(share)s of the lines, %(cover_days)s in stock."),
}  # fmt: skip

ACTS: dict[str, tuple[Words, Words]] = {
    "count_twenty": (
        _("Have the products of the count list checked."),
        _("%(lines_said)s, about %(minutes)s min; about %(wrong)s should be wrong"),
    ),
    "count_negative": (
        _("Count the products whose record is below zero."),
        _("%(lines_said)s"),
    ),
    "pull_expired": (
        _("Take the boxes past their date off the shelves."),
        _("%(lines_said)s, %(euros)s"),
    ),
    "sell_before_expiry": (
        _("Put in front, or offer for return, the boxes that will not sell in time."),
        _("%(boxes_said)s, %(euros)s"),
    ),
    "stop_ordering_dead": (
        _("Stop ordering the dead codes, and order what replaces them."),
        _("%(lines_said)s"),
    ),
    "sell_dead": (
        _("Sell off the stopped codes; order what replaces them, not them."),
        _("%(boxes_said)s, %(euros)s"),
    ),
    "raise_minimum": (
        _("Raise the minimum stock of those always missing that sell every month."),
        _("%(lines_said)s, %(boxes_per_month)s a month"),
    ),
    "lower_orders": (
        _("Order none of the products in excess until they have sold."),
        _("%(lines_said)s, %(euros)s"),
    ),
    "sell_old_price_first": (
        _("Sell first the boxes bought before a price cut, and order few of them."),
        _("%(lines_said)s, %(euros)s"),
    ),
    "ask_return": (
        _("Ask suppliers which dormant products they take back."),
        _("%(lines_said)s, %(euros)s"),
    ),
    "choose_laboratory": (
        _("Choose one laboratory for each generic group held in several."),
        _("up to %(euros)s to free"),
    ),
}

UNKNOWNS: dict[str, Words] = {
    "one_day": _("The boxes of the day of the sales: the two files are %(days)s apart."),
    "year_of_sales": _("Seasons, and what sells less than once a year: %(days)s of sales."),
    "days_of_sales": _("On which days things sold: sales are totals of a month."),
    "purchase_prices": _(
        "What a part of the stock costs: %(assumed)s prices assumed, %(unpriced)s unknown."
    ),
    "addresses": _("Where products stand: the stock has no places."),
    "expiry_dates": _("Which boxes will expire: the stock has no expiry dates."),
    "last_receipts": _("When the last boxes came in: the stock has no last receipt."),
    "orders": _("What is still being ordered."),
    "catalogue": _("Shortages, prices and dead codes: no national edition is here."),
    "past_prices": _("Whether prices fell: a single national edition is here."),
    "announced_price_cuts": _("Price cuts announced but not yet in the national files."),
    "unserved_demand": _("What patients asked for and was neither sold nor ordered."),
    "return_window": _("Until when suppliers take dormant products back, and at what price."),
    "what_is_on_the_shelf": _("What is really on the shelf."),
}

EXPORTS: dict[str, Words] = {
    "both_files_of_one_day": _("The two exports made on the same day would tell."),
    "twelve_months_of_sales": _("The export of twelve months of sales or more would tell."),
    "sales_per_line": _("The export of sales line by line, or by day, would tell."),
    "stock_with_prices": _("The export of the stock with purchase prices would tell."),
    "stock_with_addresses": _("The export of the stock with its places would tell."),
    "stock_with_dates": _("The export of the stock by lot, with expiry dates, would tell."),
    "stock_with_receipts": _("The export of the stock with its last receipts would tell."),
    "purchases": _("The export of purchases over the same months would tell."),
    "national_files": _("The national files, imported once, would tell."),
    "second_edition": _("An older edition of the national files would tell."),
    "official_journal": _("The price notices of the Journal officiel would tell."),
    "promises": _("The export of promises, or a week of notes at the counter, would tell."),
    "supplier_terms": _("The return terms of each supplier would tell."),
    "count": _("Only a count tells: begin with the twenty."),
}

ABSENT: dict[str, Words] = {
    "no_expiry_dates": _("The stock export has no expiry dates."),
    "no_catalogue": _(
        "The national catalogue is not here: import it, then take the picture again."
    ),
    "one_edition": _("A single national edition is here: prices cannot be compared yet."),
    "nothing_held": _("Nothing is held on record."),
}

KINDS: dict[str, Words] = {
    "not_national": _("valid code, not a medicine of the national catalogue"),
    "bad_code": _("code that no key confirms"),
    "no_code": _("no code"),
    "no_catalogue": _("no national catalogue to compare with"),
}

TABLES: dict[str, tuple[Words, Words]] = {
    "vat": (_("By VAT rate"), _("VAT")),
    "atc": (_("By therapeutic class"), _("Class")),
    "price_band": (_("By price band"), _("Public price")),
    "pareto": (_("Few products make most lines"), _("Share of the lines")),
}

ATC: dict[str, Words] = {
    "A": _("Digestion, metabolism"), "B": _("Blood"), "C": _("Heart and vessels"),
    "D": _("Skin"), "G": _("Genito-urinary, sex hormones"), "H": _("Hormones"),
    "J": _("Anti-infectives"), "L": _("Cancer, immunity"), "M": _("Muscle and bone"),
    "N": _("Nervous system"), "P": _("Parasites"), "R": _("Breathing"),
    "S": _("Eyes and ears"), "V": _("Various"), "": _("Class not known"),
}  # fmt: skip

FILES: dict[str, Words] = {
    "stock": _("Stock"), "sales": _("Sales"), "purchases": _("Purchases"),
}  # fmt: skip

GRAINS: dict[str, Words] = {
    "line": _("line by line"), "day": _("by day"), "month": _("by month"),
}  # fmt: skip


# --- Numbers --------------------------------------------------------------------------------------


def number(value: Number) -> str:
    """A count, or a measure to the tenth when it is not whole."""
    exact = Decimal(value)
    is_whole = exact == exact.to_integral_value()
    return quantity(exact, 0 if is_whole or abs(exact) >= 100 else 1)


def percent(value: Number) -> str:
    """A share of one, in percent: no decimal from one percent up."""
    share = Decimal(value) * 100
    return f"{quantity(share, 0 if share >= 1 or not share else 1)}{NO_BREAK}%"


def boxes_in_words(value: Number) -> str:
    """So many boxes."""
    shown = number(value)
    return ngettext("%(number)s box", "%(number)s boxes", abs(int(value))) % {"number": shown}


def days_in_words(value: Number) -> str:
    """So many days, to the tenth when they are few."""
    shown = number(value)
    return ngettext("%(number)s day", "%(number)s days", abs(int(value))) % {"number": shown}


def products(value: Number) -> str:
    """So many products."""
    return ngettext("%(number)s product", "%(number)s products", int(value)) % {
        "number": quantity(value)
    }


def groups(value: Number) -> str:
    """So many generic groups."""
    return ngettext("%(number)s group", "%(number)s groups", int(value)) % {
        "number": quantity(value)
    }


def plain_day(on: date) -> str:
    """A day without its weekday: « 31 janvier 2026 »."""
    number = pgettext("first day of a month", "1") if on.day == 1 else str(on.day)
    return NO_BREAK.join([number, format_date(on, "F"), str(on.year)])


def measure(value: Number, unit: str, *, decimals: int = 2) -> str:
    """A number with its unit; ``decimals`` are those of euros."""
    match unit:
        case "euros":
            return euros(Decimal(value), decimals)
        case "euros_per_month":
            return gettext("%(amount)s a month") % {"amount": euros(Decimal(value), decimals)}
        case "boxes":
            return boxes_in_words(value)
        case "boxes_per_month":
            return gettext("%(amount)s a month") % {"amount": boxes_in_words(value)}
        case "days":
            return days_in_words(round(Decimal(value)))
        case "share":
            return percent(value)
        case "percent":
            return f"{quantity(value, 0)}{NO_BREAK}%"
        case _:
            return quantity(value, 0)


def value_of(figure: Figure, *, decimals: int = 2) -> str:
    """What a figure says."""
    return measure(figure.value, figure.unit, decimals=decimals)


def interval_of(figure: Figure, *, decimals: int = 2) -> str:
    """Between what and what; "" for an exact count."""
    if figure.is_exact:
        return ""
    return between(figure.low, figure.high, figure.unit, decimals=decimals)


def between(low: Number, high: Number, unit: str, *, decimals: int = 2) -> str:
    """An interval; the unit is said once."""
    unit = unit.removesuffix("_per_month")
    if unit == "boxes":
        return gettext("from %(low)s to %(high)s") % {"low": number(low), "high": number(high)}
    return gettext("from %(low)s to %(high)s") % {
        "low": measure(low, unit, decimals=decimals),
        "high": measure(high, unit, decimals=decimals),
    }


_EUROS = {"euros", "old_price", "new_price", "old_cost", "new_cost", "cost", "freed"}
_SHARES = {"ghost", "hit_rate", "share", "running_share", "dead", "share_of_products"}
_DAYS = {
    "silence_days", "days_out", "national_days", "cover_days", "horizon_days", "days_left", "days",
}  # fmt: skip


def in_words(numbers: Mapping[str, Number], texts: Mapping[str, str]) -> dict[str, str]:
    """What fills the sentence of a key: each number with its sign, each ISO day as a day."""
    told: dict[str, str] = {}
    for key, value in numbers.items():
        if key in _EUROS:
            told[key] = euros(Decimal(value))
        elif key in _SHARES:
            told[key] = percent(value)
        elif key in _DAYS:
            told[key] = measure(value, "days")
        elif key == "interval_days":
            told[key] = days_in_words(value)
        elif key == "boxes_per_month":
            told[key] = boxes_in_words(value)
        elif key == "per_month":
            told[key] = (
                boxes_in_words(value) if value >= Decimal("0.1") else gettext("less than 0.1 box")
            )
        else:
            told[key] = number(value)
    said = {"boxes": boxes_in_words, "lines": products, "groups": groups}
    for key, sentence in said.items():
        if key in numbers:
            told[f"{key}_said"] = sentence(numbers[key])
    for key, text in texts.items():
        told[key] = iso_day(text) if key.endswith("_on") or key == "since" else text
    return told


def iso_day(text: str) -> str:
    """A day of the report, as people write it; "" when there is none."""
    return plain_day(date.fromisoformat(text)) if text else ""


class _Filled(dict[str, str]):
    """A number that an older report lacks is a dash, not a crash."""

    def __missing__(self, key: str) -> str:
        return "–"


def fill(sentence: Words, told: Mapping[str, str]) -> str:
    """A sentence with its numbers."""
    return str(sentence) % _Filled(told)


# --- Sentences ------------------------------------------------------------------------------------


def word(table: Mapping[str, Any], key: str) -> str:
    """The word of a key; the key itself if a later version wrote it."""
    return str(table.get(key, key.replace("_", " ")))


def reason(line: Line) -> str:
    """Why a line is in its section."""
    told = fill(REASONS.get(line.reason, ""), in_words(line.numbers, line.words))
    # Both: a replacement often bears the very same name.
    named = (line.words.get("successor_label"), line.words.get("successor"))
    successor = " ".join(one for one in named if one)
    if successor:
        told = f"{told} " + gettext("Order instead: %(product)s.") % {"product": successor}
    if line.numbers.get("ordered_boxes"):
        told = f"{told} " + gettext("Ordered again: %(boxes)s, last %(day)s.") % {
            "boxes": boxes_in_words(line.numbers["ordered_boxes"]),
            "day": iso_day(line.words.get("last_ordered_on", "")),
        }
    return told.strip()


def act(one: Act) -> tuple[str, str]:
    """What to do, and why."""
    text, why = ACTS.get(one.key, (one.key.replace("_", " "), ""))
    return str(text), fill(why, in_words(one.numbers, one.words))


def unknown(one: Unknown) -> tuple[str, str]:
    """What the files do not tell, and what would."""
    return (
        fill(UNKNOWNS.get(one.key, one.key.replace("_", " ")), in_words(one.numbers, {})),
        word(EXPORTS, one.export),
    )


def unmatched(one: Unmatched) -> str:
    """Why no national edition knows a product, and where it was seen."""
    seen = ", ".join(word(FILES, what).lower() for what in one.files)
    return f"{word(KINDS, one.kind)} ({seen})"


def row_name(table: str, key: str) -> str:
    """A class of section 8, as one reads it."""
    if table == "vat":
        return f"{key.replace('.', ',')}{NO_BREAK}%" if key else gettext("rate not known")
    if table == "atc":
        return word(ATC, key)
    if table == "pareto":
        return f"{key}{NO_BREAK}%"
    low, _dash, high = key.partition("-")
    if not low:
        return gettext("price not known")
    if not high:
        return gettext("%(amount)s and more") % {"amount": euros(Decimal(low), 0)}
    return gettext("%(low)s to %(high)s") % {"low": low, "high": euros(Decimal(high), 0)}
