"""Facts that the program keeps about itself."""

from creamery.kernel.models import Note


def find_note(name: str) -> str | None:
    """Read a note."""
    return Note.objects.filter(name=name).values_list("value", flat=True).first()


def write_note(name: str, value: str) -> None:
    """Write a note, replacing an older one."""
    Note.objects.update_or_create(name=name, defaults={"value": value})


def remove_note(name: str, value: str) -> bool:
    """Remove a note if it still says this; True for the one caller who removed it."""
    return bool(Note.objects.filter(name=name, value=value).delete()[0])
