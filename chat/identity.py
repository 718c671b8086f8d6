"""Who is asking: signed customer tokens of the embedding site, and whom a conversation belongs to.

The shop's own server signs a token once the customer has signed in there; the page hands it to the assistant. It is a
JSON Web Token (RFC 7519) signed with HMAC-SHA256, so that any language has a library for it. Its payload::

    {"sub": "C-1001", "name": "Ann", "exp": 1795632305}

`sub` is the customer's id in the shop's order system and `exp` the second (Unix time) at which the token ends; both are
required. `name` is optional, `nbf` is respected, every other claim is ignored. A shop tries it out with::

    NAMEDROP_SECRET=… python -m chat.identity sign --customer C-1001 --days 1
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import jwt
from jwt.exceptions import InvalidSubjectError
from pydantic import Field, StringConstraints, ValidationError

from chat.messages import Frozen
from retrieval.errors import NamedropError

if TYPE_CHECKING:
    from jwt.types import Options

    from chat.state import DialogueState

SECRET_VARIABLE = "NAMEDROP_SECRET"
MIN_SECRET = 32  # bytes, the length of the hash: RFC 7518, section 3.2
MAX_TOKEN = 4_096  # characters
LEEWAY_S = 30  # how far the clocks of the shop and of this server may differ
_ALGORITHM = "HS256"  # pinned: what a token's own header asks for is never followed
_OPTIONS: Options = {"require": ["sub", "exp"], "verify_aud": False, "verify_iat": False}
_DAY_S = 86_400
_FAR = 10**11  # seconds since 1970, in the year 5138: nobody means that, but milliseconds of today

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_PRINTABLE)]


class IdentityError(NamedropError):
    """The secret cannot be used."""


class BadToken(NamedropError):
    """A customer token is malformed, forged or has expired."""


class NoSecret(BadToken):
    """There is nothing to check a customer token with."""


class NotYours(NamedropError):
    """The conversation belongs to a customer, and whoever asks is not that one."""


class Customer(Frozen):
    """A customer whom the shop vouches for, until `expires` (Unix time, seconds)."""

    id: CustomerId
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_PRINTABLE)] = ""
    expires: int = Field(gt=0, lt=2**53)


class Tokens:
    """Signs and verifies customer tokens with one secret."""

    def __init__(self, secret: str) -> None:
        """Take the secret that the shop's server and this one share.

        Raises:
            IdentityError: the secret is too short to be safe.
        """
        self._secret = checked_secret(secret)

    def sign(self, customer: Customer) -> str:
        """Return a token for a customer."""
        claims: dict[str, str | int] = {"sub": customer.id, "exp": customer.expires}
        if customer.name:
            claims["name"] = customer.name
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def verify(self, token: str) -> Customer:
        """Return the customer of a token; the signature is compared in constant time.

        Raises:
            BadToken: the token is malformed, forged or has expired; it is never taken for an anonymous visitor's.
        """
        if len(token) > MAX_TOKEN:
            raise BadToken(f"the customer token has {len(token)} characters; at most {MAX_TOKEN} are read")
        try:
            claims = jwt.decode(token, self._secret, algorithms=[_ALGORITHM], leeway=LEEWAY_S, options=_OPTIONS)
            customer = Customer(id=claims["sub"], name=claims.get("name") or "", expires=int(claims["exp"]))
        except jwt.ExpiredSignatureError as error:
            raise BadToken("the customer token has expired; get a new one from the shop's site") from error
        except jwt.MissingRequiredClaimError as error:
            raise BadToken(f"the customer token has no '{error.claim}'; both 'sub' and 'exp' are required") from error
        except jwt.InvalidSignatureError as error:
            raise BadToken(f"the customer token is not signed with this server's {SECRET_VARIABLE}") from error
        except jwt.ImmatureSignatureError as error:
            raise BadToken("the customer token does not hold yet ('nbf' is in the future)") from error
        except InvalidSubjectError as error:
            raise BadToken("the customer token's 'sub' is no text; write the customer's id in quotes") from error
        except ValidationError as error:
            claims_named = {"id": "sub", "expires": "exp"}
            problem = error.errors()[0]
            claim = claims_named.get(str(problem["loc"][0]), problem["loc"][0])
            raise BadToken(f"the customer token's '{claim}' is not as expected ({problem['msg']})") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:  # nothing of the token is repeated
            raise BadToken("the customer token is not a valid JSON Web Token (HS256 with 'sub' and 'exp')") from error
        if customer.expires > _FAR:
            raise BadToken("the customer token's 'exp' counts milliseconds; write the seconds since 1970")
        return customer


def checked_secret(secret: str) -> str:
    """Return a secret that is long enough to sign with.

    Raises:
        IdentityError: it is too short.
    """
    if len(secret.encode()) < MIN_SECRET:
        found = f"has {len(secret.encode())} bytes" if secret else "is not set"
        raise IdentityError(
            f"{SECRET_VARIABLE} {found}; at least {MIN_SECRET} random bytes are needed: "
            "make one with `python -m chat.identity secret`"
        )
    return secret


def own(state: DialogueState, customer: Customer | None) -> None:
    """Let a conversation belong to the first verified customer who uses it.

    Raises:
        NotYours: it belongs to a customer already, and this is another one or nobody.
    """
    if state.customer and (customer is None or customer.id != state.customer):
        raise NotYours("this conversation belongs to a customer who has signed in; only that customer can use it")
    if customer is not None:
        state.customer = customer.id


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a secret, sign a token or check one; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m chat.identity", description=f"Customer tokens, signed with the secret in {SECRET_VARIABLE}."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("secret", help="make a new random secret")
    sign = commands.add_parser("sign", help="sign a token, to try things out")
    sign.add_argument("--customer", required=True, help="the customer's id, for example C-1001")
    sign.add_argument("--name", default="", help="the customer's name (default: none)")
    sign.add_argument("--days", type=float, default=1.0, help="how long it holds (default: %(default)s)")
    check = commands.add_parser("check", help="say whose a token is, or what is wrong with it")
    check.add_argument("token")
    options = parser.parse_args(arguments)
    try:
        print(_answer(options))
    except NamedropError as error:
        print(f"namedrop: {error}", file=sys.stderr)
        return 2
    return 0


def _answer(options: argparse.Namespace) -> str:
    if options.command == "secret":
        return secrets.token_urlsafe(48)
    tokens = Tokens(os.environ.get(SECRET_VARIABLE, ""))
    if options.command == "check":
        return tokens.verify(options.token).model_dump_json()
    try:
        expires = int(time.time() + options.days * _DAY_S)
        return tokens.sign(Customer(id=options.customer, name=options.name, expires=expires))
    except ValidationError as error:
        problem = error.errors()[0]
        option = {"id": "customer", "expires": "days"}.get(str(problem["loc"][0]), problem["loc"][0])
        raise IdentityError(f"--{option}: {problem['msg']}; correct it") from error


if __name__ == "__main__":
    sys.exit(main())
