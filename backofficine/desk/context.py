"""What the frame of every page shows: the menu, the scan line's address, the demo's banner."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest  # noqa: TID251
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _


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
    """The context of ``base.html``."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo_banner": settings.DEMO, "menu": []}
    return {"menu": menu(request), "scan_url": _reverse("desk:scan"), "demo_banner": settings.DEMO}


def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def menu(request: HttpRequest) -> list[MenuItem]:
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
        ("team:people", _("Team"), "users", None, True),
        ("pharmacy:settings", _("Settings"), "adjustments-horizontal", "manage_settings", False),
    ]
    items = []
    for name, label, icon, right, gap in words:
        url = _reverse(name)
        if url and (right is None or request.user.has_perm(f"team.{right}")):
            is_current = request.path.startswith(url) if url != "/" else request.path == "/"
            items.append(MenuItem(label, url, icon, is_current=is_current, gap_before=gap))
    return items
