"""A choice read once, and the sample forms of the style gallery."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _


class _ReadOnce(ModelChoiceIterator):  # type: ignore[type-arg]
    """Django asks the database again each time it walks the choices; a select walks them twice."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for row in self.queryset:
            yield self.choice(row)


class ChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A row to choose among a few, all drawn on the page."""

    iterator = _ReadOnce


class SampleRefused(forms.Form):
    """Two mistakes, worded as we word them: what to do, and what was typed is kept."""

    quantity = forms.IntegerField(label=_("Quantity"))
    expires_on = forms.CharField(
        label=_("Expiry"), widget=forms.TextInput(attrs={"placeholder": _("MM/YYYY")})
    )
    lot = forms.CharField(label=_("Lot"), help_text=_("Read in the code."), required=False)

    def clean(self) -> dict[str, Any]:
        self.add_error("quantity", _("4 were ordered. Type 4, or keep 40 with a reason."))
        if not self.cleaned_data.get("expires_on") and "expires_on" in self.errors:
            self.errors.pop("expires_on")
            self.add_error("expires_on", _("The code gives none: read it on the box."))
        return self.cleaned_data


class SampleFields(forms.Form):
    """One of each kind of field."""

    cause = forms.ChoiceField(
        label=_("Cause"), choices=[("stock", _("Wrong stock")), ("shortage", _("Shortage"))]
    )
    paid = forms.ChoiceField(
        label=_("Payment"),
        choices=[("paid", _("paid")), ("unpaid", _("not paid"))],
        widget=forms.RadioSelect,
        initial="unpaid",
    )
    reasons = forms.MultipleChoiceField(
        label=_("What was checked"),
        choices=[("fridge", _("the fridge")), ("reserve", _("the reserve"))],
        widget=forms.CheckboxSelectMultiple,
        initial=["fridge"],
    )
    warn = forms.BooleanField(label=_("Send a text message"), initial=True, required=False)
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        help_text=_("Encrypted, erased at hand-over. The message only says “your order is ready”."),
    )
    boxes = forms.IntegerField(label=_("Boxes to order"), initial=6)
