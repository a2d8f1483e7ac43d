"""Every page, for everybody: by axe, by keyboard, on a phone, in the dark, and without a word out.

The owner sees every page of the menu; what each page loads, logs and shows is watched.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

PAGES = {
    "today": "/",
    "counter": "/comptoir/",
    "orders": "/commander/",
    "orders-sent": "/commander/commandes",
    "receive": "/receptionner/",
    "walk": "/ranger/",
    "promises": "/promis/",
    "promise-new": "/promis/nouveau/",
    "promises-week": "/promis/semaine/",
    "stock": "/stock/",
    "take-out": "/stock/sortir/",
    "narcotics": "/stock/stupefiants/",
    "imports": "/stock/importer/",
    "losses": "/pertes/",
    "picture": "/photo-de-depart/",
    "team": "/equipe/",
    "person-new": "/equipe/ajouter/",
    "pin": "/equipe/code/",
    "workstation": "/equipe/poste/",
    "wall-new": "/equipe/mural/",
    "settings": "/reglages/",
    "tariff": "/reglages/tarifs/minutes_expired/",
    "gallery": "/style/",
}
ON_A_PHONE = ["today", "receive", "bench", "walk", "promises"]


def addresses(shop: Any) -> dict[str, str]:
    """Pages of the menu, and one page of each kind that hangs under them."""
    [(receipt,)] = shop.ask("SELECT MAX(number) FROM receiving_receipt WHERE status = 'open'")
    [(order,)] = shop.ask("SELECT public_id FROM purchasing_order WHERE status = 'answered'")
    [(slot,)] = shop.ask("SELECT MIN(public_id) FROM promises_promise WHERE status = 'in_slot'")
    [(product,)] = shop.ask(
        """SELECT p.public_id FROM catalog_product p JOIN stock_lot l ON l.product_id = p.id
           JOIN stock_balance b ON b.lot_id = l.id WHERE b.on_hand > 3 ORDER BY p.id LIMIT 1"""
    )
    month = f"{shop.now:%Y-%m}"
    return PAGES | {
        "bench": f"/receptionner/{receipt}/",
        "closing": f"/receptionner/{receipt}/cloture/",
        "order": f"/commander/commande/{UUID(order)}",
        "promise": f"/promis/{UUID(slot)}/",
        "product": f"/stock/{UUID(product)}/",
        "count": f"/stock/{UUID(product)}/compter/",
        "take-out-box": f"/stock/sortir/?product={UUID(product)}",
        "loss-lines": f"/pertes/{month}/?lines=all",
        "statement": f"/pertes/{month}/releve/",
        "slip": f"/promis/{UUID(slot)}/etiquette/",
    }


class Watch:
    """What a page says in its console and where it asks, as long as it is open."""

    def __init__(self, page: Page, home: str) -> None:
        self.home = home
        self.faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        # A page opened by an address makes no sound and no vibration: the browser says so itself.
        if message.type == "error" and "vibrate" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.faults.append(f"outside: {request.url}")


def width(page: Page) -> int:
    return int(page.evaluate("() => document.documentElement.scrollWidth"))


def height(page: Page) -> int:
    return int(page.evaluate("() => document.documentElement.scrollHeight"))


def reach(page: Page, presses: int = 120) -> bool:
    """Whether Tab alone leads to the main act of the page."""
    for _press in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate(
            "() => document.activeElement.matches('main .btn-primary, .drawer .btn-primary')"
        ):
            return True
    return False


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_and_keeps_to_itself(
    shop: Any,
    person: Callable[..., Page],
    assert_accessible: Callable[[Page], None],
    photograph: Callable[[Page, str], None],
    dark: bool,
) -> None:
    page = person("titulaire", dark=dark)
    if dark:
        page.locator(".bo-rail [data-theme-toggle]").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    watch = Watch(page, shop.url)
    faults: list[str] = []

    for name, address in addresses(shop).items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, f"{name}: {answer.status}"
        photograph(page, f"{name}-{'dark' if dark else 'light'}")
        # The whole page in sight: a bar that stays at the foot covers a line, wherever one stops.
        page.set_viewport_size({"width": 1366, "height": max(768, height(page))})
        try:
            assert_accessible(page)
        except AssertionError as error:
            faults.append(f"{name}: {error}")
        page.set_viewport_size({"width": 1366, "height": 768})
        if width(page) > 1366:
            faults.append(f"{name}: {width(page)} px wide")
        faults += [f"{name}: {fault}" for fault in watch.faults]
        watch.faults.clear()

    assert not faults, "\n".join(faults)


def test_every_page_fits_a_phone(
    shop: Any,
    person: Callable[..., Page],
    assert_accessible: Callable[[Page], None],
    photograph: Callable[[Page, str], None],
) -> None:
    page = person("titulaire", phone=True)
    watch = Watch(page, shop.url)
    faults: list[str] = []

    for name, address in addresses(shop).items():
        page.goto(address)
        photograph(page, f"{name}-phone")
        if name != "statement" and width(page) > 390:  # the statement is a sheet of paper
            faults.append(f"{name}: {width(page)} px wide")
        if name in ON_A_PHONE:
            try:
                assert_accessible(page)
            except AssertionError as error:
                faults.append(f"{name}: {error}")
    faults += watch.faults

    assert not faults, "\n".join(faults)


def test_the_keyboard_reaches_the_main_act_of_every_page(
    shop: Any, person: Callable[..., Page]
) -> None:
    page = person("titulaire")
    unreached = []

    for name, address in addresses(shop).items():
        page.goto(address)
        page.wait_for_load_state()
        if page.locator("main .btn-primary:visible").count() and not reach(page):
            unreached.append(name)

    assert not unreached, ", ".join(unreached)


def test_the_frame_speaks_english_to_those_who_ask(shop: Any, person: Callable[..., Page]) -> None:
    page = person("titulaire")
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": shop.url}])
    french = re.compile(
        r"\b(Aujourd’hui|Commander|Réceptionner|Ranger|Promis|Pertes|Équipe|Réglages|Lecteur"
        r"|Chercher|Enregistrer|boîtes?|tournée|casier|péremption|fournisseur)\b"
    )
    # What people of the pharmacy wrote themselves stays as they wrote it.
    written = "[lang], .prod, .nm, .plate, input, option, .bo-who"
    leftovers = {}

    for name in ("today", "counter", "orders", "receive", "walk", "promises", "stock", "losses"):
        page.goto(PAGES[name])
        expect(page.locator("html")).to_have_attribute("lang", "en")
        frame = page.evaluate(
            """(written) => {
              const copy = document.body.cloneNode(true);
              copy.querySelectorAll(written).forEach((one) => one.remove());
              return copy.textContent;
            }""",
            written,
        )
        if found := sorted(set(french.findall(frame))):
            leftovers[name] = found

    assert leftovers == {}
