"""Rates by address and conversation, the queue of turns, and both through a real server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
from fastapi.testclient import TestClient

import app as program
from chat.limits import Busy, Limits, Rates, TooMany, TurnQueue
from chat.server import create_app
from retrieval.errors import NamedropError
from tests.fake_assistant import CARDS, FakeAssistant
from tests.serving import served

EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def turns():
    made = TurnQueue(workers=1, waiting=1)
    yield made
    made.close()


def counted(rates: Rates, address: str) -> int:
    """Return how many requests of an address are taken."""
    for number in range(20):
        try:
            rates.address(address)
        except TooMany:
            return number
    return 20


def test_an_address_has_its_rate():
    rates = Rates(Limits(rate="3/minute"))
    assert counted(rates, "192.0.2.1") == 3
    assert counted(rates, "192.0.2.2") == 3
    assert counted(rates, "::ffff:192.0.2.2") == 0  # the same, written as IPv6
    assert counted(rates, "not an address") == 3
    with pytest.raises(TooMany) as refusal:
        rates.address("192.0.2.1")
    assert 1 <= refusal.value.retry_after <= 60


def test_a_household_of_ipv6_is_one_address():
    rates = Rates(Limits(rate="3/minute"))
    assert counted(rates, "2001:db8:1:2::1") == 3
    assert counted(rates, "2001:db8:1:2:ffff::9") == 0
    assert counted(rates, "2001:db8:1:3::1") == 3


def test_this_machine_is_never_refused():
    rates = Rates(Limits(rate="3/minute"))
    assert [counted(rates, address) for address in ("127.0.0.1", "127.8.8.8", "::1")] == [20, 20, 20]


def test_counters_that_have_expired_are_let_go(monkeypatch):
    monkeypatch.setattr("chat.limits._SWEEP_S", 0.1)
    rates = Rates(Limits(rate="2/second"))
    for number in range(200):
        rates.address(f"192.0.2.{number}")
    assert len(rates._counters.storage) >= 100
    time.sleep(2.2)
    rates.address("192.0.2.1")
    assert len(rates._counters.storage) <= 2


def test_rates_can_be_off_and_must_be_rates():
    assert counted(Rates(Limits(rate="off")), "192.0.2.1") == 20
    for limits in (
        {"rate": "many"},
        {"rate": "0/minute"},
        {"session_rate": "3 per never"},
        {"workers": 0},
        {"waiting": -1},
    ):
        with pytest.raises(NamedropError, match="expected"):
            Limits(**limits)


def test_turns_run_one_after_the_other_and_the_excess_is_refused(turns):
    order: list[int] = []
    going = threading.Event()

    def work(number: int) -> int:
        going.wait(5)
        order.append(number)
        return number

    async def main() -> list[int]:
        tasks = [asyncio.create_task(turns.run(lambda n=n: work(n))) for n in range(2)]
        await asyncio.sleep(0)
        assert len(turns) == 2
        with pytest.raises(Busy) as refusal:
            await turns.run(lambda: work(9))
        assert refusal.value.retry_after >= 1
        going.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [0, 1] == order
    assert len(turns) == 0


def test_a_failing_turn_makes_room(turns):
    async def main() -> None:
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await turns.run(lambda: 1 // 0)
        assert await turns.run(lambda: 7) == 7

    asyncio.run(main())
    assert len(turns) == 0


def test_a_turn_that_cannot_be_handed_in_takes_no_place(turns, monkeypatch):
    class Full(ThreadPoolExecutor):
        def submit(self, *_: object) -> Future[object]:
            raise RuntimeError("can't start new thread")

    async def main() -> None:
        with monkeypatch.context() as patched:
            patched.setattr("chat.limits.ThreadPoolExecutor", Full)
            for _ in range(5):
                with pytest.raises(RuntimeError, match="new thread"):
                    await turns.run(lambda: 7)
        turns.close()
        assert await turns.run(lambda: 7) == 7

    asyncio.run(main())


def test_events_come_as_they_are_made_and_their_error_at_the_end(turns):
    def events():
        yield 1
        yield 2
        raise ValueError("after two")

    seen: list[int] = []

    async def main() -> None:
        async for there in turns.stream(events()):
            seen.extend(there)

    with pytest.raises(ValueError, match="after two"):
        asyncio.run(main())
    assert seen == [1, 2]


def test_no_event_of_many_is_left_behind(turns):
    async def main() -> None:
        for _ in range(200):
            assert sum([len(there) async for there in turns.stream(iter(range(50)))]) == 50

    asyncio.run(asyncio.wait_for(main(), 60))


def test_small_answers_wait_for_no_acknowledgement():
    with program.listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_who_leaves_ends_the_turn_and_a_slow_reader_holds_up_nobody(turns):
    closed = threading.Event()

    def endless():
        try:
            while True:
                time.sleep(0.001)
                yield 1
        finally:
            closed.set()

    async def main() -> None:
        slow = turns.stream(iter(range(1000)))
        begun = await anext(slow)  # and reads no further
        left = turns.stream(endless())
        assert set(await anext(left)) == {1}
        await left.aclose()
        assert await asyncio.to_thread(closed.wait, 5)
        assert begun + [n async for there in slow for n in there] == list(range(1000))

    asyncio.run(main())
    assert len(turns) == 0


def test_over_http_a_conversation_and_an_address_have_their_rates():
    limits = Limits(rate="6/minute", session_rate="2/minute")
    with TestClient(create_app(FakeAssistant(), limits=limits), client=("192.0.2.7", 5)) as client:
        answers = [client.post("/api/chat", json={"message": "hi", "session": "ann"}) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert "in this conversation" in answers[2].json()["error"]["message"]
        assert client.post("/api/chat", json={"message": "hi", "session": "bob"}, headers=EVENTS).status_code == 200
        assert [client.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
        refusal = client.get("/v1/models")
        assert refusal.json()["error"]["type"] == "rate_limit_error"
        assert 1 <= int(refusal.headers["retry-after"]) <= 60
        assert refusal.headers["x-content-type-options"] == "nosniff"
        free = ("/", "/healthz", "/readyz", "/ui/chat.js", f"/api/covers/{CARDS[0].id}.svg")
        assert [client.get(path).status_code for path in free] == [200] * 5


@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
def test_who_asks_is_what_a_trusted_proxy_says_and_nothing_else(trusted):
    app = create_app(FakeAssistant(), limits=Limits(rate="2/minute"))
    with served(app, proxy_headers=bool(trusted), forwarded_allow_ips=trusted) as address:
        headers = {"X-Forwarded-For": "192.0.2.9"}
        got = [httpx.get(f"{address}/v1/models", headers=headers).status_code for _ in range(3)]
    assert got == [200, 200, 429 if trusted else 200]  # this machine itself has no rate


class Stopwatch:
    """Notes how long the server takes to refuse a request; clients on a busy machine measure themselves instead."""

    def __init__(self, app, refused: list[float]) -> None:
        self.app = app
        self.refused = refused

    async def __call__(self, scope, receive, send):
        began = time.perf_counter()

        async def watched(message):
            if message.get("status") == 429:
                self.refused.append(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, watched)


def test_a_slow_model_answers_all_it_takes_and_refuses_the_rest_at_once():
    """40 people at once before a model that takes 0.1 s a turn, with room for 5."""
    app = create_app(FakeAssistant(pace=0.01), limits=Limits(workers=1, waiting=4))

    refused: list[float] = []
    app.add_middleware(Stopwatch, refused=refused)

    def ask(number: int) -> tuple[int, str]:
        headers = EVENTS if number % 2 else {}
        response = client.post(f"{address}/api/chat", json={"message": f"number {number}"}, headers=headers)
        return response.status_code, response.text

    room = httpx.Limits(max_connections=40)
    with served(app) as address, ThreadPoolExecutor(40) as people, httpx.Client(timeout=30, limits=room) as client:
        done = list(people.map(ask, range(40)))
        again = ask(99)
    assert {status for status, _ in done} == {200, 429}
    taken = [number for number, (status, _) in enumerate(done) if status == 200]
    assert 5 <= len(taken) < 40
    assert all(f"For “number {number}”" in done[number][1] for number in taken)  # each its own answer, none lost
    assert len(refused) == 40 - len(taken)
    assert max(refused) < 2.0  # half of what waiting for all 40 turns would take
    assert again[0] == 200


def test_a_turn_that_waits_is_given_up_when_its_client_leaves():
    assistant = FakeAssistant(pace=0.02)
    app = create_app(assistant, limits=Limits(workers=1, waiting=4))
    with served(app) as address, ThreadPoolExecutor(1) as other:
        first = other.submit(httpx.post, f"{address}/api/chat", json={"message": "slow"}, timeout=30)
        time.sleep(0.2)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/api/chat", json={"message": "left", "session": "left"}, timeout=0.2)
        assert first.result().status_code == 200
        time.sleep(0.2)
    assert "left" not in assistant.sessions


def test_the_options_of_the_program():
    parse = program.arguments().parse_args
    assert program.limits(parse([])) == Limits(workers=1, waiting=16)
    assert program.limits(parse(["--model", "none"])) == Limits()
    given = parse(["--model", "none", "--rate", "5/second", "--session-rate", "off", "--queue", "3"])
    assert program.limits(given) == Limits("5/second", "off", 6, 3)
    with pytest.raises(NamedropError, match="'often' is no rate"):
        program.limits(parse(["--rate", "often"]))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--retention-days", "-1", "a number of days, or 0 to keep everything"),
        ("--retention-days", "nan", "a number of days, or 0 to keep everything"),
        ("--trust-proxy", "foo", "addresses such as 127.0.0.1, not 'foo'"),
        ("--trust-proxy", "127.0.0.1,proxy", "not 'proxy'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(capsys, option, value, said):
    with pytest.raises(SystemExit):
        program.arguments().parse_args([f"{option}={value}"])
    assert said in capsys.readouterr().err
    for trusted in ("127.0.0.1, 10.0.0.0/8", "::1", "*"):
        assert program.arguments().parse_args(["--trust-proxy", trusted]).trust_proxy == trusted
    assert program.arguments().parse_args(["--retention-days", "0"]).retention_days == 0
