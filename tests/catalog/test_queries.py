"""Products by code, by strength, by what may replace them."""

from datetime import date, datetime

import pytest

from backofficine.catalog import queries
from backofficine.catalog.models import Product, ProductCode
from backofficine.catalog.services import import_bdpm, make_product
from backofficine.formats.codes import cip13_of, with_key
from tests.catalog.conftest import Edition, box, speciality

pytestmark = pytest.mark.django_db
CIP13 = cip13_of("9910001")


@pytest.mark.parametrize(
    "code", [CIP13, "9910001", f"0{CIP13}", with_key(f"1{CIP13[:12]}"), f'="{CIP13}"', f" {CIP13} "]
)
def test_a_product_answers_to_each_spelling_of_its_code(code: str) -> None:
    product = make_product(name="NOVALIA", codes=[CIP13])

    assert queries.find_by_code(code) == [product]


def test_an_unknown_or_broken_code_finds_nothing() -> None:
    assert queries.find_by_code(cip13_of("9910002")) == []
    assert queries.find_by_code("3,40093E+12") == []
    assert queries.find_by_code("") == []


def test_an_ambiguous_ean_gives_several() -> None:
    ean = with_key("359123456789")
    twins = [make_product(name=name, codes=[ean]) for name in ("SAVON ROSE", "SAVON VERT")]

    assert queries.find_by_code(ean) == twins


def test_an_ended_code_still_names_old_boxes_unless_taken_again() -> None:
    old = make_product(name="ANCIEN", codes=[CIP13])
    ProductCode.objects.filter(product=old).update(valid_until=date(2025, 1, 1))
    assert queries.find_by_code(CIP13) == [old]

    new = make_product(name="NOUVEAU", codes=[CIP13])

    assert queries.find_by_code(CIP13) == [new]


def test_the_codes_of_a_file_are_found_in_few_questions(
    django_assert_max_num_queries: object,
) -> None:
    made = [make_product(name=f"P{n}", codes=[cip13_of(f"99{n:05d}")]) for n in range(60)]
    asked = [f"99{n:05d}" for n in range(61)]

    with django_assert_max_num_queries(2):  # type: ignore[operator]
        found = queries.products_by_code(asked)

    assert found == {f"99{n:05d}": [product.pk] for n, product in enumerate(made)}


def test_a_ladder_climbs_by_amount_and_keeps_to_one_way() -> None:
    made = {
        strength: make_product(
            name="ALPHAZINE", strength=strength, form=form, substance="ALPHAZINE", is_followed=kept
        )
        for strength, form, kept in (
            ("1 g", "comprimé", True),
            ("250 mg", "gélule", True),
            ("500 mg", "comprimé", True),
            ("50 mg/ml", "solution injectable", True),
            ("2 g", "comprimé", False),
        )
    }

    ladder = queries.strengths(made["500 mg"])

    assert [one.strength for one in ladder] == ["250 mg", "500 mg", "1 g"]
    assert queries.strengths(made["2 g"])[-1] == made["2 g"]


def test_substitutes_are_the_sold_members_of_the_group(edition: Edition, now: datetime) -> None:
    edition.files["CIS_bdpm.txt"].append(speciality("60000005", "ALPHAZINE AUTRE 500 mg, comprimé"))
    edition.files["CIS_CIP_bdpm.txt"] += [
        box("60000005", "3000005"),
        box("60000005", "3000006", label="plaquette(s) de 90 comprimé(s)"),
    ]
    edition.files["CIS_GENER_bdpm.txt"].append("1\tALPHAZINE 500 mg - REFERENCE\t60000005\t1\t3")
    import_bdpm(edition.write("2026-01-28"), at=now)

    brand = Product.objects.get(cip13=cip13_of("3000001"))
    found = {product.cip13 for product in queries.substitutes(brand)}

    assert found == {cip13_of("3000002"), cip13_of("3000005")}
    assert queries.substitutes(make_product(name="SAVON")) == []
