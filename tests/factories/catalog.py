"""Invented products: codes of the range 99xxxxx, names that resemble no brand."""

from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from backofficine.catalog.models import LegalStatus, Product, ProductCode, Speciality, Storage
from backofficine.formats.codes import cip13_of


def cip7(number: int) -> str:
    """The seven digits of the ``number``-th invented product."""
    assert 0 <= number < 100_000, "the invented range has five digits"
    return f"99{number:05d}"


class SpecialityFactory(DjangoModelFactory[Speciality]):
    """A speciality with a CIS that the national file cannot hold (it begins with 0)."""

    class Meta:
        model = Speciality

    cis = factory.Sequence(lambda number: f"0{number:07d}")
    name = factory.Sequence(lambda number: f"ZULVANTINE {number}, comprimé")


class ProductFactory(DjangoModelFactory[Product]):
    """A box of the shop with its CIP13: ``ProductFactory(cold=True)``, ``(narcotic=True)``…

    ``codes=False`` makes a product that no scan finds.
    """

    class Meta:
        model = Product
        skip_postgeneration_save = True

    class Params:
        number = factory.Sequence(int)
        cold = factory.Trait(storage=Storage.FRIDGE)
        narcotic = factory.Trait(legal_status=LegalStatus.NARCOTIC, storage=Storage.SAFE)
        list_i = factory.Trait(legal_status=LegalStatus.LIST_I)
        list_ii = factory.Trait(legal_status=LegalStatus.LIST_II)
        divisible = factory.Trait(stock_unit=Product.StockUnit.DOSE, doses_per_box=14)
        short = factory.Trait(availability=Product.Availability.SHORTAGE)
        stopped = factory.Trait(state=Product.State.STOPPED)
        expensive = factory.Trait(unit_cost=Decimal("812.4"), public_price=Decimal("893.64"))

    name = factory.LazyAttribute(lambda product: f"ZULVANTINE {product.number}")
    cip13 = factory.LazyAttribute(lambda product: cip13_of(cip7(product.number)))
    strength = "500 mg"
    form = "comprimé"
    pack = "B/30"
    substance = "zulvantine"
    unit_cost = Decimal("3.1416")
    public_price = Decimal("4.5")
    vat_rate = Decimal("2.1")
    is_invented = True
    is_followed = True

    @factory.post_generation
    def codes(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Its CIP13, unless refused."""
        if create and extracted is not False and self.cip13:
            ProductCodeFactory(product=self, code=self.cip13)


class ProductCodeFactory(DjangoModelFactory[ProductCode]):
    """One more code of a product."""

    class Meta:
        model = ProductCode

    product = factory.SubFactory(ProductFactory, codes=False)
    kind = ProductCode.Kind.CIP13
    code = factory.SelfAttribute("product.cip13")
