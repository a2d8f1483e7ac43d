"""The fields of each export, in French, with the headings software gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backofficine.formats import words
from backofficine.formats.exports.shape import Field, What


@dataclass(frozen=True)
class Known:
    """A field one may find: its French words, the kind of its values, the headings it goes by.

    ``kind`` is ``code``, ``text``, ``whole``, ``money``, ``rate``, ``date`` or ``time``. A heading
    that holds one of ``never`` is not this field, unless it is one of its names word for word.
    """

    french: str
    kind: str
    names: tuple[str, ...]
    is_required: bool = False
    never: frozenset[str] = field(default_factory=frozenset)


def _not(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODE = Known(
    "Code du produit (CIP13, CIP7, EAN)",
    "code",
    (*words.CODE, "code", "barcode", "product code", "gencod", "code cip ean", "cip ean"),
    is_required=True,
    never=_not("fournisseur labo laboratoire tva geo postal famille client interne"),
)
_CODE2 = Known(
    "Autre code (CIP7)",
    "code",
    ("cip7", "code7", "code 7", "cip 7", "acl7", "code 2", "code cip7"),
)
_LABEL = Known(
    "Désignation",
    "text",
    (*words.LABEL, "product", "product name", "label", "item", "intitule"),
    never=_not("code fournisseur labo laboratoire famille client prix stock qte quantite date"),
)
_LABORATORY = Known(
    "Laboratoire",
    "text",
    ("laboratoire", "labo", "exploitant", "marque", "fabricant", "manufacturer", "nom labo"),
    never=_not("code"),
)
_NO_COUNT = _not(
    "mini min maxi max seuil alerte valeur valorisation prix montant ca date jours jour marge ht "
    "ttc couverture rotation tva lot reserve promis"
)

_STOCK: Mapping[str, Known] = {
    "code": _CODE,
    "code2": _CODE2,
    "label": _LABEL,
    "quantity": Known(
        "Quantité en stock",
        "whole",
        (
            *("stock", "qte", "qte stock", "quantite", "en stock", "stock total", "stock reel"),
            *("stock theorique", "stk", "stock physique", "dispo", "stock actuel", "qte en stock"),
            *("quantite en stock", "quantity", "qty", "on hand", "stock qty", "stock qte"),
            *("stock quantite", "stock disponible", "nb en stock", "qt stock", "unites", "qte stk"),
        ),
        is_required=True,
        never=_NO_COUNT
        | _not("vendu vendue vendues vente ventes sortie sorties commande commandee recue"),
    ),
    "purchase_price": Known(
        "Prix d’achat HT",
        "money",
        (
            *("prix achat", "pa", "pa ht", "paht", "prix achat ht", "phaht", "prix d achat"),
            *("prix d achat ht", "pamp", "pmp", "prix mp", "prixmp", "prix moyen pondere", "cump"),
            *("prix net", "pn ht", "prix net ht", "panht", "px achat", "unit cost", "cost"),
            *("prix revient", "prix de revient", "purchase price", "dernier prix achat"),
            *("px achat ht", "prix achat net", "pa net", "achat ht", "achat pu ht"),
            *("tarif", "pfht", "avg cost"),
        ),
        never=_not("valeur total montant public vente ttc"),
    ),
    "public_price": Known(
        "Prix de vente TTC",
        "money",
        (
            *("prix public", "pv", "pvttc", "pv ttc", "prix vente", "prix ttc", "prixttc", "ppttc"),
            *("prix de vente", "prix de vente ttc", "prix vente ttc", "public price", "px vente"),
            *("prix public ttc", "selling price", "price", "pp ttc", "px public", "vente ttc"),
        ),
        never=_not("valeur total montant achat"),
    ),
    "value": Known(
        "Valeur du stock",
        "money",
        (
            *("valeur", "valorisation", "valeur stock", "valeur ht", "valeur du stock", "value"),
            *("stock valeur", "valeur achat", "valeur achat ht", "montant stock", "val stock"),
            *("valeur stock ht", "stock value", "total ht", "montant ht", "stock valorise"),
        ),
    ),
    "address": Known(
        "Emplacement",
        "text",
        (*words.LOCATION, "shelf", "location", "place", "bin", "code zone", "geo"),
    ),
    "last_sale_on": Known(
        "Dernière vente",
        "date",
        (
            *("derniere vente", "date derniere vente", "der vente", "dern vente", "last sale"),
            *("date der vente", "date dern vente", "last sold", "last sale on", "derniere sortie"),
            *("date derniere sortie", "vendu le", "dt derniere vente", "last sale date", "ddv"),
        ),
    ),
    "last_receipt_on": Known(
        "Dernière entrée",
        "date",
        (
            *("derniere entree", "date derniere entree", "dernier achat", "date dernier achat"),
            *("derniere reception", "date derniere reception", "last receipt", "der entree"),
            *("derniere livraison", "date derniere livraison", "last purchase", "dern achat"),
            *("der achat", "dern entree", "date derniere commande", "last receipt on", "recu le"),
        ),
    ),
    "min_stock": Known(
        "Stock minimum",
        "whole",
        ("mini", "min", "stock mini", "stock min", "seuil", "stock alerte", "min stock"),
        never=_not("prix"),
    ),
    "max_stock": Known(
        "Stock maximum",
        "whole",
        ("maxi", "max", "stock maxi", "stock max", "max stock", "seuil maxi"),
        never=_not("prix"),
    ),
    "expires_on": Known("Péremption", "date", (*words.EXPIRY, "expiry", "expires on")),
    "lot": Known("Numéro de lot", "text", ("lot", *words.LOT)),
    "vat_rate": Known(
        "Taux de TVA", "rate", ("tva", "taux tva", "tx tva", "taux de tva", "vat", "vat rate")
    ),
    "category": Known(
        "Famille",
        "text",
        ("famille", "categorie", "gamme", "type", "category", "rayon famille", "classe", "univers"),
        never=_not("code"),
    ),
    "laboratory": _LABORATORY,
}

_SALES: Mapping[str, Known] = {
    "code": _CODE,
    "code2": _CODE2,
    "label": _LABEL,
    "date": Known(
        "Date de la vente",
        "date",
        (
            *("date", "jour", "date vente", "date facture", "date heure", "sold at", "sold on"),
            *("sale date", "date de vente", "occurred at", "vendu le", "date operation", "day"),
            *("date ticket", "date mouvement", "horodatage", "date delivrance", "mois", "periode"),
            *("month", "mois vente", "annee mois", "mois annee"),
        ),
        is_required=True,
        never=_not("derniere dernier der dern peremption naissance prescription reception achat"),
    ),
    "year": Known("Année", "year", ("annee", "year", "exercice", "an")),
    "time": Known("Heure", "time", ("heure", "heure vente", "time", "heure ticket")),
    "quantity": Known(
        "Quantité vendue",
        "whole",
        (
            *("qte", "qte vendue", "ventes", "unites", "quantite", "sorties", "nb", "quantity"),
            *("quantite vendue", "qty", "qte sortie", "nb boites", "boites", "units", "qte vente"),
            *("nombre", "vendu", "qte delivree", "quantite delivree", "nb unites", "units sold"),
        ),
        is_required=True,
        never=(_NO_COUNT - {"ttc", "ht"}) | _not("stock total ttc ht"),
    ),
    "amount": Known(
        "Montant",
        "money",
        (
            *("ca", "ca ttc", "montant", "montant ttc", "ca ht", "montant ht", "total ttc"),
            *("amount", "total", "turnover", "prix total", "total ligne", "net ttc"),
        ),
        never=_not("remise marge tva"),
    ),
}

_PURCHASES: Mapping[str, Known] = {
    "code": _CODE,
    "code2": _CODE2,
    "label": _LABEL,
    "date": Known(
        "Date de l’achat ou de la réception",
        "date",
        (
            *("date", "date reception", "date livraison", "date achat", "date bl", "recu le"),
            *("date facture", "date commande", "received on", "datelivraison", "date entree"),
            *("delivery date", "purchase date", "livre le", "jour", "date de reception"),
            *("date de livraison", "date envoi", "date mouvement"),
        ),
        is_required=True,
        never=_not("peremption vente prevue"),
    ),
    "quantity": Known(
        "Quantité reçue",
        "whole",
        (
            *("qte recue", "qter", "qte r", "recue", "livree", "qte livree", "quantite recue"),
            *("quantite livree", "qte", "quantite", "quantity", "qty", "qte achetee", "entrees"),
            *("qte facturee", "qte achat", "unites", "received", "qte commandee"),
        ),
        is_required=True,
        never=_not("ug gratuit gratuites prix montant stock manquante ht ttc"),
    ),
    "free_quantity": Known(
        "Unités gratuites",
        "whole",
        ("ug", "unites gratuites", "qte ug", "qteug", "gratuit", "gratuites", "free", "free units"),
    ),
    "supplier": Known(
        "Fournisseur",
        "text",
        (
            *("fournisseur", "repartiteur", "grossiste", "labo fournisseur", "nom fournisseur"),
            *("supplier", "destinataire", "partenaire", "wholesaler"),
        ),
        never=_not("code"),
    ),
    "unit_price": Known(
        "Prix unitaire HT",
        "money",
        (
            *("pu", "prix unitaire", "prix net", "pu net", "pu ht", "prix unitaire ht", "pa ht"),
            *("prix achat", "prix achat ht", "pn ht", "unit price", "paht", "prix net ht"),
            *("pu net ht", "prix d achat", "prix d achat ht", "net unitaire"),
        ),
        never=_not("total montant"),
    ),
}

KNOWN: Mapping[What, Mapping[str, Known]] = {
    What.STOCK: _STOCK,
    What.SALES: _SALES,
    What.PURCHASES: _PURCHASES,
}


def fields_of(what: What) -> list[Field]:
    """Give every field of an export, the required ones first."""
    fields = [Field(name, known.french, known.is_required) for name, known in KNOWN[what].items()]
    return sorted(fields, key=lambda one: not one.is_required)
