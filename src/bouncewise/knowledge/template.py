"""The template of a text: its words with everything that changes from mail to mail blanked.

A server says the same words a million times and changes only addresses, ids, numbers and IPs in
them. Patterns without figures are searched in the template, so that what was found once holds for
every reply of the same template. Patterns that hold a figure or an address are searched in the
text itself; ``needs_figures`` tells which they are.
"""

from __future__ import annotations

import re

# <anything@anywhere> first: it begins with a sign that is found fast.
_IN_BRACKETS = re.compile(rb"<[^<>\s@]{0,256}@[^<>\s]{0,256}>").sub
_ADDRESS = re.compile(rb"[\w.+=/'-]{0,256}@[\w.-]{1,256}").sub
# Read backwards, a number or an id begins with its last figure and goes on to its beginning, which
# is found fast, and leaves the word in "550User unknown" alone.
_FIGURES = re.compile(rb"[0-9][0-9A-Za-z]*").sub
_REST = re.compile(rb"0[A-Fa-f]{1,8}\b").sub


def template_of(data: bytes) -> bytes:
    """Blank addresses to ``@`` and figures to ``0``.

    Args:
        data: folded text, as ``fold_bytes`` makes it.
    """
    if b"@" in data:
        data = _IN_BRACKETS(b"<@>", data)
        if data.count(b"@") > data.count(b"<@>"):
            data = _ADDRESS(b"@", data)
    return _REST(b"0", _FIGURES(b"0", data[::-1])[::-1])


_NO_FIGURE = re.compile(r"(?<!\\)\{\d+(?:,\d*)?\}|\[\^(?:\\.|[^\]\\])*\]")


def needs_figures(regex: str) -> bool:
    """Whether a regular expression can only be met where figures and addresses are still there.

    Args:
        regex: an expression that ``compile_pattern`` made.
    """
    return re.search(r"[0-9@]|\\[dD]", _NO_FIGURE.sub("", regex)) is not None
