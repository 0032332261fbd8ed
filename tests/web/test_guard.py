"""Who may ask, how much, how often, and what a browser is allowed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.web.served import Served, serving

from bouncewise.store.store import Store
from bouncewise.web.guard import COOKIE, Rates
from bouncewise.web.settings import Limits, is_loopback
from bouncewise.web.tokens import Tokens

FAR = {"X-Forwarded-For": "203.0.113.9"}  # as a proxy on this machine hands on a request from elsewhere
REPLY = {"reply": "550 5.1.1 User unknown"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8025", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_pointed_here_is_refused(served: Served, host: str) -> None:
    answer = served.client.get("/api/deliveries", headers={"Host": host})
    assert answer.status_code in (400, 421)


def test_a_name_that_was_allowed(tmp_path: Path) -> None:
    with serving(tmp_path / "s.db", names=("Bounces.Example",)) as served:
        assert served.client.get("/health", headers={"Host": "bounces.example:8025"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/deliveries", "/api/report", "/metrics", "/api/live", "/api/schema/openapi.json"]
)
@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_from_elsewhere_a_token_is_needed(served: Served, path: str, field: str) -> None:
    assert served.client.get(path, headers={field: "203.0.113.9"}).status_code == 401


def test_a_person_from_elsewhere_is_led_to_sign_in(served: Served) -> None:
    answer = served.client.get("/report", headers={**FAR, "Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert served.client.get("/login", headers=FAR).status_code == 200


def test_a_token_lets_in_until_it_is_taken_back(served: Served, tmp_path: Path) -> None:
    tokens = served.site.tokens
    token = tokens.make("test", 1)
    bearer = {**FAR, "Authorization": f"Bearer {token}"}
    assert served.client.get("/api/deliveries", headers=bearer).status_code == 200
    cookie = {**FAR, "Cookie": f"{COOKIE}={token}"}
    assert served.client.get("/report", headers=cookie).status_code == 200
    for wrong in ("x", token[:-1], token + "x", "bw_" + "a" * 500):
        assert (
            served.client.get(
                "/api/deliveries", headers={**FAR, "Authorization": f"Bearer {wrong}"}
            ).status_code
            == 401
        )
    assert tokens.take_back("test")
    assert served.client.get("/api/deliveries", headers=bearer).status_code == 401
    assert token.encode() not in (tmp_path / "store.db").read_bytes()


def test_signing_in_gives_a_cookie_that_scripts_do_not_see(served: Served) -> None:
    token = served.site.tokens.make("test", 1)
    answer = served.client.post("/login", data={"token": token}, headers=FAR)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert served.client.post("/login", data={"token": "no"}, headers=FAR).status_code == 401


def test_a_store_keeps_hashes_and_names_once(tmp_path: Path) -> None:
    from bouncewise.store.model import StoreError

    tokens = Tokens(Store.at(str(tmp_path / "s.db")))
    token = tokens.make("a", 1)
    assert tokens.knows(token)
    assert not Tokens(Store.at(str(tmp_path / "s.db"))).knows(token + "x")
    with pytest.raises(StoreError, match="already"):
        tokens.make("a", 2)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_pages_of_other_sites_change_nothing(served: Served, headers: dict[str, str]) -> None:
    answer = served.client.post("/api/deliveries", json=REPLY, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "other-site")
    assert (
        served.client.get("/api/deliveries", headers=headers).status_code == 200
    )  # reading is guarded by CORS


def test_our_own_pages_may(served: Served) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": served.url}, {}):
        assert served.client.post("/api/explain", json=REPLY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/api/explain", "/static/app.css", "/nothing", "/api/deliveries?cursor=x"]
)
def test_every_answer_has_the_headers(served: Served, path: str) -> None:
    headers = served.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_bodies_are_bounded(tmp_path: Path) -> None:
    with serving(tmp_path / "s.db", limits=Limits(text=1000, upload=5000)) as served:
        told = served.client.post("/api/check", json={"domain": "x" * 2000})
        assert (told.status_code, told.json()["error"]["code"]) == (413, "too-large")
        assert served.client.post("/api/read", content=b"x" * 6000).status_code == 413

        def pieces() -> object:
            for _ in range(100):
                yield b"x" * 100

        assert served.client.post("/api/read", content=pieces()).status_code == 413  # type: ignore[arg-type]
        assert served.client.get("/health").status_code == 200


def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    with serving(tmp_path / "s.db", limits=Limits(seconds=0.2)) as served:
        with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 10) as plain:
            plain.sendall(b"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc")
            got = plain.recv(65_536)
        assert b" 408 " in got.split(b"\r\n")[0] + b" "
        assert served.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: 127", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /hea"]
)
def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path, said: bytes) -> None:
    with serving(tmp_path / "s.db", limits=Limits(seconds=0.2)) as served:
        with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 10) as plain:
            plain.sendall(said)
            while plain.recv(65_536):  # until the server closes it
                pass
        assert served.client.get("/health").status_code == 200


def test_rates() -> None:
    now = [0.0]
    rates = Rates(2.0, 3, lambda: now[0])
    assert [rates.wait("a") == 0 for _ in range(5)] == [True, True, True, False, False]
    assert rates.wait("b") == 0
    now[0] = 0.5
    assert rates.wait("a") == 0
    assert rates.wait("a") > 0
    for number in range(20_000):
        rates.wait(f"c{number}")
    assert len(rates._buckets) <= 10_000


def test_too_many_requests_from_elsewhere(tmp_path: Path) -> None:
    with serving(tmp_path / "s.db", limits=Limits(rate=0.001, burst=5)) as served:
        codes = [served.client.get("/health", headers=FAR).status_code for _ in range(8)]
        assert codes == [200] * 5 + [429] * 3
        assert served.client.get("/health").status_code == 200  # this machine's own are not counted


@pytest.mark.parametrize(
    ("address", "near"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False),
     ("192.0.2.1", False), ("localhost", False), ("", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_loopback(address: str, near: bool) -> None:
    assert is_loopback(address) is near


def test_a_thousand_at_once(served: Served) -> None:
    import httpx

    async def ask() -> list[int]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(
            base_url=served.url, limits=limits, timeout=60, trust_env=False
        ) as client:
            answers = await asyncio.gather(*(client.post("/api/explain", json=REPLY) for _ in range(1000)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 1000


def test_a_large_mailbox_may_be_dropped(served: Served) -> None:
    data = b"550 5.1.1 User unknown\n" * 100_000
    assert served.client.post("/explain/result", content=data).status_code == 200
    assert served.client.post("/api/explain/pasted", content=data).json()["total"] == 100_000
    assert served.client.post("/api/check", content=data).status_code == 413
