"""Asking a server many times: wrk as the load, figures from both sides."""

import http.client
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.machine import LOAD_CORE, cpu_seconds, find_program, on_core

_TELL = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("TOLD %d %d %d %d %d %f %f\\n", summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
"""


class WrongAnswer(RuntimeError):
    """A server did not answer as the measure needs it; figures of wrong answers say nothing."""


@dataclass(frozen=True, slots=True)
class Address:
    """What is asked of one server: an address with headers, and the status that is the right answer."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back once."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(address: Address) -> Answer:
    """
    Ask once.

    Raises:
        WrongAnswer: another status than the right one.
    """
    parts = urlsplit(address.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}".rstrip("?"), headers=dict(address.headers))
        response = connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
    finally:
        connection.close()
    if answer.status != address.status:
        raise WrongAnswer(f"{address.url} answers {answer.status} instead of {address.status}.")
    return answer


def press(address: Address, pid: int, folder: Path, *, connections: int, seconds: float) -> dict[str, float]:
    """
    Ask over and over on some connections, and say what it cost the server with this process id.

    Raises:
        WrongAnswer: an answer had an error's status, or there was none at all.
    """
    script = folder / "tell.lua"
    script.write_text(_TELL)
    command: list[str | Path] = [
        find_program("wrk", "wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "--timeout",
        "30s",
        "-s",
        script,
    ]
    for name, value in address.headers.items():
        command += ["-H", f"{name}: {value}"]
    used_before = cpu_seconds(pid)
    with on_core(LOAD_CORE):
        done = subprocess.run([*command, address.url], capture_output=True, text=True, check=True, timeout=seconds + 60)
    used_seconds = cpu_seconds(pid) - used_before
    told = next(line for line in done.stdout.splitlines() if line.startswith("TOLD")).split()[1:]
    requests, microseconds, size_bytes, broken, wrong = (int(word) for word in told[:5])
    if wrong or broken or not size_bytes:
        raise WrongAnswer(f"{address.url}: {requests} answers, {wrong} of them errors, {broken} broken connections.")
    return {
        "cpu_us": used_seconds * 1e6 / max(requests, 1),
        "per_second": requests / (microseconds / 1e6),
        "mb_per_second": size_bytes / microseconds,
        "cpu_ms_per_mb": used_seconds * 1e9 / size_bytes,
        "p50_ms": float(told[5]) / 1000,
        "p99_ms": float(told[6]) / 1000,
    }
