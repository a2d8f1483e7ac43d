"""What a person types about the team."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from backofficine.team.models import NameOpening, Role, Workstation

DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 8}


class SwitchForm(forms.Form):
    """Who takes the workstation, and their digits."""

    person = forms.CharField(label=_("Person"), max_length=60)
    pin = forms.CharField(label=_("PIN"), max_length=8, widget=forms.PasswordInput(attrs=DIGITS))


class PinForm(forms.Form):
    """New digits, proved by the password."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    pin = forms.CharField(
        label=_("New PIN"),
        max_length=8,
        widget=forms.PasswordInput(attrs=DIGITS),
        help_text=_("4 to 8 digits. It opens only the workstations of the pharmacy."),
    )


class PersonForm(forms.Form):
    """A colleague to add."""

    name = forms.CharField(label=_("First and last name"), max_length=120)
    username = forms.RegexField(
        r"^[a-z0-9._-]{2,60}$",
        label=_("Username"),
        help_text=_("Small letters, digits, dot, dash."),
        error_messages={"invalid": _("Use small letters, digits, dots or dashes, two at least.")},
    )
    role = forms.ChoiceField(label=_("Post"), choices=Role.choices)
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        help_text=_("Ten characters at least; the person changes it at first use."),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class WorkstationForm(forms.Form):
    """A computer or phone to declare."""

    name = forms.CharField(label=_("Name"), max_length=60)
    post = forms.ChoiceField(label=_("Post"), choices=Workstation.Post.choices)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Workstation.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("A workstation has this name already. Choose another."))
        return name


class WallForm(forms.Form):
    """A screen to hang."""

    name = forms.CharField(label=_("Where it hangs"), max_length=60)


class OpenNameForm(forms.Form):
    """Why a name is opened: from a closed list, kept in the log."""

    reason = forms.ChoiceField(label=_("Reason"), choices=NameOpening.Reason.choices)
