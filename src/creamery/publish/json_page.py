"""Writes the documents of the JSON API."""

from creamery.catalog.document_queries import find_json_project, get_project_place
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.publish.documents import Document, publish, remove
from creamery.settings import CONFIG
from creamery.spec.json_api import project_document, release_document
from creamery.storage import keys
from creamery.storage.keys import IndexPlace


def render(project_id: int, *, claim: Claim) -> None:
    """
    Bring a project's document up to date, and drop those of its single releases that were made for older serials.

    A project that may not be shown has no documents: its addresses answer 404 (JS-08).
    """
    project, store = get_project_place(project_id), the_store()
    documents = project_documents(project_id, project.place)
    publish(documents, claim=claim)
    if not documents:
        remove(keys.json_project(project.place, project.name))
    current = f"{keys.json_releases(project.place, project.name)}{project.serial}/"
    for key in store.list(keys.json_releases(project.place, project.name)):
        if not key.startswith(current) or not documents:
            store.delete(key)


def project_documents(project_id: int, place: IndexPlace) -> list[Document]:
    """Build a project's document from the record; none if it may not be shown."""
    project = find_json_project(project_id, public_url=CONFIG.public_url)
    if project is None:
        return []
    return [Document(keys.json_project(place, project.normalized_name), project_document(project))]


def find_project_document(project_id: int) -> bytes | None:
    """Build a project's document for a reader who came before it was written; None if it may not be shown."""
    documents = project_documents(project_id, get_project_place(project_id).place)
    return documents[0].content if documents else None


def make_release_document(project_id: int, version: str) -> bytes | None:
    """
    Make the document of one release, and keep it for the next reader; None if there is no such release.

    It is kept under the project's serial, so a later change never meets it.
    """
    document = find_release_document(project_id, version)
    if document is None:
        return None
    the_store().put_bytes(document.key, document.content)
    return document.content


def find_release_document(project_id: int, version: str) -> Document | None:
    """Build the document of one release from the record; None if there is no such release."""
    project = find_json_project(project_id, version=version, public_url=CONFIG.public_url)
    if project is None:
        return None
    place = get_project_place(project_id).place
    key = keys.json_release(place, project.normalized_name, project.release.version, project.serial)
    return Document(key, release_document(project))
