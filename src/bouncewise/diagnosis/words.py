"""Advice in words for people, the same on a terminal and on a page."""

from __future__ import annotations

VERDICTS = {
    "deliver": "Delivered",
    "continue": "Go on",
    "retry": "Try again",
    "bounce": "Given up",
    "none": "Nothing to do",
}
WHO = {
    "nobody": "nobody has to do anything",
    "sender-user": "the person who sent it",
    "sender-admin": "whoever runs the sending server or domain",
    "recipient": "the recipient",
    "recipient-admin": "whoever runs the receiving server",
}
