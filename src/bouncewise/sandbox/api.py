"""The HTTP API of a sandbox: what came, searched and waited for, and scripts; JSON, on the loopback.

==========================  ============================================================================
``GET /``                   a page with the messages, the sessions and the addresses to try
``GET /addresses``          the addresses that choose their reply
``GET /messages``           ``to``, ``from``, ``subject`` and ``text`` search; newest last
``GET /messages/ID``        one; ``/raw`` gives it as it came
``GET /wait``               waits until ``count`` messages have come (``to``, ``timeout`` in seconds)
``GET /transcripts``        all sessions; ``/ID`` gives one line by line
``POST /script``            ``{"rule": [...], "seed": 0}`` replaces the script
``DELETE /messages``        forgets everything
==========================  ============================================================================
"""

from __future__ import annotations

import email.parser
import email.policy
import http.server
import threading
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from bouncewise.sandbox.listing import all_choices
from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.script import ScriptError
from bouncewise.sandbox.store import Kept, Transcript

MAX_BODY = 1_048_576
MAX_WAIT = 60.0
MAX_SHOWN = 1000
_encode = msgspec.json.Encoder().encode


class Api:
    """Serves the API of a sandbox in a thread.

    Args:
        sandbox: the sandbox.
        listen: address and port; port 0 takes a free one.
        persona: as whom it speaks, for the page.
    """

    def __init__(
        self, sandbox: Sandbox, listen: tuple[str, int] = ("127.0.0.1", 0), persona: str = ""
    ) -> None:
        handler = type("Handler", (_Handler,), {"sandbox": sandbox, "persona": persona})
        self._server = http.server.ThreadingHTTPServer(listen, handler)
        self._server.daemon_threads = True
        self.host, self.port = listen[0], int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> Api:
        """Listen."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    sandbox: Sandbox
    persona: str
    timeout = 30
    server_version = "bouncewise-sandbox"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        steps = [step for step in parts.path.split("/") if step]
        if not self._may_ask():
            self._fail(403, "the Host field names another server")
        elif not steps:
            self._page()
        elif steps == ["addresses"]:
            self._json([msgspec.to_builtins(choice) for choice in all_choices(self.sandbox.words)])
        elif steps == ["messages"]:
            self._json([_record(kept) for kept in self.sandbox.messages if _holds(kept, query)][-MAX_SHOWN:])
        elif steps[0] == "messages" and len(steps) in (2, 3):
            self._message(steps[1:])
        elif steps == ["wait"]:
            self._wait(query)
        elif steps == ["transcripts"]:
            self._json([_heading(transcript) for transcript in self.sandbox.transcripts][-MAX_SHOWN:])
        elif steps[0] == "transcripts" and len(steps) == 2:
            found = [t for t in self.sandbox.transcripts if t.session == steps[1]]
            self._json(msgspec.to_builtins(found[0])) if found else self._fail(
                404, "there is no such session"
            )
        else:
            self._fail(404, "there is no such page; / lists what there is")

    def do_POST(self) -> None:
        if not self._may_ask() or self.path != "/script":
            self._fail(404, "only /script takes something")
            return
        try:
            data = msgspec.json.decode(self._body(), type=dict[str, Any])
            self.sandbox.script(*data.get("rule", []), seed=int(data.get("seed", 0)))
        except (msgspec.DecodeError, msgspec.ValidationError, ScriptError, TypeError, ValueError) as error:
            self._fail(400, str(error))
            return
        self._json({"rules": len(data.get("rule", []))})

    def do_DELETE(self) -> None:
        if not self._may_ask() or self.path != "/messages":
            self._fail(404, "only /messages can be deleted")
            return
        self.sandbox.store.clear()
        self._json({})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the sessions are what is of interest."""

    # -- inside -------------------------------------------------------------------------------------------

    def _may_ask(self) -> bool:
        """Whether this is no page of another site that asks by a name of its own (DNS rebinding)."""
        host = (self.headers.get("host") or "").rpartition(":")[0] or (self.headers.get("host") or "")
        asked = host.strip("[]").lower()
        own = str(self.connection.getsockname()[0]).lower()
        return asked in ("localhost", "127.0.0.1", "::1", own) and self.headers.get("origin") in (
            None,
            f"http://{self.headers.get('host')}",
        )

    def _body(self) -> bytes:
        size = int(self.headers.get("content-length") or 0)
        if not 0 < size <= MAX_BODY:
            raise ValueError(f"a body of 1 to {MAX_BODY} octets is wanted")
        return self.rfile.read(size)

    def _message(self, steps: list[str]) -> None:
        kept = next((m for m in self.sandbox.messages if str(m.id) == steps[0]), None)
        if kept is None or steps[1:] not in ([], ["raw"]):
            self._fail(404, "there is no such message")
        elif steps[1:]:
            self._send(200, "text/plain; charset=utf-8", kept.octets)
        else:
            self._json(_record(kept) | {"text": kept.text})

    def _wait(self, query: dict[str, str]) -> None:
        try:
            count, timeout = int(query.get("count", "1")), float(query.get("timeout", "10"))
            if not 0 <= timeout < float("inf"):  # also NaN, which would never be over
                raise ValueError
        except ValueError:
            self._fail(400, "count is a number, and timeout one of seconds")
            return
        found = self.sandbox.wait_for(count, timeout=min(timeout, MAX_WAIT), to=query.get("to", ""))
        self._json([_record(kept) for kept in found], status=200 if len(found) >= count else 408)

    def _page(self) -> None:
        from jinja2 import Environment  # noqa: PLC0415 - for the page only

        text = files("bouncewise.sandbox").joinpath("page.html").read_text(encoding="utf-8")
        kept = self.sandbox.messages
        shown = (
            Environment(autoescape=True)
            .from_string(text)
            .render(
                host=self.sandbox.host,
                port=self.sandbox.port,
                persona=self.persona,
                taken=len(kept),
                messages=[_record(message) for message in kept[-100:]],
                transcripts=self.sandbox.transcripts[-100:],
                choices=list(all_choices(self.sandbox.words)),
            )
        )
        self._send(200, "text/html; charset=utf-8", shown.encode())

    def _json(self, told: Any, status: int = 200) -> None:
        self._send(status, "application/json", _encode(told))

    def _fail(self, status: int, why: str) -> None:
        self._send(status, "application/json", _encode({"error": why}))

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)


def _record(kept: Kept) -> dict[str, Any]:
    parsed = email.parser.BytesHeaderParser(policy=email.policy.default).parsebytes(kept.octets[:65_536])
    told = msgspec.to_builtins(msgspec.structs.replace(kept, octets=b""))
    del told["octets"]
    try:
        subject = str(parsed.get("subject", ""))
    except Exception:  # of the standard library, for fields that strangers made
        subject = ""
    return {**told, "subject": subject, "size": len(kept.octets)}


def _holds(kept: Kept, query: dict[str, str]) -> bool:
    wanted = {name: value.lower() for name, value in query.items()}
    return (
        ("to" not in wanted or any(wanted["to"] in recipient.lower() for recipient in kept.recipients))
        and ("from" not in wanted or wanted["from"] in kept.sender.lower())
        and ("subject" not in wanted or wanted["subject"] in str(_record(kept)["subject"]).lower())
        and ("text" not in wanted or wanted["text"] in kept.text.lower())
    )


def _heading(transcript: Transcript) -> dict[str, Any]:
    return {
        "session": transcript.session,
        "ip": transcript.ip,
        "began": transcript.began,
        "lines": len(transcript.lines),
    }
