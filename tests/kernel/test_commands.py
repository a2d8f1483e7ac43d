"""The command line reads words, writes reports, and refuses with a sentence and a status."""

import json
from datetime import UTC, datetime

import pytest

from backofficine.cli import main, program
from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError


class ShopIsClosed(DomainError):
    message = "The shop is closed. Come back at %(hour)s."


@pytest.fixture
def only(monkeypatch):
    """Make the program know one command."""

    def know(run):
        command = Command("try", "for a test", run)
        monkeypatch.setattr(program, "known_commands", lambda: {"try": command})

    return know


def test_a_report_is_read_by_people_or_by_programs(only, capsys):
    only(lambda options: report(options, data={"boxes": 3}, text="3 boîtes"))

    assert main(["try"]) == 0
    assert capsys.readouterr().out == "3 boîtes\n"
    assert main(["try", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"boxes": 3}


def test_a_refusal_is_a_sentence_and_the_status_1(only, capsys):
    def refuse(options):
        raise ShopIsClosed(hour="14 h")

    only(refuse)

    assert main(["try"]) == 1
    assert capsys.readouterr().err == "The shop is closed. Come back at 14 h.\n"
    assert main(["try", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "error": "The shop is closed. Come back at 14 h."
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-24T10:18:00+01:00", datetime(2026, 11, 24, 9, 18, tzinfo=UTC)),
        ("2026-11-24T10:18", datetime(2026, 11, 24, 9, 18, tzinfo=UTC)),
    ],
)
def test_at_fixes_the_clock_while_the_command_runs(only, said, meant):
    read = []
    only(lambda options: read.append(clock.now()))

    main(["try", "--at", said])

    assert read == [meant]
    assert clock.now() != meant


def test_a_misused_command_leaves_2_and_shows_its_usage(only, capsys):
    only(lambda options: None)

    with pytest.raises(SystemExit) as end:
        main(["try", "--at", "hier"])

    assert end.value.code == 2
    assert "hier" in capsys.readouterr().err


def test_every_command_has_help_in_french(capsys):
    for name in program.known_commands():
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        assert name in capsys.readouterr().out
