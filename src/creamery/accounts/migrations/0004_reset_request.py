"""Requests to set a password anew, until the worker has looked whose they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_link")]
    operations = [
        migrations.CreateModel(
            name="ResetRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("typed", models.CharField(max_length=254)),
                ("at", models.DateTimeField()),
                ("address", models.CharField(blank=True, max_length=45)),
                ("user_agent", models.CharField(blank=True, max_length=250)),
            ],
            options={"db_table": "reset_request"},
        ),
    ]
