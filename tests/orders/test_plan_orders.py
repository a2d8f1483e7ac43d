"""``plan-orders`` on files: what it reads, what it refuses in French, what it decides."""

import csv
import gzip
import io
import os
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest

from backofficine.cli import main
from backofficine.science.demand.reading import group_of, week_weights
from tools.orders import engine, vn2
from tools.orders.shop import moment
from tools.truth_series import DataAbsent

HEADING = "item,period,quantity,in_stock"
HISTORY = "\n".join(
    [HEADING]
    + [
        f"{item},{date(2026, 1, 5) + timedelta(weeks=week)},{(week * step) % 4},true"
        for item, step in (("A", 1), ("B", 3))
        for week in range(30)
    ]
)
STATE = "item,on_hand,arriving_1,arriving_2\nB,0,0,1\nA,50,0,0\n"
WORDS = {"--holding-cost": "0.2", "--shortage-cost": "1", "--lead-time": "2", "--review": "1"}


@pytest.fixture
def order(tmp_path, capsys):
    """Runs the command on two files; gives the status, what was written, what was said."""

    def run(history=HISTORY, state=STATE, **changed):
        paths = {}
        for name, said in (("history", history), ("state", state)):
            paths[name] = tmp_path / f"{name}.csv"
            paths[name].write_bytes(said if isinstance(said, bytes) else said.encode())
        out = tmp_path / "out.csv"
        out.unlink(missing_ok=True)
        words = {
            "--history": paths["history"],
            "--state": paths["state"],
            "--out": out,
            "--periods": "week",
            **WORDS,
            **{f"--{name.replace('_', '-')}": value for name, value in changed.items()},
        }
        status = main(["plan-orders", *(str(word) for pair in words.items() for word in pair)])
        text = capsys.readouterr()
        lines = list(csv.reader(io.StringIO(out.read_text()))) if out.exists() else None
        return status, lines, text.err

    return run


def test_one_line_for_each_item_of_the_state_in_its_order_and_no_database(order):
    status, lines, _ = order()

    assert status == 0
    assert lines[0] == ["item", "quantity"]
    assert [item for item, _ in lines[1:]] == ["B", "A"]
    # B sells one and a half a week and has one coming; A has fifty.
    assert int(lines[1][1]) > 0
    assert int(lines[2][1]) == 0


def test_the_same_files_give_the_same_order_whatever_the_order_of_their_lines(order):
    heading, *rows = HISTORY.splitlines()

    assert order()[1] == order()[1]
    assert order()[1] == order("\n".join([heading, *reversed(rows)]))[1]


@pytest.mark.parametrize(
    "dressed",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace(",", ";").encode("cp1252"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace("true", "TRUE").replace("item,", "Item,").encode(),
        lambda text: text.replace("true", "1").encode(),
        lambda text: "\n".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"'
                               for line in text.splitlines()).encode(),
    ],
    ids=["BOM", "semicolons", "CRLF", "UTF-16", "gzip", "capitals", "flags as 1", "quotes"],
)  # fmt: skip
def test_files_in_any_dress_give_the_same_order(order, dressed):
    assert order(dressed(HISTORY), dressed(STATE))[1] == order()[1]


def test_accents_of_an_old_encoding_are_read(order):
    history, state = (text.replace("A,", "Épinal,") for text in (HISTORY, STATE))

    _, lines, _ = order(history.encode("cp1252"), state.encode("cp1252"))

    assert lines[2][0] == "Épinal"


def test_an_item_without_history_has_a_line_and_a_sensible_quantity(order):
    status, lines, _ = order(state=STATE + "new,0,0,0\n")

    assert status == 0
    assert lines[3][0] == "new"
    assert 0 <= int(lines[3][1]) < 20


def test_an_item_without_state_has_no_line(order):
    _, lines, _ = order(state="item,on_hand\nA,0\n")

    assert [item for item, _ in lines[1:]] == ["A"]


def test_what_is_sold_out_of_stock_and_what_is_missing_is_no_zero(order):
    """The last half year of an item, out of stock or not written: it is ordered all the same."""
    rows = [
        f"A,{date(2026, 1, 5) + timedelta(weeks=week)},{quantity},{flag}"
        for week in range(52)
        for quantity, flag in [(4, "true") if week < 26 else (0, "false")]
    ]
    others = [f"B,{date(2026, 1, 5) + timedelta(weeks=week)},1,true" for week in range(52)]
    state = "item,on_hand\nA,0\nB,0\n"

    censored = order("\n".join([HEADING, *rows, *others]), state)[1]
    missing = order("\n".join([HEADING, *rows[:26], *others]), state)[1]
    zeros = order("\n".join([HEADING, *rows, *others]).replace("false", "true"), state)[1]

    assert censored == missing
    assert int(censored[1][1]) >= 4
    assert int(zeros[1][1]) < int(censored[1][1])


def test_what_comes_before_the_order_is_counted_on(order):
    heading = "item,on_hand,arriving_1,arriving_3\n"
    bare = order(state=heading + "B,0,,\n")[1]
    coming = order(state=heading + "B,0,,4\n")[1]

    assert int(bare[1][1]) > int(coming[1][1])


def test_months_are_understood(order):
    rows = [
        f"A,{2024 + month // 12}-{month % 12 + 1:02}-01,{3 + month % 2},true" for month in range(30)
    ]

    status, lines, _ = order("\n".join([HEADING, *rows]), "item,on_hand\nA,0\n", periods="month")

    assert status == 0
    assert 3 <= int(lines[1][1]) <= 20


def test_attributes_may_be_told(order):
    heading, *rows = HISTORY.splitlines()
    told = "\n".join([heading + ",attr_shop,attr_class", *(row + ",1,x" for row in rows)])

    assert order(told)[0] == 0


# What is refused ---------------------------------------------------------------------------------

LINE = "A,2026-08-03,1,true"
BAD_HISTORIES = {
    "empty file": (b"", "est vide"),
    "heading only": (HEADING, "aucune ligne"),
    "no item column": (HISTORY.replace("item,", "code,", 1), "« item »"),
    "no period column": (HISTORY.replace("period,", "jour,", 1), "« period »"),
    "no quantity column": (HISTORY.replace("quantity", "ventes", 1), "« quantity »"),
    "no flag column": (HISTORY.replace(",in_stock", "", 1), "« in_stock »"),
    "unreadable date": (f"{HISTORY}\nA,03/08/2026,1,true", "« 03/08/2026 »"),
    "a day that is not": (f"{HISTORY}\nA,2026-02-30,1,true", "« 2026-02-30 »"),
    "another weekday": (f"{HISTORY}\nA,2026-08-04,1,true", "2026-08-04"),
    "words for a quantity": (f"{HISTORY}\nA,2026-08-03,beaucoup,true", "« beaucoup »"),
    "a quantity without end": (f"{HISTORY}\nA,2026-08-03,inf,true", "« inf »"),
    "negative": (f"{HISTORY}\nA,2026-08-03,-2,true", "-2 est négatif"),
    "unreadable flag": (f"{HISTORY}\nA,2026-08-03,1,peut-être", "« peut-être »"),
    "no flag": (f"{HISTORY}\nA,2026-08-03,1,", "« — »"),
    "an item without name": (f"{HISTORY}\n,2026-08-03,1,true", "n’a pas de nom"),
    "said twice": (f"{HISTORY}\n{LINE}\n{LINE}", "déjà"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "image"),
    "gzip cut short": (gzip.compress(HISTORY.encode())[:-20], "ne peut pas être lu"),
    "a slip of a century": (
        f"{HISTORY}\n" + "\n".join(f"C{n},0026-08-03,1,true" for n in range(700)),
        "probablement",
    ),
}


@pytest.mark.parametrize(("history", "said"), BAD_HISTORIES.values(), ids=BAD_HISTORIES.keys())
def test_a_bad_history_is_refused_with_a_sentence_and_nothing_is_written(order, history, said):
    status, lines, sentence = order(history)

    assert status == 1
    assert lines is None
    assert said in sentence.replace("\u00a0", " ").replace("\u202f", " ")
    assert sentence.count("\n") == 1


BAD_STATES = {
    "empty file": (b"\n\n", "est vide"),
    "no item column": ("code,on_hand\nA,1\n", "« item »"),
    "no stock column": ("item,arriving_1\nA,1\n", "« on_hand »"),
    "negative": ("item,on_hand\nA,-3\n", "-3 est négatif"),
    "negative on its way": ("item,on_hand,arriving_2\nA,3,-1\n", "« arriving_2 »"),
    "half a box": ("item,on_hand\nA,1.5\n", "« 1.5 »"),
    "nothing known": ("item,on_hand\nA,\n", "« — »"),
    "said twice": ("item,on_hand\nA,1\nA,2\n", "déjà"),
    "no line": ("item,on_hand\n", "aucune ligne"),
}


@pytest.mark.parametrize(("state", "said"), BAD_STATES.values(), ids=BAD_STATES.keys())
def test_a_bad_state_is_refused_with_a_sentence_and_nothing_is_written(order, state, said):
    status, lines, sentence = order(state=state)

    assert status == 1
    assert lines is None
    assert said in sentence.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    "changed",
    [
        {"holding_cost": "0"},
        {"shortage_cost": "-1"},
        {"shortage_cost": "nan"},
        {"lead_time": "-1"},
        {"review": "0"},
        {"lead_time": "100000"},
        {"history": "nowhere.csv"},
    ],
)
def test_bad_numbers_and_absent_files_are_refused(order, changed):
    status, lines, sentence = order(**changed)

    assert status == 1
    assert lines is None
    assert sentence.strip()


def test_a_folder_that_is_not_there_is_told_and_nothing_is_left(order, tmp_path):
    status, _, sentence = order(out=tmp_path / "nowhere" / "out.csv")

    assert status == 1
    assert "rien n’a été fait" in sentence
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.csv", "state.csv"]


def test_what_was_there_stays_when_the_files_are_bad(order, tmp_path):
    out = tmp_path / "kept.csv"
    out.write_text("item,quantity\nA,7\n")

    assert order("", out=out)[0] == 1
    assert out.read_text() == "item,quantity\nA,7\n"


def test_the_program_plans_in_an_empty_folder_without_migrations(tmp_path):
    (tmp_path / "history.csv").write_text(HISTORY)
    (tmp_path / "state.csv").write_text(STATE)
    environment = {**os.environ, "BACKOFFICINE_DATA_DIR": str(tmp_path / "data")}
    environment.pop("DATABASE_URL", None)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    words = ["--history", "history.csv", "--state", "state.csv", "--out", "out.csv"]
    words += [word for pair in WORDS.items() for word in pair]

    done = subprocess.run(
        [sys.executable, "-m", "backofficine", "plan-orders", *words, "--periods", "week"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text().startswith("item,quantity\nB,")
    assert not list(tmp_path.rglob("*.sqlite3"))


# What a bare file leaves unsaid ------------------------------------------------------------------


def test_a_weekday_that_never_sells_is_closed():
    week = np.array([[4.0, 4, 4, 4, 4, 8, 0]])

    weights = week_weights(np.tile(week, 30), np.ones((1, 210), dtype=bool))

    assert weights[6] == 0
    assert weights.mean() == pytest.approx(1)
    assert weights[5] == pytest.approx(2 * weights[0], rel=0.15)


def test_items_share_the_season_of_their_finest_group_that_is_still_large():
    items = np.arange(100)
    attributes = np.column_stack([items % 2, items % 4, items % 50])

    assert group_of(attributes).tolist() == (items % 4).tolist()
    assert group_of(attributes[:, 2:]).tolist() == [0] * 100
    assert group_of(attributes[:, :0]).tolist() == [0] * 100


# As the evaluator ---------------------------------------------------------------------------------


def test_a_week_of_the_challenge_is_decided_alike_from_files_and_in_memory(order):
    try:
        challenge = vn2.load()
    except DataAbsent as absent:
        pytest.skip(str(absent))
    origin = vn2.earlier_origins(challenge)[3]
    state = vn2.state_at(origin, challenge=challenge)
    now = moment(challenge.demand, now=origin, state=state, rules=vn2.RULES, costs=vn2.COSTS)
    names = [f"{row:03}" for row in range(len(challenge.keys))]
    attributes = list(challenge.attributes)
    history = [HEADING + "".join(f",attr_{name}" for name in attributes)]
    for row, name in enumerate(names):
        tail = "".join(f",{challenge.attributes[each][row]}" for each in attributes)
        history += [
            f"{name},{challenge.weeks[week]},{now.quantity[row, week]},{now.known[row, week]}{tail}"
            for week in range(origin)
        ]
    rows = zip(names, now.on_hand.tolist(), now.arriving.tolist(), strict=True)
    shelf = ["item,on_hand,arriving_1,arriving_2"]
    shelf += [f"{name},{there},{first},{second}" for name, there, (first, second) in rows]

    status, lines, sentence = order("\n".join(history), "\n".join(shelf))

    assert status == 0, sentence
    assert [int(quantity) for _, quantity in lines[1:]] == engine.ours(now).tolist()
