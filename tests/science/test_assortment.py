"""The invented references: codes nobody owns, names nobody knows, shares that were measured."""

import gzip
import os
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from backofficine.science.simulation import names
from backofficine.science.simulation.assortment import (
    BOXES_PER_OPEN_DAY,
    PARETO,
    PRICES,
    Status,
    Storage,
    addresses_of,
    ean_key,
    invent_assortment,
)
from backofficine.science.simulation.profiles import CLASSES

DATA = Path(os.environ.get("BACKOFFICINE_TEST_DATA", "../shared/data"))


def share(products, *, of, total=BOXES_PER_OPEN_DAY):
    return sum(product.boxes_per_open_day for product in products if of(product)) / total


def test_the_same_seed_invents_the_same_assortment():
    assert invent_assortment(size=400, seed=5) == invent_assortment(size=400, seed=5)


def test_another_seed_invents_another_assortment():
    assert invent_assortment(size=400, seed=5) != invent_assortment(size=400, seed=6)


def test_an_assortment_too_small_to_have_shares_is_refused():
    with pytest.raises(ValueError, match="300"):
        invent_assortment(size=20, seed=1)


def test_the_key_is_the_one_printed_on_real_boxes():
    """Oxazepam 10 mg, whose code FACTS § 3 quotes."""
    assert ean_key("340093588755") == "9"


def test_every_code_is_in_the_invented_range_with_a_valid_key(assortment):
    for product in assortment:
        assert re.fullmatch(r"99\d{5}", product.cip7)
        assert product.cip13 == "34009" + product.cip7 + ean_key("34009" + product.cip7)
    assert len({product.cip13 for product in assortment}) == len(assortment) == 6000


def test_products_are_numbered_by_their_place(assortment):
    assert [product.index for product in assortment] == list(range(6000))


def test_demand_sums_to_the_average_pharmacy(assortment):
    assert share(assortment, of=lambda _: True) == pytest.approx(1)


@pytest.mark.parametrize(("references", "boxes"), PARETO[:-1])
def test_the_best_sellers_take_their_measured_share(assortment, references, boxes):
    rates = sorted((p.boxes_per_open_day for p in assortment), reverse=True)

    first = sum(rates[: round(references * len(rates))]) / BOXES_PER_OPEN_DAY

    assert first == pytest.approx(boxes, abs=0.015)


def test_narcotics_and_cold_products_take_their_measured_share(assortment):
    assert share(assortment, of=lambda p: p.status is Status.NARCOTIC) == pytest.approx(
        0.014, abs=0.003
    )
    assert share(assortment, of=lambda p: p.cold) == pytest.approx(0.027, abs=0.004)


def test_generics_take_about_half_of_the_boxes(assortment):
    """FACTS § 2: 46 % of boxes are generics, 11 % brands inside a group."""
    assert share(assortment, of=lambda p: p.is_generic) == pytest.approx(0.46, abs=0.12)


def test_public_prices_have_the_measured_quantiles_by_box(assortment):
    reimbursed = sorted((p for p in assortment if p.reimbursed), key=lambda p: p.public_price)
    rates = np.array([p.boxes_per_open_day for p in reimbursed])
    reached = np.cumsum(rates) / rates.sum()

    for portion, euros in PRICES[1:7]:
        found = reimbursed[int(np.searchsorted(reached, portion))].public_price
        assert float(found) == pytest.approx(euros, rel=0.1)


def test_stock_costs_less_than_it_sells_for(assortment):
    for product in assortment:
        before_tax = float(product.public_price) / (1 + float(product.vat_percent) / 100)
        assert 0 < float(product.unit_cost) < before_tax


def test_strengths_of_one_substance_are_neighbours_in_their_drawers(assortment):
    """The look-alikes that put-away must tell apart."""
    ladders = defaultdict(set)
    for product in assortment:
        ladders[product.substance, product.laboratory, product.form].add(product.strength)

    assert sum(len(strengths) >= 3 for strengths in ladders.values()) > 100


def test_several_laboratories_share_a_generic_group(assortment):
    laboratories = defaultdict(set)
    for product in assortment:
        if product.generic_group is not None:
            laboratories[product.generic_group].add(product.laboratory)
    sizes = Counter(map(len, laboratories.values()))

    assert sum(count for size, count in sizes.items() if size >= 3) > 100


def test_members_of_a_group_have_one_substance_strength_and_form(assortment):
    groups = defaultdict(set)
    for product in assortment:
        if product.generic_group is not None:
            groups[product.generic_group].add((product.substance, product.strength, product.form))

    assert all(len(meanings) == 1 for meanings in groups.values())


def test_cold_products_live_in_the_fridge_and_narcotics_in_the_safe(assortment):
    for product in assortment:
        letter = {Storage.FRIDGE: "F", Storage.SAFE: "C"}.get(product.storage)
        if letter:
            assert product.address.startswith(letter)
        else:
            assert product.address[0] in "TLDV"


def test_addresses_are_written_as_on_the_furniture(assortment):
    pattern = re.compile(r"[TLDV]\d-[A-L]-\d\d|F1-[A-F]|C1-\d\d|R[1-4]-\d\d")

    assert all(pattern.fullmatch(address) for address in addresses_of(assortment))


def test_one_drawer_address_holds_one_reference(assortment):
    drawers = Counter(p.address for p in assortment if p.address[0] in "TLDV")

    assert max(drawers.values()) == 1


def test_class_shares_are_whole():
    assert sum(one.box_share for one in CLASSES) == pytest.approx(1)
    assert sum(one.reference_share for one in CLASSES) == pytest.approx(1)


def folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return decomposed.encode("ascii", "ignore").decode().upper()


def catalogue_words() -> set[str]:
    words: set[str] = set()
    for file in sorted(DATA.glob("bdpm/*/CIS_*bdpm.txt.gz")):
        if file.name in {"CIS_bdpm.txt.gz", "CIS_COMPO_bdpm.txt.gz"}:
            text = gzip.decompress(file.read_bytes())
            for encoding in ("latin-1", "utf-8"):
                words |= set(
                    re.findall(r"[A-Z]{4,}", folded(text.decode(encoding, errors="replace")))
                )
    return words


@pytest.mark.skipif(not (DATA / "bdpm").is_dir(), reason="needs the national catalogue")
def test_invented_names_resemble_no_name_of_the_national_catalogue():
    real = catalogue_words()
    rng = np.random.default_rng(0)
    invented = [folded(word) for word in names.substances(3200, rng=rng)]
    invented += [folded(word) for word in names.brands(3200, rng=rng)]
    houses = [folded(word) for word in names.LABORATORIES + names.COSMETIC_HOUSES]

    assert not real & set(invented)
    nearest = [near(word, real) for word in invented[::400] + houses]
    assert min(nearest) >= 3


def near(word: str, others: set[str]) -> int:
    """Letters to change, add or drop to reach the nearest of the others."""
    return min(distance(word, other) for other in others if abs(len(other) - len(word)) < 3)


def distance(word: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        above = row
        row = [i]
        for j, candidate in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != candidate)))
    return row[-1]


@pytest.mark.skipif(not (DATA / "bdpm").is_dir(), reason="needs the national catalogue")
def test_no_edition_of_the_national_catalogue_uses_the_invented_range():
    for file in sorted(DATA.glob("bdpm/*/CIS_CIP_bdpm.txt.gz")):
        text = gzip.decompress(file.read_bytes()).decode("latin-1")
        assert not re.search(r"\t3400999\d{6}\t", text)
