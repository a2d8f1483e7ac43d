"""What no stock, no demand and no promise may break: the sentence leads to the quantity."""

import re
from datetime import date, time, timedelta
from decimal import Decimal
from math import ceil
from time import process_time
from uuid import uuid4

import pytest
from django.utils import translation
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backofficine.catalog.models import Product
from backofficine.pharmacy.models import Pharmacy
from backofficine.planning.models import ActivePolicy, Policy
from backofficine.planning.services import proposals, propose_orders
from backofficine.planning.services.train import train_forecasts
from backofficine.planning.why import Why, recompute, sentence, what_would_change
from backofficine.promises.models import Cause
from backofficine.promises.services import promise
from backofficine.purchasing.models import DeliveryRound, OrderLine
from backofficine.purchasing.services import generate_rounds
from backofficine.stock.models import DemandLine, StockRule
from tests.factories import (
    ActorFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    SupplierFactory,
    SupplyScheduleFactory,
    stocked,
)
from tests.factories.base import NOW, TODAY

PRODUCTS = 6


def number(text: str) -> Decimal:
    """A figure as the French read it: « 1 204,5 », « −3 »."""
    return Decimal(
        text.replace("\u202f", "").replace("\u00a0", "").replace("−", "-").replace(",", ".")
    )


FIGURE = r"(−?[\d\u202f]+(?:,\d+)?)"


def find(pattern: str, text: str) -> list[Decimal]:
    found = re.search(pattern.replace("#", FIGURE), text)
    assert found, f"“{pattern}” is not in “{text}”"
    return [number(one) for one in found.groups()]


def by_hand(text: str, why: Why) -> int:
    """The boxes to order, worked out as a person would from the words alone.

    ``why`` only tells which sentence to expect, never a number.
    """
    text = text.replace("\u00a0", " ")
    if why.blocked:
        assert "Commander 0" in text
        return 0
    on_hand, on_order, promised, net = find(r"Stock # \+ en commande # − promis # = #", text)
    assert on_hand + on_order - promised == net
    minimum = target = Decimal(0)
    if why.kept and why.engine:
        minimum, target = find(r"Commander sous #, jusqu’à #", text)
        enough, chance = find(r"# suffisent # fois sur 100", text)
        lead, review, expected = find(
            r"# j jusqu’à la livraison, # j jusqu’à la suivante : # att", text
        )
        missing, kept = find(r"un manquant coûte # €, un gardé un an # €", text)
        assert minimum == max(enough, why.floor) > 0
        assert 0 <= chance <= 100
        assert missing > 0 <= kept
        assert lead + review > 0 <= expected
        assert abs(number(f"{why.chance * 100:.0f}") - chance) <= 1
        if why.asked:
            _agrees_with_the_rate(text, why)
    elif why.kept:
        open_days, asked = find(r"Demandé en # jours ouverts : #", text)
        sold, days = asked, open_days
        if why.days_out or why.peak:
            sold, days = find(r": # ÷ # j", text)
        (rate,) = find(r"# par jour", text)
        assert abs(sold / days - rate) <= Decimal("0.005")
        out = find(r"# jours de rupture", text)[0] if why.days_out else 0
        peak = find(r"# d’une grosse demande", text)[0] if why.peak else 0
        assert sold == asked - peak
        assert days in (open_days - out, ceil(open_days / 10))
        lead, review = find(r"À couvrir : # j jusqu’à la livraison, # j", text)
        (safety,) = find(r"Sécurité #", text)
        minimum, target = find(r"Commander sous #, jusqu’à #", text)
        lowest = sold / days * lead + safety
        assert minimum >= ceil(lowest - Decimal("1e-9"))
        assert target >= minimum
        assert target >= ceil(lowest + sold / days * review - Decimal("1e-9"))
    elif why.floor:
        minimum = target = find(r"minimum fixé #", text)[0]
    need = target - net if net < minimum else Decimal(0)
    case = find(r"\(par #\)", text)[0] if "(par" in text else Decimal(1)
    # The engine's target holds a whole case above its minimum: cases are counted down to it.
    units = Decimal(need // case if why.engine and why.kept else ceil(need / case)) * case
    if "pas de place" in text and need:
        (units,) = find(r"ramené à #", text) if "ramené" in text else (Decimal(0),)
    if "sur aucune commande" in text:
        (units,) = find(r"sur aucune commande : commander #", text)
    if why.is_dose and units:
        (per_box,) = find(r"de # unités", text)
        return ceil(units / per_box)
    return int(units)


def _agrees_with_the_rate(text: str, why: Why) -> None:
    open_days, asked = find(r"Demandé en # jours ouverts : #", text)
    sold, days = asked, open_days
    if why.days_out or why.peak:
        sold, days = find(r": # ÷ # j", text)
    (rate,) = find(r"# par jour", text)
    assert abs(sold / days - rate) <= Decimal("0.005")


def choose_the_engine(actor) -> None:
    """Learn the past, and let the engine propose from now on."""
    train_forecasts(at=NOW)
    ActivePolicy.objects.create(policy=Policy.ENGINE, since=NOW, actor=actor, request_id=uuid4())


class TheSentence(TestCase):
    """Each run draws a small shop, proposes an order, and reads it as a pharmacist would."""

    @classmethod
    def setUpTestData(cls) -> None:
        Pharmacy.objects.get_or_create(pk=1, defaults={"name": "Pharmacie des Tilleuls"})
        cls.supplier = SupplierFactory(is_main=True)
        for hour, drop in ((11, 14), (19, 20)):
            for weekday in range(7):
                SupplyScheduleFactory(
                    supplier=cls.supplier, weekday=weekday, cut_off_time=time(hour, 30),
                    drop_time=time(drop, 30),
                )  # fmt: skip
        generate_rounds(at=NOW)
        cls.actor = ActorFactory()
        cls.shelf = LocationFactory()
        cls.products = [ProductFactory() for _ in range(PRODUCTS)]
        cls.earlier = OrderFactory(
            sent=True, number=9_000, supplier=cls.supplier, delivery_round=None
        )

    @settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(st.data())
    def test_every_line_is_found_again_from_its_words(self, data: st.DataObject) -> None:
        for product in self.products:
            self._live(product, data)
        if data.draw(st.booleans()):
            choose_the_engine(self.actor)
        delivery_round = DeliveryRound.objects.order_by("cut_off_at").first()

        order = propose_orders(
            supplier=self.supplier, delivery_round=delivery_round, at=NOW, actor=self.actor
        )

        with translation.override("fr"):
            for line in order.lines.all():
                why = Why.of(line.why)
                assert recompute(why) == line.proposed_quantity == line.quantity
                text = sentence(why, quantity=line.proposed_quantity)
                assert by_hand(text, why) == line.proposed_quantity, text
                assert line.promised_quantity <= line.quantity
                assert Why.of(why.as_numbers()) == why
                what_would_change(why)

    def _live(self, product: Product, data: st.DataObject) -> None:
        """Give a product a past and a present."""
        draw = data.draw
        per_box = draw(st.sampled_from([1, 1, 1, 14]))
        Product.objects.filter(pk=product.pk).update(
            case_size=draw(st.integers(1, 10)),
            doses_per_box=per_box,
            stock_unit="box" if per_box == 1 else "dose",
            storage=draw(st.sampled_from(["ambient", "ambient", "ambient", "fridge"])),
            availability=draw(st.sampled_from(["available", "available", "tension", "shortage"])),
            unit_cost=draw(st.sampled_from([Decimal(2), Decimal(2), Decimal(300)])),
        )
        product.refresh_from_db()
        lines = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 170)), max_size=30))
        DemandLine.objects.bulk_create(
            DemandLine(
                product=product, quantity=quantity, request_id=uuid4(),
                kind=draw(st.sampled_from(["history", "served", "missing"])),
                occurred_at=NOW - timedelta(days=back), occurred_on=TODAY - timedelta(days=back),
            )
            for quantity, back in lines
        )  # fmt: skip
        if quantity := draw(st.integers(0, 15)):
            stocked(product, quantity, location=self.shelf, actor=self.actor)
        if quantity := draw(st.integers(0, 5)):
            OrderLineFactory(order=self.earlier, product=product, quantity=quantity)
        if quantity := draw(st.integers(0, 3)):
            promise(
                product=product, quantity=quantity, name="Durand", cause=Cause.OTHER,
                can_wait=True, is_chosen=False, all_at_once=True, at=NOW, actor=self.actor,
                request_id=uuid4(),
            )  # fmt: skip
        if draw(st.booleans()):
            minimum = draw(st.integers(0, 5))
            StockRule.objects.create(
                product=product, minimum=minimum,
                maximum=draw(st.none() | st.integers(minimum, 30)),
                never_stock=draw(st.sampled_from([False, False, True])),
            )  # fmt: skip


@pytest.fixture
def large_shop(pharmacy, now):
    """Six thousand products with half a year of demand; the main supplier and its next round."""
    supplier = SupplierFactory(is_main=True)
    for weekday in range(6):
        SupplyScheduleFactory(
            supplier=supplier, weekday=weekday, cut_off_time=time(12), drop_time=time(15)
        )
    generate_rounds(at=now)
    Product.objects.bulk_create(
        Product(
            name=f"Zulvantine {n}", cip13="", is_followed=True, is_invented=True,
            unit_cost=Decimal(2),
        )
        for n in range(6_000)
    )  # fmt: skip
    keys = list(Product.objects.values_list("pk", flat=True))
    DemandLine.objects.bulk_create(
        DemandLine(
            product_id=key, kind="missing" if key % 17 == 0 and back > 150 else "history",
            quantity=1 + key % 2, request_id=uuid4(), occurred_at=now,
            occurred_on=date(2026, 11, 24) - timedelta(days=back),
        )
        for place, key in enumerate(keys)
        for back in range(0, 178, 6 + place % 60)
    )  # fmt: skip
    delivery_round = DeliveryRound.objects.order_by("cut_off_at").first()
    return supplier, delivery_round


@pytest.mark.django_db
def test_the_engine_is_asked_for_only_once_somebody_chose_it(large_shop, actor):
    supplier, delivery_round = large_shop
    plain = proposals(supplier=supplier, delivery_round=delivery_round, at=NOW)

    train_forecasts(at=NOW)
    assert proposals(supplier=supplier, delivery_round=delivery_round, at=NOW) == plain
    choose_the_engine(actor)

    made = proposals(supplier=supplier, delivery_round=delivery_round, at=NOW)
    assert all(line.why.engine for line in made)


@pytest.mark.django_db
def test_thousands_of_sentences_of_the_engine_lead_to_their_quantities(large_shop, actor):
    supplier, delivery_round = large_shop
    choose_the_engine(actor)

    made = proposals(supplier=supplier, delivery_round=delivery_round, at=NOW)

    assert len([line for line in made if line.why.engine and line.quantity]) > 3_000
    with translation.override("fr"):
        for line in made:
            text = sentence(line.why, quantity=line.quantity)
            assert by_hand(text, line.why) == line.quantity == recompute(line.why), text


@pytest.mark.django_db
def test_six_thousand_products_are_proposed_in_a_second_and_few_queries(
    large_shop, now, actor, django_assert_max_num_queries
):
    supplier, delivery_round = large_shop
    # The processor's own time, the best of three: other tests share the machine.
    tries = []
    for _try in range(3):
        with django_assert_max_num_queries(25):
            started = process_time()
            made = proposals(supplier=supplier, delivery_round=delivery_round, at=now)
            tries.append(process_time() - started)
    with django_assert_max_num_queries(60):
        order = propose_orders(
            supplier=supplier, delivery_round=delivery_round, at=now, actor=actor
        )

    assert len(made) == order.lines.count() > 1_000
    assert min(tries) < 1.0, f"{min(tries):.2f} s"
    assert not [
        line
        for line in OrderLine.objects.filter(order=order)
        if recompute(Why.of(line.why)) != line.proposed_quantity
    ]
