"""Renders every document anew from the record, and proves that what is served equals the record."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from creamery.catalog.actions import recount_index, recount_project
from creamery.catalog.document_queries import (
    get_place,
    get_project_place,
    list_changed_files,
    list_index_ids,
    list_project_ids,
)
from creamery.kernel import notes, outbox
from creamery.kernel.outbox import JobKey
from creamery.kernel.stores import the_store
from creamery.publish import feeds, json_page, project_page, root_page
from creamery.publish.documents import Document, variants
from creamery.publish.strays import find_strays
from creamery.settings import CONFIG
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob

PUBLIC_URL_NOTE = "public-url"
PROJECT, ROOT = "publish.project_page.render", "publish.root_page.render"
JSON = "publish.json_page.render"
FEED, FEEDS = "publish.feeds.render_project", "publish.feeds.render_index"
OWED_WAIT_SECONDS = 10.0
UNWANTED = "served, though it must not be"
STRAY = "served, though the record does not know it"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose content is not what the record says."""

    key: str
    what: str


def rebuild_all() -> Iterator[int]:
    """Write every document anew, project by project; yields the id of each project that is done."""
    for index_id in list_index_ids():
        for project_id in list_project_ids(index_id):
            rebuild_project(project_id)
            yield project_id
        rebuild_index(index_id)
    notes.write_note(PUBLIC_URL_NOTE, CONFIG.public_url)


def rebuild_project(project_id: int) -> None:
    """Write a project's documents anew, count it again, and put its files in place."""
    recount_project(project_id)
    _under_claim(JobKey(PROJECT, str(project_id)), project_page.render_whole, project_id)
    _under_claim(JobKey(JSON, str(project_id)), json_page.render, project_id)
    _under_claim(JobKey(FEED, str(project_id)), feeds.render_project, project_id)


def rebuild_index(index_id: int) -> None:
    """Write the list of an index's projects and its feeds anew, and take away what the record does not know."""
    recount_index(index_id)
    _under_claim(JobKey(ROOT, str(index_id)), root_page.render, index_id)
    _under_claim(JobKey(FEEDS, str(index_id)), feeds.render_index, index_id)
    for key in find_strays(index_id):
        the_store().delete(key)


def check_all() -> Iterator[list[Difference]]:
    """Compare every document and every servable name with the record; yields what differs, project by project."""
    for index_id in list_index_ids():
        for project_id in list_project_ids(index_id):
            yield check_documents(project_id) + check_servable_names(project_id)
        yield check_index(index_id)


def check_documents(project_id: int) -> list[Difference]:
    """Compare one project's documents with the record."""
    wait_until_written(project_id)
    project = get_project_place(project_id)
    documents = [
        *project_page.project_documents(project_id, project),
        *json_page.project_documents(project_id, project.place),
        *feeds.project_documents(project_id),
    ]
    wanted = {document.key for document in documents}
    others = {keys.json_project(project.place, project.name), keys.project_feed(project.place, project.name)} - wanted
    unwanted = [name for key in others for name in (key, *(keys.variant(key, e) for e in keys.ENCODINGS))]
    unwanted += [keys.variant(d.key, e) for d in documents if not d.is_packed for e in keys.ENCODINGS]
    return [
        *(difference for document in documents for difference in _compare(document)),
        *(Difference(key, UNWANTED) for key in unwanted if _exists(key)),
    ]


def wait_until_written(project_id: int) -> None:
    """Give a running worker the time to write what it owes of a project."""
    for reaction in (PROJECT, JSON, FEED):
        _wait_for(JobKey(reaction, str(project_id)))


def check_servable_names(project_id: int) -> list[Difference]:
    """Compare which of a project's files have a servable name with the record."""
    place, differences = get_project_place(project_id).place, []
    for file in list_changed_files(project_id, since=-1):
        what = "missing" if file.is_servable else UNWANTED
        both = project_page.servable_keys(place, file)
        differences += [Difference(key, what) for key in both if _exists(key) != file.is_servable]
    return differences


def check_index(index_id: int) -> list[Difference]:
    """Compare the list of an index's projects and its feeds with the record."""
    for reaction in (ROOT, FEEDS):
        _wait_for(JobKey(reaction, str(index_id)))
    documents = [*root_page.root_documents(index_id), *feeds.index_documents(index_id)]
    return [
        *(difference for document in documents for difference in _compare(document)),
        *(Difference(key, STRAY) for key in find_strays(index_id)),
    ]


def render_after_move() -> int:
    """
    Have every page written again if the public address has changed since they were, because addresses in the pages begin
    with it or with its path. Says how many projects that concerns.
    """
    before = notes.find_note(PUBLIC_URL_NOTE)
    if before == CONFIG.public_url:
        return 0
    owed = 0
    if before is not None:
        for index_id in list_index_ids():
            owed += outbox.owe_each(project_page.render_whole, list_project_ids(index_id))
            outbox.owe_each(json_page.render, list_project_ids(index_id))
    notes.write_note(PUBLIC_URL_NOTE, CONFIG.public_url)
    return owed


def render_missing_roots() -> None:
    """
    Write the list of projects and the feeds of an index that has none yet, so that a new index answers empty ones.

    They are owed first: a start that dies in the middle leaves leases, which the next one must not wait for.
    """
    for index_id in list_index_ids():
        if not _exists(keys.simple_root(get_place(index_id), "json")):
            outbox.owe_each(feeds.render_index, [index_id])
            outbox.owe_each(root_page.render, [index_id])
            outbox.run(JobKey(FEEDS, str(index_id)))
            outbox.run(JobKey(ROOT, str(index_id)))


def _under_claim(key: JobKey, react: outbox.React, identity: int) -> None:
    with outbox.claimed(key) as claim:
        react(identity, claim=claim)


def _wait_for(key: JobKey) -> None:
    """Give a running worker the time to write what is owed; what it does not write shows up as a difference."""
    deadline = time.monotonic() + OWED_WAIT_SECONDS
    while outbox.is_owed(key) and time.monotonic() < deadline:
        time.sleep(0.1)


def _compare(document: Document) -> Iterator[Difference]:
    for expected in (document, *variants(document)):
        try:
            actual = the_store().read(expected.key)
        except NoSuchBlob:
            yield Difference(expected.key, "missing")
            continue
        if actual != expected.content:
            yield Difference(expected.key, "differs from the record")


def _exists(key: BlobKey) -> bool:
    try:
        the_store().stat(key)
    except NoSuchBlob:
        return False
    return True
