"""The routes of what is kept about people: consent, everything that is remembered, and forgetting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from chat.bodies import ConsentBody, Forgotten, SessionPath
from chat.callers import Caller, VisitorHeader
from chat.identity import BadToken, Customer
from chat.messages import PersonView, Remembered
from chat.problems import answers

if TYPE_CHECKING:
    from chat.assistant import Assistant


def memory_routes(assistant: Assistant) -> APIRouter:
    """Return the routes; FastAPI runs `def` ones in a worker thread, so they may block."""
    api = APIRouter()

    @api.put("/sessions/{session}/memory", responses=answers(401, 403, 404, 409))
    def remember(session: SessionPath, body: ConsentBody, caller: Caller) -> Remembered:
        """Take or withdraw the person's consent to be remembered beyond this conversation.

        An unnamed person gets a `visitor` id, this once: send it with the first message of their next conversations.
        Withdrawing deletes what is remembered, at once.
        """
        return assistant.remember(session, body.consent, training=body.training, customer=caller)

    @api.get("/memory", responses=answers(401))
    def person(caller: Caller, visitor: VisitorHeader = None) -> PersonView:
        """Return everything kept about the customer of the token, or the visitor of the header."""
        _named(caller, visitor)
        return assistant.person(customer=caller, visitor=visitor)

    @api.delete("/memory", responses=answers(401, 409))
    def forget(caller: Caller, visitor: VisitorHeader = None) -> Forgotten:
        """Delete everything kept about them: what is remembered, and all their conversations."""
        _named(caller, visitor)
        return Forgotten(forgotten=assistant.forget_person(customer=caller, visitor=visitor))

    return api


def _named(caller: Customer | None, visitor: str | None) -> None:
    """Refuse a request that forgot to say about whom: an empty answer would read as if nothing were kept."""
    if caller is None and visitor is None:
        raise BadToken("the request names nobody: send a customer's token, or the header Namedrop-Visitor")
