"""Settings: each is read, each mistake is one sentence that names the variable."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from creamery import config, prepare
from creamery.config import PREFIX, BadSetting, Config, load

SECRET = "0123456789abcdef" * 4
GOOD: dict[str, tuple[str, Any]] = {
    "data": ("/srv/index", Path("/srv/index")),
    "public_url": ("https://idx.example/py/", "https://idx.example/py"),
    "database_url": ("postgres://ada:pw@db.example/index", "postgres://ada:pw@db.example/index"),
    "storage_url": (
        "s3://bucket/prefix?region=x&endpoint=https://s3.example",
        "s3://bucket/prefix?region=x&endpoint=https://s3.example",
    ),
    "secret": (SECRET, SECRET),
    "mode": ("serve", "serve"),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("9000", 9000),
    "workers": ("4", 4),
    "trusted_proxies": ("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    "index_policy": ("public", "public"),
    "typo_squats": ("refuse", "refuse"),
    "max_file_bytes": ("1000", 1000),
    "release_closes_after_days": ("14", 14),
    "deletion_hours": ("72", 72),
    "deleted_names": ("nobody", "nobody"),
    "max_project_bytes": ("0", 0),
    "max_index_bytes": ("1000", 1000),
    "max_new_projects_per_person": ("20", 20),
    "max_new_projects_per_address": ("40", 40),
    "contact": ("https://idx.example/help", "https://idx.example/help"),
    "mail_url": ("smtp://ada:pw@mail.example:587?starttls=1", "smtp://ada:pw@mail.example:587?starttls=1"),
    "mail_from": ("index@idx.example", "index@idx.example"),
    "registration": ("closed", "closed"),
    "registration_domains": ("", ()),
    "breached_passwords": ("/", "/"),
    "upload_wait_seconds": ("5", 5),
    "cache_bytes": ("1000", 1000),
    "log_format": ("json", "json"),
    "log_level": ("debug", "debug"),
    "access_log": ("on", True),
    "metrics_networks": ("192.168.0.0/16", ("192.168.0.0/16",)),
    "failpoint": ("upload.stored", "upload.stored"),
}
BAD = [
    ("public_url", "idx.example"),
    ("public_url", "ftp://idx.example"),
    ("public_url", "https://"),
    ("public_url", "https://idx.example/?a=b"),
    ("public_url", "https://idx.example/#top"),
    ("public_url", "https://["),
    ("public_url", "https://idx.example:eighty"),
    ("database_url", "mysql://db.example/index"),
    ("database_url", "/srv/index.db"),
    ("storage_url", "gs://bucket"),
    ("storage_url", "/srv/blobs"),
    ("secret", "too short"),
    ("mode", "web"),
    ("port", "0"),
    ("port", "65536"),
    ("port", "http"),
    ("workers", "0"),
    ("workers", "-1"),
    ("workers", "two"),
    ("trusted_proxies", "10.0.0.1/8"),
    ("trusted_proxies", "proxy.example"),
    ("index_policy", "closed"),
    ("typo_squats", "maybe"),
    ("max_file_bytes", "4 GiB"),
    ("max_file_bytes", "1e9"),
    ("release_closes_after_days", "two weeks"),
    ("deletion_hours", "-1"),
    ("deleted_names", "everybody"),
    ("max_project_bytes", "10 GiB"),
    ("max_new_projects_per_person", "+5"),
    ("mail_url", "mail.example:25"),
    ("mail_url", "imap://mail.example"),
    ("mail_url", "smtp://"),
    ("mail_url", "smtp://mail.example:mail"),
    ("mail_url", "smtp://mail.example?starttls=1&timeout=5"),
    ("mail_url", "smtp://ada:pw@mail.example"),
    ("mail_url", "file://mail.example/letters"),
    ("mail_from", "creamery"),
    ("mail_from", "creamery@idx.example\nBcc: all@idx.example"),
    ("registration", "maybe"),
    ("registration", "domains"),
    ("registration_domains", "idx.example"),
    ("breached_passwords", "/nowhere/at/all"),
    ("upload_wait_seconds", "1.5"),
    ("cache_bytes", "-1"),
    ("log_format", "xml"),
    ("log_level", "trace"),
    ("access_log", "maybe"),
    ("metrics_networks", "everybody"),
]


def name_of(setting: str) -> str:
    """Write a setting's variable."""
    return PREFIX + setting.upper()


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    """Begin with an empty data folder."""
    return {"CREAMERY_DATA": str(tmp_path)}


def test_every_setting_is_tried_here() -> None:
    assert list(GOOD) == [field.name for field in dataclasses.fields(Config)]


@pytest.mark.parametrize("setting", GOOD)
def test_a_setting_is_read(setting: str, data: dict[str, str]) -> None:
    text, value = GOOD[setting]
    assert getattr(load({**data, name_of(setting): text}), setting) == value


@pytest.mark.parametrize(("setting", "text"), BAD)
def test_a_mistake_is_one_sentence_that_names_the_variable(setting: str, text: str, data: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        load({**data, name_of(setting): text})
    sentence = str(refused.value)
    assert name_of(setting) in sentence
    assert "\n" not in sentence
    assert sentence.endswith((".", "hex 32"))


@pytest.mark.parametrize("setting", [name for name in GOOD if name != "data"])
def test_an_empty_variable_is_one_that_is_not_set(setting: str, data: dict[str, str]) -> None:
    assert getattr(load({**data, name_of(setting): ""}), setting) == getattr(load(data), setting)


def test_without_any_settings_everything_lies_in_the_data_folder(tmp_path: Path, data: dict[str, str]) -> None:
    found = load(data)
    assert (found.public_url, found.mode, found.workers) == ("http://localhost:8000", "all", 1)
    assert found.database_url == f"sqlite:///{tmp_path}/creamery.db"
    assert found.storage_url == f"file://{tmp_path}/blobs"
    assert load({}).data == Path("creamery-data").resolve()


def test_the_public_address_follows_the_port(data: dict[str, str]) -> None:
    assert load({**data, "CREAMERY_PORT": "9000"}).public_url == "http://localhost:9000"


def test_commands_use_the_address_that_the_last_server_left(tmp_path: Path, data: dict[str, str]) -> None:
    prepare.remember_address(load({**data, "CREAMERY_PUBLIC_URL": "https://idx.example/py"}))
    assert load(data).public_url == "https://idx.example/py"
    assert load({**data, "CREAMERY_PUBLIC_URL": "http://localhost:1"}).public_url == "http://localhost:1"
    (tmp_path / config.KEPT_PUBLIC_URL).write_text("damaged")
    assert load(data).public_url == "http://localhost:8000"


@pytest.mark.parametrize("port", ["", "9000"])
def test_a_server_uses_its_own(port: str, monkeypatch: pytest.MonkeyPatch, data: dict[str, str]) -> None:
    prepare.remember_address(load({**data, "CREAMERY_PUBLIC_URL": "https://idx.example/py"}))
    for name, value in {**data, "CREAMERY_PORT": port, "CREAMERY_PUBLIC_URL": ""}.items():
        monkeypatch.setenv(name, value)
    config.follow_own_address()
    assert load().public_url == f"http://localhost:{port or 8000}"


@pytest.mark.parametrize(
    ("url", "path"),
    [("https://idx.example", ""), ("https://idx.example/", ""), ("https://idx.example/py/index/", "/py/index")],
)
def test_the_path_of_the_public_address_has_no_slash_at_its_end(url: str, path: str, data: dict[str, str]) -> None:
    assert load({**data, "CREAMERY_PUBLIC_URL": url}).public_path == path


@pytest.mark.parametrize("unknown", ["CREAMERY_PUBLIC_ULR", "CREAMERY_", "CREAMERY_DATA_"])
def test_an_unknown_variable_stops_the_start_and_the_known_ones_are_named(unknown: str, data: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        load({**data, unknown: "x"})
    assert unknown in str(refused.value)
    assert "CREAMERY_PUBLIC_URL" in str(refused.value)


def test_variables_of_others_are_left_alone(data: dict[str, str]) -> None:
    load({**data, "CREAMERYX": "1", "DATABASE_URL": "mysql://", "PORT": "x"})


@pytest.mark.parametrize(
    ("pair", "named"),
    [
        (
            {"CREAMERY_DATABASE_URL": "postgres://db.example/x", "CREAMERY_STORAGE_URL": "s3://bucket"},
            "CREAMERY_PUBLIC_URL",
        ),
        ({"CREAMERY_MODE": "worker", "CREAMERY_DATA": "/nowhere/at/all"}, "CREAMERY_DATA"),
    ],
)
def test_half_of_a_pair_stops_the_start(pair: dict[str, str], named: str, data: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        load({**data, **pair})
    assert named in str(refused.value)


def test_the_whole_pair_is_fine(data: dict[str, str]) -> None:
    load({**data, "CREAMERY_DATABASE_URL": "postgres://db.example/x", "CREAMERY_STORAGE_URL": "s3://bucket",
          "CREAMERY_PUBLIC_URL": "https://idx.example"})  # fmt: skip


def test_a_secret_never_shows_in_the_repr(data: dict[str, str]) -> None:
    assert SECRET not in repr(load({**data, "CREAMERY_SECRET": SECRET}))


def test_every_setting_says_what_it_is_for() -> None:
    for field in dataclasses.fields(Config):
        assert field.metadata["help"].endswith("."), field.name


class TestKeptSecret:
    """Made at the first start, and never silently another one: it would end every token."""

    def test_it_is_made_once_and_only_for_us_to_read(self, tmp_path: Path, data: dict[str, str]) -> None:
        for _ in range(2):
            prepare.make_data_folder(load(data))
            first = load(data).secret
        assert (len(first), load(data).secret) == (64, first)
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.glob("*secret*")] == ["secret"]

    def test_one_that_is_set_is_not_written(self, tmp_path: Path, data: dict[str, str]) -> None:
        prepare.make_data_folder(load({**data, "CREAMERY_SECRET": SECRET}))
        assert not (tmp_path / "secret").exists()

    @pytest.mark.parametrize("content", ["", "\n", "half a secret"])
    def test_one_that_was_damaged_stops_the_start(self, content: str, tmp_path: Path, data: dict[str, str]) -> None:
        (tmp_path / "secret").write_text(content)
        with pytest.raises(BadSetting) as refused:
            load(data)
        assert str(tmp_path / "secret") in str(refused.value)

    def test_one_that_cannot_be_read_stops_the_start(self, tmp_path: Path, data: dict[str, str]) -> None:
        (tmp_path / "secret").mkdir()
        with pytest.raises(BadSetting) as refused:
            load(data)
        assert str(tmp_path / "secret") in str(refused.value)

    def test_a_damaged_one_does_not_matter_where_another_is_set(self, tmp_path: Path, data: dict[str, str]) -> None:
        (tmp_path / "secret").write_text("")
        assert load({**data, "CREAMERY_SECRET": SECRET}).secret == SECRET


def test_options_of_the_command_line_are_settings_as_well(
    monkeypatch: pytest.MonkeyPatch, data: dict[str, str]
) -> None:
    monkeypatch.setenv("CREAMERY_PORT", "1")
    monkeypatch.setenv("CREAMERY_HOST", "::1")
    config.choose(port=9001, host=None)
    assert (load().port, load().host) == (9001, "::1")
