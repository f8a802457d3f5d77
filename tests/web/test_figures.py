"""The figures that operators see move when what they count happens."""

from prometheus_client.registry import REGISTRY

from tests.factories import create_publisher, make_upload
from tests.real.inside import Inside


def count_uploads(status: str) -> float:
    return REGISTRY.get_sample_value("creamery_upload_seconds_count", {"status": status}) or 0


def test_an_upload_is_timed_by_the_status_of_its_answer(inside: Inside) -> None:
    token, upload = create_publisher("ada"), make_upload("figure-sample")
    published, unknown = count_uploads("200"), count_uploads("401")
    upload.send(inside, token)
    upload.send(inside, None)
    assert (count_uploads("200"), count_uploads("401")) == (published + 1, unknown + 1)
