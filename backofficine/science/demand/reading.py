"""What a bare file leaves unsaid: how much each weekday sells, which items share a season."""

from __future__ import annotations

import numpy as np

from backofficine.science.demand.history import Bools, Floats, Ints

# A day of the week is believed as much as this many normal days of it.
PRIOR_DAYS = 4.0
# Below this share of a normal day a shop is closed: what was written then is a slip.
CLOSED_BELOW = 0.02
# An attribute that few items share says nothing of a season.
ITEMS_OF_A_GROUP = 20


def week_weights(quantity: Floats, known: Bools) -> Floats:
    """(7,) share of a normal day of each place of the week, mean one; place 0 is the oldest day's.

    ``quantity`` and ``known`` are (n, T), a day each column. Products count by the square root of
    what they sell, so that neither the first of them nor the tail decides alone. A place that never
    sells is closed (0).
    """
    periods = quantity.shape[1]
    place = np.arange(periods) % 7
    asked = np.where(known, quantity, 0.0)
    rate = asked.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    trust = 1.0 / np.sqrt(np.maximum(rate, 1e-9))
    trust[rate <= 0] = 0.0
    seen = np.bincount(place, weights=(trust * rate) @ known, minlength=7)
    sold = np.bincount(place, weights=trust @ asked, minlength=7)
    if seen.sum() <= 0:
        return np.ones(7)
    prior = PRIOR_DAYS * seen.sum() / max(periods, 1)
    share = np.where(sold > CLOSED_BELOW * seen, (sold + prior) / (seen + prior), 0.0)
    return np.asarray(share / share.mean()) if share.any() else np.ones(7)


def group_of(attributes: Ints) -> Ints:
    """(n,) the items that share a season: the finest attribute whose groups are still large.

    Of the columns whose middle item has at least ``ITEMS_OF_A_GROUP`` in its group, the one of most
    groups; all items together when there is none.
    """
    best, most = np.zeros(len(attributes), dtype=np.int64), 1
    for column in attributes.T:
        sizes = np.bincount(column)
        if np.median(sizes[column]) >= ITEMS_OF_A_GROUP and len(sizes) > most:
            best, most = column, len(sizes)
    return best
