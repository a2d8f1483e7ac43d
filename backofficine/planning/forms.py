"""What is typed on the pages of orders, turned into whole numbers and known words."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.planning.models import Decision, DoubleAllowed
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


def _day(label: Any, **words: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **words)


class DecideForm(forms.Form):
    """A pause, never in stock, or for promises only: which one, why, until when."""

    KINDS = [
        (kind.value, kind.label)
        for kind in (Decision.Kind.SNOOZED, Decision.Kind.ON_PROMISE, Decision.Kind.NEVER)
    ]
    product = forms.ModelChoiceField(
        Product.objects.all(), to_field_name="public_id", widget=forms.HiddenInput
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Decision"), choices=KINDS, initial=Decision.Kind.SNOOZED, widget=forms.RadioSelect
    )
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("why?")), *Decision.Reason.choices]
    )
    last_day = _day(
        _("Until (that day included)"), required=False,
        help_text=_("Needed for a pause; empty: until someone ends it."),
    )  # fmt: skip


class SeasonForm(DecideForm):
    """A season: its days, and the demand or the minimum that it changes."""

    KINDS = [(Decision.Kind.SEASONAL.value, Decision.Kind.SEASONAL.label)]
    kind = forms.ChoiceField(
        choices=KINDS, initial=Decision.Kind.SEASONAL, widget=forms.HiddenInput
    )
    first_day = _day(_("First day"))
    last_day = _day(_("Last day"))
    percent = WholeField(
        label=_("Demand, in % of the usual"), required=False,
        help_text=_("150: half as much again. 0: nothing sells."),
    )  # fmt: skip
    minimum = WholeField(label=_("Never fewer than"), required=False)
    field_order = ["first_day", "last_day", "percent", "minimum", "reason"]


class EndDecisionForm(forms.Form):
    """A decision to end; without one, a product never kept that is kept again."""

    request_id = forms.UUIDField(widget=forms.HiddenInput)
    decision = forms.ModelChoiceField(Decision.objects.all(), required=False)
    product = forms.ModelChoiceField(Product.objects.all(), to_field_name="public_id")


class AllowDoubleForm(forms.Form):
    """What a pharmacist wants all the same."""

    product = forms.ModelChoiceField(
        Product.objects.all(), to_field_name="public_id", widget=forms.HiddenInput
    )
    boxes = WholeField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("why?")), *DoubleAllowed.Reason.choices]
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput)
