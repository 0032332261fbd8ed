"""Wordings of our own that no rule was written for: what generalises must hold."""

from __future__ import annotations

import pytest

from bouncewise.diagnosis.engine import Engine

CASES = [
    ("550 we have no user by that name, sorry", "recipient-unknown"),
    ("550 The mailbox you wrote to could not be found on this system", "recipient-unknown"),
    ("554 this inbox has run out of space: quota exceeded", "mailbox-full"),
    ("550 Your server is on our blacklist", "ip-blocklisted"),
    ("554 5.7.1 rejected, sending IP has poor reputation", "ip-reputation"),
    ("550 message was classified as spam by our filter", "spam-content"),
    ("552 Your mail is larger than we accept: message too big", "message-too-large"),
    ("450 you are sending too many messages, slow down", "rate-limited"),
    ("421 too many concurrent connections from your host", "too-many-connections"),
    ("550 the domain of the sender address does not exist", "sender-invalid"),
    ("550 relaying is not permitted here", "relay-denied"),
    ("535 login failed: wrong password", "auth-failed"),
    ("530 you must authenticate first", "auth-required"),
    ("530 please use STARTTLS first, encryption required", "tls-required"),
    ("554 no reverse DNS for your address", "ptr-missing"),
    ("550 DKIM signature verification failed", "dkim-failed"),
    ("554 virus found in attachment", "virus"),
    ("550 executable attachments are not allowed", "attachment-blocked"),
    ("550 that account has been suspended", "recipient-disabled"),
    ("Verbindung zum Mailserver konnte nicht aufgebaut werden", "connection-failed"),
    ("550 Der Benutzer ist hier nicht bekannt", "recipient-unknown"),
    ("552 La boîte aux lettres du destinataire est saturée", "mailbox-full"),
    ("550 El usuario indicado no existe", "recipient-unknown"),
    ("550 Пользователь с таким адресом не найден", "recipient-unknown"),
    ("552 对方邮箱已满", "mailbox-full"),
    ("550 該用戶不存在", "recipient-unknown"),
    ("550 指定された宛先は存在しません", "recipient-unknown"),
    ("550 해당 사용자를 찾을 수 없습니다", "recipient-unknown"),
    ("554 Adresiniz kara listede bulunuyor", "ip-blocklisted"),
]


@pytest.mark.parametrize(("reply", "cause"), CASES)
def test_general_rules_alone(engine: Engine, reply: str, cause: str) -> None:
    assert engine.diagnose(reply).cause == cause
