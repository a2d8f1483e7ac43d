"""Charts: what is drawn, what is said and what stands in the table are the same figures."""

import datetime as dt
import json
import re

import pytest
from django.test import SimpleTestCase
from django.utils import translation

from backofficine.web.charts import (
    EUROS,
    PERCENT,
    Ahead,
    Arrival,
    Axis,
    Bar,
    Bars,
    Curve,
    Fan,
    Lines,
    Past,
    Point,
    Series,
    Step,
    TradeOff,
    Unit,
)
from backofficine.web.sample_charts import sample_charts

contains = SimpleTestCase().assertInHTML
MONDAY = dt.date(2026, 11, 23)
WEEK = dt.timedelta(days=7)


def a_fan(**changes):
    told = {
        "title": "Demand",
        "now": MONDAY,
        "past": [Past(MONDAY - 2 * WEEK, 5, 1), Past(MONDAY - WEEK, 0, is_out=True)],
        "ahead": [Ahead(MONDAY, 4, {50: (3, 5), 80: (2, 7), 95: (0, 9)})],
        "unit": Unit(word="boxes", single="box"),
        "stock": 1,
        "arrivals": [Arrival(MONDAY + WEEK, 6)],
    }
    return Fan(**{**told, **changes})


def drawn(html):
    """What the script will read."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("unit", "value", "french", "english"),
    [
        (EUROS, 1842, "1 842 €", "€1,842"),
        (PERCENT, 0.9746, "97,5 %", "97.5%"),
        (Unit(word="boîtes", single="boîte"), 1, "1 boîte", "1 boîte"),
        (Unit(word="boîtes", single="boîte"), 0, "0 boîte", "0 boîtes"),
        (Unit(word="boîtes", single="boîte"), 2, "2 boîtes", "2 boîtes"),
        (Unit(decimals=1), -1.25, "−1,3", "−1.3"),
        (EUROS, None, "–", "–"),
    ],
)
def test_a_figure_is_written_as_the_house_writes_it(unit, value, french, english):
    assert plain(unit.write(value)) == english
    with translation.override("fr"):
        assert plain(unit.write(value)) == french


# ---------------------------------------------------------------- a fan


def test_the_sentence_tells_the_past_the_coming_week_the_stock_and_what_comes():
    assert plain(a_fan().summary) == (
        "2 weeks: 6 boxes asked for, 1 of them in vain. "
        "Coming week: 4 boxes expected, 8 times in 10 between 2 and 7. "
        "In stock now: 1 box. On their way: 6 boxes on Mon 30 Nov."
    )


def test_a_french_sentence_ends_with_one_stop():
    with translation.override("fr"):
        summary = plain(a_fan().summary)

    assert summary.endswith("6 boxes le lun. 30 nov.")
    assert summary.startswith("2 semaines : demande de 6 boxes, dont 1 en vain.")


def test_what_is_not_known_is_not_said():
    alone = a_fan(past=[], ahead=[], stock=None, arrivals=[], note="Nothing yet.")

    assert alone.summary == "Nothing yet."
    assert [key.mark for key in alone.legend()] == ["served"]
    assert alone.table().rows == []


def test_each_mark_of_the_drawing_has_its_word():
    marks = [key.mark for key in a_fan().legend()]

    assert marks == ["served", "missing", "out", "middle", "range-50", "range-80", "range-95",
                     "stock", "arrival"]  # fmt: skip


def test_the_table_holds_the_past_then_what_may_come():
    head, rows = a_fan().table()

    assert head[0].words == "Week of"
    assert [len(row) for row in rows] == [len(head)] * 3
    assert rows[0][1:3] == ["5", "1"]
    assert rows[1][1] == "out of stock"
    assert rows[2][3:] == ["4", "3 to 5", "2 to 7", "0 to 9"]


@pytest.mark.parametrize(("step", "word"), [(Step.DAY, "day"), (Step.MONTH, "month")])
def test_a_period_is_called_by_its_length(step, word):
    assert f"2 {word}s: " in plain(a_fan(step=step).summary)
    assert f"Coming {word}: " in plain(a_fan(step=step).summary)


# ---------------------------------------------------------------- curves and bars


def test_a_curve_over_time_is_told_from_end_to_end():
    chart = Lines(
        title="Stock", days=[MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK], axis=Axis("Stock", EUROS),
        series=[Series("this policy", [900, None, 800], is_ours=True), Series("none", [None] * 3)],
    )  # fmt: skip

    assert plain(chart.summary) == "This policy: from €900 to €800, between €800 and €900."
    assert chart.table().rows[1][1:] == ["–", "–"]
    assert chart.drawn()["series"][0] == {
        "name": "this policy", "values": [900, None, 800], "ours": True,
    }  # fmt: skip


def test_a_trade_off_is_read_from_the_least_to_the_most():
    chart = TradeOff(
        title="Trade-off", x=Axis("Stock", EUROS), y=Axis("Served", PERCENT),
        curves=[
            Curve("ours", [Point(800, 0.99, "98 %"), Point(500, 0.95, "90 %")], is_ours=True),
            Curve("then", [Point(700, 0.94)]),
            Curve("empty", []),
        ],
    )  # fmt: skip

    assert plain(chart.summary) == (
        "Ours: from 95.0% for €500 to 99.0% for €800. Then: 94.0% for €700."
    )
    assert [row[:2] for row in chart.table().rows] == [
        ["ours", "90 %"], ["ours", "98 %"], ["then", ""],
    ]  # fmt: skip
    assert chart.drawn()["curves"][0]["points"][0] == [500, 0.95, "90 %"]


def test_a_long_list_of_bars_is_told_by_its_two_ends():
    bars = [Bar(name, value) for name, value in zip("abcde", [3, 9, 1, 4, 5], strict=True)]
    chart = Bars(title="Costs", axis=Axis("Cost", EUROS), bars=bars, reference=Bar("aim", 2))

    assert plain(chart.summary) == "B: €9. C: €1. Aim: €2."
    assert len(chart.table().rows) == 6
    assert chart.rows == 5


# ---------------------------------------------------------------- the component


@pytest.mark.parametrize("chart", sample_charts(), ids=lambda chart: chart.kind)
def test_without_a_script_a_chart_is_a_sentence_and_a_table(draw, chart):
    html = draw("{% chart one %}", one=chart)

    assert f'<span class="chart-words">{chart.summary}</span>' in html
    assert '<details class="chart-table" open>' in html
    assert html.count("<tr>") == 1 + len(chart.table().rows)
    assert html.count("<td") == len(chart.table().head) * len(chart.table().rows)
    assert drawn(html)["kind"] == chart.kind


def test_the_drawing_is_left_to_the_eye(draw):
    html = draw("{% chart one %}", one=a_fan())

    contains('<div class="chart-drawing" aria-hidden="true"></div>', html)
    assert "dist/charts.js" in html


def test_a_name_is_never_markup(draw):
    chart = Bars(
        title="<b>", axis=Axis("Cost"), bars=[Bar("</script><img src=x onerror=alert(1)>", 1)]
    )

    html = draw("{% chart one %}", one=chart)

    assert "<img" not in html
    assert html.count("</script>") == 1
    assert drawn(html)["bars"][0][0].startswith("</script>")
