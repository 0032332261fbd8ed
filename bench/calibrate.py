"""How sure the answers are, against how often they are right, on labelled replies.

usage: python bench/calibrate.py DATA...

DATA is JSON Lines with reply, phase, host, cause and also_ok, or a TSV with the columns reply and
cause. Prints a row for each kind of proof, with the confidence that ``diagnosis/confidence.py`` gives
and the share that was right, and the same for bands of confidence: what the table there is fitted to.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bouncewise.api import make_engine
from bouncewise.diagnosis.confidence import distance_of, kind_of
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.reply.model import NO_CONTEXT, Context, Phase

Row = tuple[str, Context, set[str]]


def labelled(path: Path) -> Iterator[Row]:
    """The labelled replies of a file: reply, context, right causes."""
    phases = {p.value for p in Phase}
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".tsv":
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield row["reply"], NO_CONTEXT, {row["cause"]}
            return
        for line in file:
            row = json.loads(line)
            phase = Phase(row["phase"]) if row.get("phase") in phases else None
            context = Context(phase=phase, remote_host=row.get("host") or None)
            yield row["reply"], context, {row["cause"], *row.get("also_ok", ())}


def facet(diagnosis: Diagnosis, agrees: bool) -> str:
    """The row of the table that an answer belongs to."""
    top, *rivals = diagnosis.candidates
    near = distance_of(top, [c for c in rivals if c.cause != top.cause])
    return f"{kind_of(top):<12} {'codes agree' if agrees else '-':<12} {near}"


def show(title: str, counts: dict[str, list[tuple[float, bool]]]) -> None:
    """One table: how many, confidence given, share right."""
    print(f"{title:<44} {'n':>6} {'given':>7} {'right':>7}")
    for name, answers in sorted(counts.items()):
        given = sum(c for c, _ in answers) / len(answers)
        right = sum(ok for _, ok in answers) / len(answers)
        print(f"{name:<44} {len(answers):>6} {given:>7.2f} {right:>7.2f}")
    print()


def main() -> None:
    """Decide every labelled reply and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    engine = make_engine()
    kinds: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    bands: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for path in parser.parse_args().data:
        for reply, context, causes in labelled(path):
            diagnosis = engine.diagnose(reply, context)
            answer = diagnosis.confidence, diagnosis.cause in causes
            kinds[facet(diagnosis, engine.agrees(diagnosis))].append(answer)
            bands[f"{int(diagnosis.confidence * 10) / 10:.1f} and above"].append(answer)
    show("kind of proof", kinds)
    show("confidence", bands)


if __name__ == "__main__":
    main()
