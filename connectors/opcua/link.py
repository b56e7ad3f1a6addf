"""One connected session with a server: made anew for each attempt, and never used again once it failed.

Of asyncua's client the services are used, of its publish loop nothing: PublishRequests go out and
their answers come in as bytes here, so that what is acknowledged is what the journal has.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaStatusCodeError

from connectors.opcua.address import Namespaces
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.errors import LinkLost, Untrusted, describe
from connectors.opcua.security import new_client, own_thumbprint

_T = TypeVar("_T")
_R = TypeVar("_R")
_US_PER_S = 1_000_000
#: How long a polite good-bye may take. The server then frees the session at once instead of after its timeout.
_GOODBYE_S = 2.0

_TOO_MUCH = frozenset(
    (
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadRequestTooLarge,
        StatusCodes.BadResponseTooLarge,
        StatusCodes.BadEncodingLimitsExceeded,
        StatusCodes.BadTcpMessageTooLarge,
    )
)
_OUR_CERTIFICATE = frozenset(
    (
        StatusCodes.BadSecurityChecksFailed,
        StatusCodes.BadCertificateUntrusted,
        StatusCodes.BadCertificateInvalid,
        StatusCodes.BadCertificateUriInvalid,
        StatusCodes.BadCertificateUseNotAllowed,
        StatusCodes.BadCertificateTimeInvalid,
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes in one call; 0: it does not say."""

    monitored_items: int = 0
    read: int = 0
    history_read: int = 0
    translate: int = 0


class Link:
    """A session that has been activated."""

    def __init__(self, client: Client, config: OpcUaConfig) -> None:
        self.client = client
        self._timeout_s = config.request_timeout / _US_PER_S
        self._aliases = config.namespaces
        self.namespaces = Namespaces((), self._aliases)
        self.limits = Limits()

    async def learn(self) -> None:
        """Ask the server for its namespaces and limits."""
        objects = ObjectIds
        wanted = [
            objects.Server_NamespaceArray,
            objects.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
            objects.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            objects.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData,
            objects.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
        ]
        namespaces, *limits = [await self._value(one) for one in wanted]
        self.namespaces = Namespaces(tuple(namespaces) if isinstance(namespaces, list) else (), self._aliases)
        self.limits = Limits(*(one if isinstance(one, int) else 0 for one in limits))

    async def _value(self, node: int) -> object:
        """One by one: limits are what we do not know yet. None where the server has no such node."""
        (found,) = await self.client.uaclient.session.read_attributes([ua.NodeId(ua.Int32(node))], AttributeIds.Value)
        good = found.StatusCode is None or found.StatusCode.is_good()
        return found.Value.Value if good and found.Value is not None else None

    async def server_status(self) -> ua.ServerStatusDataType | None:
        """The server's state and clock. None where it answers but does not tell."""
        found = await self._value(ObjectIds.Server_ServerStatus)
        return found if isinstance(found, ua.ServerStatusDataType) else None

    async def call_raw(self, request: object, *, timeout_s: float | None = None) -> bytes:
        """The body of the answer. A limit of 0 waits for ever. Raises UaStatusCodeError, OSError, TimeoutError."""
        protocol = self.client.uaclient.protocol
        if protocol is None:
            raise LinkLost("the connection is closed")
        limit = self._timeout_s if timeout_s is None else timeout_s
        return bytes(await protocol.send_request(request, timeout=limit))

    async def call(self, request: object, answer: type[_T]) -> _T:
        """One service call. Raises as `call_raw`."""
        found = struct_from_binary(answer, Buffer(await self.call_raw(request)))
        found.ResponseHeader.ServiceResult.check()  # type: ignore[attr-defined]
        return found

    async def close(self) -> None:
        """Say good-bye if the server still listens, and leave nothing behind in any case."""
        client = self.client
        tasks = (client._supervisor_task, client._stale_watchdog_task, client._renew_channel_task)
        protocol = client.uaclient.protocol
        try:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_GOODBYE_S):
                    await client.disconnect()
        finally:
            for task in tasks:
                _end(task)
            if protocol is not None and protocol.transport is not None:
                # A dead peer would never take what is still to be written.
                protocol.transport.abort()


async def open_link(config: OpcUaConfig) -> Link:
    """Connect, prove who we are, ask for the server's namespaces and limits. Raises what went wrong."""
    client = await new_client(config)
    link = Link(client, config)
    try:
        await client.connect()
        await link.learn()
    except UaStatusCodeError as error:
        await link.close()
        if error.code in _OUR_CERTIFICATE and config.security.policy != "none":
            ours = f"{config.security.certificate}, SHA-1 thumbprint {own_thumbprint(config.security)}"
            raise Untrusted(f"{describe(error)}; ours is {ours}") from error
        raise
    except BaseException:
        await link.close()
        raise
    return link


def _end(task: "asyncio.Task[None] | None") -> None:
    """Without the complaint that nobody looked at how it ended."""
    if task is not None:
        task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def in_batches(
    items: Sequence[_T], size: int, limit: int, call: Callable[[Sequence[_T]], Awaitable[Sequence[_R]]]
) -> list[_R]:
    """``call`` on all items, ``size`` at a time; less where the server's limit or its answer says it is too much."""
    size = min(size, limit) if limit else size
    found: list[_R] = []
    while len(found) < len(items):
        try:
            found += await call(some := items[len(found) : len(found) + size])
        except UaStatusCodeError as error:
            if error.code not in _TOO_MUCH or len(some) == 1:
                raise
            size = len(some) // 2
    return found


def quieten_asyncua() -> None:
    """It logs every answer it formats at INFO, and as errors with tracebacks what it then raises and we report."""
    logging.getLogger("asyncua").setLevel(max(logging.WARNING, logging.getLogger("asyncua").level))
    logging.getLogger("asyncua.client").setLevel(logging.CRITICAL)
