"""``check-ledger`` finds and names whatever was altered behind the ledger's back."""

import json
import sys
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from backofficine.cli import main
from backofficine.kernel import append_only
from backofficine.stock import queries, services
from backofficine.stock.models import Balance, ChainHead, Lot, Move, Posting
from backofficine.stock.services import Wanted
from tests.factories import ActorFactory, LocationFactory, LotFactory, ProductFactory, stocked
from tests.factories.base import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(db) -> list[Posting]:
    """Six postings: three receipts, two withdrawals, one reversal."""
    actor = ActorFactory()
    products = [ProductFactory() for _number in range(3)]
    for product in products:
        stocked(product, 12, actor=actor)
    withdrawals = [
        services.withdraw(
            [Wanted(product, 2)], on=TODAY, occurred_at=NOW, recorded_at=NOW, actor=actor,
            request_id=uuid4(), by_pharmacist=True,
        )
        for product in products[:2]
    ]  # fmt: skip
    services.reverse(
        Posting.objects.get(pk=withdrawals[0].posting_id),
        occurred_at=NOW, recorded_at=NOW, actor=actor,
    )  # fmt: skip
    return list(Posting.objects.order_by("position"))


def _behind_its_back(statement: str, *values: object) -> None:
    """What a hand with the database's password could do: triggers off, one change, triggers on."""
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount, "something was altered"


def test_a_sound_ledger_is_said_to_be_sound(ledger):
    report = queries.audit()

    assert report.is_sound
    assert (report.postings, report.moves) == (6, 6)
    assert report.head == ChainHead.objects.get().hash


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "sync"),
        ("occurred_at", NOW - timedelta(seconds=1)),
        ("recorded_at", NOW + timedelta(microseconds=1)),
        ("hash", "f" * 64),
        ("request_id", None),
    ],
)
def test_an_altered_posting_is_named(ledger, column, value):
    victim = ledger[3]
    with append_only.lifted():
        Posting.objects.filter(pk=victim.pk).update(**{column: value or uuid4()})
    victim.refresh_from_db()

    divergence = queries.audit().divergence

    assert divergence is not None
    assert divergence["kind"] == "altered_posting"
    assert divergence["position"] == victim.position == 4
    assert divergence["request_id"] == str(victim.request_id)


@pytest.mark.parametrize("character", [0, 31, 63])
def test_one_flipped_bit_of_a_seal_is_found(ledger, character):
    seal = list(ledger[2].hash)
    seal[character] = f"{int(seal[character], 16) ^ 1:x}"

    _behind_its_back("UPDATE stock_posting SET hash = %s WHERE position = 3", "".join(seal))

    divergence = queries.audit().divergence
    assert divergence is not None
    assert (divergence["kind"], divergence["position"]) == ("altered_posting", 3)


@pytest.mark.parametrize(
    ("column", "value"),
    [("quantity", 3), ("unit_cost", 31_417), ("source_id", None), ("lot_id", None)],
)
def test_an_altered_move_accuses_its_posting(ledger, column, value):
    if value is None:
        value = LotFactory().pk if column == "lot_id" else LocationFactory().pk

    _behind_its_back(
        f"UPDATE stock_move SET {column} = %s WHERE posting_id = %s", value, ledger[4].pk
    )

    divergence = queries.audit().divergence
    assert divergence is not None
    assert (divergence["kind"], divergence["position"]) == ("altered_posting", 5)


def test_a_move_taken_away_accuses_its_posting(ledger):
    _behind_its_back("DELETE FROM stock_move WHERE posting_id = %s", ledger[1].pk)

    divergence = queries.audit().divergence
    assert divergence is not None
    assert (divergence["kind"], divergence["position"]) == ("altered_posting", 2)


def test_a_posting_taken_away_leaves_a_hole(ledger):
    _behind_its_back("DELETE FROM stock_move WHERE posting_id = %s", ledger[2].pk)
    _behind_its_back("DELETE FROM stock_posting WHERE position = 3")

    divergence = queries.audit().divergence
    assert divergence is not None
    assert (divergence["kind"], divergence["expected_position"]) == ("missing_posting", 3)


def test_the_last_postings_cut_off_do_not_match_the_head(ledger):
    _behind_its_back("DELETE FROM stock_move WHERE posting_id = %s", ledger[-1].pk)
    _behind_its_back("DELETE FROM stock_posting WHERE position = 6")

    divergence = queries.audit().divergence
    assert divergence is not None
    assert divergence["kind"] == "wrong_head"


def test_a_history_written_again_does_not_match_the_next_seal(ledger):
    _behind_its_back(
        "UPDATE stock_posting SET previous_hash = %s WHERE position = 4", ledger[0].hash
    )

    divergence = queries.audit().divergence
    assert divergence is not None
    assert (divergence["kind"], divergence["position"]) == ("broken_chain", 4)


def test_an_altered_balance_is_named_with_both_numbers(ledger):
    victim = Balance.objects.order_by("lot_id", "location_id")[1]
    Balance.objects.filter(pk=victim.pk).update(on_hand=11)

    assert queries.audit().divergence == {
        "kind": "wrong_balance",
        "lot": str(victim.lot.public_id),
        "location": str(victim.location.public_id),
        "stored": 11,
        "replayed": 10,
    }


def test_a_balance_taken_away_or_invented_is_named(ledger):
    lot = Lot.objects.order_by("pk").last()
    assert lot is not None
    Balance.objects.filter(lot=lot).delete()

    missing = queries.audit().divergence

    assert missing is not None
    assert (missing["kind"], missing["stored"], missing["replayed"]) == ("wrong_balance", 0, 12)

    Balance.objects.create(lot=lot, location=LocationFactory(), on_hand=12)
    invented = queries.audit().divergence
    assert invented is not None
    assert (invented["stored"], invented["replayed"]) == (12, 0)


def test_a_cost_is_sealed_to_its_last_ten_thousandth(ledger):
    assert Move.objects.filter(unit_cost=Decimal("3.1416")).count() == 6


# The command ------------------------------------------------------------------------------------


def test_check_ledger_reports_in_json_and_leaves_0(ledger, capsys):
    status = main(["check-ledger", "--json"])

    report = json.loads(capsys.readouterr().out)
    assert status == 0
    assert report == {
        "ok": True,
        "postings": 6,
        "moves": 6,
        "balances": 3,
        "head": ledger[-1].hash,
        "divergence": None,
    }


def test_check_ledger_leaves_1_and_names_the_first_divergence(ledger, capsys):
    _behind_its_back("UPDATE stock_move SET quantity = 9 WHERE posting_id = %s", ledger[4].pk)

    status = main(["check-ledger", "--json"])

    report = json.loads(capsys.readouterr().out)
    assert status == 1
    assert report["ok"] is False
    assert report["divergence"]["kind"] == "altered_posting"
    assert report["divergence"]["position"] == 5


def test_check_ledger_speaks_french_to_people(ledger, capsys):
    assert main(["check-ledger"]) == 0
    assert "6 écritures" in capsys.readouterr().out

    Balance.objects.filter(on_hand=12).update(on_hand=13)

    assert main(["check-ledger"]) == 1
    said = capsys.readouterr().out
    assert "solde" in said
    assert "13" in said
    assert "12" in said


def test_what_the_shop_posts_during_the_reading_is_no_divergence(ledger, monkeypatch):
    """As in a shop that works: a new lot is received while the ledger is read."""
    monkeypatch.setattr(sys.modules["backofficine.stock.queries.audit"], "CHUNK", 1)
    read: list[int] = []

    def progress(done: int, _total: int) -> None:
        if not read:
            stocked(ProductFactory(), 4)
        read.append(done)

    report = queries.audit(progress=progress)

    assert report.is_sound
    assert (report.postings, report.balances) == (7, 4)
    assert read == [1, 2, 3, 4, 5, 6]
