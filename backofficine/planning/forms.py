"""What is typed on the pages of orders, turned into whole numbers and known words."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backofficine.purchasing.models import Order, OrderLine, Supplier
from backofficine.purchasing.services import ImpossibleQuantity
from backofficine.purchasing.services.orders import IMPOSSIBLE_QUANTITY

WHOLE = re.compile(r"\d{1,6}")


class WholeField(forms.CharField):
    """A whole number of boxes, as typed in France: spaces are let through, decimals are not."""

    def clean(self, value: Any) -> int | None:
        text = re.sub(r"[\s\u00a0\u202f]", "", super().clean(value) or "")
        if not text:
            return None
        if not WHOLE.fullmatch(text) or int(text) > IMPOSSIBLE_QUANTITY:
            raise forms.ValidationError(str(ImpossibleQuantity(most=IMPOSSIBLE_QUANTITY)))
        return int(text)


class LineForm(forms.Form):
    """A quantity and its reason. ``seen`` is the version of the line that was on screen."""

    quantity = WholeField(label=_("Quantity"))
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", ""), *OrderLine.ChangeReason.choices], required=False
    )
    is_confirmed = forms.BooleanField(label=_("This is the right quantity"), required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class AddForm(forms.Form):
    """What was scanned or typed to add a product."""

    code = forms.CharField(label=_("Add a product"), max_length=400)


class SendForm(forms.Form):
    """How the order leaves, and the version that was read."""

    channel = forms.ChoiceField(choices=Order.Channel.choices)
    request_id = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ActForm(forms.Form):
    """An act without words: only the number that makes a double click harmless."""

    request_id = forms.UUIDField(widget=forms.HiddenInput)


class ElsewhereForm(forms.Form):
    """The supplier to ask for what the first one lacks."""

    supplier = forms.ModelChoiceField(Supplier.objects.filter(is_active=True))


class AnswerForm(forms.Form):
    """One field per line: the boxes that the supplier will send; empty means as asked."""

    request_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: list[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            self.fields[f"line_{line.pk}"] = WholeField(
                label=str(line.product), required=False, initial=line.answered_quantity
            )

    @property
    def answers(self) -> dict[int, int | None]:
        return {line.pk: self.cleaned_data.get(f"line_{line.pk}") for line in self.lines}
