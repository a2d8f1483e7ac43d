"""Two people at once, a double click, a fallen network, a locked post: nothing lost or doubled."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backofficine.formats.gs1 import box_code

SHELF = """
    SELECT p.id, p.cip13, p.name, p.strength, p.public_id FROM catalog_product p
    JOIN stock_lot l ON l.product_id = p.id JOIN stock_balance b ON b.lot_id = l.id
    JOIN stock_location o ON o.id = b.location_id
    WHERE b.on_hand >= 3 AND o.kind = 'drawer' AND p.storage = 'ambient'
      AND p.legal_status <> 'narcotic' AND p.doses_per_box = 1 AND l.expires_on > ?
    ORDER BY p.id LIMIT 3"""


def shelf(shop: Any) -> list[tuple[Any, ...]]:
    """Three ordinary products that are there."""
    rows: list[tuple[Any, ...]] = shop.ask(SHELF, f"{shop.now.date() + timedelta(days=60)}")
    return rows


@pytest.fixture
def bench(shop: Any) -> str:
    """The address of the receipt that is open this morning."""
    [(number,)] = shop.ask("SELECT MAX(number) FROM receiving_receipt WHERE status = 'open'")
    return f"/receptionner/{number}/"


def box(shop: Any, row: tuple[Any, ...], serial: str) -> str:
    expires_on: date = shop.now.date() + timedelta(days=700)
    return box_code(cip13=row[1], lot="Z001", expires_on=expires_on, serial=serial)


def counted(shop: Any, product: int) -> int:
    [(total,)] = shop.ask(
        """SELECT COALESCE(SUM(s.quantity), 0) FROM receiving_receiptscan s
           JOIN receiving_receipt r ON r.id = s.receipt_id
           WHERE s.product_id = ? AND r.status = 'open'""",
        product,
    )
    return int(total)


def test_the_second_to_change_a_line_is_told_and_keeps_what_was_typed(
    person: Callable[..., Page],
) -> None:
    first, second = person("adjoint"), person("adjointe")
    for page in (first, second):
        page.goto("/commander/?show=all")
    quantity = "Boîtes à commander"
    mine = first.locator("tbody.order-line").first
    theirs = second.locator("tbody.order-line").first

    mine.get_by_label(quantity).fill("7")
    mine.get_by_label("Motif").select_option(index=1)
    expect(mine.get_by_label(quantity)).to_have_attribute("value", "7")
    theirs.get_by_label(quantity).fill("9")
    theirs.get_by_label("Motif").select_option(index=2)

    alert = theirs.get_by_role("alert")
    expect(alert).to_contain_text("7")
    expect(alert).to_contain_text("9")
    expect(theirs.get_by_label(quantity)).to_have_value("9")


def test_two_scanners_fill_one_receipt(
    shop: Any, bench: str, person: Callable[..., Page], scan: Callable[[Page, str], None]
) -> None:
    row = shelf(shop)[0]
    pages = [person("rayonniste"), person("rayonniste2")]
    for number, page in enumerate(pages):
        page.goto(bench)
        scan(page, box(shop, row, f"SN9100000{number}"))
        scan(page, box(shop, row, f"SN9200000{number}"))
        expect(page.locator("dl.facts")).to_contain_text(f"{2 * (number + 1)} / 0")

    assert counted(shop, row[0]) == 4


def test_scans_made_without_a_network_are_sent_once_when_it_is_back(
    shop: Any, bench: str, person: Callable[..., Page], scan: Callable[[Page, str], None]
) -> None:
    one, other, _third = shelf(shop)
    page = person("rayonniste")
    page.goto(bench)
    page.context.set_offline(True)

    scan(page, box(shop, one, "SN93000001"))
    scan(page, box(shop, other, "SN93000002"))
    expect(page.locator("#scan-state")).to_contain_text("en attente")
    assert (counted(shop, one[0]), counted(shop, other[0])) == (0, 0)
    page.context.set_offline(False)

    expect(page.locator("#scan-state")).to_contain_text("Lecteur prêt", timeout=15_000)
    expect(page.locator(".hero")).to_contain_text(other[2])
    assert (counted(shop, one[0]), counted(shop, other[0])) == (1, 1)


def test_a_double_click_acts_once(shop: Any, person: Callable[..., Page]) -> None:
    row = shelf(shop)[1]
    page = person("titulaire")
    before = shop.ask("SELECT COUNT(*) FROM stock_posting")[0][0]

    page.goto(f"/stock/sortir/?product={row[4]}")
    page.get_by_text("cassé", exact=True).click()
    page.get_by_role("main").get_by_role("button", name="Sortir").dblclick()
    expect(page.locator("#toasts")).to_contain_text("Sorti")
    assert shop.ask("SELECT COUNT(*) FROM stock_posting")[0][0] == before + 1

    page.goto(f"/promis/nouveau/?product={row[4]}")
    drawer = page.get_by_role("complementary", name="Nouveau promis")
    drawer.get_by_label("Nom du patient").fill("Zoé Double")
    drawer.get_by_role("button", name="Promettre quand même").dblclick()
    expect(page.locator("body")).to_contain_text("Z. D.")
    made = shop.ask("SELECT COUNT(*) FROM promises_promise WHERE product_id = ?", row[0])
    assert made == [(1,)]

    page.goto("/ranger/")
    page.get_by_role("button", name="Ranger les arrêts cochés").dblclick()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)

    page.goto("/commander/")
    page.get_by_role("button", name="Transmettre").dblclick()
    page.wait_for_url("**/commander/commande/**")
    sent = shop.ask(
        """SELECT COUNT(*) FROM purchasing_orderevent e JOIN purchasing_order o ON o.id = e.order_id
           WHERE e.status = 'sent' AND o.delivery_round_id = (
               SELECT MAX(delivery_round_id) FROM purchasing_order)"""
    )
    assert sent == [(1,)]
    assert shop.run("check-ledger", "--json")["ok"]


def test_a_post_locked_during_a_form_gives_the_form_back(
    shop: Any, person: Callable[..., Page]
) -> None:
    row = shelf(shop)[2]
    page = person("titulaire")
    page.goto("/equipe/poste/")
    page.get_by_role("listitem").filter(has_text="Comptoir 1").get_by_role("button").click()
    page.wait_for_url("**/")
    page.goto(f"/promis/nouveau/?product={row[4]}")
    name = page.get_by_label("Nom du patient")
    name.fill("Zoé Verrou")

    page.keyboard.press("F12")
    expect(
        page.get_by_role("heading", name=re.compile("prend la main|prend le relais"))
    ).to_be_visible()
    page.locator("label").filter(has=page.locator("input[value=titulaire]")).click()
    page.get_by_label("Code").fill("1793")
    page.get_by_label("Code").press("Enter")

    expect(page).to_have_url(re.compile("/promis/nouveau/"))
    expect(name).to_have_value("Zoé Verrou")
