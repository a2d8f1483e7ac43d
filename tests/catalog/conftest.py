"""A small national edition, written by hand in the form of the real files."""

import os
from pathlib import Path

import pytest

from backofficine.formats.codes import cip13_of

REAL = Path(
    os.environ.get("BACKOFFICINE_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)


@pytest.fixture
def bdpm() -> Path:
    folder = REAL / "bdpm"
    if not folder.is_dir():
        pytest.skip("real data absent: set BACKOFFICINE_TEST_DATA")
    return folder


def speciality(cis: str, name: str, *, holder: str = " LABO UN") -> str:
    form = "comprimé"
    return (
        f"{cis}\t{name}\t{form}\torale\tAutorisation active\tProcédure nationale\t"
        f"Commercialisée\t01/01/2001\t\t\t{holder}\tNon"
    )


def box(
    cis: str,
    cip7: str,
    *,
    label: str = "plaquette(s) de 30 comprimé(s)",
    price: str = "10,00",
    full: str = "11,02",
    fee: str = "1,02",
    state: str = "Déclaration de commercialisation",
    rate: str = "65 %",
) -> str:
    return (
        f"{cis}\t{cip7}\t{label}\tPrésentation active\t{state}\t01/01/2001\t{cip13_of(cip7)}\t"
        f"oui\t{rate}\t{price}\t{full}\t{fee}\t"
    )


class Edition:
    """A folder of national files; lines are changed, then ``write`` makes the next folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, list[str]] = {
            "CIS_bdpm.txt": [
                speciality("60000001", "ALPHAZINE LABO 500 mg, comprimé"),
                speciality("60000002", "ALPHAZINE LABO 1 g, comprimé"),
                speciality("60000003", "BETAZONE 10 mg, gélule"),
                speciality("60000004", "GAMMAVAX, suspension injectable"),
            ],
            "CIS_CIP_bdpm.txt": [
                box("60000001", "3000001"),
                box("60000002", "3000002", price="1,195,27", full="1,196,29"),
                box("60000003", "3000003", price="2,50", full="3,52"),
                box("60000004", "3000004", price="", full="", fee="", rate=""),
            ],
            "CIS_COMPO_bdpm.txt": [
                f"{cis}\tcomprimé\t00001\tALPHAZINE\t{dose}\tun comprimé\tSA\t1"
                for cis, dose in (("60000001", "500 mg"), ("60000002", "1 g"))
            ],
            "CIS_GENER_bdpm.txt": [
                "1\tALPHAZINE 500 mg - REFERENCE\t60000001\t0\t1",
                "1\tALPHAZINE 500 mg - REFERENCE\t60000002\t1\t2",
            ],
            "CIS_CPD_bdpm.txt": [
                "60000001\tliste I",
                "60000003\tstupéfiants",
                "60000003\tprescription sur ordonnance sécurisée",
            ],
            "CIS_CIP_Dispo_Spec.txt": [
                "60000002\t\t1\tRupture de stock\t01/01/2026\t02/01/2026\t\thttps://ansm.sante.fr"
            ],
            "CIS_MITM.txt": ["60000004\tJ07BB02\tGAMMAVAX\thttps://ansm.sante.fr"],
        }

    def write(self, day: str) -> Path:
        folder = self.root / day
        folder.mkdir()
        for name, lines in self.files.items():
            text = "".join(f"{line}\r\n" for line in lines)
            (folder / name).write_bytes(text.encode("cp1252"))
        return folder


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return Edition(tmp_path)
