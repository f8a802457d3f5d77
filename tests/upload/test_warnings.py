"""What refuses nothing, and is told with the answer."""

from creamery.catalog.actions import ensure_default_index
from creamery.kernel import outbox
from creamery.markup import readme_key
from creamery.publish.readme import find_html
from tests.factories import create_person, create_token, list_keys, make_upload, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside

NAME = "warned-sample"
RST = "A cheese\n========\n\n*Gouda.*"
ODD = Distribution(
    name=NAME,
    extra_headers=[("Classifier", "Cheese :: Hard"), ("License-Expression", "mit"), ("Home-page", "gouda.example")],
    readme="Hello *world\n",
    readme_type="",
)


def test_all_that_is_odd_is_told_to_the_uploader_in_text_and_json(inside: Inside) -> None:
    """UP-06, UPL-011"""
    token = create_token(create_person()).text
    upload = make_upload(ODD)
    told = upload.send(inside, token, accept="application/json").json()
    fields = [warning.partition(" ")[0].strip(":") for warning in told["warnings"]]
    assert fields == ["Home-page", "Classifier", "License-Expression", "Description"]
    sdist = make_upload(ODD, "sdist").send(inside, token)
    assert sdist.status == 200
    # The description is that of the release, and was told of with its first file.
    assert sdist.text.count("\nwarning: ") == 3, sdist.text


def test_a_readme_that_might_have_been_refused_is_there_as_html_as_soon_as_the_file_is(inside: Inside) -> None:
    """MD-06, UPL-032"""
    publish(Distribution(name=NAME, readme=RST, readme_type="text/x-rst"), actor=create_person())
    html = find_html(RST, "text/x-rst")
    assert html is not None
    assert "Gouda" in html
    assert len([key for key in list_keys() if key.startswith("rendered/")]) == 1


def test_a_readme_in_markdown_is_rendered_right_after_the_answer(inside: Inside) -> None:
    """MD-06, UPL-032"""
    publish(Distribution(name=NAME, readme="# Gouda"), actor=create_person())
    assert find_html("# Gouda", "text/markdown") is None
    outbox.run_due()
    html = find_html("# Gouda", "text/markdown")
    assert html is not None
    assert "Gouda</h3>" in html
    assert len([key for key in list_keys() if key.startswith("rendered/")]) == 1


def test_a_readme_of_no_type_that_cannot_be_rendered_is_shown_as_it_is(inside: Inside) -> None:
    """MD-06"""
    published = publish(Distribution(name=NAME, readme="Hello *world", readme_type=""), actor=create_person())
    assert [warning.code for warning in published.warnings] == ["description-unrenderable"]
    assert find_html("Hello *world", "") == '<pre class="readme-plain">Hello *world</pre>'


def test_files_of_a_release_that_differ_are_told_of(inside: Inside) -> None:
    """MD-04, UPL-019"""
    person = create_person()
    publish(Distribution(name=NAME, summary="A cheese."), actor=person)
    sdist = publish(Distribution(name=NAME, summary="Another cheese."), "sdist", actor=person)
    assert [(w.code, w.field) for w in sdist.warnings] == [("differs-in-release", "Summary")]
    assert "A cheese." in sdist.warnings[0].text()


def test_a_description_of_the_same_release_is_rendered_once(inside: Inside) -> None:
    person = create_person()
    described = Distribution(name=NAME, readme=RST, readme_type="text/x-rst")
    publish(described, actor=person)
    key = readme_key(RST, "text/x-rst")
    assert key in list_keys()
    from creamery.kernel.stores import the_store

    the_store().delete(key)
    publish(described, "sdist", actor=person)
    assert key not in list_keys()


def test_warnings_of_a_refused_file_are_told_with_what_refuses_it(inside: Inside) -> None:
    token = create_token(create_person()).text
    answer = make_upload(ODD).set(summary="Another.").send(inside, token, accept="application/json")
    assert (answer.status, len(answer.json()["errors"]), len(answer.json()["warnings"])) == (400, 1, 4)


def test_what_an_open_index_remarks_a_public_one_refuses(inside: Inside) -> None:
    ensure_default_index("public")
    token = create_token(create_person()).text
    answer = make_upload(ODD).send(inside, token, accept="application/json")
    assert [error["field"] for error in answer.json()["errors"]] == ["Home-page", "Classifier", "License-Expression"]
    assert len(answer.json()["warnings"]) == 1
