"""The one command-line program: our sub-commands first, then Django's own."""

import os
import sys
from collections.abc import Sequence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backofficine.config.settings")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit status: 0 done, 1 refused, 2 misused."""
    import django

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["demo"], ["build-demo"]):
        # The demo never touches a real pharmacy's files.
        os.environ.setdefault("BACKOFFICINE_DATA_DIR", "var/demo")
        os.environ["BACKOFFICINE_DEMO"] = "1"
    try:
        django.setup()
    except OSError as error:
        # Settings could not be read: no translation is at hand yet, and French comes first.
        sys.stderr.write(
            f"Le dossier des données ne peut pas être utilisé ({error.filename}\u00a0: "
            f"{error.strerror}). Donnez-le à l’utilisateur qui lance Backofficine, ou choisissez "
            "un autre dossier avec BACKOFFICINE_DATA_DIR.\n"
        )
        return 1

    from django.utils import translation

    from backofficine.cli import program

    with translation.override(os.environ.get("BACKOFFICINE_LANGUAGE", "fr")):
        return program.run(words)
