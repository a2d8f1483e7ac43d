"""How each figure is computed, in plain words, with the source of its formula."""

from dataclasses import dataclass

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

Words = str | Lazy


@dataclass(frozen=True)
class Method:
    """One way of computing: what is done, what is assumed, who published it."""

    says: Words
    assumes: Words = ""
    source: Words = ""


HERE = _("Counted in your files, without any estimate.")

METHODS: dict[str, Method] = {
    "ghosts": Method(
        _("Three stories explain a product held on record that no longer sells: it still sells "
          "and is silent by chance; its demand ended and the boxes are there; the boxes are gone. "
          "Each is given its chance from the rhythm before the silence, the season and the "
          "length of the silence; a demand that slowed down before it stopped speaks for the "
          "second story. The figure adds the chances of the third."),
        _("Before any count, about 3 products in 100 become a ghost in a year, and as many die; "
          "the file itself corrects these two rates, and each count you type corrects them again."),
        _("Schmittlein, Morrison and Colombo (1987); Fader, Hardie and Lee (2005, BG/NBD); "
          "DeHoratius, Mersereau and Schrage (2008) for records that freeze sales."),
    ),
    "hit_rate": Method(
        _("The mean of the twenty chances of the list, then corrected by what was counted."),
        _("A product is wrong when more than half of its boxes are not found."),
        _("Same model as the ghosts."),
    ),
    "missing": Method(
        _("A silence between two sales is compared with what chance alone would give for this "
          "rhythm. When a shortage explains it better, the boxes that would have sold are its "
          "length multiplied by the rhythm. What the national availability list explains is put "
          "apart."),
        _("A product meets about one shortage every ten years, ten times more when the national "
          "list names it. A clear rhythm is six sales at least."),
        _("Gamma-Poisson predictive law; Croston (1972), Syntetos and Boylan (2005) for slow "
          "demand."),
    ),
    "count": Method(HERE),
    "dormant": Method(
        _("Held on record, and no sale in the last twelve months. A shorter file calls nothing "
          "dormant, unless the stock tells the last sale. Boxes are valued at their purchase "
          "price."),
        _("No return is assumed: whether a supplier takes them back is not in these files."),
    ),
    "excess": Method(
        _("What is held beyond the boxes that will sell before the aim of its class; the low end "
          "of the interval supposes high sales, the high end low sales."),
        _("The aim in days is the same for every product of a class, and is shown on each line."),
        _("Negative-binomial predictive law of the sales to come."),
    ),
    "emergency": Method(
        _("Products of emergency classes (antidotes, adrenaline, glucagon, fast insulins…) are "
          "kept whatever they sell: they are shown apart and never proposed to leave."),
        _("The classes are those of the ATC code, known for medicines of major interest."),
    ),
    "expiry": Method(
        _("The boxes of each date are sold first expired, first out, against the sales to come; "
          "what is left on the date is at risk."),
        _("Sales go on as in the recent past, season included."),
        _("Negative-binomial predictive law of the sales to come."),
    ),
    "expired": Method(_("Boxes whose date is before the day of the picture.")),
    "price_cuts": Method(
        _("The public price of each edition of the national files is compared with the one "
          "before; the fall of the purchase price that goes with it is multiplied by the boxes "
          "bought before. Without a purchases file or a last receipt that tells how many, half "
          "of the boxes held are taken: between none and all."),
        _("Purchase prices follow public prices by the regulated margins."),
        _("Base de données publique des médicaments; order of 4 August 1987 on margins, as "
          "amended."),
    ),
    "dead_codes": Method(
        _("Codes that the national files say stopped, suspended or replaced, against the stock "
          "and the purchases."),
        source=_("Base de données publique des médicaments."),
    ),
    "dead_ordered": Method(_("Dead codes received again in the last three months of purchases.")),
    "dispersion": Method(
        _("The stock of all the laboratories of a generic group, less what this pharmacy holds "
          "itself of a single product that sells as much as the group: the mean of the hundred "
          "products held whose sales are nearest."),
        _("A single laboratory takes all the sales of its group; the brand is left aside. Never "
          "more than what is held of the other laboratories."),
        _("The stock of this very pharmacy; national list of generic groups."),
    ),
    "cover": Method(
        _("Boxes held, divided by the boxes sold a day, the recent past weighing more."),
    ),
    "pareto": Method(
        _("Products ranked by the lines they sold in the last twelve months; the first ones "
          "that together make 80 % of them."),
    ),
}  # fmt: skip


def method_of(key: str) -> Method:
    """The text behind the method of a figure."""
    return METHODS.get(key, Method(HERE))
