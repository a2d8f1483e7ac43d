"""The ledger: places, lots, postings, moves, and the balances they add up to."""

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product
from backofficine.kernel.append_only import AppendOnly
from backofficine.kernel.money import EuroField
from backofficine.team.models import Actor, Workstation

SLOT_WORD = "CASIER-"  # begins the label of a promise slot
NO_DATE = date(9999, 12, 31)  # an unknown expiry: shown as such, last in FEFO


class Location(models.Model):
    """A place, or one of the virtual ends outside which nothing appears or vanishes.

    ``public_id`` and ``code`` are never edited: the hash chain names the first.
    """

    class Kind(models.TextChoices):
        ZONE = "zone", _("zone")  # a branch of the tree; holds nothing itself
        DOCK = "dock", _("dock")
        SHELF = "shelf", _("shelf")
        DRAWER = "drawer", _("drawer")
        RESERVE = "reserve", _("reserve")
        FRIDGE = "fridge", _("fridge")
        SAFE = "safe", _("safe")
        ROBOT = "robot", _("robot")
        PROMISE_SLOT = "promise_slot", _("promise slot")
        QUARANTINE = "quarantine", _("quarantine")
        OPENED_BOX = "opened_box", _("opened box")
        SUPPLIER = "supplier", _("supplier")
        PATIENT = "patient", _("patient")
        WASTE = "waste", _("waste")
        COUNT = "count", _("count")
        SYNC = "sync", _("synchronisation")

    class PutAwayMode(models.TextChoices):
        FREE = "free", _("free: tick the tray, scan the exceptions")
        CHECKED = "checked", _("checked: scan each box")
        STRICT = "strict", _("strict: scan the place, then the box")

    VIRTUAL = ("supplier", "patient", "waste", "count", "sync")
    SERVING = ("shelf", "drawer", "reserve", "fridge", "safe", "robot", "dock", "opened_box")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    code = models.CharField(_("address"), max_length=30, unique=True)
    holds_stock = models.BooleanField()
    walk_order = models.PositiveIntegerField(default=0)  # the order of the put-away walk
    room = models.PositiveIntegerField(null=True, blank=True)  # boxes that fit; null: not known
    put_away_mode = models.CharField(
        max_length=10, choices=PutAwayMode.choices, default=PutAwayMode.FREE
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["zone", "supplier", "patient", "waste", "count", "sync"],
                            holds_stock=False)
                | Q(kind__in=["dock", "shelf", "drawer", "reserve", "fridge", "safe", "robot",
                              "promise_slot", "quarantine", "opened_box"], holds_stock=True),
                name="only_a_physical_place_holds_stock",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="location_is_not_its_own_parent",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind__in=["supplier", "patient", "waste", "count", "sync"]),
                name="each_virtual_end_is_one",
            ),
        ]  # fmt: skip
        # Each posting asks for the dock or a virtual end, among thousands of addresses.
        indexes = [models.Index(fields=["kind", "walk_order"], name="place_by_kind")]

    def __str__(self) -> str:
        return self.code

    def get_kind_display(self) -> str:  # type: ignore[no-redef]
        """One word translated; Django's own translates all sixteen, at each line of a page."""
        return str(self.Kind(self.kind).label)

    @property
    def short_code(self) -> str:
        """What the plate shows: ``CASIER-27`` is written 27 under the word *Casier*."""
        return self.code.removeprefix(SLOT_WORD) if self.kind == "promise_slot" else self.code


class Lot(AppendOnly):
    """Boxes of one product with one number and one date. An unknown number is ``""``.

    The hash chain names lots by ``public_id`` alone: the database keeps their words as they were. A
    wrong date is another lot, and a transfer.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    number = models.CharField(_("lot"), max_length=20, blank=True)
    expires_on = models.DateField(_("expiry"), default=NO_DATE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "number", "expires_on"],
                name="lot_is_unique_per_product_number_and_date",
            ),
        ]
        # Everything the stock of a product asks of its lots: the table itself is not opened.
        indexes = [
            models.Index(fields=["product", "expires_on", "id"], name="lots_of_product"),
        ]

    def __str__(self) -> str:
        return self.number or str(_("unknown lot"))

    @property
    def has_known_date(self) -> bool:
        return self.expires_on != NO_DATE

    def is_expired(self, *, on: date) -> bool:
        """A box may be handed over up to and including its last day."""
        return self.expires_on < on


class LotHold(models.Model):
    """A lot that may not reach a patient: recalled, or in quarantine as a whole."""

    class Kind(models.TextChoices):
        RECALLED = "recalled", _("recalled")
        QUARANTINED = "quarantined", _("in quarantine")

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    held_at = models.DateTimeField()
    held_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "kind"], condition=Q(lifted_at__isnull=True),
                name="a_lot_is_held_once_for_one_reason",
            ),
        ]  # fmt: skip


class Posting(AppendOnly):
    """One business event: its moves were written together, once, and sealed in the chain."""

    class Reason(models.TextChoices):
        OPENING = "opening", _("opening stock")
        RECEIPT = "receipt", _("receipt")
        PUT_AWAY = "put_away", _("put-away")
        TRANSFER = "transfer", _("transfer")
        WITHDRAWAL = "withdrawal", _("withdrawal")
        RETURN_IN = "return_in", _("return by a patient")
        SET_ASIDE = "set_aside", _("set aside for a promise")
        HAND_OVER = "hand_over", _("hand-over")
        RESTOCK = "restock", _("put back in stock")
        COUNT = "count", _("count")
        WRITE_OFF = "write_off", _("taken out")
        QUARANTINE = "quarantine", _("quarantine")
        SUPPLIER_RETURN = "supplier_return", _("return to the supplier")
        OPEN_BOX = "open_box", _("box opened")
        SYNC = "sync", _("synchronisation")
        REVERSAL = "reversal", _("reversal")

    class Cause(models.TextChoices):
        """Why a box was taken out; empty for other reasons."""

        NONE = "", _("none")
        EXPIRED = "expired", _("expired")
        BROKEN = "broken", _("broken")
        RETURNED = "returned", _("return")
        OTHER = "other", _("other")

    position = models.BigIntegerField(unique=True)
    request_id = models.UUIDField(unique=True)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    cause = models.CharField(max_length=10, choices=Cause.choices, blank=True, default="")
    occurred_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="postings")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="postings"
    )
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=1), name="position_begins_at_one"),
            models.CheckConstraint(
                condition=Q(reason="reversal", reverses__isnull=False)
                | (~Q(reason="reversal") & Q(reverses__isnull=True)),
                name="only_a_reversal_reverses",
            ),
            models.CheckConstraint(
                condition=Q(cause="") | Q(reason__in=["write_off", "quarantine", "supplier_return",
                                                      "reversal"]),
                name="only_a_box_taken_out_has_a_cause",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.position} {self.reason}"


class Move(AppendOnly):
    """So many units of one lot, from one place to another."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="moves")
    line = models.PositiveIntegerField()  # order inside the posting, from 0
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="moves")
    source = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="moves_out")
    target = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="moves_in")
    quantity = models.PositiveIntegerField()  # stock units: boxes, or doses if divisible
    unit_cost = EuroField()  # euros excl. VAT for one stock unit
    is_lot_assumed = models.BooleanField(default=False)  # FEFO chose; no one scanned the box
    is_found = models.BooleanField(default=False)  # provisional: the record said it was not there

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["posting", "line"], name="move_has_its_own_line"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="a_move_moves_something"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="a_move_goes_somewhere"),
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0), name="move_cost_is_never_negative"
            ),
        ]
        indexes = [models.Index(fields=["lot", "posting"], name="move_by_lot")]


class FoundExplained(AppendOnly):
    """What was *found* is provisional no more: a count, a synchronisation, a late receipt came."""

    class By(models.TextChoices):
        COUNT = "count", _("a count")
        RECEIPT = "receipt", _("a receipt recorded late")
        SYNC = "sync", _("a synchronisation")

    move = models.OneToOneField(Move, on_delete=models.PROTECT, related_name="explained")
    by = models.CharField(max_length=10, choices=By.choices)
    posting = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="explains"
    )
    explained_at = models.DateTimeField()


class Balance(models.Model):
    """What the moves add up to, for one lot in one place. Written by ``post`` alone."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="balances")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="balances")
    on_hand = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "location"], name="balance_is_unique_per_lot_and_location"
            ),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="balance_is_never_negative"),
        ]
        indexes = [
            models.Index(fields=["location", "lot"], condition=Q(on_hand__gt=0), name="held_here"),
            models.Index(
                fields=["lot", "location", "on_hand"], condition=Q(on_hand__gt=0),
                name="held_of_lot",
            ),
        ]  # fmt: skip


class ChainHead(models.Model):
    """The last link of the chain: one row, locked first by every posting."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    position = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    is_busy = models.PositiveBigIntegerField(default=0)  # touched to take SQLite's write lock

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="the_chain_has_one_head")]


class Address(models.Model):
    """Where a product lives, and how many boxes fit there."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="addresses")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="addresses")
    is_main = models.BooleanField(default=True)
    room = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "location"], name="product_is_addressed_once_in_a_place"
            ),
            models.UniqueConstraint(
                fields=["product"], condition=Q(is_main=True),
                name="product_has_one_main_address",
            ),
        ]  # fmt: skip


class StockRule(models.Model):
    """Minimum and maximum that this pharmacy set for a product; nothing set means computed."""

    product = models.OneToOneField(Product, on_delete=models.PROTECT, related_name="stock_rule")
    minimum = models.PositiveIntegerField(null=True, blank=True)
    maximum = models.PositiveIntegerField(null=True, blank=True)
    never_stock = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum__isnull=True) | Q(maximum__isnull=True)
                | Q(maximum__gte=F("minimum")),
                name="maximum_is_not_below_minimum",
            ),
        ]  # fmt: skip


class Demand(models.QuerySet["DemandLine"]):
    """Questions to the demand."""

    def standing(self) -> "Demand":
        """Without the history of the files whose import was undone."""
        return self.exclude(request_id__in=HistoryVoid.objects.values("request_id"))


class DemandLine(AppendOnly):
    """What patients asked for, whether or not it was served: the only source of demand.

    History comes from sales files and moves nothing; the counter writes the rest.
    """

    class Kind(models.TextChoices):
        HISTORY = "history", _("sold before the opening stock")
        SERVED = "served", _("served")
        MISSING = "missing", _("missing")
        RETURNED = "returned", _("returned")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="demand")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    quantity = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()
    occurred_on = models.DateField()  # civil day of the pharmacy
    request_id = models.UUIDField()
    line = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=80, blank=True)

    objects = Demand.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request_id", "line"], name="demand_is_said_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="demand_asks_for_something"),
        ]
        indexes = [
            models.Index(fields=["product", "occurred_on"], name="demand_by_product_and_day")
        ]


class HistoryVoid(AppendOnly):
    """A file's history that counts no more: its import was undone. The lines stay as they were."""

    request_id = models.UUIDField(unique=True)  # of its demand lines
    voided_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")


class NotFound(AppendOnly):
    """Someone looked where the record said and found nothing: one tap, and the minutes count."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="not_found")
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="not_found"
    )
    expected = models.PositiveIntegerField()  # what the record said was there, in stock units
    reported_at = models.DateTimeField(db_index=True)
    request_id = models.UUIDField(unique=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    workstation = models.ForeignKey(
        Workstation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )


class CountRequest(models.Model):
    """A product to count soon, and why; closed by the count that answers it."""

    class Why(models.TextChoices):
        NOT_FOUND = "not_found", _("not found at its address")
        FOUND = "found", _("withdrawn although the record said none")
        NEGATIVE = "negative", _("negative in the stock file")
        WRONG_PLACE = "wrong_place", _("found elsewhere")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="count_requests")
    why = models.CharField(max_length=12, choices=Why.choices)
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "why"], condition=Q(closed_at__isnull=True),
                name="a_count_is_asked_once_for_one_reason",
            ),
        ]  # fmt: skip


class CountLine(AppendOnly):
    """A blind count of one product in one place: what was counted beside what was recorded."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="counts")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="counts")
    recorded = models.PositiveIntegerField()
    counted = models.PositiveIntegerField()
    cause = models.CharField(max_length=20, default="unknown")
    counted_at = models.DateTimeField(db_index=True)
    request_id = models.UUIDField(unique=True)
    posting = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="count_lines"
    )
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")


class NarcoticVisa(models.Model):
    """A technician's withdrawal of a narcotic, awaiting a pharmacist's visa the same day."""

    posting = models.OneToOneField(Posting, on_delete=models.PROTECT, related_name="visa")
    asked_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True, blank=True)
    given_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(given_at__isnull=True, given_by__isnull=True)
                | Q(given_at__isnull=False, given_by__isnull=False),
                name="a_visa_is_given_by_someone",
            ),
        ]


class ExpiredSale(AppendOnly):
    """An imported sale of an expired or held lot: recorded, flagged, told to the pharmacist."""

    move = models.OneToOneField(Move, on_delete=models.PROTECT, related_name="expired_sale")
    noticed_at = models.DateTimeField()


class ImportedFile(AppendOnly):
    """A file that was imported whole: the same bytes again change nothing."""

    class Kind(models.TextChoices):
        STOCK = "stock", _("stock")
        SALES = "sales", _("sales")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    imported_at = models.DateTimeField()
    report = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest"], name="file_is_imported_once"),
        ]
