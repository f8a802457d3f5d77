"""
Log lines: for people or as JSON, with the id of the request, never with a secret.

Free of Django, because the read path logs before Django is there.
"""

import json
import logging
import logging.config
import re
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")

_IS = r"""['"]?\s{0,2}[:=,]\s{0,2}(?:b(?=['"]))?['"]?"""
"""What stands between a name and its value: in headers, in JSON, in Python's repr of a dict or of ASGI's headers."""
_SECRETS = re.compile(
    r"(creamery-[A-Za-z0-9_-]{8})[A-Za-z0-9_=-]{16,}"  # API tokens
    r"|(X190b2tlbl9fO)[A-Za-z0-9+/=]{8,}"  # "__token__:" and what follows, in base64 as Basic credentials have it
    rf"|((?:authorization|password|secret){_IS}(?:basic |bearer |token )?)[^\s,'\"}}]{{4,}}"
    rf"|(cookie{_IS})[^\r\n'\"}}]{{4,}}"
    r"|(://[^/\s:@]+:)[^/\s@]+(?=@)",  # passwords in addresses
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """
    Take secrets out of a text.

    >>> mask("Authorization: Basic dXNlcjpwYXNz")
    'Authorization: Basic ***'
    """
    return _SECRETS.sub(lambda found: f"{found[found.lastindex or 0]}***", text)


def _on_one_line(message: str) -> str:
    """Show what would start a new line, which could be forged, or what a terminal would obey."""
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


class HumanFormatter(logging.Formatter):
    """Lines for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, request, message and, if there is one, the traceback."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment} {record.levelname.lower():7} {REQUEST_ID.get()} {record.name}: {_on_one_line(record.getMessage())}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return mask(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the same facts as fields; a line break in a message cannot start a new line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": REQUEST_ID.get(),
            "message": mask(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(log_format: str, level: str) -> None:
    """Send all log lines to standard error in one format."""
    formatter = HumanFormatter if log_format == "human" else JsonFormatter
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            "loggers": {
                "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
                "django.request": {"level": "ERROR"},
                # At debug level it writes whole contexts, with whatever a page is made from.
                "django.template": {"level": "INFO"},
                "botocore": {"level": "WARNING"},
                "boto3": {"level": "WARNING"},
            },
        }
    )
