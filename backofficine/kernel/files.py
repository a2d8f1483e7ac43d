"""Reading the files that people name; what cannot be read is told in one sentence."""

from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.kernel.errors import DomainError


class FileUnreadable(DomainError):
    """The file could not be opened; nothing was written."""

    message = gettext_lazy("The file %(file)s cannot be read: %(why)s")


def read_bytes(path: Path) -> bytes:
    """All the bytes of a file. :raises FileUnreadable: if it cannot be opened."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        why = _("it does not exist. Check its name and its folder.")
        raise FileUnreadable(file=path, why=why) from error
    except (IsADirectoryError, NotADirectoryError) as error:
        why = _("this is a folder. Name one file.")
        raise FileUnreadable(file=path, why=why) from error
    except PermissionError as error:
        why = _("you have no right to read it. Change its rights, or ask who owns it.")
        raise FileUnreadable(file=path, why=why) from error
    except (OSError, ValueError) as error:
        why = _("the disk or the network refuses it (%(error)s). Copy it here, then try again.")
        raise FileUnreadable(file=path, why=why % {"error": error}) from error
