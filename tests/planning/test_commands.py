"""``propose-orders``: the same order, by command."""

import json

import pytest

from backofficine.cli import program
from backofficine.planning.why import Why, recompute
from backofficine.purchasing.models import Order, OrderLine
from tests.factories import ProductFactory, SupplierFactory

AT = ["--at", "2026-11-24T10:18:00+01:00"]


@pytest.fixture
def product(main, ask):
    product = ProductFactory(case_size=3)
    ask(product, 2)
    return product


def run(capsys, *words):
    status = program.run(["propose-orders", *AT, *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_report_gives_each_line_with_its_reason(product, capsys):
    status, out, _err = run(capsys, "--json")

    told = json.loads(out)
    line = OrderLine.objects.get()
    assert status == 0
    assert told["supplier"] == "Répartition Loire"
    assert told["round"]["due_at"] == "2026-11-24T13:30:00+00:00"
    assert told["lines"][0]["code"] == product.cip13
    assert told["lines"][0]["proposed"] == line.quantity == recompute(Why.of(line.why))
    assert "Commander" in told["lines"][0]["why"]
    assert told["totals"]["boxes"] == line.quantity
    assert told["status"] == "draft"


def test_people_read_the_same(product, capsys):
    _status, out, _err = run(capsys)

    assert product.cip13 in out
    assert "1 ligne" in out


def test_an_order_may_be_sent_and_written_at_once(product, capsys, tmp_path):
    file = tmp_path / "commande.csv"

    status, out, _err = run(capsys, "--send", "--csv", str(file), "--json")

    assert status == 0
    assert json.loads(out)["status"] == Order.objects.get().status == "sent"
    assert product.cip13 in file.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("hour", ["2026-11-24T19:00", "2026-11-25T08:45", "2026-11-24T18:00:00Z"])
def test_a_round_is_named_by_its_cut_off_or_its_delivery(product, capsys, hour):
    _status, out, _err = run(capsys, "--round", hour, "--json")

    assert json.loads(out)["round"]["cut_off_at"] == "2026-11-24T18:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--round", "2026-11-24T15:00"], "2026-11-24T14:30"),
        (["--round", "demain"], "n’a pas de tournée"),
        (["--supplier", "Personne"], "Répartition Loire"),
        (["--csv", "/nulle/part/commande.csv"], "ne peut pas être écrit"),
    ],
)
def test_a_mistake_is_told_with_what_is_known(product, capsys, words, said):
    status, _out, err = run(capsys, *words)

    assert status == 1
    assert said in err


def test_without_a_supplier_it_says_so(db, capsys):
    assert "add-supplier" in run(capsys)[2]


def test_a_supplier_without_rounds_is_refused(pharmacy, capsys):
    SupplierFactory(name="Ouest")

    status, _out, err = run(capsys, "--supplier", "ouest")

    assert status == 1
    assert "n’a aucune tournée à venir" in err.replace("\u00a0", " ")
