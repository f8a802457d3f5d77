"""The commands that pages show, with this index's real address in them."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Command:
    """What to type, and the tool that it is for."""

    tool: str
    text: str


def list_install_commands(simple_url: str, requirement: str) -> tuple[Command, ...]:
    """Say how each tool installs this requirement (`name` or `name==version`) from here."""
    return (
        Command("pip", f"pip install --index-url {simple_url}{_trust(simple_url)} {requirement}"),
        Command("uv pip", f"uv pip install --index-url {simple_url} {requirement}"),
        Command("uv add", f"uv add --index {simple_url} {requirement}"),
    )


def list_default_index_settings(simple_url: str) -> tuple[Command, ...]:
    """Say how each tool is told, once, to use this index."""
    host = urlsplit(simple_url).hostname or ""
    trust = f"\npip config set global.trusted-host {host}" if _trust(simple_url) else ""
    return (
        Command("pip", f"pip config set global.index-url {simple_url}{trust}"),
        Command("uv", f'# pyproject.toml\n[[tool.uv.index]]\nname = "creamery"\nurl = "{simple_url}"\ndefault = true'),
        Command("poetry", f"poetry source add --priority=primary creamery {simple_url}"),
    )


def list_publish_commands(addresses: Mapping[str, str], *, token: str = "<token>") -> tuple[Command, ...]:  # noqa: S107 - it stands for one.
    """Say how each tool publishes what lies in `dist/`; each asks for the token or finds it in the environment."""
    upload_url, simple_url = addresses["upload_url"], addresses["simple_url"]
    return (
        Command("twine", f"twine upload --repository-url {upload_url} -u __token__ dist/*"),
        Command("uv", f"UV_PUBLISH_TOKEN={token} uv publish --publish-url {upload_url} --check-url {simple_url}"),
        Command(
            "poetry",
            f"poetry config repositories.creamery {upload_url}\n"
            f"poetry config pypi-token.creamery {token}\n"
            "poetry publish --build --repository creamery",
        ),
    )


def write_pypirc(upload_url: str) -> str:
    """Write the section for twine's settings file, so that the address need not be typed again."""
    return (
        "[distutils]\nindex-servers = creamery\n\n"
        f"[creamery]\nrepository = {upload_url}\nusername = __token__\npassword = <token>"
    )


def _trust(simple_url: str) -> str:
    """Pip refuses plain http, except from this very machine, unless it is told to trust the host."""
    address = urlsplit(simple_url)
    host = address.hostname or ""
    if address.scheme == "https" or _is_loopback(host):
        return ""
    return f" --trusted-host {host}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
