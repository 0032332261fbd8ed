"""Replies: the words of the field, parsing, rendering, unwrapping and the registries."""

from bouncewise.reply.model import (
    NO_CONTEXT,
    Context,
    EnhancedCode,
    Phase,
    Reply,
    Severity,
    Unwrapped,
)
from bouncewise.reply.parse import parse_reply

__all__ = ["NO_CONTEXT", "Context", "EnhancedCode", "Phase", "Reply", "Severity", "Unwrapped", "parse_reply"]
