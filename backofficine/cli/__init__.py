"""The one command-line program: our sub-commands first, then Django's own."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backofficine.config.settings")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit status: 0 done, 1 refused, 2 misused."""
    import django

    words = list(sys.argv[1:] if arguments is None else arguments)
    django.setup()

    from django.utils import translation

    from backofficine.cli import program

    with translation.override(os.environ.get("BACKOFFICINE_LANGUAGE", "fr")):
        return program.run(words)


Command = Callable[[argparse.Namespace], int]
