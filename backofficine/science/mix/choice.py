"""The best choice among listed options: the mixed-integer programme that HiGHS solves.

One binary per option of a product, one per level of a supplier::

    each product takes one option              sum of x = 1
    a supplier is closed or at one level       sum of u <= 1
    goods bought reach the level's goods       sum of goods x - sum of goods u >= 0
    a line at a supplier opens it              sum of x over an offer <= sum of u
    budget, room, commitments                  with a slack each, priced above all they could save
"""

from __future__ import annotations

import numpy as np

from backofficine.science.mix.backend import Answer, Mixed, merged, solve
from backofficine.science.mix.bill import Penalties
from backofficine.science.mix.dual import States
from backofficine.science.mix.problem import Instance
from backofficine.science.mix.tables import Bools, Floats, Ints, Options


def programme(
    instance: Instance,
    *,
    options: Options,
    supplier: Ints,
    states: States,
    allowed: Bools,
    penalties: Penalties,
) -> Mixed:
    """The programme over these options; ``supplier`` gives that of each offer."""
    s, p, n = len(instance.suppliers), len(instance.products), len(options)
    of = supplier[options.offer]
    every = np.arange(n)
    committed = np.array([one.commitment for one in instance.suppliers])
    # Rows: products, goods, levels, commitments, budget, room, then one per offer to be linked.
    goods, level, commitment = p, p + s, p + 2 * s
    budget, room, link = p + 3 * s, p + 3 * s + 1, p + 3 * s + 2
    undecided = allowed[:, 0]
    linked = undecided[of]
    offers, link_row = np.unique(options.offer[linked], return_inverse=True)

    cells = [
        (options.product, every, np.ones(n)),
        (goods + of, options.option, options.goods),
        (commitment + of, options.option, options.goods),
        (np.full(len(of), budget), options.option, options.goods),
        (np.full(n, room), every, options.litres),
        (link + link_row, options.option[linked], np.ones(int(linked.sum()))),
    ]
    places = np.nonzero(states.exists[:, 1:].ravel())[0]
    owner, which = places // 2, places % 2 + 1
    column = n + np.arange(len(places))
    cells += [
        (goods + owner, column, -states.goods[owner, which]),
        (level + owner, column, np.ones(len(places))),
    ]
    for place, one in zip(column, owner, strict=True):
        rows = np.nonzero(supplier[offers] == one)[0]
        cells.append((link + rows, np.full(len(rows), place), np.full(len(rows), -1.0)))
    slack = n + len(places)
    cells.append(
        (
            np.concatenate([commitment + np.arange(s), [budget, room]]),
            slack + np.arange(s + 2),
            np.concatenate([np.ones(s), [-1.0, -1.0]]),
        )
    )
    infinite = np.inf
    limits = np.array([penalties.budget, penalties.room])
    able = np.isfinite(limits)
    return Mixed(
        cost=np.concatenate(
            [
                options.cost,
                states.charge[owner, which],
                np.full(s, penalties.commitment),
                np.where(able, limits, 0.0),
            ]
        ),
        upper=np.concatenate(
            [
                np.ones(n),
                allowed[owner, which].astype(np.float64),
                np.full(s, infinite),
                np.where(able, infinite, 0.0),
            ]
        ),
        whole=np.arange(slack + s + 2) < slack,
        lower_row=np.concatenate(
            [
                np.ones(p),
                np.zeros(s),
                np.where(undecided, 0.0, 1.0),
                np.where(committed > 0.0, committed, -infinite),
                [-infinite, -infinite],
                np.full(len(offers), -infinite),
            ]
        ),
        upper_row=np.concatenate(
            [
                np.ones(p),
                np.full(s, infinite),
                np.ones(s),
                np.full(s, infinite),
                [
                    infinite if instance.budget is None else instance.budget,
                    infinite if instance.room is None else instance.room,
                ],
                np.zeros(len(offers)),
            ]
        ),
        matrix=merged(
            np.concatenate([row for row, _, _ in cells]),
            np.concatenate([place for _, place, _ in cells]),
            np.concatenate([value for _, _, value in cells]),
        ),
    )


def choose(
    mixed: Mixed, *, options: Options, offers: int, gap: float, seconds: float
) -> tuple[Ints | None, Answer]:
    """Boxes paid at each offer, or None if the time ran out first."""
    answer = solve(mixed, gap=gap, seconds=seconds)
    if answer.values is None:
        return None, answer
    return paid(answer.values[: len(options)], options=options, offers=offers), answer


def paid(values: Floats, *, options: Options, offers: int) -> Ints:
    """Boxes paid at each offer, for the options that are taken."""
    taken = options.taken(values > 0.5)
    boxes = np.zeros(offers, dtype=np.int64)
    boxes[taken.offer] = taken.paid
    return boxes
