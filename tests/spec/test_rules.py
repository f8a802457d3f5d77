"""Rules about what a file may say: each by the value that breaks it, under both policies."""

from dataclasses import fields, replace

import pytest
from packaging.licenses._spdx import VERSION

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.filenames import parse_filename
from creamery.spec.policy import OPEN, POLICIES, PUBLIC, Policy, get_policy
from creamery.spec.problems import InvalidInput
from creamery.spec.rules import rule_on, rule_on_filename, rule_on_metadata, rule_on_siblings, sort_rulings
from creamery.spec.rules.contacts import has_addresses, is_web_address

GOOD = CoreMetadata(
    metadata_version="2.4",
    name="gouda",
    version="1.0",
    summary="A cheese.",
    author_email="Ada Example <ada@idx.example>",
    home_page="https://gouda.example/",
    project_urls=(("Issues", "https://gouda.example/issues?q=1#top"),),
    classifiers=("Programming Language :: Python :: 3",),
    requires_dist=("edam>=1; extra == 'dev'",),
    provides_extra=("dev",),
    provides_dist=("cheese (>=1.0)",),
    license_expression="MIT OR Apache-2.0",
)


def codes(metadata: CoreMetadata, policy: Policy) -> tuple[list[str], list[str]]:
    """Say what refuses metadata, and what is remarked."""
    judgement = sort_rulings(rule_on_metadata(metadata, policy))
    return [p.code for p in judgement.problems], [p.code for p in judgement.warnings]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_good_metadata_breaks_no_rule(policy: Policy) -> None:
    assert codes(GOOD, policy) == ([], [])


DEPRECATED = "License :: OSI Approved :: Intel Open Source License"
URL = "edam @ https://files.example/edam-1.0.tar.gz"
# What is changed, the code, and what each policy makes of it.
BROKEN = {
    "MD-05 long summary": ({"summary": "a" * 513}, "summary-too-long", "warn", "refuse"),
    "MD-07 unknown classifier": ({"classifiers": ("Cheese :: Hard",)}, "unknown-classifier", "warn", "refuse"),
    "MD-07 classifier in another case": (
        {"classifiers": ("programming language :: python :: 3",)}, "unknown-classifier", "warn", "refuse",
    ),
    "MD-07 private": ({"classifiers": ("Private :: Do Not Upload",)}, "private-classifier", "allow", "refuse"),
    "UPL-024 deprecated": (
        {"classifiers": (DEPRECATED,), "license_expression": ""}, "deprecated-classifier", "warn", "refuse",
    ),
    "MD-08 direct": ({"requires_dist": (URL,)}, "direct-requirement", "allow", "refuse"),
    "MD-08 direct in provides": ({"provides_dist": (URL,)}, "direct-requirement", "allow", "refuse"),
    "MD-13 provides": ({"provides_dist": ("???",)}, "invalid-provides-dist", "warn", "refuse"),
    "MD-13 obsoletes": ({"obsoletes_dist": ("a b c",)}, "invalid-obsoletes-dist", "warn", "refuse"),
    "MD-09 extra": ({"provides_extra": ("Dev_Test",)}, "extra-spelling", "warn", "warn"),
    "MD-09 extra twice": ({"provides_extra": ("dev", "dev")}, "extra-twice", "warn", "warn"),
    "MD-10 author": ({"author_email": "ada at idx.example"}, "invalid-email", "warn", "refuse"),
    "MD-10 maintainer": ({"maintainer_email": "ada@"}, "invalid-email", "warn", "refuse"),
    "MD-10 home": ({"home_page": "gouda.example"}, "invalid-url", "warn", "refuse"),
    "MD-10 download": ({"download_url": "ftp://gouda.example/"}, "invalid-url", "warn", "refuse"),
    "MD-10 project": ({"project_urls": (("Docs", "javascript:alert(1)"),)}, "invalid-url", "warn", "refuse"),
    "WU-04 label": ({"project_urls": (("a" * 33, "https://a.example"),)}, "label-too-long", "warn", "refuse"),
    "LI-01 spelling": ({"license_expression": "mit"}, "license-spelling", "warn", "refuse"),
    "LI-03 classifier": (
        {"classifiers": ("License :: OSI Approved :: MIT License",)}, "licence-classifier", "warn", "warn",
    ),
    "LI-04 deprecated": ({"license_expression": "GPL-2.0"}, "license-deprecated", "warn", "warn"),
    "MD-11 parent": ({"import_names": ("a.b.c", "a.b")}, "import-parent", "warn", "warn"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_a_broken_rule_is_answered_as_the_policy_says(case: str, policy: Policy) -> None:
    """MD-05, MD-07 to MD-11, MD-13, WU-04, LI-01, LI-03, LI-04; UPL-022 to UPL-028"""
    changed, code, in_open, in_public = BROKEN[case]
    answer = in_open if policy is OPEN else in_public
    expected = {"allow": ([], []), "warn": ([], [code]), "refuse": ([code], [])}[answer]
    assert codes(replace(GOOD, **changed), policy) == expected  # type: ignore[arg-type]


def test_a_licence_that_spdx_gave_up_is_told_with_the_version_of_the_list() -> None:
    """LI-04, LI-07"""
    (problem,) = sort_rulings(rule_on_metadata(replace(GOOD, license_expression="GPL-2.0"), PUBLIC)).warnings
    assert f"(list {VERSION})" in problem.text()


def test_a_deprecated_classifier_is_told_with_what_took_its_place() -> None:
    """UPL-024"""
    old = replace(GOOD, classifiers=("Natural Language :: Ukranian",))
    (problem,) = sort_rulings(rule_on_metadata(old, PUBLIC)).problems
    assert "Natural Language :: Ukrainian" in problem.text()


@pytest.mark.parametrize(
    "text",
    [
        "ada@idx.example", "Ada <ada@idx.example>", "<ada@idx.example>", "ada@localhost", "a@b.example, C <c@d.example>",
        '"Example, Ada" <ada@idx.example>', "Ada Example, Inc. <ada@idx.example>", "ada+x@idx.example",
        "ada@käse.example", "Ada (a person) <ada@idx.example>",
    ],
)  # fmt: skip
def test_an_address_is_taken_in_any_form_that_mail_has(text: str) -> None:
    """MD-10"""
    assert has_addresses(text)


@pytest.mark.parametrize(
    "text",
    ["Ada", "ada@", "@idx.example", "ada@@idx.example", "ada@idx..example", ".a@b.example", "a..b@c.example",
     "ada@-idx-.ex ample", "a@b.example" * 1000, "Ada <>", "ada@idx.example\x00"],
)  # fmt: skip
def test_what_no_mail_program_takes_is_no_address(text: str) -> None:
    """MD-10"""
    assert not has_addresses(text)


@pytest.mark.parametrize(
    "text",
    ["http://a", "https://a.example:8443/x?y=z#w", "HTTPS://A.EXAMPLE", "https://käse.example/", "http://[::1]:80/",
     "http://127.0.0.1/", "https://a.example./", "https://user@a.example/"],
)  # fmt: skip
def test_a_web_address_is_taken(text: str) -> None:
    """MD-10"""
    assert is_web_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "a.example", "//a.example", "https://", "https:///x", "javascript:alert(1)", "data:text/html,x", "ssh://a.example",
     "https://a b.example", "https://a.example/\n", "https://[::1", "https://a.example:0/", "https://a.example:99999/",
     "https://a..example/", "https://" + "a" * 64 + ".example", "https://a.example/\x1b[31m", "git+https://a.example"],
)  # fmt: skip
def test_what_no_browser_opens_is_no_web_address(text: str) -> None:
    """MD-10, UPL-025"""
    assert not is_web_address(text)


def tag_codes(filename: str, policy: Policy = PUBLIC) -> list[str]:
    """Say what refuses a file's name."""
    return [problem.code for problem in sort_rulings(rule_on_filename(parse_filename(filename), policy)).problems]


PLATFORMS = [
    "any",
    "win32",
    "win_amd64",
    "win_arm64",
    "win_ia64",
    "manylinux1_x86_64",
    "manylinux1_i686",
    "manylinux2010_x86_64",
    "manylinux2014_aarch64",
    "manylinux2014_s390x",
    "manylinux_2_17_x86_64",
    "manylinux_2_28_riscv64",
    "manylinux_2_35_ppc64",
    "manylinux_3_0_x86_64",
    "musllinux_1_2_armv7l",
    "linux_armv6l",
    "linux_armv7l",
    "macosx_10_9_x86_64",
    "macosx_10_6_intel",
    "macosx_11_0_arm64",
    "macosx_15_0_universal2",
    "macosx_26_0_arm64",
    "macosx_27_0_arm64",
    "macosx_99_0_x86_64",
    "ios_13_0_arm64_iphoneos",
    "ios_13_0_x86_64_iphonesimulator",
    "android_21_arm64_v8a",
    "android_24_x86",
    "pyemscripten_2026_0_wasm32",
]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_that_many_have_is_taken_by_a_public_index(platform: str) -> None:
    """TG-01, TG-02, TG-03, UPL-071"""
    assert tag_codes(f"foo-1.0-cp311-cp311-{platform}.whl") == []


@pytest.mark.parametrize(
    "platform",
    [
        "linux_x86_64",
        "linux_aarch64",
        "manylinux1_aarch64",
        "manylinux2014_riscv64",
        "manylinux_2_x86_64",
        "musllinux_1_2_ppc64",
        "macosx_9_0_x86_64",
        "macosx_11_1_arm64",
        "macosx_10_9_arm",
        "macosx_1_0_arm64",
        "win_mips",
        "freebsd_13_x86_64",
        "android_21_arm",
        "ios_13_0_arm64",
        "pyodide_2024_0_wasm32",
        "emscripten_3_1_wasm32",
        "wasi_0_2_wasm32",
        "anyy",
    ],
)
def test_a_platform_of_one_machine_is_refused_by_a_public_index_only(platform: str) -> None:
    """TG-03, TG-06, UPL-071"""
    assert tag_codes(f"foo-1.0-cp311-cp311-{platform}.whl") == ["platform-tag"]
    assert tag_codes(f"foo-1.0-cp311-cp311-any.{platform}.whl") == ["platform-tag"]
    assert tag_codes(f"foo-1.0-cp311-cp311-{platform}.whl", OPEN) == []


@pytest.mark.parametrize(
    "abi", ["abi3", "abi3t", "abi3.abi3t", "abi2026", "abi2026t", "none", "cp313t", "graalpy242_311"]
)
def test_abi_tags_are_an_open_set(abi: str) -> None:
    """TG-04"""
    assert tag_codes(f"foo-1.0-cp313-{abi}-any.whl") == []


def test_a_python_tag_that_begins_with_a_digit_is_refused_everywhere() -> None:
    """TG-05"""
    with pytest.raises(InvalidInput) as caught:
        parse_filename("foo-1.0-311-none-any.whl")
    assert [problem.code for problem in caught.value.problems] == ["invalid-wheel-filename"]


@pytest.mark.parametrize(
    "filename",
    ["Foo-1.0-py3-none-any.whl", "foo.bar-1.0-py3-none-any.whl", "foo-bar-1.0.tar.gz",
     "foo-1.0RC1-py3-none-any.whl", "foo-1.0-1.tar.gz", "Foo-1.0.tar.gz", "foo-v1.0.tar.gz"],
)  # fmt: skip
def test_a_spelling_of_the_past_is_refused_by_a_public_index_and_remarked_by_an_open_one(filename: str) -> None:
    """FN-02, FN-03, FN-04, FN-08, UPL-068, UPL-070"""
    assert tag_codes(filename) == ["filename-spelling"]
    judgement = sort_rulings(rule_on_filename(parse_filename(filename), OPEN))
    assert (list(judgement.problems), [p.code for p in judgement.warnings]) == ([], ["filename-spelling"])


def test_a_local_version_is_for_an_index_of_ones_own() -> None:
    """VR-02, UPL-021"""
    assert tag_codes("foo-1.0+corp.1-py3-none-any.whl") == ["local-version"]
    assert tag_codes("foo-1.0+corp.1-py3-none-any.whl", OPEN) == []


def test_files_of_a_release_that_differ_are_remarked() -> None:
    """MD-04, MD-11"""
    other = replace(GOOD, requires_dist=("edam>=2",), summary="Another cheese.", import_names=("gouda",))
    rulings = list(rule_on_siblings(other, GOOD))
    assert [(r.answer, r.problem.field) for r in rulings] == [
        ("warn", "Summary"),
        ("warn", "Requires-Dist"),
        ("warn", "Import-Name"),
    ]


def test_fields_that_one_of_the_files_declares_dynamic_may_differ() -> None:
    """MD-04"""
    sdist = replace(GOOD, requires_dist=(), dynamic=("Requires-Dist",))
    assert list(rule_on_siblings(GOOD, sdist)) == []


def test_the_order_of_values_is_no_difference() -> None:
    """MD-04"""
    one, two = replace(GOOD, provides_extra=("a", "b")), replace(GOOD, provides_extra=("b", "a"))
    assert list(rule_on_siblings(one, two)) == []


def test_every_switch_of_a_policy_is_at_least_as_strict_on_a_public_index() -> None:
    order = ["allow", "warn", "refuse"]
    for switch in fields(Policy):
        if switch.name != "name":
            lax, strict = getattr(OPEN, switch.name), getattr(PUBLIC, switch.name)
            assert order.index(lax) <= order.index(strict), switch.name
    assert get_policy("open") is OPEN


def test_a_thousand_problems_are_told_as_fifty() -> None:
    ruling = rule_on("refuse", "code", "field", "value", "rule", "remedy")
    assert len(sort_rulings([ruling] * 1000).problems) == 50
