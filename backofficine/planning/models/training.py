"""What the forecasts have learnt from the shop's past: a projection, learnt again every night."""

from django.db import models
from django.db.models import F, Q


class Training(models.Model):
    """One training of all products: a few columns of numbers, packed, and small shared tables.

    It can always be made again from the demand and the moves; only the last few are kept.
    """

    trained_at = models.DateTimeField(unique=True)
    first_day = models.DateField()
    last_day = models.DateField()  # the last day learnt from
    open_days = models.PositiveIntegerField()
    products = models.PositiveIntegerField()
    packed = models.BinaryField()  # products, what was asked of them, and what was learnt
    shared = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="training_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.last_day:%d/%m/%Y}"
