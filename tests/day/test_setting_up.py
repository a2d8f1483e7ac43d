"""An empty installation becomes a pharmacy with a supplier, by command."""

import argparse
import json
from collections import Counter
from datetime import time

import pytest

from backofficine.cli import main
from backofficine.pharmacy.models import Pharmacy
from backofficine.purchasing.commands import weekly_rounds
from backofficine.purchasing.models import DeliveryRound, Supplier
from backofficine.purchasing.services import WeeklyRound
from backofficine.stock.models import Location
from backofficine.stock.queries.places import dock
from backofficine.team.models import User

pytestmark = pytest.mark.django_db

FOUND = ["found-pharmacy", "--name", "Pharmacie des Tilleuls", "--owner", "claire"]
SUPPLIER = ["add-supplier", "Répartition du Val"]


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BACKOFFICINE_OWNER_PASSWORD", "une-phrase-longue")
    return "une-phrase-longue"


def test_a_pharmacy_is_founded_with_its_owner(password: str) -> None:
    assert main([*FOUND, "--json"]) == 0

    owner = User.objects.get(username="claire")
    assert owner.check_password(password)
    assert owner.has_perm("team.sign_tariffs")
    assert Pharmacy.objects.get().stock_truth == "lgo"


def test_a_pharmacy_is_founded_once(password: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(FOUND)

    assert main(FOUND) == 1
    assert "déjà" in capsys.readouterr().err
    assert (Pharmacy.objects.count(), User.objects.count()) == (1, 1)


def test_a_weak_password_founds_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKOFFICINE_OWNER_PASSWORD", "azerty")

    assert main(FOUND) == 1
    assert "trop court" in capsys.readouterr().err
    assert not Pharmacy.objects.exists()
    assert not User.objects.exists()


def test_without_terminal_nor_variable_the_missing_password_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BACKOFFICINE_OWNER_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    assert main(FOUND) == 1
    assert "BACKOFFICINE_OWNER_PASSWORD" in capsys.readouterr().err
    assert not Pharmacy.objects.exists()


def test_a_wholesaler_comes_with_its_rounds(
    pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SUPPLIER, "--round", "lun-sam 11:45 14:30", "--round", "mon-fri 19h00 7h00"]

    assert main([*words, "--at", "2026-02-02T20:00:00+01:00", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    rounds = DeliveryRound.objects.order_by("cut_off_at")
    # Fourteen days from that Monday night: eleven noons and nine evenings are to come.
    assert told["rounds"] == len(rounds) == 20
    assert str(rounds[0].cut_off_at) == "2026-02-03 10:45:00+00:00"
    assert str(rounds[1].due_at) == "2026-02-04 06:00:00+00:00"
    assert Supplier.objects.get().is_main


def test_the_same_supplier_twice_is_refused(
    pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*SUPPLIER, "--round", "lun 11:45 14:30"])

    assert main(["add-supplier", "répartition du  VAL", "--round", "lun 11:45 14:30"]) == 1
    assert "déjà un fournisseur" in capsys.readouterr().err
    assert Supplier.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Un répartiteur livre par tournées"),
        (["--round", "lun 9:00 11:00", "--round", "lun-mar 9h00 14:00"], "n’en gardez qu’une"),
        (["--kind", "direct"], "un délai en jours"),
        (["--kind", "direct", "--lead-days", "3", "--round", "lun 9:00 11:00"], "pas de tournées"),
    ],
)
def test_a_supplier_that_cannot_come_is_refused(
    pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main([*SUPPLIER, *words]) == 1
    assert told in capsys.readouterr().err
    assert not Supplier.objects.exists()


def test_a_round_is_read_in_both_languages() -> None:
    assert weekly_rounds("sam 17h45 7h00 +2") == [WeeklyRound(5, time(17, 45), time(7), 2)]
    assert [one.weekday for one in weekly_rounds("sat-mon 9:00 11:00")] == [5, 6, 0]
    assert weekly_rounds("ven 19:00 7:00")[0].drop_day_offset == 1


@pytest.mark.parametrize("text", ["", "lun", "xyz 9:00 11:00", "lun 25:00 11:00", "lun 9 11"])
def test_what_is_no_round_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="n’est pas une tournée"):
        weekly_rounds(text)


def test_a_new_pharmacy_can_receive_quarantine_and_promise_at_once(password: str) -> None:
    main(FOUND)

    held = Counter(Location.objects.filter(holds_stock=True).values_list("kind", flat=True))
    assert held == {
        "dock": 1, "quarantine": 1, "fridge": 1, "safe": 1, "shelf": 1, "promise_slot": 28,
    }  # fmt: skip
    assert dock().code == "QUAI"
    assert Location.objects.filter(parent__kind="fridge").count() == 4


def test_furnishing_adds_only_what_is_missing(
    pharmacy: Pharmacy, capsys: pytest.CaptureFixture[str]
) -> None:
    Location.objects.create(kind="dock", code="Réception", holds_stock=True)
    Location.objects.create(kind="shelf", code="Frigo", holds_stock=True)

    assert main(["furnish", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"places": 3 + 28}
    assert main(["furnish", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"places": 0}
    assert dock().code == "Réception"
    assert Location.objects.get(kind="fridge").code == "FRIGO 2"
