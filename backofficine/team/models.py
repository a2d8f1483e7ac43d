"""Who works here. Facts carry an actor's number; the name behind it lives here, erasable."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backofficine.kernel import vault
from backofficine.kernel.append_only import AppendOnly


class Role(models.TextChoices):
    """The posts of an officine; each is a permission group of the same name."""

    OWNER = "owner", _("Owner pharmacist")
    PHARMACIST = "pharmacist", _("Staff pharmacist")
    TECHNICIAN = "technician", _("Pharmacy technician")
    STOCK_CLERK = "stock_clerk", _("Stock clerk")


class Right(models.Model):
    """Carries the permissions of the house; it has no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("dispense", "Withdraw for a patient"),
            ("promise", "Promise a product and hand it over"),
            ("order", "Prepare and send orders"),
            ("receive", "Receive deliveries"),
            ("put_away", "Put products away"),
            ("write_off", "Take products out of stock"),
            ("count_stock", "Count stock"),
            ("move_narcotics", "Move narcotics"),
            ("hold_lots", "Hold a lot, and give it back"),
            ("choose_policy", "Choose the policy that proposes orders"),
            ("see_losses", "Read the loss ledger"),
            ("contest_losses", "Contest a loss"),
            ("sign_tariffs", "Change and sign tariffs"),
            ("import_files", "Import catalogue, stock and sales files"),
            ("manage_team", "Manage the team and the workstations"),
            ("open_names", "Open the name behind a fact"),
            ("manage_settings", "Change the settings of the pharmacy"),
        ]


# What each role may do. Clerks never dispense; only pharmacists move narcotics.
RIGHTS: dict[str, set[str]] = {
    Role.STOCK_CLERK: {"receive", "put_away", "write_off", "count_stock", "contest_losses"},
}
RIGHTS[Role.TECHNICIAN] = RIGHTS[Role.STOCK_CLERK] | {"dispense", "promise", "order"}
RIGHTS[Role.PHARMACIST] = RIGHTS[Role.TECHNICIAN] | {
    "move_narcotics", "hold_lots", "import_files", "choose_policy",
}  # fmt: skip
RIGHTS[Role.OWNER] = RIGHTS[Role.PHARMACIST] | {
    "see_losses", "sign_tariffs", "manage_team", "open_names", "manage_settings",
}  # fmt: skip


class UserManager(BaseUserManager["User"]):
    """Makes users by command; pages go through ``team.services``."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)

    def create_superuser(self, username: str, password: str, role: str = Role.OWNER) -> "User":
        """For Django's ``createsuperuser``: a rescue owner."""
        user = self.model(username=username, role=role, is_superuser=True)
        user.set_password(password)
        user.save(using=self._db)
        return user


class RightsOf(models.Func):
    """``app.right`` of a person's post and of the person, in one text: every page asks for them."""

    function = "STRING_AGG"
    template = """(
SELECT %(function)s(kind.app_label || '.' || allowed.codename, ' ')
FROM auth_permission allowed JOIN django_content_type kind ON kind.id = allowed.content_type_id
WHERE allowed.id IN (
    SELECT held.permission_id FROM auth_group_permissions held
    JOIN team_user_groups post ON post.group_id = held.group_id
    WHERE post.user_id = %(expressions)s
    UNION SELECT own.permission_id FROM team_user_user_permissions own
    WHERE own.user_id = %(expressions)s))"""
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(compiler, connection, function="GROUP_CONCAT", **more)


class User(AbstractBaseUser, PermissionsMixin):
    """A member of the team. The name is encrypted; initials are computed when shown."""

    username = models.CharField(_("username"), max_length=60, unique=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    name_cipher = models.TextField(blank=True, editable=False)
    name_month = models.CharField(max_length=7, blank=True, editable=False)
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)
    badge = models.CharField(max_length=12, unique=True, null=True, blank=True)
    is_active = models.BooleanField(_("works here"), default=True)
    language = models.CharField(max_length=5, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_has_a_known_role"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def name(self) -> str:
        """First and last name, or the username once the name is erased."""
        if not self.name_cipher:
            return self.username
        try:
            return vault.decrypt(self.name_cipher, month=self.name_month)
        except vault.Erased:
            return self.username

    @property
    def initials(self) -> str:
        """``M. L.``"""
        return " ".join(f"{word[0].upper()}." for word in self.name.replace("-", " ").split()[:2])

    def may(self, right: str) -> bool:
        """Whether this person holds a right of the house: ``user.may("receive")``."""
        return self.has_perm(f"team.{right}")

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """As Django says it, asking the database once: the frame of every page asks a dozen."""
        if obj is not None or not self.is_active or self.is_superuser:
            return super().has_perm(perm, obj)
        return perm in self._rights

    @cached_property
    def _rights(self) -> frozenset[str]:
        """``app.right`` of the post and of the person; read with the person of a session."""
        known: str | None = getattr(self, "rights_text", None)
        if known is None:
            of_me = User.objects.filter(pk=self.pk)
            known = of_me.values_list(RightsOf("pk"), flat=True).first()
        return frozenset((known or "").split())


class Actor(models.Model):
    """The opaque number that facts carry. It says nothing; the link to a person is erasable.

    A person's number is renewed every month, so that a link can be cut without touching a fact.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("a person")
        IMPORT = "import", _("an imported file")
        SYSTEM = "system", _("the system")

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="actors"
    )
    month = models.CharField(max_length=7)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "month"], condition=Q(user__isnull=False),
                name="a_person_has_one_actor_a_month",
            ),
            models.CheckConstraint(
                condition=Q(kind="person") | Q(user__isnull=True),
                name="only_a_person_has_a_user",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.number)[:8]


class Workstation(models.Model):
    """A shared computer or phone of the shop; a signed cookie names it."""

    class Post(models.TextChoices):
        COUNTER = "counter", _("Counter")
        BACK_OFFICE = "back_office", _("Back office")
        RECEIVING = "receiving", _("Receiving")
        PHONE = "phone", _("Phone")

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    post = models.CharField(_("post"), max_length=20, choices=Post.choices)
    keyboard_layout = models.CharField(max_length=20, blank=True)
    separators = models.CharField(max_length=10, default="|~#^")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class SwitchAttempt(models.Model):
    """A PIN typed on a workstation: counted to lock out guesses, then forgotten."""

    workstation = models.ForeignKey(Workstation, on_delete=models.CASCADE, related_name="attempts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="attempts")
    succeeded = models.BooleanField()
    attempted_at = models.DateTimeField(db_index=True)


class WallScreen(models.Model):
    """A read-only token for the wall: no personal data, no money."""

    name = models.CharField(_("name"), max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class NameOpening(AppendOnly):
    """Someone opened the name behind one fact, for a reason; the person named is told."""

    class Reason(models.TextChoices):
        SAFETY = "safety", _("a patient's safety")
        NARCOTICS = "narcotics", _("narcotics register")
        RECALL = "recall", _("recall")
        CLAIM = "claim", _("claim with a supplier")
        REQUEST = "request", _("the person asked")

    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="openings")
    opened_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    fact_kind = models.CharField(max_length=40)
    fact_number = models.CharField(max_length=40)
    reason = models.CharField(max_length=40, choices=Reason.choices)
    opened_at = models.DateTimeField()
