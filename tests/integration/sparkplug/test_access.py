"""The access list that is shipped, in front of edge nodes, the service, and somebody who is neither."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deploy
from deploy.embedded import EmbeddedBroker
from deploy.embedded.broker_files import access_list
from simulators.sparkplug_fleet import NodeFleet
from simulators.sparkplug_link import FleetConfig
from tests.integration.mqtt.rig import Gateway, still, until
from tests.integration.sparkplug.rig import Rig
from tests.unit.connectors.sparkplug.plant import TABLE, double

_SHIPPED = Path(deploy.__file__).with_name("mosquitto") / "acl"
_PASSWORDS = {"parkwatch": "p", "E1": "one", "E2": "two"}


def test_the_embedded_broker_has_the_access_list_that_is_shipped() -> None:
    shipped = [line for line in _SHIPPED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in access_list(["parkwatch"]).splitlines() if line] == shipped


def test_the_guide_allows_nothing_that_the_list_does_not() -> None:
    guide = (Path(deploy.__file__).parent / "docs/connect-sparkplug.md").read_text("utf-8")
    list_of_one = access_list(["parkwatch"]).replace("pattern", "topic").replace("%u", "hengtai")
    allowed = set(list_of_one.replace("readwrite spBv1.0/STATE/#", "write spBv1.0/STATE/parkwatch").splitlines())
    shown = set(re.findall(r"^topic .*$", guide, re.MULTILINE))
    assert len(shown) == 7
    assert shown <= allowed


async def test_each_enterprise_writes_its_own_group_and_no_other(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker(passwords=_PASSWORDS, readers=["parkwatch"]) as broker:
        rig = Rig(broker)
        login: dict[str, Any] = {
            "username": "parkwatch",
            "password": "p",
            "enterprise_of": {},
            "all_groups": True,
            "host_id": "us",
        }
        async with rig.running(**login, birth_wait="0s") as running:
            config = FleetConfig.model_validate(
                {"connector": "edge", "port": broker.port, "host_id": "us", "passwords": {"E1": "one", "E2": "two"}}
            )
            fleet = NodeFleet(config, TABLE)
            await fleet.start()
            devices = running.connector.health.devices
            await until(lambda: all(devices[name].connected for name in ("E1/EON1", "E1/EON1/CEMS1", "E2/EON1")))
            heard = devices["E2/EON1"].messages
            with Gateway(broker.port, "", user="E1", password="one") as thief:
                forged = double("Tank/Level", 1.0, timestamp=1)
                await thief.send(forged.SerializeToString(), topic="spBv1.0/E2/NDATA/EON1")
                await still(lambda: devices["E2/EON1"].messages == heard)
            await fleet.stop()
            await until(lambda: not devices["E1/EON1"].connected)
