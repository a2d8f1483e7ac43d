"""The bytes of a small shop's exports, as a pharmacy's software writes them."""

from datetime import date, timedelta

from backofficine.formats.exports import What
from backofficine.picture.services import GivenFile
from tests.picture.shop import AS_OF, code, every

QUIET_SINCE = AS_OF - timedelta(days=120)


def stock_bytes(*more: str) -> bytes:
    """Thirty products that sell, one long silent, one negative, one that no catalogue knows."""
    heading = "CIP13;Désignation;Stock;PAMP;Emplacement;Péremption;Dernière vente"
    lines = [
        f"{code(n)};INVENTE {n} CPR;{2 + n % 3};{4 + n % 5},50;T{n % 4}-{n:02d};31/12/2027;"
        "30/01/2026"
        for n in range(1, 31)
    ]
    lines += [
        f"{code(40)};SILENCIEUX CPR;4;8,00;T9-01;31/03/2026;{QUIET_SINCE:%d/%m/%Y}",
        f"{code(41)};NEGATIF CPR;-2;3,00;T9-02;;",
        "3760000000017;CREME INVENTEE 40ML;6;7,20;PARA-1;;",
        *more,
    ]
    return "\r\n".join([heading, *lines, ""]).encode("cp1252")


def sales_bytes() -> bytes:
    """A line a sale, over two years."""
    lines = ["Date;CIP13;Désignation;Qté vendue"]
    for n in range(1, 31):
        lines.extend(_sale(day, n) for day in every(3 + n % 7))
    lines.extend(_sale(day, 40) for day in every(4, last=QUIET_SINCE))
    return "\r\n".join([*lines, ""]).encode("cp1252")


def _sale(day: date, number: int) -> str:
    return f"{day:%d/%m/%Y};{code(number)};INVENTE {number} CPR;1"


def given(*more: str) -> list[GivenFile]:
    return [
        GivenFile(What.STOCK, "stock.csv", stock_bytes(*more)),
        GivenFile(What.SALES, "ventes.csv", sales_bytes()),
    ]
