"""A plant to connect to: a real asyncua server, in this process, with tags that a test writes as it likes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MethodType
from typing import cast

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.utils import ServiceError
from asyncua.server.server import Server
from asyncua.server.uaprocessor import PublishRequestData, UaProcessor
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from deploy.embedded.ports import free_port

PLANT_URI = "http://example.org/plant"
#: More under one parent makes asyncua's server slow.
_TAGS_PER_FOLDER = 100


def micros(moment: datetime) -> int:
    """Epoch microseconds."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def data_value(
    variant: ua.Variant, source: datetime | None, server: datetime | None, *, status: int = 0
) -> ua.DataValue:
    """With asyncua's type for times, which is a datetime in all but name."""
    source, server = cast("ua.DateTime | None", source), cast("ua.DateTime | None", server)
    return ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)), source, server)


class Plant:
    """``await plant.start()``, ``await plant.add("TI-1", 20.0)``, ``await plant.write("TI-1", 21.5)``."""

    def __init__(
        self,
        *,
        users: UserManager | None = None,
        pair: tuple[Path, Path] | None = None,
        uri: str = "urn:example.org:plant",
        policies: Sequence[ua.SecurityPolicyType] = (ua.SecurityPolicyType.NoSecurity,),
    ) -> None:
        """``pair``: certificate and key of the server."""
        self.port = free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/plant"
        self.server = Server(user_manager=users)
        self._pair, self._uri, self._policies = pair, uri, policies
        self.nodes: dict[str, Node] = {}
        self.index = 0
        self._parent: Node | None = None

    async def start(self) -> None:
        """Listen."""
        await self.server.init()
        self.server.set_endpoint(self.endpoint)
        await self.server.set_application_uri(self._uri)
        self.server.set_security_policy(list(self._policies))
        if self._pair is not None:
            await self.server.load_certificate(self._pair[0])
            await self.server.load_private_key(self._pair[1])
        self.index = await self.server.register_namespace(PLANT_URI)
        self._parent = self.root = await self.server.nodes.objects.add_folder(self.index, "Plant")
        await self.server.start()

    async def stop(self) -> None:
        """Close every connection and listen no more."""
        await self.server.stop()

    async def reset(self) -> None:
        """As after `start`: no tags, no limits, no tricks."""
        service = self.server.iserver.subscription_service
        await service.delete_subscriptions(list(service.subscriptions))
        service.__dict__.pop("create_monitored_items", None)
        self.server.iserver.history_manager.__dict__.pop("read_history", None)
        await self.announce_limit(0)
        await self.server.delete_nodes(await self.root.get_children(), recursive=True)
        self.nodes.clear()
        self._parent = self.root

    async def add(self, name: str, value: object = 0.0) -> Node:
        """A variable ``ns=<index>;s=<name>``; the first hundred below ``/Objects/Plant``."""
        if self.nodes and len(self.nodes) % _TAGS_PER_FOLDER == 0:
            self._parent = await self.root.add_folder(self.index, f"Area {len(self.nodes)}")
        assert self._parent is not None
        id_, browse_name = ua.NodeId(ua.String(name), ua.Int16(self.index)), ua.QualifiedName(name, self.index)
        node = await self._parent.add_variable(id_, browse_name, value)
        self.nodes[name] = node
        await self.write(name, value)
        return node

    async def write(self, name: str, value: object, *, moment: datetime | None = None, status: int = 0) -> int:
        """A new value as the instrument gives it; returns its source time in epoch microseconds."""
        moment = moment or datetime.now(UTC)
        variant = value if isinstance(value, ua.Variant) else ua.Variant(value)
        await self.put(name, data_value(variant, moment, moment, status=status))
        return micros(moment)

    async def put(self, name: str, value: ua.DataValue) -> None:
        """Exactly this DataValue, of whatever type."""
        # asyncua's server refuses another type than the one before; a gateway in a plant does not.
        self.server.iserver.aspace._nodes[self.nodes[name].nodeid].attributes[AttributeIds.Value].value = None
        await self.server.write_attribute_value(self.nodes[name].nodeid, value)

    def limit_monitored_items(self, most: int) -> list[int]:
        """Take at most so many in one call, as most DCS do; returns the sizes of the calls that come, as they come."""
        service = self.server.iserver.subscription_service
        create, sizes = service.create_monitored_items, list[int]()

        async def limited(params: ua.CreateMonitoredItemsParameters) -> list[ua.MonitoredItemCreateResult]:
            sizes.append(len(params.ItemsToCreate))
            if len(params.ItemsToCreate) > most:
                raise ServiceError(StatusCodes.BadTooManyOperations)
            return await create(params)

        service.create_monitored_items = limited  # type: ignore[method-assign]
        return sizes

    async def announce_limit(self, most: int) -> None:
        """Say in ServerCapabilities how many monitored items a call may have."""
        node = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall
        variable = self.server.get_node(ua.NodeId(ua.Int32(node)))
        await variable.write_value(ua.DataValue(ua.Variant(most, ua.VariantType.UInt32)))

    def refuse_items(self, refused: dict[str, int]) -> None:
        """Answer with this status when an item is created on one of these nodes; change ``refused`` at any time."""
        self._judge_items(lambda item: refused.get(str(item.ItemToMonitor.NodeId.Identifier)))

    def refuse_filters(self) -> None:
        """Answer BadMonitoredItemFilterUnsupported to whoever wants a filter."""
        self._judge_items(
            lambda item: StatusCodes.BadMonitoredItemFilterUnsupported if item.RequestedParameters.Filter else None
        )

    def break_history(self) -> None:
        """Answer every HistoryRead with an error."""

        async def broken(params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
            raise ServiceError(StatusCodes.BadHistoryOperationUnsupported)

        self.server.iserver.history_manager.read_history = broken  # type: ignore[method-assign]

    def _judge_items(self, judge: Callable[[ua.MonitoredItemCreateRequest], int | None]) -> None:
        service = self.server.iserver.subscription_service
        create = service.create_monitored_items

        async def picky(params: ua.CreateMonitoredItemsParameters) -> list[ua.MonitoredItemCreateResult]:
            results = await create(params)
            for item, result in zip(params.ItemsToCreate, results, strict=True):
                status = judge(item)
                if status is not None and result.StatusCode.is_good():
                    service.delete_monitored_items(
                        ua.DeleteMonitoredItemsParameters(params.SubscriptionId, [result.MonitoredItemId])
                    )
                    result.StatusCode = ua.StatusCode(ua.UInt32(status))
            return results

        service.create_monitored_items = picky  # type: ignore[method-assign]

    def subscriptions(self) -> Sequence[int]:
        """Ids of the subscriptions that live."""
        return list(self.server.iserver.subscription_service.subscriptions)

    def channels(self) -> set[str]:
        """Names of the security policies of the channels that are open."""
        assert self.server.bserver is not None
        processors = [client.processor for client in self.server.bserver.clients]
        uris = {str(one._connection.security_policy.URI) for one in processors if one is not None}
        return {uri.rpartition("#")[2] for uri in uris}

    def lose_notifications(self, number: int, *, for_good: bool = False) -> None:
        """Send the next messages with data nowhere; ``for_good``: keep nothing for a Republish either."""
        left = number

        def lose(result: ua.PublishResult) -> bool:
            nonlocal left
            if not result.NotificationMessage.NotificationData or not left:
                return True
            left -= 1
            if for_good:
                subscription = self.server.iserver.subscription_service.subscriptions[result.SubscriptionId]
                subscription._not_acknowledged_results.pop(result.NotificationMessage.SequenceNumber)
            return False

        self._filter_notifications(lose)

    def garble_notifications(self, number: int) -> None:
        """Put a value of a type that does not exist into the next messages with data."""
        left = number

        def garble(result: ua.PublishResult) -> bool:
            nonlocal left
            if result.NotificationMessage.NotificationData and left:
                left -= 1
                # One item of handle 0 with a value of type 63.
                body = (1).to_bytes(4, "little") + bytes(4) + b"\x01\x3f" + bytes(4)
                type_id = ua.NodeId(ua.Int32(ObjectIds.DataChangeNotification_Encoding_DefaultBinary))
                result.NotificationMessage.NotificationData = [ua.ExtensionObject(type_id, ua.ByteString(body))]
            return True

        self._filter_notifications(garble)

    def _filter_notifications(self, passes: Callable[[ua.PublishResult], bool]) -> None:
        (subscription,) = self.server.iserver.subscription_service.subscriptions.values()
        send = subscription.pub_result_callback

        async def filtered(result: ua.PublishResult, request: PublishRequestData) -> None:
            if passes(result):
                await send(result, request)
            else:
                take = cast(MethodType, subscription.pub_request_callback)
                processor = cast(UaProcessor, take.__self__)
                processor._publish_requests.appendleft(request)

        subscription.pub_result_callback = filtered
