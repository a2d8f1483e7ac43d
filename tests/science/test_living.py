"""The policy lives in the invented world: a sketch of what the twin does through real commands."""

from collections import defaultdict
from datetime import date

import numpy as np
import pytest

from backofficine.science.policies import NO_MAXIMUM, Columns, propose_many
from backofficine.science.simulation.assortment import OPEN_DAYS_PER_YEAR
from backofficine.science.simulation.past import (
    CutOff,
    PastPlan,
    PharmacyOpens,
    PutAway,
    Visit,
    live,
    visits_before,
    world_of,
)

PLAN = PastPlan.ending_on(date(2026, 11, 24), days=60)
DAYS_OF_HISTORY = 120
DEAR = 150
"""Euros: above, a product is ordered on request only."""


class Ledger:
    """Just enough of a pharmacy: boxes on the shelf, on order, owed; and the demand seen so far."""

    def __init__(self, assortment, *, on_hand):
        size = len(assortment)
        self.on_hand = on_hand
        self.on_order = np.zeros(size, dtype=np.int64)
        self.owed = np.zeros(size, dtype=np.int64)
        self.asked = np.zeros(size, dtype=np.int64)
        self.squares = np.zeros(size, dtype=np.int64)
        self.lines = np.zeros(size, dtype=np.int64)
        self.largest = np.zeros(size, dtype=np.int64)
        self.costs = np.array([float(product.unit_cost) for product in assortment])
        self.dear = np.array([product.public_price > DEAR for product in assortment])
        self.case_size = np.array([product.case_size for product in assortment])

    def notice(self, line):
        self.asked[line.product] += line.quantity
        self.squares[line.product] += line.quantity**2
        self.lines[line.product] += 1
        self.largest[line.product] = max(self.largest[line.product], line.quantity)

    def order(self, *, days):
        zeros = np.zeros_like(self.on_hand)
        half_a_day = np.full(len(zeros), 0.5)
        return propose_many(
            Columns(
                on_hand=self.on_hand,
                on_order=self.on_order,
                promised=self.owed,
                asked=self.asked,
                days=zeros + days,
                days_out=zeros,
                largest_line=self.largest,
                lines=self.lines,
                squares=self.squares,
                lead_time_days=half_a_day,
                review_days=half_a_day,
                case_size=self.case_size,
                minimum_floor=zeros,
                maximum=zeros + NO_MAXIMUM,
                on_request=self.dear,
            )
        ).quantity


@pytest.fixture(scope="module")
def lived(assortment):
    """Sixty days lived: served and missing lines of prescriptions, and stock values by round."""
    world = world_of(PLAN, seed=1, assortment=assortment)
    opening = [
        sum(lot.boxes for lot in world.opening_lots(product.index, day=PLAN.first_day))
        for product in assortment
    ]
    ledger = Ledger(assortment, on_hand=np.array(opening))
    for visit in visits_before(PLAN, seed=1, days=DAYS_OF_HISTORY, assortment=assortment):
        for line in visit.lines:
            ledger.notice(line)

    days = round(DAYS_OF_HISTORY * OPEN_DAYS_PER_YEAR / 365)
    lines, short, values, ordered = 0, 0, [], []
    underway = defaultdict(lambda: np.zeros(len(assortment), dtype=np.int64))
    for event in live(PLAN, seed=1, assortment=assortment):
        match event:
            case PharmacyOpens():
                days += 1
            case Visit():
                for line in event.lines:
                    ledger.notice(line)
                    lines += 1
                    given = min(line.quantity, ledger.on_hand[line.product])
                    ledger.on_hand[line.product] -= given
                    short += given < line.quantity
                    if event.waits:
                        ledger.owed[line.product] += line.quantity - given
            case CutOff(supplier=0):
                wanted = ledger.order(days=days)
                filled = np.zeros_like(wanted)
                for product in np.flatnonzero(wanted).tolist():
                    filled[product] = world.boxes_filled(
                        product, asked=int(wanted[product]), day=event.at.date()
                    )
                underway[event.cut_off_at] += filled
                ledger.on_order += filled
                ordered.append(int(wanted.sum()))
                values.append(float((ledger.on_hand * ledger.costs).sum()))
            case PutAway(supplier=0):
                arrived = underway.pop(event.cut_off_at)
                ledger.on_order -= arrived
                to_patients = np.minimum(arrived, ledger.owed)
                ledger.owed -= to_patients
                ledger.on_hand += arrived - to_patients
            case _:
                pass
    return {"lines": lines, "short": short, "values": values, "ordered": ordered, "end": ledger}


def test_most_lines_are_served_at_once(lived):
    """Domain § 4.4: 5 to 10 % of prescriptions are incomplete, at about 2.2 lines each."""
    missing = lived["short"] / lived["lines"]

    assert 0.01 < missing < 0.06


def test_the_stock_neither_melts_nor_swells(lived):
    first, last = lived["values"][0], lived["values"][-1]

    assert 0.5 < last / first < 1.3


def test_orders_replace_what_is_sold(lived):
    """About 300 boxes a day come from the wholesaler (domain § 1.2), two rounds a day."""
    settled = lived["ordered"][len(lived["ordered"]) // 2 :]

    assert 130 < np.mean(settled) < 260


def test_promises_do_not_pile_up(lived):
    assert lived["end"].owed.sum() < 100
