"""
Runs in a process of its own, on the data of an index where a project has one file: makes the project large, then renders
its page.

    python -m bench.render_child PROJECT FILES ROUNDS

Prints one line of JSON: for each step the CPU milliseconds of every round.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bench.enlarge_child import enlarge, publish_page
from creamery import config
from creamery.storage.keys import BlobKey

STEPS: dict[str, list[float]] = defaultdict(list)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Note the CPU that a step takes, the kernel's part included."""
    begun = time.process_time()
    yield
    STEPS[step].append((time.process_time() - begun) * 1000)


def main(project: str, files: int, rounds: int) -> None:
    """Make it large, render, and say what it took."""
    config.load_django()
    from creamery.kernel.outbox import JobKey, claimed
    from creamery.publish import project_page

    project_id = enlarge(project, files)
    publish_page(project_id)
    with claimed(JobKey("bench", str(project_id))) as claim:
        for _ in range(rounds):
            change_one(project_id)
            render_by_steps(project_id)
            with timed("all together"):
                project_page.render(project_id, claim=claim)
    print(json.dumps(STEPS))


def change_one(project_id: int) -> None:
    """Give the first file a new serial, as an upload does."""
    from creamery.catalog.models import File, Project, Serial

    serial = Serial.objects.get()
    Serial.objects.update(n=serial.n + 1)
    File.objects.filter(pk=File.objects.order_by("pk").values("pk")[:1]).update(serial=serial.n + 1)
    Project.objects.filter(pk=project_id).update(serial=serial.n + 1)


def render_by_steps(project_id: int) -> None:
    """Do what the reaction does, step by step."""
    from creamery.catalog.document_queries import get_project_page, get_project_place
    from creamery.kernel.stores import the_store
    from creamery.publish.documents import compress
    from creamery.spec.simple import project_html, project_json

    with timed("read the record"):
        page = get_project_page(project_id, get_project_place(project_id), public_path="")
    with timed("write JSON"):
        as_json = project_json(page)
    with timed("write HTML"):
        as_html = project_html(page)
    with timed("gzip"):
        zipped = [compress(content, "gzip") for content in (as_json, as_html)]
    with timed("zstd"):
        packed = [compress(content, "zstd") for content in (as_json, as_html)]
    with timed("store"):
        for number, content in enumerate([as_json, as_html, *zipped, *packed]):
            the_store().put_bytes(BlobKey(f"public/bench/{number}"), content)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
