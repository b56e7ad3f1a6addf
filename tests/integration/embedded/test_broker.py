"""The embedded broker: who may write what, encryption, what it keeps, and that nothing is left behind."""

import queue
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded import EmbeddedBroker, TlsFiles
from deploy.embedded.broker import BrokerLimits
from deploy.embedded.certs import Authority, KeyPair
from tests.integration.embedded.mqtt_peer import WITHIN_S, Peer

_PASSWORDS = {"E001": "first", "E002": "second", "service": "third"}


@contextmanager
def peer(
    broker: EmbeddedBroker, user: str | None = None, password: str | None = None, *, keeps_session: bool = False
) -> Iterator[Peer]:
    one = Peer(user or "anyone", keeps_session=keeps_session)
    if user:
        one.client.username_pw_set(user, password if password is not None else _PASSWORDS[user])
    reason = one.connect(broker.port)
    assert not reason.is_failure, reason
    yield one
    one.close()


@pytest.fixture
def place(server_directory: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory of the test's own."""
    path = server_directory / request.node.name
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def guarded(server_directory: Path) -> Iterator[EmbeddedBroker]:
    """A broker with one user an enterprise."""
    with EmbeddedBroker(server_directory / "guarded", passwords=_PASSWORDS, readers=["service"]) as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def tls_files(authority: Authority, pair: KeyPair, *, require_client_certificate: bool = False) -> TlsFiles:
    return TlsFiles(
        certificate=pair.certificate,
        key=pair.key,
        authority=authority.certificate,
        require_client_certificate=require_client_certificate,
    )


def test_enterprise_writes_its_own_topics_and_the_service_reads_them(guarded: EmbeddedBroker) -> None:
    with peer(guarded, "service") as service, peer(guarded, "E001") as enterprise:
        assert not service.subscribe("parkwatch/v1/#").is_failure
        assert not enterprise.publish("parkwatch/v1/E001/voc", b"1").is_failure
        assert service.received.get(timeout=WITHIN_S) == ("parkwatch/v1/E001/voc", b"1")


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("parkwatch/v1/E002/voc", id="another enterprise"),
        pytest.param("parkwatch/v1/E0011/voc", id="longer name"),
        pytest.param("parkwatch/v1/voc", id="no enterprise"),
        pytest.param("parkwatch/v2/E001/voc", id="another version"),
    ],
)
def test_enterprise_is_refused_other_topics(guarded: EmbeddedBroker, topic: str) -> None:
    with peer(guarded, "service") as service, peer(guarded, "E001") as enterprise:
        service.subscribe("parkwatch/#")
        assert enterprise.publish(topic, b"forged").getName() == "Not authorized"
        enterprise.publish("parkwatch/v1/E001/last", b"")
        assert service.received.get(timeout=WITHIN_S)[0] == "parkwatch/v1/E001/last"


def test_enterprise_cannot_read_another(guarded: EmbeddedBroker) -> None:
    with peer(guarded, "E001") as first, peer(guarded, "E002") as second, peer(guarded, "service") as service:
        service.subscribe("parkwatch/#")
        second.client.subscribe("parkwatch/#", qos=1)
        first.publish("parkwatch/v1/E001/secret", b"1")
        service.received.get(timeout=WITHIN_S)
        assert second.received.empty()


@pytest.mark.parametrize(("user", "password"), [("E001", "wrong"), ("E009", "first"), (None, None)])
def test_strangers_are_refused(guarded: EmbeddedBroker, user: str | None, password: str | None) -> None:
    stranger = Peer("stranger")
    if user:
        stranger.client.username_pw_set(user, password)
    assert stranger.connect(guarded.port).getName() == "Not authorized"
    stranger.close()


def test_tls_works_and_names_its_host(place: Path, authority: Authority) -> None:
    with EmbeddedBroker(place, tls=tls_files(authority, authority.server())) as broker:
        one = Peer("one")
        one.client.tls_set_context(ssl.create_default_context(cafile=str(authority.certificate)))
        assert not one.connect(broker.port).is_failure
        assert not one.publish("any", b"1").is_failure
        one.close()


def test_tls_client_refuses_a_broker_of_another_authority(place: Path, authority: Authority, tmp_path: Path) -> None:
    with EmbeddedBroker(place, tls=tls_files(authority, authority.server())) as broker:
        context = ssl.create_default_context(cafile=str(Authority(tmp_path).certificate))
        with (
            socket.create_connection((broker.host, broker.port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname="localhost")


def test_client_certificate_is_the_user(place: Path, authority: Authority) -> None:
    tls = tls_files(authority, authority.server(), require_client_certificate=True)
    mine = authority.client("E001")
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(mine.certificate, mine.key)
    with EmbeddedBroker(place, tls=tls) as broker:
        one = Peer("one")
        one.client.tls_set_context(context)
        assert not one.connect(broker.port).is_failure
        assert not one.publish("parkwatch/v1/E001/voc", b"1").is_failure
        assert one.publish("parkwatch/v1/E002/voc", b"1").getName() == "Not authorized"
        one.close()


def test_session_outlives_a_restart_on_the_same_port(place: Path) -> None:
    with EmbeddedBroker(place, persistence=True) as broker:
        port = broker.port
        with peer(broker, keeps_session=True) as reader:
            reader.subscribe("kept")
        with peer(broker, "writer", "") as writer:
            writer.publish("kept", b"while away")
        broker.stop()
        broker.start()
        assert broker.port == port
        with peer(broker, keeps_session=True) as reader:
            assert reader.received.get(timeout=WITHIN_S) == ("kept", b"while away")


def test_more_than_mosquittos_default_of_1020_wait_for_a_slow_reader(place: Path) -> None:
    with EmbeddedBroker(place) as broker:
        with peer(broker, keeps_session=True) as reader:
            reader.subscribe("many")
        with peer(broker, "writer", "") as writer:
            for number in range(3000):
                writer.client.publish("many", str(number), qos=1)
            for _ in range(3000):
                writer.answers.get(timeout=WITHIN_S)
        with peer(broker, keeps_session=True) as reader:
            received = [int(reader.received.get(timeout=WITHIN_S)[1]) for _ in range(3000)]
    assert received == list(range(3000))


def test_packet_over_the_limit_is_refused(place: Path) -> None:
    with EmbeddedBroker(place, limits=BrokerLimits(max_packet_bytes=10_000)) as broker, peer(broker) as writer:
        assert not writer.publish("small", bytes(9_000)).is_failure
        assert writer.publish("large", bytes(11_000)).is_failure


def test_killed_broker_comes_back_on_the_same_port(place: Path) -> None:
    with EmbeddedBroker(place) as broker:
        port = broker.port
        broker.kill()
        assert not broker.running
        broker.start()
        assert broker.port == port
        with peer(broker) as one:
            assert not one.publish("any", b"1").is_failure


def test_paused_broker_answers_when_resumed(place: Path) -> None:
    with EmbeddedBroker(place) as broker, peer(broker) as one:
        broker.pause()
        one.client.publish("any", b"1", qos=1)
        with pytest.raises(queue.Empty):
            one.answers.get(timeout=0.5)
        broker.resume()
        assert not one.answers.get(timeout=WITHIN_S).is_failure


_PARENT = """
import sys, time
from pathlib import Path
from deploy.embedded import EmbeddedBroker
broker = EmbeddedBroker(Path(sys.argv[1]))
broker.start()
print(broker.pid, flush=True)
time.sleep(600)
"""


def test_nothing_is_left_when_the_parent_is_killed(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(place)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    deadline_s = time.monotonic() + WITHIN_S
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline_s, "the broker outlives its parent"
        time.sleep(0.02)


def test_constructing_touches_nothing(place: Path) -> None:
    EmbeddedBroker(place)
    assert not place.exists()
