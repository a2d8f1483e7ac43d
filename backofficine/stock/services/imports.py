"""What the stock file and the sales file share: whom a code names, what is left out and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import CatalogVersion, Product, Storage
from backofficine.formats.canonical import Import
from backofficine.formats.tables import TableRefused
from backofficine.kernel.errors import DomainError
from backofficine.stock.models import Address, ImportedFile, Location
from backofficine.stock.queries.places import KIND_FOR_STORAGE

MOST_UNITS = 99_999  # more boxes than a shop can hold: the column is not the quantity
_CHUNK = 500

Progress = Callable[[int, int], None]
LineT = TypeVar("LineT")


def silent(done: int, total: int) -> None:
    """No one watches."""


class FileRefused(DomainError):
    """The file as a whole cannot be used; nothing was written."""

    message = gettext_lazy("%(why)s")


@dataclass
class LeftOut:
    """The lines of a file that were not used, each with its number, its code and the reason."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: int, code: str, reason: str) -> None:
        self.lines.append({"line": line, "code": code, "reason": reason})

    def ordered(self) -> list[dict[str, Any]]:
        return sorted(self.lines, key=lambda one: int(one["line"]))


def read(reader: Callable[[bytes], Import[LineT]], data: bytes) -> Import[LineT]:
    """Read a file; a table that is none is refused in the reader's own French words."""
    try:
        return reader(data)
    except TableRefused as error:
        raise FileRefused(why=str(error)) from error


@dataclass
class Codes:
    """Whom each code of a file names."""

    keys: dict[str, list[int]]
    products: dict[int, Product]

    @classmethod
    def of(cls, codes: Iterable[str]) -> "Codes":
        wanted = set(codes)
        keys = catalog.products_by_code(wanted)
        # A spreadsheet eats the zero that begins a code: give it back if that code exists.
        shorter = {
            f"0{code}": code
            for code in wanted
            if code not in keys and code.isdigit() and len(code) in (6, 7, 12)
        }
        for completed, found in catalog.products_by_code(shorter).items():
            keys[shorter[completed]] = found
        ids = sorted({key for found in keys.values() for key in found})
        products: dict[int, Product] = {}
        for start in range(0, len(ids), _CHUNK):
            products |= Product.objects.in_bulk(ids[start : start + _CHUNK])
        return cls(keys, products)

    def product(self, code: str) -> Product | None:
        """The only product of a code; ``None`` if it is unknown or names several."""
        found = self.keys.get(code, [])
        return self.products[found[0]] if len(found) == 1 else None

    def reason(self, code: str, label: str) -> str:
        """Why :meth:`product` knows none."""
        if code in self.keys:
            names = ", ".join(str(self.products[key]) for key in self.keys[code][:3])
            return _("The code %(code)s names several products (%(names)s): give their CIP13.") % {
                "code": code,
                "names": names,
            }
        return _(
            "No product has the code %(code)s (%(label)s). Import the national catalogue, or "
            "correct the code."
        ) % {"code": code, "label": label or "–"}


def absurd(quantity: int) -> str:
    """Why a quantity cannot be one."""
    return _(
        "%(quantity)d boxes are more than a pharmacy holds: check the column of quantities."
    ) % {"quantity": quantity}


def nothing_used(lines: int) -> str:
    """What is said of a file that changed nothing because none of its lines can be used."""
    if not lines:
        return _("The file has headings but no line: check the export, then try again.")
    return _("Nothing was imported: no line can be used, of %(count)d.") % {"count": lines}


# --- The same file again --------------------------------------------------------------------------


@dataclass(frozen=True)
class Earlier:
    """What became of a file before: its last import, and the lines worth trying again.

    Lines left out for want of a product are tried again once the catalogue has changed: the stock
    file was often read before the national files. ``number`` counts the imports.
    """

    last: ImportedFile | None
    number: int
    to_retry: frozenset[int]

    @classmethod
    def of(cls, kind: ImportedFile.Kind, digest: str) -> "Earlier":
        last: ImportedFile | None = None
        number = 0
        while row := ImportedFile.objects.filter(
            kind=kind, digest=_round_digest(digest, number)
        ).first():
            last, number = row, number + 1
        if last is None or last.report.get("catalog_version") == _catalog_version():
            return cls(last, number, frozenset())
        return cls(last, number, frozenset(one["line"] for one in last.report["rejected"]))

    @property
    def is_done(self) -> bool:
        """Nothing of the file is left to try."""
        return self.last is not None and not self.to_retry

    def keeps(self, line: int) -> bool:
        """Whether a line is to be read this time."""
        return self.last is None or line in self.to_retry

    def remember(
        self, kind: ImportedFile.Kind, digest: str, *, name: str, at: datetime, report: Any
    ) -> None:
        """Keep the report of this import."""
        ImportedFile.objects.create(
            kind=kind,
            digest=_round_digest(digest, self.number),
            name=name[:200],
            imported_at=at,
            report={**report, "catalog_version": _catalog_version()},
        )


def _round_digest(digest: str, number: int) -> str:
    return sha256(f"{digest}:{number}".encode()).hexdigest() if number else digest


def _catalog_version() -> int:
    return CatalogVersion.objects.values_list("number", flat=True).get(pk=1)


def unchanged() -> str:
    """The report of a file that was imported before."""
    return _("This very file was imported before: nothing changed.")


def follow(products: Iterable[Product]) -> int:
    """Mark products as held or sold here; returns how many were not yet."""
    ids = sorted({product.pk for product in products if not product.is_followed})
    for start in range(0, len(ids), _CHUNK):
        Product.objects.filter(pk__in=ids[start : start + _CHUNK]).update(is_followed=True)
    return len(ids)


# --- Places that no file names --------------------------------------------------------------------

_DEFAULT_CODES = {"fridge": "FRIGO", "safe": "COFFRE"}


def kind_for(storage: str) -> Location.Kind:
    """The kind of place that suits a storage class; a shelf for whatever needs no other."""
    if storage not in Storage.values:
        return Location.Kind.SHELF
    return KIND_FOR_STORAGE.get(Storage(storage), Location.Kind.SHELF)


def default_place(product: Product) -> str:
    """The address given to a product that a file puts nowhere."""
    return _DEFAULT_CODES.get(str(kind_for(product.storage)), "RAYON")


def first_suited(product: Product, places: Iterable[Location]) -> Location | None:
    """The first place, in walking order, that suits the product."""
    kind = kind_for(product.storage)
    suited = [place for place in places if place.kind == kind and place.is_active]
    return min(suited, key=lambda place: (place.walk_order, place.pk), default=None)


def make_missing_places(products: Iterable[Product]) -> None:
    """Make one place for each storage class that has none, so that any box can be somewhere."""
    places = list(Location.objects.filter(holds_stock=True))
    addressed = set(Address.objects.values_list("product_id", flat=True))
    for product in products:
        if product.pk not in addressed and first_suited(product, places) is None:
            last = max((place.walk_order for place in places), default=0)
            kind, code = kind_for(product.storage), default_place(product)
            taken = Location.objects.filter(code=code).exists()
            code = f"{code} 2" if taken else code
            places.append(
                Location.objects.create(
                    kind=kind, code=code, holds_stock=True, walk_order=last + 10
                )
            )
