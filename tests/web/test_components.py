"""Each component's HTML: what a screen reader hears and a printer shows."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import SimpleTestCase
from django.utils.safestring import mark_safe

from backofficine.web.templatetags.components import PLATES

contains = SimpleTestCase().assertInHTML
BOX = SimpleNamespace(
    name="Insulane",
    strength="100 UI/ml",
    form="stylo",
    pack="B/5",
    cip13="3400999166085",
    is_cold=False,
    is_narcotic=False,
    list_mark="",
    is_short=False,
    get_absolute_url=lambda: "/stock/7/",
)


def with_(**changes):
    return SimpleNamespace(**{**vars(BOX), **changes})


class Count(forms.Form):
    quantity = forms.IntegerField(label="Quantity", help_text="In boxes.")
    cause = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="Sure", required=False)
    note = forms.CharField(label="Note", required=False)


# ---------------------------------------------------------------- marks


def test_an_icon_is_silent_unless_it_is_named(draw):
    assert 'aria-hidden="true"' in draw('{% icon "check" %}')
    assert 'role="img" aria-label="Done"' in draw('{% icon "check" "Done" %}')


def test_keys_are_marked_one_by_one(draw):
    assert draw('{% key "Pg↑" "Pg↓" %}') == "<kbd>Pg↑</kbd><kbd>Pg↓</kbd>"
    contains("<span><kbd>F2</kbd> gap</span>", draw('{% key_hint "gap" "F2" %}'))


@pytest.mark.parametrize("state", ["now", "today", "info", "done"])
def test_a_tag_that_asks_for_an_act_has_an_icon_and_a_word(draw, state):
    html = draw('{% tag "expired" state %}', state=state)

    assert f'class="badge {state}"' in html
    assert "<svg" in html
    assert "expired" in html


def test_a_tag_without_a_state_is_only_its_word(draw):
    contains('<span class="badge">no data</span>', draw('{% tag "no data" %}'))


# ---------------------------------------------------------------- acts


def test_a_button_submits_and_shows_its_key(draw):
    html = draw('{% button "Send" kind="primary" key="F2" name="act" value="send" %}')

    contains(
        '<button class="btn btn-primary" type="submit" name="act" value="send">'
        "Send <kbd>F2</kbd></button>",
        html,
    )


def test_a_button_with_an_address_is_a_link(draw):
    contains('<a class="btn" href="/stock/">See</a>', draw('{% button "See" href="/stock/" %}'))


def test_a_disabled_button_is_never_a_link(draw):
    html = draw('{% button "See" href="/stock/" disabled=True %}')

    contains('<button class="btn" type="submit" disabled>See</button>', html)


def test_underscores_of_a_button_become_hyphens_and_false_leaves_out(draw):
    html = draw('{% button "Go" hx_post="/x" data_key="F2" form=False %}')

    assert 'hx-post="/x"' in html
    assert 'data-key="F2"' in html
    assert "form=" not in html


def test_a_label_with_markup_is_escaped(draw):
    assert "<b>" not in draw("{% button label %}", label="<b>x</b>")


# ---------------------------------------------------------------- forms


def test_a_field_is_tied_to_its_label_and_its_hint(draw):
    html = draw('{% field form.quantity css="n" %}', form=Count())

    assert '<label class="form-label" for="id_quantity">Quantity</label>' in html
    assert 'class="form-control n"' in html
    assert 'aria-describedby="id_quantity_hint"' in html
    assert 'id="id_quantity_hint">In boxes.' in html


def test_a_refused_field_keeps_what_was_typed_and_says_what_to_do(draw):
    form = Count({"quantity": "many", "cause": "a"})
    html = draw("{% field form.quantity %}", form=form)

    assert 'value="many"' in html
    assert "is-invalid" in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_quantity_hint id_quantity_error"' in html
    assert 'id="id_quantity_error"' in html


def test_an_optional_field_says_so(draw):
    assert "(optional)" in draw("{% field form.note %}", form=Count())


def test_a_unit_stands_inside_the_field(draw):
    assert '<span class="u">boxes</span>' in draw(
        '{% field form.quantity suffix="boxes" %}', form=Count()
    )


def test_radios_are_one_group_with_a_legend(draw):
    html = draw('{% field form.cause style="seg" %}', form=Count())

    assert html.count('type="radio"') == 2
    assert '<legend class="form-label">Cause</legend>' in html
    assert '<div class="seg">' in html


def test_a_box_to_tick_has_its_label_after_it(draw):
    html = draw("{% field form.sure %}", form=Count())

    assert html.index('type="checkbox"') < html.index("Sure")


def test_the_error_summary_leads_to_each_field_with_the_same_words(draw):
    form = Count({"cause": "a"})
    form.add_error(None, "The round is closed.")
    html = draw("{% error_summary form %}", form=form)

    assert 'role="alert"' in html
    assert "data-takes-focus" in html
    assert "2 points to correct" in html
    contains('<a class="lk" href="#id_quantity">Quantity: This field is required.</a>', html)
    contains("<li>The round is closed.</li>", html)


def test_a_form_without_a_mistake_has_no_summary(draw):
    assert draw("{% error_summary form %}", form=Count()).strip() == ""


def test_the_dialog_names_the_act_and_can_be_left(draw):
    html = draw('{% dialog "close" "Close the receipt" "3 claims leave." "Close and send" %}')

    assert '<dialog class="modal" id="close" aria-labelledby="close-title">' in html
    assert 'value="confirm"' in html
    assert "Go back" in html


# ---------------------------------------------------------------- what is told


def test_a_tile_opens_its_list(draw):
    html = draw('{% tile "To put away" 23 unit="boxes" href="/put-away/" %}')

    contains('<p class="v"><a href="/put-away/">23</a> <small>boxes</small></p>', html)


def test_progress_is_read_aloud_and_never_overflows(draw):
    html = draw('{% progress 30 25 "30 of 25" %}')

    assert 'role="progressbar"' in html
    assert 'style="width:100.0%"' in html
    assert 'style="width:0.0%"' in draw('{% progress 3 0 "nothing" %}')


def test_an_empty_page_teaches_the_next_gesture(draw):
    html = draw('{% empty "Nothing." "Scan a tote." href="/r/" action="See" %}')

    contains("<h2>Nothing.</h2>", html)
    contains('<a class="btn" href="/r/">See</a>', html)


def test_a_message_offers_to_undo_by_a_post(draw):
    html = draw('{% toast "4 boxes" undo_url="/undo/" %}', csrf_token="abc")

    assert '<form method="post" action="/undo/"' in html
    assert 'value="abc"' in html
    assert 'role="status"' in html


def test_a_bad_message_is_an_alert(draw):
    assert 'role="alert"' in draw('{% toast "Refused" state="now" %}')


@pytest.mark.parametrize(
    ("tone", "role"), [("yes", "status"), ("look", "status"), ("stop", "alert")]
)
def test_the_answer_to_a_scan_has_a_colour_a_sound_and_a_word(draw, tone, role):
    html = draw('{% said tone "Read" %}', tone=tone)

    assert f'class="said {tone}" role="{role}" data-sound="{tone}"' in html
    assert "<svg" in html


def test_an_unknown_tone_is_a_bug(draw):
    with pytest.raises(KeyError):
        draw('{% said "maybe" "Read" %}')


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(62, "clock"), (63, "clock today"), (89, "clock today"), (90, "clock now")],
)
def test_a_clock_turns_orange_at_seventy_per_cent_and_red_at_its_limit(draw, minutes, state):
    assert f'class="{state}"' in draw("{% clock minutes 90 %}", minutes=minutes)


def test_an_open_call_is_orange_at_once(draw):
    assert 'class="clock today"' in draw("{% clock 0 2 call=True %}")


def test_a_clock_takes_durations_and_tells_what_is_left(draw):
    html = draw(
        "{% clock since limit left=True %}",
        since=dt.timedelta(minutes=11),
        limit=dt.timedelta(minutes=15),
    )

    assert "4\u00a0min left" in html


def test_a_clock_that_is_done_no_longer_ticks(draw):
    html = draw('{% clock 101 90 done="put away" %}')

    assert 'class="clock done"' in html
    assert "data-elapsed" not in html


# ---------------------------------------------------------------- products and places


def test_the_strength_is_its_own_unbreakable_word(draw):
    html = draw("{% product_line box %}", box=BOX)

    assert '<span class="nm">Insulane</span> <span class="ds">100 UI/ml</span>' in html
    assert "34009<b>9916608</b>5" in html
    assert "<a " not in html


def test_a_product_line_leads_to_the_product_when_asked(draw):
    assert '<a class="prod" href="/stock/7/">' in draw("{% product_line box link=True %}", box=BOX)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"is_cold": True}, "Cold, +2 to +8 °C"),
        ({"is_narcotic": True}, "Narcotic"),
        ({"list_mark": "II"}, "List II"),
        ({"is_short": True}, "Shortage"),
    ],
)
def test_each_pictogram_has_its_words(draw, changes, word):
    html = draw("{% product_line box %}", box=with_(**changes))

    assert html.count(f'aria-label="{word}"') == 1


def test_a_product_without_a_code_shows_none(draw):
    assert "cip" not in draw("{% product_line box %}", box=with_(cip13=""))


def test_a_foreign_code_is_shown_whole(draw):
    assert '<span class="cip">4006381333931</span>' in draw(
        "{% product_line box %}", box=with_(cip13="4006381333931")
    )


def test_html_in_a_name_is_only_text(draw):
    assert "<script>" not in draw("{% product_line box %}", box=with_(name="<script>"))


def test_the_ladder_inks_the_strength_of_this_box(draw):
    html = draw('{% ladder steps "100 µg" %}', steps=["75 µg", "100 µg"])

    contains('<span class="on" aria-current="true">100 µg</span>', html)
    contains("<span>75 µg</span>", html)


def test_a_single_strength_needs_no_ladder(draw):
    assert draw('{% ladder steps "5 mg" %}', steps=["5 mg"]) == ""


@pytest.mark.parametrize("kind", sorted(PLATES))
def test_each_kind_of_place_keeps_its_code_as_text(draw, kind):
    place = SimpleNamespace(code="T3-B-07", kind=kind)

    assert "T3-B-07" in draw("{% plate place %}", place=place)


def test_plates_are_told_apart_by_shape():
    shapes = [PLATES[kind] for kind in PLATES if kind not in {"shelf", "drawer"}]

    assert len(set(shapes)) == len(shapes)


def test_large_plates_keep_the_hyphens_in_the_text(draw):
    html = draw('{% plate code="T3-B-07" size="list" %}')

    assert "T3<i>-</i>B<i>-</i>07" in html


def test_a_promise_slot_says_its_word(draw):
    assert '<span class="w">Slot</span> 27' in draw('{% plate code="27" kind="promise_slot" %}')


def test_a_box_without_a_place_says_so(draw):
    assert "no place yet" in draw("{% plate None %}")


def test_the_destination_says_where_and_why(draw):
    html = draw(
        '{% dest code="27" kind="promise_slot" %}<b>{{ who }}</b>{% enddest %}', who="<M. D.>"
    )

    assert 'class="bo-dest slot"' in html
    assert '<p class="big" style="--signs:2">27</p>' in html
    assert "<b>&lt;M. D.&gt;</b>" in html


def test_a_long_address_takes_the_whole_width(draw):
    assert 'class="bo-dest wide"' in draw('{% dest code="T3-B-07" kind="shelf" %}{% enddest %}')


def test_a_section_is_opened_by_its_title(draw):
    html = draw('{% section "On the floor" "3" %}<p>x</p>{% endsection %}')

    contains('<header><h2>On the floor</h2><span class="c sp">3</span></header>', html)
    assert "<p>x</p>" in html


def test_an_attribute_typed_by_a_person_is_escaped_even_after_a_safe_one():
    drawn = Template(
        '{% load components %}{% button "Go" data_word=safe %}{% button "Go" data_word=typed %}'
    ).render(Context({"safe": mark_safe("a&quot;b"), "typed": "a&quot;b"}))

    assert 'data-word="a&quot;b"' in drawn
    assert 'data-word="a&amp;quot;b"' in drawn
