"""What goes wrong, how often: every rate with its unit and its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mishaps:
    """Rates of trouble. Chances lie between 0 and 1; « per day » means per open day."""

    # --- on the shelf ---
    not_found_per_day: float = 8.0
    """Boxes searched in vain at their address (domain § 8.2, line 34)."""
    really_missing: float = 0.15
    """Chance that a box not found is nowhere in the pharmacy. Assumed."""
    search_minutes: float = 3.0
    """Mean search (domain § 8.2, line 33); exponential, assumed."""
    silent_errors_per_day: float = 5.0
    """Stock errors born each day (domain § 5), unknown until a count or a search shows them."""
    breakages_per_day: float = 0.15
    """Boxes dropped or crushed. Assumed."""
    counting_error: float = 0.02
    """Chance that a person counts one box too many or too few. Assumed."""
    opened_fridge_alarm_per_day: float = 0.05
    """Fridge found open or too warm. Assumed."""

    # --- at the wholesaler ---
    fill_rate: float = 0.985
    """Chance that the main wholesaler has the product when nothing is short. Assumed."""
    second_fill_rate: float = 0.97
    """The same at the second one. Assumed."""
    shortage_share: float = 0.037
    """Share of references short or under tension at any time (FACTS § 5)."""
    shortage_days: int = 300
    """Length of a shortage, in days (FACTS § 5: age of the active ones, lower half of 499)."""
    filled_in_shortage: float = 0.15
    """Chance to be served all the same. Assumed."""
    spared_above: float = 3.0
    """Products selling more boxes a day than this are never short: their makers and copies are
    many. Assumed."""
    late_round: float = 0.03
    """Chance that a round comes late. Assumed."""
    late_minutes: tuple[int, int] = (20, 100)
    """Least and most. Assumed; still put away before closing."""

    # --- at reception ---
    gap_per_line: float = 0.006
    """Chance that a line received differs from the delivery note. Assumed."""
    gap_kinds: tuple[tuple[str, float], ...] = (
        ("missing", 0.45),
        ("extra", 0.20),
        ("substituted", 0.15),
        ("damaged", 0.12),
        ("price", 0.08),
    )
    """How gaps share out (kinds of design: missing, extra, substituted, price). Assumed."""
    short_dated: float = 0.02
    """Chance that a batch has less than six months to live when it comes. Assumed."""
    cold_forgotten: float = 0.02
    """Chance that the cold tote of a round waits outside the fridge. Assumed."""
    cold_forgotten_minutes: tuple[int, int] = (20, 90)
    """Least and most. Assumed."""

    # --- with patients ---
    never_collected: float = 0.05
    """Promises nobody comes for (domain § 4.4, range 2 to 10 %)."""
    collected_same_day: float = 0.45
    """Collected within some hours of being ready. Assumed."""
    collect_days: float = 2.0
    """Mean further days for the others, exponential. Assumed."""
    told: float = 0.6
    """Chance that the patient is told by telephone or message. Assumed."""

    # --- orders ---
    direct_orders_per_year: float = 260.0
    """Direct orders (domain § 2.4)."""
    round_missed: float = 0.01
    """Chance that the order is sent after the cut-off and waits for the next round. Assumed."""
