"""The two printed pages: always two, always the same bytes, and a text is only a text."""

import dataclasses

import pytest
from django.utils import translation

from backofficine.picture import pdf
from backofficine.picture.report import Report, Unknown
from tests.picture.example import example

HOSTILE = '#panic("no") $x$ *gras* _it_ \\ <label> @ref ] } " – <b>HTML</b> ' * 3


def changed(report: Report, **fields: object) -> Report:
    """The same report, each of its products changed alike."""
    return dataclasses.replace(
        report,
        sections=tuple(
            dataclasses.replace(
                section,
                lines=tuple(dataclasses.replace(line, **fields) for line in section.lines),
            )
            for section in report.sections
        ),
    )


def test_a_report_is_two_pages():
    assert len(pdf.as_images(example())) == 2
    assert pdf.render(example()).startswith(b"%PDF")


def test_the_same_report_gives_the_same_bytes_in_any_language():
    once = pdf.render(example())

    with translation.override("en"):
        assert pdf.render(example()) == once


def test_another_report_gives_other_bytes():
    report = example()

    assert pdf.render(changed(report, label="AUTRE CHOSE")) != pdf.render(report)


def test_a_name_is_never_read_as_code():
    report = changed(example(), label=HOSTILE, address='#"A"', code="#1+1")

    assert len(pdf.as_images(report)) == 2


def test_an_empty_report_still_makes_two_pages():
    report = example()
    empty = dataclasses.replace(
        report,
        sections=tuple(
            dataclasses.replace(one, figures=(), lines=(), tables=()) for one in report.sections
        ),
        acts=(),
        unknowns=(),
    )

    assert len(pdf.as_images(empty)) == 2
    assert "rien à vérifier d’abord" in str(_data(empty)["team"])


@pytest.mark.parametrize("unknowns", [1, 6, 13])
def test_many_unknowns_stay_on_one_page(unknowns):
    report = dataclasses.replace(
        example(), unknowns=(Unknown("return_window", "supplier_terms"),) * unknowns
    )

    owner = _data(report)["owner"]

    assert len(owner["unknowns"]) == min(unknowns, 6)
    assert len(owner["first_rows"]) == 4
    assert len(pdf.as_images(report)) == 2


def test_figures_are_written_as_the_french_write_them():
    data = _data(example())

    assert data["owner"]["figures"][0]["value"] == "48\u202f211\u00a0€"
    assert data["owner"]["rows"][0]["value"] == "1\u202f180,00\u00a0€"
    assert data["owner"]["aside"][0] == "stock et ventes au 31\u00a0janvier\u00a02026"


def test_the_count_list_is_walked_by_place():
    rows = _data(example())["team"]["count_rows"]

    assert len(rows) == 20
    assert [row["address"] for row in rows] == sorted(row["address"] for row in rows)


@pytest.mark.parametrize(
    ("text", "signs", "shown"),
    [
        ("INVENTINE 1 g cpr B/8", 30, "INVENTINE 1 g cpr B/8"),
        ("INVENTINE ACIDE CLAVULANIQUE 500 mg/62,5 mg B/24", 44,
         "INVENTINE ACIDE CLAVULA… 500 mg/62,5 mg B/24"),
        ("INVENTINE LABO 3,75 mg comprimé pelliculé sécable B/30", 40,
         "INVENTINE LABO 3,75 mg comprimé… B/30"),
        ("INVENTINE LABO PHARMA 20 mg gélule gastro-résistante B/28", 29,
         "INVENTINE LABO PHARMA… B/28"),
    ],
)  # fmt: skip
def test_a_long_name_never_shows_half_a_strength(text, signs, shown):
    assert pdf._short(text, signs) == shown
    assert len(pdf._short(text, signs)) <= signs


def _data(report: Report) -> dict:
    with translation.override("fr"):
        return {"owner": pdf._owner(report), "team": pdf._team(report)}
