"""A small synchronous JSON-RPC client: explicit bounds, typed errors, no formatters.

Reads are repeated on passing trouble, on a fixed schedule. Whatever may change the chain is sent once: after
a broken connection nobody knows whether it arrived, and *unknown is not failed*.

An instance belongs to one thread (``requests.Session`` is not safe to share).
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from steelyard.exceptions import ConfigError, RetryError, RpcInconsistent, RpcRejected, RpcUnavailable

_READ_METHODS: Final = frozenset(
    {
        "eth_accounts",
        "eth_blobBaseFee",
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_createAccessList",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_simulateV1",
        "eth_syncing",
        "net_version",
        "txpool_content",
        "txpool_status",
        "web3_clientVersion",
    }
)
_READ_PREFIXES: Final = ("eth_get", "debug_trace", "trace_")

_LIMIT_EXCEEDED: Final = -32005
_INTERNAL_ERROR: Final = -32603
_TROUBLED_WORDS: Final = ("internal", "time", "upstream", "busy", "overload", "unavailable", "again")
"""Gateways say these with the code of an internal error; anvil says "EVM error OutOfGas" with the same."""
_TOO_WIDE_WORDS: Final = ("results", "block range", "response size")
"""With the code of a rate limit some providers refuse a query for logs; only a narrower one escapes that."""
_LAGGING_WORDS: Final = ("header not found", "block not found", "unknown block", "header for hash not found")
"""The members of a cluster lag behind each other: one shows a block that the next has yet to hear of."""
_PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_MAX_RESPONSE_BYTES: Final = 512 * 1024 * 1024
_MAX_TEXT: Final = 300
_SHORTEST_SECRET: Final = 4
_READ_CHUNK_BYTES: Final = 1 << 18
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySchedule:
    """How often and how long apart a read is repeated: ``first_delay``, twice that, and so on, no jitter.

    Attributes:
        attempts: in all, the first included.
        first_delay_seconds: pause before the second attempt; doubled each time.
        max_delay_seconds: no pause is longer, whatever the node asks for in ``Retry-After``.
    """

    attempts: int = 4
    first_delay_seconds: float = 0.1
    max_delay_seconds: float = 2.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_delay_seconds < 0 or self.max_delay_seconds < 0:
            raise ConfigError("a retry schedule needs at least one attempt and delays that are not negative")

    def delay_seconds(self, failures: int, asked_seconds: float = 0.0) -> float:
        """Return the pause after the given number of failures (1 or more)."""
        doubled: float = self.first_delay_seconds * 2 ** (failures - 1)
        return min(max(doubled, asked_seconds), self.max_delay_seconds)


ONCE: Final = RetrySchedule(attempts=1)


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """One call of a batch."""

    method: str
    params: Sequence[object] = ()


class _Passing(Exception):
    """One attempt failed in a way that the next may not."""

    def __init__(
        self, what: str, asked_seconds: float = 0.0, verdict: type[RetryError] = RpcUnavailable
    ) -> None:
        super().__init__(what)
        self.asked_seconds = asked_seconds
        self.verdict = verdict


class RpcClient:
    """Talks to one node over HTTP with keep-alive.

    Messages name the node as ``scheme://host:port`` only: paths, queries and user names hold API keys.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 10.0,
        connect_timeout_seconds: float = 3.0,
        retry: RetrySchedule | None = None,
        max_batch: int = 200,
        sleep: Callable[[float], None] = time.sleep,
        headers_for: Callable[[bytes], Mapping[str, str]] | None = None,
    ) -> None:
        """Prepare a client; nothing is sent before the first call.

        Args:
            timeout_seconds: bound on the node's silence, and on the whole of one attempt; only a node that
                drips its answer and then falls silent comes near twice as long.
            retry: for reads; the default tries four times within about a second.
            max_batch: requests per HTTP post; longer batches are split, in order.
            sleep: injected for tests.
            headers_for: returns further headers for a body that is about to be posted, such as its signature.

        Raises:
            ConfigError: the URL is not http(s), or a bound is not positive.
        """
        self.name = redact_url(url)
        if timeout_seconds <= 0 or connect_timeout_seconds <= 0 or max_batch < 1:
            raise ConfigError(f"RPC {self.name}: timeouts and max_batch must be positive")
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        self._retry = retry or RetrySchedule()
        self._max_batch = max_batch
        self._sleep = sleep
        self._headers_for = headers_for or (lambda _body: {})
        self._ids = itertools.count(1)
        self._session = new_session(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connection. The client may be used again; it connects anew."""
        self._session.close()

    def call(self, method: str, params: Sequence[object] = ()) -> Any:
        """Return the ``result`` member of the answer, as parsed JSON.

        Raises:
            RpcUnavailable: no usable answer in time; for a method that is not a read, its effect is unknown.
            RpcInconsistent: it lacks a block that it must have shown, and still does after the last try.
            RpcRejected: the node answered with an error of its own.
        """
        outcome = self._post_with_retry([RpcRequest(method, params)])[0]
        if isinstance(outcome, RpcRejected):
            raise outcome
        return outcome

    def batch(self, requests_: Sequence[RpcRequest]) -> list[Any]:
        """Return the results in the order of the requests.

        Raises:
            RpcUnavailable: no usable answer in time.
            RpcRejected: the first of the requests that the node refused.
        """
        outcomes = self.batch_outcomes(requests_)
        for outcome in outcomes:
            if isinstance(outcome, RpcRejected):
                raise outcome
        return outcomes

    def batch_outcomes(self, requests_: Sequence[RpcRequest]) -> list[Any]:
        """Like ``batch``, with an RpcRejected in place of each result that the node refused to give."""
        outcomes: list[Any] = []
        for start in range(0, len(requests_), self._max_batch):
            outcomes.extend(self._post_with_retry(requests_[start : start + self._max_batch]))
        return outcomes

    def _post_with_retry(self, requests_: Sequence[RpcRequest]) -> list[Any]:
        schedule = self._retry if all(is_read(request.method) for request in requests_) else ONCE
        for attempt in range(1, schedule.attempts + 1):
            try:
                return self._post(requests_)
            except _Passing as trouble:
                if attempt == schedule.attempts:
                    raise trouble.verdict(self._describe(requests_, str(trouble), attempt)) from None
                self._sleep(schedule.delay_seconds(attempt, trouble.asked_seconds))
        raise AssertionError("a schedule has at least one attempt")

    def _describe(self, requests_: Sequence[RpcRequest], what: str, attempts: int) -> str:
        names = requests_[0].method if len(requests_) == 1 else f"a batch of {len(requests_)} calls"
        tries = "once" if attempts == 1 else f"{attempts} times"
        return f"RPC {self.name} failed {names}, tried {tries}: {what}"

    def _post(self, requests_: Sequence[RpcRequest]) -> list[Any]:
        """Make one attempt. Raises _Passing where another may fare better."""
        ids = [next(self._ids) for _ in requests_]
        bodies = [
            {"jsonrpc": "2.0", "id": id_, "method": request.method, "params": list(request.params)}
            for id_, request in zip(ids, requests_, strict=True)
        ]
        body = json.dumps(bodies if len(bodies) > 1 else bodies[0]).encode()
        status, asked_seconds, content = self._exchange(body)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        answers = _answers_by_id(answer)
        if status != requests.codes.ok and not answers:
            self._raise_for_status(status, asked_seconds)
        if set(answers) != set(ids):
            raise _Passing(self._clean(_misfit(answer, len(ids))), asked_seconds)
        return [self._outcome(answers[id_]) for id_ in ids]

    def _exchange(self, body: bytes) -> tuple[int, float, bytes]:
        """Post the body; return status, the pause that the node asks for, and the answer's bytes."""
        deadline = time.monotonic() + self._timeout_seconds
        try:
            response = self._session.post(
                self._url,
                data=body,
                headers=dict(self._headers_for(body)),
                timeout=(self._connect_timeout_seconds, self._timeout_seconds),
                stream=True,
                allow_redirects=False,
            )
            with response:
                content = _read_until(response, deadline)
        except requests.exceptions.Timeout:
            raise _Passing(f"no answer within {self._timeout_seconds:g} s") from None
        except requests.exceptions.RequestException as error:
            raise _Passing(_transport_trouble(error)) from None
        except OSError as error:
            raise _Passing(f"connection lost ({type(error).__name__})") from None
        return response.status_code, _retry_after_seconds(response), content

    def _raise_for_status(self, status: int, asked_seconds: float) -> None:
        if status in _PASSING_STATUS:
            raise _Passing(f"HTTP status {status}", asked_seconds)
        raise RpcRejected(
            f"RPC {self.name} refuses with HTTP status {status}: check its address and key", code=status
        )

    def _outcome(self, answer: dict[str, Any]) -> Any:
        if answer.get("error") is None:
            if "result" not in answer:
                raise _Passing("an answer has neither result nor error")
            return answer["result"]
        error = answer["error"]
        if not isinstance(error, dict):
            error = {"message": str(error)}
        code = error.get("code")
        code = code if isinstance(code, int) else 0
        data = _error_data(error.get("data"))
        text = self._clean(str(error.get("message", "no message")))
        too_wide = any(words in text.lower() for words in _TOO_WIDE_WORDS)
        if code in (_LIMIT_EXCEEDED, requests.codes.too_many) and not too_wide:
            raise _Passing(f"rate limited: {text}")
        if code == _INTERNAL_ERROR and any(word in text.lower() for word in _TROUBLED_WORDS):
            raise _Passing(f"internal error: {text}")
        if any(words in text.lower() for words in _LAGGING_WORDS):
            raise _Passing(f"it lacks a block: {text}", verdict=RpcInconsistent)
        return RpcRejected(f"RPC {self.name}: {text} (code {code})", code=code, data=data)

    def _clean(self, text: str) -> str:
        """Some gateways put the whole address, key included, into their errors."""
        parts = urlsplit(self._url)
        for secret in (
            self._url,
            parts.path.strip("/"),
            parts.query,
            parts.password or "",
            parts.username or "",
        ):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "***")
        return text[:_MAX_TEXT]


def redact_url(url: str) -> str:
    """Return ``scheme://host:port`` of an http(s) URL and nothing that could be secret.

    Raises:
        ConfigError: it is no such URL; the message does not repeat it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("an RPC URL must look like http://host:port or https://host/path")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def is_read(method: str) -> bool:
    """Tell whether repeating ``method`` can change nothing. Unknown methods are taken to change something."""
    return method in _READ_METHODS or method.startswith(_READ_PREFIXES)


def new_session(url: str) -> requests.Session:
    """Return a session that keeps one connection and repeats nothing by itself."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.headers["Content-Type"] = "application/json"
    # A proxy from the environment must never stand between us and a node on this very machine.
    session.trust_env = urlsplit(url).hostname not in _LOOPBACK
    return session


def _read_until(response: requests.Response, deadline: float) -> bytes:
    """Read the body piece by piece, so that a node that drips bytes cannot hold us past the deadline."""
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = response.raw.read1(_READ_CHUNK_BYTES, decode_content=True)
        except (HTTPError, OSError, ValueError) as error:
            raise _Passing(f"the answer broke off ({type(error).__name__})") from None
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_RESPONSE_BYTES:
            raise _Passing(f"the answer is larger than {_MAX_RESPONSE_BYTES} bytes")
        if time.monotonic() > deadline:
            raise _Passing("the answer came too slowly")


def _transport_trouble(error: requests.exceptions.RequestException) -> str:
    """Name the trouble without the error's text, which holds the URL's path and so its key."""
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate or handshake is not acceptable"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "no connection (is the node running, and the address right?)"
    return f"transport error {type(error).__name__}"


def _retry_after_seconds(response: requests.Response) -> float:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0


def _answers_by_id(answer: Any) -> dict[int, dict[str, Any]]:
    items = answer if isinstance(answer, list) else [answer]
    return {item["id"]: item for item in items if isinstance(item, dict) and isinstance(item.get("id"), int)}


def _misfit(answer: Any, expected: int) -> str:
    if answer is None:
        return "the answer is not JSON"
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        return f"the node answered no single request: {answer['error'].get('message')}"
    return f"the answer does not belong to the {expected} request(s) sent"


def _error_data(data: Any) -> str | None:
    """Find the revert data: nodes put it in ``data`` itself, or one level down."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    return data if isinstance(data, str) and data.startswith("0x") else None
