"""Yanking, deleting, changing the status: what readers get, what the record keeps, and what never comes back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from creamery.catalog import steps, upkeep_steps
from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.models import Blob, File, Grant, JournalEntry, Project, Release
from creamery.catalog.queries import NoSuchProject, NoSuchRelease
from creamery.catalog.release_steps import ReleaseWasDeleted
from creamery.catalog.steps import FileWasDeleted, MayNotUpload, NameWasDeleted, ProjectClosed
from creamery.catalog.upkeep_steps import InvalidReason, InvalidStatus, NoSuchFile, TooLateToDelete
from creamery.kernel import clock, outbox
from creamery.kernel.actor import CONSOLE, SYSTEM, Actor
from creamery.kernel.history import list_history
from creamery.kernel.stores import the_store
from creamery.publish.rebuild import check_all
from creamery.publish.verify import Verification
from creamery.safety.actions import list_names_as
from creamery.settings import CONFIG
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.store import NoSuchBlob
from creamery.upload import sweep
from creamery.upload.claims import InvalidUpload
from tests.factories import create_person, finish_work, nothing_remains, publish
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Inside

NAME = "gouda"
WHEEL, SDIST = "gouda-1.0-py3-none-any.whl", "gouda-1.0.tar.gz"


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Let ada have a project with two releases, the first of which has two files."""
    person = create_person("ada")
    publish(NAME, actor=person)
    publish(NAME, "sdist", actor=person)
    publish(Distribution(name=NAME, version="1.1"), actor=person)
    return person


def page(inside: Inside, name: str = NAME) -> dict[str, bool | str]:
    """Read the project's page: its files, and how each is yanked."""
    answer = inside.get(f"/simple/{name}/", accept=SIMPLE_JSON)
    return {} if answer.status == 404 else {file["filename"]: file["yanked"] for file in answer.json()["files"]}


def path_of(filename: str) -> str:
    """Tell where a file is served, or was."""
    sha256 = File.objects.values_list("sha256", flat=True).get(filename=filename)
    return f"/packages/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}/{filename}"


def assert_proved() -> None:
    """Everything that is served is what the record says, once all that is owed was done."""
    finish_work()
    assert [difference for found in check_all() for difference in found] == []
    assert [finding for step in Verification(repair=False).run() for finding in step.findings] == []


def done(change: bool) -> None:
    """Insist that it was a change, and let what follows happen before the answer, as every door does."""
    assert change
    outbox.run_soon()


class TestYanking:
    """YK-01 to YK-07, PRJ-009"""

    def test_a_yanked_release_is_marked_with_its_reason_at_once_and_stays(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.0", reason="sour <milk>", actor=ada))
        assert page(inside) == {WHEEL: "sour <milk>", SDIST: "sour <milk>", "gouda-1.1-py3-none-any.whl": False}
        assert 'data-yanked="sour &lt;milk&gt;"' in inside.get(f"/simple/{NAME}/").text
        assert inside.get(path_of(WHEEL)).status == inside.get(path_of(WHEEL) + ".metadata").status == 200
        info = inside.get(f"/pypi/{NAME}/1.0/json").json()["info"]
        assert (info["yanked"], info["yanked_reason"]) == (True, "sour <milk>")
        assert_proved()

    def test_without_a_reason_it_is_marked_as_well(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.0", actor=ada))
        assert page(inside)[WHEEL] is True
        assert 'data-yanked=""' in inside.get(f"/simple/{NAME}/").text

    def test_a_yank_is_taken_back_and_can_come_again(self, inside: Inside, ada: Actor) -> None:
        """YK-03"""
        for reason in ("once", "twice"):
            done(upkeep.yank_release(NAME, "1.0", reason=reason, actor=ada))
            assert page(inside)[SDIST] == reason
            done(upkeep.unyank_release(NAME, "1.0", actor=ada))
            assert set(page(inside).values()) == {False}
        assert_proved()

    def test_a_file_is_yanked_by_itself(self, inside: Inside, ada: Actor) -> None:
        """YK-06"""
        done(upkeep.yank_file(NAME, WHEEL, reason="wrong tag", actor=ada))
        assert (page(inside)[WHEEL], page(inside)[SDIST]) == ("wrong tag", False)
        done(upkeep.yank_release(NAME, "1.0", reason="all", actor=ada))
        assert (page(inside)[WHEEL], page(inside)[SDIST]) == ("wrong tag", "all")
        done(upkeep.unyank_release(NAME, "1.0", actor=ada))
        assert (page(inside)[WHEEL], page(inside)[SDIST]) == ("wrong tag", False)
        done(upkeep.unyank_file(NAME, WHEEL, actor=ada))
        assert set(page(inside).values()) == {False}
        assert_proved()

    @pytest.mark.parametrize("version", ["1.0", "1", "v1.0.0", " 1.0.0 "])
    def test_a_version_may_be_spelt_otherwise(self, version: str, inside: Inside, ada: Actor) -> None:
        done(upkeep.yank_release(NAME.upper(), version, actor=ada))
        assert page(inside)[WHEEL] is True

    def test_a_file_that_is_added_to_a_yanked_release_is_yanked(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.1", reason="sour", actor=ada))
        publish(Distribution(name=NAME, version="1.1"), "sdist", actor=ada)
        assert page(inside)["gouda-1.1.tar.gz"] == "sour"

    def test_lists_show_the_newest_release_that_is_not_yanked(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.1", actor=ada))
        assert Project.objects.get().latest_version == "1.0"
        done(upkeep.yank_release(NAME, "1.0", actor=ada))
        assert Project.objects.get().latest_version == "1.1"
        done(upkeep.unyank_release(NAME, "1.0", actor=ada))
        assert Project.objects.get().latest_version == "1.0"

    @pytest.mark.parametrize(
        ("given", "kept"),
        [("  two\n lines\t", "two lines"), ("ü" * 500, "ü" * 500), ("a\u202eb", "a\\u202eb"), ("\x1b[1m", "\\x1b[1m")],
    )
    def test_a_reason_is_one_line_that_shows_everything(self, given: str, kept: str, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.0", reason=given, actor=ada))
        assert Release.objects.get(version="1.0").yanked_reason == kept

    def test_a_reason_that_is_too_long_is_refused(self, ada: Actor) -> None:
        with nothing_remains(), pytest.raises(InvalidReason) as refused:
            upkeep.yank_release(NAME, "1.0", reason="x" * 501, actor=ada)
        assert "500" in refused.value.message()


class TestDeleting:
    """GEN-3, UP-22, PRJ-010, PRJ-013"""

    def test_a_deleted_file_is_gone_at_once_and_its_name_for_ever(self, inside: Inside, ada: Actor) -> None:
        path = path_of(WHEEL)
        done(upkeep.delete_file(NAME, WHEEL, actor=ada))
        assert WHEEL not in page(inside)
        assert inside.get(path).status == inside.get(path + ".metadata").status == 404
        for what in (Distribution(name=NAME), Distribution(name=NAME, summary="Other content.")):
            with nothing_remains(), pytest.raises(FileWasDeleted):
                publish(what, actor=ada)
        assert page(inside)[SDIST] is False
        assert_proved()

    def test_a_deleted_release_is_gone_with_its_files_and_its_version(self, inside: Inside, ada: Actor) -> None:
        paths = [path_of(WHEEL), path_of(SDIST)]
        done(upkeep.delete_release(NAME, "1.0", actor=ada))
        assert list(page(inside)) == ["gouda-1.1-py3-none-any.whl"]
        assert {inside.get(path).status for path in paths} == {404}
        assert inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()["versions"] == ["1.1"]
        assert inside.get(f"/pypi/{NAME}/1.0/json").status == inside.get(f"/project/{NAME}/1.0/").status == 404
        with nothing_remains(), pytest.raises(ReleaseWasDeleted):
            publish(Distribution(name=NAME, tag="cp311-cp311-any"), actor=ada)
        with nothing_remains(), pytest.raises(ReleaseWasDeleted):
            publish(Distribution(name=NAME, version="1.0.0", tag="cp311-none-any"), actor=ada)
        assert_proved()

    def test_a_deleted_project_is_gone_from_everywhere(self, inside: Inside, ada: Actor) -> None:
        paths = [path_of(name) for name in File.objects.values_list("filename", flat=True)]
        finish_work()
        done(upkeep.delete_project(NAME, actor=ada))
        gone = [f"/simple/{NAME}/", f"/pypi/{NAME}/json", f"/project/{NAME}/", *paths]
        assert [inside.get(path).status for path in gone] == [404] * len(gone)
        for accept in (SIMPLE_JSON, "text/html"):
            for encoding in ("identity", "gzip", "br", "zstd"):
                answer = inside.get(f"/simple/{NAME}/", accept=accept, accept_encoding=encoding)
                assert answer.status == 404, "a compressed twin of the old page is left"
        finish_work()
        assert inside.get("/simple/", accept=SIMPLE_JSON).json()["projects"] == []
        assert inside.get(f"/rss/project/{NAME}/releases.xml").status == 404
        assert_proved()

    def test_a_deleted_name_is_not_given_to_others_in_any_spelling(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.delete_project(NAME, actor=ada))
        grace = create_person("grace")
        for name in (NAME, "Gouda", "GOUDA"):
            with nothing_remains(), pytest.raises(NameWasDeleted):
                publish(Distribution(name=name, version="2.0"), actor=grace)

    def test_its_owners_may_have_it_again_and_nothing_old_comes_back(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.delete_project(NAME, actor=ada))
        assert publish(Distribution(name="Gouda", version="2.0"), actor=ada).is_new
        assert list(page(inside)) == ["gouda-2.0-py3-none-any.whl"]
        assert Project.objects.get().name == "Gouda"
        with nothing_remains(), pytest.raises(FileWasDeleted):
            publish(NAME, actor=ada)
        with nothing_remains(), pytest.raises(ReleaseWasDeleted):
            publish(Distribution(name=NAME, tag="cp311-cp311-any"), actor=ada)
        assert inside.get(f"/project/{NAME}/").status == 200
        assert_proved()

    def test_maintainers_of_old_are_nobody_in_it_any_more(self, inside: Inside, ada: Actor) -> None:
        grace = create_person("grace")
        Grant.objects.create(
            project=Project.objects.get(), person_id=grace.person_id or 0, role="maintainer", created_at=clock.now()
        )
        done(upkeep.delete_project(NAME, actor=ada))
        publish(Distribution(name=NAME, version="2.0"), actor=ada)
        with nothing_remains(), pytest.raises(MayNotUpload):
            publish(Distribution(name=NAME, version="3.0"), actor=grace)

    def test_the_setting_gives_it_to_nobody(self, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        done(upkeep.delete_project(NAME, actor=ada))
        monkeypatch.setattr(steps, "CONFIG", replace(CONFIG, deleted_names="nobody"))
        with nothing_remains(), pytest.raises(NameWasDeleted):
            publish(Distribution(name=NAME, version="2.0"), actor=ada)

    def test_a_name_that_was_forbidden_since_is_forbidden_to_its_owners_too(self, ada: Actor) -> None:
        done(upkeep.delete_project(NAME, actor=ada))
        list_names_as("forbidden", [NAME], reason="It held malware.", actor=CONSOLE)
        with nothing_remains(), pytest.raises(InvalidUpload, match="invalid-upload"):
            publish(Distribution(name=NAME, version="2.0"), actor=ada)

    def test_what_is_gone_cannot_be_changed_any_more(self, ada: Actor) -> None:
        done(upkeep.delete_file(NAME, WHEEL, actor=ada))
        done(upkeep.delete_release(NAME, "1.1", actor=ada))
        calls: list[tuple[Callable[..., bool], type[Exception]]] = [
            (partial(upkeep.yank_file, NAME, WHEEL), NoSuchFile),
            (partial(upkeep.yank_file, NAME, "gouda-1.1-py3-none-any.whl"), NoSuchFile),
            (partial(upkeep.yank_release, NAME, "1.1"), NoSuchRelease),
            (partial(upkeep.delete_release, NAME, "9.9"), NoSuchRelease),
            (partial(upkeep.delete_release, NAME, "no version"), NoSuchRelease),
        ]
        for change, refusal in calls:
            with nothing_remains(), pytest.raises(refusal):
                change(actor=ada)
        done(upkeep.delete_project(NAME, actor=ada))
        for call in (
            partial(upkeep.set_project_status, NAME, "active", actor=ada),
            partial(upkeep.yank_release, NAME, "1.0", actor=SYSTEM),
        ):
            with nothing_remains(), pytest.raises(NoSuchProject):
                call()

    def test_to_delete_twice_changes_nothing(self, ada: Actor) -> None:
        for call in (
            partial(upkeep.delete_file, NAME, WHEEL, actor=ada),
            partial(upkeep.delete_release, NAME, "1.0", actor=ada),
            partial(upkeep.delete_project, NAME, actor=ada),
        ):
            done(call())
            with nothing_remains():
                assert not call()

    def test_a_release_without_files_and_a_project_without_releases_go_on(self, inside: Inside, ada: Actor) -> None:
        for filename in (WHEEL, SDIST):
            done(upkeep.delete_file(NAME, filename, actor=ada))
        assert inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()["versions"] == ["1.0", "1.1"]
        assert inside.get(f"/project/{NAME}/1.0/").status == 200
        for version in ("1.0", "1.1"):
            done(upkeep.delete_release(NAME, version, actor=ada))
        assert page(inside) == {}
        assert inside.get(f"/simple/{NAME}/").status == 200
        assert inside.get(f"/project/{NAME}/").status in {200, 404}
        assert Project.objects.get().latest_version == ""
        assert_proved()
        publish(Distribution(name=NAME, version="2.0"), actor=ada)
        assert Project.objects.get().latest_version == "2.0"
        assert_proved()

    def test_the_time_for_it_may_be_over(self, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        """DL-01"""
        publish(Distribution(name=NAME, version="2.0rc1"), actor=ada)
        monkeypatch.setattr(upkeep_steps, "CONFIG", replace(CONFIG, deletion_hours=72))
        with clock.moved(timedelta(hours=73)):
            for call in (
                partial(upkeep.delete_file, NAME, WHEEL, actor=ada),
                partial(upkeep.delete_release, NAME, "1.0", actor=ada),
                partial(upkeep.delete_project, NAME, actor=ada),
            ):
                with nothing_remains(), pytest.raises(TooLateToDelete, match="too-late-to-delete"):
                    call()
            assert upkeep.delete_release(NAME, "2.0rc1", actor=ada), "pre-releases may go at any time"
            assert upkeep.yank_release(NAME, "1.0", actor=ada)
            assert upkeep.delete_project(NAME, actor=CONSOLE), "the operator may at any time"

    def test_within_the_time_it_may_be_done(self, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upkeep_steps, "CONFIG", replace(CONFIG, deletion_hours=72))
        with clock.moved(timedelta(hours=71)):
            assert upkeep.delete_project(NAME, actor=ada)


class TestContentOfWhatIsDeleted:
    """It stays for a day, and as long as another file is the same."""

    def sweep(self, later: timedelta) -> None:
        """Let the sweeper run."""
        with clock.moved(later), outbox.claimed(outbox.JobKey("upload.sweep.sweep", "")) as claim:
            sweep.sweep(claim=claim)

    def is_kept(self, sha256: str) -> bool:
        """Tell whether the store has the content."""
        try:
            the_store().stat(keys.blob(Sha256(sha256)))
        except NoSuchBlob:
            return False
        return True

    def test_it_is_swept_after_a_day(self, ada: Actor) -> None:
        with clock.moved(timedelta(days=30)):
            done(upkeep.delete_file(NAME, SDIST, actor=ada))
        file = File.objects.get(filename=SDIST)
        self.sweep(timedelta(days=30, hours=23))
        assert self.is_kept(file.sha256), "who deleted the wrong file has a day to ask the operator"
        self.sweep(timedelta(days=31, hours=1))
        assert not self.is_kept(file.sha256)
        assert not Blob.objects.filter(sha256=file.sha256).exists()
        assert_proved()

    def test_it_stays_while_another_file_is_the_same(self, inside: Inside, ada: Actor) -> None:
        """Both wheels of 1.0 have the same metadata, so one content is shared."""
        publish(Distribution(name=NAME, tag="py2-none-any"), actor=ada)
        one, other = File.objects.get(filename=WHEEL), File.objects.get(filename="gouda-1.0-py2-none-any.whl")
        assert one.metadata_sha256 == other.metadata_sha256
        done(upkeep.delete_file(NAME, WHEEL, actor=ada))
        self.sweep(timedelta(days=40))
        assert (self.is_kept(one.sha256), self.is_kept(other.metadata_sha256)) == (False, True)
        assert inside.get(path_of(other.filename) + ".metadata").status == 200
        assert_proved()


class TestStatus:
    """PS-01 to PS-08, PRJ-020"""

    @pytest.mark.parametrize("status", ["archived", "deprecated"])
    def test_a_status_is_told_with_its_reason_and_taken_back(self, status: str, inside: Inside, ada: Actor) -> None:
        before = inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()["meta"]["_last-serial"]
        done(upkeep.set_project_status(NAME, status, reason="Eaten.", actor=ada))
        told = inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()
        assert told["project-status"] == {"status": status, "reason": "Eaten."}
        assert told["meta"]["_last-serial"] > before
        assert len(told["files"]) == 3
        done(upkeep.set_project_status(NAME, "active", reason="forgotten", actor=ada))
        told = inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()
        assert told["project-status"].get("reason") is None
        assert_proved()

    def test_an_archived_project_takes_no_uploads(self, ada: Actor) -> None:
        """PS-06"""
        done(upkeep.set_project_status(NAME, "archived", actor=ada))
        with nothing_remains(), pytest.raises(ProjectClosed):
            publish(Distribution(name=NAME, version="2.0"), actor=ada)
        done(upkeep.set_project_status(NAME, "deprecated", actor=ada))
        assert publish(Distribution(name=NAME, version="2.0"), actor=ada).is_new

    @pytest.mark.parametrize("status", ["quarantined", "deleted", "", "Archived"])
    def test_other_statuses_are_not_given(self, status: str, ada: Actor) -> None:
        for actor in (ada, CONSOLE):
            with nothing_remains(), pytest.raises(InvalidStatus):
                upkeep.set_project_status(NAME, status, actor=actor)

    def test_the_operator_frees_what_is_quarantined(self, inside: Inside, ada: Actor) -> None:
        done(upkeep.set_project_status(NAME, "archived", actor=ada))
        Project.objects.update(status="quarantined")
        done(upkeep.set_project_status(NAME, "active", actor=CONSOLE))
        assert len(page(inside)) == 3
        assert_proved()


class TestRecord:
    """What is kept of each change: PRJ-006, PRJ-019, MIR ids."""

    CHANGES: tuple[tuple[str, str, str, Callable[[Actor], bool]], ...] = (
        ("catalog.ReleaseYanked", "yank release", "1.0", lambda a: upkeep.yank_release(NAME, "1.0", actor=a)),
        ("catalog.ReleaseUnyanked", "unyank release", "1.0", lambda a: upkeep.unyank_release(NAME, "1.0", actor=a)),
        ("catalog.FileYanked", f"yank file {WHEEL}", "1.0", lambda a: upkeep.yank_file(NAME, WHEEL, actor=a)),
        ("catalog.FileUnyanked", f"unyank file {WHEEL}", "1.0", lambda a: upkeep.unyank_file(NAME, WHEEL, actor=a)),
        ("catalog.FileDeleted", f"remove file {WHEEL}", "1.0", lambda a: upkeep.delete_file(NAME, WHEEL, actor=a)),
        ("catalog.ProjectStatusChanged", "project archived", "",
         lambda a: upkeep.set_project_status(NAME, "archived", actor=a)),
        ("catalog.ReleaseDeleted", "remove release", "1.0", lambda a: upkeep.delete_release(NAME, "1.0", actor=a)),
        ("catalog.ProjectDeleted", "remove project", "", lambda a: upkeep.delete_project(NAME, actor=a)),
    )  # fmt: skip

    def test_each_change_has_its_event_its_line_in_the_journal_and_its_place_in_histories(self, ada: Actor) -> None:
        project, file = Project.objects.get(), File.objects.get(filename=WHEEL)
        for event, action, version, change in self.CHANGES:
            serial = project.serial
            done(change(ada))
            project.refresh_from_db()
            entry = JournalEntry.objects.get(serial=serial + 1)
            assert (entry.name, entry.version, entry.action, entry.username) == (NAME, version, action, "ada")
            assert project.serial == entry.serial
            for kind, subject in (("project", project.pk), ("person", ada.person_id or 0)):
                newest = list_history(kind, subject).lines[0]
                assert (newest.event, newest.username, newest.proof) == (event, "ada", "session")
            assert (list_history("file", file.pk).lines[0].event == event) is ("catalog.File" in event)

    def test_mirrors_read_the_changes(self, inside: Inside, ada: Actor) -> None:
        before = Project.objects.get().serial
        for _event, _action, _version, change in self.CHANGES:
            done(change(ada))
        body = (
            "<?xml version='1.0'?><methodCall><methodName>changelog_since_serial</methodName>"
            f"<params><param><value><int>{before}</int></value></param></params></methodCall>"
        )
        told = inside.send("POST", "/pypi", headers={"content-type": "text/xml"}, body=body.encode()).text
        assert [told.index(action) for _, action, _, _ in self.CHANGES] == sorted(
            told.index(action) for _, action, _, _ in self.CHANGES
        )

    def test_the_history_has_pages(self, ada: Actor) -> None:
        for number in range(30):
            upkeep.yank_release(NAME, "1.0", reason=str(number), actor=ada)
        first, second = (list_history("project", Project.objects.get().pk, page) for page in (1, 2))
        assert (len(first.lines), first.has_more, first.lines[0].data["reason"]) == (25, True, "29")
        assert (second.has_more, second.lines[0].data["reason"]) == (False, "4")

    def test_what_was_so_already_leaves_no_trace(self, ada: Actor) -> None:
        done(upkeep.yank_release(NAME, "1.0", reason="x", actor=ada))
        with nothing_remains():
            assert not upkeep.yank_release(NAME, "1.0", reason=" x ", actor=ada)
            assert not upkeep.unyank_release(NAME, "1.1", actor=ada)
            assert not upkeep.unyank_file(NAME, WHEEL, actor=ada)
            assert not upkeep.set_project_status(NAME, "active", reason="y", actor=ada)

    @pytest.mark.parametrize("place", [0, 2, 4, 5, 6, 7])
    def test_nothing_is_kept_of_what_was_broken_off(self, place: int, ada: Actor) -> None:
        """LOG-1"""

        def break_off(execute: Callable[..., object], sql: str, *more: object) -> object:
            if sql.startswith('INSERT INTO "journal"'):
                raise ZeroDivisionError
            return execute(sql, *more)

        _event, _action, _version, change = self.CHANGES[place]
        with nothing_remains(), connection.execute_wrapper(break_off), pytest.raises(ZeroDivisionError):
            change(ada)
