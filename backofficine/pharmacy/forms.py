"""What a person types about the pharmacy."""

from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from backofficine.pharmacy.models import Pharmacy

# Where French pharmacies are: the mainland and overseas.
ZONES = [
    ("Europe/Paris", _("Mainland France")),
    ("America/Guadeloupe", _("Guadeloupe")),
    ("America/Martinique", _("Martinique")),
    ("America/Cayenne", _("French Guiana")),
    ("Indian/Reunion", _("Réunion")),
    ("Indian/Mayotte", _("Mayotte")),
    ("America/Miquelon", _("Saint-Pierre-et-Miquelon")),
    ("Pacific/Noumea", _("New Caledonia")),
    ("Pacific/Tahiti", _("French Polynesia")),
]


class FirstRunForm(forms.Form):
    """The pharmacy and its owner, in one minute."""

    pharmacy = forms.CharField(label=_("Name of the pharmacy"), max_length=120)
    time_zone = forms.ChoiceField(label=_("Where it is"), choices=ZONES)
    stock_truth = forms.ChoiceField(
        label=_("Who holds the truth of the stock?"),
        choices=Pharmacy.StockTruth.choices,
        initial=Pharmacy.StockTruth.LGO,
        widget=forms.RadioSelect,
        help_text=_(
            "Beside a dispensing software, sales stay there and are read from its files. You can "
            "change this later."
        ),
    )
    name = forms.CharField(label=_("Your first and last name"), max_length=120)
    username = forms.RegexField(
        r"^[a-z0-9._-]{2,60}$",
        label=_("Your username"),
        error_messages={"invalid": _("Use small letters, digits, dots or dashes, two at least.")},
    )
    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        help_text=_("Ten characters at least."),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class PharmacyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Identity of the pharmacy."""

    class Meta:
        model = Pharmacy
        fields = ["name", "address", "time_zone", "territory", "stock_truth", "team_informed_on"]
        widgets = {"team_informed_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(
                _("This is not a time zone. Type one such as Europe/Paris.")
            )
        return zone


class ValueForm(forms.Form):
    """A new dated value, with its source."""

    value = forms.CharField(label=_("New value"), max_length=40)
    valid_from = forms.DateField(
        label=_("Holds from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=300,
        help_text=_("Where the figure comes from: a timing, a payslip, a contract, a page."),
    )


class TariffForm(ValueForm):
    """A tariff is a number of minutes or euros."""

    is_measured = forms.BooleanField(label=_("Timed here"), required=False)
    sign = forms.BooleanField(
        label=_("I sign this value for the pharmacy"), required=False,
        help_text=_("A signed value counts as proved in the loss ledger."),
    )  # fmt: skip


class ClosedDayForm(forms.Form):
    """A day off."""

    closed_on = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("Reason"), max_length=80, required=False)
