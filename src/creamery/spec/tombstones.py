"""
What stands where the page of a deleted project stood.

It answers 404, and is there all the same: a name that was ours is never asked for at another index, where somebody else
could have it. Its serial keeps an older page from being written over it.
"""

import re

from creamery.spec.simple import API_VERSION

_JSON = re.compile(rb'\{"meta":\{"_last-serial":\d+,"api-version":"[0-9.]+"\},"gone":true\}\Z')
_HTML = re.compile(rb"<!DOCTYPE html><title>Gone</title><!--GONE-->\n<!--SERIAL \d+-->\n\Z")
LONGEST_BYTES = 120


def tombstone_json(serial: int) -> bytes:
    """
    Write what stands instead of a page in JSON.

    >>> tombstone_json(7)
    b'{"meta":{"_last-serial":7,"api-version":"1.4"},"gone":true}'
    """
    return b'{"meta":{"_last-serial":%d,"api-version":"%b"},"gone":true}' % (serial, API_VERSION.encode())


def tombstone_html(serial: int) -> bytes:
    """Write what stands instead of a page in HTML."""
    return b"<!DOCTYPE html><title>Gone</title><!--GONE-->\n<!--SERIAL %d-->\n" % serial


def is_tombstone(document: bytes) -> bool:
    r"""
    Tell a tombstone from a page, without looking at more than its first bytes.

    >>> is_tombstone(tombstone_json(2**62)), is_tombstone(tombstone_html(7))
    (True, True)
    >>> is_tombstone(b'{"meta":{"_last-serial":7,"api-version":"1.4"},"name":"gone"}')
    False
    """
    return len(document) <= LONGEST_BYTES and (_JSON.match(document) or _HTML.match(document)) is not None
