"""Reaching people: how the shop can be reached, and when a person takes the conversation over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.evidence import COMPLAINT
from chat.replies import Say
from chat.served import Served, cited, stretch
from chat.state import DialogueState

if TYPE_CHECKING:
    from chat.desk import Desk
    from chat.handoff import Reason
    from chat.identity import Customer

_REACH = re.compile(
    r"\b(phone|telephone|number|e-?mail|mail|address|hours|open|opening|reachable|available|(?:what|which|response)\s+times?|contact\s+details)\b"
    r"|电话|号码|邮箱|几点|时间|地址",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(human|person|agent|someone|somebody|representative|operator|manager|supervisor|customer\s+service|support|staff"
    r"|call\s+me|call\s+back|speak|talk|contact|reach)\b|人工|真人|客服|经理|找人|说话|打电话",
    re.IGNORECASE,
)
_PURCHASE = re.compile(
    r"\b(?:orders?|ordered|parcel|package|deliver\w*|refund\w*|return\w*|money|paid|pay|charged?|bought|broken|damaged"
    r"|weeks?|days?|waiting)\b|订单|包裹|退款|付",
    re.IGNORECASE,
)
_NOBODY_WANTED = re.compile(
    r"\b(?:do(?:n['’]?t|\s+not)\s+(?:need|want)|no\s+need\s+(?:for|of))\s+(?:to\s+(?:talk|speak)\s+(?:to|with)\s+)?(?:an?\s+|any\s+)?(?:real\s+)?"
    r"(?:person|human|agent|someone|somebody|anyone|anybody|staff)\b|不(?:用|需要|要)转?(?:人工|真人|客服)",
    re.IGNORECASE,
)
_CALLS_OFF = re.compile(  # of a ticket that is open
    r"\b(?:(?:do(?:n['’]?t|\s+not)|no\s+longer|needn['’]?t)\s+(?:\w+\s+)?(?:need|want|require)|no\s+(?:longer\s+a\s+|more\s+)?need\s+(?:for|of))\s+"
    r"(?:to\s+(?:talk|speak)\s+(?:to|with)\s+)?(?:an?\s+|any\s+|the\s+|your\s+)?(?:(?:real|live)\s+)?"
    r"(?:person|human|agent|some(?:one|body)|any(?:one|body)|staff|call(?:[\s-]?back)?|manager)\b"
    r"(?=\s*(?:$|[.,;!…—–-]|(?:any\s*more|anymore|now|after\s+all|then|thanks?|thank\s+you|please|for\s+(?:this|that|it)|but|and|as|because|since"
    r"|to\s+(?:call|contact|ring|write|reply|help|get\s+back))\b))"
    r"|\bno\s+need\s+(?:for\s+\w+\s+)?to\s+(?:call|contact|ring|phone|e-?mail|reply|get\s+back|write)\b"
    r"|\b(?:cancel|close|withdraw|drop)\s+(?:the|my|that|this)\s+(?:(?:hand-?off|support)\s+)?(?:ticket|request|complaint|call[\s-]?back)\b"
    r"|(?<![要用])不(?:用|需要|要)再?(?:转|找)?(?:人工|真人|客服)|(?:取消|关闭)(?:人工|工单|转接)",
    re.IGNORECASE,
)
_GOES_ON_ASKING = re.compile(r"[^.,;!?。，！？]*(?:[?？]|吗)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w[\w.-]*\w")
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d(?:[\s()/-]{0,2}\d){6,13}(?![\w,.]\d)")
_BY_MAIL = re.compile(r"\be-?mail|邮", re.IGNORECASE)
CONTACT_ASKED = re.compile(
    r"\byour\s+(?:\w+\s+)?(?:phone|telephone|mobile|e-?mail|contact)\b|\b(?:call|ring|phone|e-?mail|contact|reach)\s+you(?:\s+(?:guys|by\s+\w+))?\W*$"
    r"|\b(?:a|the)\s+(?:phone|telephone)\s+number\b|\bwhat(?:['’]?s|\s+is)\s+(?:the|an?)\s+(?:e-?mail|phone|number)(?:\s+address)?\b(?!\s+\w+ed\b)"
    r"|\b(?:can|may|could)\s+(?:i|we)\s+(?:phone|telephone|call|ring)\b(?!\s+(?:it|him|her|them|this|that)\b)"
    r"|\be-?mail\s+address\s+(?:where|for|to\s+which|that)\b|(?:你们|店)的?(?:电话|邮箱)",
    re.IGNORECASE,
)
_HOW_TO_REACH = (
    "What is your phone number or e-mail address?",
    "How can I speak to somebody on the phone?",
    "How do I make a complaint?",
)
_YES = re.compile(
    r"^\W*(?:(?:yes|yep|yeah|sure|ok(?:ay)?|please|do\s+(?:so|it|that)|go\s+ahead|thanks?|thank\s+you|i'?d\s+like\s+that)\W*)+$"
    r"|^\W*(?:好的?|要|是的?|可以|行)(?:啊|吧|谢谢|，|。|的)*\W*$",
    re.IGNORECASE,
)
_MOST = 200  # passages that are looked through for a number or an address


def contact(desk: Desk, say: Say, asked: str = "") -> Served | None:
    """Quote how the shop can be reached: the passage on it, or else the sentences that hold a number or address."""
    if desk.knowledge is None:
        return None
    page = desk.quoted(say("how_to_reach"), say)
    ways = (_MAIL, _PHONE) if _BY_MAIL.search(asked) else (_PHONE, _MAIL)
    if page is not None and any(way.search(page.text) for way in ways):
        return page
    near = [found for asked in _HOW_TO_REACH for found in desk.knowledge.search(asked, _MOST)]
    near.sort(key=lambda found: -found.confidence)
    for way, found in ((way, found) for way in ways for found in near):
        told = stretch(found.passage.text, way.search)
        if told:
            return cited(replace(found, quote=told), say)
    return page


def fetched(desk: Desk, text: str, state: DialogueState, say: Say, customer: Customer | None) -> Served:
    """Fetch a person, or tell how to reach one; close the open ticket where nobody is wanted any more."""
    if called_off(desk, state, text) and desk.outbox is not None:
        return Served(desk.outbox.withdraw(state) or say("nobody_wanted"))
    if _NOBODY_WANTED.search(text):
        return Served(say("nobody_wanted"))
    if waits_for(desk, state, text):
        from chat.handoff import noted

        served = handed_over(desk, "asked", state, say, customer)
        return replace(served, text=say.sentences(noted(say.language), served.text))
    if CONTACT_ASKED.search(text) and (told := contact(desk, say, text)) is not None:
        return told
    if _REACH.search(text) and (page := desk.quoted(text, say)) is not None:
        return page
    asked = _YES.search(text) or (_PERSON.search(text) and not COMPLAINT.search(text))
    if not asked and desk.outbox is None and (page := desk.quoted(text, say)) is not None:  # rather than nobody
        return replace(page, text=say.sentences(say("sorry") if COMPLAINT.search(text) else "", page.text))
    return handed_over(desk, "asked" if asked else "complaint", state, say, customer)


def handed_over(desk: Desk, reason: Reason, state: DialogueState, say: Say, customer: Customer | None) -> Served:
    """Hand the conversation over to a person; where nobody can be fetched, say so, with the shop's own contact."""
    from chat.handoff import nobody  # SQLAlchemy with it, which a shop without a database need not load

    if desk.outbox is None:
        ways = contact(desk, say)
        sorry = say("sorry") if reason == "complaint" else ""
        told = say.sentences(sorry, nobody(say.language), ways.text if ways else "")
        return Served(told, ways.citations if ways else ())
    requested = desk.outbox.request(state, "rule" if desk.ruled else reason, customer)
    return Served(requested.said(say.language), handoff=requested.handoff)


def accepted(desk: Desk, state: DialogueState, text: str) -> bool:
    """Whether a message takes up the offer of a person."""
    return bool(state.unsure) and desk.outbox is not None and agrees(text)


def waits_for(desk: Desk, state: DialogueState, text: str) -> bool:
    """Whether a message tells how to reach a person whose conversation has been handed over."""
    from chat.handoff import gives_contact

    return desk.outbox is not None and gives_contact(text) and desk.outbox.open_ticket(state.session) is not None


def called_off(desk: Desk, state: DialogueState, text: str) -> bool:
    """Whether a message says that the person who was asked for is wanted no more."""
    said = _CALLS_OFF.search(text)
    told = said is not None and not _GOES_ON_ASKING.match(text, said.end())
    return told and desk.outbox is not None and desk.outbox.open_ticket(state.session) is not None


def agrees(text: str) -> bool:
    """Whether a message says yes, and nothing else."""
    return _YES.search(text) is not None


def grumbles(text: str) -> bool:
    """Whether what is for a person merely complains of the answers: it asks for nobody, and tells of no purchase."""
    return not any(way.search(text) for way in (_PERSON, _MAIL, _PHONE, _PURCHASE, _CALLS_OFF))
