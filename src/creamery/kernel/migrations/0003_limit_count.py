"""Counts of what is limited, shared by all processes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_letter")]
    operations = [
        migrations.CreateModel(
            name="LimitCount",
            fields=[
                ("key", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("begun_at", models.DateTimeField()),
                ("count", models.IntegerField()),
            ],
            options={
                "db_table": "limit_count",
                "indexes": [models.Index(fields=["begun_at"], name="limit_begun")],
            },
        ),
    ]
