"""An order as a file for the supplier's site or the pharmacy's software: one line per product."""

from django.utils.text import slugify
from django.utils.translation import pgettext

from backofficine.formats.canonical import write_csv
from backofficine.pharmacy import queries as pharmacy
from backofficine.purchasing.models import Order

# The headings of the canonical orders file: what French software recognises, in any language.
HEADER = [
    "commande", "date commande", "fournisseur", "code", "désignation", "qté commandée", "prix ht",
    "livraison prévue",
]  # fmt: skip


def order_csv(order: Order) -> bytes:
    """The boxes asked for, by name; amounts in euros excl. VAT, hours of the pharmacy."""
    here = pharmacy.zone()
    sent = order.sent_at or order.created_at
    expected = order.expected_at or (order.delivery_round.due_at if order.delivery_round else None)
    lines = order.lines.filter(quantity__gt=0).select_related("product")
    return write_csv(
        [
            (
                str(order),
                sent.astimezone(here),
                order.supplier.name,
                line.product.cip13,
                str(line.product),
                line.quantity,
                line.unit_price,
                expected.astimezone(here) if expected else None,
            )
            for line in lines.order_by("product__name", "product__strength", "pk")
        ],
        HEADER,
    )


def file_name(order: Order) -> str:
    """« commande-C12-repartition-loire.csv »."""
    word = pgettext("file name", "order")
    return f"{word}-{order}-{slugify(order.supplier.name)}.csv"
