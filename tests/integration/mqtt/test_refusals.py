"""A broker that says no, and what a person is told to do about it."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.base import State
from deploy.embedded import EmbeddedBroker, TlsFiles
from deploy.embedded.certs import Authority
from tests.integration.mqtt.rig import Rig, sample, still, until
from tests.integration.mqtt.scripted_broker import PINGREQ, ScriptedBroker, connack, disconnect
from tests.unit.connectors.mqtt.packets import packet, publish

USERS = {"parkwatch": "right", "E001": "e1"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom broker and clients of this module trust."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def guarded(own_broker: Callable[..., EmbeddedBroker]) -> EmbeddedBroker:
    """A broker with passwords; ``parkwatch`` may read everything."""
    broker = own_broker(passwords=USERS, readers=["parkwatch"])
    broker.start()
    return broker


async def test_the_right_password_opens(guarded: EmbeddedBroker, version: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("right\n")
    rig = Rig(guarded)
    async with rig.running(version=version, username="parkwatch", password_file=file):
        with rig.gateway(user="E001", password="e1") as gateway:
            await gateway.send_values(1)
        await until(lambda: rig.shelf.values == [1.0])


async def test_a_wrong_password_is_named_and_a_corrected_file_is_read(
    guarded: EmbeddedBroker, version: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("wrong")
    rig = Rig(guarded)
    async with rig.running(connected=False, version=version, username="parkwatch", password_file=file) as running:
        await until(lambda: running.last_error)
        assert running.state is State.DISCONNECTED
        assert "Not authorized" in running.last_error or "Bad user name or password" in running.last_error
        assert "username" in running.last_error
        assert "wrong" not in running.last_error
        file.write_text("right")
        await until(lambda: running.state is State.CONNECTED)


async def test_tls_with_our_own_certificate(
    own_broker: Callable[..., EmbeddedBroker], authority: Authority, version: str
) -> None:
    server, ours, theirs = authority.server(), authority.client("parkwatch"), authority.client("E001")
    files = TlsFiles(
        certificate=server.certificate,
        key=server.key,
        authority=authority.certificate,
        require_client_certificate=True,
    )
    with own_broker(tls=files, readers=["parkwatch"]) as broker:
        rig = Rig(broker)
        tls = {"ca": authority.certificate, "cert": ours.certificate, "key": ours.key}
        async with rig.running(version=version, tls=tls, host="localhost"):
            context = ssl.create_default_context(cafile=authority.certificate)
            context.load_cert_chain(theirs.certificate, theirs.key)
            with rig.gateway(tls=context) as gateway:
                await gateway.send_values(*range(300))
            await until(lambda: rig.shelf.values == list(range(300)))


async def test_a_broker_that_cannot_prove_itself_is_not_believed(
    own_broker: Callable[..., EmbeddedBroker], authority: Authority, tmp_path: Path
) -> None:
    server = authority.server()
    files = TlsFiles(certificate=server.certificate, key=server.key, authority=authority.certificate)
    stranger = Authority(tmp_path / "stranger")
    with own_broker(tls=files) as broker:
        async with Rig(broker).running(connected=False, tls={"ca": stranger.certificate}) as running:
            await until(lambda: "certificate is not believed" in running.last_error)
            assert "tls.ca" in running.last_error


async def test_a_broker_with_another_name_is_not_believed(
    own_broker: Callable[..., EmbeddedBroker], authority: Authority
) -> None:
    server = authority.server("elsewhere", hosts=["broker.elsewhere.example"])
    files = TlsFiles(certificate=server.certificate, key=server.key, authority=authority.certificate)
    with own_broker(tls=files) as broker:
        async with Rig(broker).running(connected=False, tls={"ca": authority.certificate}) as running:
            await until(lambda: "certificate is not believed" in running.last_error)


async def test_plain_text_to_a_tls_port_is_explained(
    own_broker: Callable[..., EmbeddedBroker], authority: Authority
) -> None:
    server = authority.server()
    files = TlsFiles(certificate=server.certificate, key=server.key, authority=authority.certificate)
    with own_broker(tls=files) as broker:
        async with Rig(broker).running(connected=False) as running:
            await until(lambda: "whether it wants TLS" in running.last_error)


async def test_tls_to_a_plain_port_is_explained(broker: EmbeddedBroker) -> None:
    async with Rig(broker).running(connected=False, tls={}, connect_timeout="1s") as running:
        await until(lambda: running.last_error)
        assert "TLS" in running.last_error


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (0x86, "check username and password"),
        (0x87, "access list"),
        (0x85, "set another client_id"),
        (0x84, "version"),
        (0x88, "we go on trying"),
    ],
)
async def test_every_refusal_says_what_to_do(reason: int, says: str) -> None:
    async with (
        ScriptedBroker(on_connect=connack(reason)).serving() as broker,
        Rig(broker).running(connected=False) as running,
    ):
        await until(lambda: says in running.last_error)
        assert running.state is State.DISCONNECTED


async def test_a_refused_subscription_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mqtt.dialogue._RESUBSCRIBE_EVERY_S", 0.2)
    async with (
        ScriptedBroker(subscriptions=b"\x01\x87").serving() as broker,
        Rig(broker).running(connected=False, topics=["a/#", "b/#"]) as running,
    ):
        await until(lambda: running.state is State.DEGRADED)
        assert list(running.connector.health.bad_addresses) == ["b/#"]
        assert "access list" in running.connector.health.bad_addresses["b/#"]
        broker.subscriptions = b"\x01\x01"
        await until(lambda: running.state is State.CONNECTED)
        assert running.connector.health.bad_addresses == {}
        assert broker.connections == 1


async def test_being_thrown_out_by_a_namesake_is_explained() -> None:
    async with (
        ScriptedBroker(afterwards=disconnect(0x8E)).serving() as broker,
        Rig(broker).running(connected=False) as running,
    ):
        await until(lambda: "another client uses our client_id" in running.last_error)


async def test_a_broker_that_never_answers_is_given_up() -> None:
    async with (
        ScriptedBroker(on_connect=b"").serving() as broker,
        Rig(broker).running(connected=False, keepalive="1s") as running,
    ):
        await until(lambda: "fell silent" in running.last_error)
        await until(lambda: broker.connections >= 2)


async def test_a_broker_that_talks_nonsense_is_left_and_tried_again() -> None:
    async with (
        ScriptedBroker(afterwards=b"\x32\x02\x00\x05" * 3).serving() as broker,
        Rig(broker).running(connected=False) as running,
    ):
        await until(lambda: broker.connections >= 3)
        assert "malformed" in running.last_error


async def test_acknowledgements_go_out_in_the_order_of_the_messages() -> None:
    identifiers = [7, 3, 9, 1, 500]
    messages = b"".join(
        publish(f"parkwatch/v1/E001/x/{number}", sample(number), identifier=number) for number in identifiers
    )
    async with ScriptedBroker(afterwards=messages).serving() as broker:
        rig = Rig(broker)
        async with rig.running(topics=["parkwatch/v1/+/x/#"]):
            await until(lambda: broker.acknowledged == identifiers)


async def test_an_idle_link_is_kept_alive_by_pings() -> None:
    async with ScriptedBroker().serving() as broker, Rig(broker).running(keepalive="1s") as running:
        await still(lambda: running.state is State.CONNECTED, for_s=2.5)
        assert PINGREQ in broker.heard
        assert broker.connections == 1


async def test_messages_show_life_where_the_answer_to_a_ping_is_stuck_behind_them() -> None:
    message = publish("parkwatch/v1/E001/x", sample(1))
    async with ScriptedBroker(on_ping=message).serving() as broker:
        rig = Rig(broker)
        async with rig.running(topics=["parkwatch/v1/+/x"], keepalive="1s") as running:
            await still(lambda: running.state is State.CONNECTED, for_s=4.0)
            assert len(rig.shelf.values) >= 2
            assert broker.connections == 1


async def test_a_broker_of_the_older_protocol_is_recognised() -> None:
    refused = packet(0x20, b"\x00\x01")  # MQTT 3.1.1: unacceptable protocol version
    async with ScriptedBroker(on_connect=refused).serving() as broker, Rig(broker).running(connected=False) as running:
        await until(lambda: running.last_error)
        assert "version" in running.last_error


async def test_a_broker_that_wants_our_certificate_is_understood(
    own_broker: Callable[..., EmbeddedBroker], authority: Authority
) -> None:
    server = authority.server()
    files = TlsFiles(
        certificate=server.certificate,
        key=server.key,
        authority=authority.certificate,
        require_client_certificate=True,
    )
    with own_broker(tls=files) as broker:
        async with Rig(broker).running(connected=False, tls={"ca": authority.certificate}) as running:
            await until(lambda: running.last_error)
            assert "cert" in running.last_error
