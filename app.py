"""Start Namedrop: the assistant on a catalogue, and its page and API on one port.

    python app.py --catalog data/marquee/catalog.jsonl

The page is there at once and says so while the models load.
"""

from __future__ import annotations

import argparse
import errno
import ipaddress
import math
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chat import demo
from chat.logs import configure
from retrieval.errors import NamedropError
from retrieval.threads import cores

if TYPE_CHECKING:
    import uvicorn

    from chat.assistant import Assistant
    from chat.helpers import Helpers
    from chat.limits import Limits

POLL_S = 0.1


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(prog="app.py", description="Serve Namedrop: the chat page and the API.")
    parser.add_argument(
        "--catalog", type=Path, default=demo.CATALOG, help=".jsonl, .csv or .parquet (default: %(default)s)"
    )
    parser.add_argument("--knowledge", type=Path, help=demo.KNOWLEDGE_HELP)
    parser.add_argument("--model", default="smollm2", help="a name, a folder or a hub id; 'none': retrieval only")
    parser.add_argument("--adapter", type=Path, help=demo.ADAPTER_HELP)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="the port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin whose pages may use the widget, as https://shop.example; may be repeated (default: none)",
    )
    parser.add_argument("--skip-bad-rows", action="store_true", help="go on without the catalogue's bad rows")
    add_store(parser)
    add_service(parser)
    add_limits(parser)
    add_logs(parser)
    return parser


def count(text: str) -> int:
    """Read a number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, not {number}")
    return number


def days(text: str) -> float:
    """Read a number of days, 0 or more."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number of days, or 0 to keep everything, not {text}")
    return number


def proxies(text: str) -> str:
    """Read the addresses of proxies."""
    for address in (part.strip() for part in text.split(",") if part.strip() not in ("", "*")):  # *: whoever asks
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"expected addresses such as 127.0.0.1, not {address!r}") from error
    return text


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where conversations are kept, and how long."""
    parser.add_argument(
        "--database",
        metavar="URL",
        help="sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME, or none: in memory only "
        "(default: $NAMEDROP_DATABASE, else conversations.db in the cache folder)",
    )
    parser.add_argument(
        "--retention-days",
        type=days,
        default=90,
        metavar="DAYS",
        help="delete conversations and memories not used for so long; 0 keeps them (default: %(default)s)",
    )


def database(options: argparse.Namespace) -> str | None:
    """Return the URL or path of the database, None to keep everything in memory.

    Raises:
        NamedropError: what is given is no URL.
    """
    given = options.database or os.environ.get("NAMEDROP_DATABASE")
    if given:
        from chat.database import given_url

        return given_url(str(given))
    from retrieval.models import cache_root

    cache_root().mkdir(parents=True, exist_ok=True)
    return str(cache_root() / "conversations.db")


def add_service(parser: argparse.ArgumentParser) -> None:
    """Add the options that connect the shop's own systems."""
    parser.add_argument("--orders", metavar="SOURCE", help=demo.ORDERS_HELP)
    parser.add_argument(
        "--webhook", metavar="URL", help="where conversations that need a person are posted to (default: nowhere)"
    )
    parser.add_argument(
        "--routes", type=Path, metavar="F", help="JSONL with the shop's own examples of what people ask (default: none)"
    )
    parser.add_argument(
        "--rules", type=Path, metavar="F", help="YAML with what to show more, less, first or never (default: no rules)"
    )


def add_logs(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what the log looks like."""
    parser.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="json: a line a request and turn (%(default)s)"
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what one server takes on."""
    parser.add_argument(
        "--processes",
        type=count,
        metavar="N",
        help="that take turns, each with a copy of all models (default: 2 with --model none and two cores, else 1)",
    )
    parser.add_argument("--rate", help="requests of one address, such as 300/minute, or off (default: 300/minute)")
    parser.add_argument("--session-rate", help="messages of one conversation, likewise (default: 120/minute)")
    parser.add_argument(
        "--queue", type=int, metavar="N", help="turns that may wait (default: 64; with a language model 16)"
    )
    parser.add_argument(
        "--trust-proxy",
        type=proxies,
        default="",
        metavar="ADDRESSES",
        help="proxies, such as 127.0.0.1, whose X-Forwarded-For says who asks; comma-separated (default: none)",
    )


def processes(options: argparse.Namespace) -> int:
    """Return how many processes take turns: what is asked for, or two where that helps."""
    if options.processes is not None:
        return int(options.processes)
    return 2 if options.model == "none" and cores() > 1 and database(options) is not None else 1


def limits(options: argparse.Namespace) -> Limits:
    """Return what the server takes on: the options, or what suits the model.

    Raises:
        NamedropError: a value cannot be used.
    """
    from chat.limits import Limits

    # Turns share batches of the sentence encoder, but not of a language model; docs/experiments.md says why six.
    alone = options.model == "none"
    given = {"rate": options.rate, "session_rate": options.session_rate, "waiting": options.queue}
    suited = {"workers": 6 if alone else processes(options), "waiting": 64 if alone else 16}
    return Limits(**suited | {name: value for name, value in given.items() if value is not None})


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is done.

    Raises:
        NamedropError: the address cannot be used, for example because another program has the port.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # What is accepted inherits it; asyncio sets it only where a socket names its protocol, which this one does not.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (OSError, OverflowError) as error:
        reason = "the port is in use" if getattr(error, "errno", None) == errno.EADDRINUSE else str(error)
        raise NamedropError(f"cannot listen on {host}:{port}: {reason}; choose another port with --port") from error


def texts(options: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Return the knowledge and the adapter: those asked for, or those that come with the catalogue."""
    knowledge = demo.knowledge(options.catalog, options.knowledge)
    return knowledge, demo.adapter(options.catalog, options.model, options.adapter)


def opened(options: argparse.Namespace, *, background: bool = False, helpers: Helpers | None = None) -> Assistant:
    """Open the assistant that the options ask for.

    Raises:
        NamedropError: a file, the database or the webhook cannot be used.
    """
    from chat.assistant import Assistant

    knowledge, adapter = texts(options)
    return Assistant.open(
        options.catalog,
        knowledge,
        model=options.model,
        adapter=adapter,
        skip_bad=options.skip_bad_rows,
        background=background,
        database=database(options),
        retention_days=options.retention_days or None,
        orders=demo.orders(options.catalog, options.orders),
        secret=os.environ.get("NAMEDROP_SECRET"),
        webhook=options.webhook,
        routes=options.routes,
        rules=options.rules,
        webhook_secret=os.environ.get("NAMEDROP_WEBHOOK_SECRET"),
        helpers=helpers,
    )


def helping(options: argparse.Namespace) -> Assistant:
    """Open the assistant of a helper, in its process."""
    configure(options.log_format)
    return opened(options)


def check_connections(options: argparse.Namespace) -> None:
    """Refuse secrets, a database or a webhook that cannot be used, before the port is taken and models are loaded.

    Raises:
        NamedropError: one of them cannot.
    """
    from chat.identity import checked_secret

    secret = os.environ.get("NAMEDROP_SECRET")
    if secret:
        checked_secret(secret)
    kept = database(options)
    if options.webhook:
        from chat.delivery import checked_url

        checked_url(options.webhook)
        checked_secret(os.environ.get("NAMEDROP_WEBHOOK_SECRET") or secret or "")
        if kept is None:
            raise NamedropError("a webhook needs a database, so that no hand-off is lost; give one with --database")


def serve(options: argparse.Namespace) -> int:
    """Serve until the person stops it; return the exit code.

    Raises:
        NamedropError: the address or a file cannot be used.
    """
    for path in (options.catalog, *texts(options), options.rules, options.routes):
        if path is not None and not path.exists():
            raise NamedropError(f"there is no file or folder '{path}'; check the path")
    check_connections(options)
    from chat.embedding import origin

    taken_on, origins = limits(options), [origin(text) for text in options.allow_origin]
    listener = listen(options.host, options.port)

    import uvicorn

    from chat.helpers import Helpers
    from chat.server import create_app

    number = processes(options)
    helpers = Helpers(number - 1, partial(helping, options)) if number > 1 else None
    assistant = opened(options, background=True, helpers=helpers)
    config = uvicorn.Config(
        create_app(assistant, origins=origins, limits=taken_on),
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        proxy_headers=bool(options.trust_proxy),
        forwarded_allow_ips=options.trust_proxy,
    )
    server = uvicorn.Server(config)
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{host}:{listener.getsockname()[1]}"
    threading.Thread(target=announce, args=(server, assistant, address), daemon=True).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        assistant.close()
    return 2 if assistant.status.state == "failed" else 0  # what failed has been logged


def announce(server: uvicorn.Server, assistant: Assistant, address: str) -> None:
    """Print when the page listens and when answers come; stop the server if they never will."""
    while not server.started:
        time.sleep(POLL_S)
    print(f"Namedrop listens on {address} (the models are loading; Ctrl-C stops it)", flush=True)
    while (status := assistant.status).state == "loading":
        time.sleep(POLL_S)
    if status.state == "failed":
        server.should_exit = True
    else:
        print(f"Namedrop is ready: {status.items:,} items, model {status.model}.", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = arguments().parse_args(argv)
    configure(options.log_format)
    try:
        return serve(options)
    except NamedropError as error:
        print(f"namedrop: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
