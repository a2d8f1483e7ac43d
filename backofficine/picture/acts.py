"""The acts for Monday: what costs nothing first, each with the numbers that make it worth it."""

from collections.abc import Mapping

from backofficine.picture.report import Act, Line, Number, Section, boxes
from backofficine.picture.sections.base import euros_of
from backofficine.picture.shelf import Shelf

SELLS_A_MONTH = 1  # boxes: below, a shelf that is never empty costs more than it serves
MINUTES_A_COUNT = 1  # of walking and looking, one product of a list in walking order


def acts_of(shelf: Shelf, sections: Mapping[str, Section]) -> tuple[Act, ...]:
    """In the order to do them; an act without anything to do is left out."""
    acts: list[Act] = []

    def say(key: str, section: str, lines: tuple[Line, ...], **numbers: Number) -> None:
        if lines:
            shown: dict[str, Number] = {"lines": len(lines), "euros": euros_of(lines), **numbers}
            acts.append(Act(key, section, numbers=shown))

    def reasons(section: str, *keys: str) -> tuple[Line, ...]:
        return tuple(line for line in sections[section].lines if line.reason in keys)

    ghosts = sections["ghosts"]
    rate = ghosts.figure("count_list")
    if rate is not None:
        listed = ghosts.behind("count_list")
        wrong = round(rate.value * len(listed))
        say("count_twenty", "ghosts", listed, wrong=wrong,
            minutes=MINUTES_A_COUNT * len(listed))  # fmt: skip
    negative = [item for item in shelf.items if item.held < 0]
    if negative:
        acts.append(Act("count_negative", "ghosts", numbers={"lines": len(negative)}))
    say("pull_expired", "expiry", reasons("expiry", "already_expired"))
    ahead = reasons("expiry", "will_not_sell")
    say("sell_before_expiry", "expiry", ahead, boxes=_boxes(ahead))
    ordered = sections["dead_codes"].behind("dead_ordered")
    say("stop_ordering_dead", "dead_codes", ordered)
    stopped = sections["dead_codes"].behind("dead_boxes")
    say("sell_dead", "dead_codes", stopped, boxes=_boxes(stopped))
    ours = tuple(line for line in sections["missing"].behind("missing_boxes") if _is_worth(line))
    say("raise_minimum", "missing", ours, boxes_per_month=_boxes(ours))
    say("lower_orders", "dormant", sections["dormant"].behind("excess_boxes"))
    say("sell_old_price_first", "price_cuts", reasons("price_cuts", "price_fell"))
    say("ask_return", "dormant", reasons("dormant", "dormant_ask_return", "excess_ask_return"))
    say("choose_laboratory", "dispersion", sections["dispersion"].lines)
    return tuple(acts)


def _is_worth(missing: Line) -> bool:
    """Whether a higher minimum would not make one more dormant product of it."""
    return missing.numbers["per_month"] >= SELLS_A_MONTH and missing.boxes_low > 0


def _boxes(lines: tuple[Line, ...]) -> Number:
    return boxes(float(sum(line.boxes for line in lines)))
