"""Customer tokens as a shop of any language makes them, and every way of making them wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from fastapi.testclient import TestClient

from chat.identity import LEEWAY_S, BadToken, Customer, IdentityError, NotYours, Tokens, main, own
from chat.server import create_app
from chat.state import DialogueState
from tests import fake_assistant
from tests.fake_assistant import FakeAssistant

SECRET = "a secret of the shop, of 32 bytes or more"
NOW = int(time.time())
ANN = Customer(id="C-1001", name="Ann", expires=NOW + 86_400)
BOB = Customer(id="C-1002", expires=NOW + 86_400)


def by_hand(payload: object, header: object = None, secret: str = SECRET) -> str:
    """Sign as ten lines of any language do, without a library."""
    parts = [json.dumps(part).encode() for part in (header or {"alg": "HS256", "typ": "JWT"}, payload)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return b".".join((signed, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


@pytest.fixture
def tokens():
    return Tokens(SECRET)


def test_what_is_signed_is_verified(tokens):
    assert tokens.verify(tokens.sign(ANN)) == ANN
    assert tokens.verify(tokens.sign(BOB)) == BOB


def test_a_token_made_without_a_library_is_verified(tokens):
    token = by_hand({"sub": "C-1001", "name": "Ann", "exp": NOW + 86_400, "aud": "shop", "role": "admin"})
    assert tokens.verify(token) == ANN


def test_the_clocks_may_differ_a_little(tokens):
    assert tokens.verify(by_hand({"sub": "C-1", "exp": time.time() - LEEWAY_S + 5})).id == "C-1"
    with pytest.raises(BadToken, match="expired; get a new one"):
        tokens.verify(by_hand({"sub": "C-1", "exp": NOW - LEEWAY_S - 5}))


SOON = NOW + 86_400  # the tests before these may take long
GOOD = {"sub": "C-1001", "exp": SOON}


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (by_hand(GOOD, secret=SECRET + "!"), "not signed with this server's NAMEDROP_SECRET"),
        (by_hand(GOOD)[:-2], "JSON Web Token|not signed"),
        (by_hand(GOOD, header={"alg": "none"}), "JSON Web Token"),
        (by_hand(GOOD, header={"alg": "none"}).rpartition(".")[0] + ".", "JSON Web Token"),
        (by_hand(GOOD, header={"alg": "HS512"}), "JSON Web Token"),
        (by_hand(GOOD, header={"alg": "RS256"}), "JSON Web Token"),
        (by_hand({"sub": "C-1001"}), "no 'exp'"),
        (by_hand({"exp": SOON}), "no 'sub'"),
        (by_hand({"sub": "", "exp": SOON}), "'sub' is not as expected .*at least 1 character"),
        (by_hand({"sub": "C\n1", "exp": SOON}), "'sub' is not as expected"),
        (by_hand({"sub": "C" * 129, "exp": SOON}), "'sub' is not as expected .*at most 128"),
        (by_hand({"sub": 1001, "exp": SOON}), "'sub' is no text; write the customer's id in quotes"),
        (by_hand({"sub": {"$ne": ""}, "exp": SOON}), "'sub' is no text"),
        (by_hand({"sub": "C-1001", "exp": 1000 * SOON}), "'exp' counts milliseconds"),
        (by_hand({"sub": "C-1001", "exp": "never"}), "JSON Web Token"),
        (by_hand({"sub": "C-1001", "exp": float("inf")}), "JSON Web Token"),
        (by_hand({"sub": "C-1001", "exp": 2**70}), "'exp' is not as expected"),
        (by_hand({"sub": "C-1001", "exp": SOON, "nbf": NOW + 86_400}), "does not hold yet"),
        (by_hand({"sub": "C-1001", "exp": SOON, "name": ["Ann"]}), "'name' is not as expected .*valid string"),
        (by_hand({"sub": "C-1001", "exp": SOON, "name": "A" * 300}), "'name' is not as expected .*at most 200"),
        (by_hand({"sub": "C-1001", "exp": SOON, "name": "Ann\x00"}), "'name' is not as expected"),
        (by_hand(["C-1001"]), "JSON Web Token"),
        ("", "JSON Web Token"),
        ("a.b.c", "JSON Web Token"),
        ("\ud800.é.c", "JSON Web Token"),
        ("x" * 4097, "4097 characters"),
    ],
)
def test_bad_tokens_are_refused_and_not_repeated(tokens, token, said):
    with pytest.raises(BadToken, match=said) as caught:
        tokens.verify(token)
    assert len(token) < 9 or token[:9] not in str(caught.value)


def test_a_changed_payload_is_noticed(tokens):
    head, _, mac = by_hand(GOOD).split(".")
    other = by_hand(GOOD | {"sub": "C-1002"}).split(".")[1]
    with pytest.raises(BadToken, match="not signed"):
        tokens.verify(f"{head}.{other}.{mac}")


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_short_secret_is_refused_with_the_remedy(secret):
    found = rf"has {len(secret)} bytes" if secret else "is not set"
    with pytest.raises(IdentityError, match=rf"{found}; at least 32 .*chat\.identity secret"):
        Tokens(secret)


def test_a_conversation_belongs_to_the_first_customer():
    state = DialogueState(session="s")
    own(state, None)
    own(state, ANN)
    own(state, ANN.model_copy(update={"expires": NOW + 7200}))
    for other in (BOB, None):
        with pytest.raises(NotYours, match="signed in"):
            own(state, other)
    assert state.customer == "C-1001"


def test_the_command_signs_and_checks(monkeypatch, capsys):
    assert main(["secret"]) == 0
    secret = capsys.readouterr().out.strip()
    monkeypatch.setenv("NAMEDROP_SECRET", secret)
    assert main(["sign", "--customer", "C-1001", "--name", "Ann", "--days", "2"]) == 0
    token = capsys.readouterr().out.strip()
    claims = jwt.decode(token, secret, algorithms=["HS256"])
    assert claims["exp"] == pytest.approx(time.time() + 2 * 86_400, abs=60)
    assert main(["check", token]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "C-1001"


@pytest.mark.parametrize(
    ("secret", "arguments", "said"),
    [
        ("", ["sign", "--customer", "C-1"], "is not set"),
        (SECRET, ["sign", "--customer", ""], "--customer"),
        (SECRET, ["sign", "--customer", "C-1", "--days", "-30000"], "--days"),
        (SECRET, ["check", "a.b.c"], "not a valid JSON Web Token"),
    ],
)
def test_the_command_says_what_is_wrong(monkeypatch, capsys, secret, arguments, said):
    monkeypatch.setenv("NAMEDROP_SECRET", secret)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


# Over HTTP

EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(FakeAssistant()), raise_server_exceptions=False) as client:
        yield client


def bearer(who: Customer) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(fake_assistant.SECRET).sign(who)}"}


def test_a_token_comes_as_a_header_or_in_the_body(client):
    by_header = client.post("/api/chat", json={"message": "hello", "session": "header"}, headers=bearer(ANN))
    token = bearer(ANN)["Authorization"].removeprefix("Bearer ")
    in_body = client.post("/api/chat", json={"message": "hello", "session": "body", "customer": token})
    assert by_header.status_code == in_body.status_code == 200
    for session in ("header", "body"):
        assert client.get(f"/api/sessions/{session}", headers=bearer(ANN)).status_code == 200
        assert client.get(f"/api/sessions/{session}").status_code == 403


@pytest.mark.parametrize("accept", [{}, EVENTS])
def test_a_bad_token_is_a_401_and_never_an_anonymous_visitor(client, accept):
    expired = Customer(id="C-1001", expires=NOW - 3600)
    for headers in (bearer(expired), {"Authorization": "Bearer nonsense"}):
        refused = client.post("/api/chat", json={"message": "hello"}, headers=accept | headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.json()["error"]["remedy"].startswith("Send a fresh token")
    assert client.post("/api/chat", json={"message": "hello", "customer": "a.b.c"}, headers=accept).status_code == 401
    assert client.get("/api/sessions/none", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    for header in (bearer(ANN)["Authorization"].removeprefix("Bearer "), "Bearer", "Token abc"):
        refused = client.post("/api/chat", json={"message": "hello"}, headers=accept | {"Authorization": header})
        assert (header, refused.status_code) == (header, 401)
        assert "`Authorization: Bearer` and the token" in refused.json()["error"]["message"]
    guarded = client.post("/api/chat", json={"message": "hello"}, headers=accept | {"Authorization": "Basic YTpi"})
    assert guarded.status_code == 200  # a proxy's password is no token


def test_a_session_of_a_customer_refuses_everybody_else(client):
    said = client.post("/api/chat", json={"message": "hello", "session": "mine"}, headers=bearer(ANN)).json()
    like = {"session": "mine", "item_id": said["items"][0]["id"], "signal": "like"}
    limit = {"field": "year", "op": "<", "value": 1990}
    requests = [
        ("POST", "/api/chat", {"message": "what did she say?", "session": "mine"}),
        ("POST", "/api/feedback", like),
        ("POST", "/api/sessions/mine/constraints/remove", limit),
        ("GET", "/api/sessions/mine", None),
        ("DELETE", "/api/sessions/mine", None),
    ]
    for method, path, body in requests:
        for headers in ({}, bearer(BOB), EVENTS | bearer(BOB)):
            refused = client.request(method, path, json=body, headers=headers)
            assert refused.status_code == 403, (method, path)
            assert "belongs to a customer" in refused.json()["error"]["message"]
        assert client.request(method, path, json=body, headers=bearer(ANN)).status_code == 200


def test_the_api_says_where_tokens_go(client):
    spec = client.get("/openapi.json").json()
    assert spec["components"]["securitySchemes"]["customer"] | {"description": ""} == {
        "type": "http", "scheme": "bearer", "description": "",
    }  # fmt: skip
    for path, method in [("/api/chat", "post"), ("/api/feedback", "post"), ("/api/sessions/{session}", "get")]:
        entry = spec["paths"][path][method]
        assert {"401", "403"} <= set(entry["responses"])
        assert {"customer": []} in entry["security"]
