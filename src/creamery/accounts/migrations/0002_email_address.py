"""
E-mail addresses in a table of their own. Each person's one address is copied.

`person.email` stays and is still written, so that processes of the version before go on working beside this one. The version
that drops it copies once more: one of those processes may have made a person after this ran.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils.encoding import punycode


def copy_addresses(apps, _editor):
    """Copy those that are not copied yet."""
    people, addresses = apps.get_model("accounts", "Person"), apps.get_model("accounts", "EmailAddress")
    rows = people.objects.filter(addresses=None).values_list("pk", "email", "created_at", "email_verified_at")
    copies = []
    for person_id, email, created_at, verified_at in list(rows):
        local, _at, host = email.lower().rpartition("@")
        copies.append(
            addresses(
                person_id=person_id,
                address=email,
                normalized=f"{local}@{punycode(host)}",
                is_primary=True,
                added_at=created_at,
                verified_at=verified_at,
            )
        )
    addresses.objects.bulk_create(copies, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="EmailAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.EmailField(max_length=254)),
                ("normalized", models.CharField(max_length=300)),
                ("is_primary", models.BooleanField(default=False)),
                ("added_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "email_address",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("verified_at__isnull", False)),
                        fields=("normalized",),
                        name="email_address_verified_once",
                    ),
                    models.UniqueConstraint(fields=("person", "normalized"), name="email_address_once_a_person"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True)), fields=("person",), name="email_address_one_primary"
                    ),
                ],
            },
        ),
        # Two people may claim one address until one of them verifies it.
        migrations.RemoveConstraint("person", "person_email_once"),
        migrations.RunPython(copy_addresses, migrations.RunPython.noop),
    ]
