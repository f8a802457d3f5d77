"""The code of a link, which a letter gets when it is sent."""

from django import template

from creamery.accounts.links import write_code

register = template.Library()


@register.filter
def as_code(number: str) -> str:
    """Write the code of the link with this number."""
    return write_code(number)
