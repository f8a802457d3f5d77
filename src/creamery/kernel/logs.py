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

_SECRETS = re.compile(
    r"(creamery-[A-Za-z0-9_-]{8})[A-Za-z0-9_=-]{16,}"  # API tokens
    r"|((?:authorization|password|secret|cookie)\W{1,4}(?:basic |bearer |token )?)[^\s,'\"}]{4,}"
    r"|(://[^/\s:@]+:)[^/\s@]+(?=@)",  # passwords in addresses
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """
    Take secrets out of a text.

    >>> mask("Authorization: Basic dXNlcjpwYXNz")
    'Authorization: Basic ***'
    """
    return _SECRETS.sub(lambda found: (found[1] or found[2] or found[3]) + "***", text)


class HumanFormatter(logging.Formatter):
    """Lines for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, request, message and, if there is one, the traceback."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment} {record.levelname.lower():7} {REQUEST_ID.get()} {record.name}: {record.getMessage()}"
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
                "botocore": {"level": "WARNING"},
                "boto3": {"level": "WARNING"},
            },
        }
    )
