"""The house tests itself: what is there is used, named, documented and said in French."""

import argparse
import gzip
import io
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from django.template.loader import get_template

from backofficine.cli import program
from backofficine.formats.codes import cip7_of, has_valid_key

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backofficine"
DOCS = ROOT / "docs"
# Django and allauth look these up by name; no line of ours does.
KNOWN_TO_DJANGO = re.compile(
    r"(400|403|403_csrf|404|500|account/\w+)\.html|account/messages/\w+\.txt"
)


def files(*patterns: str) -> list[Path]:
    """What git keeps or is about to keep, by glob of the file's name."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def python_of_the_house() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def templates() -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for folder in PACKAGE.glob("*/templates")
        for path in folder.rglob("*.*")
    )


# Nothing unused --------------------------------------------------------------------------------


def test_every_template_is_used():
    sources = [*python_of_the_house(), *PACKAGE.glob("*/templates/**/*.*")]
    words = "\n".join(path.read_text(encoding="utf-8") for path in sources)

    unused = [
        name
        for name in templates()
        if not KNOWN_TO_DJANGO.fullmatch(name)
        and f'"{name}"' not in words
        and f'"{name}#' not in words
    ]

    assert unused == []


def test_every_template_compiles():
    for name in templates():
        get_template(name)


def test_every_component_is_shown_in_the_gallery():
    """By name of its tag; ``tests/web`` looks at the page itself."""
    gallery = (PACKAGE / "web/templates/web/gallery.html").read_text(encoding="utf-8")
    tags = (PACKAGE / "web/templatetags/components.py").read_text(encoding="utf-8")
    base = "".join(
        (PACKAGE / "web/templates/web" / name).read_text(encoding="utf-8")
        for name in ("base.html",)
    )

    for path in sorted((PACKAGE / "web/templates/web/components").glob("*.html")):
        name = path.stem
        shown = re.search(rf"{{%\s*{name}\b", gallery) or f"components/{name}.html" in gallery
        in_every_page = f"components/{name}.html" in base or re.search(rf"{{%\s*{name}\b", base)
        by_another_tag = f'"web/components/{name}.html"' in tags
        assert shown or in_every_page or by_another_tag, name


# Documented ------------------------------------------------------------------------------------


def _sections(page: Path) -> dict[str, str]:
    """The text under each ``## `name` `` of a page."""
    parts = re.split(r"^## `([^`]+)`\s*$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _options(name: str) -> list[str]:
    """What a sub-command takes, as its help writes it, without what all of them take."""
    command = program.known_commands()[name]
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    said = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        said.append(action.option_strings[-1] if action.option_strings else action.metavar)
    if command.reports:
        said.append("--json")
    return [str(option) for option in said]


def test_every_sub_command_is_documented_and_no_other():
    documented = _sections(DOCS / "commands.md")

    assert set(documented) == set(program.known_commands())


def test_every_option_is_documented_and_no_other():
    for name, text in _sections(DOCS / "commands.md").items():
        options = set(_options(name))
        told = set(re.findall(r"`(--[a-z-]+)", text))
        assert {option for option in options if option.startswith("--")} == told, name
        for positional in sorted(option for option in options if not option.startswith("--")):
            assert f"`{positional}`" in text, f"{name}: {positional}"


def test_every_setting_is_documented_and_no_other():
    sources = [*python_of_the_house(), *(ROOT / "tools").glob("*.py"), ROOT / "tests/conftest.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    read = set(re.findall(r"BACKOFFICINE_[A-Z_]*[A-Z]", code)) | {"DATABASE_URL"}

    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE))

    assert {name for name in read if name not in told} == set()
    ours = {name for name in told if name.startswith("BACKOFFICINE_")}
    assert ours <= read


def test_every_dependency_has_its_decision():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("dependencies = [", 1)[1].split("]\n", 1)[0]
    names = re.findall(r'"([a-z0-9-]+)[\[=]', block)
    records = "\n".join(
        path.read_text(encoding="utf-8").lower()
        for path in sorted((DOCS / "decisions").glob("*.md"))
    )

    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in records] == []


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md",
                 *sorted(DOCS.rglob("*.md"))]:  # fmt: skip
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


# Said in French --------------------------------------------------------------------------------


def test_every_message_has_its_french():
    done = subprocess.run(
        [sys.executable, "tools/messages.py", "check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "backofficine.config.settings"},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_french_typography_holds():
    """A no-break space before high punctuation and inside guillemets; a curly apostrophe."""
    from babel.messages.pofile import read_po

    wrong = []
    for path in sorted(PACKAGE.glob("*/locale/fr/LC_MESSAGES/django.po")):
        with path.open("rb") as readable:
            catalog = read_po(readable)
        for message in catalog:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in strings if message.id else ():
                faults = re.findall(r"(?<=\w) [:;?!»]|« |(?<=[a-zà-ÿ])'(?=[a-zà-ÿ])", text)
                wrong += [f"{path.parts[-5]}: {text}" for _fault in faults]

    assert wrong == []


# Written with taste ----------------------------------------------------------------------------


def _lines_of_code(path: Path) -> int:
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    lines: set[int] = set()
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
             tokenize.ENCODING, tokenize.ENDMARKER}  # fmt: skip
    before = tokenize.NEWLINE
    with path.open("rb") as readable:
        for token in tokenize.tokenize(readable.readline):
            if token.type == tokenize.STRING and before in quiet:
                continue
            if token.type not in quiet:
                lines.update(range(token.start[0], token.end[0] + 1))
            before = token.type
    return len(lines)


def test_no_file_is_too_long_to_see_through():
    long = {}
    for path in files("*.py"):
        lines = _lines_of_code(path)
        if lines > 600:
            long[path.relative_to(ROOT).as_posix()] = lines
    for path in files("*.js", "*.css", "*.html"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > 600:
            long[path.relative_to(ROOT).as_posix()] = lines

    assert long == {}


def test_every_module_says_where_it_stands_in_the_house():
    silent = []
    for path in python_of_the_house():
        text = path.read_text(encoding="utf-8")
        if text.strip() and not re.match(r'r?"""\S', text):
            silent.append(path.relative_to(ROOT).as_posix())

    assert silent == []


def test_no_machine_is_named_in_the_repository():
    # Written in pieces, so that this file does not name one either.
    paths = re.compile(
        rf"(?<![\w.%}}])(/{'work'}/|/{'tmp'}/|/{'root'}/|/{'home'}/\w|C:\\{'Users'})"
    )
    wrong = []
    for path in files("*.py", "*.html", "*.js", "*.mjs", "*.css", "*.md", "*.toml", "*.txt", "*.po",
                      "Makefile", ".ci/*"):  # fmt: skip
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if paths.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")

    assert wrong == []


def test_one_clock_gives_the_time():
    # The demo's builder reads the real time: it is what sets the shift.
    allowed = {"kernel/clock.py", "cli/commands.py"}
    asks = re.compile(
        r"datetime\.now\(|timezone\.now\b|date\.today\(|utcnow\(|\btime\.time\(|\bnow\(\)"
    )
    wrong = []
    for path in python_of_the_house():
        place = path.relative_to(PACKAGE).as_posix()
        entry = re.search(
            r"^cli/|(^|/)(views|commands|middleware|context|adapter|forms)(/|\.py$)", place
        )
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found = asks.search(line)
            if found and place not in allowed and not (entry and "clock.now()" in line):
                wrong.append(f"{place}:{number}: {line.strip()}")

    assert wrong == []


def test_nothing_groups_facts_by_person():
    """Who did it proves a fact; no page, report or query measures people (design, § 3)."""
    grouping = re.compile(
        r"\.(values|values_list|annotate|order_by|distinct)\([^)]*\b"
        r"(actor|created_by|opened_by|held_by|given_by)(_id|__pk|__user)?\b"
    )
    # A proof of one fact may read its actor's opaque number; the audit reads them to verify seals.
    proofs = re.compile(r"actor__number")
    wrong = []
    for path in python_of_the_house():
        text = path.read_text(encoding="utf-8")
        for found in grouping.finditer(text):
            if not proofs.search(found[0]):
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{path.relative_to(PACKAGE)}:{line}: {found[0]}")

    assert wrong == []


def test_no_signal_links_two_apps():
    wrong = [
        path.relative_to(PACKAGE).as_posix()
        for path in python_of_the_house()
        if re.search(r"\b(receiver\(|\.connect\()", path.read_text(encoding="utf-8"))
        and path != PACKAGE / "kernel/apps.py"
        and "sqlite3.connect(" not in path.read_text(encoding="utf-8")
    ]

    assert wrong == []


# Invented, and nobody's ------------------------------------------------------------------------

# Real codes may stand only where the reading of real codes is what is tested.
_REAL_CODES = re.compile(r"tests/(formats|catalog|web)/|docs/|backofficine/formats/")


def _national_codes(folder: Path) -> set[str]:
    """Every CIP7 and CIP13 of an edition of the national presentations file."""
    codes: set[str] = set()
    with gzip.open(folder / "CIS_CIP_bdpm.txt.gz") as readable:
        for line in io.TextIOWrapper(readable, encoding="latin-1", newline="\n"):
            columns = line.split("\t")
            codes.update((columns[1].strip(), columns[6].strip()))
    return codes - {""}


def test_invented_products_have_codes_that_no_medicine_has(data_folder):
    from backofficine.science.simulation.assortment import invent_assortment

    editions = sorted((data_folder / "bdpm").glob("20*"))
    if not editions:
        pytest.skip("no edition of the national files")
    written = {
        code
        for path in files("*.py", "*.html", "*.js", "*.csv", "*.md")
        if not _REAL_CODES.match(path.relative_to(ROOT).as_posix())
        for code in re.findall(r"(?<!\d)3400\d{9}(?!\d)", path.read_text(encoding="utf-8"))
    }
    invented = {product.cip13 for product in invent_assortment(seed=1)}

    for edition in editions:
        national = _national_codes(edition)
        assert len(national) > 30_000
        assert not {code for code in national if code.startswith(("99", "3400999"))}
        assert not (written | invented) & national
        assert not {cip7_of(code) for code in written | invented} & national


def test_invented_codes_are_of_the_invented_range_with_a_valid_key():
    from backofficine.science.simulation.assortment import invent_assortment

    products = invent_assortment(seed=1)
    codes = [product.cip13 for product in products]

    assert len(set(codes)) == len(codes)
    assert all(code.startswith("3400999") and has_valid_key(code) for code in codes)


def test_one_english_sentence_has_one_french():
    """Django merges the catalogues of all apps: the last word would win everywhere."""
    from babel.messages.pofile import read_po

    told: dict[tuple[str, str | None, bool], dict[str, set[str]]] = {}
    for path in sorted(PACKAGE.glob("*/locale/fr/LC_MESSAGES/django.po")):
        with path.open("rb") as readable:
            for message in read_po(readable, locale="fr"):
                if message.id:
                    is_plural = isinstance(message.id, tuple)
                    key = (message.id[0] if is_plural else message.id, message.context, is_plural)
                    words = told.setdefault(key, {})
                    words.setdefault(str(message.string), set()).add(path.parts[-5])

    assert {key: words for key, words in told.items() if len(words) > 1} == {}
