"""
How to reach a project: e-mail addresses, links and their labels, and the one line that says what it is.

Source: PyPA specifications, "Core metadata specifications"; RFC 5322; RFC 3986; PEP 753.
"""

import ipaddress
import re
from collections.abc import Iterator
from email.utils import getaddresses
from urllib.parse import urlsplit

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.policy import Policy
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on

LONGEST_SUMMARY = 512
LONGEST_LABEL = 32
LONGEST_CONTACT = 4_000
"""Values beyond are not parsed: nobody has so many addresses, and parsers take long for them."""

_SOURCE = "PyPA specifications, 'Core metadata specifications'"
_MAILBOX = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@(?P<domain>[^\s@]{1,253})\Z")
_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.IGNORECASE | re.ASCII)


def rule_on_summary(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find a summary that is longer than a line; one of several lines is refused when the metadata is read.

    Ids: MD-05, UPL-022.
    """
    if len(metadata.summary) > LONGEST_SUMMARY:
        rule, remedy = N_("A summary has at most {limit} characters."), N_("Move the rest into the description.")
        answer = policy.long_summaries
        yield rule_on(
            answer, "summary-too-long", "Summary", metadata.summary, rule, remedy, _SOURCE, limit=LONGEST_SUMMARY
        )


def rule_on_addresses(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find e-mail fields without an address in them, or with one that cannot be one.

    Ids: MD-10, UPL-023.
    """
    for field, value in (("Author-email", metadata.author_email), ("Maintainer-email", metadata.maintainer_email)):
        if value and not has_addresses(value):
            rule = N_("This is no list of e-mail addresses, with names if need be.")
            remedy = N_("Write it like 'Ada Example <ada@idx.example>, bob@idx.example'.")
            yield rule_on(policy.loose_contacts, "invalid-email", field, value, rule, remedy, _SOURCE)


def has_addresses(text: str) -> bool:
    """
    Say whether a field holds at least one e-mail address, and none that cannot be one.

    >>> has_addresses("Ada Example <ada@idx.example>, bob@idx.example")
    True
    >>> has_addresses("ada at idx.example")
    False
    """
    if len(text) > LONGEST_CONTACT:
        return False
    found = [address for _, address in getaddresses([text]) if "@" in address]
    return bool(found) and all(map(_is_mailbox, found))


def _is_mailbox(address: str) -> bool:
    match = _MAILBOX.match(address)
    if match is None or address.startswith(".") or ".." in address:
        return False
    return _is_host(match["domain"])


def rule_on_links(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find links that are none, and labels that are too long.

    Ids: MD-10, WU-04, UPL-025.
    """
    links = [("Home-page", metadata.home_page), ("Download-URL", metadata.download_url)]
    links += [("Project-URL", url) for _, url in metadata.project_urls]
    for field, url in links:
        if url and not is_web_address(url):
            rule = N_("This is no address of the web.")
            remedy = N_("Write it with its scheme, like 'https://docs.example/start'.")
            yield rule_on(policy.loose_contacts, "invalid-url", field, url, rule, remedy, _SOURCE)
    for label, _ in metadata.project_urls:
        if len(label) > LONGEST_LABEL:
            rule, remedy = N_("The label of a link has at most {limit} characters."), N_("Shorten it.")
            answer = policy.loose_contacts
            yield rule_on(answer, "label-too-long", "Project-URL", label, rule, remedy, _SOURCE, limit=LONGEST_LABEL)


def is_web_address(text: str) -> bool:
    """
    Say whether a text is an http or https address with a host.

    >>> is_web_address("https://docs.example/start"), is_web_address("www.docs.example"), is_web_address("javascript:a")
    (True, False, False)
    """
    if len(text) > LONGEST_CONTACT or any(character <= " " or character == "\x7f" for character in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and port != 0 and _is_host(parts.hostname or "")


def _is_host(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    if not host.isascii():
        # An international name is checked for its length and its dots; whether it is registrable changes every year.
        return 0 < len(host) <= 253 and all(host.rstrip(".").split("."))
    return len(host) <= 253 and all(_HOST_LABEL.match(label) for label in host.rstrip(".").split("."))
