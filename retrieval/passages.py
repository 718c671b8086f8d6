"""A shop's knowledge as passages: Markdown, question-answer JSON, or a folder of both.

Markdown: each ``##`` heading with the text below it is a passage, ``###`` and deeper belong to it, and the page's ``#``
is the source's title::

    # Help
    ## Can I return an opened film?
    Yes, within 14 days. …

JSON: a list of questions with their answers; JSON Lines with one such object a line mean the same::

    [{"question": "Do you ship abroad?", "answer": "Yes, to 30 countries.", "id": "abroad"},
     {"questions": ["How do I pay?", "Which cards do you take?"], "answer": "By card or by invoice."}]

A text is kept as plain text: Markdown's marks and any HTML tags are dropped, an answer's text is kept as it stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, overload

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from retrieval.errors import ProblemsError
from retrieval.text import CONTROL, as_written, fold

_LONGEST = 20_000  # characters of a passage's text
_LONGEST_TITLE = 500
_LONGEST_ID = 80
_MARKUP = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_STRAY = re.compile(r"\s(?=[.,;:!?])")  # what a removed tag leaves before a full stop
_MARKDOWN = MarkdownIt("commonmark").enable("table")
SUFFIXES = (".md", ".markdown", ".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing the shop says, with what it is asked by.

    Attributes:
        id: stays the same while other passages are edited, moved or removed.
        title: the heading or the question.
        text: what may be quoted, verbatim.
        source: the page's title, or the file's name.
        aliases: further questions that it answers, and the headings inside it.
    """

    id: str
    title: str
    text: str
    source: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnowledgeProblem:
    """One thing wrong in one file: `where` is a line or an entry ("line 12", "entry 3"), empty for the whole file."""

    file: str
    where: str
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        """Render as ``faq.json: entry 3: no answer; expected …; remedy``."""
        where = f"{self.file}: {self.where}" if self.where else self.file
        return f"{where}: {self.found}; expected {self.expected}; {self.remedy}"


class KnowledgeError(ProblemsError[KnowledgeProblem]):
    """The knowledge cannot be used as it is; `problems` holds everything that is wrong, in all files."""


class Knowledge(Sequence[Passage]):
    """The passages of a shop, in the order of its files. Make one with `Knowledge.load`."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = tuple(passages)
        self._by_id = {passage.id: passage for passage in self.passages}

    @classmethod
    def load(cls, path: str | Path) -> Knowledge:
        """Read a .md, .json or .jsonl file, or all of them in a folder and the folders below it.

        Raises:
            KnowledgeError: nothing is there, or something in it cannot be used; the error lists all problems.
        """
        path = Path(path)
        files = knowledge_files(path)
        if not files:
            found = "the folder holds no" if path.is_dir() else "no such file or folder, or not a"
            raise KnowledgeError(f"{path}: {found} knowledge file; expected {', '.join(SUFFIXES)}")
        problems: list[KnowledgeProblem] = []
        drafts: list[_Draft] = []
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            drafts += _read(file, name, problems)
        passages = _identified(drafts, problems)
        if problems:
            raise KnowledgeError(f"{path}: the knowledge cannot be used as it is; correct these:", problems)
        return cls(passages)

    def get(self, passage_id: str) -> Passage | None:
        """Return the passage of an id, None if there is none."""
        return self._by_id.get(passage_id)

    def __len__(self) -> int:
        return len(self.passages)

    @overload
    def __getitem__(self, at: int) -> Passage: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Passage, ...]: ...
    def __getitem__(self, at: int | slice) -> Passage | tuple[Passage, ...]:
        return self.passages[at]


def knowledge_files(path: Path) -> list[Path]:
    """Return the files that `Knowledge.load` reads, sorted; hidden ones are left out."""
    if path.is_dir():
        below = (p for p in path.rglob("*") if not any(part.startswith(".") for part in p.relative_to(path).parts))
        return sorted(p for p in below if p.is_file() and p.suffix.lower() in SUFFIXES)
    return [path] if path.is_file() and path.suffix.lower() in SUFFIXES else []


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage that has no id of its own yet, and where it stood."""

    passage: Passage
    file: str
    where: str


def _read(file: Path, name: str, problems: list[KnowledgeProblem]) -> list[_Draft]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(KnowledgeProblem(name, f"line {line}", "not UTF-8", "UTF-8 text", "save the file as UTF-8"))
        return []
    except OSError as error:
        problems.append(KnowledgeProblem(name, "", str(error), "a readable file", "check its permissions"))
        return []
    before = len(problems)
    markdown = file.suffix.lower() in (".md", ".markdown")
    drafts = _markdown(name, text, problems) if markdown else _entries(name, text, problems)
    if not drafts and len(problems) == before:
        expected, remedy = (
            ("a '## ' heading with text below it", "give each answer a '## ' heading")
            if markdown
            else ("a list of questions with answers", 'write [{"question": "…", "answer": "…"}]')
        )
        problems.append(KnowledgeProblem(name, "", "no passage", expected, remedy))
    return drafts


def _markdown(name: str, text: str, problems: list[KnowledgeProblem]) -> list[_Draft]:
    """Cut a page at its second-level headings; what stands before the first is no passage."""
    tokens = _MARKDOWN.parse(text)
    heads = [at for at, t in enumerate(tokens) if t.type == "heading_open" and t.level == 0 and t.tag in ("h1", "h2")]
    source, drafts = Path(name).stem, []
    for head, end in pairwise([*heads, len(tokens)]):
        title = _one_line(_inline(tokens[head + 1]))
        if tokens[head].tag == "h1":
            source = title or source
            continue
        body, inner = _plain(tokens[head + 3 : end])
        where = f"line {(tokens[head].map or [0])[0] + 1}"
        problems += _wrong(name, where, title, body, "heading", "text")
        drafts.append(_Draft(Passage("", title, body, source, inner), name, where))
    return drafts


def _plain(tokens: Sequence[Token]) -> tuple[str, tuple[str, ...]]:
    """Return the plain text of a passage's blocks, one paragraph or list item a line, and its inner headings."""
    lines: list[str] = []
    headings: list[str] = []
    cells: list[str] | None = None
    fresh = False  # a list item has begun
    for at, token in enumerate(tokens):
        if token.type == "list_item_open":
            fresh = True
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            lines.append(" | ".join(cells))
            cells = None
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip())
        elif token.type == "html_block":
            lines.append(_STRAY.sub("", _one_line(_MARKUP.sub(" ", token.content))))
        elif token.type == "inline":
            said = _inline(token)
            if at and tokens[at - 1].type == "heading_open":
                headings.append(_one_line(said))
            if cells is not None:
                cells.append(_one_line(said))
            else:
                lines.append(f"- {said}" if fresh else said)
            fresh = False
    return "\n".join(line for line in lines if line.strip()), tuple(h for h in headings if h)


def _inline(token: Token) -> str:
    """Return what a reader sees of a line: no marks, no tags, a link's text with its address."""
    parts: list[str] = []
    address = ""
    for child in token.children or ():
        if child.type in ("text", "code_inline") or child.type == "image":
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak":
            parts.append("\n")
        elif child.type == "link_open":
            address = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            said = parts[-1] if parts else ""
            shown = address.removeprefix("mailto:")
            if shown and shown != said and not shown.startswith("#"):
                parts.append(f" ({shown})")
    return "".join(parts).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _listed(value: Any) -> Any:  # noqa: ANN401 - an entry's field is of any type before validation
    return [value] if isinstance(value, str) else value


_Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_TITLE)]


class Entry(BaseModel):
    """A question, or several, with their answer; further fields are left alone."""

    id: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^\S+$")] | None,
        BeforeValidator(as_written),
    ] = None
    questions: Annotated[list[_Question], BeforeValidator(_listed), Field(min_length=1)] = Field(
        validation_alias=AliasChoices("questions", "question", "q", "title")
    )
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST)] = Field(
        validation_alias=AliasChoices("answer", "a", "text")
    )

    @model_validator(mode="before")
    @classmethod
    def _both_spellings(cls, entry: Any) -> Any:  # noqa: ANN401
        """Take `question` and `questions` together, the single one first."""
        if isinstance(entry, Mapping) and isinstance(entry.get("question"), str) and "questions" in entry:
            further = _listed(entry["questions"])
            if isinstance(further, list):
                return {**entry, "questions": [entry["question"], *further]}
        return entry


# field: (what is expected, what to do)
_EXPECTED: Mapping[str, tuple[str, str]] = {
    "id": ("an identifier of at most 200 characters without spaces", "correct the id or leave it out"),
    "questions": (f"one question or a list of them, of at most {_LONGEST_TITLE} characters each", "write the question"),
    "answer": (f"a text of at most {_LONGEST:,} characters", "write the answer, or remove the entry"),
}
_NAMES = {"question": "questions", "q": "questions", "title": "questions", "a": "answer", "text": "answer"}


def _entries(name: str, text: str, problems: list[KnowledgeProblem]) -> list[_Draft]:
    drafts = []
    for where, value in _values(name, text, problems):
        if not isinstance(value, Mapping):
            remedy = 'write {"question": "…", "answer": "…"}'
            problems.append(KnowledgeProblem(name, where, f"{_shown(value)}", "an object", remedy))
            continue
        try:
            entry = Entry.model_validate(value)
        except ValidationError as error:
            fields = {_NAMES.get(str(e["loc"][0]), str(e["loc"][0])): e for e in error.errors(include_url=False)}
            for field, detail in fields.items():
                expected, remedy = _EXPECTED[field]
                found = f"no {field}" if detail["type"] == "missing" else f"{field} = {_shown(detail['input'])}"
                problems.append(KnowledgeProblem(name, where, found, expected, remedy))
            continue
        title, *aliases = (_one_line(question) for question in entry.questions)
        problems += _wrong(name, where, title, entry.answer, "question", "answer")
        passage = Passage(entry.id or "", title, entry.answer, Path(name).stem, tuple(dict.fromkeys(aliases)))
        drafts.append(_Draft(passage, name, where))
    return drafts


def _values(name: str, text: str, problems: list[KnowledgeProblem]) -> Iterator[tuple[str, Any]]:
    """Yield where each entry stands and its value; an object around the one list is looked through."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if name.lower().endswith(".jsonl"):
            yield from _lines(name, text, problems)
            return
        where = f"line {error.lineno}, column {error.colno}"
        problems.append(KnowledgeProblem(name, where, error.msg, "JSON", "correct the punctuation there"))
        return
    except RecursionError:
        problems.append(KnowledgeProblem(name, "", "nested too deeply", "a list of objects", "flatten it"))
        return
    if isinstance(whole, Mapping) and not {"answer", "a", "text"} & whole.keys():
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 else whole
    rows = whole if isinstance(whole, list) else [whole]
    yield from ((f"entry {at}", value) for at, value in enumerate(rows, 1))


def _lines(name: str, text: str, problems: list[KnowledgeProblem]) -> Iterator[tuple[str, Any]]:
    for at, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield f"line {at}", json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            problems.append(KnowledgeProblem(name, f"line {at}", str(error), "one JSON object", "correct the line"))


def _wrong(name: str, where: str, title: str, body: str, heading: str, content: str) -> Iterator[KnowledgeProblem]:
    if not title:
        yield KnowledgeProblem(name, where, f"an empty {heading}", "a question or a subject", "write one")
    if not body.strip():
        found = f"{title!r} has no {content}"
        yield KnowledgeProblem(name, where, found, f"the {content} that answers it", "write it, or remove the heading")
    if len(title) > _LONGEST_TITLE or len(body) > _LONGEST:
        found = f"{title[:40]!r} has {len(title):,} and {len(body):,} characters"
        expected = f"at most {_LONGEST_TITLE} for the {heading} and {_LONGEST:,} for the {content}"
        yield KnowledgeProblem(name, where, found, expected, "split it into several passages")
    if CONTROL.search(title + body):
        yield KnowledgeProblem(name, where, "control characters", "readable text", "remove them")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _slug(text: str) -> str:
    """Return an identifier that keeps letters of every script, cut with a digest: ``returns-the-14-days``."""
    slug = re.sub(r"[\W_]+", "-", fold(text)).strip("-") or _digest(text)
    return slug if len(slug) <= _LONGEST_ID else f"{slug[: _LONGEST_ID - 9].rstrip('-')}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def _identified(drafts: Sequence[_Draft], problems: list[KnowledgeProblem]) -> list[Passage]:
    """Give ids by file and heading; where two are alike, both get a suffix by content, so that order means nothing."""
    names = [d.passage.id or f"{_slug(str(Path(d.file).with_suffix('')))}/{_slug(d.passage.title)}" for d in drafts]
    often = Counter(names)
    seen: dict[str, _Draft] = {}
    passages = []
    for draft, name in zip(drafts, names, strict=True):
        given = bool(draft.passage.id)
        unique = name if given or often[name] == 1 else f"{name}-{_digest(draft.passage.text)}"
        if unique in seen:
            first = seen[unique]
            found = f"id {unique!r} again" if given else f"{draft.passage.title!r} again, with the same text"
            expected = f"one of each ({first.file}, {first.where} has it too)"
            remedy = "change one id" if given else "remove one of the two"
            problems.append(KnowledgeProblem(draft.file, draft.where, found, expected, remedy))
            continue
        seen[unique] = draft
        passages.append(replace(draft.passage, id=unique))
    return passages
