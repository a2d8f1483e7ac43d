"""One working day of an officine, lived on its screens by the four who make it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backofficine.formats.gs1 import box_code
from backofficine.formats.keyboard import Layout, typed

SPACES = re.compile(r"[\s\u202f\u00a0]+")
NOTHING_HELD = """
    SELECT 1 FROM stock_balance b JOIN stock_lot l ON l.id = b.lot_id
    WHERE l.product_id = p.id AND b.on_hand > 0"""


@dataclass(frozen=True)
class Box:
    """A product of the demo, and how its box reads."""

    pk: int
    cip13: str
    name: str
    strength: str

    def code(self, *, lot: str, expires_on: date, serial: str = "") -> str:
        return box_code(cip13=self.cip13, lot=lot, expires_on=expires_on, serial=serial)

    @property
    def words(self) -> str:
        """What a person types to find it."""
        return f"{self.name} {self.strength}"


@dataclass
class Day:
    """What one colleague leaves to the next."""

    shop: Any
    missing: Box
    promise: int = 0

    @property
    def today(self) -> date:
        return self.shop.now.astimezone().date()


def boxes(shop: Any, condition: str, *values: object) -> list[tuple[Any, ...]]:
    """Ambient, ordinary products of the demo that answer ``condition``."""
    return shop.ask(
        f"""SELECT p.id, p.cip13, p.name, p.strength, b.on_hand, l.number, l.expires_on, o.code
            FROM catalog_product p
            LEFT JOIN stock_lot l ON l.product_id = p.id AND l.id IN (
                SELECT lot_id FROM stock_balance WHERE on_hand > 0)
            LEFT JOIN stock_balance b ON b.lot_id = l.id AND b.on_hand > 0
            LEFT JOIN stock_location o ON o.id = b.location_id
            WHERE p.legal_status <> 'narcotic' AND p.storage = 'ambient' AND p.doses_per_box = 1
              AND {condition} ORDER BY p.id""",
        *values,
    )


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def said(page: Page) -> Any:
    """The answer of the last scan or act."""
    return page.locator("main .said").first


def open_page(page: Page, word: str) -> None:
    """Through the menu, as one does."""
    menu = page.get_by_role("navigation", name="Pages")
    menu.get_by_role("link", name=re.compile(rf"^{word}")).click()
    expect(menu.locator("[aria-current=page]")).to_contain_text(word)
    page.wait_for_load_state()


@pytest.fixture
def day(shop: Any) -> Day:
    """The product that will be missing: nobody holds, ordered or promised it."""
    rows = boxes(
        shop,
        f"""NOT EXISTS ({NOTHING_HELD}) AND p.strength <> ''
            AND p.id NOT IN (SELECT product_id FROM promises_promise)
            AND p.id NOT IN (SELECT product_id FROM purchasing_orderline)""",
    )
    return Day(shop, Box(*rows[0][:4]))


def test_one_whole_day(
    day: Day,
    person: Callable[..., Page],
    scan: Callable[[Page, str], None],
    photograph: Callable[[Page, str], None],
) -> None:
    shop = day.shop
    counter = person("preparateur")
    serve_at_the_counter(counter, day, scan=scan, photograph=photograph)
    promise_what_is_missing(counter, day, photograph=photograph)

    order_before_the_cut_off(person("adjoint"), day, photograph=photograph)

    shop.move_clock_to(14, 36)
    clerk = person("rayonniste")
    receive_by_scan(clerk, day, scan=scan, photograph=photograph)
    put_away(clerk, photograph=photograph)

    counter = person("preparateur")
    hand_over(counter, day, photograph=photograph)
    take_out_an_expired_box(counter, day, scan=scan, photograph=photograph)

    shop.move_clock_to(18, 50)
    close_the_day(person("titulaire"), photograph=photograph)
    assert shop.run("check-ledger", "--json")["ok"]


def serve_at_the_counter(page: Page, day: Day, *, scan: Any, photograph: Any) -> None:
    """A box scanned is out, even through a keyboard that deforms it; a search without result."""
    rows = boxes(day.shop, "b.on_hand >= 3 AND o.kind IN ('drawer', 'shelf') AND l.number <> ''"
                 " AND l.expires_on > ?", f"{day.today + timedelta(days=90)}")  # fmt: skip
    first, *_rest, other = rows
    box, lot, expires_on = Box(*first[:4]), first[5], day_of(first[6])
    open_page(page, "Comptoir")

    scan(page, box.code(lot=lot, expires_on=expires_on, serial="SN0000000001"))

    expect(said(page)).to_contain_text("Sorti")
    hero = page.get_by_role("region", name="Dernier produit")
    expect(hero).to_contain_text(box.name)
    expect(hero).to_contain_text(box.strength)

    mangled = typed(box.code(lot=lot, expires_on=expires_on, serial="SN0000000002"), Layout.AZERTY)
    scan(page, mangled)

    last_out = page.locator(".bo-rows li").filter(has_text=box.name)
    expect(last_out).to_have_count(2)
    out = day.shop.ask(
        """SELECT SUM(m.quantity) FROM stock_move m JOIN stock_posting g ON g.id = m.posting_id
           JOIN stock_lot l ON l.id = m.lot_id JOIN stock_location t ON t.id = m.target_id
           WHERE l.product_id = ? AND t.kind = 'patient' AND g.recorded_at >= ?""",
        box.pk, f"{day.shop.now:%Y-%m-%d %H:%M:%S}",
    )  # fmt: skip
    assert out == [(2,)]
    photograph(page, "day-01-counter-out")

    searched = Box(*other[:4])
    page.get_by_label("Scannez, ou tapez un nom").fill(searched.words)
    choice = page.locator("#choices li").filter(has_text=searched.name).first
    choice.get_by_role("button", name="Introuvable").click()
    expect(said(page)).to_contain_text("introuvable")
    assert day.shop.ask(
        "SELECT COUNT(*) FROM stock_notfound WHERE product_id = ?", searched.pk
    ) == [(1,)]


def promise_what_is_missing(page: Page, day: Day, *, photograph: Any) -> None:
    """Three gestures: the missing product, who waits for it, Enter."""
    page.get_by_label("Scannez, ou tapez un nom").fill(day.missing.words)
    choice = page.locator("#choices li").filter(has_text=day.missing.name).first
    choice.get_by_role("link", name="Manquant").click()
    drawer = page.get_by_role("complementary", name="Nouveau promis")
    expect(drawer).to_contain_text("aujourd’hui après")
    expect(drawer).to_contain_text("tournée de 14 h 30")
    photograph(page, "day-02-promise")

    drawer.get_by_label("Nom du patient").fill("Zéphirine Ouvrard")
    drawer.get_by_label("Téléphone").fill("06 00 00 71 23")
    drawer.get_by_label("Téléphone").press("Enter")

    expect(page.locator("body")).to_contain_text("Z. O.")
    [(number, status, chosen)] = day.shop.ask(
        "SELECT number, status, is_chosen FROM promises_promise WHERE product_id = ?",
        day.missing.pk,
    )
    assert (status, chosen) == ("to_order", 0)
    day.promise = number
    expect(page.get_by_text("Zéphirine")).to_have_count(0)
    photograph(page, "day-03-promised")


def order_before_the_cut_off(page: Page, day: Day, *, photograph: Any) -> None:
    """The proposal holds what was promised; a quantity changes with its reason; it leaves."""
    open_page(page, "Commander")
    page.get_by_role("button", name="Actualiser").click()
    row = page.locator("tbody.order-line").filter(has_text=day.missing.words)
    expect(row).to_contain_text("promis")

    row.get_by_role("link", name="pourquoi").click()
    expect(row).to_contain_text("Ce qui changerait")
    photograph(page, "day-04-order")
    proposed = int(row.get_by_label("Boîtes à commander").input_value())
    row.get_by_label("Boîtes à commander").fill(str(proposed + 1))
    row.get_by_label("Motif").select_option(index=1)
    expect(row.get_by_label("Boîtes à commander")).to_have_value(str(proposed + 1))
    expect(row.get_by_label("Boîtes à commander")).to_have_attribute("value", str(proposed + 1))

    with page.expect_download() as waited:
        page.get_by_role("button", name="Transmettre").click()
    text = waited.value.path().read_text(encoding="utf-8-sig")
    assert day.missing.cip13 in text
    photograph(page, "day-05-sent")

    other = page.get_by_label("Boîtes répondues de").nth(1)
    other.fill("0")
    page.get_by_role("button", name="Garder la réponse").click()
    expect(page.locator("#short")).to_be_visible()
    photograph(page, "day-06-answered")
    assert day.shop.ask("SELECT status FROM promises_promise WHERE number = ?", day.promise) == [
        ("ordered",)
    ]


def receive_by_scan(page: Page, day: Day, *, scan: Any, photograph: Any) -> None:
    """Totes on the floor, then box by box: the promised one is announced before anything else."""
    good = day.today + timedelta(days=700)
    lines = [
        Box(*row)
        for row in day.shop.ask(
            """SELECT p.id, p.cip13, p.name, p.strength FROM purchasing_orderline l
               JOIN purchasing_order o ON o.id = l.order_id
               JOIN purchasing_deliveryround r ON r.id = o.delivery_round_id
               JOIN catalog_product p ON p.id = l.product_id
               WHERE o.status = 'answered' AND r.due_at LIKE ? AND l.answered_quantity > 0
                 AND p.storage = 'ambient' AND p.legal_status <> 'narcotic'
                 AND p.id NOT IN (SELECT product_id FROM promises_promise) ORDER BY l.id""",
            f"{day.today} 13:30%",
        )
    ]
    [stranger] = [
        Box(*row[:4])
        for row in boxes(
            day.shop,
            """p.id NOT IN (SELECT product_id FROM purchasing_orderline)
               AND p.id NOT IN (SELECT product_id FROM promises_promise)""",
        )[:1]
    ]
    open_page(page, "Réceptionner")
    page.get_by_label("Bacs").fill("2")
    rounds = page.get_by_label("Pour la tournée")
    this_round = rounds.get_by_role("option").filter(has_text="14 h 30").filter(has_text="Ombrage")
    rounds.select_option(this_round.get_attribute("value"))
    page.get_by_role("button", name="Ils sont au sol").click()
    expect(page.locator("#toasts")).to_contain_text("au sol")
    photograph(page, "day-07-floor")
    floor = page.locator("#floor li").filter(has_text="2 bacs").filter(has_text="14 h 36")
    floor.get_by_role("button", name="Réceptionner").click()
    page.wait_for_url(re.compile(r"/receptionner/\d+/$"))

    missing = day.missing
    scan(page, missing.code(lot="L77A", expires_on=good, serial="SN77000001"))
    expect(said(page)).to_contain_text("PROMIS — casier")
    destination = page.locator(".bo-dest")
    expect(destination).to_contain_text("Z. O.")
    expect(destination).to_contain_text(f"n° {day.promise}")
    expect(page.locator("dl.facts")).to_contain_text("lot L77A")
    expect(page.locator("dl.facts")).to_contain_text(f"{good:%m/%Y}")
    photograph(page, "day-08-promised-box")

    plain, dated = lines[0], lines[1]
    scan(page, plain.code(lot="P001", expires_on=good, serial="SN78000001"))
    expect(said(page)).to_contain_text("+1")
    expect(page.locator(".hero")).to_contain_text(plain.strength)
    photograph(page, "day-09-plus-one")
    scan(page, plain.code(lot="P001", expires_on=good, serial="SN78000001"))
    expect(said(page)).to_contain_text("Déjà compté")
    scan(page, plain.code(lot="P001", expires_on=good, serial="SN78000002"))
    expect(said(page)).to_contain_text("soit 2 boîtes")
    page.keyboard.press("Control+z")
    expect(said(page)).to_contain_text("Annulé")

    scan(page, dated.code(lot="OLD1", expires_on=day.today - timedelta(days=40), serial="SN79"))
    expect(page.get_by_role("alert")).to_contain_text("périmée, en quarantaine seulement")
    expect(destination).to_contain_text("Jamais en rayon")
    photograph(page, "day-10-expired")

    scan(page, stranger.code(lot="X001", expires_on=good, serial="SN80000001"))
    expect(page.get_by_role("heading", name="Qu’est-ce que cette boîte ?")).to_be_visible()
    photograph(page, "day-11-not-ordered")
    page.get_by_role("button", name="Erreur du fournisseur").click()
    expect(page.get_by_role("heading", name="Qu’est-ce que cette boîte ?")).to_have_count(0)

    before = receipts_posted(day.shop)
    page.get_by_role("link", name="Clore la réception…").click()
    photograph(page, "day-12-closing")
    page.get_by_role("button", name="Clore la réception").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Clore la réception").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("à ranger")
    assert receipts_posted(day.shop) - before == 1
    photograph(page, "day-13-closed")


def receipts_posted(shop: Any) -> int:
    [(count,)] = shop.ask("SELECT COUNT(*) FROM stock_posting WHERE reason = 'receipt'")
    return int(count)


def put_away(page: Page, *, photograph: Any) -> None:
    """The tray is ticked; only what must be scanned remains."""
    expect(page).to_have_url(re.compile("/ranger/$"))  # where the closing leads
    free = page.get_by_role("checkbox", checked=True)
    assert free.count() > 0
    photograph(page, "day-14-walk")
    page.get_by_role("button", name="Ranger les arrêts cochés").click()
    expect(free).to_have_count(0)
    photograph(page, "day-15-put-away")


def hand_over(page: Page, day: Day, *, photograph: Any) -> None:
    """Found by the end of the phone or the first letters; given in two gestures."""
    open_page(page, "Promis")
    field = page.get_by_label("Ce que dit le patient")
    field.fill("7123")
    found = page.locator("#found li").filter(has_text=day.missing.name)
    expect(found).to_contain_text("Z. O.")
    field.fill("ouv")
    expect(found).to_contain_text("Z. O.")
    photograph(page, "day-16-found")

    found.get_by_role("link", name="Remettre").click()
    # The keys of a page answer once it is there, scripts included.
    page.wait_for_url(re.compile(r"/promis/[0-9a-f-]{36}/"))
    photograph(page, "day-17-hand-over")
    page.keyboard.press("Control+Enter")

    expect(page.locator("body")).to_contain_text(f"Promis n° {day.promise} : remis.")
    assert day.shop.ask("SELECT status FROM promises_promise WHERE number = ?", day.promise) == [
        ("collected",)
    ]


def take_out_an_expired_box(page: Page, day: Day, *, scan: Any, photograph: Any) -> None:
    """The box in the hand, its cause, and it is out: dated now."""
    row = boxes(day.shop, "b.on_hand > 0 AND l.expires_on < ?"
                " AND o.kind IN ('drawer', 'shelf')", f"{day.today}")[0]  # fmt: skip
    box, lot = Box(*row[:4]), row[5]
    page.goto("/stock/sortir/")
    scan(page, box.code(lot=lot, expires_on=day_of(row[6])))
    expect(page.get_by_role("heading", level=1)).to_contain_text(box.name)
    expect(page.get_by_role("radio", name=re.compile(lot))).to_be_checked()
    expect(page.get_by_role("radio", name="périmé", exact=True)).to_be_checked()
    photograph(page, "day-18-take-out")
    page.get_by_role("main").get_by_role("button", name="Sortir").click()
    expect(page.locator("#toasts")).to_contain_text("Sorti")


def close_the_day(page: Page, *, photograph: Any) -> None:
    """The day on one page; its losses with their proof; one tariff signed turns them proved."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("14 h 30")
    photograph(page, "day-19-today")
    open_page(page, "Pertes")
    expect(page.locator("body")).to_contain_text("Argent perdu, prouvé")
    photograph(page, "day-20-losses")
    page.get_by_role("main").get_by_role("link", name="Périmés").first.click()
    page.get_by_role("table").get_by_role("link").first.click()
    proof = page.get_by_role("complementary", name="Preuve")
    expect(proof).to_contain_text("supposé")
    photograph(page, "day-21-proof")

    proof.get_by_role("link", name="Changer").first.click()
    page.get_by_label("Nouvelle valeur").fill("4")
    page.get_by_label("Source").fill("Chronométré dix fois ce matin")
    page.get_by_label("Je signe").check()
    photograph(page, "day-22-tariff")
    page.get_by_role("button", name="Enregistrer cette valeur").click()

    open_page(page, "Pertes")
    page.get_by_role("main").get_by_role("link", name="Périmés").first.click()
    page.get_by_role("table").get_by_role("link").first.click()
    expect(proof).to_contain_text("prouvé")
    photograph(page, "day-23-proved")
