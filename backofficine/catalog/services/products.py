"""Products that no national file told us about, and the number that says products changed."""

import secrets
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F

from backofficine.catalog.models import CatalogVersion, Evidence, Price, Product, ProductCode
from backofficine.formats.codes import CodeKind, kind_of

_KINDS = {
    CodeKind.CIP13: ProductCode.Kind.CIP13,
    CodeKind.CIP7: ProductCode.Kind.CIP7,
    CodeKind.ACL13: ProductCode.Kind.ACL13,
    CodeKind.EAN13: ProductCode.Kind.EAN13,
    CodeKind.EAN8: ProductCode.Kind.EAN8,
}


def touch_version() -> None:
    """Tell every process that products changed: their search indexes are built again when used."""
    # The step is random, so that a rolled-back change never leaves the number of another one.
    CatalogVersion.objects.filter(pk=1).update(number=F("number") + 1 + secrets.randbelow(2**30))


def kind_of_code(code: str) -> ProductCode.Kind:
    """How a code is filed; whatever the trade has no word for is internal."""
    kind = kind_of(code)
    return _KINDS.get(kind, ProductCode.Kind.INTERNAL) if kind else ProductCode.Kind.INTERNAL


@transaction.atomic
def make_product(
    *, name: str, codes: Iterable[str] = (), priced_on: date | None = None, **fields: Any
) -> Product:
    """Make a product with its codes; the kind of each is told by its form and its key.

    The first CIP13 becomes the code shown. With ``priced_on``, ``public_price`` opens the history
    of prices on that day. Other fields are those of :class:`Product`.
    """
    known = [(kind_of_code(code), code) for code in codes]
    national = (code for kind, code in known if kind == ProductCode.Kind.CIP13)
    shown = fields.pop("cip13", None) or next(national, "")
    product = Product.objects.create(name=name, cip13=shown, **fields)
    if shown and (ProductCode.Kind.CIP13, shown) not in known:
        known.append((ProductCode.Kind.CIP13, shown))
    ProductCode.objects.bulk_create(
        [ProductCode(product=product, kind=kind, code=code) for kind, code in dict.fromkeys(known)]
    )
    if priced_on is not None and product.public_price is not None:
        Price.objects.create(
            product=product, amount=product.public_price, valid_from=priced_on, source=Evidence.HERE
        )
    touch_version()
    return product
