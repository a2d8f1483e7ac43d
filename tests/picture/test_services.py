"""Pictures taken, kept, corrected by counts, made the starting point and taken back."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db.models import Sum

from backofficine.catalog.models import Product
from backofficine.catalog.services import make_product
from backofficine.cli.tidy import tidy
from backofficine.formats.exports import Layout, SalesLine, What
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.services import install_defaults
from backofficine.picture import queries, services
from backofficine.picture.compute import Exports
from backofficine.picture.models import Picture, PictureData
from backofficine.picture.report import from_json
from backofficine.picture.services.take import picture_day
from backofficine.planning.queries.demand import demand_at
from backofficine.stock.models import Address, Balance, CountRequest, DemandLine
from backofficine.stock.queries import audit
from backofficine.stock.services import Wanted, import_sales, withdraw
from tests.picture.files import given, stock_bytes
from tests.picture.shop import AS_OF, code, export

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(pharmacy, actor, now) -> Picture:
    return services.take_picture(given(), at=now, actor=actor)


def test_a_picture_is_of_the_last_day_of_the_sales(picture):
    report = queries.report_of(picture)

    assert report.as_of == picture.as_of == AS_OF
    assert report.totals["held_references"] == 32
    assert report.totals["negative"] == 1
    assert [file.what for file in report.files] == ["stock", "sales"]


def test_the_same_files_give_the_same_picture_whatever_their_names(picture, actor, now):
    renamed = [replace(one, name="autre.csv") for one in given()]

    again = services.take_picture(renamed, at=now + timedelta(hours=1), actor=actor)

    assert again == picture
    assert Picture.objects.count() == 1


def test_another_day_is_another_picture(picture, actor, now):
    earlier = services.take_picture(given(), at=now, actor=actor, as_of=AS_OF - timedelta(days=30))

    assert earlier != picture
    assert queries.report_of(earlier).as_of == AS_OF - timedelta(days=30)
    assert list(queries.pictures()) == [earlier, picture]


def test_a_day_before_every_sale_is_refused(pharmacy, actor, now):
    with pytest.raises(services.PictureRefused):
        services.take_picture(given(), at=now, actor=actor, as_of=AS_OF - timedelta(days=3000))


@pytest.mark.parametrize(("days", "is_taken"), [(4, True), (5, False)])
def test_a_day_long_after_the_last_sale_is_refused(pharmacy, actor, now, days, is_taken):
    files, day = given(), AS_OF + timedelta(days=days)

    if is_taken:
        assert services.take_picture(files, at=now, actor=actor, as_of=day).as_of == day
    else:
        with pytest.raises(services.PictureRefused, match="31/01/2026"):
            services.take_picture(files, at=now, actor=actor, as_of=day)


@pytest.mark.parametrize(
    ("grain", "made", "day"),
    [("month", date(2026, 1, 12), date(2026, 1, 12)), ("month", date(2026, 2, 3), AS_OF),
     ("month", date(2025, 12, 3), AS_OF), ("line", date(2026, 1, 12), AS_OF)],
)  # fmt: skip
def test_a_month_not_over_yet_ends_on_the_day_of_the_file(grain, made, day):
    line = SalesLine(1, code(1), "UN", 3, AS_OF.replace(day=1), AS_OF)
    exports = Exports(
        replace(export(What.STOCK, []), edited_on=made), export(What.SALES, [line], grain=grain)
    )

    assert picture_day(exports, as_of=None) == day


def test_a_file_that_is_no_table_is_refused_with_its_name(pharmacy, actor, now):
    files = [replace(given()[0], data=b"", name="vide.csv"), given()[1]]

    with pytest.raises(services.PictureRefused, match=r"vide\.csv"):
        services.take_picture(files, at=now, actor=actor)
    assert not Picture.objects.exists()


def test_a_picture_needs_its_two_files(pharmacy, actor, now):
    with pytest.raises(services.PictureRefused):
        services.take_picture(given()[:1], at=now, actor=actor)


def test_columns_confirmed_are_remembered_and_the_last_win(actor, now):
    for column in (2, 4):
        services.remember_layout(
            what=What.STOCK, fingerprint="abc", layout=Layout(0, 0, {"quantity": column}),
            at=now, actor=actor,
        )  # fmt: skip

    assert queries.remembered_columns(What.STOCK) == {"abc": {"quantity": 4}}
    assert queries.remembered_columns(What.SALES) == {}


# --- Counts ---------------------------------------------------------------------------------------


def ghost(report, number):
    lines = report.section("ghosts").lines
    return next((line for line in lines if line.code == code(number)), None)


def test_the_silent_one_heads_the_count_list(picture):
    first = queries.report_of(picture).section("ghosts").lines[0]

    assert first.code == code(40)
    assert "count_list" in first.groups
    assert first.held == 4


def test_finding_the_boxes_takes_the_doubt_away(picture, actor, now):
    before = ghost(queries.report_of(picture), 40)

    services.type_count(picture, code=code(40), found=4, at=now, actor=actor, request_id=uuid4())
    after = queries.corrected(picture)

    assert before.probability > 0
    assert ghost(after.report, 40) is None
    assert (after.checked, after.missing) == (1, 0)
    assert [act.key for act in after.report.acts] == ["count_negative"]
    assert queries.report_of(picture).section("ghosts") != after.report.section("ghosts")
    assert from_json(Picture.objects.get().report) == queries.report_of(picture)


def test_finding_nothing_proves_the_ghost_and_frees_the_list(picture, actor, now):
    services.type_count(picture, code=code(40), found=0, at=now, actor=actor, request_id=uuid4())
    after = queries.corrected(picture)
    line = ghost(after.report, 40)

    assert line.boxes == line.boxes_low == line.boxes_high == 4
    assert "count_list" not in line.groups
    assert after.missing == 1


def test_a_count_typed_again_replaces_the_first_and_a_double_click_is_one(picture, actor, now):
    request = uuid4()
    for _click in range(2):
        services.type_count(
            picture, code=code(40), found=0, at=now, actor=actor, request_id=request
        )
    services.type_count(picture, code=code(40), found=3, at=now, actor=actor, request_id=uuid4())

    assert picture.counts.count() == 2
    assert queries.counts_of(picture) == {code(40): 3}
    assert queries.corrected(picture).missing == 0


@pytest.mark.parametrize(("which", "found"), [(41, 0), (77, 1), (40, 10**6), (40, -1)])
def test_a_count_of_what_is_not_held_or_out_of_reason_is_refused(picture, actor, now, which, found):
    with pytest.raises(DomainError):
        services.type_count(
            picture, code=code(which), found=found, at=now, actor=actor, request_id=uuid4()
        )
    assert not picture.counts.exists()


def test_what_the_files_said_is_erased_after_three_months(picture, actor, now):
    services.erase_old_data(at=now + timedelta(days=89))
    assert PictureData.objects.count() == 1

    services.erase_old_data(at=now + timedelta(days=91))

    assert PictureData.objects.count() == 0
    services.type_count(picture, code=code(40), found=0, at=now, actor=actor, request_id=uuid4())
    assert queries.corrected(picture).checked == 1


def test_the_same_files_bring_back_what_was_erased(picture, actor, now):
    later = now + timedelta(days=91)
    services.erase_old_data(at=later)

    again = services.take_picture(given(), at=later, actor=actor)

    assert again == picture
    assert PictureData.objects.get(picture=picture).kept_at == later
    assert services.make_starting_point(again, at=later, actor=actor).is_in_force


# --- The starting point ---------------------------------------------------------------------------


def test_a_picture_becomes_the_opening_stock(picture, actor, now):
    start = services.make_starting_point(picture, at=now, actor=actor)

    held = Balance.objects.aggregate(total=Sum("on_hand"))["total"]
    assert held == queries.report_of(picture).totals["boxes"]
    assert start.created_products == 33
    assert Address.objects.filter(location__code="T9-01").count() == 1
    assert Product.objects.filter(name="CREME INVENTEE 40ML", is_followed=True).exists()
    assert CountRequest.objects.get().product.cip13 == code(41)
    sold = DemandLine.objects.filter(kind="history").aggregate(total=Sum("quantity"))["total"]
    assert sold == queries.report_of(picture).totals["sold_boxes"]
    assert audit().is_sound


def test_two_clicks_open_once(picture, actor, now):
    first = services.make_starting_point(picture, at=now, actor=actor)
    second = services.make_starting_point(picture, at=now, actor=actor)

    assert first == second
    assert queries.starting_point(picture) == first


def test_a_second_picture_cannot_open_what_is_open(picture, actor, now):
    services.make_starting_point(picture, at=now, actor=actor)
    other = services.take_picture(given(), at=now, actor=actor, as_of=AS_OF - timedelta(days=9))

    with pytest.raises(services.StockAlreadyOpen):
        services.make_starting_point(other, at=now, actor=actor)


@pytest.mark.parametrize("truth", ["here", "lgo"])
def test_a_starting_point_is_taken_back_then_made_again(picture, pharmacy, actor, now, truth):
    pharmacy.stock_truth = truth
    pharmacy.save()
    totals = queries.report_of(picture).totals
    start = services.make_starting_point(picture, at=now, actor=actor)

    services.undo_starting_point(start, at=now + timedelta(minutes=1), actor=actor)

    assert not Balance.objects.filter(on_hand__gt=0).exists()
    assert not DemandLine.objects.standing().exists()
    assert demand_at(picture.taken_at, on_hand={}).by_product == {}
    assert not Address.objects.exists()
    assert not CountRequest.objects.filter(closed_at=None).exists()
    assert not Product.objects.filter(is_followed=True).exists()
    assert queries.starting_point() is None
    assert audit().is_sound

    services.make_starting_point(picture, at=now + timedelta(minutes=2), actor=actor)

    assert Balance.objects.aggregate(total=Sum("on_hand"))["total"] == totals["boxes"]
    told = DemandLine.objects.standing().filter(kind="history")
    assert told.aggregate(total=Sum("quantity"))["total"] == totals["sold_boxes"]
    assert audit().is_sound


@pytest.mark.parametrize(
    ("said", "says"),
    [("\r\n3760000000017;", f"\r\n{code(42)};BAUME;0;;;;\r\n3760000000017;"),  # the same sales
     ("30/01/2026", "29/01/2026")],  # the same boxes too: no day of last sale is written
)  # fmt: skip
def test_another_picture_that_says_the_same_opens_after_one_undone(
    pharmacy, actor, now, said, says
):
    first = services.take_picture(given(), at=now, actor=actor)
    start = services.make_starting_point(first, at=now, actor=actor)
    services.undo_starting_point(start, at=now + timedelta(minutes=1), actor=actor)
    files = given()
    files[0] = replace(files[0], data=files[0].data.replace(said.encode(), says.encode()))
    second = services.take_picture(files, at=now, actor=actor)

    made = services.make_starting_point(second, at=now + timedelta(minutes=2), actor=actor)

    totals = queries.report_of(second).totals
    assert second != first
    assert made.posting != start.posting
    assert Balance.objects.aggregate(total=Sum("on_hand"))["total"] == totals["boxes"]
    told = DemandLine.objects.standing().filter(kind="history")
    assert told.aggregate(total=Sum("quantity"))["total"] == totals["sold_boxes"]
    assert audit().is_sound


def test_a_product_with_no_usable_code_is_the_same_one_row_further(actor, now, pharmacy):
    long_code = "REFERENCE-DE-LA-MAISON"
    nameless = [f"{long_code}-BAUME;BAUME INVENTE 30G;3;5,00;T1-01;;", "SAVON;SAVON;2;2,00;T1-02;;"]
    before = services.take_picture(given(*nameless), at=now, actor=actor)
    start = services.make_starting_point(before, at=now, actor=actor)
    services.undo_starting_point(start, at=now + timedelta(minutes=1), actor=actor)
    after = services.take_picture(given(f"{long_code}-ARGILE;ARGILE;1;4,00;;;", *nameless),
                                  at=now, actor=actor)  # fmt: skip

    services.make_starting_point(after, at=now + timedelta(minutes=2), actor=actor)

    held = {one.lot.product.name: one.on_hand for one in Balance.objects.filter(on_hand__gt=0)}
    assert (held["ARGILE"], held["BAUME INVENTE 30G"], held["SAVON"]) == (1, 3, 2)
    assert Product.objects.filter(name="BAUME INVENTE 30G").count() == 1


def test_a_starting_point_without_a_box_is_taken_back_after_another(picture, actor, now):
    start = services.make_starting_point(picture, at=now, actor=actor)
    services.undo_starting_point(start, at=now + timedelta(minutes=1), actor=actor)
    files = given()
    lines = stock_bytes().decode("cp1252").split("\r\n")
    empty = "\r\n".join([lines[0], f"{code(1)};INVENTE 1 CPR;0;4,50;T1-01;;", ""])
    files[0] = replace(files[0], data=empty.encode("cp1252"))
    bare = services.take_picture(files, at=now, actor=actor)
    opened = services.make_starting_point(bare, at=now + timedelta(minutes=2), actor=actor)
    assert opened.posting is None

    services.undo_starting_point(opened, at=now + timedelta(minutes=3), actor=actor)

    assert queries.starting_point() is None
    assert not DemandLine.objects.standing().exists()


def sold() -> int:
    told = DemandLine.objects.standing().exclude(kind="returned")
    return told.aggregate(total=Sum("quantity"))["total"] or 0


@pytest.mark.parametrize("truth", ["here", "lgo"])
def test_an_export_with_hours_tells_nothing_new_of_the_days_of_a_picture(
    picture, pharmacy, actor, now, truth
):
    pharmacy.stock_truth = truth
    pharmacy.save()
    start = services.make_starting_point(picture, at=now, actor=actor)
    before = sold()
    after = f"{AS_OF + timedelta(days=2):%d/%m/%Y}"
    lines = [f"30/01/2026 10:{minute};{code(1)};1" for minute in (10, 20)]
    data = "\n".join(["date;cip13;qte", *lines, f"{after} 09:30;{code(1)};1", ""]).encode()

    report = import_sales(data, name="ventes.csv", at=now, actor=actor)

    assert (report.already_known, sold()) == (2, before + 1)
    if truth == "here":
        services.undo_starting_point(start, at=now + timedelta(minutes=1), actor=actor)
        again = import_sales(data + b"\n", name="ventes.csv", at=now, actor=actor)
        assert (again.history["lines"], sold()) == (2, 3)


def test_a_picture_does_not_open_over_sales_imported_before(picture, actor, now):
    data = f"date;cip13;qte\n30/01/2026 10:10;{code(1)};1\n".encode()
    make_product(name="INVENTE 1 CPR", codes=[code(1)])
    import_sales(data, name="ventes.csv", at=now, actor=actor)

    with pytest.raises(services.HistoryTold, match="30/01/2026"):
        services.make_starting_point(picture, at=now, actor=actor)
    assert sold() == 1


def test_it_cannot_be_taken_back_twice(picture, actor, now):
    start = services.make_starting_point(picture, at=now, actor=actor)
    services.undo_starting_point(start, at=now, actor=actor)

    with pytest.raises(services.NotInForce):
        services.undo_starting_point(start, at=now, actor=actor)


def test_it_cannot_be_taken_back_once_boxes_have_moved(picture, actor, now):
    start = services.make_starting_point(picture, at=now, actor=actor)
    product = Product.objects.get(cip13=code(1))
    withdraw([Wanted(product, 1)], occurred_at=now, recorded_at=now, on=now.date(), actor=actor,
             request_id=uuid4(), by_pharmacist=True)  # fmt: skip

    with pytest.raises(services.StockMoved):
        services.undo_starting_point(start, at=now, actor=actor)
    assert queries.starting_point() == start


def test_a_picture_without_its_data_opens_nothing(picture, actor, now):
    PictureData.objects.all().delete()

    with pytest.raises(services.DataErased):
        services.make_starting_point(picture, at=now, actor=actor)


def test_lots_and_dates_are_opened_as_the_file_gives_them(picture, actor, now):
    services.make_starting_point(picture, at=now, actor=actor)

    balance = Balance.objects.get(lot__product__cip13=code(40))

    assert balance.on_hand == 4
    assert f"{balance.lot.expires_on:%d/%m/%Y}" == "31/03/2026"
    assert b"31/03/2026" in stock_bytes()


def test_the_hourly_work_erases_what_is_past_its_time(picture, now):
    install_defaults()
    tidy(at=now + timedelta(days=91))

    assert not PictureData.objects.exists()
    assert Picture.objects.get() == picture
