"""What a person says of a loss."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from backofficine.losses.models import Contest


class ContestForm(forms.Form):
    """Why a line is wrong: one tap on a reason."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"), choices=Contest.Reason.choices, widget=forms.RadioSelect
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
