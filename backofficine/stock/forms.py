"""What a person types about the stock: a box taken out, a count, a file."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from backofficine.stock.models import Location, Lot, Posting
from backofficine.stock.services.imports import MOST_UNITS
from backofficine.stock.services.places import KINDS, LONGEST_CODE
from backofficine.web.forms import ChoiceField

LARGEST_FILE = 60 * 1024 * 1024  # bytes


class RequestForm(forms.Form):
    """An act with its number, so that a double click is one act."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class TakeOutForm(RequestForm):
    """A box leaves the stock: which lot, how many, why, where to."""

    lot_choice = forms.ChoiceField(label=_("Lot"), widget=forms.RadioSelect)
    number = forms.CharField(label=_("Lot number"), max_length=20, required=False)
    expires_on = forms.DateField(
        label=_("Expiry"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    quantity = forms.IntegerField(label=_("Boxes"), min_value=1, max_value=MOST_UNITS, initial=1)
    cause = forms.ChoiceField(
        label=_("Cause"),
        widget=forms.RadioSelect,
        choices=[choice for choice in Posting.Cause.choices if choice[0]],
        error_messages={"required": _("Say why: the loss is told by its cause.")},
    )
    destination = forms.ChoiceField(
        label=_("To"),
        widget=forms.RadioSelect,
        choices=[
            (Location.Kind.WASTE, Location.Kind.WASTE.label),
            (Location.Kind.QUARANTINE, Location.Kind.QUARANTINE.label),
        ],
        initial=Location.Kind.WASTE,
    )

    OTHER = "other"

    def __init__(self, *args: Any, lots: list[Lot], unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lots = {str(lot.public_id): lot for lot in lots}
        choices = [(key, _lot_words(lot)) for key, lot in self.lots.items()]
        field = self.fields["lot_choice"]
        assert isinstance(field, forms.ChoiceField), "lots are chosen in a list"
        field.choices = [*choices, (self.OTHER, _("another lot"))]
        self.fields["quantity"].label = unit

    @property
    def lot(self) -> Lot | None:
        """The lot chosen among those held; ``None`` for another one."""
        return self.lots.get(self.cleaned_data["lot_choice"])


def _lot_words(lot: Lot) -> str:
    if not lot.has_known_date:
        return str(_("%(lot)s, expiry not known")) % {"lot": lot}
    return str(_("%(lot)s, exp. %(expiry)s")) % {"lot": lot, "expiry": f"{lot.expires_on:%m/%Y}"}


class CountForm(RequestForm):
    """A blind count: what is seen, never what was recorded."""

    location = ChoiceField(
        label=_("Place"), queryset=Location.objects.none(), to_field_name="public_id",
        empty_label=None,
    )  # fmt: skip
    counted = forms.IntegerField(
        label=_("Boxes counted"), min_value=0, max_value=MOST_UNITS,
        error_messages={"required": _("Count, then type the number: 0 if there is none.")},
    )  # fmt: skip

    def __init__(self, *args: Any, places: list[Location], unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        assert isinstance(field, forms.ModelChoiceField), "a place is chosen in a list"
        field.queryset = Location.objects.filter(pk__in=[place.pk for place in places]).order_by(
            "walk_order", "pk"
        )
        self.fields["counted"].label = unit


class PlaceForm(forms.Form):
    """A new place. Its address is printed on a label: it is never edited afterwards."""

    code = forms.CharField(
        label=_("Address"), max_length=LONGEST_CODE,
        help_text=_("As on the label: A-014. It never changes."),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind, kind.label) for kind in KINDS])
    room = forms.IntegerField(
        label=_("Boxes that fit"), min_value=1, max_value=MOST_UNITS, required=False
    )
    zone = ChoiceField(
        label=_("Zone"), required=False, empty_label=_("none"),
        queryset=Location.objects.filter(kind=Location.Kind.ZONE).order_by("walk_order", "pk"),
    )  # fmt: skip


class ModeForm(forms.Form):
    """How boxes are put away in a place."""

    mode = forms.ChoiceField(choices=Location.PutAwayMode.choices)


class FileForm(forms.Form):
    """A file of the dispensing software, or the national files in one archive."""

    STOCK, SALES, BDPM = "stock", "sales", "bdpm"

    kind = forms.ChoiceField(
        label=_("What it holds"),
        choices=[
            (STOCK, _("the stock")),
            (SALES, _("the sales")),
            (BDPM, _("the national catalogue (ZIP)")),
        ],
        widget=forms.RadioSelect,
        initial=SALES,
    )
    file = forms.FileField(
        label=_("File"),
        error_messages={"required": _("Choose the file exported by your software.")},
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(
                _("This file is larger than 60 MB: export a shorter period, then a second file.")
            )
        return file
