"""Texts of strangers as safe HTML, made in processes with limits."""

from creamery.markup.render import FORMATS, Rendered, as_plain, readme_key, render_for_upload, render_text

__all__ = ["FORMATS", "Rendered", "as_plain", "readme_key", "render_for_upload", "render_text"]
