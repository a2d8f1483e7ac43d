"""Secrets at rest: readable with the month's key, closed for good without it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from backofficine.kernel import vault


def test_what_was_closed_opens_in_its_month():
    cipher = vault.encrypt("Mme Ferrand, 06 39 98 00 12", month="2026-11")

    assert "Ferrand" not in cipher
    assert vault.decrypt(cipher, month="2026-11") == "Mme Ferrand, 06 39 98 00 12"


def test_the_same_words_never_look_the_same():
    assert vault.encrypt("Ferrand", month="2026-11") != vault.encrypt("Ferrand", month="2026-11")


def test_destroying_a_months_key_erases_that_month_alone(keys):
    october = vault.encrypt("Ferrand", month="2026-10")
    november = vault.encrypt("Ferrand", month="2026-11")

    assert vault.destroy_month("2026-10") is True

    with pytest.raises(vault.Erased):
        vault.decrypt(october, month="2026-10")
    assert vault.decrypt(november, month="2026-11") == "Ferrand"
    assert not (keys / "month-2026-10.key").exists()
    assert vault.destroy_month("2026-10") is False


def test_a_key_made_again_does_not_open_what_the_first_closed():
    cipher = vault.encrypt("Ferrand", month="2026-10")
    vault.destroy_month("2026-10")
    vault.encrypt("Ozanne", month="2026-10")

    with pytest.raises(vault.Erased):
        vault.decrypt(cipher, month="2026-10")


def test_reading_makes_no_key(keys):
    cipher = Fernet(Fernet.generate_key()).encrypt(b"Ferrand").decode()

    with pytest.raises(vault.Erased):
        vault.decrypt(cipher, month="2031-01")

    assert not list(keys.glob("month-*"))


def test_keys_are_for_the_owner_of_the_process_alone(keys):
    vault.encrypt("Ferrand", month="2026-11")

    assert keys.stat().st_mode & 0o077 == 0
    assert [path.stat().st_mode & 0o077 for path in keys.iterdir()] == [0]


def test_two_that_start_together_agree_on_one_key():
    with ThreadPoolExecutor(8) as pool:
        ciphers = list(pool.map(lambda _n: vault.encrypt("Ferrand", month="2026-11"), range(32)))

    assert {vault.decrypt(cipher, month="2026-11") for cipher in ciphers} == {"Ferrand"}


def test_a_power_cut_while_a_key_is_written_leaves_no_half_key(keys, monkeypatch):
    def cut(_handle: int) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(vault.os, "fsync", cut)
        with pytest.raises(OSError, match="power cut"):
            vault.lookup_hash("name", "fer")

    assert not (keys / "lookup.key").exists()
    assert len(vault.lookup_hash("name", "fer")) == 64


def test_a_lookup_finds_an_exact_text_and_tells_nothing_else(keys, settings, tmp_path):
    known = vault.lookup_hash("name", "fer")

    assert vault.lookup_hash("name", "fer") == known
    assert vault.lookup_hash("phone", "fer") != known
    assert vault.lookup_hash("name", "ferr") != known

    settings.KEYS_DIR = tmp_path / "another installation"
    assert vault.lookup_hash("name", "fer") != known


def test_a_month_is_named_as_people_sort_it(today):
    assert vault.month_of(today) == "2026-11"
