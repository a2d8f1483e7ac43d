"""What a person types about a supplier: its terms, its rounds, the days it does not come."""

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from backofficine.pharmacy.models import Weekday
from backofficine.purchasing.models import Supplier, SupplySchedule
from backofficine.purchasing.services import Terms, WeeklyRound

# Short, so that the six stand side by side on a phone.
DAYS = [(day.value, WEEKDAYS_ABBR[day.value]) for day in Weekday if day != Weekday.SUNDAY]
NEXT_DAYS = [(0, _("the same day")), (1, _("the next day")), (2, _("two days later"))]


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _hour() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class TermsForm(forms.Form):
    """Who a supplier is and what is agreed with it."""

    name = forms.CharField(label=_("Name"), max_length=80)
    customer_number = forms.CharField(label=_("Our customer number"), max_length=30, required=False)
    lead_time_days = forms.IntegerField(
        label=_("Delay in days"), min_value=0, max_value=365, required=False,
        help_text=_("For a direct supplier: from the order to the drop."),
    )  # fmt: skip
    free_carriage_from = forms.DecimalField(
        label=_("Free carriage from, € excl. VAT"), min_value=0, max_digits=8, decimal_places=2,
        localize=True, required=False,
    )  # fmt: skip
    dock_limit_minutes = forms.IntegerField(
        label=_("Minutes to empty the dock"), min_value=5, max_value=1440, initial=90
    )
    cold_limit_minutes = forms.IntegerField(
        label=_("Minutes a cold tote holds"), min_value=5, max_value=4320, initial=240
    )
    is_main = forms.BooleanField(label=_("Ordered from first"), required=False)

    @property
    def terms(self) -> Terms:
        return Terms(**{key: self.cleaned_data[key] for key in Terms.__dataclass_fields__})


class EditForm(TermsForm):
    """The terms of a supplier that is known; a wholesaler has no delay."""

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {key: getattr(supplier, key) for key in self.fields}
        if supplier.kind == Supplier.Kind.WHOLESALER:
            self.fields["lead_time_days"].widget = forms.HiddenInput()
        else:
            self.fields["lead_time_days"].required = True


class RoundsForm(forms.Form):
    """A weekly round, on several days."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the order"), choices=DAYS, coerce=int,
        widget=forms.CheckboxSelectMultiple, initial=[0, 1, 2, 3, 4],
    )  # fmt: skip
    cut_off = forms.TimeField(label=_("Last hour to order"), widget=_hour())
    drop = forms.TimeField(label=_("Hour of the drop"), widget=_hour())
    drop_day_offset = forms.TypedChoiceField(
        label=_("Delivered"), choices=NEXT_DAYS, coerce=int, initial=0
    )

    @property
    def rounds(self) -> list[WeeklyRound]:
        words = self.cleaned_data
        return [
            WeeklyRound(weekday, words["cut_off"], words["drop"], words["drop_day_offset"])
            for weekday in words["weekdays"]
        ]


class AddForm(RoundsForm, TermsForm):
    """A new supplier: a wholesaler with its first round, or a direct one with its delay."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Supplier.Kind.choices, initial=Supplier.Kind.WHOLESALER,
        widget=forms.RadioSelect,
    )  # fmt: skip
    ROUND = ("weekdays", "cut_off", "drop", "drop_day_offset")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("kind") == Supplier.Kind.DIRECT:
            for name in self.ROUND:
                self.fields[name].required = False
            self.fields["lead_time_days"].required = True

    @property
    def rounds(self) -> list[WeeklyRound]:
        """The first round of a wholesaler; a direct supplier has none, whatever was ticked."""
        return [] if self.cleaned_data["kind"] == Supplier.Kind.DIRECT else super().rounds


class EndForm(forms.Form):
    """The last day of rounds."""

    schedules = forms.ModelMultipleChoiceField(
        queryset=SupplySchedule.objects.none(), widget=forms.MultipleHiddenInput
    )
    last_day = forms.DateField(label=_("Last day"), widget=_day())

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["schedules"]
        assert isinstance(field, forms.ModelMultipleChoiceField), (
            "rounds are chosen among those known"
        )
        field.queryset = supplier.schedules.order_by("pk")


class DayForm(forms.Form):
    """One civil day."""

    day = forms.DateField(label=_("Day without a round"), widget=_day())
