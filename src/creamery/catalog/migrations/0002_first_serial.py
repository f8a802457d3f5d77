"""The one row that counts serials."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def begin_at_zero(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("catalog", "Serial").objects.get_or_create(pk=1, defaults={"n": 0})


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(begin_at_zero, migrations.RunPython.noop)]
