"""Names of medicines: cut for the screen, shortened for the shelf, folded for the search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.bdpm import read_folder
from backofficine.formats.naming import DrugName, fold, pack_of, split_name, tokens


@pytest.mark.parametrize(
    ("denomination", "name", "strength", "form"),
    [
        ("ESSAIVOL 500 mg, comprimé", "ESSAIVOL", "500 mg", "comprimé"),
        ("ESSAIVOL LP 37,5 mg, gélule", "ESSAIVOL LP", "37,5 mg", "gélule"),
        ("ESSAIVOL 1 500 000 UI, comprimé", "ESSAIVOL", "1 500 000 UI", "comprimé"),
        ("ESSAI/VOL 16 mg/12,5 mg, comprimé", "ESSAI/VOL", "16 mg/12,5 mg", "comprimé"),
        ("ESSAIVOL 20/10 mg, comprimé", "ESSAIVOL", "20/10 mg", "comprimé"),
        ("ESSAIVOL 5 % crème", "ESSAIVOL", "5 %", "crème"),
        ("ESSAIVOL 2 POUR CENT, gel", "ESSAIVOL", "2 POUR CENT", "gel"),
        ("ESSAIVOL 10 mg comprimé sécable", "ESSAIVOL", "10 mg", "comprimé sécable"),
        ("ESSAIVOL MENTHE 4 mg SANS SUCRE, gomme", "ESSAIVOL MENTHE SANS SUCRE", "4 mg", "gomme"),
        ("ESSAIVOL 10 mg/ml + 5 mg/ml, collyre", "ESSAIVOL", "10 mg/ml + 5 mg/ml", "collyre"),
        ("ESSAIVOL 27 microgrammes/dose, poudre", "ESSAIVOL", "27 microgrammes/dose", "poudre"),
        ("ESSAIVOL 0,5 % (10 mg/2 mL), solution", "ESSAIVOL", "0,5 % (10 mg/2 mL)", "solution"),
        ("ESSAIVOL, comprimé enrobé", "ESSAIVOL", "", "comprimé enrobé"),
        ("ESSAIVOL collyre", "ESSAIVOL", "", "collyre"),
        ("ESSAIVOL COMPOSE", "ESSAIVOL COMPOSE", "", ""),
        ("ESSAI12 5 mg, gélule", "ESSAI12", "5 mg", "gélule"),
        ("ESSAIUM, dilution entre 4CH et 30CH", "ESSAIUM", "", "dilution entre 4CH et 30CH"),
        ("", "", "", ""),
    ],
)
def test_a_name_is_cut_in_three(denomination, name, strength, form):
    assert split_name(denomination) == DrugName(name, strength, form)


@pytest.mark.parametrize(
    ("label", "pack"),
    [
        ("plaquette(s) thermoformée(s) PVC de 30 comprimé(s)", "B/30"),
        ("30 plaquette(s) PVC-Aluminium de 1 comprimé(s)", "B/30"),
        ("3 plaquette(s) de 10  comprimé(s)", "B/30"),
        ("14 plaquettes aluminium de 8 comprimés (emballage multiple : 2 x 56)", "B/112"),
        ("plaquettes aluminium de  90 (3 x 30) comprimés, (conditionnement multiple)", "B/90"),
        ("plaquette(s) PVC aluminium de 30", "B/30"),
        ("plaquette(s) OPA : polyamide orienté PVC de 28 comprimés", "B/28"),
        ("1 flacon(s) polyéthylène haute densité (PEHD) de 30 gélule(s)", "B/30"),
        ("1 flacon(s) en verre de 30 ml", "Fl/30 ml"),
        ("1 flacon(s) pulvérisateur(s) de 200 dose(s) avec pompe(s)", "Fl/200 doses"),
        ("1 tube(s) aluminium verni de 2,5  g", "T/2,5 g"),
        ("5 ampoule(s) en verre de 20 ml", "B/5 × 20 ml"),
        ("10 flacons en verre de 1 000 mg", "B/10 × 1 000 mg"),
        ("1 flacon(s) en verre - 1 seringue(s) préremplie(s) de 1 ml", "B/1"),
        ("6 (3 x 2) stylos préremplis", "B/6"),
        ("sachet", ""),
        ("", ""),
    ],
)
def test_a_pack_is_written_as_the_trade_does(label, pack):
    assert pack_of(label) == pack


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Comprimé pelliculé", "comprime pellicule"), ("ŒSTRO’ÇA", "oestro'ca"), ("ABC", "abc")],
)
def test_folding_takes_accents_and_capitals_off(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=80), st.booleans())
def test_any_text_is_cut_into_folded_words(text, expand):
    words = tokens(text, expand=expand)

    assert all(word and " " not in word and word == fold(word) for word in words)


@given(st.text(max_size=80))
def test_any_name_or_label_is_accepted(text):
    assert isinstance(split_name(text), DrugName)
    assert isinstance(pack_of(text), str)


def meets(query, name):
    """What a caller does: each word typed begins a word of the product."""
    words = tokens(name, expand=True)
    return all(any(word.startswith(typed) for word in words) for typed in tokens(query))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("amox 500 cp", "AMOXICILLINE 500 mg, comprimé"),
        ("amox 500mg cpr", "AMOXICILLINE 500 mg, comprimé"),
        ("AMOXI 500 MG COMP", "AMOXICILLINE 500 mg, comprimé(s)"),
        ("essai gél", "ESSAIVOL 5 mg, gélule"),
        ("essai gel", "ESSAIVOL 5 mg, gélule"),
        ("essai sol inj", "ESSAIVOL, solution injectable"),
        ("essai pdre susp buv", "ESSAIVOL, poudre pour suspension buvable"),
        ("essai pom", "ESSAIVOL, pommade"),
        ("essai cr 5%", "ESSAIVOL 5 POUR CENT, crème"),
        ("essai 12.5", "ESSAIVOL 12,50 mg"),
        ("essai 100000", "ESSAIVOL 100 000 UI/ml"),
        ("essai 75 µg", "ESSAIVOL 75 microgrammes"),
        ("essai b/30", "ESSAIVOL 5 mg B/30"),
        ("essai bte 30", "ESSAIVOL 5 mg B/30"),
        ("essai boite de 30", "ESSAIVOL 5 mg B/30"),
        ("solu", "SOLUTRUC 20 mg"),
        ("sol", "SOLUTRUC 20 mg"),
        ("solution buvable", "ESSAIVOL 5MG SOL BUV FL"),
        ("comprimés", "ESSAIVOL 5MG CPR"),
        ("b12", "VITAMINE B12 ESSAI"),
        ("thyrox", "L-THYROXINE ESSAI"),
    ],
)
def test_what_is_typed_meets_what_is_printed(query, name):
    assert meets(query, name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("essai 250", "ESSAIVOL 500 mg"),
        ("essai cp", "ESSAIVOL, gélule"),
        ("essai gélule", "ESSAIVOL 0,1 %, gel"),
        ("essai gél", "ESSAIVOL 0,1 %, gel"),
        ("b/12", "VITAMINE B12 ESSAI"),
        ("b/30", "ESSAIVOL 30 mg"),
    ],
)
def test_what_differs_does_not_meet(query, name):
    assert not meets(query, name)


def test_real_names_are_nearly_all_understood(data_folder):
    folder = data_folder / "bdpm" / "2026-01-28"
    if not folder.is_dir():
        pytest.skip("national edition absent")
    edition = read_folder(folder)
    names = [split_name(medicine.name) for medicine in edition.specialities]
    packs = [pack_of(box.label) for box in edition.presentations]

    assert all(name.name for name in names)
    assert sum(not name.form for name in names) < 100
    assert sum(not pack for pack in packs) < 25
