"""A JSON-RPC node that misbehaves on request: a proxy on the loopback interface, for tests.

::

    with FaultyRpc(replica.rpc_url) as node:
        node.fault("eth_getLogs", Status(429), times=2)     # then well again
        node.fault("eth_getBlockByNumber", HeadBack(3))     # until cleared
        node.fault(ANY, Delay(2.0), times=1)
        ...                                                 # talk to node.url
        node.clear()

A fault names a method, or ANY. In a batch, a fault of the transport (Delay, Held, Drip, Drop, LoseAnswer,
Status, Garbage) strikes the whole post; one of the answer strikes only the calls of its method. The oldest
fault that fits comes first; one with ``times`` is used up by that many posts (transport) or calls (answer).
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import urlsplit

ANY: Final = "*"
_HOST: Final = "127.0.0.1"
_UPSTREAM_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Delay:
    """Answers rightly, but late."""

    seconds: float


class Held:
    """Answers rightly, but not before it is let go: a moment that a test can wait for, and then leave."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._released = threading.Event()

    def wait_until_reached(self, seconds: float) -> bool:
        """Wait for the first request that is held; False if none came in time."""
        return self._reached.wait(seconds)

    def release(self) -> None:
        """Let the answers go, later ones too."""
        self._released.set()

    def hold(self) -> None:
        """Keep the caller until the release."""
        self._reached.set()
        self._released.wait()


@dataclass(frozen=True, slots=True)
class Drip:
    """Answers rightly, in small pieces with a pause between them: never silent, never done."""

    pause_seconds: float
    piece_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Drop:
    """Closes the connection without asking the node behind: the request has had no effect."""


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Lets the node behind do its work, then closes the connection: the request has had its effect."""


@dataclass(frozen=True, slots=True)
class Status:
    """Answers with an HTTP status and no JSON."""

    code: int
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answers 200 with something else than the answer."""

    body: bytes = b"<html>maintenance</html>"


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """Answers a call with a JSON-RPC error, without asking the node behind."""

    code: int
    message: str
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Lie:
    """Changes the result of a call: ``change(params, result)`` returns what is told instead."""

    change: Callable[[list[Any], Any], Any]


@dataclass(frozen=True, slots=True)
class HeadBack:
    """Shows, for the newest block, one that lies ``blocks`` behind it."""

    blocks: int


@dataclass(frozen=True, slots=True)
class LogLimit:
    """Refuses ``eth_getLogs`` over more than ``most_blocks`` or with more than ``most_results``."""

    most_blocks: int
    most_results: int = 10_000
    code: int = -32005
    message: str = "query returned more than 10000 results"


Fault = Delay | Held | Drip | Drop | LoseAnswer | Status | Garbage | ErrorAnswer | Lie | HeadBack | LogLimit
_TRANSPORT: Final = (Delay, Held, Drip, Drop, LoseAnswer, Status, Garbage)


def lie_about_field(name: str, value: str) -> Lie:
    """Return a lie about one field of an object (a block's hash, its parent, a receipt's status)."""
    return Lie(lambda _params, result: result | {name: value} if isinstance(result, dict) else result)


def truncated_logs(keep: int) -> Lie:
    """Return a lie that keeps only the first ``keep`` of the logs."""
    return Lie(lambda _params, result: result[:keep] if isinstance(result, list) else result)


def other_chain(chain_id: int) -> Lie:
    """Return a lie for ``eth_chainId``."""
    return Lie(lambda _params, _result: hex(chain_id))


class _Rule:
    def __init__(self, method: str, fault: Fault, times: int | None) -> None:
        self.method = method
        self.fault = fault
        self.left = times

    def fits(self, methods: set[str]) -> bool:
        return self.left != 0 and (self.method == ANY or self.method in methods)


class FaultyRpc:
    """The proxy; a context manager that stops it at the end.

    Attributes:
        url: where it listens, on the loopback interface.
        calls: how often each method was asked for, faults included.
    """

    def __init__(self, upstream_url: str) -> None:
        """Listen on a free port, in front of ``upstream_url`` (http only)."""
        self._upstream = urlsplit(upstream_url)
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.calls: Counter[str] = Counter()
        self._server = ThreadingHTTPServer((_HOST, 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://{_HOST}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be gone: connections are refused, and those that were kept are closed. Doing it twice is fine."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, method: str, fault: Fault, *, times: int | None = None) -> None:
        """Misbehave so from now on, ``times`` times or until cleared."""
        with self._lock:
            self._rules.append(_Rule(method, fault, times))

    @contextmanager
    def holding(self, method: str) -> Iterator[Held]:
        """Hold the next answer to ``method`` back, until it is released or the block ends."""
        fault = Held()
        self.fault(method, fault, times=1)
        try:
            yield fault
        finally:
            fault.release()

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._rules.clear()

    def page(self, path: str) -> bytes | None:
        """Return what a GET of ``path`` shows, or None where there is nothing: a node has no pages."""
        return None

    def _take(self, methods: set[str], *, transport: bool) -> Fault | None:
        """Return the fault that strikes now and use it up once."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.fault, _TRANSPORT) is transport and rule.fits(methods):
                    if rule.left is not None:
                        rule.left -= 1
                    return rule.fault
        return None

    def _respond(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self._stopping.is_set():
            handler.close_connection = True
            return
        posted = json.loads(body)
        calls = posted if isinstance(posted, list) else [posted]
        methods = [call["method"] for call in calls]
        self.calls.update(methods)
        fault = self._take(set(methods), transport=True)
        if isinstance(fault, Drop):
            handler.close_connection = True
            return
        if isinstance(fault, Status):
            _send(handler, b"", fault.code, fault.retry_after_seconds)
            return
        if isinstance(fault, Garbage):
            _send(handler, fault.body)
            return
        answers = [self._answer(call) for call in calls]
        content = json.dumps(answers if isinstance(posted, list) else answers[0]).encode()
        self._deliver(handler, fault, content)

    def _deliver(self, handler: BaseHTTPRequestHandler, fault: Fault | None, content: bytes) -> None:
        if isinstance(fault, LoseAnswer):
            handler.close_connection = True
        elif isinstance(fault, Drip):
            self._drip(handler, fault, content)
        else:
            if isinstance(fault, Delay):
                self._stopping.wait(fault.seconds)
            elif isinstance(fault, Held):
                fault.hold()
            _send(handler, content)

    def _drip(self, handler: BaseHTTPRequestHandler, fault: Drip, content: bytes) -> None:
        _send_head(handler, len(content))
        for start in range(0, len(content), fault.piece_bytes):
            handler.wfile.write(content[start : start + fault.piece_bytes])
            handler.wfile.flush()
            if self._stopping.wait(fault.pause_seconds):
                handler.close_connection = True
                return

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        fault = self._take({call["method"]}, transport=False)
        head = {"jsonrpc": "2.0", "id": call["id"]}
        if isinstance(fault, ErrorAnswer):
            error = {"code": fault.code, "message": fault.message}
            return head | {"error": error if fault.data is None else error | {"data": fault.data}}
        params = list(call.get("params", []))
        if isinstance(fault, HeadBack):
            params = self._older(params, fault.blocks)
        answer = self._forward(call["method"], params)
        if isinstance(fault, LogLimit) and _is_too_wide(fault, params[0], answer):
            return head | {"error": {"code": fault.code, "message": fault.message}}
        if isinstance(fault, Lie) and "result" in answer:
            answer["result"] = fault.change(params, answer["result"])
        if isinstance(fault, HeadBack) and call["method"] == "eth_blockNumber":
            answer["result"] = hex(int(answer["result"], 16) - fault.blocks)
        return answer | head

    def _older(self, params: list[Any], blocks: int) -> list[Any]:
        head = int(self._forward("eth_blockNumber", [])["result"], 16)
        return [hex(head - blocks) if param == "latest" else param for param in params]

    def _forward(self, method: str, params: list[Any]) -> dict[str, Any]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection = HTTPConnection(
            self._upstream.hostname or _HOST, self._upstream.port, timeout=_UPSTREAM_SECONDS
        )
        try:
            connection.request("POST", self._upstream.path or "/", body, {"Content-Type": "application/json"})
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer


def _is_too_wide(limit: LogLimit, asked: dict[str, Any], answer: dict[str, Any]) -> bool:
    if "fromBlock" not in asked:  # one block, by its hash
        return False
    blocks = int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) + 1
    return blocks > limit.most_blocks or len(answer["result"]) > limit.most_results


def _handler_of(node: FaultyRpc) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                node._respond(self, body)  # noqa: SLF001 - the handler is the node's own
            except (OSError, HTTPException):
                self.close_connection = True  # the client gave up waiting, or the node behind is gone

        def do_GET(self) -> None:
            page = node.page(self.path)
            _send(self, page or b"", 404 if page is None else 200)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing: a test's output is the test's."""

    return Handler


def _send_head(
    handler: BaseHTTPRequestHandler, length: int, status: int = 200, retry_after_seconds: int | None = None
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(length))
    if retry_after_seconds is not None:
        handler.send_header("Retry-After", str(retry_after_seconds))
    handler.end_headers()


def _send(
    handler: BaseHTTPRequestHandler,
    content: bytes,
    status: int = 200,
    retry_after_seconds: int | None = None,
) -> None:
    _send_head(handler, len(content), status, retry_after_seconds)
    handler.wfile.write(content)
