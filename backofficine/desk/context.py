"""What the frame of every page shows: menu, scan line, next cut-off, hour, the demo's banner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest  # noqa: TID251
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from backofficine.desk import queries
from backofficine.desk.queries import Waiting
from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.web.addresses import address

HERE = Pharmacy.StockTruth.HERE


@dataclass(frozen=True)
class MenuItem:
    """One word of the menu. ``count`` is work waiting; ``late`` turns it red."""

    label: str
    url: str
    icon: str
    is_current: bool = False
    count: int | None = None
    late: bool = False
    gap_before: bool = False


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context of ``base.html``. What asks the database waits until a template shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo_banner": settings.DEMO, "menu": [], "demo_logins": _demo_logins()}
    now = clock.now()
    return {
        "menu": SimpleLazyObject(lambda: menu(request, at=now)),
        "scan_url": address("desk:scan"),
        "demo_banner": settings.DEMO,
        "shop_now": now,
        "next_cut_off": SimpleLazyObject(
            lambda: queries.next_cut_off(waiting_of(request, at=now), now)
        ),
    }


def _demo_logins() -> list[Any]:
    if not settings.DEMO:
        return []
    from backofficine.team.demo import PEOPLE

    return PEOPLE


def waiting_of(request: HttpRequest, *, at: datetime) -> Waiting:
    """What waits behind the menu, counted once a request."""
    known: Waiting | None = getattr(request, "waiting", None)
    if known is None:
        known = queries.waiting(at)
        request.waiting = known  # type: ignore[attr-defined]
    return known


def menu(request: HttpRequest, *, at: datetime) -> list[MenuItem]:
    """Only the screens that exist and that this person may open."""
    words = [
        ("desk:today", _("Today"), "calendar-event", None, False),
        ("desk:counter", _("Counter"), "cash-register", "dispense", True),
        ("planning:orders", _("Order"), "shopping-cart", "order", False),
        ("receiving:receive", _("Receive"), "package-import", "receive", False),
        ("receiving:put_away", _("Put away"), "building-warehouse", "put_away", False),
        ("promises:board", _("Promises"), "receipt", "promise", False),
        ("stock:list", _("Stock"), "stack-2", None, False),
        ("losses:month", _("Losses"), "droplet", "contest_losses", True),
        ("picture:start", _("Starting picture"), "camera", "import_files", False),
        ("team:people", _("Team"), "users", None, True),
        ("pharmacy:settings", _("Settings"), "adjustments-horizontal", "manage_settings", False),
    ]
    waiting = waiting_of(request, at=at)
    counts = {
        "planning:orders": waiting.order_lines,
        "receiving:receive": waiting.parcels,
        "receiving:put_away": waiting.dock_lines,
        "promises:board": waiting.late_promises,
    }
    items = []
    shop = getattr(request, "pharmacy", None)
    for name, label, icon, right, gap in words:
        if name == "desk:counter" and shop is not None and shop.stock_truth != HERE:
            continue
        url = address(name)
        if url and (right is None or request.user.has_perm(f"team.{right}")):
            items.append(
                MenuItem(
                    label,
                    url,
                    icon,
                    is_current=_is_current(request.path, url),
                    count=counts.get(name) or None,
                    late=name == "promises:board",
                    gap_before=gap,
                )
            )
    return _most_precise(items)


def _is_current(path: str, url: str) -> bool:
    return path.startswith(url) if url != "/" else path == "/"


def _most_precise(items: list[MenuItem]) -> list[MenuItem]:
    """One current word: of « /receptionner/ » and « /receptionner/ranger/ », the longer."""
    current = [item for item in items if item.is_current]
    if len(current) < 2:
        return items
    longest = max(current, key=lambda item: len(item.url))
    return [
        MenuItem(**{**vars(item), "is_current": item.is_current and item is longest})
        for item in items
    ]
