"""What one types finds what one means, this pharmacy's own products first."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from backofficine.catalog import queries
from backofficine.catalog.models import Product
from backofficine.catalog.services import import_bdpm, make_product, touch_version
from backofficine.formats.codes import cip13_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> dict[str, Product]:
    """Invented products, by the word that names them in the tests."""
    rows = {
        "am500": ("AMOVALINE LABO", "500 mg", "gélule", "B/12", "9910001"),
        "am1g": ("AMOVALINE LABO", "1 g", "comprimé dispersible", "B/6", "9910002"),
        "amcp": ("AMOVALINE LABO", "500 mg", "comprimé pelliculé", "B/30", "9910003"),
        "doli": ("DOLORANE", "1000 mg", "comprimé", "B/8", "9910004"),
        "syrup": ("TUSSIVAL", "3 mg/ml", "sirop", "Fl/150 ml", "9910005"),
    }
    return {
        key: make_product(
            name=name, strength=strength, form=form, pack=pack, codes=[cip13_of(cip7)],
            substance="AMOVALINE" if key.startswith("am") else "", is_invented=True,
        )
        for key, (name, strength, form, pack, cip7) in rows.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("amov 500 cp", "amcp"),
        ("AMOV 500mg gél", "am500"),
        ("amovaline 1000", "am1g"),
        ("dolorane 1g", "doli"),
        ("tussival", "syrup"),
        ("tusival", "syrup"),  # a letter missing
        ("tussoval", "syrup"),  # a letter wrong
        ("tussivval", "syrup"),  # a letter too many
        ("tusisval", "syrup"),  # two swapped
        ("dolorane b/8", "doli"),
        ("dolorane B8", "doli"),
        ("9910005", "syrup"),
        ("34009 99100 05", "syrup"),
        ("991000", "am500"),
        ("sir", "syrup"),
    ],
)
def test_what_is_typed_finds_the_product(shelf: dict[str, Product], typed: str, found: str) -> None:
    assert queries.search(typed)[0] == shelf[found]


@pytest.mark.parametrize("typed", ["", "   ", "zzzzz", "<script>", "🙂", "%", "amov zzzz"])
def test_nothing_is_found_in_noise(shelf: dict[str, Product], typed: str) -> None:
    assert queries.search(typed) == []


def test_followed_products_come_first(shelf: dict[str, Product]) -> None:
    Product.objects.filter(pk=shelf["amcp"].pk).update(is_followed=True)
    touch_version()

    assert queries.search("amovaline")[0] == shelf["amcp"]


def test_a_new_product_is_found_at_once(shelf: dict[str, Product]) -> None:
    assert queries.search("zelvarin") == []

    late = make_product(name="ZELVARIN", codes=[cip13_of("9910009")])

    assert queries.search("zelvarin") == [late]


def test_a_search_asks_the_database_two_questions(
    shelf: dict[str, Product], django_assert_num_queries: object
) -> None:
    queries.search("amov")

    with django_assert_num_queries(2):  # type: ignore[operator]
        queries.search("amov 500")


def test_the_real_catalogue_is_searched_in_a_few_milliseconds(bdpm: Path, now: datetime) -> None:
    import_bdpm(bdpm / "2026-01-28", at=now)
    queries.search("a")
    typed = [
        text
        for name, strength, cip13 in Product.objects.order_by("pk").values_list(
            "name", "strength", "cip13"
        )[::100]
        for text in (name[:2], name[:1], f"{name.split()[0][:6]} {strength}", name[1:], cip13[4:9])
    ]
    spent = []
    for text in typed:
        began = time.process_time()
        queries.search(text)
        spent.append(time.process_time() - began)

    spent.sort()
    assert len(spent) > 1000
    assert spent[int(len(spent) * 0.99)] < 0.015
    assert queries.search("amox 500 cp")[0].name.startswith("AMOXICILLINE")
    assert queries.search("doliprane 1g")[0].strength == "1000 mg"
