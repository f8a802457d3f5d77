"""
What the operator has set: the only reader of the environment.

Free of Django, so that the read path can start before Django does. `settings.py` makes Django's settings from it.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

PREFIX = "CREAMERY_"
MEBIBYTE = 1024 * 1024
KEPT_PUBLIC_URL = "public-url"
"""
The file in the data folder that remembers the address of the last server. Commands that run beside it write pages too,
and must not write another address into them because they were not given the server's options.
"""


class BadSetting(ValueError):
    """A setting that cannot be used; the sentence names it and says how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    Every setting, with its default.

    A field `public_url` is read from `CREAMERY_PUBLIC_URL`; the text in `help` is what `docs/reference/settings.md` says.
    """

    data: Path = field(
        metadata={"help": "Folder of the database, the files and the secret.", "default": "creamery-data"}
    )
    public_url: str = field(
        metadata={"help": "The address under which people reach the index, with its path if it has one."}
    )
    database_url: str = field(
        metadata={"help": "sqlite:///path or postgres://user:password@host/name.", "secret": True}
    )
    storage_url: str = field(
        metadata={"help": "file:///folder, or s3://bucket/prefix?endpoint=URL&region=NAME.", "secret": True}
    )
    secret: str = field(
        default="",
        repr=False,
        metadata={
            "help": "At least 32 characters; else made at first start and kept in the data folder.",
            "secret": True,
        },
    )
    mode: Literal["all", "serve", "worker"] = field(
        default="all",
        metadata={
            "help": "all: serve requests and do follow-up work; serve: requests only; worker: follow-up work only."
        },
    )
    host: str = field(default="", metadata={"help": "Address to listen on; empty: 127.0.0.1 and ::1."})
    port: int = field(default=8000, metadata={"help": "Port to listen on."})
    workers: int = field(default=1, metadata={"help": "Processes that answer requests."})
    trusted_proxies: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto count, separated by commas."
        },
    )
    index_policy: Literal["open", "public"] = field(
        default="open",
        metadata={
            "help": "open: what installers can use is published, with a word to the uploader; public: the rules of a public index (docs/reference/upload-rules.md)."
        },
    )
    typo_squats: Literal["off", "warn", "hold", "refuse"] = field(
        default="warn",
        metadata={
            "help": "What becomes of a new project whose name could be a mistyped one of the list of popular names (creamery names popular): nothing, its uploader is told, it is shown to nobody until the staff releases it (creamery held), or it is refused."
        },
    )
    max_file_bytes: int = field(
        default=4096 * MEBIBYTE, metadata={"help": "The largest distribution file that is accepted, in bytes."}
    )
    release_closes_after_days: int = field(
        default=0,
        metadata={
            "help": "So many days after its first file a release takes no more files; 0: never.",
            "zero": True,
        },
    )
    deletion_hours: int = field(
        default=0,
        metadata={
            "help": "So many hours after its upload a file may be deleted by its project's owners, or the release or project that holds it; yanking stays, and pre-releases may go at any time. 0: no limit.",
            "zero": True,
        },
    )
    deleted_names: Literal["owners", "nobody"] = field(
        default="owners",
        metadata={"help": "Who may publish again under the name of a deleted project: its former owners, or nobody."},
    )
    max_project_bytes: int | None = field(
        default=None,
        metadata={
            "help": "How much a project may hold, in bytes; 0: no limit. An override for one project: creamery limits set.",
            "default": "0 with the policy open, 10737418240 with public",
            "zero": True,
        },
    )
    max_index_bytes: int = field(
        default=0, metadata={"help": "How much the index may hold, in bytes; 0: no limit.", "zero": True}
    )
    max_new_projects_per_person: int | None = field(
        default=None,
        metadata={
            "help": "How many projects a person may create in an hour; 0: no limit. An override for one person: creamery limits set.",
            "default": "0 with the policy open, 20 with public",
            "zero": True,
        },
    )
    max_new_projects_per_address: int | None = field(
        default=None,
        metadata={
            "help": "How many projects may be created from one network address in an hour; 0: no limit.",
            "default": "0 with the policy open, 40 with public",
            "zero": True,
        },
    )
    contact: str = field(
        default="",
        metadata={
            "help": "Whom people ask for more room and for help: an e-mail address or a web address, shown to them."
        },
    )
    mail_url: str = field(
        default="",
        repr=False,
        metadata={
            "help": "How letters go out: smtp://user:password@host:port?starttls=1, smtps://user:password@host, or file:///folder.",
            "default": "file://DATA/letters",
            "secret": True,
        },
    )
    mail_from: str = field(
        default="",
        metadata={
            "help": "The address that letters come from.",
            "default": "creamery@ and the host of the public address",
        },
    )
    registration: Literal["open", "domains", "invitation", "closed"] = field(
        default="invitation",
        metadata={
            "help": "Who may make an account: everybody, whoever has an address at one of CREAMERY_REGISTRATION_DOMAINS, whom the operator invites (creamery user invite), or nobody but the operator (creamery user create)."
        },
    )
    registration_domains: tuple[str, ...] = field(
        default=(), metadata={"help": "With registration by domains: the domains, separated by commas."}
    )
    breached_passwords: str = field(
        default="",
        metadata={
            "help": "A folder of files named by the first five digits of a SHA-1, such as 00A1F.txt, each with lines DIGITS:COUNT of passwords that leaked; nobody can choose one of them. Without it the list of 20,000 common ones counts.",
        },
    )
    upload_wait_seconds: int = field(
        default=60, metadata={"help": "How long an upload may stand still before it is given up."}
    )
    cache_bytes: int = field(
        default=2048 * MEBIBYTE,
        metadata={
            "help": "With a bucket: how many bytes of what is read from it are kept in the data folder of each machine."
        },
    )
    log_format: Literal["human", "json"] = field(default="human", metadata={"help": "How log lines look."})
    log_level: Literal["debug", "info", "warning", "error"] = field(
        default="info", metadata={"help": "The least serious lines that are logged."}
    )
    access_log: bool = field(default=False, metadata={"help": "Log every request, reads of installers included."})
    metrics_networks: tuple[str, ...] = field(
        default=("127.0.0.0/8", "::1/128"), metadata={"help": "Networks that may read /metrics, separated by commas."}
    )
    failpoint: str = field(
        default="", metadata={"help": "For tests of crashes: the process kills itself at this point.", "hidden": True}
    )

    @property
    def public_path(self) -> str:
        """The path of the public address, without a slash at its end; empty at the root."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def notice(self) -> Path:
        """The file by which the processes of this machine tell each other that they wrote to a bucket."""
        return self.data / "written"

    @property
    def letters_from(self) -> str:
        """The address that letters come from."""
        return self.mail_from or f"creamery@{urlsplit(self.public_url).hostname}"

    @property
    def incoming(self) -> Path:
        """The folder that uploads are received in."""
        return self.data / "incoming"


def load(environment: Mapping[str, str] | None = None) -> Config:
    """
    Read the settings, all of them, and check that they can work together.

    Raises:
        BadSetting: unknown name, value that cannot be read, or half of a pair.
    """
    given = _given(os.environ if environment is None else environment)
    data = Path(given.pop("data", "creamery-data")).expanduser().resolve()
    values: dict[str, Any] = {name: _READERS.get(name, _text)(name, text) for name, text in given.items()}
    port = values.get("port", 8000)
    values.setdefault("public_url", _kept_public_url(data / KEPT_PUBLIC_URL) or f"http://localhost:{port}")
    values.setdefault("database_url", f"sqlite:///{data / 'creamery.db'}")
    values.setdefault("storage_url", f"file://{data / 'blobs'}")
    values.setdefault("mail_url", f"file://{data / 'letters'}")
    if "secret" not in values:
        values["secret"] = _kept_secret(data / "secret")
    config = Config(data=data, **values)
    _check_together(config, given)
    return config


def follow_own_address() -> None:
    """Have a server's address come from its own settings and its port, not from what an earlier start left in the folder."""
    port = load().port
    if not os.environ.get(PREFIX + "PUBLIC_URL"):
        os.environ[PREFIX + "PUBLIC_URL"] = f"http://localhost:{port}"


def is_given(name: str) -> bool:
    """Tell whether a setting was given, be it as its default."""
    return bool(os.environ.get(PREFIX + name.upper()))


def choose(**chosen: object) -> None:
    """Set settings for this process and those that it starts, as options of the command line do; None leaves one alone."""
    for name, value in chosen.items():
        if value is not None:
            os.environ[PREFIX + name.upper()] = str(value)


def share_metrics_folder(folder: str) -> None:
    """Have the processes of this server count into one folder, so that any of them can show the sum."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def shares_metrics() -> bool:
    """Tell whether several processes count together."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def load_django() -> None:
    """Set Django up on these settings; done once for a process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creamery.settings")
    django.setup()


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    known = {name.name for name in fields(Config)}
    given = {key[len(PREFIX) :].lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    unknown = sorted(set(given) - known)
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in unknown)
        raise BadSetting(f"Unknown setting {names}. Known are: {', '.join(sorted(PREFIX + n.upper() for n in known))}.")
    return {name: value for name, value in given.items() if value != ""}


def _kept_public_url(path: Path) -> str:
    try:
        return _http_url("public_url", path.read_text().strip())
    except (OSError, ValueError):
        return ""


def _kept_secret(path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise BadSetting(f"The secret in {path} cannot be read ({error}).") from error
    if len(secret) < 32:
        raise BadSetting(
            f"The secret in {path} is damaged: it is shorter than 32 characters. Put the one from your backup there; "
            "if you remove the file, a new one is made, and no token or session works any more."
        )
    return secret


def _check_together(config: Config, given: Mapping[str, str]) -> None:
    if config.secret and len(config.secret) < 32:
        raise BadSetting(f"{PREFIX}SECRET is shorter than 32 characters. Make one with: openssl rand -hex 32")
    if (config.registration == "domains") != bool(config.registration_domains):
        raise BadSetting(
            f"{PREFIX}REGISTRATION=domains and {PREFIX}REGISTRATION_DOMAINS go together: set both, or neither."
        )
    postgres, s3 = config.database_url.startswith("postgres"), config.storage_url.startswith("s3:")
    if postgres and s3 and "public_url" not in given:
        raise BadSetting(f"With PostgreSQL and S3, {PREFIX}PUBLIC_URL must say the address that people use.")
    if s3 and config.database_url.startswith("sqlite") and "database_url" in given:
        return
    if config.mode == "worker" and not postgres and "database_url" not in given and not config.data.exists():
        raise BadSetting(f"{PREFIX}MODE is worker, but there is no data folder {config.data}. Set {PREFIX}DATA.")


def _text(_name: str, text: str) -> str:
    return text


def _number(name: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; it must be a whole number above 0.")
    return number


def _whole_number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; it must be a whole number, 0 for no limit.")


def _port(name: str, text: str) -> int:
    number = _number(name, text)
    if number > 65535:
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; ports end at 65535.")
    return number


def _switch(name: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; it must be on or off.")


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text not in allowed:
            raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; it must be one of: {', '.join(allowed)}.")
        return text

    return read


def _http_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_fit = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or parts.query or parts.fragment:
        raise BadSetting(
            f"{PREFIX}{name.upper()} is {text!r}; it must look like https://idx.example or https://idx.example/path."
        )
    return text.rstrip("/")


def _scheme(*allowed: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        scheme = text.partition(":")[0]
        if scheme not in allowed:
            raise BadSetting(
                f"{PREFIX}{name.upper()} begins with {scheme!r}; it must begin with one of: {', '.join(allowed)}."
            )
        return text

    return read


def _mail_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_fit = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
        is_fit = is_fit or (parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc)
    except ValueError:
        is_fit = False
    if not is_fit or set(parse_qs(parts.query, keep_blank_values=True)) - {"starttls"}:
        raise BadSetting(
            f"{PREFIX}{name.upper()} cannot be read; it must look like smtp://host:25, "
            "smtp://user:password@host:587?starttls=1, smtps://user:password@host or file:///folder."
        )
    is_open = parts.scheme == "smtp" and not asks_for_tls(text)
    if is_open and parts.password and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise BadSetting(
            f"{PREFIX}{name.upper()} would send its password readable over the network. Add ?starttls=1, or use smtps://."
        )
    return text


def asks_for_tls(mail_url: str) -> bool:
    """Tell whether an smtp:// address asks for STARTTLS."""
    return parse_qs(urlsplit(mail_url).query).get("starttls", ["0"])[-1].lower() in {"1", "true", "yes", "on"}


def _address(name: str, text: str) -> str:
    local, at, host = text.rpartition("@")
    if not (local and at and host) or not text.isprintable() or " " in text:
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; it must look like creamery@idx.example.")
    return text


def _domains(_name: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower().lstrip("@") for part in text.split(",") if part.strip())


def _folder(name: str, text: str) -> str:
    if not Path(text).is_dir():
        raise BadSetting(f"{PREFIX}{name.upper()} is {text!r}; there is no such folder.")
    return text


def _networks(name: str, text: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise BadSetting(
                f"{PREFIX}{name.upper()} holds {network!r}, which is no address or network like 10.0.0.0/8."
            ) from None
    return networks


_READERS: dict[str, Callable[[str, str], Any]] = {
    "public_url": _http_url,
    "database_url": _scheme("sqlite", "postgres", "postgresql"),
    "storage_url": _scheme("file", "s3", "memory"),
    "mode": _one_of("all", "serve", "worker"),
    "port": _port,
    "workers": _number,
    "trusted_proxies": _networks,
    "metrics_networks": _networks,
    "index_policy": _one_of("open", "public"),
    "typo_squats": _one_of("off", "warn", "hold", "refuse"),
    "max_file_bytes": _number,
    "max_project_bytes": _whole_number,
    "max_index_bytes": _whole_number,
    "max_new_projects_per_person": _whole_number,
    "max_new_projects_per_address": _whole_number,
    "release_closes_after_days": _whole_number,
    "deletion_hours": _whole_number,
    "deleted_names": _one_of("owners", "nobody"),
    "mail_url": _mail_url,
    "mail_from": _address,
    "registration": _one_of("open", "domains", "invitation", "closed"),
    "registration_domains": _domains,
    "breached_passwords": _folder,
    "upload_wait_seconds": _number,
    "cache_bytes": _number,
    "log_format": _one_of("human", "json"),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "access_log": _switch,
}
