"""Pictures taken, layouts confirmed, counts typed, and starting points."""

import uuid

from django.db import models
from django.db.models import F, Q

from backofficine.kernel.append_only import AppendOnly
from backofficine.stock.models import Posting
from backofficine.team.models import Actor


class Picture(AppendOnly):
    """A picture as it was taken: its report, byte for byte. The same files give the same row."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=64, unique=True)  # digests, layouts, edition and day
    as_of = models.DateField()
    edition = models.CharField(max_length=20, blank=True)  # the latest national one, if any
    names = models.JSONField()  # what → name of the file
    layouts = models.JSONField()  # what → layout that was confirmed, or null
    digests = models.JSONField()  # what → SHA-256 of the file
    report = models.BinaryField()
    taken_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.as_of:%d/%m/%Y}"


class PictureData(models.Model):
    """What the files said of products, of dates and of quantities, and nothing else of them.

    It serves to correct the estimates and to make the starting point; it is erased after that.
    """

    picture = models.OneToOneField(Picture, on_delete=models.PROTECT, related_name="data")
    packed = models.BinaryField()
    kept_at = models.DateTimeField(db_index=True)


class RememberedLayout(models.Model):
    """Columns that a person confirmed for files of these headings."""

    what = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=80)
    layout = models.JSONField()
    remembered_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "fingerprint"], name="layout_is_remembered_once_for_its_headings"
            ),
            models.CheckConstraint(
                condition=Q(what__in=["stock", "sales", "purchases"]), name="layout_is_of_a_file"
            ),
        ]


class PictureCount(AppendOnly):
    """What a person found on the shelf, beside what the file said; the last one typed is true."""

    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="counts")
    code = models.CharField(max_length=40)
    held = models.IntegerField()  # what the file said
    found = models.PositiveIntegerField()
    counted_at = models.DateTimeField()
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    request_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request_id", "code"], name="picture_count_is_typed_once"
            ),
            models.CheckConstraint(
                condition=Q(found__gte=0), name="nothing_less_than_none_is_found"
            ),
            models.CheckConstraint(condition=~Q(code=""), name="picture_count_names_a_product"),
        ]


class Correction(AppendOnly):
    """The ghosts as they are estimated once these counts are known, byte for byte."""

    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="corrections")
    last_count = models.OneToOneField(
        PictureCount, on_delete=models.PROTECT, related_name="correction"
    )
    report = models.BinaryField()


class StartingPoint(models.Model):
    """A picture that became the pharmacy's opening stock; ``undone_at`` when it was taken back."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="starting_points")
    posting = models.OneToOneField(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="starting_point"
    )
    stock_report = models.JSONField()
    sales_report = models.JSONField()
    sales_source = models.CharField(max_length=80, blank=True)  # digest of its sales file
    created_products = models.PositiveIntegerField(default=0)
    created_addresses = models.JSONField(default=list)  # primary keys, to take them back
    followed_products = models.JSONField(default=list)
    is_in_force = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_in_force"], condition=Q(is_in_force=True),
                name="one_starting_point_is_in_force",
            ),
            models.CheckConstraint(
                condition=Q(is_in_force=True, undone_at__isnull=True, undone_by__isnull=True)
                | Q(is_in_force=False, undone_at__isnull=False, undone_by__isnull=False),
                name="a_starting_point_is_undone_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=F("made_at")),
                name="a_starting_point_is_undone_after_it_was_made",
            ),
        ]  # fmt: skip
