"""Who calls: the verified customer of a signed token, or the visitor whom an id names."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chat.bodies import VisitorId
from chat.identity import BadToken, Customer

_BEARER = HTTPBearer(auto_error=False, scheme_name="customer", description="A customer token of the shop's own site.")


async def _verified(
    request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Customer | None:
    """Return who asks, None for an anonymous visitor; a token that does not hold is refused, never passed over.

    A header of the scheme Basic is no token: it is for a proxy that guards the whole site.
    """
    given = request.headers.get("authorization", "").strip()
    if bearer is None and given and given.partition(" ")[0].casefold() != "basic":
        raise BadToken("the header Authorization holds no customer token; write `Authorization: Bearer` and the token")
    return request.app.state.assistant.customer(bearer.credentials) if bearer else None


Caller = Annotated[Customer | None, Depends(_verified)]
VisitorHeader = Annotated[
    VisitorId | None,
    Header(alias="Namedrop-Visitor", description="The id that an unnamed person got when they consented."),
]
