"""
Our icons: strokes on a grid of 20 by 20, drawn for this project.

`templatetags/look.py` puts them into pages; colour and width come from the stylesheet.
"""

ICONS = {
    "archive": '<path d="M3 4h14v4H3zM4.5 8v8h11V8M8 11h4"/>',
    "book": '<path d="M4 4.5C4 3.7 4.7 3 5.5 3H16v11H5.5C4.7 14 4 14.7 4 15.5zM4 15.5c0 .8.7 1.5 1.5 1.5H16v-3"/>',
    "bug": (
        '<path d="M7 7.5a3 3 0 0 1 6 0v4a3 3 0 0 1-6 0z"/>'
        '<path d="M7 9H3M17 9h-4M7 12l-3.5 3M13 12l3.5 3M7 6.5 4.5 4M13 6.5 15.5 4M10 5v9"/>'
    ),
    "check": '<path d="m4 10.5 4 4 8-9"/>',
    "code": '<path d="m7 6-4 4 4 4M13 6l4 4-4 4"/>',
    "copy": '<path d="M7 7h9v10H7zM13 7V3H4v10h3"/>',
    "download": '<path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/>',
    "heart": '<path d="M10 16.5S3 12.5 3 7.8A3.6 3.6 0 0 1 10 6.5a3.6 3.6 0 0 1 7 1.3c0 4.7-7 8.7-7 8.7z"/>',
    "home": '<path d="M3 9.5 10 3.5l7 6M5 8.5v8h10v-8M8.5 16.5v-5h3v5"/>',
    "link": (
        '<path d="M8.5 11.5a3 3 0 0 0 4.3.2l2.7-2.7a3 3 0 0 0-4.3-4.3L10 6"/>'
        '<path d="M11.5 8.5a3 3 0 0 0-4.3-.2L4.5 11a3 3 0 0 0 4.3 4.3L10 14"/>'
    ),
    "list": '<path d="M4 5h.01M4 10h.01M4 15h.01M8 5h9M8 10h9M8 15h9"/>',
    "mail": '<path d="M2.5 5h15v10.5h-15zM2.5 6l7.5 5.5L17.5 6"/>',
    "search": '<path d="M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4"/>',
    "warning": '<path d="M10 3 2.5 16.5h15zM10 8v4M10 14.3v.01"/>',
}
