"""Letters that a stream cannot write, as on a Windows console or in a redirected one, are spelled out."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Any

#: The name of the way to handle what an encoding has not.
SPELLED = "neurodyn.spelled"
SIGNS = {"–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "’": "'", "→": "->"}


def spell_out(stream: Any) -> None:
    """Let a stream spell out letters that its encoding has not; what is no text stream stays as it is."""
    codecs.register_error(SPELLED, _spelled)
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=SPELLED)


def spelled(letter: str) -> str:
    """A letter in ASCII: θ by its name, é without its accent, and a question mark for what has neither."""
    kind, found, name = unicodedata.name(letter, "").rpartition("LETTER ")
    if found and kind.startswith("GREEK"):
        word = name.split()[0].lower()
        return word.capitalize() if "CAPITAL" in kind else word
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return SIGNS.get(letter) or plain or "?"


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(spelled, error.object[error.start : error.end])), error.end
