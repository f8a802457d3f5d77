"""What is answered to programs: JSON or text, as asked; refusals with their reason phrase."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creamery.kernel.refusals import Refusal, problem_text

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to one request."""

    status: int
    body: bytes
    content_type: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    reason: bytes | None = None

    def start(self, *more: tuple[bytes, bytes]) -> dict[str, Any]:
        """Make the ASGI message that begins the answer."""
        headers: Headers = [
            (b"content-type", self.content_type),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *self.headers,
            *more,
        ]
        message: dict[str, Any] = {"type": "http.response.start", "status": self.status, "headers": headers}
        if self.reason is not None:
            message["reason"] = self.reason
        return message


def wants_json(accept: str) -> bool:
    """
    Tell whether JSON is what the client asks for; text is for those that do not say, as twine, poetry and pdm.

    Source: standards.md UP-32, UP-33.
    """
    best_json, best_text = 0.0, 0.0
    for part in accept.split(","):
        kind, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        kind = kind.strip().lower()
        if kind in {"application/json", "application/problem+json", "application/*"}:
            best_json = max(best_json, weight)
        elif kind in {"text/plain", "text/*", "*/*"}:
            best_text = max(best_text, weight)
    return best_json > best_text


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def say(status: int, told: Mapping[str, Any], text: str, *, as_json: bool) -> Answer:
    """Answer with JSON or with text that says the same."""
    if as_json:
        return Answer(status, json.dumps(told, ensure_ascii=False).encode(), b"application/json")
    return Answer(status, (text + "\n").encode(), b"text/plain; charset=utf-8")


def refuse(refusal: Refusal, *, as_json: bool) -> Answer:
    """Answer a refusal: status, reason phrase, and a body that names field, value, rule and remedy of each problem."""
    headers: Headers = []
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="Creamery", charset="UTF-8"'))
    if refusal.retry_after_seconds:
        headers.append((b"retry-after", str(refusal.retry_after_seconds).encode()))
    answer = say(refusal.status, refusal.as_json(), _as_lines(refusal), as_json=as_json)
    return Answer(answer.status, answer.body, answer.content_type, tuple(headers), refusal.reason())


def _as_lines(refusal: Refusal) -> str:
    warnings = (f"warning: {problem_text(problem)}" for problem in refusal.warnings)
    return "\n".join(line for line in (refusal.headline(), *map(problem_text, refusal.problems), *warnings) if line)
