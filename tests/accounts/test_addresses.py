"""E-mail addresses: whose they are, how they come and go, and what is told about it."""

import importlib

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from creamery.accounts import queries
from creamery.accounts.models import EmailAddress, Person
from creamery.accounts.steps import normalize_address
from creamery.kernel import clock
from tests.factories import create_person
from tests.real.inside import Inside


@pytest.mark.parametrize(
    ("written", "normalized"),
    [
        ("Ada@IDX.example", "ada@idx.example"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@" + "ü" * 70 + ".example", "ada@" + "ü" * 70 + ".example"),
    ],
)
def test_spellings_of_one_address_are_one(written: str, normalized: str) -> None:
    assert normalize_address(written) == normalized


def test_an_address_belongs_to_whoever_has_verified_it(inside: Inside) -> None:
    create_person("ada")
    create_person("claims", is_verified=False)
    EmailAddress.objects.filter(person__username="claims").update(
        address="ADA@idx.example", normalized="ada@idx.example"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailAddress.objects.filter(person__username="claims").update(verified_at=clock.now())


def test_the_addresses_of_people_of_the_version_before_are_copied_once(inside: Inside) -> None:
    create_person("Ada")
    create_person("new", is_verified=False)
    before = list(EmailAddress.objects.order_by("person").values_list("person", "address", "normalized", "verified_at"))
    EmailAddress.objects.filter(person__username="Ada").delete()
    migration = importlib.import_module("creamery.accounts.migrations.0002_email_address")
    for _ in range(2):
        migration.copy_addresses(apps, None)
    rows = EmailAddress.objects.order_by("person").values_list("person", "address", "normalized", "verified_at")
    assert list(rows) == before


def test_processes_of_the_version_before_find_the_address_where_it_was(inside: Inside) -> None:
    person = Person.objects.get(pk=create_person("ada").person_id)
    assert (person.email, [line.email for line in queries.list_people()]) == ("ada@idx.example", ["ada@idx.example"])
