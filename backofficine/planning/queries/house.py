"""The house laboratory: which generic is kept in the place of which, and where it is out."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from backofficine.catalog.models import GenericMember, Product
from backofficine.purchasing.models import HouseLaboratory
from backofficine.purchasing.queries.terms import running

ABSENT = (Product.Availability.SHORTAGE, Product.Availability.STOPPED)


@dataclass(frozen=True, slots=True)
class _Member:
    """A presentation in a generic group."""

    pk: int
    laboratory: str
    is_brand: bool
    is_followed: bool
    is_sold: bool
    availability: str

    @property
    def is_available(self) -> bool:
        return self.is_sold and self.availability not in ABSENT


def house_choice(on: date) -> dict[int, int]:
    """Followed generic of another laboratory → the house's, same group and same pack, to be had.

    The originator is left alone: a prescriber may want it. Three queries when a house laboratory is
    set, one otherwise.
    """
    return _choices(on)[0]


def house_out(on: date) -> dict[int, int]:
    """Followed generic of another laboratory → the house's that is out: ordered in its place."""
    return _choices(on)[1]


def _choices(on: date) -> tuple[dict[int, int], dict[int, int]]:
    houses: dict[int | None, str] = {
        group: laboratory.casefold()
        for group, laboratory in HouseLaboratory.objects.filter(running(on))
        .order_by("valid_from", "pk")
        .values_list("group", "laboratory")
    }
    kept: dict[int, int] = {}
    out: dict[int, int] = {}
    if not houses:
        return kept, out
    named = None if None in houses else {group for group in houses if group is not None}
    for (group, _pack), members in _families(named).items():
        house = houses.get(group, houses.get(None, ""))
        ours = [one for one in members if one.laboratory == house and one.is_sold]
        if not ours:
            continue
        there = [one for one in ours if one.is_available]
        best = min(there or ours, key=lambda one: (not one.is_followed, one.pk))
        for other in members:
            if other.is_followed and not other.is_brand and other.laboratory != house:
                (kept if there else out)[other.pk] = best.pk
    return kept, out


def _families(groups: set[int] | None) -> dict[tuple[int, str], list[_Member]]:
    """Presentations by group and pack; of some groups, or of all."""
    rows = GenericMember.objects.filter(speciality__isnull=False)
    if groups is not None:
        rows = rows.filter(group__in=groups)
    places: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for group, speciality, kind in rows.values_list("group", "speciality", "kind"):
        places[speciality].append((group, kind == GenericMember.Kind.BRAND))
    products = Product.objects.filter(speciality__in=rows.values("speciality")).values_list(
        "pk", "speciality", "pack", "manufacturer", "is_followed", "state", "availability",
        "absent_since",
    )  # fmt: skip
    families: dict[tuple[int, str], list[_Member]] = defaultdict(list)
    for pk, speciality, pack, laboratory, is_followed, state, availability, absent in products:
        for group, is_brand in places.get(speciality, ()):
            families[group, pack].append(
                _Member(
                    pk=pk,
                    laboratory=laboratory.casefold(),
                    is_brand=is_brand,
                    is_followed=is_followed,
                    is_sold=state == Product.State.MARKETED and not absent,
                    availability=availability,
                )
            )
    return families
