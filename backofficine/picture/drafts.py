"""Files between the page that takes them and the picture: kept apart, looked at, then erased.

A raw export may hold columns that are nobody's business here. It stays in the installation's
folder, readable by the program alone, until the picture is taken or for a day at most.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backofficine.formats.exports import Layout, Proposal, What, read_export
from backofficine.formats.exports.months import wide_months
from backofficine.formats.exports.propose import propose_from
from backofficine.formats.tables import TableRefused, open_grids
from backofficine.kernel.errors import DomainError

KEPT = timedelta(days=1)
SHOWN_REJECTED = 50
_TOLD_BY_MONTHS = ("date", "quantity")


class ExportRefused(DomainError):
    """This file cannot be used; the reader's French sentence says what to do."""

    message = _("%(why)s")


@dataclass(frozen=True)
class Choice:
    """What a person chose for one file; ``columns`` is ``None`` until something was chosen.

    ``newest``: month ``AAAA-MM`` of the newest column; ``year``: of the newest month.
    """

    columns: dict[str, int] | None = None
    sheet: int | None = None
    newest: str = ""
    year: int | None = None
    is_remembered: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give what JSON keeps."""
        return vars(self).copy()


@dataclass(frozen=True)
class Look:
    """A file as it was looked at: everything the confirm page shows, in plain JSON values."""

    name: str
    size: int
    choice: Choice
    layout: dict[str, Any]
    fingerprint: str
    fields: list[dict[str, Any]]
    headings: list[str]
    preview: list[tuple[int, list[str]]]
    questions: list[str]
    notes: list[str]
    sheets: list[str]
    read_as: str
    asks_year: bool
    asks_newest: bool
    missing: list[str]
    lines: int
    rejected: int
    reasons: list[tuple[int, str]]
    first_on: str = ""
    last_on: str = ""
    refused: str = ""

    @property
    def months(self) -> int:
        """How many columns of months there are, where the file tells sales so."""
        return len(self.layout["months"])

    @property
    def first_day(self) -> date | None:
        return date.fromisoformat(self.first_on) if self.first_on else None

    @property
    def last_day(self) -> date | None:
        return date.fromisoformat(self.last_on) if self.last_on else None

    @property
    def is_ready(self) -> bool:
        """Whether the file can be read as it stands."""
        return not self.missing and not self.refused

    @property
    def is_known(self) -> bool:
        """Whether someone confirmed these very columns before."""
        return self.choice.is_remembered and self.is_ready


@dataclass
class Draft:
    """The files of a picture to come; a folder named by a number nobody can guess."""

    number: UUID
    person: int
    started_at: datetime
    looks: dict[What, Look] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return _root() / str(self.number)

    def bytes_of(self, what: What) -> bytes:
        """Give the file as it came."""
        return (self.folder / what).read_bytes()

    @property
    def is_ready(self) -> bool:
        """Whether stock and sales are here, and every file can be read."""
        return {What.STOCK, What.SALES} <= self.looks.keys() and all(
            look.is_ready for look in self.looks.values()
        )

    @property
    def is_known(self) -> bool:
        """Whether every file looks like one that was confirmed before."""
        return self.is_ready and all(look.is_known for look in self.looks.values())


def _root() -> Path:
    return Path(settings.DATA_DIR) / "drafts"


# --- Begin, find, forget --------------------------------------------------------------------------


def begin(*, person: int, at: datetime) -> Draft:
    """Open a draft for a person, and erase those of yesterday."""
    sweep(at=at)
    draft = Draft(uuid4(), person, at)
    _root().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.folder.mkdir(mode=0o700)
    _save(draft)
    return draft


def find(number: UUID, *, person: int) -> Draft | None:
    """Give a person's own draft; ``None`` if it is gone, or another's."""
    try:
        kept = json.loads((_root() / str(number) / "draft.json").read_bytes())
    except (OSError, ValueError):
        return None
    if kept["person"] != person:
        return None
    return Draft(
        number,
        person,
        datetime.fromisoformat(kept["started_at"]),
        {What(name): _look(one) for name, one in kept["looks"].items()},
    )


def forget(draft: Draft) -> None:
    """Erase its files."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def sweep(*, at: datetime) -> None:
    """Erase the drafts that are older than a day."""
    for folder in _root().glob("*"):
        try:
            kept = json.loads((folder / "draft.json").read_bytes())
            is_old = at - datetime.fromisoformat(kept["started_at"]) > KEPT
        except (OSError, ValueError, KeyError):
            is_old = _is_abandoned(folder, at=at)
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path, *, at: datetime) -> bool:
    """Whether a folder that says nothing of itself is old: another request may be making it."""
    try:
        return at.timestamp() - folder.stat().st_mtime > KEPT.total_seconds()
    except OSError:
        return True


def _save(draft: Draft) -> None:
    text = json.dumps(
        {
            "person": draft.person,
            "started_at": draft.started_at.isoformat(),
            "looks": {
                what: vars(look) | {"choice": look.choice.as_dict()}
                for what, look in draft.looks.items()
            },
        },
        ensure_ascii=False,
    )
    # Written whole, then named: a reader never sees a half.
    fresh = draft.folder / "draft.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(draft.folder / "draft.json")


def _look(kept: Mapping[str, Any]) -> Look:
    return Look(**{**kept, "choice": Choice(**kept["choice"])})


# --- Look at a file -------------------------------------------------------------------------------


def put(
    draft: Draft,
    what: What,
    data: bytes,
    *,
    name: str,
    remembered: Mapping[str, Mapping[str, int]],
) -> Look:
    """Take a file in, with the columns remembered for its headings.

    :param remembered: fingerprint → field → column, as they were confirmed before.
    :raises ExportRefused: if it holds no table at all; what was there stays.
    """
    look = _looked_at(data, what, Choice(), name=name)
    known = remembered.get(look.fingerprint)
    if known is not None:
        choice = Choice(columns=dict(known), sheet=look.layout["sheet"], is_remembered=True)
        look = _looked_at(data, what, choice, name=name)
    path = draft.folder / what
    path.touch(mode=0o600)
    path.write_bytes(data)
    draft.looks[what] = look
    _save(draft)
    return look


def drop(draft: Draft, what: What) -> None:
    """Leave a file out."""
    draft.looks.pop(what, None)
    (draft.folder / what).unlink(missing_ok=True)
    _save(draft)


def choose(draft: Draft, what: What, choice: Choice) -> Look:
    """Look again at a file with what a person chose.

    :raises ExportRefused: if the file holds no table any more.
    """
    before = draft.looks[what]
    if choice == replace(before.choice, is_remembered=False):
        return before
    draft.looks[what] = _looked_at(draft.bytes_of(what), what, choice, name=before.name)
    _save(draft)
    return draft.looks[what]


def _looked_at(data: bytes, what: What, choice: Choice, *, name: str) -> Look:
    try:
        proposal, layout = _proposed(data, what, choice)
    except TableRefused as refusal:
        raise ExportRefused(why=str(refusal)) from refusal
    missing = [one for one in proposal.missing if one not in layout.columns]
    missing += [
        one.name
        for one in proposal.fields
        if one.is_required
        and one.name not in layout.columns
        and one.name not in missing
        and not (layout.months and one.name in _TOLD_BY_MONTHS)
    ]
    told: dict[str, Any] = {"lines": proposal.lines, "rejected": 0, "reasons": []}
    if not missing:
        try:
            export = read_export(data, what, layout=layout)
        except TableRefused as refusal:
            told["refused"] = str(refusal)
        else:
            told = {
                "lines": len(export.lines),
                "rejected": len(export.rejected),
                "reasons": [(one.line, one.reason) for one in export.rejected[:SHOWN_REJECTED]],
                "first_on": export.first_on.isoformat() if export.first_on else "",
                "last_on": export.last_on.isoformat() if export.last_on else "",
            }
            proposal.notes.extend(note for note in export.notes if note not in proposal.notes)
    nameless = wide_months(proposal.headings).nameless if what is What.SALES else {}
    return Look(
        name=name,
        size=len(data),
        choice=choice,
        layout=layout.as_dict(),
        fingerprint=proposal.fingerprint,
        fields=_fields(proposal, layout),
        headings=proposal.headings,
        preview=proposal.preview,
        # What the reader asked is answered by a choice of columns.
        questions=[] if choice.columns is not None and not missing else proposal.questions,
        notes=proposal.notes,
        sheets=proposal.sheets,
        read_as=proposal.read_as,
        asks_year=bool(nameless) and "date" not in layout.columns,
        asks_newest=bool(layout.relative),
        missing=missing,
        **told,
    )


def _proposed(data: bytes, what: What, choice: Choice) -> tuple[Proposal, Layout]:
    grids = open_grids(data)
    sheet = choice.sheet if choice.sheet is not None and choice.sheet < len(grids) else None
    proposal = propose_from(
        grids if sheet is None else [grids[sheet]],
        what,
        columns=choice.columns,
        newest=choice.newest or None,
        year=choice.year,
    )
    layout = proposal.layout
    if sheet is not None:
        layout = replace(layout, sheet=sheet)
        proposal = replace(proposal, sheets=[grid.name for grid in grids])
    if choice.columns is not None:
        # What a person left out is not guessed again.
        layout = replace(
            layout,
            columns={one: index for one, index in layout.columns.items() if one in choice.columns},
        )
    return proposal, layout


def _fields(proposal: Proposal, layout: Layout) -> list[dict[str, Any]]:
    """Every field with the column taken for it, those recognised first."""
    told = []
    for one in proposal.fields:
        guess = proposal.guesses.get(one.name)
        index = layout.columns.get(one.name)
        told.append(
            {
                "name": one.name,
                "french": one.french,
                # Columns of months tell both the days and the boxes.
                "is_required": one.is_required
                and not (layout.months and one.name in _TOLD_BY_MONTHS),
                "column": index,
                "how": guess.how if guess and index is not None else "",
                "confidence": guess.confidence if guess and index is not None else 0.0,
                "sample": list(proposal.samples[index]) if index is not None else [],
            }
        )
    return sorted(told, key=lambda one: one["column"] is None and not one["is_required"])


# --- How far the picture is -----------------------------------------------------------------------


def tell(draft: Draft, stage: str) -> None:
    """Say which part is being computed, to whoever asks from another request."""
    # The same files asked twice at once: the first to end erased the folder.
    with suppress(OSError):
        draft.folder.joinpath("stage").write_text(stage, encoding="ascii")


def stage(draft: Draft) -> str:
    """Which part is being computed; "" before the first."""
    try:
        return draft.folder.joinpath("stage").read_text(encoding="ascii")
    except OSError:
        return ""
