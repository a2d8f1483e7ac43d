"""Products, their codes and prices, specialities and generic groups."""

import functools
import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backofficine.kernel.append_only import AppendOnly
from backofficine.kernel.money import EuroField


class LegalStatus(models.TextChoices):
    """The regime of delivery, from the national prescription-conditions file."""

    NONE = "none", _("no list")
    LIST_I = "list_i", _("list I")
    LIST_II = "list_ii", _("list II")
    NARCOTIC = "narcotic", _("narcotic")


class Storage(models.TextChoices):
    """The kind of place a box needs."""

    AMBIENT = "ambient", _("ambient")
    FRIDGE = "fridge", _("fridge, +2 °C to +8 °C")
    SAFE = "safe", _("safe")
    FLAMMABLE = "flammable", _("flammables cabinet")


class Evidence(models.TextChoices):
    """Where a value comes from; an assumed one says so wherever it is shown."""

    FILE = "file", _("national file")
    STOCK_FILE = "stock_file", _("stock file")
    RECEIPT = "receipt", _("last receipt")
    HERE = "here", _("entered here")
    ASSUMED = "assumed", _("assumed")


class Speciality(models.Model):
    """A CIS of the national database; several presentations share it."""

    cis = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=400)
    form = models.CharField(max_length=200, blank=True)
    routes = models.CharField(max_length=200, blank=True)
    holder = models.CharField(max_length=300, blank=True)
    atc = models.CharField(max_length=7, blank=True)
    is_marketed = models.BooleanField(default=True)
    is_major_interest = models.BooleanField(_("major therapeutic interest"), default=False)
    legal_status = models.CharField(
        max_length=10, choices=LegalStatus.choices, default=LegalStatus.NONE
    )
    is_narcotic_like = models.BooleanField(_("assimilated to narcotics"), default=False)
    is_hospital_only = models.BooleanField(default=False)
    absent_since = models.CharField(max_length=10, blank=True)  # edition in which it was missing

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One sellable box (a presentation). ``stock_unit`` says what the ledger counts."""

    class StockUnit(models.TextChoices):
        BOX = "box", _("box")
        DOSE = "dose", _("unit dose")

    class State(models.TextChoices):
        MARKETED = "marketed", _("marketed")
        STOPPED = "stopped", _("marketing stopped")
        WITHDRAWN = "withdrawn", _("no longer authorised")
        SUSPENDED = "suspended", _("marketing suspended")

    class Availability(models.TextChoices):
        AVAILABLE = "available", _("available")
        SHORTAGE = "shortage", _("out of stock at the manufacturer")
        TENSION = "tension", _("supply tension")
        STOPPED = "stopped", _("marketing stopped")
        BACK = "back", _("available again")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    speciality = models.ForeignKey(
        Speciality, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    cip13 = models.CharField(max_length=13, blank=True, db_index=True)  # the code shown; "" if none
    name = models.CharField(_("name"), max_length=400)
    strength = models.CharField(_("strength"), max_length=120, blank=True)
    form = models.CharField(_("form"), max_length=200, blank=True)
    pack = models.CharField(_("pack"), max_length=200, blank=True)
    full_label = models.CharField(max_length=600, blank=True)
    manufacturer = models.CharField(max_length=300, blank=True)
    substance = models.CharField(max_length=300, blank=True, db_index=True)  # strength ladder
    legal_status = models.CharField(
        max_length=10, choices=LegalStatus.choices, default=LegalStatus.NONE
    )
    is_narcotic_like = models.BooleanField(default=False)
    is_major_interest = models.BooleanField(default=False)
    storage = models.CharField(max_length=10, choices=Storage.choices, default=Storage.AMBIENT)
    storage_evidence = models.CharField(
        max_length=10, choices=Evidence.choices, default=Evidence.ASSUMED
    )
    stock_unit = models.CharField(max_length=4, choices=StockUnit.choices, default=StockUnit.BOX)
    doses_per_box = models.PositiveIntegerField(default=1)
    case_size = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.MARKETED)
    availability = models.CharField(
        max_length=10, choices=Availability.choices, default=Availability.AVAILABLE
    )
    vat_rate = models.DecimalField(max_digits=4, decimal_places=2, default="10.00")  # per cent
    vat_evidence = models.CharField(
        max_length=10, choices=Evidence.choices, default=Evidence.ASSUMED
    )
    unit_cost = EuroField(null=True, blank=True)  # euros excl. VAT, one stock unit
    cost_evidence = models.CharField(
        max_length=10, choices=Evidence.choices, default=Evidence.ASSUMED
    )
    public_price = EuroField(null=True, blank=True)  # the price valid now; history in Price
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )
    is_emergency = models.BooleanField(_("emergency list"), default=False)
    is_invented = models.BooleanField(default=False)
    is_followed = models.BooleanField(default=False)  # this pharmacy has held or sold it
    absent_since = models.CharField(max_length=10, blank=True)
    bdpm_digest = models.CharField(max_length=64, blank=True)  # what the last edition said of it

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(case_size__gte=1), name="case_holds_at_least_one"),
            models.CheckConstraint(
                condition=Q(doses_per_box__gte=1), name="box_holds_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(stock_unit="dose") | Q(doses_per_box=1),
                name="only_a_divisible_product_counts_doses",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True) | Q(unit_cost__gte=0),
                name="unit_cost_is_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(legal_status__in=LegalStatus.values), name="legal_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(storage__in=Storage.values), name="storage_is_known"
            ),
        ]
        # The pages list what is followed here, a third of the catalogue, by name.
        indexes = [
            models.Index(
                fields=["name", "strength", "pack"],
                condition=Q(is_followed=True),
                name="followed_by_name",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.strength, self.form, self.pack) if part)

    def get_absolute_url(self) -> str:
        return _page_of(self.public_id)

    @property
    def is_narcotic(self) -> bool:
        return self.legal_status == LegalStatus.NARCOTIC

    @property
    def is_cold(self) -> bool:
        return self.storage == Storage.FRIDGE

    @property
    def is_divisible(self) -> bool:
        return self.stock_unit == self.StockUnit.DOSE

    @property
    def is_short(self) -> bool:
        return self.availability in {self.Availability.SHORTAGE, self.Availability.TENSION}

    @property
    def list_mark(self) -> str:
        """``I``, ``II`` or nothing, for the pictogram."""
        return {LegalStatus.LIST_I: "I", LegalStatus.LIST_II: "II"}.get(
            LegalStatus(self.legal_status), ""
        )


@functools.lru_cache(maxsize=16384)
def _page_of(public_id: uuid.UUID) -> str:
    """The address of a product's page, made once: lists show dozens of the same."""
    return reverse("stock:product", args=[public_id])


class ProductCode(models.Model):
    """One code by which a product is known. CIP13 alone is never ambiguous."""

    class Kind(models.TextChoices):
        CIP13 = "cip13", "CIP13"
        CIP7 = "cip7", "CIP7"
        ACL13 = "acl13", "ACL13"
        EAN13 = "ean13", "EAN13"
        EAN8 = "ean8", "EAN8"
        INTERNAL = "internal", _("internal code")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="codes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.CharField(max_length=20, db_index=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(kind="cip13", valid_until__isnull=True),
                name="cip13_names_one_product",
            ),
            models.UniqueConstraint(
                fields=["product", "kind", "code"], name="code_is_said_once_of_a_product"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code


class Price(models.Model):
    """A public price with its validity; the open one is the price of today."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public price without fee")
        FEE = "fee", _("dispensing fee")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PUBLIC)
    amount = EuroField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "kind"], condition=Q(valid_until__isnull=True),
                name="one_open_price_per_product_and_kind",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_is_never_negative"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="price_ends_after_it_begins",
            ),
        ]  # fmt: skip


class GenericGroup(models.Model):
    """A group of the national generics register."""

    number = models.CharField(max_length=10, unique=True)
    label = models.CharField(max_length=400)

    def __str__(self) -> str:
        return self.label


class GenericMember(models.Model):
    """A speciality's place in a group; several groups are possible."""

    class Kind(models.IntegerChoices):
        BRAND = 0, _("originator")
        GENERIC = 1, _("generic")
        COMPLEMENTARY = 2, _("generic by complementary dosage")
        SUBSTITUTABLE = 4, _("substitutable generic")

    group = models.ForeignKey(GenericGroup, on_delete=models.CASCADE, related_name="members")
    cis = models.CharField(max_length=8, db_index=True)  # may have left the catalogue
    speciality = models.ForeignKey(
        Speciality, null=True, blank=True, on_delete=models.SET_NULL, related_name="memberships"
    )
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "cis", "kind"], name="member_is_unique_in_its_group"
            ),
        ]


class CatalogEdition(AppendOnly):
    """An edition of the national files that was imported: what it held, what it changed."""

    edition = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)  # of every file's own digest
    imported_at = models.DateTimeField()
    line_counts = models.JSONField()
    report = models.JSONField()


class CatalogVersion(models.Model):
    """One row, raised whenever products change: the search index of each process watches it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_version")]
