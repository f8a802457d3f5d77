"""
Real pip, uv and twine, as a person would run them against an index.

Each has an empty home, an empty cache and no configuration, so that nothing of this machine leaks in: what they
install can only come from the index.
"""

import sys
from pathlib import Path

from tests.real.processes import Finished, plain_environment, run

BIN = Path(sys.executable).parent


class Clients:
    """The clients of one person, pointed at one index."""

    def __init__(self, url: str, folder: Path) -> None:
        """Prepare homes and caches below `folder`; `url` is the index's public address without a final slash."""
        self.simple_url = f"{url}/simple/"
        self.upload_url = f"{url}/legacy/"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._environment = plain_environment(
            folder,
            PIP_CONFIG_FILE="/dev/null",
            PIP_CACHE_DIR=str(folder / "pip-cache"),
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            PIP_NO_INPUT="1",
            UV_NO_CONFIG="1",
            UV_CACHE_DIR=str(folder / "uv-cache"),
            UV_PYTHON_DOWNLOADS="never",
            PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
        )

    def create_environment(self, name: str = "env") -> Path:
        """Create an empty virtual environment. Returns its interpreter."""
        target = self.folder / name
        done = self._run("uv", "venv", "--quiet", "--python", sys.executable, target)
        assert done.exit_code == 0, done
        return target / "bin" / "python"

    def pip(self, *words: str | Path, python: Path | None = None) -> Finished:
        """Run pip on the index: `pip("install", "name", python=...)`, `pip("download", ...)`, `pip("index", ...)`."""
        interpreter = ("--python", python) if python is not None else ()
        return self._run("pip", *interpreter, *words, "--index-url", self.simple_url)

    def uv_pip(self, *words: str | Path, python: Path) -> Finished:
        """Run uv's pip on the index: `uv_pip("install", "name", python=...)`."""
        verb, *rest = words
        return self._run("uv", "pip", verb, "--python", python, "--default-index", self.simple_url, *rest)

    def twine_upload(self, token: str, *words: str | Path) -> Finished:
        """Run `twine upload` with an API token; `words` are files and more options."""
        account = ("--username", "__token__", "--password", token)
        options = ("--non-interactive", "--disable-progress-bar", "--verbose", "--repository-url", self.upload_url)
        return self._run("twine", "upload", *options, *account, *words)

    def uv_publish(self, token: str, *words: str | Path, check: bool = False) -> Finished:
        """Run `uv publish` with an API token; with `check` it looks first whether the files are there already."""
        options = ("--publish-url", self.upload_url, "--token", token, "--trusted-publishing", "never")
        check_url = ("--check-url", self.simple_url) if check else ()
        return self._run("uv", "publish", *options, *check_url, *words)

    def twine_check(self, *words: str | Path) -> Finished:
        """Run `twine check` on files."""
        return self._run("twine", "check", *words)

    def pip_show_files(self, project: str, *, python: Path) -> set[str]:
        """List the files of an installed project, as its RECORD names them."""
        done = self._run("pip", "--python", python, "show", "--files", project)
        assert done.exit_code == 0, done
        return {line.strip() for line in done.stdout.split("Files:\n", 1)[1].splitlines()}

    def import_version(self, python: Path, module: str) -> str:
        """Import an installed module and read its `__version__`."""
        done = run(
            [python, "-I", "-c", f"import {module}; print({module}.__version__)"],
            environment=self._environment,
            folder=self.folder,
        )
        assert done.exit_code == 0, done
        return done.stdout.strip()

    def _run(self, program: str, *words: str | Path) -> Finished:
        return run([BIN / program, *words], environment=self._environment, folder=self.folder)
