"""Tables of the people who use the index, of their addresses, and of their API tokens."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class PersonQuerySet(models.QuerySet["Person"]):
    """Filters over people."""

    def named(self, username: str) -> "PersonQuerySet":
        """Keep the person of that name, whatever its case."""
        return self.filter(username__iexact=username)


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    """Lets Django's login find people by name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Find the person who logs in under that name."""
        person: Person = self.get(username__iexact=username)
        return person


class Person(AbstractBaseUser):
    """
    Somebody with an account. A person whom the operator creates counts as verified. One who is frozen is not active either.

    `email_verified_at` says whether their primary address is verified; it is kept here because every upload asks. `email` is
    written for processes of the version before `EmailAddress`, and read by nothing here.
    """

    username = models.CharField(max_length=50)
    email = models.EmailField(max_length=254)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        db_table = "person"
        constraints = [
            models.UniqueConstraint(Lower("username"), name="person_username_once"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def may_act(self) -> bool:
        """Whether this person may do anything here, however they prove who they are."""
        return self.is_active and self.email_verified_at is not None


class EmailAddressQuerySet(models.QuerySet["EmailAddress"]):
    """Filters over addresses."""

    def verified(self) -> "EmailAddressQuerySet":
        """Keep those whose owner has shown that letters reach them."""
        return self.filter(verified_at__isnull=False)

    def to_write_to(self) -> "EmailAddressQuerySet":
        """Keep the one address of each person who may act that letters about projects go to."""
        return self.verified().filter(is_primary=True, person__is_active=True)


class EmailAddress(models.Model):
    """
    An address of a person. `normalized` is what two spellings of one address share.

    Anybody may claim an address; it belongs to whoever verifies it first.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    address = models.EmailField(max_length=254)
    normalized = models.CharField(max_length=300)
    is_primary = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)

    objects = EmailAddressQuerySet.as_manager()

    class Meta:
        db_table = "email_address"
        constraints = [
            models.UniqueConstraint(
                fields=["normalized"], condition=models.Q(verified_at__isnull=False), name="email_address_verified_once"
            ),
            models.UniqueConstraint(fields=["person", "normalized"], name="email_address_once_a_person"),
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(is_primary=True), name="email_address_one_primary"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Link(models.Model):
    """
    A link in a letter to `address`: what it is good for, and until when. Its code is not here: it is signed with the server's key.
    """

    purpose = models.CharField(max_length=10)
    number = models.CharField(max_length=32, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="links")
    address = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "link"
        indexes = [models.Index(fields=["expires_at"], name="link_expires")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.number[:8]}"


class ResetRequest(models.Model):
    """
    Somebody wants to set a password anew, and typed a name or an address. The worker looks whose it is, and removes the row.
    """

    typed = models.CharField(max_length=254)
    at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=250, blank=True)

    class Meta:
        db_table = "reset_request"

    def __str__(self) -> str:
        return str(self.pk)


class Token(models.Model):
    """
    An API token. The secret is not here: it is derived from the server's key and the identifier.

    `projects` are normalised names, or null for all that the person may publish to.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    identifier = models.CharField(max_length=80, unique=True)
    projects = models.JSONField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.CharField(max_length=45, blank=True)

    class Meta:
        db_table = "token"

    def __str__(self) -> str:
        return self.name
