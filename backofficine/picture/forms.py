"""What a person gives to a picture: two or three files, the columns of each, what was counted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from backofficine.formats.exports import What
from backofficine.picture.drafts import Choice, Look
from backofficine.picture.report import Line
from backofficine.stock.services.imports import MOST_UNITS

TITLES = {What.STOCK: _("Stock"), What.SALES: _("Sales"), What.PURCHASES: _("Purchases")}
LARGEST_FILE = 60 * 1024 * 1024  # bytes
_LETTERS = 26


class FilesForm(forms.Form):
    """The exports themselves. One that is already here need not come again."""

    stock = forms.FileField(
        label=TITLES[What.STOCK],
        error_messages={"required": _("Choose the export of the stock.")},
    )
    sales = forms.FileField(
        label=TITLES[What.SALES],
        error_messages={"required": _("Choose the export of the sales.")},
    )
    purchases = forms.FileField(label=TITLES[What.PURCHASES], required=False)

    def __init__(self, *args: Any, here: set[What], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for what in here:
            self.fields[what].required = False
        for field in self.fields.values():
            assert isinstance(field, forms.FileField), "the form takes files only"
            field.allow_empty_file = True  # the reader says better what to do
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


_SURE, _LIKELY = 0.8, 0.5  # confidence of the reader


@dataclass(frozen=True)
class FieldRow:
    """One field on the confirm page: its select, a sample, and how its column was recognised."""

    field: forms.BoundField
    sample: str
    recognised: str
    is_doubtful: bool
    is_shown: bool

    @classmethod
    def of(cls, told: Mapping[str, Any], field: forms.BoundField) -> "FieldRow":
        """Put what the reader told of a field into words."""
        doubtful = False
        if told["column"] is None:
            words, doubtful = (_("to choose"), True) if told["is_required"] else ("", False)
        elif told["how"] == "choice":
            words = _("chosen")
        elif told["confidence"] < _LIKELY:
            words, doubtful = _("to check"), True
        elif told["how"] == "name":
            words = (
                _("by its title, sure")
                if told["confidence"] >= _SURE
                else _("by its title, likely")
            )
        elif told["confidence"] >= _SURE:
            words = _("by its content, sure")
        else:
            words = _("by its content, likely")
        return cls(
            field=field,
            sample=" · ".join(told["sample"][:3]),
            recognised=str(words),
            is_doubtful=doubtful,
            is_shown=told["column"] is not None or told["is_required"] or bool(field.errors),
        )


class ColumnsForm(forms.Form):
    """Where everything is in one file, as it was recognised; each answer may be changed."""

    asked_year = forms.IntegerField(
        label=_("Year of the newest month"), min_value=2000, max_value=2100, required=False
    )
    asked_newest = forms.RegexField(
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
            del self.fields["asked_year"]
        else:
            self.initial["asked_year"] = chosen.year
        if not look.asks_newest:
            del self.fields["asked_newest"]
        else:
            self.initial["asked_newest"] = chosen.newest
        if len(look.sheets) > 1:
            self.fields["asked_sheet"] = forms.TypedChoiceField(
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
                widget=forms.Select(attrs={"class": "form-select"}),
                initial="" if one["column"] is None else one["column"],
            )

    def _columns(self) -> list[tuple[int, str]]:
        return [
            (index, f"{letter(index)} · {heading[:40]}" if heading else letter(index))
            for index, heading in enumerate(self.look.headings)
        ]

    @property
    def title(self) -> str:
        return str(TITLES[self.what])

    @property
    def asked(self) -> list[forms.BoundField]:
        """The sheet, the year, the month: only what this file leaves in doubt."""
        names = ("asked_sheet", "asked_year", "asked_newest")
        return [self[name] for name in names if name in self.fields]

    @property
    def shown_rows(self) -> list["FieldRow"]:
        """What was recognised, what is needed, what is to mend."""
        return [row for row in self._rows() if row.is_shown]

    @property
    def absent_rows(self) -> list["FieldRow"]:
        """What the file does not seem to hold, and can do without."""
        return [row for row in self._rows() if not row.is_shown]

    def _rows(self) -> list["FieldRow"]:
        return [FieldRow.of(one, self[one["name"]]) for one in self.look.fields]

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
        if look.refused:
            self.add_error(None, look.refused)
        for name in look.missing:
            if "asked_year" in self.fields and name in ("date", "quantity"):
                if not self.has_error("asked_year"):
                    self.add_error("asked_year", _("Say of which year the newest month is."))
            elif name in self.fields:
                self.add_error(name, _("The file cannot be read without this column: choose it."))
            elif "asked_newest" in self.fields:
                self.add_error("asked_newest", _("Say which month the newest column is."))

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        told = self.cleaned_data
        sheet = told.get("asked_sheet", self.look.layout["sheet"])
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
        year, newest = told.get("asked_year"), told.get("asked_newest") or ""
        is_same = columns == before and (year, newest) == (kept.year, kept.newest)
        return (
            Choice(kept.columns, kept.sheet, kept.newest, kept.year)
            if is_same
            else Choice(columns, sheet if len(self.look.sheets) > 1 else None, newest, year)
        )


class FoundForm(forms.Form):
    """What was found of each product of the count list; empty means not checked."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(
        self, data: Any = None, *, lines: Sequence[Line], known: Mapping[str, int]
    ) -> None:
        super().__init__(data)
        self.known = known
        self.fields_of = {found_name(line.code): line for line in lines}
        for name, line in self.fields_of.items():
            self.fields[name] = forms.IntegerField(
                label=line.label,
                min_value=0,
                max_value=MOST_UNITS,
                required=False,
                initial=known.get(line.code),
                widget=forms.NumberInput(
                    attrs={"class": "form-control n", "inputmode": "numeric", "autocomplete": "off"}
                ),
                error_messages={"invalid": _("Type the number of boxes found: 0 if none.")},
            )

    @property
    def fresh(self) -> dict[str, int]:
        """Code → boxes found, of what was typed now or changed."""
        return {
            line.code: self.cleaned_data[name]
            for name, line in self.fields_of.items()
            if self.cleaned_data.get(name) is not None
            and self.cleaned_data[name] != self.known.get(line.code)
        }

    def renew(self) -> None:
        """Let the same page be kept once more, with what is typed on it."""
        kept = {name: self.data[name] for name in self.data}
        self.data = {**kept, "request_id": str(uuid4())}


def found_name(code: str) -> str:
    """Name the field of a product: by its code, for the list moves while it is walked."""
    return "found_" + re.sub(r"\W", lambda sign: f"-{ord(sign[0]):x}-", code)


def letter(index: int) -> str:
    """Name a column as a spreadsheet does: A, B… Z, AA…"""
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text
