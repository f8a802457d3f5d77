"""What an operator reads when a start cannot work: one sentence that names what to mend, and exit code 2."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.processes import end
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.only_on("sqlite")
CLOSED = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("CREAMERY_STORAGE_URL", "file://folder", "three slashes"),
        ("CREAMERY_STORAGE_URL", f"s3://key:a-secret-word@packages?endpoint=http://{CLOSED}", "Could not connect"),
        ("CREAMERY_DATABASE_URL", f"postgres://ada:a-secret-word@{CLOSED}/x", "Connection refused"),
        ("CREAMERY_PORT", "many", "whole number"),
        ("CREAMERY_COLOUR", "blue", "Known are"),
    ],
)
def test_a_setting_that_cannot_work_is_one_sentence(variable: str, value: str, named: str, tmp_path: Path) -> None:
    index = RunningIndex(tmp_path)
    index.environment[variable] = value
    done = index.command("serve", *([] if variable == "CREAMERY_PORT" else ["--port", str(index.port)]))
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert variable in done.stderr
    assert named in done.stderr
    assert "a-secret-word" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_ctrl_c_is_no_failure(start_index: Callable[..., RunningIndex]) -> None:
    index = start_index()
    assert index.process is not None
    assert end(index.process, signal_number=signal.SIGINT) == 0
    index.process = None
    assert "Aborted" not in index.log.read_text()


def test_another_server_on_the_folder_is_named(start_index: Callable[..., RunningIndex]) -> None:
    index = start_index()
    assert index.process is not None
    done = index.command("serve", "--port", "1")
    assert done.exit_code == 2
    assert f"process {index.process.pid}" in done.stderr


def test_a_port_in_use_is_named(start_index: Callable[..., RunningIndex], tmp_path: Path) -> None:
    busy = start_index()
    done = RunningIndex(tmp_path).command("serve", "--port", str(busy.port))
    assert done.exit_code == 2
    assert f"port {busy.port}" in done.stderr
    assert "--port" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = RunningIndex(tmp_path)
    done = index.command("serve", "--data", str(tmp_path / "file" / "data"))
    assert done.exit_code == 2
    assert str(tmp_path / "file" / "data") in done.stderr
