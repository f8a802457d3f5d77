"""Tables of names."""

from typing import ClassVar

from django.db import models


class ListedName(models.Model):
    """
    A project name on one of the operator's lists. Lists are for all indexes here.

    `forbidden` may not become a project. `allowed` may, whatever the rules about names say. `popular` is one that others
    must not be mistaken for.
    """

    LISTS: ClassVar[list[str]] = ["forbidden", "allowed", "popular"]

    list_name = models.CharField(max_length=12, choices=[(name, name) for name in LISTS])
    normalized_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "listed_name"
        constraints = [
            models.UniqueConstraint(fields=["normalized_name", "list_name"], name="listed_name_once_per_list")
        ]

    def __str__(self) -> str:
        return self.normalized_name


class PopularKey(models.Model):
    """A key of a popular name: names that resemble each other share one (see spec.look_alikes.list_keys)."""

    name = models.ForeignKey(ListedName, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=210)

    class Meta:
        db_table = "popular_key"
        indexes = [models.Index(fields=["key"], name="popular_key_by_key")]
