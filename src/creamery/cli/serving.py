"""`creamery serve` and `creamery worker`."""

import contextlib
import signal
import socket
import tempfile
import threading
from pathlib import Path

import click
import uvicorn
from uvicorn.supervisors import Multiprocess

from creamery import config, prepare
from creamery.cli.greeting import greet
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
        greet(chosen)
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
        # Ctrl-C is how one is told to stop; uvicorn raises it again once everything has stopped.
        with contextlib.suppress(KeyboardInterrupt):
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
