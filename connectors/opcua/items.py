"""Which node each tag is, and the monitored items that watch them: in batches, and each failure its own."""

from collections.abc import Iterable, Sequence

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from connectors.opcua.address import BadAddress, browse_path, is_path, node_id
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.errors import describe, describe_status
from connectors.opcua.link import Link, in_batches
from park.index import TagInfo

_US_PER_MS = 1_000
_SEVERITY = 30
_FILTER_REFUSED = frozenset(
    (
        StatusCodes.BadMonitoredItemFilterUnsupported,
        StatusCodes.BadMonitoredItemFilterInvalid,
        StatusCodes.BadFilterNotAllowed,
    )
)
_NO_LIMIT = 0


class Items:
    """The monitored items of one session. A slot is the position of a tag in ``tags`` and its client handle."""

    def __init__(self, link: Link, config: OpcUaConfig, tags: Sequence[TagInfo], bad: dict[str, str]) -> None:
        self._link, self._config, self._tags = link, config, tags
        #: Address -> reason.
        self.bad = bad
        #: Subscriptions and the items in each; the publishing interval and keep-alive as the server set them.
        self._load: dict[int, int] = {}
        self.publish_every_s = config.publish_every / 1e6
        self.keep_alive_count = config.keep_alive_count
        #: Items the server took only without our filter: of them it sends what its own default trigger lets through.
        self.without_filter = 0
        #: Slot -> node, of all that could be resolved; and (subscription, item) of those that are watched.
        self.nodes: dict[int, ua.NodeId] = {}
        self.watched: dict[int, tuple[int, int]] = {}

    async def create(self) -> None:
        """Watch all tags. What cannot be watched stands in ``bad`` afterwards, with the reason."""
        failed = await self._watch(range(len(self._tags)))
        self.bad.clear()
        self.bad.update({self._tags[slot].address: reason for slot, reason in failed.items()})
        if not self._load:
            await self._subscribe()

    async def retry(self) -> int:
        """Try again what is bad; the number of tags that came back."""
        slots = [slot for slot in range(len(self._tags)) if slot not in self.watched]
        if not slots:
            return 0
        failed = await self._watch(slots)
        for slot in slots:
            self.bad.pop(self._tags[slot].address, None)
        self.bad.update({self._tags[slot].address: reason for slot, reason in failed.items()})
        return len(slots) - len(failed)

    async def drop(self, slots: Iterable[int], reason: str) -> None:
        """Their nodes are gone: stop watching, try again later."""
        for slot in slots:
            if slot not in self.watched:
                continue
            subscription, item = self.watched.pop(slot)
            self._load[subscription] -= 1
            self.bad[self._tags[slot].address] = reason
            params = ua.DeleteMonitoredItemsParameters(subscription, [item])
            await self._link.client.uaclient.session.delete_monitored_items(params)

    async def _watch(self, slots: Iterable[int]) -> dict[int, str]:
        failed = await self._resolve(slots)
        for slot in failed:
            self.nodes.pop(slot, None)
        wanted = [slot for slot in slots if slot not in failed]
        while wanted:
            subscription, room = await self._roomy()
            now, wanted = wanted[:room], wanted[room:]
            failed |= await self._monitor(subscription, now)
        return failed

    async def _resolve(self, slots: Iterable[int]) -> dict[int, str]:
        """Fills ``nodes``; slot -> reason of what cannot be resolved."""
        failed: dict[int, str] = {}
        paths: dict[int, ua.BrowsePath] = {}
        for slot in slots:
            address = self._tags[slot].address
            try:
                if is_path(address):
                    paths[slot] = browse_path(address, self._link.namespaces)
                else:
                    self.nodes[slot] = node_id(address, self._link.namespaces)
            except BadAddress as error:
                failed[slot] = str(error)
        translate = self._link.client.uaclient.session.translate_browsepaths_to_nodeids
        size, limit = self._config.items_per_call, self._link.limits.translate
        try:
            found = await in_batches(list(paths.values()), size, limit, lambda some: translate(list(some)))
        except UaStatusCodeError as error:  # a server without this service: tags with NodeIds go on
            return failed | dict.fromkeys(paths, f"the server does not resolve paths ({describe(error)})")
        for slot, result in zip(paths, found, strict=True):
            if result.StatusCode.is_good() and result.Targets:
                target = result.Targets[0].TargetId
                self.nodes[slot] = ua.NodeId(target.Identifier, target.NamespaceIndex, target.NodeIdType)
            else:
                failed[slot] = f"the path leads nowhere ({describe_status(result.StatusCode.value)})"
        return failed

    async def _roomy(self) -> tuple[int, int]:
        """A subscription with room, and how much; a new one where all are full."""
        full = self._config.items_per_subscription
        for subscription, load in self._load.items():
            if load < full:
                return subscription, full - load
        return await self._subscribe(), full

    async def _subscribe(self) -> int:
        request = ua.CreateSubscriptionRequest()
        params = request.Parameters
        params.RequestedPublishingInterval = self._config.publish_every / _US_PER_MS
        params.RequestedMaxKeepAliveCount = self._config.keep_alive_count
        params.RequestedLifetimeCount = self._config.lifetime_count
        params.MaxNotificationsPerPublish = _NO_LIMIT
        params.PublishingEnabled = True
        params.Priority = 0
        made = (await self._link.call(request, ua.CreateSubscriptionResponse)).Parameters
        self._load[made.SubscriptionId] = 0
        self.publish_every_s = max(self.publish_every_s, made.RevisedPublishingInterval / 1e3)
        self.keep_alive_count = max(self.keep_alive_count, made.RevisedMaxKeepAliveCount)
        return int(made.SubscriptionId)

    async def _monitor(self, subscription: int, slots: Sequence[int]) -> dict[int, str]:
        failed = await self._create(subscription, slots, filtered=True)
        unfiltered = [slot for slot, code in failed.items() if code in _FILTER_REFUSED]
        if unfiltered:
            self.without_filter += len(unfiltered)
            for slot in unfiltered:
                del failed[slot]
            failed |= await self._create(subscription, unfiltered, filtered=False)
        return {slot: describe_status(code) for slot, code in failed.items()}

    async def _create(self, subscription: int, slots: Sequence[int], *, filtered: bool) -> dict[int, int]:
        """Slot -> status code of those that the server did not take."""

        async def call(some: Sequence[int]) -> list[ua.MonitoredItemCreateResult]:
            params = ua.CreateMonitoredItemsParameters()
            params.SubscriptionId = subscription
            params.TimestampsToReturn = ua.TimestampsToReturn.Both
            params.ItemsToCreate = [self._request(slot, filtered=filtered) for slot in some]
            return await self._link.client.uaclient.session.create_monitored_items(params)

        results = await in_batches(slots, self._config.items_per_call, self._link.limits.monitored_items, call)
        failed: dict[int, int] = {}
        for slot, result in zip(slots, results, strict=True):
            if result.StatusCode.value >> _SEVERITY:
                failed[slot] = result.StatusCode.value
            else:
                self.watched[slot] = subscription, int(result.MonitoredItemId)
                self._load[subscription] += 1
        return failed

    def _request(self, slot: int, *, filtered: bool) -> ua.MonitoredItemCreateRequest:
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor.NodeId = self.nodes[slot]
        item.ItemToMonitor.AttributeId = AttributeIds.Value
        item.MonitoringMode = ua.MonitoringMode.Reporting
        asked = item.RequestedParameters
        asked.ClientHandle = slot
        asked.SamplingInterval = self._config.sample_every / _US_PER_MS
        asked.QueueSize = self._config.queue
        asked.DiscardOldest = True
        if filtered:
            asked.Filter = self._filter()
        return item

    def _filter(self) -> ua.DataChangeFilter:
        stamped = self._config.trigger == "status_value_timestamp"
        wanted = ua.DataChangeFilter()
        wanted.Trigger = ua.DataChangeTrigger.StatusValueTimestamp if stamped else ua.DataChangeTrigger.StatusValue
        wanted.DeadbandType = ua.UInt32(ua.DeadbandType.None_)
        return wanted
