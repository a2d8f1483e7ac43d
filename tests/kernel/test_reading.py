"""What a page asks twice is read once; a command always asks again."""

import pytest

from backofficine.kernel.reading import one_reading, read_once


@pytest.fixture
def asked():
    return []


@pytest.fixture
def question(asked):
    @read_once
    def price(name, *, day=0):
        asked.append((name, day))
        if name == "?":
            raise KeyError(name)
        return len(asked)

    return price


def test_outside_a_reading_each_question_is_asked(question, asked):
    assert (question("a"), question("a")) == (1, 2)


def test_inside_a_reading_the_same_question_is_asked_once(question, asked):
    with one_reading():
        assert (question("a", day=1), question("a", day=1), question("a", day=2)) == (1, 1, 2)

    assert asked == [("a", 1), ("a", 2)]


def test_the_next_reading_asks_again(question):
    with one_reading():
        question("a")
    with one_reading():
        assert question("a") == 2


def test_a_reading_inside_a_reading_is_part_of_it(question, asked):
    with one_reading():
        with one_reading():
            question("a")
        assert question("a") == 1


def test_an_error_is_not_remembered(question, asked):
    with one_reading():
        for _time in range(2):
            with pytest.raises(KeyError):
                question("?")

    assert len(asked) == 2
