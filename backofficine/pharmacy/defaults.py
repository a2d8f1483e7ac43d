"""What a new pharmacy starts from: each value says where it comes from and can be changed."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from backofficine.pharmacy.models import Tariff

ASSUMED = "assumed"
SINCE = date(2020, 1, 1)  # before any fact a new pharmacy may import


@dataclass(frozen=True)
class DefaultTariff:
    """What one unit of loss costs until the pharmacy measures or signs its own."""

    key: str
    label: str | LazyText
    unit: str
    amount: Decimal
    low: Decimal
    high: Decimal
    source: str


@dataclass(frozen=True)
class DefaultParameter:
    """A dated number or word."""

    key: str
    label: str | LazyText
    value: str
    source: str


MINUTES, EUROS_PER_HOUR = Tariff.Unit.MINUTES, Tariff.Unit.EUROS_PER_HOUR

TARIFFS = [
    DefaultTariff(
        "hourly_cost", _("One hour of the team"), EUROS_PER_HOUR,
        Decimal(25), Decimal(21), Decimal(30),
        "Grille conventionnelle de la pharmacie d’officine, préparateur coefficient 300, "
        "salaire brut × 1,6 (charges et présence) : estimation",
    ),
    DefaultTariff(
        "minutes_not_found", _("Looking for a product that is not there"), MINUTES,
        Decimal(3), Decimal(1), Decimal(10), "Estimation, à remplacer par un chronométrage",
    ),
    DefaultTariff(
        "minutes_stock_error", _("A stock error: looking, calling, correcting"), MINUTES,
        Decimal(10), Decimal(3), Decimal(20),
        "Fréquence : Le Moniteur des pharmacies (5 par jour) ; durée : estimation",
    ),
    DefaultTariff(
        "minutes_promise", _("A promise: slip, handling, second visit"), MINUTES,
        Decimal(8), Decimal(4), Decimal(20), "Estimation, à remplacer par un chronométrage",
    ),
    DefaultTariff(
        "minutes_expired", _("An expired box: finding, taking out, destroying"), MINUTES,
        Decimal(3), Decimal(1), Decimal(8), "Estimation, à remplacer par un chronométrage",
    ),
    DefaultTariff(
        "minutes_breakage", _("A broken box: cleaning, taking out"), MINUTES,
        Decimal(5), Decimal(2), Decimal(15), "Estimation, à remplacer par un chronométrage",
    ),
    DefaultTariff(
        "minutes_order_line", _("One order line: typing, checking, putting away"), MINUTES,
        Decimal("0.5"), Decimal("0.3"), Decimal(1),
        "120 lignes contrôlées par heure : estimation, à remplacer par un chronométrage",
    ),
]  # fmt: skip

PARAMETERS = [
    DefaultParameter(
        "promise_identity_days", _("Days after which the identity of a closed promise is erased"),
        "30", "Référentiel CNIL des officines (2022) : durée limitée au besoin ; choix par défaut",
    ),
    DefaultParameter(
        "actor_name_months", _("Months after which facts lose their name"),
        "6", "Choix par défaut, à fixer avec l’équipe",
    ),
    DefaultParameter(
        "expensive_from", _("Price from which a product is never ordered by itself, € excl. VAT"),
        "100", "Open Medic 2024 : 1,1 % des boîtes, 53 % de la valeur ; choix par défaut",
    ),
    DefaultParameter(
        "cold_out_minutes", _("Minutes from opening a cold tote to the fridge"),
        "15", "Recommandations de l’Ordre sur les produits thermosensibles ; choix par défaut",
    ),
    DefaultParameter(
        "not_collected_days", _("Days after which a promise counts as not collected"),
        "15", "Choix par défaut",
    ),
    DefaultParameter(
        "promise_billed_days", _("Days within which a billed promise is collected or credited"),
        "10", "Règlement délégué (UE) 2016/161, article 13",
    ),
    DefaultParameter(
        "expiry_watch_days", _("Days before expiry from which a lot is watched"),
        "90", "Choix par défaut",
    ),
    DefaultParameter(
        "leaving_share", _("Share of patients who leave when a box is missing"),
        "0.10", "Estimation ; à remplacer par les ventes manquées notées au comptoir",
    ),
    DefaultParameter(
        "leaving_loss", _("Margin lost with a patient who leaves, €"),
        "8", "Estimation : marge d’un panier moyen",
    ),
    DefaultParameter(
        "major_factor", _("Times the cost of a missing box, for major therapeutic interest"),
        "3", "Choix par défaut",
    ),
    DefaultParameter(
        "holding_rate", _("Cost of a year on the shelf, as a share of the value"),
        "0.12", "Trésorerie 5 %, casse et périmés évités à part, assurance : estimation",
    ),
    DefaultParameter(
        "room_cost", _("Cost of the place of one box for a year, €"),
        "0.50", "Loyer au mètre linéaire d’étagère : estimation",
    ),
    DefaultParameter(
        "shelf_life_months", _("Months left before expiry when a box is received"),
        "18", "Choix par défaut, à comparer aux dates des réceptions",
    ),
    DefaultParameter(
        "service_level", _("Share of rounds whose demand is served in full, plain rule"),
        "0.98", "Choix par défaut",
    ),
]  # fmt: skip

# Words for values that another app brings with it: the margins from which a price is assumed.
LABELS: dict[str, str | LazyText] = {
    "margin.wholesaler": _("Margin of the wholesaler, “up to € : %” by band"),
    "margin.wholesaler_floor": _("Smallest margin of the wholesaler, € a box"),
    "margin.pharmacy": _("Margin of the pharmacy, “up to € : %” by band"),
    "vat.reimbursed": _("VAT of reimbursed medicines, %"),
}

# The two halves of an ordinary day; Saturday ends earlier; closed on Sunday.
WEEK_HOURS = [(time(8, 30), time(12, 30)), (time(14, 0), time(19, 30))]
SATURDAY_HOURS = [(time(9, 0), time(12, 30)), (time(14, 0), time(18, 0))]
