"""Each colleague opens the day: the first page answers, by keyboard, in the dark, on a phone."""

import pytest
from playwright.sync_api import expect

from backofficine.team.demo import PEOPLE
from tests.serving import LOGIN


def test_the_login_page_is_accessible(shop, browser, assert_accessible):
    page = browser.new_page(base_url=shop.url, locale="fr-FR")

    page.goto(LOGIN)

    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert_accessible(page)
    page.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everybody_reaches_the_first_page(person, assert_accessible, photograph, dark):
    for someone in (PEOPLE[0], PEOPLE[-1]):
        page = person(someone.username, dark=dark)

        page.goto("/")

        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
        photograph(page, f"today-{someone.username}-{'dark' if dark else 'light'}")


def test_the_first_page_fits_a_phone(person, photograph):
    page = person("rayonniste", phone=True)

    page.goto("/")

    expect(page.locator("h1")).to_be_visible()
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390, "nothing is pushed out of the screen"
    photograph(page, "today-phone")
