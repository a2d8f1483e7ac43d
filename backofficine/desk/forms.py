"""What the counter posts: a code or a product, how many, and the number of the act."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from backofficine.desk.scan import LONGEST_TEXT


class CounterForm(forms.Form):
    """One scan, one act. A product chosen in a list comes beside the code that left the choice."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    code = forms.CharField(label=_("Scan, or type a name"), required=False, strip=True)
    product = forms.UUIDField(widget=forms.HiddenInput, required=False)
    boxes = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"])[:LONGEST_TEXT]


class ProductActForm(forms.Form):
    """An act on one product: not found."""

    request_id = forms.UUIDField()
    product = forms.UUIDField()


class UndoForm(forms.Form):
    """Which withdrawal to undo, by the number of its form."""

    withdrawal = forms.UUIDField()


def words_of(data: Any) -> str:
    """The words typed so far."""
    return str(data.get("code", "")).strip()[:80]
