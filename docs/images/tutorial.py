"""Draw the pictures of the tutorial, docs/images/tutorial/*.png, by running the code that is on its pages.

From the top of the repository, for all pages or for some of them:

    python docs/images/tutorial.py
    python docs/images/tutorial.py 3-nudge 4-side-network
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import matplotlib as mpl

mpl.use("Agg")

from PIL import Image

DOCS = Path(__file__).resolve().parents[1]
PICTURES = DOCS / "images" / "tutorial"
#: Enough for screens of any kind, and small files.
DPI = 130
COLOURS = 64


def draw(page: Path) -> None:
    """Run the blocks of a page in order, and keep the pictures that they write."""
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.S | re.M))
    sys.modules["page"] = module = ModuleType("page")  # so that what a page defines can be compiled
    with tempfile.TemporaryDirectory() as folder, mpl.rc_context({"savefig.dpi": DPI}):
        os.chdir(folder)
        exec(compile(code, str(page), "exec"), vars(module))
        for picture in sorted(Path(folder).glob("*.png")):
            keep(picture)
        os.chdir(DOCS)


def keep(picture: Path) -> None:
    """Store a picture with few colours and without a word on what made it."""
    few = Image.open(picture).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(PICTURES / picture.name, optimize=True)
    print(picture.name, (PICTURES / picture.name).stat().st_size)


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(page.stem for page in (DOCS / "tutorial").glob("*.md")):
        draw(DOCS / "tutorial" / f"{name}.md")
