"""A small JSON-RPC client over one kept-alive HTTP connection, for the sandbox's own use.

The sandbox is an independent oracle for the keeper: it shares no chain client with it. The client is not
thread-safe; give each thread its own.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from steelyard.exceptions import RpcRejected, RpcUnavailable

JsonValue = Any
"""Whatever JSON can hold: the node's answers are typed where they are read."""

Request = tuple[str, Sequence[JsonValue]]


class SandboxRpc:
    """Calls the JSON-RPC methods of a node over HTTP.

    Raises from every method:
        RpcUnavailable: the node does not answer, or answers something that is not JSON.
        RpcRejected: the node answers with an error.
    """

    def __init__(self, url: str, timeout_seconds: float = 120.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"the sandbox speaks plain HTTP to local nodes, not {url!r}")
        self.url = url
        self._path = parts.path or "/"
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port or 80, timeout=timeout_seconds
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the next call would open it again."""
        self._connection.close()

    def call(self, method: str, *params: JsonValue) -> JsonValue:
        """Returns the result of one method."""
        answer = self._post({"jsonrpc": "2.0", "id": 0, "method": method, "params": list(params)})
        return _result_of(method, answer)

    def batch(self, requests: Iterable[Request]) -> list[JsonValue]:
        """Returns the results of many methods, in the order of the requests.

        The first request that fails raises; those after it may have been carried out.
        """
        listed = list(requests)
        if not listed:
            return []
        body = [
            {"jsonrpc": "2.0", "id": index, "method": method, "params": list(params)}
            for index, (method, params) in enumerate(listed)
        ]
        answers = self._post(body)
        if not isinstance(answers, list):
            raise RpcUnavailable(f"{self.url} answered a batch with {str(answers)[:200]}")
        by_id = {answer["id"]: answer for answer in answers}
        return [_result_of(method, by_id[index]) for index, (method, _) in enumerate(listed)]

    def _post(self, body: JsonValue) -> JsonValue:
        try:
            self._connection.request(
                "POST", self._path, json.dumps(body), {"content-type": "application/json"}
            )
            return json.loads(self._connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise RpcUnavailable(f"no usable answer from {self.url}: {error!r}") from error


def _result_of(method: str, answer: JsonValue) -> JsonValue:
    if "error" in answer:
        error = answer["error"]
        data = error.get("data")
        raise RpcRejected(
            f"{method}: {error.get('message')}",
            code=int(error.get("code", 0)),
            data=data if isinstance(data, str) else None,
        )
    return answer["result"]
