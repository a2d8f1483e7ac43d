"""The headings that French pharmacy software gives to the columns all its files share."""

# Written as ``tables.normal`` writes them: no accent, no capital, words apart.
CODE = (
    *("cip", "cip13", "cip 13", "code cip", "code cip13", "code13", "code 13", "code13ref"),
    *("code produit", "code article", "ean", "ean13", "code ean", "gtin", "acl", "acl13"),
    *("code acl", "code barre", "codebarre", "code barres", "identifiant", "ref produit"),
)
LABEL = (
    *("designation", "libelle", "libelle produit", "nom", "nom produit", "produit", "article"),
    *("denomination", "specialite", "description"),
)
LOT = ("n lot", "no lot", "numero de lot", "batch")
EXPIRY = (
    *("peremption", "date peremption", "date de peremption", "dlu", "dluo", "ddm", "exp"),
    *("perime le", "validite"),
)
LOCATION = (
    *("code geo", "codegeo", "emplacement", "zone", "zone geo", "zone geographique", "rayon"),
    *("casier", "tiroir", "adresse", "localisation"),
)
