"""
Documents kept as files: a change of what we show is seen in review as a change of a file.

`WRITE_GOLDEN=1` writes the files anew; look at the difference before you commit it.
"""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent


def check_golden(path: str, text: str) -> None:
    """
    Compare a text with the kept file. Left out are hashes in addresses of assets, which change with the style, and the
    secrets of forms.
    """
    kept = FOLDER / path
    text = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1SECRET", text)
    shown = "\n".join(
        line.rstrip() for line in re.sub(r"\?v=[0-9a-f]{12}", "?v=HASH", text).splitlines() if line.strip()
    )
    if os.environ.get("WRITE_GOLDEN"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(shown + "\n")
    assert kept.exists(), f"{path} is not kept yet: run with WRITE_GOLDEN=1 and read what it wrote"
    assert shown + "\n" == kept.read_text(), f"{path} differs: if that is meant, run with WRITE_GOLDEN=1"
