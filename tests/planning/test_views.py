"""The pages of orders: what is shown, what a click does, what a refusal keeps."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.planning import queries, services
from backofficine.planning.queries import Show
from backofficine.purchasing import services as orders
from backofficine.purchasing.models import Order, OrderLine, SupplierPrice
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    SupplierFactory,
    signed_in,
)

HTMX = {"HX-Request": "true"}
PAGE = reverse("planning:orders")


@pytest.fixture(autouse=True)
def _stopped(now):
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def client(pharmacy):
    return signed_in(PersonFactory(technician=True))


@pytest.fixture
def draft(this_round, main):
    return OrderFactory(supplier=main, delivery_round=this_round, proposed_at=this_round.due_at)


@pytest.fixture
def line(draft):
    return OrderLineFactory(
        order=draft, product=ProductFactory(name="Furosémane"), why={"asked": 54, "days": 154}
    )


def words(response):
    return response.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def post_line(client, line, *, htmx=True, **typed):
    typed = {"seen": line.version, "read": line.order.version, "reason": "", **typed}
    return client.post(
        reverse("planning:line", args=[line.pk]), typed, headers=HTMX if htmx else {}
    )


def test_a_stock_clerk_does_not_order(pharmacy):
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert clerk.get(PAGE).status_code == 403


def test_without_a_supplier_the_page_says_what_to_do(client):
    assert "Aucun fournisseur encore" in words(client.get(PAGE))


def test_the_next_round_of_the_main_wholesaler_comes_first(client, main, this_round):
    page = words(client.get(PAGE))

    assert "n’est pas encore préparée" in page
    assert "1 h 27" in page, "time left until 11 h 45"
    assert "Préparer la commande" in page


def test_preparing_writes_the_draft_and_leads_to_it(client, main, this_round, ask):
    ask(ProductFactory(name="Furosémane"), 3)

    answer = client.post(
        reverse("planning:prepare"), {"supplier": main.pk, "round": this_round.pk}, follow=True
    )

    order = Order.objects.get()
    assert answer.redirect_chain == [(f"{PAGE}?supplier={main.pk}&round={this_round.pk}", 302)]
    assert order.lines.count() == 1
    assert "Furosémane" in words(answer)
    assert "Transmettre 1 ligne" in words(answer)


def test_a_wholesaler_without_rounds_is_refused_kindly(client, main):
    answer = client.post(reverse("planning:prepare"), {"supplier": SupplierFactory().pk})

    assert answer.status_code == 422
    assert "n’a aucune tournée à venir" in words(answer)


def test_figures_and_filters_count_the_same_lines(draft):
    for quantity, proposed, urgency, is_checked, price in [
        (3, 3, OrderLine.Urgency.OUT, False, "2.5000"),
        (0, 4, OrderLine.Urgency.DECIDE, False, "9.0000"),
        (2, 1, OrderLine.Urgency.UNAVAILABLE, True, None),
        (5, 5, OrderLine.Urgency.DECIDE, False, "0.3333"),
    ]:
        OrderLineFactory(
            order=draft, quantity=quantity, proposed_quantity=proposed, urgency=urgency,
            is_checked=is_checked, unit_price=price and Decimal(price),
            promised_quantity=proposed % 2,
            change_reason="" if quantity == proposed else OrderLine.ChangeReason.BY_HAND,
        )  # fmt: skip

    figures = queries.draft_figures(draft)

    assert figures.by_show == {show: queries.lines_shown(draft, show=show).count() for show in Show}
    assert (figures.lines, figures.boxes, figures.unpriced, figures.unchecked) == (3, 10, 1, 1)
    assert figures.amount == Decimal("9.1665"), "3 × 2.50 + 5 × 0.3333"
    assert figures.promised_boxes == 3


def test_a_page_of_lines_asks_few_questions(client, draft, django_assert_max_num_queries):
    for _ in range(60):
        OrderLineFactory(order=draft)
    client.get(PAGE)

    with django_assert_max_num_queries(16):
        page = client.get(PAGE)

    assert page.content.count(b'class="order-line') == 25
    assert "page=2" in page.content.decode()
    assert client.get(f"{PAGE}?page=3").content.count(b'class="order-line') == 10
    assert client.get(f"{PAGE}?page=999").status_code == 200


@pytest.mark.parametrize(
    ("show", "seen"),
    [("all", "ABCD"), ("look", "B"), ("promised", "C"), ("changed", "D"), ("nonsense", "ABCD")],
)
def test_the_filter_stands_in_the_address(client, draft, show, seen):
    for name, changes in {
        "A": {},
        "B": {"urgency": OrderLine.Urgency.DECIDE},
        "C": {"promised_quantity": 1},
        "D": {"proposed_quantity": 2, "change_reason": "doubt"},
    }.items():
        OrderLineFactory(order=draft, product=ProductFactory(name=f"Nom{name}"), **changes)

    page = words(client.get(PAGE, {"show": show}))

    assert [name for name in "ABCD" if f"Nom{name}" in page] == list(seen)


def test_an_open_line_says_why_and_draws_its_demand(client, draft, ask):
    product = ProductFactory()
    ask(product, 3)
    order = services.propose_orders(
        supplier=draft.supplier, delivery_round=draft.delivery_round, at=clock.now(),
        actor=_actor(),
    )  # fmt: skip
    line = order.lines.get()

    whole = words(client.get(PAGE, {"open": line.pk}))
    part = words(client.get(reverse("planning:line", args=[line.pk]), headers=HTMX))

    for text in (whole, part):
        assert "Demandé en 154 jours ouverts : 540" in text
        assert 'data-chart="' in text
        assert '"kind": "fan"' in text
        assert "26 semaines : demande de" in text
        assert "Ce qui changerait" in text
    assert "<html" not in part


def _actor():
    from tests.factories import ActorFactory

    return ActorFactory()


def test_an_open_line_names_who_else_has_it(client, draft, now):
    line = OrderLineFactory(order=draft, why={"origin": "by_hand"})
    direct = SupplierFactory(name="Laboratoire Ombré", direct=True)
    SupplierPrice.objects.create(
        supplier=direct, product=line.product, unit_price=Decimal("3.0416"),
        valid_from=now.date(),
    )  # fmt: skip
    other = SupplierFactory(name="Répartition Vire")
    DeliveryRoundFactory(supplier=other)
    SupplierFactory(name="Laboratoire Sans Prix", direct=True)
    OrderLineFactory(
        order=OrderFactory(sent=True, supplier=other), product=line.product, answered_quantity=0
    )

    panel = words(client.get(reverse("planning:line", args=[line.pk]), headers=HTMX))

    assert "Ou chez" in panel
    assert "Répartition Vire" in panel
    assert "avant 12 h 18, livré mar. 24 nov." in panel
    assert "manquant le lun. 23 nov." in panel
    assert 'Laboratoire Ombré</a> <span class="c">sous 10 jours</span>' in panel
    assert "3,04 €" in panel
    assert "−0,10 €" in panel
    assert "Sans Prix" not in panel


def test_the_end_of_the_month_is_told_apart_from_the_page(client, draft, line):
    address = reverse("planning:month_end", args=[draft.public_id])

    fragment = words(client.get(address, headers=HTMX))
    page = words(client.get(PAGE))
    whole = words(client.get(address, follow=True))

    assert "Stock au lun. 30 nov." in fragment
    assert f'hx-get="{address}"' in page
    assert "Stock au lun. 30 nov." not in page, "fetched once the page is there"
    assert "Stock au lun. 30 nov." in whole, "without a script, by its link"


def test_pages_that_are_there_are_linked_from_the_head(client, draft, line):
    page = client.get(PAGE).content.decode()

    assert reverse("planning:decisions") in page
    assert reverse("planning:recent") in page


def test_a_quantity_is_changed_with_its_reason(client, line):
    answer = post_line(client, line, quantity="4", reason="doubt")

    line.refresh_from_db()
    assert answer.status_code == 200
    assert (line.quantity, line.change_reason) == (4, "doubt")
    assert 'hx-swap-oob="true"' in answer.content.decode(), "the totals follow"


def test_without_a_script_the_page_comes_back_at_the_line(client, line):
    answer = post_line(client, line, htmx=False, quantity="4", reason="doubt")

    assert answer.status_code == 302
    assert answer.url.endswith(f"#line-{line.pk}")


def test_keeping_a_line_marks_it_accepted(client, line):
    answer = post_line(client, line, quantity="6")

    line.refresh_from_db()
    assert line.is_checked
    assert "accepté" in words(answer)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"quantity": "4"}, "Dites pourquoi"),
        ({"quantity": "beaucoup"}, "de 0 à 9999 boîtes"),
        ({"quantity": "-3"}, "de 0 à 9999 boîtes"),
        ({"quantity": "99999999999999999999"}, "de 0 à 9999 boîtes"),
        ({"quantity": "2,5"}, "de 0 à 9999 boîtes"),
        ({"quantity": ""}, "obligatoire"),
        ({"quantity": "700", "reason": "epidemic"}, "faute de frappe"),
        ({"quantity": "4", "reason": "<script>"}, "valide"),
    ],
)
def test_a_refusal_keeps_what_was_typed(client, line, typed, said):
    answer = post_line(client, line, **typed)

    page = words(answer)
    assert answer.status_code == 422
    assert said in page
    assert f'value="{typed["quantity"][:12]}"' in page
    assert "<script>" not in page
    line.refresh_from_db()
    assert line.quantity == 6


def test_an_absurd_quantity_is_taken_once_confirmed(client, line):
    asked = post_line(client, line, quantity="700", reason="epidemic")
    assert 'name="is_confirmed"' in asked.content.decode()

    post_line(client, line, quantity="700", reason="epidemic", is_confirmed="on")

    line.refresh_from_db()
    assert line.quantity == 700


def test_of_two_people_the_second_sees_both_values(client, line):
    other = signed_in(PersonFactory(pharmacist=True))
    post_line(other, line, quantity="4", reason="doubt")

    answer = post_line(client, line, quantity="9", reason="epidemic")

    page = words(answer)
    assert answer.status_code == 422
    assert "La sienne : <b>4</b>. La vôtre : <b>9</b>" in page
    assert 'value="9"' in page, "nothing typed is lost"
    line.refresh_from_db()
    assert line.quantity == 4

    again = post_line(client, line, quantity="9", reason="epidemic")
    line.refresh_from_db()
    assert (again.status_code, line.quantity) == (200, 9)


def test_a_change_by_another_is_read_before_sending(client, line):
    read = line.order.version
    other = OrderLineFactory(order=line.order)
    post_line(signed_in(PersonFactory(pharmacist=True)), other, quantity="2", reason="space")
    line.order.refresh_from_db()
    answer = post_line(client, line, quantity="4", reason="doubt", read=read)
    assert f'name="read" value="{read}"' in answer.content.decode()

    refused = _send(client, line.order, seen=read)
    line.order.refresh_from_db()
    accepted = _send(client, line.order, seen=line.order.version)

    assert refused.status_code == 422
    assert "Quelqu’un a changé cette commande" in words(refused)
    assert accepted.status_code == 302


def _send(client, order, *, seen=None, channel="file", request_id=None):
    return client.post(
        reverse("planning:send", args=[order.public_id]),
        {
            "channel": channel,
            "seen": order.version if seen is None else seen,
            "request_id": request_id or uuid4(),
        },
    )


def test_one_key_accepts_every_plain_line(client, draft):
    plain = OrderLineFactory(order=draft)
    asks = OrderLineFactory(order=draft, urgency=OrderLine.Urgency.DECIDE)

    client.post(reverse("planning:accept", args=[draft.public_id]), follow=True)

    plain.refresh_from_db()
    asks.refresh_from_db()
    assert (plain.is_checked, asks.is_checked) == (True, False)


def test_a_scanned_product_joins_the_order(client, draft):
    product = ProductFactory()
    url = reverse("planning:add", args=[draft.public_id])

    for _again in range(2):
        answer = client.post(url, {"code": product.cip13}, headers=HTMX)
        assert f"#line-{draft.lines.get().pk}" in answer.headers["HX-Redirect"]

    assert draft.lines.get().quantity == 1, "a second scan opens the line, it does not add"


def test_a_name_that_several_bear_asks_which(client, draft):
    from backofficine.catalog.services import touch_version

    first, second = ProductFactory(name="Zulvantine"), ProductFactory(name="Zulvantine")
    touch_version()
    url = reverse("planning:add", args=[draft.public_id])

    answer = client.post(url, {"code": "zulvantine"}, headers=HTMX)
    assert "choisissez" in words(answer)
    assert not draft.lines.exists()

    client.post(url, {"product": second.public_id})
    assert draft.lines.get().product == second != first


@pytest.mark.parametrize("code", ["rien de tel", "<b>", "", "9" * 399])
def test_an_unknown_code_breaks_nothing(client, draft, code):
    url = reverse("planning:add", args=[draft.public_id])

    for headers in ({}, HTMX):
        answer = client.post(url, {"code": code, "product": ""}, headers=headers)
        assert answer.status_code == 422
        assert "<b></" not in words(answer)


def test_an_order_leaves_as_a_file(client, line, django_assert_max_num_queries):
    answer = _send(client, line.order)
    assert answer.status_code == 302

    page = client.get(answer.url)
    assert 'http-equiv="refresh"' in page.content.decode(), "the file comes by itself"
    file = client.get(reverse("planning:order_file", args=[line.order.public_id]))

    text = file.content.decode("utf-8-sig")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert text.splitlines()[0].startswith("commande;date commande;fournisseur;code")
    assert f'"=""{line.product.cip13}"""' in text
    assert "\r\n" in text
    assert ";6;3,1416;" in text


def test_a_name_that_looks_like_a_formula_is_disarmed_in_the_file(client, draft):
    OrderLineFactory(order=draft, product=ProductFactory(name="=cmd|' /C calc'!A0"))

    text = client.get(
        reverse("planning:order_file", args=[draft.public_id])
    ).content.decode("utf-8-sig")  # fmt: skip

    assert ";=cmd" not in text
    assert "'=cmd" in text


def test_an_order_leaves_on_paper(client, line):
    answer = _send(client, line.order, channel="print")

    page = words(client.get(answer.url))
    assert line.product.name in page
    assert str(line.order) in page


def test_a_double_click_on_send_sends_once(client, line):
    click = uuid4()
    for _again in range(2):
        assert _send(client, line.order, request_id=click, seen=0).status_code == 302

    assert line.order.events.filter(status="sent").count() == 1


def test_an_empty_order_does_not_leave(client, draft):
    answer = _send(client, draft)

    assert answer.status_code == 422
    assert "ne demande aucune boîte" in words(answer)


def test_a_sending_without_a_channel_asks_for_it(client, line):
    assert _send(client, line.order, channel="pigeon").status_code == 422


def test_past_the_cut_off_the_draft_moves_to_the_next_round(client, line, this_round, main):
    clock.fix(this_round.cut_off_at + timedelta(minutes=1))
    address = f"{PAGE}?supplier={main.pk}&round={this_round.pk}"
    assert "est passée : cette commande ne partirait pas" in words(client.get(address))
    assert _send(client, line.order).status_code == 422
    assert "a manqué l’heure limite" in words(client.get(PAGE))
    OrderLine.objects.filter(pk=line.pk).update(quantity=2, change_reason="space")

    client.post(reverse("planning:carry", args=[line.order.public_id]))

    order = Order.objects.get()
    assert order.delivery_round.cut_off_at > clock.now()
    assert order.lines.get().quantity == 2, "what people decided goes along"


def test_past_the_cut_off_decisions_join_the_draft_that_is_there(
    client, line, this_round, main, actor
):
    later = this_round.cut_off_at + timedelta(minutes=1)
    OrderLine.objects.filter(pk=line.pk).update(quantity=2, change_reason="space")
    following = orders.open_draft(
        supplier=main,
        delivery_round=services.carry.purchasing.next_round(main, at=later),
        at=later,
        actor=actor,
    )

    kept = services.carry_over(line.order, at=later, actor=actor)

    line.order.refresh_from_db()
    assert kept == following
    assert kept.lines.get().quantity == 2
    assert line.order.status == Order.Status.CANCELLED


def test_the_answer_is_kept_and_short_lines_are_offered_elsewhere(client, line, now):
    other = DeliveryRoundFactory(supplier=SupplierFactory(name="Ouest"))
    _send(client, line.order)
    page = reverse("planning:order", args=[line.order.public_id])

    client.post(
        reverse("planning:answer", args=[line.order.public_id]),
        {"request_id": uuid4(), f"line_{line.pk}": "2"},
    )

    assert "4 manquent sur 6" in words(client.get(page))
    assert "Ouest avant 12 h 18" in words(client.get(page))

    client.post(reverse("planning:elsewhere", args=[line.pk]), {"supplier": other.supplier_id})
    asked = OrderLine.objects.get(order__supplier=other.supplier)
    assert (asked.quantity, asked.product) == (4, line.product)


@pytest.mark.parametrize("typed", ["7", "-1", "beaucoup"])
def test_an_answer_that_cannot_be_keeps_what_was_typed(client, line, typed):
    _send(client, line.order)

    answer = client.post(
        reverse("planning:answer", args=[line.order.public_id]),
        {"request_id": uuid4(), f"line_{line.pk}": typed},
    )

    assert answer.status_code == 422
    assert f'value="{typed}"' in words(answer)
    assert words(answer).count("<title>Erreur") == 1


@pytest.mark.parametrize(("act", "status"), [("close", "closed"), ("cancel", "cancelled")])
def test_an_order_is_closed_or_cancelled(client, line, act, status):
    _send(client, line.order)
    url = reverse(f"planning:{act}", args=[line.order.public_id])

    assert client.post(url, {"request_id": uuid4()}).status_code == 302
    assert client.post(url, {"request_id": uuid4()}).status_code == 422

    line.order.refresh_from_db()
    assert line.order.status == status


def test_recent_orders_are_listed_with_their_states(client, line, django_assert_max_num_queries):
    _send(client, line.order)
    for _ in range(5):
        OrderLineFactory(order=OrderFactory(number=500 + _, sent=True))

    with django_assert_max_num_queries(14):
        page = words(client.get(reverse("planning:recent")))

    assert "6 commandes en cours" in page
    assert "transmise" in page


def test_a_draft_has_no_page_of_its_own(client, draft):
    answer = client.get(reverse("planning:order", args=[draft.public_id]))

    assert answer.url.startswith(PAGE)


def test_free_carriage_tells_what_is_missing(client, now, actor):
    supplier = SupplierFactory(direct=True, free_carriage_from=Decimal(100))
    order = orders.open_draft(supplier=supplier, delivery_round=None, at=now, actor=actor)
    OrderLineFactory(order=order, quantity=10, unit_price=Decimal("2.5"))

    page = words(client.get(PAGE, {"supplier": supplier.pk}))

    assert "il manque 75 €" in page
    assert "il manque 75,00 € pour le franco" in page


def test_reading_writes_nothing(client, line):
    _send(client, line.order)
    order = OrderLineFactory(order=OrderFactory()).order

    for name, key in (
        ("orders", None), ("recent", None), ("order", order), ("order", line.order),
        ("order_file", order), ("order_print", order),
    ):  # fmt: skip
        url = reverse(f"planning:{name}", args=[key.public_id] if key else [])
        assert client.get(url).status_code in (200, 302)
