"""Promises: the slip, the handling, the second visit."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext_lazy as _

from backofficine.losses.loss import Fact, FactKind, Loss, State, Step, Waste, Words
from backofficine.losses.rules.base import Period, Rule, columns_of
from backofficine.losses.tariffs import TariffBook
from backofficine.pharmacy.queries import local_day
from backofficine.promises.models import Cause, Promise, PromiseEvent, Status

UNAVOIDABLE = (Cause.NATIONAL_SHORTAGE, Cause.QUOTA)
# What was said at the counter names the step; of the other causes no fact says where they began.
BORN_AT = {
    Cause.CUT_OFF_MISSED: Step.ORDER,
    Cause.ORDER_FORGOTTEN: Step.ORDER,
    Cause.NOT_FOUND: Step.PUT_AWAY,
    Cause.NOT_LOADED: Step.PUT_AWAY,
}
EVENTS: dict[str, Words] = {
    PromiseEvent.Kind.SET_ASIDE: _("Set aside in its slot"),
    PromiseEvent.Kind.HANDED_OVER: _("Handed over"),
    PromiseEvent.Kind.TAKEN_BACK: _("Taken out of its slot"),
    PromiseEvent.Kind.NEW_ROUND: _("Promised again for another round"),
    PromiseEvent.Kind.CREDITED: _("Credited"),
}
STATES: dict[str, Words] = {
    Status.ORDERED: _("Ordered"),
    Status.ARRIVED: _("Arrived"),
    Status.TOLD: _("Patient told"),
    Status.ABANDONED: _("Not collected"),
    Status.RESTOCKED: _("Put back in stock"),
    Status.RETURNED: _("Returned to the supplier"),
}


class Promised(Rule):
    """One promise, one loss, dated when it was made. Cancelled ones cost no second visit: left out.

    Chosen with the patient, or imposed by a national shortage or a quota, it stands apart. Why the
    product was missing is a tag, never a second line.
    """

    key = "promise"
    label = _("Promises")
    counts = _("the minutes of one promise")
    tariff = "minutes_promise"
    waste = Waste.WAITING
    sufferer = Step.PROMISE

    def losses(self, period: Period, book: TariffBook) -> Iterable[Loss]:
        promises = (
            Promise.objects.filter(created_at__gte=period.start, created_at__lt=period.end)
            .exclude(status=Status.CANCELLED)
            .select_related("product")
            .only("number", "created_at", "quantity", "cause", "is_chosen", *columns_of("product"))
            .order_by("created_at", "pk")
        )
        for promise in promises:
            is_apart = promise.is_chosen or promise.cause in UNAVOIDABLE
            yield self.price(
                book,
                key=f"{promise.number}",
                at=promise.created_at,
                day=period.day_of(promise.created_at),
                product=promise.product,
                quantity=promise.quantity,
                apart=State.CHOSEN if is_apart else None,
                cause=BORN_AT.get(Cause(promise.cause), Step.UNKNOWN),
                tags=(Cause(promise.cause).label,),
                proof=(
                    Fact(
                        FactKind.PROMISE,
                        f"{promise.number}",
                        promise.created_at,
                        _("Promised at the counter"),
                        quantity=promise.quantity,
                    ),
                ),
            )

    def day_of(self, key: str) -> date | None:
        if not key.isdecimal():
            return None
        made = Promise.objects.filter(number=int(key)).values_list("created_at", flat=True).first()
        return local_day(made) if made else None

    def story(self, loss: Loss) -> list[Fact]:
        """What happened to the promise since; opening a contact is nobody's loss."""
        facts = list(loss.proof)
        events = PromiseEvent.objects.filter(promise__number=int(loss.key.partition(":")[2]))
        for event in events.order_by("occurred_at", "pk"):
            words = EVENTS.get(event.kind)
            if event.kind == PromiseEvent.Kind.STATUS:
                words = STATES.get(event.status)
            if words is not None:
                facts.append(
                    Fact(
                        FactKind.PROMISE,
                        f"{event.pk}",
                        event.occurred_at,
                        words,
                        quantity=event.quantity or None,
                    )
                )
        return facts
