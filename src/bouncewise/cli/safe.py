"""Make text from strangers safe for a terminal."""

from __future__ import annotations

from bouncewise.reply.visible import visible as safe

__all__ = ["safe"]
