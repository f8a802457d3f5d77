"""Deleted releases and files without content, limits of single projects and people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("catalog", "0004_counts"),
    ]
    operations = [
        migrations.AddField("release", "deleted_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "file",
            "blob",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="files", to="catalog.blob"
            ),
        ),
        migrations.AlterField(
            "file",
            "metadata_blob",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="metadata_of", to="catalog.blob"
            ),
        ),
        migrations.CreateModel(
            name="LimitOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("file-bytes", "file-bytes"),
                            ("project-bytes", "project-bytes"),
                            ("new-projects", "new-projects"),
                        ],
                        max_length=20,
                    ),
                ),
                ("value", models.BigIntegerField()),
                ("set_at", models.DateTimeField()),
                ("set_by", models.CharField(blank=True, max_length=60)),
                (
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="catalog.project"),
                ),
            ],
            options={
                "db_table": "limit_override",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "kind"), name="limit_once_per_project"),
                    models.UniqueConstraint(fields=("person", "kind"), name="limit_once_per_person"),
                ],
            },
        ),
    ]
