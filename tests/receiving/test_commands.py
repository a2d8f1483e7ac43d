"""``receive`` and ``put-away``: the bench and the walk, without a screen."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from backofficine.cli.program import run
from backofficine.formats.gs1 import box_code
from backofficine.promises import services as promising
from backofficine.promises.models import Cause
from backofficine.receiving.models import Receipt, UnknownScan
from backofficine.receiving.services.scan_file import UnreadableScans, read_scans
from backofficine.stock import queries as stock
from backofficine.stock.models import Location
from tests.receiving.conftest import GOOD_DATE, Bench

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


def told(capsys, *words: str) -> dict:
    assert run([*words, "--json", "--at", "2026-11-24T10:18:00+01:00"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_order_is_received_as_ordered(bench: Bench, capsys) -> None:
    product = bench.line(3)

    report = told(capsys, "receive", f"C{bench.order.number}")

    assert report["receipts"][0]["boxes"] == 3
    assert report["receipts"][0]["gaps"] == []
    assert stock.on_hand(product) == 3


def test_receiving_twice_receives_once(bench: Bench, capsys) -> None:
    product = bench.line(3)

    for _ in range(2):
        told(capsys, "receive", str(bench.order.number))

    assert stock.on_hand(product) == 3
    assert Receipt.objects.filter(status="validated").count() == 1


def test_a_file_of_scans_says_lots_gaps_and_unknown_codes(bench: Bench, capsys, tmp_path) -> None:
    product = bench.line(3)
    file = tmp_path / "scans.csv"
    file.write_text(
        "Code;Lot;Péremption;Quantité;Prix\n"
        f"{product.cip13};A1;02/2028;2;3,20\n"
        "3701234567890;Z;02/2028;1;\n"
        f"{product.cip13};A2;32/13/2028;1;\n",
        encoding="cp1252",
    )

    report = told(capsys, "receive", str(bench.order.number), "--scans", str(file))

    kinds = {gap["kind"] for gap in report["receipts"][0]["gaps"]}
    assert kinds == {"missing", "price"}
    assert report["unknown"] == [{"line": 3, "code": "3701234567890"}]
    assert report["rejected"][0]["line"] == 4
    assert UnknownScan.objects.count() == 1


def test_raw_datamatrix_lines_are_scans(bench: Bench, today) -> None:
    product = bench.line(3)
    code = box_code(cip13=product.cip13, lot="A1", expires_on=GOOD_DATE, serial="S1")

    found = read_scans(f"{code}\n2*{product.cip13}\n\n".encode(), on=today)

    first, second = found.boxes
    assert (first.lot_number, first.expires_on, first.serial) == ("A1", GOOD_DATE, "S1")
    assert second.quantity == 2


@pytest.mark.parametrize("data", [b"\x00\x01\x02" * 50, b"code\x00" * 50])
def test_a_file_that_is_no_text_is_refused(bench: Bench, today, data: bytes) -> None:
    with pytest.raises(UnreadableScans):
        read_scans(data, on=today)


def test_ten_megabytes_of_garbage_are_read_quickly_and_break_nothing(bench: Bench, today) -> None:
    found = read_scans(b"@@@@ zz ## 77\n" * 20_000, on=today)

    assert found.boxes == []
    assert len(found.unknown) == 20_000


def test_promises_are_announced_by_slot_and_number_only(bench: Bench, capsys) -> None:
    Location.objects.filter(kind=Location.Kind.PROMISE_SLOT).update(code="27")
    product = bench.line(3)
    promise = promising.promise(
        product, quantity=1, name="Mireille Durand", cause=Cause.NOT_STOCKED, is_chosen=False,
        at=bench.at - timedelta(days=1), actor=bench.actor, request_id=uuid4(),
        delivery_round=bench.delivery_round,
    )  # fmt: skip

    report = told(capsys, "receive", str(bench.order.number))

    (one,) = report["receipts"][0]["promises"]
    assert (one["slot"], one["promise"], one["boxes"]) == ("27", promise.number, 1)
    assert "Durand" not in json.dumps(report)


@pytest.mark.parametrize("word", ["C999", "douze", "C" + "9" * 30])
def test_an_unknown_order_is_a_sentence(bench: Bench, capsys, word: str) -> None:
    assert run(["receive", word]) == 1
    assert "Aucune commande" in capsys.readouterr().err


def test_a_draft_is_not_received(bench: Bench, capsys) -> None:
    bench.order.status = "draft"
    bench.order.save()

    assert run(["receive", str(bench.order.number)]) == 1
    assert "envoyée" in capsys.readouterr().err


def test_narcotics_need_the_pharmacist(bench: Bench, capsys) -> None:
    bench.line(1, narcotic=True)

    assert run(["receive", str(bench.order.number)]) == 1
    assert "pharmacien" in capsys.readouterr().err
    assert told(capsys, "receive", str(bench.order.number), "--pharmacist")


def test_the_walk_is_listed_then_put_away(bench: Bench, capsys) -> None:
    product = bench.line(3)
    told(capsys, "receive", str(bench.order.number))

    assert told(capsys, "put-away")["stops"][0]["boxes"] == 3
    assert told(capsys, "put-away", "--all")["waiting"] == 0

    place = product.addresses.get().location
    assert [row.on_hand for row in stock.balances_at(product, place)] == [3]
