"""*Aujourd'hui*: what it says, what it puts first, and what it costs."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backofficine.desk import queries
from backofficine.desk.queries.hours import Hours
from backofficine.desk.queries.today import Kind, RoundState
from backofficine.desk.strip import moments, strip
from backofficine.desk.views.today import RIGHTS
from backofficine.kernel import clock
from backofficine.pharmacy import queries as pharmacy_queries
from backofficine.pharmacy import services as pharmacy_services
from backofficine.pharmacy.models import Pharmacy
from backofficine.purchasing.models import Supplier
from backofficine.receiving.models import Parcel
from tests.desk.shop import PATIENT, busy_morning, carton, cold_tote, promised
from tests.factories import (
    ActorFactory,
    DeliveryRoundFactory,
    LotFactory,
    OrderFactory,
    PersonFactory,
    shop_floor,
    signed_in,
    stocked,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


@pytest.fixture(autouse=True)
def _fixed_clock(now: datetime) -> Any:
    pharmacy_services.install_defaults()
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def owner() -> Client:
    return signed_in(PersonFactory())


def read(now: datetime, *, rights: set[str] | None = None) -> queries.Today:
    return queries.today(
        now, waiting=queries.waiting(now), rights=set(RIGHTS) if rights is None else rights
    )


def kinds(now: datetime) -> list[Kind]:
    return [act.kind for act in read(now).acts]


# What comes first --------------------------------------------------------------------------------


def test_a_busy_morning_is_put_in_the_order_of_urgency(now: datetime) -> None:
    busy_morning(now)

    assert kinds(now) == [
        Kind.COLD,
        Kind.ORDER_NOW,
        Kind.SET_ASIDE,
        Kind.TELL,
        Kind.PUT_AWAY,
        Kind.COUNT,
        Kind.RECEIVE,
    ]


def test_a_parcel_past_its_limit_comes_before_calls(now: datetime) -> None:
    carton(now, minutes=3 * 1440)
    promised(now, ActorFactory(), 1, promised_at=now - timedelta(hours=1), status="ordered")

    assert kinds(now) == [Kind.OVERDUE, Kind.TELL]


def test_an_order_that_left_asks_for_nothing(now: datetime) -> None:
    near = DeliveryRoundFactory(
        cut_off_at=now + timedelta(minutes=30), due_at=now + timedelta(hours=5)
    )
    assert kinds(now) == [Kind.ORDER_NOW]

    OrderFactory(delivery_round=near, sent=True)

    assert kinds(now) == []


def test_an_order_due_later_comes_last(now: datetime) -> None:
    DeliveryRoundFactory(cut_off_at=now + timedelta(hours=2), due_at=now + timedelta(hours=5))
    carton(now)

    assert kinds(now) == [Kind.RECEIVE, Kind.ORDER]


def test_a_clerk_is_not_asked_to_order(now: datetime) -> None:
    busy_morning(now)

    acts = read(now, rights={"receive", "put_away", "count_stock"}).acts

    assert {act.kind for act in acts} == {Kind.COLD, Kind.PUT_AWAY, Kind.COUNT, Kind.RECEIVE}


def test_a_quiet_shop_has_nothing_to_do(now: datetime) -> None:
    one = read(now)

    assert (one.acts, one.floor_count, one.promise_count, one.late_count) == ([], 0, 0, 0)


# Clocks ------------------------------------------------------------------------------------------


def test_a_carton_dropped_before_the_night_counts_opening_minutes_only(now: datetime) -> None:
    # Monday 19 h 15 to Tuesday 10 h 18: fifteen minutes that evening, 108 this morning.
    carton(now, minutes=15 * 60 + 3)

    (drop,) = read(now).drops
    assert drop.minutes == 15 + 108
    assert drop.is_overdue


def test_a_cold_tote_runs_on_the_wall_clock_then_on_minutes_once_opened(now: datetime) -> None:
    tote = cold_tote(now, dropped_at=now - timedelta(minutes=50))
    (closed,) = read(now).drops
    assert (closed.minutes, closed.limit, closed.left) == (50, 60, 10)

    Parcel.objects.filter(pk=tote.pk).update(opened_at=now - timedelta(minutes=9))

    (opened,) = read(now).drops
    assert (opened.minutes, opened.limit) == (9, 15)


def test_parcels_left_together_are_one_line(now: datetime) -> None:
    first = carton(now)
    carton(now, supplier=first.supplier)

    (drop,) = read(now).drops
    assert (drop.cartons, drop.totes) == (2, 0)


def test_hours_agree_with_the_pharmacy_on_the_day_the_clocks_change() -> None:
    # 29 March 2026 has twenty-three hours; 28 March is a Saturday, half a day of opening.
    start = datetime(2026, 3, 27, 16, 0, tzinfo=UTC)
    end = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)

    hours = Hours(at=end)

    assert hours.open_minutes(start, end) == pharmacy_queries.open_minutes_between(start, end)
    assert hours.bounds(date(2026, 3, 29)) == pharmacy_queries.day_bounds(date(2026, 3, 29))


# What it counts ----------------------------------------------------------------------------------


def test_promises_of_the_day_are_late_first_and_counted_whole(now: datetime) -> None:
    busy_morning(now)

    one = read(now)
    assert [line.promise.number for line in one.promises] == [401, 402, 403]
    assert (one.promise_count, one.late_count, one.ready_count) == (3, 1, 1)
    assert one.promises[0].late_minutes == 78


def test_a_promise_of_tomorrow_is_not_of_today(now: datetime) -> None:
    promised(now, ActorFactory(), 1, promised_at=now + timedelta(days=1))

    assert read(now).promise_count == 0


def test_rounds_tell_what_became_of_them(now: datetime) -> None:
    busy_morning(now)

    morning, afternoon = read(now).rounds
    assert (morning.state, afternoon.state) == (RoundState.RECEIVED, RoundState.AWAITED)
    assert read(now).last_round == morning


def test_a_round_that_did_not_come_is_missing(now: datetime) -> None:
    DeliveryRoundFactory(this_morning=True)

    assert read(now).rounds[0].state == RoundState.MISSING


def test_a_round_of_which_nothing_was_asked_is_not_missed(now: datetime) -> None:
    asked, idle = DeliveryRoundFactory.create_batch(2, this_morning=True)
    OrderFactory(delivery_round=asked, sent=True)

    assert [one.delivery_round for one in read(now).rounds] == [asked]
    assert idle.due_at <= now


def test_lots_near_their_date_are_told_and_later_ones_are_not(now: datetime) -> None:
    shelf = shop_floor()["shelf"]
    stocked(lot=LotFactory(short_dated=True), location=shelf)
    stocked(lot=LotFactory(expired=True), location=shelf)
    stocked(lot=LotFactory(), location=shelf)

    expiring = read(now).expiring
    assert (expiring.lots, expiring.past_lots, expiring.units) == (2, 1, 20)


def test_the_strip_places_noon_where_noon_is(now: datetime) -> None:
    busy_morning(now)

    drawn = strip(read(now))

    # From 7 h (an hour and a half before opening) to 20 h: 10 h 18 is 198 minutes of 780.
    assert drawn.now == f"{100 * 198 / 780:.2f}"
    assert [at.astimezone(UTC).hour for _left, at in drawn.hours][:2] == [7, 8]
    assert len(drawn.cuts) == 1
    assert {span.state for span in drawn.spans} == {"done", "plan", "open"}


def test_the_day_of_a_phone_is_told_in_order_of_time(now: datetime) -> None:
    busy_morning(now)

    lines = moments(read(now))

    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [bool(line.round_of_day) for line in lines] == [True, False, False, True]
    assert [line.is_now for line in lines] == [False, True, False, False]


# The page ----------------------------------------------------------------------------------------


def test_the_page_says_the_day_and_each_number_opens_its_list(owner: Client, now: datetime) -> None:
    busy_morning(now)

    page = owner.get(reverse("desk:today")).content.decode()

    assert "2 bacs et cartons au sol" in page
    assert "1 promis en retard" in page
    assert "Labo Vernal" in page
    assert "11\u00a0h\u00a045" in page
    assert reverse("promises:board") + "?lane=late" in page
    assert page.partition('id="main"')[2].partition("</main>")[0].count("btn-primary") == 1


def test_the_page_shows_initials_and_never_a_name(owner: Client, now: datetime) -> None:
    busy_morning(now)

    page = owner.get(reverse("desk:today")).content.decode()

    assert "C. Z." in page
    assert PATIENT.split()[1] not in page


def test_an_empty_shop_is_taught_the_next_gesture(owner: Client) -> None:
    page = owner.get(reverse("desk:today")).content.decode()

    assert "Rien ne presse" in page


def test_a_clerk_is_led_to_no_page_that_would_refuse_them(now: datetime) -> None:
    busy_morning(now)
    clerk = signed_in(PersonFactory(stock_clerk=True))

    page = clerk.get(reverse("desk:today")).content.decode()
    main = page.partition('id="main"')[2].partition("</main>")[0]
    links = set(re.findall(r'href="(/[^"#]*)"', main))

    assert links
    for link in links:
        assert clerk.get(unescape(link)).status_code == 200, link


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    answer = client.get(reverse("desk:today"))

    assert answer.status_code == 302
    assert reverse("account_login") in answer.url


def test_the_page_works_in_english(now: datetime) -> None:
    busy_morning(now)
    client = signed_in(PersonFactory())
    client.cookies["django_language"] = "en"

    page = client.get(reverse("desk:today")).content.decode()

    assert "late promise" in page


def test_the_page_costs_the_same_queries_whatever_the_day_holds(
    owner: Client, now: datetime
) -> None:
    busy_morning(now)
    address = reverse("desk:today")
    owner.get(address)
    with CaptureQueriesContext(connection) as few:
        owner.get(address)
    actor, supplier = ActorFactory(), Supplier.objects.get(name="Direct Aubrac")
    for number in range(12):
        promised(now, actor, 500 + number)
        carton(now, minutes=number, supplier=supplier)
        stocked(lot=LotFactory(short_dated=True))
    owner.get(address)  # what expires is read once for each seal of the chain
    with CaptureQueriesContext(connection) as many:
        owner.get(address)

    assert len(many) == len(few) <= 32
    assert not [one["sql"] for one in many if "stock_move" in one["sql"]]


# The frame ---------------------------------------------------------------------------------------


def test_the_menu_counts_what_waits_in_one_query(now: datetime) -> None:
    busy_morning(now)

    with CaptureQueriesContext(connection) as asked:
        waiting = queries.waiting(now)

    assert len(asked) == 1
    assert (waiting.order_lines, waiting.parcels, waiting.dock_lines) == (1, 2, 1)
    assert waiting.late_promises == 1


def test_without_a_pharmacy_nothing_waits(now: datetime) -> None:
    Pharmacy.objects.all().delete()

    assert queries.waiting(now) == queries.Waiting()


def test_the_next_cut_off_turns_orange_ninety_minutes_before(now: datetime) -> None:
    far = DeliveryRoundFactory(
        cut_off_at=now + timedelta(minutes=91), due_at=now + timedelta(hours=5)
    )
    coming = queries.next_cut_off(queries.waiting(now), now)
    assert coming is not None
    assert (coming.at, coming.is_close) == (far.cut_off_at, False)

    soon = now + timedelta(minutes=2)
    later = queries.next_cut_off(queries.waiting(soon), soon)
    assert later is not None
    assert later.is_close


def test_the_demo_tells_its_logins_to_visitors_alone(client: Client, settings: Any) -> None:
    settings.DEMO = True
    page = client.get(reverse("account_login")).content.decode()
    assert "1793" in page
    assert "Titulaire" in page

    settings.DEMO = False
    assert "1793" not in client.get(reverse("account_login")).content.decode()
