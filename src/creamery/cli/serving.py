"""`creamery serve` and `creamery worker`."""

import contextlib
import logging
import resource
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
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
from creamery.storage.keys import DEFAULT_INDEX, simple_root
from creamery.storage.open_store import open_store
from creamery.storage.store import BlobStore, NoSuchBlob, StoreUnavailable

log = logging.getLogger(__name__)

BACKLOG = 2048
GRACE_SECONDS = 30
RETRY_SECONDS = 2.0
STANDSTILL_SECONDS = 120
MOST_OPEN_FILES = 65_536


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
    config.follow_own_address()
    # A server says what its index's policy is, be it by default; commands beside it only when they are told.
    config.choose(index_policy=config.load().index_policy)
    prepare.make_data_folder(config.load())
    chosen = config.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    _allow_connections()
    with prepare.only_instance(chosen):
        sockets = _listen(chosen)
        prepare.remember_address(chosen)
        # A wrong address is to be told before anything is answered.
        store = open_store(chosen.storage_url)
        _run(chosen, sockets, store)


def _allow_connections() -> None:
    """Raise the limit of open files as far as this process may; the usual 1,024 are as many clients that do nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(chosen: Config) -> list[socket.socket]:
    hosts = [chosen.host] if chosen.host else ["127.0.0.1", "::1"]
    sockets: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.socket(family, socket.SOCK_STREAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                # Each connection inherits it. The kernel ends those whose reader takes nothing any more.
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STANDSTILL_SECONDS * 1000)
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


def _run(chosen: Config, sockets: list[socket.socket], store: BlobStore) -> None:
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
    )
    if chosen.workers == 1:
        server = uvicorn.Server(settings)
        # uvicorn raises the signal that told it to stop again, once everything has stopped. To die of it then would leave
        # the temporary folders of the processes that render descriptions behind, so SIGTERM ends as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with _made_ready(chosen, store, stop=partial(setattr, server, "should_exit", True)):
            server.run(sockets=sockets)
        return
    with tempfile.TemporaryDirectory(prefix="creamery-metrics-") as folder:
        config.share_metrics_folder(folder)
        processes = Multiprocess(settings, sockets=sockets)
        with _made_ready(chosen, store, stop=processes.should_exit.set):
            processes.run()


@contextlib.contextmanager
def _made_ready(chosen: Config, store: BlobStore, *, stop: Callable[[], None]) -> Iterator[None]:
    """
    Bring the tables up to date and greet while the server inside already answers reads.

    Raises:
        CannotStart, StoreUnavailable: it cannot be done, and there is nothing to serve meanwhile; the server was stopped.
    """
    getting_ready = _GettingReady(chosen, store, stop)
    getting_ready.start()
    # Ctrl-C is how one is told to stop; uvicorn raises it again once everything has stopped.
    with contextlib.suppress(KeyboardInterrupt):
        yield
    getting_ready.over.set()
    getting_ready.join(GRACE_SECONDS)
    if getting_ready.error is not None:
        raise getting_ready.error


class _GettingReady(threading.Thread):
    """Prepares what Django needs, beside the server. With documents in the store it waits for a database that is away."""

    def __init__(self, chosen: Config, store: BlobStore, stop: Callable[[], None]) -> None:
        super().__init__(name="get-ready", daemon=True)
        self._chosen, self._store, self._stop_server = chosen, store, stop
        self._told = ""
        self.over = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        """Try until it is done, or the server is over."""
        while not self.over.is_set():
            try:
                prepare.get_ready()
                greet(self._chosen)
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, reads go on, or the main thread raises it.
                if isinstance(error, StoreUnavailable) or not self._has_documents():
                    self.error = error
                    self._stop_server()
                    return
                self._tell(error)
                self.over.wait(RETRY_SECONDS)
        _close_connections()

    def _tell(self, error: Exception) -> None:
        """Say once what pages and uploads wait for; a mistake of ours with its traceback."""
        if str(error) != self._told:
            self._told = str(error)
            what = "Installs are answered; pages and uploads wait: %s"
            log.error(what, error, exc_info=None if isinstance(error, CannotStart) else error)

    def _has_documents(self) -> bool:
        try:
            self._store.stat(simple_root(DEFAULT_INDEX, "json"))
        except (NoSuchBlob, StoreUnavailable):
            return False
        return True


def _close_connections() -> None:
    """Give back the database connections of this thread."""
    from django.db import connections

    connections.close_all()


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
