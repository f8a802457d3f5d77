"""Old pip, poetry, pdm and hatch, as a person would run them against an index; see client_tools for where they come from."""

from pathlib import Path

from tests.real.client_tools import CLIENTS, OLD_PIP, find_programs
from tests.real.clients import Clients
from tests.real.processes import Finished, run

POETRY_PROJECT = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11,<4"
dependencies = {requirements}
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "ours"
url = "{simple_url}"
priority = "primary"
"""
PDM_PROJECT = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = {requirements}
[tool.pdm]
distribution = false
[[tool.pdm.source]]
name = "pypi"
url = "{simple_url}"
[tool.pdm.resolution]
respect-source-order = true
"""
QUIET = {
    "POETRY_VIRTUALENVS_IN_PROJECT": "1",
    "POETRY_NO_INTERACTION": "1",
    "POETRY_KEYRING_ENABLED": "0",
    "PDM_CHECK_UPDATE": "0",
    "PDM_IGNORE_ACTIVE_VENV": "1",
    "HATCH_INTERACTIVE": "0",
}


class OtherClients(Clients):
    """The same person's other clients, each with an empty home and cache."""

    def __init__(self, url: str, folder: Path) -> None:
        """Prepare homes and caches below `folder`; `url` is the index's public address without a final slash."""
        super().__init__(url, folder)
        self._environment |= QUIET

    def old_pip(self, *words: str | Path) -> Finished:
        """Run pip 20.3, which reads HTML and no metadata beside wheels: `old_pip("install", "--target", ..., "name")`."""
        command = [
            find_programs(OLD_PIP) / "python",
            "-W",
            "ignore",
            "-m",
            "pip",
            *words,
            "--index-url",
            self.simple_url,
        ]
        return run(command, environment=self._environment, folder=self.folder)

    def create_poetry_project(self, *requirements: str) -> Path:
        """Make a project for poetry whose only source is the index. Returns its folder."""
        return self._create_project("poetry-app", POETRY_PROJECT, requirements)

    def create_pdm_project(self, *requirements: str) -> Path:
        """Make a project for pdm whose only source is the index. Returns its folder."""
        return self._create_project("pdm-app", PDM_PROJECT, requirements)

    def poetry(self, project: Path, *words: str | Path) -> Finished:
        """Run poetry in a project: `poetry(project, "lock")`, `poetry(project, "install")`."""
        return self._run_tool("poetry", project, *words)

    def pdm(self, project: Path, *words: str | Path) -> Finished:
        """Run pdm in a project: `pdm(project, "lock")`, `pdm(project, "sync")`."""
        return self._run_tool("pdm", project, *words)

    def hatch_publish(self, token: str, *files: Path) -> Finished:
        """Run `hatch publish` with an API token."""
        account = ("--user", "__token__", "--auth", token, "--no-prompt")
        return self._run_tool("hatch", self.folder, "publish", "--repo", self.upload_url, *account, *files)

    def _create_project(self, name: str, text: str, requirements: tuple[str, ...]) -> Path:
        project = self.folder / name
        project.mkdir()
        filled = text.format(requirements=list(requirements), simple_url=self.simple_url)
        (project / "pyproject.toml").write_text(filled)
        return project

    def _run_tool(self, program: str, folder: Path, *words: str | Path) -> Finished:
        programs = find_programs(CLIENTS)
        environment = {**self._environment, "PATH": f"{programs}:{self._environment['PATH']}"}
        return run([programs / program, *words], environment=environment, folder=folder)
