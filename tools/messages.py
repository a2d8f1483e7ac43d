"""Keep the words people read: ``messages.py extract [app…]``, ``compile``, ``check``.

Source strings are English; each app holds its French in ``locale/fr/LC_MESSAGES/django.po``.
Templates go through Django's own ``templatize`` and then, like the Python, through Babel: no
gettext is needed.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "backofficine"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def apps() -> list[Path]:
    """Folders of the package that hold code, in alphabetical order."""
    return sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))


def found_in(app: Path) -> Catalog:
    """Every message of one app, with the places that use it."""
    from django.utils.translation.template import templatize

    catalog = Catalog(locale="fr")
    for path in sorted([*app.rglob("*.py"), *app.rglob("*.html"), *app.rglob("*.txt")]):
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # Between parentheses, so that Python's reader does not mind the indentation of HTML.
            text = f"({templatize(text, origin=str(path))})"
        readable = io.BytesIO(text.encode())
        place = path.relative_to(PACKAGE).as_posix()
        for _line, message, _comments, context in extract(
            "python", readable, keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            flags = ["python-format"] if path.suffix == ".py" and "%" in str(message) else []
            catalog.add(message, locations=[(place, None)], context=context, flags=flags)
    return catalog


def po_of(app: Path, language: str = "fr") -> Path:
    return app / "locale" / language / "LC_MESSAGES" / "django.po"


def known(app: Path) -> Catalog:
    path = po_of(app)
    if not path.exists():
        return Catalog(locale="fr", charset="utf-8")
    with path.open("rb") as readable:
        return read_po(readable, locale="fr")


def extract_messages(names: list[str]) -> None:
    for app in apps():
        if names and app.name not in names:
            continue
        template, catalog = found_in(app), known(app)
        if not len(template):
            continue
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        po_of(app).parent.mkdir(parents=True, exist_ok=True)
        with po_of(app).open("wb") as writable:
            write_po(
                writable,
                catalog,
                width=100,
                omit_header=False,
                include_lineno=False,
                sort_output=True,
            )
        missing = [message for message in catalog if message.id and not translated(message)]
        print(f"{app.name}: {len(catalog)} messages, {len(missing)} to translate")


def translated(message) -> bool:
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(strings) and all(strings) and not message.fuzzy


def untranslated() -> list[str]:
    """One line for each message that has no French."""
    lines = []
    for app in apps():
        catalog = known(app)
        for message in found_in(app):
            if message.id:
                singular = message.id[0] if isinstance(message.id, tuple) else message.id
                own = catalog.get(singular, context=message.context)
                if own is None or not translated(own):
                    lines.append(f"{app.name}: {singular!r} ({message.locations[0][0]})")
    return lines


def compile_one(source: Path, target: Path) -> None:
    with source.open("rb") as readable:
        catalog = read_po(readable)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    target.write_bytes(buffer.getvalue())


def main(arguments: list[str]) -> int:
    match arguments:
        case ["extract", *names]:
            extract_messages(names)
        case ["compile"]:
            for app in apps():
                for source in app.glob("locale/*/LC_MESSAGES/django.po"):
                    compile_one(source, source.with_suffix(".mo"))
        case ["compile", source, target]:
            compile_one(Path(source), Path(target))
        case ["check"]:
            lines = untranslated()
            print("\n".join(lines) or "Every message has its French.")
            return 1 if lines else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
