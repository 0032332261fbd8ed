"""What every page shows."""

from __future__ import annotations

from typing import Any

from bouncewise.web.api.shared import Asked, site_of

PAGES = (
    ("explain", "/", "Explain"),
    ("guide", "/guide", "Field guide"),
    ("report", "/report", "Report"),
    ("live", "/live", "Live"),
    ("check", "/check", "Checks"),
)


def common(request: Asked, here: str) -> dict[str, Any]:
    """The values that the frame of a page needs.

    Args:
        request: the request.
        here: which page it is.
    """
    site = site_of(request)
    pages = [*PAGES, ("sandbox", "/sandbox", "Sandbox")] if site.sandbox else list(PAGES)
    return {"site": site, "pages": pages, "here": here}
