"""The charts of the style gallery, one of each kind, with invented figures."""

import datetime as dt

from django.utils.translation import gettext as _

from backofficine.web.charts import (
    BOXES,
    EUROS,
    PERCENT,
    Ahead,
    Arrival,
    Axis,
    Bar,
    Bars,
    Chart,
    Curve,
    Fan,
    Lines,
    Past,
    Point,
    Series,
    TradeOff,
)

TODAY = dt.date(2026, 11, 23)
WEEK = dt.timedelta(days=7)
SERVED = [5, 7, 4, 6, 8, 3, 0, 0, 9, 7, 5, 6, 4, 8, 10, 6, 5, 7, 2, 0, 6, 9, 7, 8, 11, 9]
OUT_FROM, OUT_FOR = 6, 2
MISSING = {18: 4, 19: 6, 24: 2}
AHEAD = [9, 9, 8, 8, 7, 7, 7, 6]
STOCK = [
    [61.2, 60.4, 61.0, 59.8, 60.6, 60.1, 59.4, 60.2],
    [61.2, 58.1, 55.9, 53.4, 51.8, 50.2, 49.6, 48.9],
    [61.2, 62.8, 64.1, 66.0, 65.2, 67.3, 68.8, 69.4],
]
TRADE_OFFS = [
    [(42.0, 0.952), (46.5, 0.966), (52.0, 0.976), (59.0, 0.983), (68.0, 0.987)],
    [(48.0, 0.941), (55.0, 0.958), (63.0, 0.969), (73.0, 0.977)],
    [(52.0, 0.935), (60.0, 0.951), (70.0, 0.964), (82.0, 0.973)],
]


def sample_charts() -> list[Chart]:
    """One of each kind."""
    stock = Axis(_("Stock"), EUROS)
    names = [_("this policy"), _("minimum and maximum"), _("days of cover")]
    first = TODAY - len(SERVED) * WEEK
    fan = Fan(
        title=_("What was asked for, and what may be"),
        now=TODAY,
        unit=BOXES,
        past=[
            Past(first + place * WEEK, served, MISSING.get(place, 0),
                 is_out=OUT_FROM <= place < OUT_FROM + OUT_FOR)
            for place, served in enumerate(SERVED)
        ],
        ahead=[
            Ahead(TODAY + place * WEEK, middle,
                  {50: (middle - 2, middle + 2), 80: (middle - 4, middle + 4),
                   95: (middle - 6, middle + 7)})
            for place, middle in enumerate(AHEAD)
        ],
        stock=6,
        arrivals=[Arrival(TODAY + dt.timedelta(days=2), 6)],
    )  # fmt: skip
    trade_off = TradeOff(
        title=_("More stock, fewer missing boxes"),
        x=Axis(_("Average stock"), EUROS),
        y=Axis(_("Served at once"), PERCENT),
        curves=[
            Curve(name, [Point(1000 * x, y) for x, y in points], is_ours=place == 0)
            for place, (name, points) in enumerate(zip(names, TRADE_OFFS, strict=True))
        ]
        + [Curve(_("as ordered then"), [Point(66500, 0.954)])],
    )
    lines = Lines(
        title=_("The stock of eight weeks"),
        days=[TODAY - (8 - place) * WEEK for place in range(8)],
        axis=stock,
        series=[
            Series(name, [1000 * value for value in values], is_ours=place == 0)
            for place, (name, values) in enumerate(
                zip(names, [STOCK[1], STOCK[0], STOCK[2]], strict=True)
            )
        ],
        from_zero=False,
    )
    bars = Bars(
        title=_("What each way of ordering costs"),
        axis=Axis(_("Total cost"), EUROS),
        bars=[
            Bar(names[0], 4120, is_ours=True),
            Bar(names[1], 5210),
            Bar(names[2], 5890),
            Bar(_("as ordered then"), 5480),
        ],
        reference=Bar(_("aim"), 4700),
    )
    return [fan, trade_off, lines, bars]
