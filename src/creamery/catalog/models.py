"""Tables of what the index holds."""

from typing import ClassVar

from django.db import models

from creamery.accounts.models import Person

DEFAULT_INDEX = "default"
HIDDEN_STATUSES = ("quarantined", "deleted", "held")
"""
Statuses of projects that readers are told nothing of. `deleted` and `held` are no statuses of PEP 792 and never leave the
record: a project is held from its first file on until the staff has decided about its name.
"""


class Index(models.Model):
    """
    A place that projects belong to. The default one is served at `/simple/`.

    The counts are those of what readers can see, kept by `counting.count_project`.
    """

    name = models.CharField(max_length=60, unique=True)
    place = models.CharField(max_length=130, unique=True)
    policy = models.CharField(max_length=10, choices=[("open", "open"), ("public", "public")], default="open")
    created_at = models.DateTimeField()
    project_count = models.BigIntegerField(db_default=0)
    release_count = models.BigIntegerField(db_default=0)
    file_count = models.BigIntegerField(db_default=0)
    size_bytes = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "package_index"

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    """Filters over projects."""

    def shown(self) -> "ProjectQuerySet":
        """Keep those that readers may know of."""
        return self.exclude(status__in=HIDDEN_STATUSES)


class Project(models.Model):
    """
    A name inside an index, and what was published under it. The row of a deleted one stays for ever, and keeps the name.

    `name` is as first written, `normalized_name` decides. `folded_name` is the same for names that look alike. `serial` is that of the last change that readers can see.
    `latest_version`, `summary` and `updated_at` repeat facts of the latest release, for lists.
    """

    index = models.ForeignKey(Index, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=200)
    normalized_name = models.CharField(max_length=200)
    folded_name = models.CharField(max_length=200, db_default="")
    status = models.CharField(max_length=12, default="active")
    status_reason = models.CharField(max_length=500, blank=True)
    serial = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    latest_version = models.CharField(max_length=200, blank=True)
    summary = models.CharField(max_length=512, blank=True)
    release_count = models.BigIntegerField(db_default=0)
    file_count = models.BigIntegerField(db_default=0)
    size_bytes = models.BigIntegerField(db_default=0)

    objects: ClassVar[models.Manager["Project"]] = ProjectQuerySet.as_manager()

    class Meta:
        db_table = "project"
        constraints = [models.UniqueConstraint(fields=["index", "normalized_name"], name="project_name_once_per_index")]
        indexes = [
            models.Index(fields=["index", "-updated_at"], name="project_recently_updated"),
            models.Index(fields=["index", "serial"], name="project_serial"),
            models.Index(fields=["index", "folded_name"], name="project_look_alike"),
        ]

    def __str__(self) -> str:
        return self.name


class PresentReleases(models.Manager["Release"]):
    """Releases without the deleted ones."""

    def get_queryset(self) -> models.QuerySet["Release"]:
        """Leave the deleted ones out."""
        return super().get_queryset().filter(deleted_at=None)


class Release(models.Model):
    """
    A version of a project. The row of a deleted one stays for ever, so that its version never means something else.

    Whoever asks `objects` never meets a deleted one: to forget that would show it again. `every` has them all.

    `version` is normalised, `canonical_version` (no trailing zeros) decides whether two are the same. `metadata` is that of
    the release's first file, without the description.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=200)
    canonical_version = models.CharField(max_length=200)
    is_prerelease = models.BooleanField()
    metadata = models.JSONField()
    description = models.TextField(blank=True)
    created_at = models.DateTimeField()
    yanked = models.BooleanField(default=False)
    yanked_reason = models.CharField(max_length=500, blank=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[PresentReleases] = PresentReleases()
    every: ClassVar[models.Manager["Release"]] = models.Manager()

    class Meta:
        db_table = "release"
        constraints = [
            models.UniqueConstraint(fields=["project", "canonical_version"], name="release_version_once_per_project")
        ]

    def __str__(self) -> str:
        return self.version


class Blob(models.Model):
    """
    Content in the store, by digest. The row exists before the content is put.

    `live` may be referred to; `sweeping` is being removed, and is put again once its row is gone. `used_at` is touched by
    whoever is about to refer to it, which is what keeps the sweeper off (see actions.sweep_blobs).
    """

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=[("live", "live"), ("sweeping", "sweeping")], default="live")
    used_at = models.DateTimeField()

    class Meta:
        db_table = "blob"
        indexes = [models.Index(fields=["used_at"], name="blob_used")]


class FileQuerySet(models.QuerySet["File"]):
    """Filters over files."""

    def servable(self) -> "FileQuerySet":
        """Keep what readers may have."""
        return self.filter(state="live")


class File(models.Model):
    """
    A distribution file. Its row stays for ever, so that its name is never used for other content.

    A deleted one refers to no content any more. `serial` is that of the last change to whether the file may be served.
    """

    STATES: ClassVar[list[str]] = ["live", "held", "staged", "quarantined", "deleted"]

    index = models.ForeignKey(Index, on_delete=models.PROTECT, related_name="files")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="files")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files", null=True)
    metadata_blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="metadata_of", null=True)
    filename = models.CharField(max_length=255)
    identity = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    python_version = models.CharField(max_length=60)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    blake2b_256 = models.CharField(max_length=64)
    metadata_sha256 = models.CharField(max_length=64)
    requires_python = models.CharField(max_length=400, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True)
    state = models.CharField(max_length=12, choices=[(s, s) for s in STATES], default="live")
    yanked = models.BooleanField(default=False)
    yanked_reason = models.CharField(max_length=500, blank=True)
    serial = models.BigIntegerField()

    objects: ClassVar[models.Manager["File"]] = FileQuerySet.as_manager()

    class Meta:
        db_table = "file"
        constraints = [
            models.UniqueConstraint(fields=["index", "filename"], name="file_name_once_per_index"),
            models.UniqueConstraint(fields=["index", "identity"], name="file_identity_once_per_index"),
        ]
        indexes = [models.Index(fields=["project", "serial"], name="file_changes_of_project")]

    def __str__(self) -> str:
        return self.filename


class Grant(models.Model):
    """What a person may do with a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="grants")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=12, choices=[(r, r) for r in ("owner", "maintainer", "publisher")])
    created_at = models.DateTimeField()

    class Meta:
        db_table = "project_grant"
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="grant_once_per_person")]


class LimitOverride(models.Model):
    """A limit that the operator has set for one project or one person instead of the setting; 0 is no limit."""

    KINDS: ClassVar[list[str]] = ["file-bytes", "project-bytes", "new-projects"]

    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True)
    value = models.BigIntegerField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "limit_override"
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="limit_once_per_project"),
            models.UniqueConstraint(fields=["person", "kind"], name="limit_once_per_person"),
        ]

    def __str__(self) -> str:
        return self.kind


class JournalEntry(models.Model):
    """One change that a mirror has to know of. Serials are in commit order and without gaps."""

    serial = models.BigIntegerField(primary_key=True)
    index = models.ForeignKey(Index, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=400)
    at = models.DateTimeField()
    username = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "journal"


class Serial(models.Model):
    """The one row that holds the last serial."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    n = models.BigIntegerField()

    class Meta:
        db_table = "serial"
