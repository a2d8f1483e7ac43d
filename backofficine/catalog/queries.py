"""Questions about products: by code, by what one types, by strength, by what may replace them."""

from collections.abc import Iterable

from django.db.models import Case, Q, Value, When

from backofficine.catalog import search as index
from backofficine.catalog.models import CatalogEdition, GenericMember, Product, ProductCode
from backofficine.catalog.strength import form_family, strength_value
from backofficine.formats.codes import (
    CodeKind,
    UnreadableCode,
    box_of_case,
    cip13_of,
    clean_code,
    kind_of,
)
from backofficine.kernel.prepared import Prepared


def find_by_code(code: str) -> list[Product]:
    """The products known by a code: CIP13, CIP7, ACL, EAN, GTIN-14 of a box or of a case.

    Several are possible: whoever asks lets the person choose. A code that is no longer valid still
    names the boxes that bear it, unless another product has it now.
    """
    written = spellings(code)
    if not written:
        return []
    rows = list(
        ProductCode.objects.filter(code__in=written)
        .select_related("product")
        .order_by("product__absent_since", "product_id", "pk")
    )
    valid = [row for row in rows if row.valid_until is None]
    return list({row.product_id: row.product for row in valid or rows}.values())


def spellings(code: str) -> list[str]:
    """The forms under which a code may be filed, the written one first."""
    try:
        clean = clean_code(code)
    except UnreadableCode:
        return []
    match kind_of(clean):
        case CodeKind.CIP7:
            return [clean, cip13_of(clean)]
        case CodeKind.CIP13:
            return [clean, clean[5:12]]
        case CodeKind.GTIN14_CASE:
            return [clean, box_of_case(clean)]
        case CodeKind.UPC12:
            return [clean, clean.zfill(13)]
        case _:
            return [clean]


def search(text: str, limit: int = 20) -> list[Product]:
    """Products as one types them, best first: « amox 500 cp », a code or part of one.

    Words match by their beginning, a letter wrong or missing is forgiven. What this pharmacy
    follows comes first.
    """
    keys = index.search_keys(text, limit=limit)
    found = Product.objects.in_bulk(keys)
    return [found[key] for key in keys if key in found]


# --- Strengths ------------------------------------------------------------------------------------


_SAME_SUBSTANCE = Prepared(
    lambda substance, key: (
        Product.objects.filter(substance=substance, is_followed=True)
        .exclude(strength="")
        .exclude(pk=key)
        .order_by("absent_since", "name", "pk")
    ),
    str,
    int,
)


def strengths(product: Product) -> list[Product]:
    """The strength ladder: one product per strength of the same substance and way, ascending.

    Those followed here; the product itself always stands for its own strength. Alone, it has no
    ladder to show but itself.
    """
    if not product.substance or not product.strength:
        return [product]
    family = form_family(product.form)
    steps = {strength_value(product.strength): product}
    for other in _SAME_SUBSTANCE.all(product.substance, product.pk):
        if form_family(other.form) == family:
            steps.setdefault(strength_value(other.strength), other)
    return [steps[key] for key in sorted(steps)]


# --- Substitution ---------------------------------------------------------------------------------


def substitutes(product: Product) -> list[Product]:
    """Candidates for substitution: sold members of its generic groups, followed ones first.

    A candidate has the same pack; the pharmacist judges. Empty outside the generics register.
    """
    if product.speciality_id is None:
        return []
    groups = GenericMember.objects.filter(speciality=product.speciality_id).values("group")
    members = GenericMember.objects.filter(group__in=groups, speciality__isnull=False)
    same_pack = Case(When(pack=product.pack, then=Value(0)), default=Value(1))
    return list(
        Product.objects.filter(
            Q(speciality__in=members.values("speciality")),
            absent_since="",
            state=Product.State.MARKETED,
            pack=product.pack,
        )
        .exclude(pk=product.pk)
        .order_by("-is_followed", same_pack, "name", "pk")
    )


# --- Many at once ---------------------------------------------------------------------------------


def products_by_code(codes: Iterable[str]) -> dict[str, list[int]]:
    """Primary keys of the products known by each code of a file; unknown codes are absent."""
    wanted = {code: spellings(code) for code in codes}
    held: dict[str, list[int]] = {}
    written = sorted({spelling for each in wanted.values() for spelling in each})
    for start in range(0, len(written), 500):
        rows = ProductCode.objects.filter(code__in=written[start : start + 500], valid_until=None)
        for code, product in rows.order_by("pk").values_list("code", "product_id"):
            if product not in held.setdefault(code, []):
                held[code].append(product)
    return {
        code: keys
        for code, spelled in wanted.items()
        if (keys := list(dict.fromkeys(key for one in spelled for key in held.get(one, []))))
    }


def latest_edition() -> str:
    """The national edition the catalogue follows, empty before the first import."""
    return CatalogEdition.objects.order_by("-pk").values_list("edition", flat=True).first() or ""
