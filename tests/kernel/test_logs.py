"""Log lines: one line each, with the request's id, never with a secret."""

import base64
import json
import logging

import pytest

from creamery.kernel.logs import HumanFormatter, JsonFormatter, mask

TOKEN = "creamery-AgEQaHR0cDovL2lkeC5leGFtcGxlAjcxLmEuMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYu"
BASIC = base64.b64encode(f"__token__:{TOKEN}".encode()).decode()
SECRETS = [
    TOKEN,
    f"token={TOKEN}&x=y",
    f"Authorization: Basic {BASIC}",
    f"authorization: bearer {TOKEN}",
    f"{{'Authorization': 'Basic {BASIC}'}}",
    f"[(b'authorization', b'Basic {BASIC}'), (b'accept', b'*/*')]",
    f"refused {BASIC} as credentials",
    "Cookie: session=0123456789abcdef0123456789abcdef",
    "postgres://ada:0123456789abcdef@db.example/index",
    '{"password": "0123456789abcdef"}',
    "password=0123456789abcdef",
    "secret: 0123456789abcdef",
]


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    """Make a record as the logging module does."""
    raised = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("creamery", logging.INFO, __file__, 1, message, args, raised)


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("formatter", [HumanFormatter(), JsonFormatter()], ids=["human", "json"])
def test_a_secret_is_masked_in_messages_and_tracebacks(text: str, formatter: logging.Formatter) -> None:
    """AUD-20"""
    try:
        raise ValueError(text)
    except ValueError as error:
        line = formatter.format(record("It said %s", text, error=error))
    assert "***" in line
    for secret in (TOKEN[24:], BASIC[16:], "0123456789abcdef"):
        assert secret not in line


@pytest.mark.parametrize(
    "text", ["GET /simple/secret-santa/ 200", "creamery-1.0-py3-none-any.whl", "https://idx.example:8000/x@y", "token"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("text", ["a\n2026-01-01 forged", "a\r\nb", "a\x1b[31mb", "a\x00b", "a\u2028b"])
@pytest.mark.parametrize("formatter", [HumanFormatter(), JsonFormatter()], ids=["human", "json"])
def test_a_message_stays_one_line_that_a_terminal_does_not_obey(text: str, formatter: logging.Formatter) -> None:
    line = formatter.format(record("GET %s", text))
    assert not {"\n", "\r", "\x1b", "\x00"} & set(line)


def test_a_traceback_keeps_its_lines_for_people() -> None:
    try:
        raise ValueError("x")
    except ValueError as error:
        line = HumanFormatter().format(record("It broke", error=error))
    assert len(line.splitlines()) > 2
    assert line.endswith("ValueError: x")


def test_a_json_line_has_what_machines_look_for() -> None:
    told = json.loads(JsonFormatter().format(record("ü %d", 7)))
    assert (told["message"], told["level"], told["logger"], told["request_id"]) == ("ü 7", "info", "creamery", "-")
    assert told["at"].endswith("+00:00")
