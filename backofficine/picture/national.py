"""What the national catalogue says of codes: from the database, or straight from its files.

Both ways give the same: a picture taken by the command line with two folders is the picture taken
on the screen once these editions were imported, byte for byte.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.margins import (
    DEFAULTS,
    FLOOR_KEY,
    PHARMACY_KEY,
    VAT_KEY,
    WHOLESALE_KEY,
    MarginTable,
    margin_table,
)
from backofficine.catalog.models import (
    CatalogEdition,
    GenericMember,
    LegalStatus,
    Price,
    Product,
    Speciality,
)
from backofficine.formats import bdpm
from backofficine.formats.codes import CodeKind, box_of_case, cip13_of, kind_of
from backofficine.formats.naming import pack_of, split_name
from backofficine.kernel.errors import DomainError
from backofficine.picture.report import Edition

# Classes one keeps whatever they sell: anaphylaxis, hypoglycaemia, fast insulins, antidotes,
# strong pain, asthma, seizures, angina, emergency contraception, specific immunoglobulins.
EMERGENCY_CLASSES = (
    *("C01CA24", "H04AA01", "A10AB", "V03AB", "N02AA01", "R03AC02", "R03AC03", "N05BA01"),
    *("N05CD08", "C01DA02", "G03AD", "J06BB"),
)

MARKETED = str(Product.State.MARKETED)
IN_SHORTAGE = frozenset({"shortage", "tension"})


class EditionUnreadable(DomainError):
    """The national files cannot be used."""

    message = _("%(why)s")


class EditionUndated(EditionUnreadable):
    message = _(
        "Nothing in the folder “%(folder)s” tells the date of its edition. Name the folder after "
        "its day, such as 2026-01-28."
    )


@dataclass(frozen=True, slots=True)
class PriceSpan:
    """A public price (euros with tax, without fee) from the edition that brought it."""

    amount: Decimal
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class NationalProduct:
    """A presentation, as the last edition tells it; ``prices`` in the order of time.

    ``state`` and ``availability`` are values of :class:`catalog.models.Product`; ``absent_since``
    is the edition that no longer held it. ``atc`` is known of medicines of major interest only.
    """

    cip13: str
    cis: str
    name: str
    strength: str
    form: str
    pack: str
    laboratory: str
    atc: str
    legal_status: str
    state: str
    availability: str
    absent_since: str
    price: Decimal | None
    prices: tuple[PriceSpan, ...] = ()
    marked_emergency: bool = False

    @property
    def label(self) -> str:
        return " ".join(part for part in (self.name, self.strength, self.form, self.pack) if part)

    @property
    def is_sold(self) -> bool:
        """Whether a pharmacy can still order it."""
        return self.state == MARKETED and not self.absent_since and self.availability != "stopped"

    @property
    def is_short(self) -> bool:
        return self.availability in IN_SHORTAGE

    @property
    def is_emergency(self) -> bool:
        return self.marked_emergency or self.atc.startswith(EMERGENCY_CLASSES)

    @property
    def is_cold(self) -> bool:
        """Presumed from its class: the national files do not say."""
        return bool(self.atc) and bdpm.cold_by_atc(self.atc)

    @property
    def is_narcotic(self) -> bool:
        return self.legal_status == LegalStatus.NARCOTIC

    @property
    def vat_rate(self) -> Decimal:
        """Per cent, assumed: a priced box is reimbursed."""
        return Decimal("2.1") if self.price is not None else Decimal(10)


@dataclass(frozen=True)
class National:
    """The whole catalogue: presentations by CIP13, generic groups, editions, margins of its day."""

    products: Mapping[str, NationalProduct] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    groups_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by CIS
    brands: frozenset[str] = frozenset()  # CIS that generics copy
    editions: tuple[Edition, ...] = ()

    def find(self, code: str) -> NationalProduct | None:
        """The presentation of a code as files write it: CIP13, CIP7, GTIN, a zero eaten or not."""
        for one in _spellings(code):
            if found := self.products.get(one):
                return found
        return None

    @cached_property
    def _boxes_of(self) -> Mapping[tuple[str, str], list[NationalProduct]]:
        boxes: dict[tuple[str, str], list[NationalProduct]] = {}
        for product in self.products.values():
            if product.is_sold and product.cis:
                boxes.setdefault((product.cis, product.pack), []).append(product)
        return boxes

    def successor(self, product: NationalProduct) -> NationalProduct | None:
        """The box sold today of the same medicine and the same size, under another code."""
        others = self._boxes_of.get((product.cis, product.pack), [])
        return min(
            (one for one in others if one.cip13 != product.cip13),
            key=lambda one: one.cip13,
            default=None,
        )


def _spellings(code: str) -> tuple[str, ...]:
    match kind_of(code):
        case CodeKind.CIP7:
            return (cip13_of(code),)
        case CodeKind.GTIN14_CASE:
            return (code, box_of_case(code))
        case None if len(code) == 6 and code.isascii() and code.isdigit():
            return (cip13_of(code.zfill(7)),)
        case _:
            return (code.zfill(13), code)


def margins_on(day: date) -> MarginTable:
    """The margins of a day: the pharmacy's own when there is a database, else the legal ones."""
    try:
        return margin_table(on=day)
    except DatabaseError:
        return legal_margins()


def legal_margins() -> MarginTable:
    def brackets(text: str) -> tuple[tuple[Decimal, Decimal], ...]:
        pairs = (part.split(":") for part in text.split())
        return tuple((Decimal(limit), Decimal(rate) / 100) for limit, rate in pairs)

    return MarginTable(
        wholesaler=brackets(DEFAULTS[WHOLESALE_KEY]),
        pharmacy=brackets(DEFAULTS[PHARMACY_KEY]),
        floor=Decimal(DEFAULTS[FLOOR_KEY]),
        vat=Decimal(DEFAULTS[VAT_KEY]) / 100,
    )


# --- From the database ----------------------------------------------------------------------------


def from_catalogue() -> National:
    """The catalogue of the database; empty when no edition was imported and nothing invented."""
    specialities = {
        pk: (cis, atc)
        for pk, cis, atc in Speciality.objects.values_list("pk", "cis", "atc").iterator()
    }
    prices: dict[int, list[PriceSpan]] = {}
    rows = Price.objects.filter(kind=Price.Kind.PUBLIC).order_by("product_id", "valid_from", "pk")
    for product, amount, since, until in rows.values_list(
        "product_id", "amount", "valid_from", "valid_until"
    ):
        prices.setdefault(product, []).append(PriceSpan(amount, since, until))
    told = Product.objects.exclude(cip13="").order_by("cip13", "-pk").values_list(
        "pk", "cip13", "speciality_id", "name", "strength", "form", "pack", "manufacturer",
        "legal_status", "state", "availability", "absent_since", "public_price", "is_emergency",
        "bdpm_digest", "is_invented",
    )  # fmt: skip
    products: dict[str, NationalProduct] = {}
    for (
        pk, cip13, speciality, name, strength, form, pack, laboratory, legal, state, availability,
        absent, price, emergency, digest, invented,
    ) in told:  # fmt: skip
        if not digest and not invented:
            continue  # made here from a file: no national word about it
        cis, atc = specialities.get(speciality, ("", ""))
        products[cip13] = NationalProduct(
            cip13, cis, name, strength, form, pack, laboratory, atc, legal, state, availability,
            absent, price, tuple(prices.get(pk, ())), emergency,
        )  # fmt: skip
    groups: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    brands = set()
    for cis, number, label, kind in GenericMember.objects.values_list(
        "cis", "group__number", "group__label", "kind"
    ):
        if kind == GenericMember.Kind.BRAND:
            brands.add(cis)
        groups[number] = label
        members.setdefault(cis, []).append(number)
    latest: dict[str, str] = dict(
        CatalogEdition.objects.order_by("pk").values_list("edition", "digest")
    )
    return National(
        products,
        groups,
        {cis: tuple(sorted(set(found))) for cis, found in members.items()},
        frozenset(brands),
        tuple(Edition(edition, digest) for edition, digest in sorted(latest.items())),
    )


# --- From the national files ----------------------------------------------------------------------

_STATES = {
    "Déclaration de commercialisation": Product.State.MARKETED,
    "Déclaration d'arrêt de commercialisation": Product.State.STOPPED,
    "Déclaration de suspension de commercialisation": Product.State.SUSPENDED,
}
_AVAILABILITIES = {
    1: Product.Availability.SHORTAGE,
    2: Product.Availability.TENSION,
    3: Product.Availability.STOPPED,
    4: Product.Availability.BACK,
}


def from_folders(folders: Sequence[Path]) -> National:
    """The catalogue as it is once these editions came one after the other, oldest first.

    :raises EditionUnreadable: if a folder is no edition, or tells no date.
    """
    try:
        editions = [bdpm.read_folder(folder) for folder in folders]
    except bdpm.EditionRefused as error:
        raise EditionUnreadable(why=str(error)) from error
    reading = _Reading()
    for folder, edition in zip(folders, editions, strict=True):
        if not edition.edition:
            raise EditionUndated(folder=folder.name)
    for edition in sorted(editions, key=lambda one: one.edition):
        reading.take(edition)
    return reading.national()


class _Reading:
    """Editions on their way in, each changing what the one before it said."""

    def __init__(self) -> None:
        self.medicines: dict[str, tuple[str, str, str, str, str]] = {}
        self.atc: dict[str, str] = {}
        self.legal: dict[str, str] = {}
        self.products: dict[str, NationalProduct] = {}
        self.prices: dict[str, list[PriceSpan]] = {}
        self.groups: dict[str, str] = {}
        self.groups_of: dict[str, tuple[str, ...]] = {}
        self.brands: frozenset[str] = frozenset()
        self.editions: list[Edition] = []

    def take(self, edition: bdpm.Edition) -> None:
        day = date.fromisoformat(edition.edition)
        self._take_medicines(edition)
        effective = bdpm.effective_availability(edition.availabilities, edition.presentations)
        tells_availability = "CIS_CIP_Dispo_Spec.txt" in edition.line_counts
        present = set()
        for box in edition.presentations:
            present.add(box.cip13)
            before = self.products.get(box.cip13)
            line = effective.get(box.cip13)
            availability = str(
                _AVAILABILITIES[line.code] if line else Product.Availability.AVAILABLE
            )
            if before is not None and not tells_availability:
                availability = before.availability
            self.products[box.cip13] = self._product(box, availability)
            self._take_price(box, day)
        for cip13, product in self.products.items():
            if cip13 not in present and not product.absent_since:
                self.products[cip13] = replace(product, absent_since=edition.edition)
        if "CIS_GENER_bdpm.txt" in edition.line_counts:
            self._take_groups(edition)
        lines = (f"{name} {digest}\n" for name, digest in sorted(edition.digests.items()))
        self.editions.append(
            Edition(edition.edition, hashlib.sha256("".join(lines).encode()).hexdigest())
        )

    def _take_medicines(self, edition: bdpm.Edition) -> None:
        names = {}
        for each in edition.specialities:
            cut = split_name(each.name[:400])
            strength = _micrograms(cut.strength)[:120]
            holder = each.holder[:300].split(";")[0].strip()
            form = (cut.form or each.form[:200])[:200]
            names[each.cis] = (each.cis, cut.name, strength, form, holder)
        self.medicines = names
        if "CIS_MITM.txt" in edition.line_counts:
            self.atc = {}
            for line in edition.mitm:
                self.atc[line.cis] = max(self.atc.get(line.cis, ""), line.atc[:7], key=len)
        if "CIS_CPD_bdpm.txt" in edition.line_counts:
            legal = bdpm.legal_status(edition.conditions)
            self.legal = {cis: str(_list(status)) for cis, status in legal.items()}

    def _product(self, box: bdpm.Presentation, availability: str) -> NationalProduct:
        unknown = ("", box.label[:400], "", "", "")
        cis, name, strength, form, holder = self.medicines.get(box.cis, unknown)
        withdrawn = box.status == "Présentation abrogée"
        state = _STATES.get(box.state.replace("’", "'"), Product.State.WITHDRAWN)
        return NationalProduct(
            cip13=box.cip13,
            cis=cis,
            name=name,
            strength=strength,
            form=form,
            pack=(pack_of(box.label) or box.label)[:200],
            laboratory=holder,
            atc=self.atc.get(cis, ""),
            legal_status=self.legal.get(cis, str(LegalStatus.NONE)),
            state=str(Product.State.WITHDRAWN if withdrawn else state),
            availability=availability,
            absent_since="",
            price=box.regulated_price,
        )

    def _take_price(self, box: bdpm.Presentation, day: date) -> None:
        spans = self.prices.setdefault(box.cip13, [])
        price = box.regulated_price
        last = spans[-1] if spans and spans[-1].valid_until is None else None
        if (last.amount if last else None) == price:
            return
        if last is not None:
            spans.pop()
            if last.valid_from < day:
                spans.append(replace(last, valid_until=day - timedelta(days=1)))
            elif price is not None:
                day = last.valid_from  # the same day said two things: the later is true
        if price is not None:
            spans.append(PriceSpan(price, day, None))

    def _take_groups(self, edition: bdpm.Edition) -> None:
        self.groups = {}
        members: dict[str, set[str]] = {}
        for line in edition.group_members:
            self.groups[line.group_id] = line.group_label[:400]
            members.setdefault(line.cis, set()).add(line.group_id)
        self.brands = frozenset(
            line.cis for line in edition.group_members if line.kind == GenericMember.Kind.BRAND
        )
        self.groups_of = {cis: tuple(sorted(found)) for cis, found in members.items()}

    def national(self) -> National:
        return National(
            {
                cip13: replace(product, prices=tuple(self.prices.get(cip13, ())))
                for cip13, product in sorted(self.products.items())
            },
            self.groups,
            self.groups_of,
            self.brands,
            tuple(self.editions),
        )


_MICROGRAM = re.compile(r"\bmicrogrammes?\b", re.IGNORECASE)  # as the catalogue shortens it


def _micrograms(strength: str) -> str:
    return _MICROGRAM.sub("µg", strength)


def _list(status: bdpm.LegalStatus) -> LegalStatus:
    if status.narcotic:
        return LegalStatus.NARCOTIC
    if status.list_1:
        return LegalStatus.LIST_I
    return LegalStatus.LIST_II if status.list_2 else LegalStatus.NONE
