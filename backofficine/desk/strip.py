"""The day drawn as one strip: where each round, cut-off and opening falls, in per cent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backofficine.desk.queries.today import Drop, RoundOfDay, RoundState, Today

BEFORE_OPENING = timedelta(minutes=90)
AFTER_CLOSING = timedelta(minutes=30)
UNPACKING = timedelta(minutes=90)  # how wide a round is drawn
LABEL_WIDTH = 22.0  # what a cut-off's words take
RIGHT_SIDE = 78.0  # a label that begins further is written to the left of its line


@dataclass(frozen=True, slots=True)
class Span:
    """A round or a drop. ``state``: done, open or plan; ``row`` from the top."""

    left: str
    width: str
    state: str
    row: int
    round_of_day: RoundOfDay | None = None
    drop: Drop | None = None
    is_narrow: bool = False

    @property
    def top(self) -> int:
        return 56 + 32 * self.row


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut-off and the drop it leads to."""

    left: str
    at: datetime
    due_at: datetime
    is_past: bool
    is_right: bool
    is_same_day: bool
    is_low: bool  # its label stands one line lower: the cut-off before it is too near


@dataclass(slots=True)
class Strip:
    """Positions from 0 to 100, as text for a style."""

    hours: list[tuple[str, datetime]] = field(default_factory=list)
    openings: list[tuple[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    now: str = ""
    wait: tuple[str, str] | None = None  # from now to the next cut-off


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the day on a phone: a round, a cut-off, or now when it is neither."""

    at: datetime
    round_of_day: RoundOfDay | None = None
    is_cut_off: bool = False

    @property
    def is_now(self) -> bool:
        return self.round_of_day is None and not self.is_cut_off


def moments(one: Today) -> list[Moment]:
    """The day in order of time: its rounds, now, and the cut-offs still ahead."""
    _start, end = _ends(one)
    lines = [Moment(each.due_at, round_of_day=each) for each in one.rounds]
    lines += [
        Moment(each.cut_off_at, is_cut_off=True)
        for each in one.cut_offs
        if one.at < each.cut_off_at <= end
    ]
    return sorted([*lines, Moment(one.at)], key=lambda line: line.at)


def strip(one: Today) -> Strip:
    """The strip from well before the first opening (or round) to after the last."""
    start, end = _ends(one)
    length = (end - start).total_seconds()

    def place(at: datetime) -> float:
        return max(0.0, min(100.0, 100 * (at - start).total_seconds() / length))

    def text(value: float) -> str:
        return f"{value:.2f}"

    drawn = Strip()
    hour = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour < end:
        drawn.hours.append((text(place(hour)), hour))
        hour += timedelta(hours=1)
    drawn.openings = [
        (text(place(opens)), text(place(closes) - place(opens))) for opens, closes in one.openings
    ]
    if start <= one.at <= end:
        drawn.now = text(place(one.at))
    taken: list[float] = []  # right end of each row

    def lay(left: float, width: float) -> int:
        for row, right in enumerate(taken):
            if left >= right:
                taken[row] = left + width
                return row
        taken.append(left + width)
        return len(taken) - 1

    for each in one.rounds:
        left = place(each.due_at)
        until = each.due_at + UNPACKING
        state = {RoundState.RECEIVED: "done", RoundState.AWAITED: "plan"}.get(each.state, "open")
        if state == "open":
            until = max(one.at, each.due_at + timedelta(minutes=20))
        width = max(place(until) - left, 4.0)
        drawn.spans.append(
            Span(
                text(left),
                text(width),
                state,
                min(lay(left, width), 1),
                round_of_day=each,
                is_narrow=width < 7,
            )
        )
    rounds = {each.delivery_round.pk for each in one.rounds}
    for drop in one.drops:
        if drop.delivery_round_id in rounds:
            continue
        left = place(drop.dropped_at)
        width = max(place(one.at) - left, 1.4)
        drawn.spans.append(
            Span(
                text(left),
                text(width),
                "open",
                min(lay(left, width), 1),
                drop=drop,
                is_narrow=width < 7,
            )
        )
    coming = one.next_cut_off
    label_at, is_low = -100.0, False
    for cut_off in one.cut_offs:
        at = cut_off.cut_off_at
        if not start <= at <= end:
            continue
        if at >= one.at:
            is_low = place(at) - label_at < LABEL_WIDTH and not is_low
            label_at = place(at)
        drawn.cuts.append(
            Cut(
                left=text(place(at)),
                at=at,
                due_at=cut_off.due_at,
                is_past=at < one.at,
                is_right=place(at) > RIGHT_SIDE,
                is_same_day=cut_off.due_at < end + timedelta(hours=4),
                is_low=is_low and at >= one.at,
            )
        )
    if coming is not None and drawn.now and coming.cut_off_at <= end:
        left = place(one.at)
        drawn.wait = (text(left), text(place(coming.cut_off_at) - left))
    return drawn


def _ends(one: Today) -> tuple[datetime, datetime]:
    dues = [each.due_at for each in one.rounds]
    if one.openings:
        start = one.openings[0][0] - BEFORE_OPENING
        end = one.openings[-1][1] + AFTER_CLOSING
    else:
        start, end = one.at - timedelta(hours=4), one.at + timedelta(hours=8)
    early = min([start, *(due for due in dues if due > start - timedelta(hours=3))])
    late = max([end, *(due + timedelta(minutes=45) for due in dues)])
    return early, late
