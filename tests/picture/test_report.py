"""The report and its canonical bytes."""

import pytest

from backofficine.picture.report import SECTIONS, as_json, euros, from_json, share
from tests.picture.example import example


def test_a_report_is_read_back_as_it_was_written():
    report = example()

    assert from_json(as_json(report)) == report
    assert as_json(from_json(as_json(report))) == as_json(report)


def test_the_same_report_has_the_same_bytes():
    assert as_json(example()) == as_json(example())


def test_every_figure_opens_its_lines_and_every_line_serves_a_figure():
    for section in example().sections:
        keys = {figure.key for figure in section.figures}
        for line in section.lines:
            assert line.groups
            assert set(line.groups) <= keys


def test_sections_come_in_the_order_of_the_issue():
    assert tuple(section.key for section in example().sections) == SECTIONS


def test_an_amount_is_rounded_once_and_zero_has_no_sign():
    assert str(euros(2.675)) == "2.68"
    assert str(euros(-0.001)) == "0.00"
    assert str(share(1 / 3)) == "0.333"


def test_the_bytes_of_another_format_are_refused():
    with pytest.raises(ValueError, match="format"):
        from_json(b'{"format": 99}')


def test_the_count_list_is_walked_by_address():
    walked = example().count_list

    assert len(walked) == 20
    assert [line.address for line in walked] == sorted(line.address for line in walked)
