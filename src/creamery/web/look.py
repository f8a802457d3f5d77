"""What every page needs to know: where this index is, and under which addresses its stylesheet and icons lie."""

import hashlib
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.templatetags.static import static


def context(_request: HttpRequest) -> dict[str, str]:
    """
    Give every template the addresses of this index.

    They come from the public URL that the operator set, never from the Host header, which anybody may choose.
    Needs no database: the error page for 500 uses it too.
    """
    public_url = str(settings.CONFIG.public_url)
    return {
        "public_url": f"{public_url}/",
        "public_host": urlsplit(public_url).netloc,
        "simple_url": f"{public_url}/simple/",
        "upload_url": f"{public_url}/legacy/",
    }


def find_asset_url(path: str) -> str:
    """
    Say where a static file lies, with its content's hash in the address.

    Browsers keep static files for a year; the hash makes a changed file a new address.

    Raises:
        FileNotFoundError: no application has a static file at this path.
    """
    return f"{static(path)}?v={_digest_asset(path)}"


@lru_cache(maxsize=64)
def _digest_asset(path: str) -> str:
    found = finders.find(path)
    if not found:
        raise FileNotFoundError(path)
    return hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:12]
