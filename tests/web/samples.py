"""Projects to show: one that has everything, one that has nothing, one that has too much of it."""

from datetime import UTC, datetime, timedelta

from django.shortcuts import render
from django.test import RequestFactory
from django.utils.safestring import SafeString

from creamery.catalog.queries import FileLine, ProjectView, ReleaseLine
from creamery.markup.child import render as render_readme
from creamery.markup.fit import make_fit
from creamery.spec.metadata import CoreMetadata
from creamery.web.pages.project_page import arrange

PUBLIC_URL = "https://idx.example/"
WHEN = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
README = """# Gouda

[![build passing](https://badge.example/b.svg)](https://ci.example/) ![](https://h.example/wheel.png)

Cuts wheels. [Usage](#usage), [more](docs/more.md).

## Usage

```python
from gouda import Wheel  # The whole one.

def cut(wheel: Wheel, pieces: int = 8) -> list[str]:
    return [f"piece {number}" for number in range(pieces)] if wheel else []
```

- [x] cut
- [ ] eat

| age | taste |
|-----|-------|
| 4 weeks | mild |
| 2 years | a very long description of a taste that goes on and on and on, and on again, until no phone is wide enough |
"""
FULL = CoreMetadata(
    metadata_version="2.4",
    name="Gouda",
    version="2.1.0",
    summary="Cuts wheels into pieces.",
    description=README,
    description_content_type="text/markdown",
    keywords=("cheese", "wheel"),
    home_page="https://gouda.example/",
    author="Ada Example",
    author_email="Ada Example <ada@idx.example>, grace@idx.example",
    maintainer_email="Robot <robot@idx.example>",
    license_expression="MIT OR Apache-2.0",
    classifiers=("Programming Language :: Python :: 3.12", "Topic :: Utilities", "Programming Language :: Python :: 3"),
    requires_dist=(
        "whey>=1.2,<3",
        'rennet; python_version < "3.12"',
        'knife[sharp]>=2; extra == "cut"',
        'tongs; (os_name == "nt" or os_name == "posix") and extra == "cut"',
    ),
    requires_python=">=3.11",
    project_urls=(
        ("Bug-Tracker", "https://git.example/gouda/issues"),
        ("GitHub", "https://git.example/gouda"),
        ("What's New?", "https://gouda.example/news"),
        ("Chat", "https://chat.example/"),
        ("Trap", "javascript:alert(1)"),
    ),
    provides_extra=("cut", "docs"),
)
BARE = CoreMetadata(metadata_version="2.1", name="bare", version="0.1a1")
LONG = CoreMetadata(
    metadata_version="2.1",
    name="a_very_long_name_that_somebody_chose_for_the_tools_of_their_whole_department_and_kept",
    version="2026.3.5.post1.dev20260305143000+build.deadbeefcafe.0123456789",
    summary="Sentences without an end " * 12 + "https://idx.example/" + "a" * 150,
    author_email="x" * 60 + "@" + "y" * 60 + ".example",
    license="No spaces" * 60,
    keywords=("k" * 90,),
    classifiers=("Private :: " + "z" * 90,),
    requires_dist=("pip @ https://idx.example/" + "p" * 140 + ".whl", "q" * 120),
    requires_python=">=3.11,!=3.12.0,!=3.12.1,!=3.12.2,!=3.12.3,!=3.12.4,<4",
    project_urls=(
        ("L" * 32, "https://idx.example/" + "u" * 300),
        ("evil\u202etxt", "https://" + "h" * 60 + ".example/"),
    ),
)


def make_file(filename: str, *, requires_python: str = "", yanked_reason: str = "") -> FileLine:
    """Make a line of the table of files; digests are letters that a reader can tell apart."""
    is_wheel = filename.endswith(".whl")
    url = f"/packages/aa/aa/{'a' * 60}/{filename}"
    return FileLine(
        filename=filename,
        kind="bdist_wheel" if is_wheel else "sdist",
        python_version=filename.split("-")[-3] if is_wheel else "source",
        size_bytes=1_234_567,
        sha256_hex="a" * 64,
        md5_hex="c" * 32,
        blake2b_256_hex="b" * 64,
        uploaded_at=WHEN,
        url=url,
        metadata_url=f"{url}.metadata" if is_wheel else None,
        requires_python=requires_python,
        yanked=bool(yanked_reason),
        yanked_reason=yanked_reason,
    )


def make_release(version: str, *, days_ago: int = 0, prerelease: bool = False, yanked: bool = False) -> ReleaseLine:
    """Make a line of the list of releases."""
    return ReleaseLine(version, WHEN - timedelta(days=days_ago), prerelease, yanked, "", 2)


def make_view(metadata: CoreMetadata, **different: object) -> ProjectView:
    """Make what the catalog would tell of a release that has this metadata; `different` overrides fields."""
    fields: dict[str, object] = {
        "name": metadata.name,
        "normalized_name": metadata.name.lower().replace("_", "-"),
        "status": "active",
        "status_reason": "",
        "serial": 7,
        "people": ("ada", "robot"),
        "versions": (make_release(metadata.version),),
        "version": metadata.version,
        "latest_version": metadata.version,
        "uploaded_at": WHEN,
        "is_prerelease": False,
        "yanked": False,
        "yanked_reason": "",
        "metadata": metadata,
        "description": metadata.description,
        "files": (),
    }
    return ProjectView(**{**fields, **different})  # type: ignore[arg-type]


PROJECTS = {
    "full": make_view(
        FULL,
        files=(
            make_file("gouda-2.1.0.tar.gz", requires_python=">=3.11"),
            make_file(
                "gouda-2.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", requires_python=">=3.11"
            ),
            make_file("gouda-2.1.0-py3-none-any.whl", requires_python=">=3.9", yanked_reason="Holes are missing"),
        ),
        versions=(
            make_release("3.0rc1", prerelease=True),
            make_release("2.1.0", days_ago=3),
            make_release("2.0.9", days_ago=9, yanked=True),
            *(make_release(f"2.0.{patch}", days_ago=30 - patch) for patch in range(8, -1, -1)),
            *(make_release(f"1.{minor}.0", days_ago=400 - minor) for minor in range(12, -1, -1)),
        ),
    ),
    "bare": make_view(BARE, people=(), is_prerelease=True),
    "long": make_view(
        LONG,
        status="archived",
        files=(make_file(f"{LONG.name}-{LONG.version}-py3-none-any.whl", requires_python=">=3.9"),),
    ),
    "yanked": make_view(
        FULL,
        version="2.0.9",
        yanked=True,
        yanked_reason="It leaks, see <b>GHSA</b>",
        latest_version="2.1.0",
        status="deprecated",
    ),
    "quarantined": make_view(BARE, status="quarantined", status_reason="Being looked at"),
}


def show_project(kind: str) -> str:
    """Render a sample's page as the view does."""
    project = PROJECTS[kind]
    rendered = (
        render_readme(project.description, project.metadata.description_content_type) if project.description else ""
    )
    page = arrange(project, readme=SafeString(make_fit(rendered or "")), public_url=PUBLIC_URL)
    response = render(RequestFactory().get("/"), "pages/project.html", {"project": project, "page": page})
    return response.content.decode()
