"""What a person gives to a picture: two or three files, the columns of each, what was counted."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from backofficine.formats.exports import What
from backofficine.picture.drafts import Choice, Look

LARGEST_FILE = 60 * 1024 * 1024  # bytes
_LETTERS = 26


class FilesForm(forms.Form):
    """The exports themselves. One that is already here need not come again."""

    stock = forms.FileField(
        label=_("Stock"),
        error_messages={"required": _("Choose the export of the stock.")},
    )
    sales = forms.FileField(
        label=_("Sales"),
        error_messages={"required": _("Choose the export of the sales.")},
    )
    purchases = forms.FileField(label=_("Purchases"), required=False)

    def __init__(self, *args: Any, here: set[What], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for what in here:
            self.fields[what].required = False
        for field in self.fields.values():
            field.widget.attrs["accept"] = ".csv,.txt,.tsv,.xls,.xlsx,.ods,.htm,.html,.zip"

    def _file(self, name: str) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data[name]
        if file is not None and (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(
                _("This file is larger than 60 MB: export a shorter period, then try again.")
            )
        return file

    def clean_stock(self) -> "UploadedFile[Any] | None":
        return self._file("stock")

    def clean_sales(self) -> "UploadedFile[Any] | None":
        return self._file("sales")

    def clean_purchases(self) -> "UploadedFile[Any] | None":
        return self._file("purchases")


class ColumnsForm(forms.Form):
    """Where everything is in one file, as it was recognised; each answer may be changed."""

    year = forms.IntegerField(
        label=_("Year of the newest month"), min_value=2000, max_value=2100, required=False
    )
    newest = forms.RegexField(
        r"20[0-9]{2}-(0[1-9]|1[0-2])",
        label=_("Month of the newest column"), required=False,
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-10"}),
        error_messages={"invalid": _("Type the year and the month: 2026-10.")},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, what: What, look: Look) -> None:
        super().__init__(data, prefix=str(what))
        self.look = look
        self.what = what
        chosen = look.choice
        if not look.asks_year:
            del self.fields["year"]
        else:
            self.initial["year"] = chosen.year
        if not look.asks_newest:
            del self.fields["newest"]
        else:
            self.initial["newest"] = chosen.newest
        if len(look.sheets) > 1:
            self.fields["sheet"] = forms.TypedChoiceField(
                label=_("Sheet to read"),
                choices=list(enumerate(look.sheets)),
                coerce=int,
                initial=look.layout["sheet"],
            )
        columns = [("", _("not in this file")), *self._columns()]
        for one in look.fields:
            self.fields[one["name"]] = forms.TypedChoiceField(
                label=one["french"],
                choices=columns,
                coerce=int,
                empty_value=None,
                required=False,
                initial="" if one["column"] is None else one["column"],
            )

    def _columns(self) -> list[tuple[int, str]]:
        return [
            (index, f"{letter(index)} · {heading[:40]}" if heading else letter(index))
            for index, heading in enumerate(self.look.headings)
        ]

    @property
    def rows(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        """Each field told by the reader, with the select that changes it."""
        return [(one, self[one["name"]]) for one in self.look.fields]

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        seen: dict[int, str] = {}
        for one in self.look.fields:
            index = told.get(one["name"])
            if index is None:
                continue
            if index in seen:
                self.add_error(
                    one["name"],
                    _("This column is already taken for: %(other)s.") % {"other": seen[index]},
                )
            seen[index] = one["french"]
        return told

    def say_what_lacks(self, look: Look) -> None:
        """Ask, beside its select, for each column the file cannot be read without."""
        for name in look.missing:
            if name in self.fields:
                self.add_error(name, _("The file cannot be read without this column: choose it."))
            elif "newest" in self.fields:
                self.add_error("newest", _("Say which month the newest column is."))

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        told = self.cleaned_data
        sheet = told.get("sheet", self.look.layout["sheet"])
        if sheet != self.look.layout["sheet"]:
            # Another sheet has other columns: it is looked at afresh.
            return Choice(sheet=sheet)
        columns = {
            one["name"]: told[one["name"]]
            for one in self.look.fields
            if told.get(one["name"]) is not None
        }
        before = {
            one["name"]: one["column"] for one in self.look.fields if one["column"] is not None
        }
        kept = self.look.choice
        year, newest = told.get("year"), told.get("newest") or ""
        is_same = columns == before and (year, newest) == (kept.year, kept.newest)
        return (
            Choice(kept.columns, kept.sheet, kept.newest, kept.year)
            if is_same
            else Choice(columns, sheet if len(self.look.sheets) > 1 else None, newest, year)
        )


class ActForm(forms.Form):
    """An act with its number, so that a double click is one act."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


def letter(index: int) -> str:
    """Name a column as a spreadsheet does: A, B… Z, AA…"""
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text
