"""The production broker files, deploy/mosquitto, run by a real mosquitto: encrypted, each enterprise kept apart."""

import shutil
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import provision
from deploy.embedded.account import server_account, settle
from deploy.embedded.broker_files import password_file
from deploy.embedded.certs import Authority
from deploy.embedded.ports import free_port, is_taken
from deploy.embedded.process import Server
from tests.integration.embedded.mqtt_peer import WITHIN_S, Peer

_DEPLOY = Path(__file__).parents[3] / "deploy"
_PASSWORDS = {"parkwatch": "service", "E001": "first", "E002": "second"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def port(server_directory: Path, authority: Authority) -> Iterator[int]:
    """The port of a broker that runs on the production files, their paths and port put to this machine's."""
    account = server_account()
    place = settle(server_directory / "production", account)
    port = free_port()
    write_files(place, authority, port)
    for path in [place, *place.iterdir()]:
        if account:
            shutil.chown(path, account.uid, account.gid)
    server = Server(
        [provision.mosquitto(), "-c", place / "mosquitto.conf"],
        account=account,
        stop_signal=signal.SIGTERM,
        log=place / "log",
    )
    server.await_ready(lambda: is_taken(port), WITHIN_S)
    yield port
    server.terminate(signal.SIGTERM, WITHIN_S)
    # A pattern is the only way to say "everybody", and mosquitto wonders that it names nobody.
    told = [line for line in server.log_tail(100).splitlines() if "Warning" in line and "STATE/#" not in line]
    assert told == [], "mosquitto has something to say about these files"


def write_files(place: Path, authority: Authority, port: int) -> None:
    pair = authority.server("broker")
    copies = {"broker.pem": pair.certificate, "broker_key": pair.key, "ca.pem": authority.certificate}
    for name, source in copies.items():
        shutil.copyfile(source, place / name)
    shutil.copyfile(_DEPLOY / "mosquitto" / "acl", place / "acl")
    (place / "broker_passwords").write_text(password_file(_PASSWORDS))
    text = (_DEPLOY / "mosquitto" / "mosquitto.conf").read_text()
    for production in ("/mosquitto/config/", "/mosquitto/data/", "/run/secrets/"):
        assert production in text
        text = text.replace(production, f"{place}/")
    (place / "mosquitto.conf").write_text(text.replace("listener 8883", f"listener {port} 127.0.0.1"))
    for path in place.iterdir():
        path.chmod(0o600)


@pytest.fixture
def connected(port: int, authority: Authority) -> Iterator[dict[str, Peer]]:
    """One client a user."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    peers = {user: Peer(user) for user in _PASSWORDS}
    for user, one in peers.items():
        one.client.tls_set_context(context)
        one.client.username_pw_set(user, _PASSWORDS[user])
        assert not one.connect(port).is_failure
    yield peers
    for one in peers.values():
        one.close()


def test_service_gets_what_an_enterprise_writes(connected: dict[str, Peer]) -> None:
    connected["parkwatch"].subscribe("parkwatch/v1/+/#")
    assert not connected["E001"].publish("parkwatch/v1/E001/voc/1", b"1").is_failure
    assert connected["parkwatch"].received.get(timeout=WITHIN_S) == ("parkwatch/v1/E001/voc/1", b"1")


@pytest.mark.parametrize("topic", ["parkwatch/v1/E002/voc", "parkwatch/v1/park/voc", "$SYS/x", "other"])
def test_enterprise_cannot_write_elsewhere(connected: dict[str, Peer], topic: str) -> None:
    assert connected["E001"].publish(topic, b"forged").getName() == "Not authorized"


def test_enterprise_reads_nothing(connected: dict[str, Peer]) -> None:
    for wish in ("parkwatch/#", "parkwatch/v1/E001/#", "#"):
        connected["E002"].client.subscribe(wish, qos=1)
    connected["parkwatch"].subscribe("parkwatch/#")
    connected["E001"].publish("parkwatch/v1/E001/secret", b"1")
    connected["E002"].publish("parkwatch/v1/E002/own", b"1")
    for _ in range(2):
        connected["parkwatch"].received.get(timeout=WITHIN_S)
    assert connected["E002"].received.empty()


def test_service_can_watch_the_broker(connected: dict[str, Peer]) -> None:
    connected["parkwatch"].subscribe("$SYS/broker/version")
    assert b"mosquitto" in connected["parkwatch"].received.get(timeout=WITHIN_S)[1]


def test_wrong_password_is_refused(port: int, authority: Authority) -> None:
    stranger = Peer("stranger")
    stranger.client.tls_set_context(ssl.create_default_context(cafile=str(authority.certificate)))
    stranger.client.username_pw_set("E001", "wrong")
    assert stranger.connect(port).getName() == "Not authorized"
    stranger.close()
