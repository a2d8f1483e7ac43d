"""The national catalogue: its real editions, its real anomalies, and files that must be refused."""

import gzip
import hashlib
import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.bdpm import (
    Availability,
    Condition,
    EditionRefused,
    cold_by_atc,
    digests_of,
    effective_availability,
    legal_status,
    plain_text,
    read_folder,
)
from backofficine.formats.codes import cip13_of, has_valid_key

HOLDER = " LABORATOIRE DE L’ESSAI"


def speciality(cis="60000001", name="ESSAIVOL 500 mg, comprimé", state="Commercialisée"):
    return "\t".join(
        [
            *(cis, name, "comprimé", "orale;sublinguale", "Autorisation active"),
            *("Procédure nationale", state, "12/03/1998", "", "", HOLDER, "Non"),
        ]
    )


def box(cip7="9900001", cis="60000001", prices=("1,466,29", "1,467,31", "1,02"), **changes):
    columns = {
        "label": "plaquette(s) de 30 comprimé(s)",
        "state": "Déclaration de commercialisation",
        "declared_on": "01/02/2020",
        "cip13": cip13_of(cip7),
        "rate": "65 %",
        "indications": "",
    } | changes
    return "\t".join(
        [
            *(cis, cip7, columns["label"], "Présentation active", columns["state"]),
            *(columns["declared_on"], columns["cip13"], "oui", columns["rate"], *prices),
            columns["indications"],
        ]
    )


def boxes(count):
    return [box(cip7=f"99{number:05}") for number in range(count)]


@pytest.fixture
def folder(tmp_path):
    """A folder that holds an edition of invented medicines."""
    write(tmp_path, "CIS_bdpm.txt", [speciality()])
    write(tmp_path, "CIS_CIP_bdpm.txt", [box()], encoding="utf-8", end="\n")
    return tmp_path


def write(folder, name, lines, *, encoding="cp1252", end="\r\n"):
    data = "".join(f"{line}{end}" for line in lines).encode(encoding)
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return data


# --- Two real editions ----------------------------------------------------------------------------

COUNTS = {
    "2025-07-07": [15788, 20882, 32585, 10485, 27467, 957, 8107],
    "2026-01-28": [15799, 20875, 32449, 10614, 27856, 993, 8107],
}


@pytest.fixture(scope="module")
def editions(data_folder):
    folders = [data_folder / "bdpm" / name for name in COUNTS]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("national editions absent")
    return {folder.name: read_folder(folder) for folder in folders}


@pytest.mark.parametrize("name", COUNTS)
def test_a_real_edition_is_read_whole(editions, name):
    edition = editions[name]

    assert edition.edition == name
    assert list(edition.line_counts.values()) == COUNTS[name]
    parts = [edition.specialities, edition.presentations, edition.components]
    parts += [edition.group_members, edition.conditions, edition.availabilities, edition.mitm]
    assert [len(part) for part in parts] == COUNTS[name]
    assert all(line.is_kept for line in edition.rejected)


@pytest.mark.parametrize("name", COUNTS)
def test_every_real_box_has_a_valid_code_and_clean_texts(editions, name):
    edition = editions[name]

    assert all(has_valid_key(box.cip13) for box in edition.presentations)
    assert len({box.cip13 for box in edition.presentations}) == len(edition.presentations)
    texts = [medicine.name + medicine.holder for medicine in edition.specialities]
    texts += [box.label for box in edition.presentations]
    texts += [condition.text for condition in edition.conditions]
    assert not any(0x80 <= ord(sign) < 0xA0 or sign == "\ufffd" for sign in "".join(texts))
    assert not any("Ã©" in text for text in texts)


@pytest.mark.parametrize("name", COUNTS)
def test_no_real_product_uses_the_codes_kept_for_invented_ones(editions, name):
    assert not [box for box in editions[name].presentations if box.cip7.startswith("99")]


def test_two_real_editions_differ_as_measured(editions):
    before, after = (
        {box.cip13: box for box in edition.presentations} for edition in editions.values()
    )
    codes = [
        {
            cip13: line.code
            for cip13, line in effective_availability(
                edition.availabilities, edition.presentations
            ).items()
        }
        for edition in editions.values()
    ]
    kept = before.keys() & after.keys()

    assert len(after.keys() - before.keys()) == 478
    assert len(before.keys() - after.keys()) == 485
    assert sum(before[cip13].price != after[cip13].price for cip13 in kept) == 880
    assert sum(before[cip13].state != after[cip13].state for cip13 in kept) == 407
    assert sum(codes[0].get(cip13) != codes[1].get(cip13) for cip13 in kept) == 544


def test_the_narcotics_of_a_real_edition_are_all_there(editions):
    edition = editions["2026-01-28"]
    status = legal_status(edition.conditions)
    sold = [status[box.cis] for box in edition.presentations if box.marketed and box.cis in status]

    assert sum(facts.narcotic for facts in sold) == 311
    assert sum(facts.secure_prescription for facts in sold) == 677
    assert not any(facts.narcotic and facts.narcotic_like for facts in sold)


def test_a_real_edition_is_read_quickly(editions, data_folder):
    start = time.process_time()
    read_folder(data_folder / "bdpm" / "2026-01-28")

    assert time.process_time() - start < 1.5


# --- Anomalies that are understood ----------------------------------------------------------------


def test_prices_use_the_comma_twice(folder):
    (kept,) = read_folder(folder).presentations

    assert (kept.price, kept.full_price) == (Decimal("1466.29"), Decimal("1467.31"))
    assert kept.regulated_price == Decimal("1466.29")


@pytest.mark.parametrize(
    ("text", "rates"),
    [("65%", (65,)), ("65 %", (65,)), ("65\u00a0%", (65,)), ("", ()), ("30%;100 %", (30, 100))],
)
def test_a_rate_is_written_in_several_ways(folder, text, rates):
    write(folder, "CIS_CIP_bdpm.txt", [box(rate=text)])

    assert read_folder(folder).presentations[0].rates == rates


def test_a_price_that_contradicts_itself_is_reported_and_not_usable(folder):
    write(folder, "CIS_CIP_bdpm.txt", [box(), box("9900002", prices=("4,00", "5,02", "2,76"))])

    edition = read_folder(folder)

    assert edition.presentations[1].regulated_price is None
    assert edition.presentations[1].price == Decimal("4.00")
    (line,) = edition.rejected
    assert (line.file, line.line, line.is_kept) == ("CIS_CIP_bdpm.txt", 2, True)
    assert "4,00 € plus 2,76 €" in line.reason


def test_a_box_without_price_is_no_anomaly(folder):
    write(folder, "CIS_CIP_bdpm.txt", [box(prices=("", "", ""))])

    edition = read_folder(folder)

    assert edition.presentations[0].regulated_price is None
    assert edition.rejected == []


def test_windows_quotes_and_a_leading_space_are_read(folder):
    (medicine,) = read_folder(folder).specialities

    assert medicine.holder == "LABORATOIRE DE L’ESSAI"
    assert medicine.routes == ("orale", "sublinguale")
    assert medicine.authorised_on == date(1998, 3, 12)
    assert medicine.marketed


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_file_has_its_own_encoding(folder, encoding, end):
    lines = [box(), box("9900002", label="flacon de 5 g – l’été")]
    write(folder, "CIS_CIP_bdpm.txt", lines, encoding=encoding, end=end)

    edition = read_folder(folder)

    assert edition.presentations[1].label == "flacon de 5 g – l’été"
    assert edition.rejected == []


def test_one_stray_byte_does_not_spoil_the_other_accents(folder):
    lines = [box().encode(), box("9900002").encode().replace("é".encode(), b"\xe9")]
    (folder / "CIS_CIP_bdpm.txt").write_bytes(b"\n".join(lines) + b"\n")

    labels = {kept.label for kept in read_folder(folder).presentations}

    assert labels == {"plaquette(s) de 30 comprimé(s)"}


def test_isolated_carriage_returns_and_blank_lines_do_not_cut_a_line(folder):
    write(folder, "CIS_CPD_bdpm.txt", ["60000001\tpour les femmes :\rsurveillance", "", "\t"])

    edition = read_folder(folder)

    assert len(edition.conditions) == 1
    assert edition.line_counts["CIS_CPD_bdpm.txt"] == 1


def test_a_long_indication_may_go_on_over_several_lines(folder):
    lines = [box(indications="Première ligne<br>"), "suite de l’indication", box("9900002")]
    write(folder, "CIS_CIP_bdpm.txt", lines)

    edition = read_folder(folder)

    assert [kept.cip7 for kept in edition.presentations] == ["9900001", "9900002"]
    assert edition.presentations[0].indications == "Première ligne<br> suite de l’indication"


def test_columns_may_be_one_more_or_one_less(folder):
    write(folder, "CIS_CIP_bdpm.txt", [box().rstrip("\t")])
    write(folder, "CIS_COMPO_bdpm.txt", ["60000001\tcomprimé\t04215\tESSAI\t1 mg\tun\tSA\t1\t"])
    write(folder, "CIS_GENER_bdpm.txt", ["7\tESSAI 1 mg\t60000001\t0\t1\t"])

    edition = read_folder(folder)

    assert len(edition.presentations) == 1
    assert edition.components[0].substance_code == "04215"
    assert (edition.group_members[0].kind, edition.group_members[0].rank) == (0, 1)


def test_the_eleven_files_are_recognised_gzipped_or_not(folder):
    write(
        folder, "CIS_HAS_SMR_bdpm.txt.gz", ["60000001\tCT-1\tInscription\t20200131\tImportant\tx"]
    )
    write(folder, "CIS_HAS_ASMR_bdpm.txt", ["60000001\tCT-1\tInscription\t20200131\tV\tx", "suite"])
    write(folder, "HAS_LiensPageCT_bdpm.txt", ["CT-1\thttps://has.example/ct-1"])
    write(
        folder,
        "CIS_InfoImportantes_20260128103000_bdpm.txt",
        ["60000001\t2026-01-02\t03/02/2026\t<a href='x'>Attention</a>"],
    )
    write(folder, "CIS_MITM.txt", ["60000001\tn02be01\tESSAIVOL\thttps://x.example"])
    (folder / "notes.txt").write_text("rien à voir")

    edition = read_folder(folder)

    assert [opinion.scale for opinion in edition.opinions] == ["SMR", "ASMR"]
    assert edition.opinions[1].text == "x suite"
    assert edition.opinions[0].given_on == date(2020, 1, 31)
    assert edition.opinion_links[0].case_code == "CT-1"
    assert edition.notices[0].started_on == date(2026, 1, 2)
    assert edition.notices[0].ended_on == date(2026, 2, 3)
    assert edition.mitm[0].atc == "N02BE01"
    assert len(edition.line_counts) == 7


def test_a_digest_is_that_of_the_content_whatever_the_wrapping(folder):
    plain = read_folder(folder).digests["CIS_bdpm.txt"]
    (folder / "CIS_bdpm.txt").unlink()
    data = write(folder, "CIS_bdpm.txt.gz", [speciality()])

    edition = read_folder(folder)
    assert edition.digests["CIS_bdpm.txt"] == plain == hashlib.sha256(data).hexdigest()
    assert digests_of(folder) == edition.digests


def test_an_edition_is_dated_by_its_folder_or_by_its_latest_day(folder):
    assert read_folder(folder).edition == "2020-02-01"

    write(folder, "CIS_CIP_Dispo_Spec.txt", [shortage("26/01/2026"), shortage("28/01/2026")])
    assert read_folder(folder).edition == "2026-01-28"

    dated = folder / "2026-03-01"
    dated.mkdir()
    for name in ("CIS_bdpm.txt", "CIS_CIP_bdpm.txt"):
        (folder / name).rename(dated / name)
    assert read_folder(dated).edition == "2026-03-01"


def shortage(updated_on, code="1", cip13=""):
    return f"60000001\t{cip13}\t{code}\tRupture\t01/01/2026\t{updated_on}\t\thttps://x.example"


# --- Single lines that are left out ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (box("9900002", cip13="3400999000018"), "clé fausse"),
        (box("9900002", cip13=cip13_of("9900003")), "CIP7 9900002"),
        (box("9900000"), "déjà apparu"),
        (box("9900002", declared_on="31/02/2020"), "Date impossible"),
        (box("9900002", prices=("1O,00", "1", "")), "Prix illisible"),
        (box("9900002", rate="beaucoup"), "Taux de remboursement illisible"),
        ("60000001\t9900002\ttronqué", "3 colonnes au lieu de 12"),
        ("n’importe quoi", "ne commence pas par un code"),
    ],
)
def test_an_unreadable_line_is_left_out_with_its_reason(folder, bad, reason):
    write(folder, "CIS_CIP_bdpm.txt", [box("9900000"), bad, box("9900009")])

    edition = read_folder(folder)

    assert [kept.cip7 for kept in edition.presentations] == ["9900000", "9900009"]
    (line,) = edition.rejected
    assert (line.file, line.line, line.is_kept) == ("CIS_CIP_bdpm.txt", 2, False)
    assert reason in line.reason


def test_an_unknown_availability_code_is_left_out(folder):
    write(folder, "CIS_CIP_Dispo_Spec.txt", [shortage("28/01/2026", code="9")])

    assert "inconnu" in read_folder(folder).rejected[0].reason


# --- Editions that are refused --------------------------------------------------------------------


def test_more_than_one_line_in_a_thousand_refuses_the_edition(folder):
    spoilt = [line.replace("3400999", "3400998") for line in boxes(4)]
    write(folder, "CIS_CIP_bdpm.txt", [*boxes(3900)[4:], *spoilt])

    with pytest.raises(EditionRefused, match="4 lignes illisibles sur 3900"):
        read_folder(folder)


def test_one_line_in_a_thousand_does_not(folder):
    spoilt = [line.replace("3400999", "3400998") for line in boxes(4)]
    write(folder, "CIS_CIP_bdpm.txt", [*boxes(4000)[4:], *spoilt])

    assert len(read_folder(folder).rejected) == 4


@pytest.mark.parametrize("name", ["CIS_bdpm.txt", "CIS_CIP_bdpm.txt"])
def test_the_two_main_files_must_be_there(folder, name):
    (folder / name).unlink()

    with pytest.raises(EditionRefused, match=f"Il manque {name}"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "est vide"),
        (b" \r\n\r\n", "est vide"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "page web"),
        (gzip.compress(box().encode() * 50)[:-20], "incomplet"),
        (b"\x1f\x8bn'importe quoi", "abîmé"),
        ((box() + "\n" + box("9900002")[:40]).encode(), "milieu de sa dernière ligne"),
        (b"\x00\x01\x02" * 5000, "milieu de sa dernière ligne"),
        (b"\x00\xff\n" * 5000, "lignes illisibles"),
    ],
)
def test_a_useless_file_refuses_the_edition(folder, data, reason):
    (folder / "CIS_CIP_bdpm.txt").write_bytes(data)

    with pytest.raises(EditionRefused, match=reason):
        read_folder(folder)


def test_a_missing_folder_is_said_so(tmp_path):
    with pytest.raises(EditionRefused, match="n’existe pas"):
        read_folder(tmp_path / "absent")


@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused_but_never_crash(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("edition")
    write(folder, "CIS_bdpm.txt", [speciality()])
    (folder / "CIS_CIP_bdpm.txt").write_bytes(data)

    try:
        edition = read_folder(folder)
    except EditionRefused:
        return
    assert edition.line_counts["CIS_CIP_bdpm.txt"] >= len(edition.presentations)


# --- Derived facts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "facts"),
    [
        (["liste I"], {"list_1"}),
        (["LISTE II"], {"list_2"}),
        (["liste I", "stupéfiants"], {"list_1", "narcotic"}),
        (
            ["Stupefiants", "prescription en toutes lettres sur ordonnance sécurisée"],
            {"narcotic", "secure_prescription"},
        ),
        (
            ["liste I", "prescription sur ordonnance SECURISEE"],
            {"list_1", "narcotic_like", "secure_prescription"},
        ),
        (["réservé à l'usage HOSPITALIER"], {"hospital_only"}),
        (["délivrance réservée aux pharmacies à usage intérieur"], {"hospital_only"}),
        (["prescription hospitalière"], set()),
        (["la première administration doit être effectuée en milieu hospitalier"], set()),
    ],
)
def test_conditions_tell_the_legal_status(texts, facts):
    status = legal_status(Condition("60000001", text) for text in texts)["60000001"]

    assert {name for name in status.__slots__ if getattr(status, name)} == facts


@pytest.mark.parametrize(
    ("atc", "is_cold"),
    [
        ("J07BB02", True),
        ("a10ab01", True),
        ("A10BJ02", True),
        ("A10BA02", False),
        ("L04AA06", False),
        ("S01EE01", True),
        ("S01EE02", False),
        ("", False),
    ],
)
def test_the_class_of_a_medicine_presumes_the_fridge(atc, is_cold):
    assert cold_by_atc(atc) is is_cold


def test_the_latest_update_decides_whether_it_names_the_box_or_not(folder):
    write(folder, "CIS_CIP_bdpm.txt", [box("9900001"), box("9900002")])
    presentations = read_folder(folder).presentations
    whole = Availability("60000001", "", 1, "", None, date(2026, 1, 10), None, "")
    named = Availability("60000001", cip13_of("9900001"), 4, "", None, date(2026, 1, 20), None, "")
    newer = Availability("60000001", "", 2, "", None, date(2026, 1, 30), None, "")

    def codes(*lines):
        effective = effective_availability(lines, presentations)
        return [effective[cip13_of(cip7)].code for cip7 in ("9900001", "9900002")]

    assert codes(whole, named) == [4, 1]
    assert codes(named, newer, whole) == [2, 2]
    assert effective_availability([], presentations) == {}


def test_indications_become_plain_lines():
    assert plain_text("Traitement :<br/>- l&#39;asthme<BR>- <b>la toux</b> < 5 ans") == (
        "Traitement :\n- l'asthme\n- la toux < 5 ans"
    )
