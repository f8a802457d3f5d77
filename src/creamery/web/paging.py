"""Which page of a list the address asks for."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from creamery.kernel.refusals import Invalid


class BadPage(Invalid):
    """The number of a page that cannot be one."""

    code = "bad-page"
    sentence = _("The number of the page must be a whole number from 1.")


def read_page(request: HttpRequest) -> int:
    """
    Read `?page=`, which counts from 1.

    Raises:
        BadPage: it is no such number.
    """
    page = request.GET.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) <= 6 and int(page) > 0):
        raise BadPage
    return int(page)
