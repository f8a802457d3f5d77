"""Letters, and an index of the events that limits count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="LetterRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField()),
                ("username", models.CharField(max_length=60)),
                ("to", models.CharField(max_length=254)),
                ("template", models.CharField(max_length=80)),
                ("facts", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "db_table": "letter",
                "indexes": [models.Index(fields=["ended_at"], name="letter_ended")],
            },
        ),
        migrations.AddField("eventrow", "is_counted", models.BooleanField(db_default=False)),
        migrations.AddIndex(
            "eventrow", models.Index(condition=models.Q(("is_counted", True)), fields=["at"], name="event_counted")
        ),
    ]
