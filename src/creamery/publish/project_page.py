"""Writes a project's page of the Simple API, and puts its files where readers find them."""

import logging
from functools import partial
from itertools import islice

from creamery.catalog.document_queries import (
    ListedFile,
    ProjectPlace,
    get_project_page,
    get_project_place,
    list_changed_files,
)
from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.publish.documents import Document, find_published_serial, publish
from creamery.settings import CONFIG
from creamery.spec.simple import project_html, project_json
from creamery.spec.tombstones import tombstone_html, tombstone_json
from creamery.storage import keys
from creamery.storage.keys import BlobKey, IndexPlace
from creamery.storage.store import Content, NoSuchBlob

log = logging.getLogger(__name__)

NAMES_AT_ONCE = 50


def render(project_id: int, *, claim: Claim) -> None:
    """
    Bring a project's documents up to date with the record.

    Names that readers must not have any more go first, then new names come, then the page that lists them: the page never
    lists what cannot be fetched. Only files that changed since the page's serial are looked at.
    """
    project = get_project_place(project_id)
    published = find_published_serial(keys.simple_project(project.place, project.name, "json"))
    documents = project_documents(project_id, project)
    expose(project.place, list_changed_files(project_id, since=-1 if published is None else published), claim=claim)
    reach("publish.exposed")
    publish(documents, claim=claim)


def render_whole(project_id: int, *, claim: Claim) -> None:
    """
    Write a project's documents and put all its files in place, whatever the present documents say.

    A file whose content is lost stays listed and has no servable name: installers fail on it, and do not quietly take an
    older one. The others go on being served.
    """
    project = get_project_place(project_id)
    documents = project_documents(project_id, project)
    expose(project.place, list_changed_files(project_id, since=-1), claim=claim, goes_on=True)
    publish(documents, claim=claim)


def project_documents(project_id: int, project: ProjectPlace) -> list[Document]:
    """
    Build a project's documents from the record: HTML, then JSON; of a deleted or held one, what stands in their place.

    `project` was read before all other rows, so that no document has a newer serial than its content.
    """
    place = project.place
    if project.is_unknown:
        return [
            Document(keys.simple_project(place, project.name, "html"), tombstone_html(project.serial), is_packed=False),
            Document(keys.simple_project(place, project.name, "json"), tombstone_json(project.serial), is_packed=False),
        ]
    page = get_project_page(project_id, project, public_path=CONFIG.public_path)
    return [
        Document(keys.simple_project(place, page.name, "html"), project_html(page)),
        Document(keys.simple_project(place, page.name, "json"), project_json(page)),
    ]


def expose(place: IndexPlace, files: list[ListedFile], *, claim: Claim, goes_on: bool = False) -> None:
    """
    Take away the servable names of files that may not be served, then give them to those that may.

    Raises:
        NoSuchBlob: a content is not there, and `goes_on` does not say to take its servable name away and go on.
    """
    store, names = the_store(), dict[BlobKey, Content]()
    for file in files:
        content, metadata = servable_keys(place, file)
        if file.is_servable:
            names |= {metadata: keys.blob(file.metadata_sha256), content: keys.blob(file.sha256)}
        else:
            claim.hold()
            store.delete(content)
            store.delete(metadata)
    waiting = iter(names.items())
    # A store opens the folder of each name, and a process may not open very many.
    while some := dict(islice(waiting, 1 if goes_on else NAMES_AT_ONCE)):
        try:
            store.put_many(some, before_each=partial(_before_name, claim))
        except NoSuchBlob:
            if not goes_on:
                raise
            for name in some:
                log.error("The content of %s is lost. Run: creamery verify --repair", name)
                store.delete(name)


def _before_name(claim: Claim) -> None:
    claim.hold()
    reach("publish.name")


def servable_keys(place: IndexPlace, file: ListedFile) -> tuple[keys.BlobKey, keys.BlobKey]:
    """Name the keys under which a file and its metadata are served."""
    return (
        keys.public_file(place, file.sha256, file.filename),
        keys.public_metadata(place, file.sha256, file.filename),
    )
