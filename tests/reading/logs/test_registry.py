"""The table of syslog tags is what the modules say."""

from __future__ import annotations

from bouncewise.reading.logs.formats import FOREIGN, TAGS
from bouncewise.reading.logs.registry import line_formats


def test_tags_are_those_of_the_modules() -> None:
    own = {program: form.name for form in line_formats() for program in form.programs}
    assert own == TAGS


def test_no_program_is_foreign_and_known() -> None:
    assert not FOREIGN & set(TAGS)
