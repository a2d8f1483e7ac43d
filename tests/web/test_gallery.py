"""The gallery shows everything, and the frame stands on its own."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from backofficine.web.templatetags import components
from tests.factories import PersonFactory
from tests.web.conftest import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]
TEMPLATES = ROOT / "backofficine" / "web" / "templates" / "web" / "components"


@pytest.fixture
def gallery():
    # A component filled by an earlier page would not be drawn again.
    components._filled.cache_clear()
    return Client().get(reverse("web:gallery"))


def test_every_component_is_shown_in_the_gallery(gallery):
    drawn = {template.name for template in gallery.templates}

    missing = {f"web/components/{path.name}" for path in TEMPLATES.glob("*.html")} - drawn

    assert missing == set()


def test_the_gallery_speaks_french_by_default(gallery):
    assert '<html lang="fr"' in gallery.content.decode()
    assert "reconnue par la forme" in gallery.content.decode()


def test_the_theme_comes_from_the_cookie_and_from_nothing_else():
    client = Client()
    client.cookies["theme"] = "dark"
    assert 'data-bs-theme="dark"' in client.get(reverse("web:gallery")).content.decode()

    client.cookies["theme"] = '"><script>'
    page = client.get(reverse("web:gallery")).content.decode()
    assert 'data-bs-theme="light"' in page


def test_htmx_swaps_refusals_and_runs_no_text_as_code(gallery):
    page = gallery.content.decode()

    assert '"allowEval":false' in page
    assert '{"code":"422","swap":true}' in page


def test_each_script_carries_the_nonce_of_the_page(gallery):
    page = gallery.content.decode()
    nonce = re.search(r"'nonce-([^']+)'", gallery.headers["Content-Security-Policy"])
    # The figures of a chart are data: the browser runs nothing of them.
    scripts = re.findall(r'<script(?! type="application/json")[^>]*>', page)

    assert nonce
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)


def test_no_script_hides_in_an_attribute(gallery):
    assert not re.search(r"\son[a-z]+=", gallery.content.decode())


def test_the_frame_says_who_works_here():
    person = PersonFactory()
    client = Client()
    client.force_login(person)

    page = client.get(reverse("web:gallery")).content.decode()

    with translation.override("fr"):
        role = person.get_role_display()
    assert f"{role} · " in page
    assert 'data-key="F12"' in page


def test_a_posted_gallery_is_refused():
    assert Client().post(reverse("web:gallery")).status_code == 405


def test_an_unknown_address_says_what_to_do():
    answer = Client().get("/nothing/here/")

    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse" in answer.content.decode()
