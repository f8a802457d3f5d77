"""`creamery serve` and `creamery worker`."""

import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

import click
import uvicorn
from rich.console import Console
from rich.markup import escape
from uvicorn.supervisors import Multiprocess

from creamery import config, prepare
from creamery.cli.output import DATA
from creamery.config import Config
from creamery.kernel import logs
from creamery.prepare import CannotStart

BACKLOG = 2048
GRACE_SECONDS = 30


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1 and ::1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port.  [default: 8000]")
@click.option("--public-url", help="The address under which people reach the index.  [default: http://localhost:PORT]")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer.  [default: 1]")
@DATA
def serve(
    *, host: str | None, port: int | None, public_url: str | None, workers: int | None, data: Path | None
) -> None:
    """Run the index; the first start sets everything up."""
    config.choose(host=host, port=port, public_url=public_url, workers=workers, data=data)
    prepare.make_data_folder(config.load())
    chosen = config.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    with prepare.only_instance(chosen):
        sockets = _listen(chosen)
        prepare.load_tables()
        prepare.start_afresh()
        _greet(chosen)
        _run(chosen, sockets)


def _listen(chosen: Config) -> list[socket.socket]:
    hosts = [chosen.host] if chosen.host else ["127.0.0.1", "::1"]
    sockets: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.socket(family, socket.SOCK_STREAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind((host, chosen.port))
        except OSError as error:
            if family == socket.AF_INET6 and not chosen.host and sockets:
                continue  # A machine without IPv6 is served on IPv4 alone.
            raise CannotStart(
                f"Cannot listen on {host} port {chosen.port} ({error.strerror}). Stop what listens there, or choose another with --port."
            ) from error
        listening.set_inheritable(True)
        sockets.append(listening)
    return sockets


def _greet(chosen: Config) -> None:
    """Print the address and what to type next, with the real address filled in."""
    from creamery.accounts.actions import new_setup_code
    from creamery.accounts.queries import has_people

    url = chosen.public_url
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]Creamery[/] serves [bold cyan]{escape(url)}/[/] from {escape(str(chosen.data))}")
    if not has_people():
        console.print("\nNobody has an account yet. Create the first administrator by this link, which works once:")
        console.print(f"  {escape(url)}/setup/{new_setup_code()}/")
        console.print("\nor at the console, in another terminal:")
    console.print(_NEXT.format(url=escape(url), creamery=_own_command(chosen)))


_NEXT = """\
  {creamery} user create ada --email ada@idx.example
  export TWINE_PASSWORD=$({creamery} token create --user ada)

[bold]Publish[/] what lies in dist/:
  twine upload --repository-url {url}/legacy/ -u __token__ dist/*
  UV_PUBLISH_TOKEN=$TWINE_PASSWORD uv publish --publish-url {url}/legacy/ --check-url {url}/simple/

[bold]Install[/]:
  pip install --index-url {url}/simple/ NAME
  uv pip install --index-url {url}/simple/ NAME

Stop with Ctrl-C."""


def _own_command(chosen: Config) -> str:
    """Spell the command so that it works in another terminal, in this folder, on the same data."""
    program = Path(sys.argv[0])
    on_path = any((Path(folder) / program.name).exists() for folder in os.get_exec_path())
    name = program.name if on_path or not program.exists() else os.path.relpath(program)
    usual = chosen.data == Path("creamery-data").resolve()
    return name if usual else f"CREAMERY_DATA={chosen.data} {name}"


def _run(chosen: Config, sockets: list[socket.socket]) -> None:
    settings = uvicorn.Config(
        "creamery.asgi:application",
        http="creamery.serve.protocol:HttpProtocol",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(chosen.trusted_proxies),
        forwarded_allow_ips=list(chosen.trusted_proxies),
        workers=chosen.workers,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    if chosen.workers == 1:
        uvicorn.Server(settings).run(sockets=sockets)
        return
    with tempfile.TemporaryDirectory(prefix="creamery-metrics-") as folder:
        config.share_metrics_folder(folder)
        Multiprocess(settings, sockets=sockets).run()


@click.command()
@DATA
def worker(*, data: Path | None) -> None:
    """Do follow-up work apart from `creamery serve`; any number may run."""
    config.choose(data=data, mode="worker")
    prepare.make_data_folder(config.load())
    chosen = config.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    prepare.load_tables()
    from creamery.kernel import outbox

    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        stop.set()
        outbox.wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo("Creamery's worker is at it. Stop with Ctrl-C.")
    outbox.work(stop)
