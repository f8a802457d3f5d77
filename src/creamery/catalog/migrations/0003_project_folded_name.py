"""Names by which projects that look alike are found."""

from itertools import islice

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from creamery.spec.look_alikes import fold_name


def fold_names(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    projects = apps.get_model("catalog", "Project").objects
    rows = projects.filter(folded_name="").only("pk", "normalized_name").iterator(chunk_size=2_000)
    while part := list(islice(rows, 2_000)):
        for project in part:
            project.folded_name = fold_name(project.normalized_name)
        projects.bulk_update(part, ["folded_name"])


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_first_serial")]
    operations = [
        migrations.AddField("project", "folded_name", models.CharField(db_default="", max_length=200)),
        migrations.AddIndex("project", models.Index(fields=["index", "folded_name"], name="project_look_alike")),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
