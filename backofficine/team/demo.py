"""The eight invented people of the demo pharmacy, and how to log in as them."""

from dataclasses import dataclass

from backofficine.team.models import Role

PASSWORD = "demo-officine"  # noqa: S105 - told on the login page of the demo


@dataclass(frozen=True)
class DemoPerson:
    """An invented colleague; the PIN is told on the login page."""

    username: str
    name: str
    role: Role
    pin: str


PEOPLE = [
    DemoPerson("titulaire", "Hélène Vasseline", Role.OWNER, "1793"),
    DemoPerson("adjoint", "Karim Delorge", Role.PHARMACIST, "2804"),
    DemoPerson("adjointe", "Inès Maubrac", Role.PHARMACIST, "3915"),
    DemoPerson("preparateur", "Marc Lestienne", Role.TECHNICIAN, "4026"),
    DemoPerson("preparatrice", "Odile Farenc", Role.TECHNICIAN, "5137"),
    DemoPerson("preparatrice2", "Lou Castagnès", Role.TECHNICIAN, "6248"),
    DemoPerson("rayonniste", "Sami Kervadec", Role.STOCK_CLERK, "7359"),
    DemoPerson("rayonniste2", "Jade Tournebise", Role.STOCK_CLERK, "8460"),
]
