"""What a person scans or types at the bench and on the walk → clean Python values."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.formats import tables
from backofficine.purchasing.models import DeliveryRound, Order, Supplier
from backofficine.receiving.models import PutAwayProblem, ReceiptAnswer, UnknownScan
from backofficine.receiving.services.drop import MOST_PARCELS
from backofficine.web.forms import ChoiceField


class RequestForm(forms.Form):
    """An act that needs nothing but its own name, so that doing it twice is doing it once."""

    request_id = forms.UUIDField(widget=forms.HiddenInput)


class ScanForm(RequestForm):
    """One text of the scan line. ``product`` and ``confirmed`` answer what was asked about it."""

    code = forms.CharField(max_length=400, required=False, strip=True)
    product = forms.ModelChoiceField(Product.objects.all(), required=False)
    confirmed = forms.BooleanField(required=False)
    shown = forms.CharField(max_length=10, required=False)


class DayField(forms.CharField):
    """A date as boxes print it: 02/2028 is the last day of February; 29/02/2028 is itself."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return tables.day(text)
        except ValueError as error:
            raise ValidationError(
                _("Type the date of the box as MM/YYYY or DD/MM/YYYY.")
            ) from error


class EuroInput(forms.CharField):
    """An amount as one types it: ``2,14``, ``1 234,56 €``."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = tables.number(text)
        except ValueError as error:
            raise ValidationError(_("Type an amount such as 2.14.")) from error
        if not 0 <= amount < 1_000_000:
            raise ValidationError(_("Type an amount such as 2.14."))
        return round(amount, 4)


class AnswerForm(RequestForm):
    """What a person says about a box."""

    question = forms.ChoiceField(choices=ReceiptAnswer.Question.choices)
    choice = forms.CharField(max_length=12, required=False)
    product = forms.ModelChoiceField(Product.objects.all(), required=False)
    replaces = forms.ModelChoiceField(Product.objects.all(), required=False)
    unknown = forms.ModelChoiceField(UnknownScan.objects.all(), required=False)
    lot_number = forms.CharField(max_length=20, required=False)
    expires_on = DayField(required=False, max_length=10)
    unit_price = EuroInput(required=False, max_length=20)


class TieForm(RequestForm):
    """The product that an unknown code belongs to: its number, or its name."""

    unknown = forms.ModelChoiceField(UnknownScan.objects.all())
    product = forms.ModelChoiceField(Product.objects.all(), required=False)
    name = forms.CharField(max_length=100, required=False)


class DropForm(RequestForm):
    """What the driver left."""

    supplier = ChoiceField(
        Supplier.objects.filter(is_active=True).order_by("-is_main", "name", "pk"),
        label=_("Supplier"),
        empty_label=None,
    )
    delivery_round = forms.ModelChoiceField(
        DeliveryRound.objects.all(), required=False, widget=forms.HiddenInput
    )
    totes = forms.IntegerField(label=_("Totes"), min_value=0, max_value=MOST_PARCELS, initial=0)
    cartons = forms.IntegerField(label=_("Cartons"), min_value=0, max_value=MOST_PARCELS, initial=0)
    cold = forms.IntegerField(
        label=_("of which cold"), min_value=0, max_value=MOST_PARCELS, initial=0
    )
    place = forms.CharField(label=_("Where on the floor"), max_length=60, required=False)

    def clean_delivery_round(self) -> DeliveryRound | None:
        """A round of another supplier is no round of this drop: it is a direct delivery."""
        chosen: DeliveryRound | None = self.cleaned_data["delivery_round"]
        supplier: Supplier | None = self.cleaned_data.get("supplier")
        if chosen is None or supplier is None or chosen.supplier_id != supplier.pk:
            return None
        return chosen


class StartForm(RequestForm):
    """Which delivery is to be received."""

    supplier = forms.ModelChoiceField(Supplier.objects.all())
    delivery_round = forms.ModelChoiceField(DeliveryRound.objects.all(), required=False)
    order = forms.ModelChoiceField(Order.objects.all(), required=False)


class TrayForm(RequestForm):
    """The stops that were ticked."""

    stops = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, keys: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["stops"]
        assert isinstance(field, forms.MultipleChoiceField), "declared above"
        field.choices = [(key, key) for key in keys]


class StopForm(RequestForm):
    """One card of the walk, and what was just scanned in front of it."""

    stop = forms.CharField(max_length=40, required=False)
    place = forms.CharField(max_length=40, required=False)  # the stop whose place was scanned
    code = forms.CharField(max_length=400, required=False)


class ProblemForm(RequestForm):
    """Why a box is not where it belongs."""

    stop = forms.CharField(max_length=40)
    kind = forms.ChoiceField(choices=PutAwayProblem.Kind.choices)
