"""What is typed about a promise: whom it is for, why, and what was agreed."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from backofficine.promises.models import Cause
from backofficine.promises.services import OpeningReason

LONGEST_NAME = 80
MOST_BOXES = 99


class RequestForm(forms.Form):
    """An act with its number, so that a double click is one act."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class PromiseForm(RequestForm):
    """Owe a product: name, boxes, why, and the three questions."""

    bundle = forms.UUIDField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Patient’s name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Write the patient’s name, as you will hear it at pick-up.")},
        help_text=_("Encrypted; only the initials are shown."),
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    quantity = forms.IntegerField(
        label=_("Boxes due"), min_value=1, max_value=MOST_BOXES, initial=1
    )
    cause = forms.ChoiceField(
        label=_("Why it is missing"), choices=Cause.choices, initial=Cause.HIGH_DEMAND
    )
    is_paid = forms.ChoiceField(label=_("Paid"), widget=forms.RadioSelect, initial="no")
    is_billed = forms.ChoiceField(label=_("Billed"), widget=forms.RadioSelect, initial="no")
    can_wait = forms.BooleanField(label=_("The patient can wait"), required=False, initial=True)
    is_chosen = forms.BooleanField(
        label=_("Ordered on purpose, agreed with the patient"), required=False
    )
    all_at_once = forms.BooleanField(
        label=_("One notice when everything is ready"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The other lines of a visit already say who it is for.
        self.fields["name"].required = not (self.data or self.initial).get("bundle")
        for name in ("is_paid", "is_billed"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField), "declared so above"
            field.choices = [("yes", _("yes")), ("no", _("no"))]

    def clean_is_paid(self) -> bool:
        return bool(self.cleaned_data["is_paid"] == "yes")

    def clean_is_billed(self) -> bool:
        return bool(self.cleaned_data["is_billed"] == "yes")


class HandOverForm(RequestForm):
    """How many of the boxes that wait are given now."""

    quantity = forms.IntegerField(label=_("Boxes given"), min_value=1, max_value=MOST_BOXES)


class SetAsideForm(RequestForm):
    """A box in the hand, taken from a place."""

    balance = forms.IntegerField(widget=forms.HiddenInput)
    quantity = forms.IntegerField(label=_("Boxes"), min_value=1, max_value=MOST_BOXES)


class TellForm(RequestForm):
    """The notice to the patient, even if a line of the visit is missing."""

    anyway = forms.BooleanField(required=False)


class NewRoundForm(RequestForm):
    """Another round, when the hour said does not hold."""

    delivery_round = forms.IntegerField(label=_("Round"))


class ContactForm(forms.Form):
    """Why a contact is opened: one of three words."""

    reason = forms.ChoiceField(label=_("Why"), choices=OpeningReason.choices)


class GuardForm(forms.Form):
    """What the guard compares: never written, never shown again."""

    name = forms.CharField(max_length=LONGEST_NAME, required=False)
    phone = forms.CharField(max_length=30, required=False)


class FindForm(forms.Form):
    """What the patient says."""

    said = forms.CharField(max_length=80, required=False)


def bundle_of(text: str) -> UUID | None:
    """The visit named in an address, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
