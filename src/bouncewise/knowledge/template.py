"""The template of a text: its words with everything that changes from mail to mail blanked.

A server says the same words a million times and changes only addresses, ids, numbers and IPs in
them. Patterns without figures are searched in the template, so that what was found once holds for
every reply of the same template. Patterns that hold a figure or an address are searched in the
text itself; ``needs_figures`` tells which they are.
"""

from __future__ import annotations

import re

# Each begins with one sign or a few, which is found fast; what stands before the sign is taken from
# the text read backwards. A number or an id read backwards begins with its last figure and goes on
# to its beginning, which leaves the word in "550User unknown" alone.
_DOMAIN = re.compile(rb"@[\w.-]+").sub
_LOCAL_PART = re.compile(rb"@[\w.+=/'-]+").sub
_FIGURES = re.compile(rb"[0-9][0-9A-Za-z]*").sub
# What is left of an id that ends with letters: hexadecimal ones, and what a dot ends (``...si31026394jbe.473``).
_REST = re.compile(rb"0(?:[A-Fa-f]{1,8}\b|[A-Za-z]{1,4}(?=\.0)|[A-Z]{1,10}(?=\.))").sub


def template_of(data: bytes) -> bytes:
    """Blank addresses to ``@`` and figures to ``0``.

    Args:
        data: folded text, as ``fold_bytes`` makes it.
    """
    backwards = data[::-1]
    if b"@" in data:
        backwards = _LOCAL_PART(b"@", _DOMAIN(b"@", data)[::-1])
    return _REST(b"0", _FIGURES(b"0", backwards)[::-1])


_NO_FIGURE = re.compile(r"(?<!\\)\{\d+(?:,\d*)?\}|\[\^(?:\\.|[^\]\\])*\]")


def needs_figures(regex: str) -> bool:
    """Whether a regular expression can only be met where figures and addresses are still there.

    Args:
        regex: an expression that ``compile_pattern`` made.
    """
    return re.search(r"[0-9@]|\\[dD]", _NO_FIGURE.sub("", regex)) is not None
