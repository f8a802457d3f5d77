"""Reads an upload's multipart body as it arrives: the file to disk, the rest into memory up to a limit."""

from collections import defaultdict
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from creamery.kernel.refusals import Invalid, Limited
from creamery.upload.form import UploadForm
from creamery.upload.receive import Received, Receiver

LONGEST_FIELDS = 4 * 1024 * 1024
"""Bytes that all text fields may have together; the description is by far the largest."""
MOST_FIELDS = 10_000


class BadForm(Invalid):
    """The body is no multipart form that can be read to its end. Source: RFC 7578; standards.md UP-01."""

    code = "bad-form"
    sentence = _("The request's body cannot be read as multipart/form-data: {what}. Send the file again.")


class FormTooLarge(Limited):
    """The fields beside the file are too large or too many."""

    status = 413
    code = "form-too-large"
    sentence = _(
        "The fields beside the file may have {limit} bytes together, and be {count} at most. Shorten the description."
    )


class FormReader:
    """Fed with the body's chunks in order; holds at most the text fields and one chunk in memory."""

    def __init__(self, content_type: str, *, folder: Path, max_file_bytes: int) -> None:
        """
        Raises:
            BadForm: the content type is not multipart/form-data with a boundary.
        """
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise BadForm(what=f"its Content-Type is {content_type or 'missing'!r}")
        try:
            self._parser = PushMultipartParser(
                options["boundary"], max_segment_count=MOST_FIELDS, max_header_size=8192, strict=False
            )
        except MultipartError as error:
            raise BadForm(what=str(error)) from error
        self._folder, self._max_file_bytes = folder, max_file_bytes
        self._fields: dict[str, list[str]] = defaultdict(list)
        self._field_bytes = 0
        self._segment: MultipartSegment | None = None
        self._text = bytearray()
        self._receiver: Receiver | None = None
        self._filename = ""

    def feed(self, chunk: bytes) -> None:
        """
        Take the next bytes of the body.

        Raises:
            BadForm, FormTooLarge, FileTooLarge: the upload is over; discard it.
        """
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event:
                    self._take(event)
                else:
                    self._end()
        except ParserLimitReached as error:
            raise FormTooLarge(limit=LONGEST_FIELDS, count=MOST_FIELDS) from error
        except MultipartError as error:
            raise BadForm(what=str(error)) from error

    def finish(self) -> tuple[UploadForm, Received]:
        """
        End the body.

        Raises:
            BadForm: it ended too early, or there was no file in it.
        """
        try:
            self._parser.close()
        except MultipartError as error:
            raise BadForm(what=f"it ends too early ({error})") from error
        if self._receiver is None:
            raise BadForm(what="it has no file in a field named content")
        return UploadForm(fields=dict(self._fields), filename=self._filename), self._receiver.finish()

    def discard(self) -> None:
        """Remove what was received so far."""
        if self._receiver is not None:
            self._receiver.discard()

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment, self._text = segment, bytearray()
        if segment.name == "content" and segment.filename is not None:
            if self._receiver is not None:
                raise BadForm(what="it has two files, and each takes a request of its own")
            self._filename = segment.filename
            self._receiver = Receiver(self._folder, self._max_file_bytes)

    @property
    def _in_content(self) -> bool:
        return self._segment is not None and self._segment.name == "content" and self._segment.filename is not None

    def _take(self, data: bytearray | bytes) -> None:
        if self._in_content and self._receiver is not None:
            self._receiver.write(data)
            return
        self._field_bytes += len(data)
        if self._field_bytes > LONGEST_FIELDS:
            raise FormTooLarge(limit=LONGEST_FIELDS, count=MOST_FIELDS)
        if self._segment is not None and self._segment.filename is None:
            # Other files, such as signatures, are read past: nothing asks for them. Source: standards.md UP-10.
            self._text += data

    def _end(self) -> None:
        if self._segment is not None and self._segment.filename is None:
            try:
                self._fields[self._segment.name].append(self._text.decode())
            except UnicodeDecodeError:
                raise BadForm(what=f"the field {self._segment.name!r} is not UTF-8") from None
        self._segment = None
