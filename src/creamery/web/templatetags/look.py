"""Template words for the look: assets, icons, copy buttons, dates, and text that cannot play tricks."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from creamery.web.icons import ICONS
from creamery.web.look import find_asset_url

register = template.Library()


@register.simple_tag
def asset(path: str) -> str:
    """Give the address of a static file of ours."""
    return find_asset_url(f"creamery/{path}")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon. It is decoration, hidden from assistive technology: the words stand beside it."""
    shape = SafeString(ICONS[name])  # Our own constants, see icons.py.
    return format_html('<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">{}</svg>', shape)


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """Write a date in the reader's language, with the exact moment in UTC for machines and for those who hover."""
    if moment is None:
        return SafeString("")
    exact = timezone.localtime(moment, timezone.get_default_timezone())
    shown = date_format(exact, "DATE_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S} UTC", shown
    )


@register.simple_tag
def moment(value: datetime) -> SafeString:
    """Write a moment to the minute, in UTC, for lists in which the order of things matters."""
    exact = timezone.localtime(value, timezone.get_default_timezone())
    shown = f"{date_format(exact, 'DATE_FORMAT')}, {exact:%H:%M} UTC"
    return format_html('<time datetime="{}">{}</time>', exact.isoformat(), shown)


@register.filter
def unmask(text: object) -> SafeString:
    """
    Escape text of strangers, and show the characters in it that would change how the rest reads.

    Bidirectional controls can make `evil` read as `live`, characters without width make two names look like one.
    Source: security.md CNT-4; Unicode TR 36.
    """
    return format_html_join("", "{}", ((_shown(character),) for character in str(text)))


@register.filter
def breakable(text: object) -> SafeString:
    """Let a long name break after its `-`, `_`, `.` and `+`, without a character that copying would pick up."""
    parts = re.split(r"(?<=[-_.+,])(?=\w)", str(text))
    return format_html_join(SafeString("<wbr>"), "{}", ((unmask(part),) for part in parts))


@register.inclusion_tag("parts/copy.html")
def copy_button(source_id: str, what: str) -> dict[str, str]:
    """Make a button that copies the text of the element with this id; `what` completes "Copy ..." for the ear."""
    return {"source_id": source_id, "what": what}


@register.inclusion_tag("parts/board.html")
def command_board(board_id: str, legend: str, commands: Sequence[Any]) -> dict[str, Any]:
    """Make a board with one tab for each command (`tool`, `text`). `board_id` is its own on the page."""
    return {"board_id": board_id, "legend": legend, "commands": commands}


def _shown(character: str) -> str | SafeString:
    hidden = (
        unicodedata.category(character) in {"Cf", "Cc", "Zl", "Zp", "Co", "Cn"}
        and character not in "\t\n\r\u200c\u200d"
    )
    if not hidden:
        return character
    name = f"U+{ord(character):04X}"
    return format_html('<span class="odd-character" title="{}">{}</span>', unicodedata.name(character, name), name)
