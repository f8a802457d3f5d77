"""
What the fork server loads before it makes children.

The renderers load most of themselves with the first text: once here, instead of once in each child.
"""

from creamery.markup import child

for _kind in ("text/markdown", "text/x-rst", "text/plain"):
    child.answer(
        "Title\n=====\n\n`code` and a `link <https://idx.example>`_\n\n.. code:: python\n\n   import os\n", _kind
    )
