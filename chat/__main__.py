"""The terminal chat: ``python -m chat``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chat import demo, facts
from chat.identity import Customer
from chat.messages import Card, Chip, Reply, Signal
from retrieval.errors import NamedropError

if TYPE_CHECKING:
    from chat.assistant import Assistant

_T = TypeVar("_T")

_FOREVER = 2**40  # seconds since 1970
_HELP = """\
Write what you would like, or what you want to know of the shop, or:
  /like N  /dislike N  /seen N   say what you think of card N
  /drop N                        remove constraint N
  /new                           a new conversation
  /help                          this
  /quit                          leave (or Ctrl-D)"""
_SIGNALS: dict[str, Signal] = {"/like": "like", "/dislike": "dislike", "/seen": "seen"}


def main(arguments: list[str] | None = None) -> int:
    """Chat in the terminal; returns the exit code."""
    options = _options(arguments)
    logging.basicConfig(level=logging.WARNING if not options.verbose else logging.INFO, format="%(message)s")
    console = Console(highlight=False)
    from chat.assistant import Assistant  # after --help, which should not wait for it

    try:
        with console.status("Loading the catalogue and the models …"):
            assistant = Assistant.open(
                options.catalog,
                demo.knowledge(options.catalog, options.knowledge),
                model=options.model,
                adapter=demo.adapter(options.catalog, options.model, options.adapter),
                skip_bad=options.skip_bad_rows,
                database=_database(options.database),
                orders=demo.orders(options.catalog, options.orders),
                routes=options.routes,
            )
    except NamedropError as error:
        console.print(escape(f"namedrop: {error}"), style="red")
        return 2
    try:
        asked = "looking" if assistant.openings().of_goods else "in the mood"
        console.print(f"{assistant.status.items} items. What are you {asked} for?  (/help)", style="bold")
        if options.page and assistant.card(options.page) is None:
            console.print(f"--page {options.page}: no item of the catalogue has this id", style="red", markup=False)
            return 2
        customer = Customer(id=options.customer, expires=_FOREVER) if options.customer else None
        Terminal(console, assistant, customer, options.page).run()
    finally:
        assistant.close()
    return 0


class Terminal:
    """The loop: reads a line, prints the answer, keeps what the numbers on screen refer to."""

    def __init__(
        self, console: Console, assistant: Assistant, customer: Customer | None = None, page: str | None = None
    ) -> None:
        self._console = console
        self._assistant = assistant
        self._customer = customer
        self._page = page
        self._session: str | None = None
        self._visitor: str | None = None  # once the person has asked to be remembered
        self._cards: tuple[Card, ...] = ()
        self._chips: tuple[Chip, ...] = ()

    def run(self) -> None:
        """Read until /quit, Ctrl-D or Ctrl-C."""
        while True:
            try:
                line = self._console.input("\n[bold cyan]you[/] ").strip()
            except (EOFError, KeyboardInterrupt):
                self._console.print()
                return
            if line in ("/quit", "/exit", "/q"):
                return
            if line:
                try:
                    self._take(line)
                except NamedropError as error:
                    self._console.print(escape(str(error)), style="red")

    def _take(self, line: str) -> None:
        command, _, argument = line.partition(" ")
        if command == "/new":
            self._session, self._cards, self._chips = None, (), ()
            self._console.print("A new conversation.", style="dim")
        elif command in _SIGNALS:
            card = self._chosen(self._cards, argument)
            if card is not None and self._session:
                self._assistant.feedback(self._session, card.id, _SIGNALS[command], customer=self._customer)
                self._console.print(escape(f"Noted: {command[1:]} {card.title}."), style="dim")
        elif command == "/drop":
            chip = self._chosen(self._chips, argument)
            if chip is not None and self._session:
                field, op, value = chip.field, chip.op, chip.value
                customer = self._customer
                self._show(self._assistant.remove_constraint(self._session, field, op, value, customer=customer))
        elif command.startswith("/"):
            self._console.print(_HELP, style="dim")
        else:
            reply = self._assistant.reply(
                line[:2000], self._session, customer=self._customer, page_item=self._page, visitor=self._visitor
            )
            self._show(reply)

    def _chosen(self, things: tuple[_T, ...], argument: str) -> _T | None:
        if argument.strip().isdigit() and 1 <= int(argument) <= len(things):
            return things[int(argument) - 1]
        self._console.print(
            f"Give a number from 1 to {len(things)}." if things else "There is nothing to choose from yet."
        )
        return None

    def _show(self, reply: Reply) -> None:
        self._session, self._chips = reply.session, reply.constraints
        self._visitor = reply.visitor or self._visitor
        self._console.print(Text("namedrop ", style="bold magenta").append(reply.text, style="not bold default"))
        if reply.items:
            self._cards = reply.items
            table = Table.grid(padding=(0, 1))
            for number, card in enumerate(reply.items, 1):
                table.add_row(f"[dim]{number}[/]", Text(_title(card), style="bold"), Text(_facts(card), style="dim"))
                why = f"Sponsored. {card.why}" if card.sponsored else card.why
                table.add_row("", Text(why, style="italic"), "")
            self._console.print(Panel(table, expand=False, border_style="dim"))
        for citation in reply.citations:
            self._console.print(escape(f"source: {citation.title}  ({citation.id})"), style="dim")
        if reply.handoff is not None:
            self._console.print(escape(f"handed over: {reply.handoff.ticket} ({reply.handoff.reason})"), style="yellow")
        if reply.constraints:
            chips = "  ".join(f"{n}·{chip.label}" for n, chip in enumerate(reply.constraints, 1))
            self._console.print(escape(f"limits: {chips}   (/drop N)"), style="dim")


def _database(given: str | None) -> str | None:
    if not given:
        return None
    from chat.database import given_url  # SQLAlchemy with it

    return given_url(given)


def _title(card: Card) -> str:
    return card.title + (f" ({card.year})" if card.year else "")


def _facts(card: Card) -> str:
    return " · ".join(part for part in (card.kind, ", ".join(card.creators[:2]), facts.price(card, "en")) if part)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chat", description="Chat with a catalogue in the terminal.")
    parser.add_argument(
        "--catalog", type=Path, default=demo.CATALOG, help="a .csv, .jsonl or .parquet file (%(default)s)"
    )
    parser.add_argument("--knowledge", type=Path, help=demo.KNOWLEDGE_HELP)
    parser.add_argument("--orders", metavar="SOURCE", help=demo.ORDERS_HELP)
    parser.add_argument("--customer", metavar="ID", help="be this customer, such as C-1001, signed in")
    parser.add_argument("--page", metavar="ITEM", help="be on the page of this item")
    parser.add_argument("--database", metavar="URL", help="keep conversations and hand-offs there (default: none)")
    parser.add_argument("--routes", help="the shop's own examples of what people ask")
    parser.add_argument("--model", default="smollm2", help="a name, a folder, a hub id, or none (%(default)s)")
    parser.add_argument("--adapter", type=Path, help=demo.ADAPTER_HELP)
    parser.add_argument("--skip-bad-rows", action="store_true", help="go on without the catalogue's bad rows")
    parser.add_argument("--verbose", action="store_true", help="show the log")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
