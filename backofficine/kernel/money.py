"""Exact euros: ``Decimal`` in Python, whole ten-thousandths of a euro in the database."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

UNITS_PER_EURO = 10_000
CENT = Decimal("0.01")
FINEST = Decimal(1) / UNITS_PER_EURO


def to_units(amount: Decimal) -> int:
    """Whole ten-thousandths of a euro; raises ``ValueError`` if ``amount`` is finer than that."""
    units = amount * UNITS_PER_EURO
    if units != units.to_integral_value():
        raise ValueError(f"{amount} euro is finer than 1/10 000")
    return int(units)


def from_units(units: int) -> Decimal:
    """Euros, from whole ten-thousandths."""
    return Decimal(units).scaleb(-4)


def to_finest(amount: Decimal) -> Decimal:
    """The nearest amount that can be stored, halves away from zero."""
    return amount.quantize(FINEST, rounding=ROUND_HALF_UP)


def to_cents(amount: Decimal) -> Decimal:
    """What a person reads: rounded once, to the cent, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


class EuroField(models.BigIntegerField):  # type: ignore[type-arg]
    """An amount in euros. SQLite would keep a ``DecimalField`` as a float, so this one counts."""

    description = _("Amount in euros")
    _pyi_private_set_type: Decimal | int | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else from_units(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except ArithmeticError as error:
            raise ValidationError(
                _("“%(value)s” is not an amount."), params={"value": value}
            ) from error

    def get_prep_value(self, value: Any) -> int | None:
        amount = self.to_python(value)
        return None if amount is None else to_units(amount)

    @property
    def validators(self) -> list[Any]:
        # The integer field's own range is told in database units, not in euros.
        return []

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        return models.Field.formfield(
            self, **{"form_class": forms.DecimalField, "decimal_places": 4, **kwargs}
        )
