"""The words that mails are told by, kept in TOML files beside the code that asks for them.

A file holds lists of words or of regular expressions, in small letters. A list of the latter becomes one
pattern, to be searched in text in small letters: that is several times faster than to ignore the case.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def lists(name: str) -> dict[str, tuple[str, ...]]:
    """The lists of a file as they stand there.

    Args:
        name: the file, without its suffix.
    """
    text = files("bouncewise.reading.mail").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return {key: tuple(words) for key, words in tomllib.loads(text).items()}


@cache
def patterns(name: str) -> dict[str, re.Pattern[str]]:
    """The lists of a file, each as one pattern.

    Args:
        name: the file, without its suffix.
    """
    return {key: re.compile("|".join(words), re.S) for key, words in lists(name).items()}
