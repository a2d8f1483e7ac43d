"""Charts in a real browser: drawn with the page and after a swap, readable without a script."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

SCRIPT = "**/charts*.js"


def test_the_gallery_draws_each_kind_and_says_what_it_draws(
    shop: Any,
    person: Callable[..., Page],
    assert_accessible: Callable[[Page], None],
    photograph: Callable[[Page, str], None],
) -> None:
    page = person("titulaire")
    page.goto("/style/")

    for kind in ("fan", "trade-off", "lines", "bars"):
        chart = page.locator(f".chart.{kind}")
        expect(chart.locator(".chart-drawing svg path").first).to_be_attached()
        expect(chart.locator(".chart-words")).not_to_be_empty()
        expect(chart.locator(".chart-table")).not_to_have_attribute("open", "")
        chart.locator(".chart-table summary").click()
        expect(chart.locator("tbody tr").first).to_be_visible()
    assert_accessible(page)
    photograph(page, "charts")

    page.set_viewport_size({"width": 390, "height": 844})
    for drawing in page.locator(".chart-drawing svg").all():
        box = drawing.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390, "a drawing follows the width of its page"


def test_a_line_opened_by_a_swap_is_drawn_and_let_go(
    shop: Any, person: Callable[..., Page], photograph: Callable[[Page, str], None]
) -> None:
    page = person("titulaire")
    scripts: list[str] = []
    page.on(
        "request",
        lambda asked: scripts.append(asked.url) if "/charts" in asked.url else None,
    )
    page.goto("/commander/")
    if page.get_by_role("button", name="Préparer la commande").count():
        page.get_by_role("button", name="Préparer la commande").click()
    expect(page.locator(".order-line").first).to_be_visible()
    assert scripts == [], "no chart, no script"

    line = page.locator(".order-line").first
    line.locator("[data-why]").click()

    expect(line.locator(".chart.fan .chart-drawing svg")).to_be_visible()
    expect(line.locator(".chart-words")).to_contain_text("26 semaines")
    assert len(scripts) == 1
    photograph(page, "order-line-open")

    line.locator("[data-why]").click()
    expect(page.locator(".chart")).to_have_count(0)
    line.locator("[data-why]").click()
    expect(line.locator(".chart.fan .chart-drawing svg")).to_be_visible()
    assert len(scripts) == 1, "fetched once"


def test_without_a_script_the_figures_stand_in_a_table(shop: Any, browser: Browser) -> None:
    context = browser.new_context(base_url=shop.url, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto("/style/")

    chart = page.locator(".chart.trade-off")

    expect(chart.locator(".chart-words")).to_contain_text("cette règle", ignore_case=True)
    expect(chart.locator("tbody tr").first).to_be_visible()
    expect(chart.locator(".chart-drawing")).to_be_hidden()
    context.close()


def test_a_script_that_does_not_come_leaves_the_table_open(
    shop: Any, person: Callable[..., Page]
) -> None:
    page = person("titulaire")
    page.route(SCRIPT, lambda route: route.abort())
    page.goto("/style/")

    expect(page.locator(".chart.bars tbody tr").first).to_be_visible()
    expect(page.locator(".chart.bars .chart-drawing")).to_be_hidden()


def test_a_theme_and_a_sheet_change_the_colours_of_what_is_drawn(
    shop: Any, person: Callable[..., Page]
) -> None:
    page = person("titulaire")
    page.goto("/style/")
    mark = page.locator(".chart.lines .chart-drawing svg path[stroke='var(--c-fact)']").first
    expect(mark).to_be_attached()
    colour = "(path) => getComputedStyle(path).stroke"
    light = mark.evaluate(colour)

    page.locator(".bo-head [data-theme-toggle]").click()
    dark = mark.evaluate(colour)
    page.emulate_media(media="print")
    paper = mark.evaluate(colour)

    assert light != dark
    assert paper == "rgb(0, 0, 0)"
