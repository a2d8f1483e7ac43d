"""The pages of a picture: files, columns, what it says, the count, the starting point."""

import os
import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from django.test import Client
from django.urls import reverse

from backofficine.formats.codes import with_key
from backofficine.kernel import clock
from backofficine.picture import drafts, pdf, queries
from backofficine.picture.forms import found_name
from backofficine.picture.models import Picture, PictureCount, RememberedLayout
from backofficine.picture.report import as_json
from backofficine.stock.models import Balance
from tests.factories import PersonFactory, shop_floor, signed_in
from tests.invented import Files, as_columns_of_months, as_lines, as_workbooks, invent

pytestmark = pytest.mark.django_db

START = "/photo-de-depart/"


@pytest.fixture(autouse=True)
def _shop(pharmacy: Any, now: datetime, tmp_path: Any, settings: Any) -> Any:
    settings.DATA_DIR = tmp_path
    shop_floor()
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture(scope="module")
def files() -> Files:
    return as_lines(invent(seed=5, references=120, months=14))


@pytest.fixture
def owner() -> Client:
    return signed_in(PersonFactory())


def named(data: bytes, name: str) -> BytesIO:
    file = BytesIO(data)
    file.name = name
    return file


def words_of(answer: Any) -> str:
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def give(client: Client, files: Files, *, at: str = START) -> Any:
    given = {"stock": named(files.stock, "stock.csv"), "sales": named(files.sales, "ventes.csv")}
    if files.purchases:
        given["purchases"] = named(files.purchases, "achats.csv")
    return client.post(at, given)


def confirmed(page: Any) -> dict[str, Any]:
    """What a browser would post of the confirm page as it is."""
    told = {}
    for form in page.context["forms"]:
        for name in form.fields:
            value = form[name].value()
            told[form.add_prefix(name)] = "" if value is None else value
    return told


@pytest.fixture
def taken(owner: Client, files: Files) -> Picture:
    columns = give(owner, files)["Location"]
    page = owner.get(columns)
    waiting = owner.post(columns, {**confirmed(page), "act": "take"})["Location"]
    report = owner.post(waiting)["Location"]
    return Picture.objects.get(public_id=UUID(report.strip("/").split("/")[-1]))


# --- Files ----------------------------------------------------------------------------------------


def test_the_first_page_says_that_nothing_leaves_the_computer(owner):
    page = owner.get(START)

    assert "Rien ne quitte cet ordinateur" in words_of(page)
    assert "Aucune colonne de patient" in words_of(page)


def test_a_clerk_does_not_open_it():
    assert signed_in(PersonFactory(stock_clerk=True)).get(START).status_code == 403


def test_a_file_is_asked_for_by_name(owner):
    page = owner.post(START, {})

    assert page.status_code == 422
    assert "Choisissez l’export du stock." in words_of(page)
    assert "Choisissez l’export des ventes." in words_of(page)


def test_only_the_wrong_file_is_chosen_again(owner, files):
    page = owner.post(
        START, {"stock": named(b"", "vide.csv"), "sales": named(files.sales, "ventes.csv")}
    )

    assert page.status_code == 422
    assert "ventes.csv" in words_of(page)
    again = reverse("picture:start_again", args=[page.context["draft"].number])
    answer = owner.post(again, {"stock": named(files.stock, "stock.csv")})
    assert answer["Location"].endswith("/colonnes/")


def test_the_draft_of_one_person_is_not_another_s(owner, files):
    columns = give(owner, files)["Location"]

    answer = signed_in(PersonFactory()).get(columns, follow=True)

    assert answer.request["PATH_INFO"] == START
    assert "Ces fichiers ne sont plus ici" in unescape(answer.content.decode())


def test_yesterday_s_files_are_erased(owner, files, now):
    give(owner, files)
    [folder] = list(drafts._root().iterdir())

    drafts.sweep(at=now + drafts.KEPT * 2)

    assert not folder.exists()


def test_a_folder_that_is_being_made_is_not_erased(now):
    fresh, old = drafts._root() / "fresh", drafts._root() / "old"
    for folder, days in ((fresh, 0), (old, 2)):
        folder.mkdir(parents=True)
        made = (now - days * drafts.KEPT).timestamp()
        os.utime(folder, (made, made))

    drafts.sweep(at=now)

    assert fresh.exists()
    assert not old.exists()


# --- Columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize("export", [as_lines, as_columns_of_months, as_workbooks])
def test_three_programs_are_recognised_on_one_screen(
    owner: Client, export: Callable[..., Files]
) -> None:
    page = owner.get(give(owner, export(invent(seed=6, references=80, months=13)))["Location"])

    assert page.context["draft"].is_ready
    assert "Voici ce qui a été reconnu." in words_of(page)
    assert "Quantité en stock" in words_of(page)
    assert "à choisir" not in words_of(page)


def test_a_changed_column_is_looked_at_before_it_is_believed(owner, files):
    columns = give(owner, files)["Location"]
    told = confirmed(owner.get(columns))
    told["stock-address"] = ""

    owner.post(columns, {**told, "act": "look"})

    page = owner.get(columns)
    assert page.context["draft"].looks["stock"].layout["columns"].get("address") is None
    assert page.context["draft"].looks["stock"].choice.columns is not None


def test_a_column_that_is_needed_is_asked_for_where_it_is_chosen(owner, files):
    columns = give(owner, files)["Location"]
    told = confirmed(owner.get(columns))
    told["stock-quantity"] = ""

    page = owner.post(columns, {**told, "act": "take"})

    assert page.status_code == 422
    assert "choisissez-la" in words_of(page)
    assert not Picture.objects.exists()


def test_two_fields_do_not_share_a_column(owner, files):
    columns = give(owner, files)["Location"]
    told = confirmed(owner.get(columns))
    told["stock-label"] = told["stock-code"]

    page = owner.post(columns, {**told, "act": "look"})

    assert page.status_code == 422
    assert "déjà prise" in words_of(page)


MONTHS = ["janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"]


def test_the_year_of_nameless_months_is_asked_and_nothing_else(owner):
    codes = [with_key(f"340099990{number:03d}") for number in range(1, 31)]
    stock = "\n".join(["Code CIP;Désignation;Stock", *(f"{one};PRODUIT;3" for one in codes)])
    head = ";".join(["Code CIP", "Désignation", *MONTHS])
    sales = "\n".join([head, *(f"{one};PRODUIT;" + ";".join(["2"] * 12) for one in codes)])
    files = Files(stock=stock.encode(), sales=sales.encode())
    columns = give(owner, files)["Location"]
    page = owner.get(columns)
    assert "de quelle année est le plus récent" in words_of(page)
    told = confirmed(page)

    refused = owner.post(columns, {**told, "act": "take"})
    owner.post(columns, {**told, "sales-asked_year": "2025", "act": "look"})

    assert refused.status_code == 422
    assert "Dites de quelle année" in words_of(refused)
    look = owner.get(columns).context["draft"].looks["sales"]
    assert look.is_ready
    assert (look.first_on, look.last_on) == ("2025-01-01", "2025-12-31")


def test_another_sheet_is_looked_at_when_it_is_chosen(owner, files):
    codes = [with_key(f"340099990{number:03d}") for number in range(1, 31)]
    book = BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        for name, boxes in (("Rayon", 3), ("Réserve", 7)):
            sheet = workbook.add_worksheet(name)
            for line, row in enumerate([("Code CIP", "Stock"), *((one, boxes) for one in codes)]):
                sheet.write_row(line, 0, row)
    columns = give(owner, Files(stock=book.getvalue(), sales=files.sales))["Location"]
    told = confirmed(owner.get(columns))

    answer = owner.post(columns, {**told, "stock-asked_sheet": "1", "act": "take"})

    assert answer["Location"] == columns  # shown before it is believed
    look = owner.get(columns).context["draft"].looks["stock"]
    assert look.layout["sheet"] == 1
    assert look.preview[0][1][1] == "7"


def test_what_was_confirmed_is_skipped_through_next_time(owner, files, taken):
    page = owner.get(give(owner, files)["Location"])

    assert RememberedLayout.objects.count() == 2
    assert page.context["draft"].is_known
    assert "Mêmes colonnes que la dernière fois." in words_of(page)


# --- The picture ----------------------------------------------------------------------------------


def test_the_files_are_erased_once_the_picture_is_taken(taken):
    assert list(drafts._root().iterdir()) == []


def test_the_same_files_give_the_same_picture(owner, files, taken):
    columns = give(owner, files)["Location"]
    waiting = owner.post(columns, {**confirmed(owner.get(columns)), "act": "take"})["Location"]

    owner.post(waiting)

    assert Picture.objects.count() == 1


def test_the_waiting_page_asks_by_itself_and_tells_how_far_it_is(owner, files):
    columns = give(owner, files)["Location"]
    waiting = owner.post(columns, {**confirmed(owner.get(columns)), "act": "take"})["Location"]
    page = owner.get(waiting)
    draft = page.context["draft"]
    assert b'hx-trigger="load"' in page.content

    drafts.tell(draft, "missing")
    told = owner.get(reverse("picture:progress", args=[draft.number])).content.decode()

    assert 'aria-current="step"' in told
    assert told.count('class="done"') == 3


def test_files_that_are_gone_are_chosen_again(owner, files, taken):
    gone = reverse("picture:take", args=[UUID(int=9)])

    assert owner.get(gone)["Location"] == START
    assert owner.post(gone, headers={"HX-Request": "true"})["HX-Redirect"] == START


def test_the_second_of_two_computings_does_not_mind_that_the_first_one_ended(owner, files, now):
    draft = drafts.begin(person=1, at=now)
    drafts.forget(draft)

    drafts.tell(draft, "ghosts")

    assert drafts.stage(draft) == ""


def test_progress_stops_being_asked_when_the_files_are_gone(owner):
    gone = reverse("picture:progress", args=[UUID(int=7)])

    assert owner.get(gone).status_code == 286


def test_each_figure_opens_its_lines(owner, taken):
    report = queries.report_of(taken)
    page = owner.get(reverse("picture:report", args=[taken.public_id]))

    links = set(re.findall(r'href="([^"#]+)"', page.content.decode()))
    opened = [
        (section, figure)
        for section in report.sections
        for figure in section.figures
        if section.behind(figure)
    ]
    assert opened
    for section, figure in opened:
        address = reverse("picture:lines", args=[taken.public_id, section.key, figure.key])
        assert address in links
        lines = owner.get(address)
        assert section.behind(figure)[0].label in words_of(lines)


def test_nothing_is_called_a_loss(owner, taken):
    told = words_of(owner.get(reverse("picture:report", args=[taken.public_id])))

    assert "Rien ici n’est appelé une perte" in told
    assert "Comment c’est calculé" in told
    assert "Ce que ces fichiers ne disent pas" in told


def test_a_figure_that_is_not_in_the_report_is_not_found(owner, taken):
    address = reverse("picture:lines", args=[taken.public_id, "ghosts", "nothing"])

    assert owner.get(address).status_code == 404


def test_products_unknown_to_the_catalogue_are_listed(owner, taken):
    first = queries.report_of(taken).unmatched[0]

    told = words_of(owner.get(reverse("picture:unmatched", args=[taken.public_id])))

    assert first.code in told


def test_the_bytes_of_the_screen_are_those_of_the_command(owner, taken):
    report = queries.report_of(taken)

    assert owner.get(reverse("picture:json", args=[taken.public_id])).content == as_json(report)
    assert owner.get(reverse("picture:pdf", args=[taken.public_id])).content == pdf.render(report)


# --- What a person does with it -------------------------------------------------------------------


def test_what_was_found_corrects_the_estimates(owner, taken):
    address = reverse("picture:count", args=[taken.public_id])
    page = owner.get(address)
    line = page.context["rows"][0].line
    told = {
        found_name(line.code): "0",
        "request_id": page.context["form"]["request_id"].value(),
    }

    owner.post(address, told)
    owner.post(address, told)

    count = PictureCount.objects.get()
    assert (count.code, count.found) == (line.code, 0)
    after = words_of(owner.get(address))
    assert "1 produit vérifié, dont 1 où manque plus de la moitié des boîtes" in after
    report = owner.get(reverse("picture:report", args=[taken.public_id])).context["report"]
    assert line.code not in {one.code for one in report.count_list}


def test_a_number_that_is_none_is_said_by_its_field(owner, taken):
    address = reverse("picture:count", args=[taken.public_id])

    first = next(iter(owner.get(address).context["form"].fields_of))

    page = owner.post(address, {first: "deux", "request_id": UUID(int=3)})

    assert page.status_code == 422
    assert "Tapez le nombre de boîtes trouvées" in words_of(page)
    assert 'value="deux"' in page.content.decode()


def test_the_next_list_printed_can_be_typed_after_the_first(owner, taken):
    address = reverse("picture:count", args=[taken.public_id])
    form = owner.get(address).context["form"]
    first = list(form.fields_of)
    owner.post(address, {**dict.fromkeys(first, 0), "request_id": form["request_id"].value()})

    printed = queries.corrected(taken).report.count_list
    form = owner.get(address).context["form"]
    [*shown] = form.fields_of

    assert printed
    assert sorted(shown) == sorted({*first, *(found_name(line.code) for line in printed)})
    places = [line.address for line in form.fields_of.values()]
    assert places == sorted(places), "one walk, whatever list they come from"
    owner.post(address, {found_name(printed[0].code): 1, "request_id": form["request_id"].value()})
    assert queries.counts_of(taken)[printed[0].code] == 1
    # Somebody else has the same list on paper; what was typed of it stays in sight.
    assert found_name(printed[0].code) in owner.get(address).context["form"].fields_of


def test_a_page_found_again_with_back_keeps_what_is_typed_on_it(owner, taken):
    address = reverse("picture:count", args=[taken.public_id])
    form = owner.get(address).context["form"]
    (one, first), (other, second), *_ = form.fields_of.items()
    old = {"request_id": form["request_id"].value()}
    owner.post(address, {**old, one: 0})

    refused = owner.post(address, {**old, one: 0, other: 1})

    assert refused.status_code == 422
    assert "déjà été gardée" in words_of(refused)
    assert queries.counts_of(taken) == {first.code: 0}
    fresh = refused.context["form"]
    again = {name: fresh[name].value() for name in ("request_id", one, other)}
    assert owner.post(address, again).status_code == 302
    assert queries.counts_of(taken) == {first.code: 0, second.code: 1}


def test_a_picture_becomes_the_starting_point_and_is_undone(owner, taken):
    begun = owner.post(reverse("picture:begin", args=[taken.public_id]), follow=True)

    assert "est le point de départ" in words_of(begun)
    assert Balance.objects.filter(on_hand__gt=0).exists()
    assert "point de départ pris" in words_of(owner.get(START))
    undone = owner.post(reverse("picture:undo", args=[taken.public_id]), follow=True)
    assert "En faire le point de départ" in words_of(undone)
    assert not Balance.objects.filter(on_hand__gt=0).exists()
    assert "point de départ pris" not in words_of(owner.get(START))


def test_undoing_what_was_not_begun_says_so(owner, taken):
    answer = owner.post(reverse("picture:undo", args=[taken.public_id]), follow=True)

    assert "rien à annuler" in unescape(answer.content.decode())
