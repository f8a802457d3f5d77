"""
Runs in a process of its own, on the data of an index where a project has one file: makes the project large.

    python -m bench.enlarge_child PROJECT FILES

The page is written from the record as always; of the files that it lists only the first one can be fetched. Uploading
them all would take minutes on a slow disk, and pages do not ask for them.
"""

import sys
from copy import copy
from hashlib import sha256

from creamery import config


def enlarge(project: str, files: int) -> int:
    """Record the one file many times more, under other names and digests. Returns the project's id."""
    from creamery.catalog.models import File, Release

    file = File.objects.get(project__normalized_name=project)
    release = Release.objects.get(project__normalized_name=project)
    for minor in range(1, files // 10):
        release.pk, release.version, release.canonical_version = None, f"2.{minor}", f"2.{minor}"
        release.save()
    releases = list(Release.objects.filter(project__normalized_name=project).order_by("id"))
    copies = []
    for number in range(1, files):
        one, name = copy(file), f"{number}".encode()
        one.pk, one.release = None, releases[number // 10]
        one.filename = file.filename.replace("-py3-", f"-{number}-py3-")
        one.identity, one.sha256 = sha256(b"identity" + name).hexdigest(), sha256(name).hexdigest()
        one.metadata_sha256 = sha256(b"metadata" + name).hexdigest()
        copies.append(one)
    File.objects.bulk_create(copies, batch_size=500)
    return int(file.project_id)


def publish_page(project_id: int) -> None:
    """Write the project's page, without giving a servable name to every file."""
    from creamery.catalog.document_queries import get_project_place
    from creamery.kernel.outbox import JobKey, claimed
    from creamery.publish import documents, project_page

    with claimed(JobKey("bench", str(project_id))) as claim:
        project = get_project_place(project_id)
        documents.publish(project_page.project_documents(project_id, project), claim=claim)


if __name__ == "__main__":
    config.load_django()
    publish_page(enlarge(sys.argv[1], int(sys.argv[2])))
