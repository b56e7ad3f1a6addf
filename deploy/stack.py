"""The whole system on embedded parts: database, broker, simulators, service. Demo, benchmarks and torture start it."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.children import Child
from deploy.embedded import EmbeddedBroker, EmbeddedPostgres
from deploy.embedded.ports import free_port
from park.check import load_park
from park.index import TagTable
from service.api.keys import Keys
from service.identity.accounts import Accounts
from service.identity.roles import Role

_READY_WITHIN_S = 60.0
_POLL_S = 0.1
_LIMITS = Path(__file__).parent / "limits"
#: As edge nodes call us.
_PRIMARY_HOST = "parkwatch"
#: Data loggers of a demonstration report every second, and are less patient than the standard's 10 s.
_IMPATIENT = {"realtime_every": "1s", "ack_timeout": "1s", "backoff": "300ms", "most_backoff": "2s"}


class Stack:
    """Everything in one temporary directory, on free ports; nothing is left of it."""

    def __init__(
        self,
        park_file: Path,
        *,
        rules_file: Path | None = None,
        http_port: int | None = None,
        journal: Mapping[str, Any] | None = None,
        hj212: Mapping[str, Any] | None = None,
        emissions: Mapping[str, Any] | None = None,
        duty: Mapping[str, Any] | None = None,
    ) -> None:
        """``journal``, ``hj212``, ``emissions``, ``duty``: these parts of the configuration beside what is usual.

        A plan beside the park file (``small.plan.geojson`` beside ``small.yaml``) is drawn on the maps.
        """
        self.park_file = park_file.resolve()
        self._rules_file = rules_file.resolve() if rules_file else None
        self.tags = TagTable(load_park(park_file.read_text("utf-8"), str(park_file)).park)
        self.http_port = http_port or free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.directory = Path(tempfile.mkdtemp(prefix="parkwatch-"))
        self.directory.chmod(0o711)
        self.data_dir = self.directory / "data"
        self.data_dir.mkdir()
        keys = Keys(self.data_dir)
        _, self.key = keys.create("demo", role=Role.ADMIN)
        _, self._push_key = keys.create("pusher", role=Role.ADMIN)
        self.postgres = EmbeddedPostgres(self.directory / "postgres")
        self.broker = EmbeddedBroker(self.directory / "broker")
        self.dsn = ""
        self._journal, self._hj212 = dict(journal or {}), dict(hj212 or {})
        self._emissions = {"limits": str(_LIMITS), **(emissions or {})}
        self._duty = dict(duty or {})
        self._opcua_ports = {name: free_port() for name in self.connectors("opcua")}
        #: Where data loggers connect, by connector.
        self.logger_ports = {name: free_port() for name in self.connectors("hj212")}
        self.service: Child | None = None
        self.client = httpx.AsyncClient(
            base_url=self.url, headers={"X-API-Key": self.key}, timeout=10.0, trust_env=False
        )

    def connectors(self, prefix: str) -> list[str]:
        """Ids of the park's connectors that begin so; the park files we make name them by protocol."""
        ids = dict.fromkeys(info.from_.connector for info in self.tags.infos if info.from_ is not None)
        return [one for one in ids if one.startswith(prefix)]

    def endpoint(self, connector: str) -> str:
        """Of a simulated plant."""
        return f"opc.tcp://127.0.0.1:{self._opcua_ports[connector]}/plant"

    def add_people(self, password: str) -> list[str]:
        """Accounts to try everything with, all with this password; their names: one for each role, of the park's and of
        an enterprise; and a second operator, for the second pair of eyes.
        """
        accounts = Accounts(self.data_dir)
        enterprise = self.tags.park.enterprises[0].id
        people = {
            "operator": "值班员 甲",
            "operator2": "值班员 乙",
            "supervisor": "值班长",
            "reviewer": "检查员",
            "admin": "管理员",
        }
        for name, display in people.items():
            role = Role(name.rstrip("2"))
            accounts.create(name, role=role, display=display, by="demo", password=password)
        accounts.create(
            enterprise, role=Role.ENTERPRISE, enterprise=enterprise, display="企业环保员", by="demo", password=password
        )
        return [*people, enterprise]

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """TimescaleDB up, with an empty database; its address."""
        await asyncio.to_thread(self.postgres.start)
        try:
            self.dsn = await asyncio.to_thread(self.postgres.create_database, "parkwatch")
            yield self.dsn
        finally:
            await asyncio.to_thread(self.postgres.stop, "immediate")

    @asynccontextmanager
    async def mqtt(self) -> AsyncIterator[int]:
        """Mosquitto up; its port."""
        await asyncio.to_thread(self.broker.start)
        try:
            yield self.broker.port
        finally:
            await asyncio.to_thread(self.broker.stop)

    def simulators(
        self,
        stage: Mapping[str, Any],
        on_event: Any,
        *,
        fleet: Mapping[str, Any] | None = None,
        loggers: Mapping[str, Any] | None = None,
    ) -> list[Child]:
        """The other side of the wire, not started: a process for each protocol that the park has.

        ``fleet``, ``loggers``: what the MQTT monitors, the HJ 212 loggers are told beside what everyone is.
        """
        plants = [{"connector": name, "endpoint": self.endpoint(name)} for name in self._opcua_ports]
        fleets = [{"connector": name, "port": self.broker.port, **(fleet or {})} for name in self.connectors("mqtt")]
        children: list[Child] = []
        if plants:
            children.append(self._simulator("opcua_server", {**stage, "servers": plants}, on_event))
        children += [self._simulator("mqtt_fleet", {**stage, "fleet": one}, on_event) for one in fleets]
        for name, port in self.logger_ports.items():
            told = {"connector": name, "port": port, **_IMPATIENT, **(loggers or {})}
            children.append(self._simulator("hj212_fleet", {**stage, "fleet": told}, on_event))
        for name in self.connectors("sparkplug"):
            nodes = {"connector": name, "port": self.broker.port, "host_id": _PRIMARY_HOST}
            children.append(self._simulator("sparkplug_nodes", {**stage, "fleet": nodes}, on_event))
        for name in self.connectors("http"):
            owners = {info.enterprise for info in self.tags.of_connector(name)}
            pushers = {"connector": name, "url": self.url, "keys": dict.fromkeys(owners, self._push_key)}
            children.append(self._simulator("http_pushers", {**stage, "pushers": pushers}, on_event))
        return children

    def _simulator(self, module: str, config: Mapping[str, Any], on_event: Any) -> Child:
        file = self.directory / f"{module}.json"
        file.write_text(json.dumps({"park": str(self.park_file), **config}))
        return Child(module, ["-m", f"simulators.{module}", str(file)], self.directory / f"{module}.log", on_event)

    def write_config(self) -> Path:
        """The service's configuration file."""
        opcua = [
            {
                "kind": "opcua",
                "id": name,
                "endpoint": self.endpoint(name),
                "publish_every": "200ms",
                "sample_every": "100ms",
            }
            for name in self._opcua_ports
        ]
        mqtt = [
            {"kind": "mqtt", "id": name, "host": "127.0.0.1", "port": self.broker.port}
            for name in self.connectors("mqtt")
        ]
        hj212 = [
            {
                "kind": "hj212",
                "id": name,
                "host": "127.0.0.1",
                "port": port,
                "defaults": {"password": "123456", "minute_interval": "1m"},
                **self._hj212,
            }
            for name, port in self.logger_ports.items()
        ]
        sparkplug = [
            {"kind": "sparkplug", "id": name, "host": "127.0.0.1", "port": self.broker.port, "host_id": _PRIMARY_HOST}
            for name in self.connectors("sparkplug")
        ]
        http = [{"kind": "http", "id": name} for name in self.connectors("http")]
        config = {
            "park": str(self.park_file),
            "rules": str(self._rules_file) if self._rules_file else [],
            "data_dir": str(self.data_dir),
            "http": {"port": self.http_port},
            "journal": self._journal,
            "emissions": self._emissions,
            "duty": self._duty,
            "connectors": [*opcua, *mqtt, *hj212, *sparkplug, *http],
        }
        plan = self.park_file.with_suffix(".plan.geojson")
        if plan.exists():
            config["plan"] = str(plan)
        file = self.directory / "parkwatch.yaml"
        file.write_text(json.dumps(config, indent=1))  # JSON is YAML
        return file

    async def start_service(self, dsn: str | None = None) -> Child:
        """``parkwatch serve`` in a process of its own, until it answers. Raises ChildDied."""
        arguments = ["-m", "deploy.cli", "serve", "--config", str(self.write_config())]
        self.service = Child("service", arguments, self.directory / "service.log", lambda event: None)
        await self.service.start({"DATABASE_URL": dsn or self.dsn})
        await self.until_ready()
        return self.service

    async def stop_service(self) -> None:
        """Stop it if it runs; it may be started again."""
        if self.service is not None:
            await self.service.stop()

    def check(self) -> None:
        """Raises ChildDied where the service ended by itself."""
        if self.service is not None:
            self.service.check()

    async def until_ready(self, within_s: float = _READY_WITHIN_S) -> None:
        """Until the service answers that it is. Raises ChildDied, and TimeoutError with its last answer."""
        answer = ""
        try:
            async with asyncio.timeout(within_s):
                while (answer := await self._ready()) != "ready":
                    self.check()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise TimeoutError(f"the service is not ready after {within_s:g} s: {answer}") from None

    async def _ready(self) -> str:
        """``ready``, or why not."""
        try:
            response = await self.client.get("/readyz")
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        return "ready" if response.status_code == httpx.codes.OK else response.text

    async def get(self, path: str, **params: Any) -> Any:
        """JSON of the REST interface, below ``/api/v1``."""
        response = await self.client.get(f"/api/v1/{path}", params=params)
        response.raise_for_status()
        return response.json()

    async def connected(self, within_s: float = 30.0) -> None:
        """Until every connector is connected. Raises TimeoutError naming those that are not."""
        waiting: list[str] = []
        try:
            async with asyncio.timeout(within_s):
                while True:
                    found = (await self.get("connectors"))["items"]
                    waiting = [f"{one['id']}: {one['last_error']}" for one in found if one["state"] != "connected"]
                    if not waiting:
                        return
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise TimeoutError(f"not connected after {within_s:g} s: {'; '.join(waiting)}") from None

    async def drained(self, within_s: float = 60.0) -> dict[str, Any]:
        """Until the store has everything the journal has; the status then. Raises TimeoutError."""
        status: dict[str, Any] = {}
        try:
            async with asyncio.timeout(within_s):
                while True:
                    status = await self.get("status")
                    # The clock's own rows come every second: one of them may always be on its way.
                    if status["journal"]["rows_waiting"] <= 1:
                        return status
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise TimeoutError(f"the store is still behind the journal after {within_s:g} s: {status}") from None

    async def close(self) -> None:
        """Stop the service if it still runs, and remove everything."""
        await self.stop_service()
        await self.client.aclose()
        for one in (self.postgres, self.broker):
            await asyncio.to_thread(one.destroy)
        shutil.rmtree(self.directory, ignore_errors=True)


@asynccontextmanager
async def children(*started: Child) -> AsyncIterator[Sequence[Child]]:
    """Started on entry, side by side; stopped on leaving, whatever happened."""
    async with AsyncExitStack() as stack:
        for child in started:
            stack.push_async_callback(child.stop)
        await asyncio.gather(*(child.start() for child in started))
        yield started
