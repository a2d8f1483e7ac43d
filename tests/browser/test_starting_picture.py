"""A newcomer with two exports, who reads only the screen: from the first page to two sheets."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.invented import Files, as_columns_of_months, as_lines, as_workbooks, invent
from tests.serving import Server, backofficine

SHAPES = {
    "lines": (as_lines, "csv", "csv"),
    "months": (as_columns_of_months, "csv", "csv"),
    "workbooks": (as_workbooks, "xlsx", "xlsx"),
}


@pytest.fixture(scope="module")
def newborn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation that nobody has opened yet."""
    folder = tmp_path_factory.mktemp("newborn")
    environment = {"BACKOFFICINE_DATA_DIR": str(folder), "BACKOFFICINE_SQLITE_SYNCHRONOUS": "OFF"}
    server = Server(environment, log=folder / "server.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def newcomer(newborn: Server, browser: Browser) -> Iterator[Callable[..., Page]]:
    """``newcomer(phone=True)``: the owner's browser; the first one founds the pharmacy."""
    contexts = []

    def come(*, phone: bool = False, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=newborn.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": 390, "height": 844} if phone else {"width": 1366, "height": 768},
            has_touch=phone,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if dark:
            context.add_cookies([{"name": "theme", "value": "dark", "url": newborn.url}])
        page = context.new_page()
        page.goto("/")
        if page.get_by_role("heading", name="Bienvenue").count():
            found(page)
        else:
            page.goto("/compte/login/")
            page.locator("input[name=login]").fill("claire")
            page.locator("input[name=password]").fill("une-phrase-longue")
            page.locator("input[name=password]").press("Enter")
            expect(page.locator("input[name=password]")).to_have_count(0)
            page.goto("/photo-de-depart/")
        return page

    yield come
    for context in contexts:
        context.close()


def found(page: Page) -> None:
    """The first page, then « not now » for the workstation: the picture is offered."""
    page.locator("input[name=pharmacy]").fill("Pharmacie du Pont")
    page.locator("input[name=name]").fill("Claire Vasseline")
    page.locator("input[name=username]").fill("claire")
    page.locator("input[name=password]").fill("une-phrase-longue")
    page.locator("input[name=password]").press("Enter")
    page.get_by_role("link", name="Plus tard").click()


def write(folder: Path, shape: str, files: Files) -> list[Path]:
    _make, first, second = SHAPES[shape]
    paths = [folder / f"stock.{first}", folder / f"ventes.{second}"]
    paths[0].write_bytes(files.stock)
    paths[1].write_bytes(files.sales)
    return paths


def take(page: Page, paths: list[Path]) -> None:
    """Two files, one look at the columns, one click."""
    page.get_by_label("Stock", exact=True).set_input_files(paths[0])
    page.get_by_label("Ventes", exact=True).set_input_files(paths[1])
    page.get_by_role("button", name="Lire les fichiers").click()
    page.get_by_role("button", name="Prendre la photo").click()
    expect(page.get_by_role("heading", name="À faire lundi")).to_be_visible(timeout=60_000)


def fits(page: Page) -> None:
    """Nothing scrolls sideways but a table in its own box."""
    assert page.evaluate("() => document.documentElement.scrollWidth") <= page.evaluate(
        "() => window.innerWidth"
    )


def says_that_it_waits(page: Page) -> None:
    """A form on its way says so; here it is stopped at the door, then comes back to rest."""
    page.evaluate(
        """() => {
            const form = document.querySelector("form[data-waits]");
            form.addEventListener("submit", (event) => event.preventDefault(), { once: true });
            form.requestSubmit();
        }"""
    )
    expect(page.get_by_text("Lecture des fichiers")).to_be_visible()
    page.evaluate("() => { dispatchEvent(new Event('pageshow')); }")
    expect(page.get_by_text("Lecture des fichiers")).to_be_hidden()


def number_of(page: Page) -> str:
    found = re.search(r"photo-de-depart/([0-9a-f-]{36})/", page.url)
    assert found, page.url
    return found[1]


def test_two_exports_become_two_pages_and_a_starting_point(
    newcomer: Callable[..., Page],
    newborn: Server,
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
    photograph: Callable[[Page, str], None],
) -> None:
    page = newcomer()
    expect(page.get_by_text("Rien ne quitte cet ordinateur")).to_be_visible()
    assert_accessible(page)
    fits(page)
    says_that_it_waits(page)
    photograph(page, "picture-start")
    paths = write(tmp_path, "lines", as_lines(invent(seed=11, references=600, months=24)))

    # A wrong file is said by its place; the other one waits.
    empty = tmp_path / "vide.csv"
    empty.write_bytes(b"")
    page.get_by_label("Stock", exact=True).set_input_files(empty)
    page.get_by_label("Ventes", exact=True).set_input_files(paths[1])
    page.get_by_role("button", name="Lire les fichiers").click()
    expect(page.get_by_role("alert")).to_contain_text("rien n’est perdu")
    expect(page.get_by_text("ventes.csv")).to_be_visible()
    assert_accessible(page)
    photograph(page, "picture-refused")
    page.get_by_label("Stock", exact=True).set_input_files(paths[0])
    page.get_by_role("button", name="Lire les fichiers").click()

    expect(page.get_by_role("heading", name="Voici ce qui a été reconnu.")).to_be_visible()
    assert_accessible(page)
    fits(page)
    photograph(page, "picture-confirm")
    page.get_by_role("button", name="Prendre la photo").press("Enter")

    expect(page.get_by_role("heading", name="À faire lundi")).to_be_visible(timeout=60_000)
    assert_accessible(page)
    fits(page)
    photograph(page, "picture-report")
    report = page.url
    number = number_of(page)

    # The sheets and the bytes are those of the command line.
    sheets = page.get_by_role("link", name="Deux pages à imprimer").get_attribute("href")
    assert sheets
    printed = page.request.get(sheets)
    assert printed.headers["content-type"] == "application/pdf"
    done = backofficine(
        "starting-picture", str(paths[0]), str(paths[1]), "--pdf", str(tmp_path / "deux.pdf"),
        environment=newborn.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert printed.body() == (tmp_path / "deux.pdf").read_bytes()

    # A figure opens its lines.
    ghosts = page.locator("#ghosts")
    ghosts.get_by_role("link").first.click()
    expect(page.get_by_text("Le plus cher d’abord.")).to_be_visible()
    assert_accessible(page)
    fits(page)
    photograph(page, "picture-lines")

    # The count: what was found corrects the estimates.
    page.goto(report)
    page.get_by_role("link", name="Vérifier les vingt").click()
    assert_accessible(page)
    fits(page)
    photograph(page, "picture-count")
    for field in page.get_by_role("spinbutton").all()[:3]:
        field.fill("0")
    page.get_by_role("button", name="Garder ce qui a été trouvé").click()
    expect(page.get_by_role("heading", name="3 produits vérifiés, dont 3 où")).to_be_visible()
    photograph(page, "picture-counted")

    # The starting point, and back.
    page.goto(f"/photo-de-depart/{number}/")
    page.get_by_role("button", name="En faire le point de départ").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Faire de cette photo le point de départ ?")
    photograph(page, "picture-dialog")
    dialog.get_by_role("button", name="En faire le point de départ").click()
    expect(page.get_by_text("est le point de départ de la pharmacie depuis")).to_be_visible(
        timeout=60_000
    )
    page.goto("/stock/")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.goto(f"/photo-de-depart/{number}/")
    page.get_by_role("button", name="Annuler le point de départ").click()
    expect(page.get_by_role("button", name="En faire le point de départ").first).to_be_visible(
        timeout=60_000
    )

    # The same export again: nothing left to answer, the same picture.
    page.goto("/photo-de-depart/")
    take(page, paths)
    assert number_of(page) == number


@pytest.mark.parametrize(
    ("shape", "seed", "phone", "dark"),
    [("months", 12, True, False), ("workbooks", 13, False, True)],
)
def test_other_programs_reach_the_report_too(
    newcomer: Callable[..., Page],
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
    photograph: Callable[[Page, str], None],
    shape: str,
    seed: int,
    phone: bool,
    dark: bool,
) -> None:
    page = newcomer(phone=phone, dark=dark)
    fits(page)
    photograph(page, f"picture-{shape}-start")
    paths = write(tmp_path, shape, SHAPES[shape][0](invent(seed=seed, references=400, months=18)))
    page.get_by_label("Stock", exact=True).set_input_files(paths[0])
    page.get_by_label("Ventes", exact=True).set_input_files(paths[1])
    page.get_by_role("button", name="Lire les fichiers").click()
    expect(page.get_by_role("button", name="Prendre la photo")).to_be_visible()
    assert_accessible(page)
    fits(page)
    photograph(page, f"picture-{shape}-confirm")
    page.get_by_role("button", name="Prendre la photo").click()

    expect(page.get_by_role("heading", name="À faire lundi")).to_be_visible(timeout=60_000)
    assert_accessible(page)
    fits(page)
    photograph(page, f"picture-{shape}-report")
    page.get_by_role("link", name="Vérifier les vingt").click()
    assert_accessible(page)
    fits(page)
    photograph(page, f"picture-{shape}-count")
