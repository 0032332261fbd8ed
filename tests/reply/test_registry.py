"""The registries of codes."""

from __future__ import annotations

import pytest

from bouncewise.reply import EnhancedCode, registry

BASIC = (
    "101 111 200 211 214 220 221 235 240 250 251 252 253 254 334 354 355 417 420 421 422 424 426 430 431 432 435 441 "
    "442 446 447 449 450 451 452 453 454 455 456 458 459 460 471 498 499 500 501 502 503 504 510 511 512 513 515 516 "
    "517 521 522 523 524 525 530 531 533 534 535 538 540 541 542 543 546 547 550 551 552 553 554 555 556 557 563 571 "
    "585 591 605"
)
DETAILS = {0: 1, 1: 11, 2: 5, 3: 7, 4: 9, 5: 7, 6: 11, 7: 31}


def test_every_basic_code_is_there() -> None:
    assert [c.code for c in registry.all_basic()] == [int(c) for c in BASIC.split()]


def test_every_enhanced_code_is_there() -> None:
    codes = {e.code for e in registry.all_enhanced()}
    assert codes == {f"X.{subject}.{detail}" for subject, count in DETAILS.items() for detail in range(count)}


def test_every_entry_has_a_meaning_and_a_reference() -> None:
    for entry in (*registry.all_basic(), *registry.all_enhanced()):
        assert entry.meaning
        assert entry.references


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (211, "accepted"),
        (220, "accepted"),
        (221, "accepted"),
        (250, "accepted"),
        (251, "forwarded"),
        (252, "unverified"),
        (235, "authenticated"),
        (334, "continue"),
        (354, "continue"),
        (421, "system-unavailable"),
        (450, "mailbox-unavailable"),
        (451, "system-error"),
        (452, "system-full"),
        (500, "command-unrecognized"),
        (501, "command-syntax"),
        (502, "command-unrecognized"),
        (503, "bad-sequence"),
        (530, "auth-required"),
        (535, "auth-failed"),
        (550, "recipient-unknown"),
        (551, "recipient-moved"),
        (552, "mailbox-full"),
        (553, "recipient-syntax"),
        (554, "policy-rejected"),
    ],
)
def test_ground_rules(code: int, cause: str) -> None:
    assert registry.basic_cause(code) == cause


@pytest.mark.parametrize(
    ("code", "level", "registered"),
    [
        (EnhancedCode(5, 7, 26), "detail", "X.7.26"),
        (EnhancedCode(5, 7, 515), "subject", "X.7.X"),
        (EnhancedCode(4, 9, 9), "class", "4.X.X"),
    ],
)
def test_unknown_codes_fall_back(code: EnhancedCode, level: str, registered: str) -> None:
    found = registry.enhanced(code)
    assert (found.level, found.code) == (level, registered)


def test_unknown_reply_code_is_taken_by_its_first_digit() -> None:
    assert registry.basic_or_class(459 + 10).level == "digit"
    assert registry.basic_or_class(599).meaning.startswith("Give up")
    assert registry.basic(599) is None


def test_the_phase_changes_the_cause() -> None:
    assert registry.basic_cause(554, "connect") == "ip-reputation"
    assert registry.basic_cause(550, "mail") == "sender-blocked"


def test_the_first_digit_speaks_also_where_its_last_code_is_registered() -> None:
    assert registry.first_digit(421).meaning == registry.first_digit(499).meaning
    assert registry.first_digit(421).meaning.startswith("Try again")
    assert registry.basic_or_class(499) == registry.basic(499)
