"""How much each project and index holds, kept beside it."""

from django.db import migrations, models

PER_PROJECT = """
UPDATE project SET
  release_count = (SELECT count(*) FROM release WHERE release.project_id = project.id),
  file_count = (SELECT count(*) FROM file WHERE file.project_id = project.id AND file.state = 'live'),
  size_bytes = (SELECT coalesce(sum(file.size_bytes), 0) FROM file WHERE file.project_id = project.id AND file.state = 'live')
WHERE status <> 'quarantined'
"""
PER_INDEX = """
UPDATE package_index SET
  project_count = (SELECT count(*) FROM project WHERE project.index_id = package_index.id AND project.release_count > 0),
  release_count = (SELECT coalesce(sum(release_count), 0) FROM project WHERE project.index_id = package_index.id),
  file_count = (SELECT coalesce(sum(file_count), 0) FROM project WHERE project.index_id = package_index.id),
  size_bytes = (SELECT coalesce(sum(project.size_bytes), 0) FROM project WHERE project.index_id = package_index.id)
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_project_folded_name")]
    operations = [
        *(
            migrations.AddField(model, name, models.BigIntegerField(db_default=0))
            for model, names in (
                ("index", ("project_count", "release_count", "file_count", "size_bytes")),
                ("project", ("release_count", "file_count", "size_bytes")),
            )
            for name in names
        ),
        migrations.RunSQL(PER_PROJECT, migrations.RunSQL.noop),
        migrations.RunSQL(PER_INDEX, migrations.RunSQL.noop),
    ]
