"""One OPC UA server of a simulated plant: serves the tags of one connector, goes away and comes back on command."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from park.duration import DurationUs
from park.index import TagInfo, TagTable
from park.model import Id
from park.quality import CLASS_MASK, DETAIL_MASK, DETAIL_SHIFT, Detail, Quality
from simulators.frame import Frame
from simulators.opcua_history import MemoryHistory
from simulators.opcua_space import Space, Variable
from simulators.player import Clock

NAMESPACE = "urn:parkwatch:simulated-plant"
APPLICATION_URI = "urn:parkwatch:simulator"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Values written before the event loop gets its turn: publishing must not wait for a large plant.
_CHUNK = 500
#: How long a client that went away without a word keeps us from stopping.
_STOP_TIMEOUT_S = 5.0

Policy = Literal["none", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]
_POLICIES: dict[Policy, tuple[ua.SecurityPolicyType, ...]] = {
    "none": (ua.SecurityPolicyType.NoSecurity,),
    "Basic256Sha256": (
        ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
        ua.SecurityPolicyType.Basic256Sha256_Sign,
    ),
    "Aes128_Sha256_RsaOaep": (
        ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
        ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    ),
    "Aes256_Sha256_RsaPss": (
        ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
        ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    ),
}
_STATUS = {
    Detail.SENSOR_FAILURE: StatusCodes.BadSensorFailure,
    Detail.DEVICE_FAILURE: StatusCodes.BadDeviceFailure,
    Detail.COMM_FAILURE: StatusCodes.BadNoCommunication,
    Detail.NOT_CONNECTED: StatusCodes.BadNotConnected,
    Detail.OUT_OF_SERVICE: StatusCodes.BadOutOfService,
    Detail.SENSOR_NOT_ACCURATE: StatusCodes.UncertainSensorNotAccurate,
    Detail.LAST_USABLE_VALUE: StatusCodes.UncertainLastUsableValue,
    Detail.SUBSTITUTE_VALUE: StatusCodes.UncertainSubstituteValue,
    Detail.LOCAL_OVERRIDE: StatusCodes.GoodLocalOverride,
}
_STATUS_OF_CLASS = {
    Quality.GOOD: StatusCodes.Good,
    Quality.UNCERTAIN: StatusCodes.Uncertain,
    Quality.BAD: StatusCodes.Bad,
}


class ServerConfig(BaseModel):
    """What one plant server is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: The connector whose tags it serves.
    connector: Id
    #: ``opc.tcp://127.0.0.1:4840/plant``
    endpoint: str = Field(pattern=r"^opc\.tcp://")
    policies: tuple[Policy, ...] = ("none",)
    #: PEM; needed by every policy but ``none``. The certificate's URI must be ``urn:parkwatch:simulator``.
    certificate: Path | None = None
    private_key: Path | None = None
    #: User name -> password. None: anonymous clients only.
    users: dict[str, SecretStr] | None = None
    #: More in one CreateMonitoredItems call are refused with BadTooManyOperations. None: no limit.
    max_items_per_call: int | None = Field(default=None, gt=0)
    #: How much of its values it remembers for HistoryRead. 0: it has no history.
    history: DurationUs = 0

    @model_validator(mode="after")
    def _complete(self) -> "ServerConfig":
        if set(self.policies) != {"none"} and (self.certificate is None or self.private_key is None):
            raise ValueError("policies other than none need certificate and private_key")
        return self


class _Users(UserManager):
    """Lets in those who know their password; may be asked for many users at once."""

    def __init__(self, passwords: Mapping[str, SecretStr]) -> None:
        self._passwords = passwords

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User | None:
        known = self._passwords.get(username or "")
        right = known is not None and known.get_secret_value() == password
        return User(role=UserRole.User, name=username) if right else None


class _LimitedSession(InternalSession):
    """A session that takes no more than so many items in one call, as the servers of some vendors do."""

    max_items_per_call = 0

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        if self.external and len(params.ItemsToCreate) > self.max_items_per_call:
            raise ServiceError(StatusCodes.BadTooManyOperations)
        return await super().create_monitored_items(params)


def _limit_sessions(iserver: InternalServer, most: int) -> None:
    class Session(_LimitedSession):
        max_items_per_call = most

    def create_session(name: str, user: User = User(role=UserRole.Anonymous), external: bool = False) -> Session:  # noqa: B008
        return Session(iserver, iserver.aspace, iserver.subscription_service, name, user=user, external=external)

    iserver.create_session = create_session  # type: ignore[method-assign]


def status_code(quality: int) -> ua.StatusCode:
    """The OPC UA StatusCode that `park.quality.from_opcua_status` reads back as this byte, or its class at least."""
    detail = (quality & DETAIL_MASK) >> DETAIL_SHIFT
    if detail in _STATUS:
        return ua.StatusCode(ua.UInt32(_STATUS[Detail(detail)]))
    return ua.StatusCode(ua.UInt32(_STATUS_OF_CLASS[Quality(min(quality & CLASS_MASK, Quality.BAD))]))


def variable_of(info: TagInfo) -> Variable:
    """How a tag is served: at its address, in the folders of its enterprise and source."""
    address = info.from_.address if info.from_ and info.from_.address else f"{info.source.id}.{info.tag.id}"
    return Variable(
        address=address,
        folders=(info.enterprise, info.source.id),
        name=info.tag.id,
        description=f"{info.source.name} {info.tag.name or info.tag.quantity} [{info.tag.unit}]".strip(),
    )


class OpcUaPlant:
    """A `player.Sink`. Constructing opens nothing; the first frame, or ``start``, does."""

    def __init__(self, config: ServerConfig, table: TagTable) -> None:
        self._config = config
        self._infos = table.of_connector(config.connector)
        if not self._infos:
            raise ValueError(f"no tag of park {table.park.id!r} comes from connector {config.connector!r}")
        self._server: Server | None = None
        self._nodes: list[ua.NodeId] = []
        keep = timedelta(microseconds=config.history)
        self._history = MemoryHistory(keep=keep) if config.history else None
        self._codes: dict[int, ua.StatusCode] = {}
        self._restarting = False
        #: Values written since the beginning, over all restarts.
        self.written = 0
        self.restarts = 0

    @property
    def connector(self) -> str:
        """See `player.Sink`."""
        return self._config.connector

    @property
    def endpoint(self) -> str:
        """Where clients connect."""
        return self._config.endpoint

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def start(self) -> None:
        """Build the address space and listen. Raises OSError where the port is taken."""
        if self._server is not None:
            return
        config = self._config
        server = Server(user_manager=_Users(config.users) if config.users else None)
        if config.max_items_per_call:
            _limit_sessions(server.iserver, config.max_items_per_call)
        await server.init()
        server.set_endpoint(config.endpoint)
        server.set_server_name("parkwatch simulated plant")
        await server.set_application_uri(APPLICATION_URI)
        await self._secure(server)
        await server.register_namespace(NAMESPACE)
        if config.max_items_per_call:
            limits = server.get_node(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall)
            await limits.write_value(ua.Variant(config.max_items_per_call, ua.VariantType.UInt32))
        space = Space(server.iserver.aspace, historizing=self._history is not None)
        self._nodes = [space.add(variable_of(info)) for info in self._infos]
        if self._history is not None:
            server.iserver.history_manager.set_storage(self._history)
        await server.start()
        self._server = server

    async def _secure(self, server: Server) -> None:
        config = self._config
        if config.certificate is not None and config.private_key is not None:
            await server.load_certificate(config.certificate)
            await server.load_private_key(config.private_key)
        server.set_security_policy([kind for policy in config.policies for kind in _POLICIES[policy]])
        tokens: list[type] = [ua.UserNameIdentityToken] if config.users else [ua.AnonymousIdentityToken]
        server.set_identity_tokens(tokens)

    async def stop(self) -> None:
        """Close all connections and listen no more."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.wait_for(server.stop(), _STOP_TIMEOUT_S)

    async def restart(self, down_s: float = 0.0) -> None:
        """Away for ``down_s``, then back with the same nodes; sessions and subscriptions are lost, values too."""
        self._restarting = True
        try:
            await self.stop()
            await asyncio.sleep(down_s)
            await self.start()
        finally:
            self._restarting = False
        self.restarts += 1

    async def be_present(self, present: bool) -> None:
        """See `player.Sink`."""
        if self._restarting:
            return
        if present and self._server is None:
            await self.start()
        elif not present and self._server is not None:
            await self.stop()
            self.restarts += 1

    async def show(self, frame: Frame, clock: Clock) -> None:
        """Write the frame's values, those of a storm several times over. See `player.Sink`."""
        present = [slot for slot, info in enumerate(self._infos) if frame.present[info.ix]]
        for begin in range(0, len(present), _CHUNK):
            # Live values are those of this very moment, however long the plant before took.
            shift_us = clock() - frame.now_us if frame.live else 0
            await self._write(frame, present[begin : begin + _CHUNK], shift_us)
            await asyncio.sleep(0)

    async def _write(self, frame: Frame, slots: list[int], shift_us: int) -> None:
        server = self._server
        if server is None:
            return
        rows = [self._infos[slot].ix for slot in slots]
        values, qualities = frame.value[rows].tolist(), frame.quality[rows].tolist()
        times, copies = (frame.time_us[rows] + shift_us).tolist(), frame.copies[rows].tolist()
        stamps: dict[int, ua.DateTime] = {}
        for slot, value, quality, time_us, times_over in zip(slots, values, qualities, times, copies, strict=True):
            for back in range(times_over - 1, -1, -1):
                at_us = time_us - back * 1000
                stamp = stamps.get(at_us)
                if stamp is None:
                    stamp = stamps[at_us] = cast(ua.DateTime, _EPOCH + timedelta(microseconds=at_us))
                await self._write_one(server, self._nodes[slot], value, quality, stamp)

    async def _write_one(self, server: Server, node: ua.NodeId, value: float, quality: int, stamp: ua.DateTime) -> None:
        code = self._codes.get(quality)
        if code is None:
            code = self._codes[quality] = status_code(quality)
        data = ua.DataValue(ua.Variant(value, ua.VariantType.Double), code, stamp, stamp)
        await server.write_attribute_value(node, data)
        if self._history is not None:
            self._history.save(node, data)
        self.written += 1


def quiet_logs() -> None:
    """asyncua formats every notification at INFO, and warns of what a simulator does on purpose."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
