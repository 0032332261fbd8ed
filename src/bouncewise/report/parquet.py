"""A summary as a Parquet file, by PyArrow (an extra)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from bouncewise.report.rows import rows


def write_parquet(summary: dict[str, Any], path: Path) -> None:
    """Write the rows of a summary.

    Args:
        summary: as ``summarise`` gives it.
        path: the file.
    """
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows(summary))), path)
