"""Find the enhanced status code in the words of a reply.

Servers put it where RFC 2034 section 4 says, right behind the reply code, and also behind a ``#``,
in brackets, at the end, or behind a name such as ``dsn=``. Numbers that only look like one are
left alone: parts of IP addresses, versions, host names, and codes with four parts.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import EnhancedCode

_NUMBER = r"([245])\.(\d{1,3})\.(\d{1,3})"
_NOT_LONGER = r"(?![.\d]?\d)(?!\.[A-Za-z0-9])(?![A-Za-z])(?!:\d)"
_DOTTED = re.compile(r"[245]\.\d{1,3}\.\d")  # what every form below needs
LEADING = re.compile(
    rf"[\s:;\"'\-]{{0,4}}[#(\[<]{{0,2}}{_NUMBER}{_NOT_LONGER}[\])>]{{0,2}}[:;,]?(?:\s+|$|(?=\S))"
)
_NAMED = re.compile(
    rf"\b(?:dsn|status|stat|enhanced(?:[ _-]?(?:status|code))?)\s?[=:]\s?\"?{_NUMBER}{_NOT_LONGER}",
    re.IGNORECASE,
)
_MARKED = re.compile(rf"(?:#|\(#?|\[#?|<#?){_NUMBER}{_NOT_LONGER}(?=[\s)\]>:;,.\"'-]|$)")
_BEHIND_CODE = re.compile(rf"[245](?<![\d.][245])[0-5]\d[ -]#?{_NUMBER}{_NOT_LONGER}")
_PLAIN = re.compile(rf"(?<![\w.:/@#-]){_NUMBER}{_NOT_LONGER}(?=[\s:;,)\]>\"']|-\s|$)")
_VERSION_BEFORE = re.compile(
    r"(?:\bv(?:er(?:sion)?)?\.?|\b(?:exim|postfix|sendmail|qmail|release|rev|build|haraka|rspamd|"
    r"spamassassin|openssl|"
    r"microsoft smtp server|zimbra|dovecot|amavis\w{0,4}|amavisd-new|mdaemon|server|ip|address|from|"
    r"by)[ /]?)\s?[\[(]?$",
    re.IGNORECASE,
)
MAX_LOOK = 4096


def _code(match: re.Match[str]) -> EnhancedCode:
    return EnhancedCode(int(match[1]), int(match[2]), int(match[3]))


def find_enhanced(text: str) -> EnhancedCode | None:
    """The enhanced status code that a text names, or None.

    Args:
        text: the words of a reply without its reply code; the first 4 KiB are looked at.
    """
    text = text[:MAX_LOOK]
    if _DOTTED.search(text) is None:
        return None
    leading = LEADING.match(text)
    if leading:
        return _code(leading)
    for pattern in (_NAMED, _BEHIND_CODE, _MARKED, _PLAIN):
        if pattern is _NAMED and "=" not in text and ":" not in text:
            continue
        for match in pattern.finditer(text):
            if pattern in (_NAMED, _BEHIND_CODE) or not _looks_like_version(text, match):
                return _code(match)
    return None


def _looks_like_version(text: str, match: re.Match[str]) -> bool:
    return bool(_VERSION_BEFORE.search(text[max(0, match.start() - 24) : match.start()]))
