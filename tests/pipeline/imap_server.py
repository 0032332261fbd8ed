"""A small IMAP server on the loopback, in a thread, for tests."""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What the server holds and how it behaves; ``said`` is what clients said."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    name: bytes = b'"INBOX"'
    capabilities: bytes = b"IMAP4rev1 AUTH=PLAIN"
    password: bytes = b"secret"
    uid_behind: bool = False
    whole: bool = False  # gives whole mails where a part was asked for
    gone: frozenset[int] = frozenset()
    break_at: int = 0
    certificate: str = ""
    tls: bool = False  # from the start
    said: list[bytes] = field(default_factory=list)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def secure(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.box.certificate)
        self.rfile.close()
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        # a client that goes away in the middle is what some tests want
        with suppress(OSError):
            self.serve()

    def serve(self) -> None:
        if self.server.box.tls:
            self.secure()
        self.wfile.write(b"* OK [CAPABILITY " + self.server.box.capabilities + b"] ready\r\n")
        while line := self.rfile.readline():
            tag, _, rest = line.strip().partition(b" ")
            self.server.box.said.append(rest)
            if not self.answer(tag, rest):
                return

    def answer(self, tag: bytes, line: bytes) -> bool:
        box, send = self.server.box, self.wfile.write
        command = line.upper()
        result = b"OK done"
        if command == b"CAPABILITY":
            send(b"* CAPABILITY " + box.capabilities + b"\r\n")
        elif command == b"AUTHENTICATE PLAIN":
            send(b"+ \r\n")
            coded = self.rfile.readline().strip()
            box.said.append(coded)
            result = b"OK in" if coded == self.server.plain() else b"NO [AUTHENTICATIONFAILED] wrong"
        elif command.startswith(b"LOGIN"):
            result = b"OK in" if line.endswith(b'"' + box.password + b'"') else b"NO wrong"
        elif command.startswith(b"FETCH"):
            self.sizes(command)
        elif command.startswith(b"EXAMINE"):
            result = self.examine(line.partition(b" ")[2])
        elif match := re.fullmatch(rb"UID FETCH ([\d,]+) \(UID BODY.PEEK\[\]<0\.(\d+)>\)", command):
            return self.bodies(tag, [int(u) for u in match[1].split(b",")], int(match[2]))
        elif command == b"STARTTLS" and box.certificate:
            send(tag + b" OK go on\r\n")
            self.secure()
            return True
        elif command == b"LOGOUT":
            send(b"* BYE\r\n" + tag + b" OK bye\r\n")
            return False
        else:
            result = b"BAD what"
        send(tag + b" " + result + b"\r\n")
        return True

    def examine(self, name: bytes) -> bytes:
        box = self.server.box
        if name != box.name:
            return b"NO [NONEXISTENT] no such folder"
        self.wfile.write(b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % (len(box.mails), box.validity))
        return b"OK [READ-ONLY] done"

    def sizes(self, command: bytes) -> None:
        first, last = re.fullmatch(rb"FETCH (\d+):(\d+) \(UID RFC822.SIZE\)", command).groups()  # type: ignore[union-attr]
        for number, (uid, mail) in enumerate(self.server.box.mails.items(), 1):
            if int(first) <= number <= int(last):
                self.wfile.write(b"* %d FETCH (RFC822.SIZE %d UID %d)\r\n" % (number, len(mail), uid))

    def bodies(self, tag: bytes, uids: list[int], octets: int) -> bool:
        box = self.server.box
        for uid in reversed(uids):  # a server may choose the order
            if uid in box.gone:
                continue
            if uid == box.break_at:
                return False
            mail = box.mails[uid] if box.whole else box.mails[uid][:octets]
            before, behind = (b"", b" UID %d" % uid) if box.uid_behind else (b"UID %d " % uid, b"")
            self.wfile.write(b"* 3 FETCH (FLAGS (\\Seen) UID 999)\r\n")
            self.wfile.write(b"* 1 FETCH (%bBODY[]<0> {%d}\r\n%b%b)\r\n" % (before, len(mail), mail, behind))
        self.wfile.write(tag + b" OK done\r\n")
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Mailbox) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.box = box

    def plain(self) -> bytes:
        return base64.b64encode(b"\0me@example.com\0" + self.box.password)


@contextmanager
def serving(box: Mailbox) -> Iterator[str]:
    """Serve a mailbox; gives ``host:port``."""
    with _Server(box) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
