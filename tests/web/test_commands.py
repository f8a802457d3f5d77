"""The commands that pages show can be typed as they stand."""

import pytest

from creamery.web.pages.commands import (
    list_default_index_settings,
    list_install_commands,
    list_publish_commands,
    write_pypirc,
)


@pytest.mark.parametrize(
    ("simple_url", "trusted"),
    [
        ("https://idx.example/simple/", False),
        ("http://localhost:8000/simple/", False),
        ("http://127.0.0.1:8000/simple/", False),
        ("http://[::1]:8000/simple/", False),
        ("http://idx.example/team/simple/", True),
        ("http://10.0.0.7/simple/", True),
    ],
)
def test_pip_is_told_to_trust_a_host_where_it_would_refuse_it(simple_url: str, trusted: bool) -> None:
    text = list_install_commands(simple_url, "gouda")[0].text
    assert text.startswith(f"pip install --index-url {simple_url} ")
    assert (" --trusted-host " in text) is trusted
    assert text.endswith(" gouda")
    assert ("trusted-host" in list_default_index_settings(simple_url)[0].text) is trusted


def test_the_settings_file_is_one_that_twine_reads() -> None:
    import configparser

    parser = configparser.RawConfigParser()
    parser.read_string(write_pypirc("https://idx.example/legacy/"))
    assert parser.get("creamery", "repository") == "https://idx.example/legacy/"
    assert parser.get("distutils", "index-servers") == "creamery"


def test_the_settings_for_uv_are_toml() -> None:
    import tomllib

    (_, uv, _) = list_default_index_settings("https://idx.example/simple/")
    assert tomllib.loads(uv.text)["tool"]["uv"]["index"] == [
        {"name": "creamery", "url": "https://idx.example/simple/", "default": True}
    ]


def test_every_publishing_tool_gets_the_upload_address() -> None:
    addresses = {"upload_url": "https://idx.example/legacy/", "simple_url": "https://idx.example/simple/"}
    assert all("https://idx.example/legacy/" in command.text for command in list_publish_commands(addresses))
