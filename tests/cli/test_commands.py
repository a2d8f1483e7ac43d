"""The program itself: help, doctor, tidy, refusals told in French."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from backofficine.cli import doctor, main
from backofficine.cli.tidy import tidy
from backofficine.pharmacy.queries import NoPharmacy
from backofficine.pharmacy.services import found_pharmacy
from backofficine.team import services
from backofficine.team.models import Actor, Role

pytestmark = pytest.mark.django_db


def levels(findings: list[doctor.Finding]) -> dict[str, str]:
    return {each.check: each.level for each in findings}


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    page = capsys.readouterr().out
    for word in ("doctor", "serve", "demo", "import-bdpm", "check-ledger"):
        assert word in page


def test_an_unknown_command_is_a_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ranger-tout"])

    assert ended.value.code == 2


def test_an_instant_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--at", "hier"])

    assert "n’est pas un instant" in capsys.readouterr().err


def test_a_sound_installation_has_no_error(now: datetime) -> None:
    found_pharmacy(name="Pharmacie des Tilleuls", at=now)
    services.add_person(
        username="h", name="H V", role=Role.OWNER, password="une-phrase-longue", at=now
    )

    found = levels(doctor.examine())

    assert "error" not in {level for check, level in found.items() if check != "assets"}
    assert found["append_only"] == found["ledger"] == "ok"


def test_doctor_tells_of_a_pharmacy_without_owner(now: datetime) -> None:
    found_pharmacy(name="Pharmacie des Tilleuls", at=now)

    assert levels(doctor.examine())["owner"] == "error"


def test_doctor_tells_of_keys_that_others_can_read(keys: Path) -> None:
    keys.mkdir(mode=0o755, parents=True)
    keys.chmod(0o755)

    finding = next(each for each in doctor.examine() if each.check == "keys")

    assert finding.level == "error"
    assert "chmod 700" in finding.advice


def test_doctor_reports_as_json_and_exits_1(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    found_pharmacy(name="Pharmacie des Tilleuls", at=now)

    status = main(["doctor", "--json"])

    assert status == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"check", "level", "text", "advice"} == set(findings[0])


def test_tidying_twice_changes_nothing_more(now: datetime) -> None:
    found_pharmacy(name="Pharmacie des Tilleuls", at=now)
    person = services.add_person(
        username="h", name="H V", role=Role.OWNER, password="une-phrase-longue", at=now
    )
    Actor.objects.create(user=person, month="2026-04")
    Actor.objects.create(user=person, month="2026-05")

    first = tidy(at=now)
    second = tidy(at=now)

    assert first.names == 1
    assert second.as_dict() == {"rounds": 0, "identities": 0, "names": 0, "is_trained": False}


def test_tidying_an_empty_installation_is_refused_kindly(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoPharmacy):
        tidy(at=now)

    assert main(["tidy"]) == 1
    assert "pas encore de pharmacie" in capsys.readouterr().err
