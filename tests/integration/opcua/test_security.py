"""Nobody is believed without proof, and whoever is refused is told why and what to do."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.server.user_managers import UserManager
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.base import State
from deploy.embedded.certs import Authority, KeyPair
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import Plant
from tests.integration.opcua.rig import Running

SERVER_URI = "urn:example.org:plant"
CLIENT_URI = "urn:example.org:parkwatch"
POLICIES = ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]
_OFFERED = [
    ua.SecurityPolicyType.NoSecurity,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
]


class _Users(UserManager):
    """Knows one name and password, and lets in whoever gives no name."""

    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        if username is not None:
            return User(role=UserRole.User) if (username, password) == ("reader", "swordfish") else None
        return User(role=UserRole.User)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def client_pair(authority: Authority) -> KeyPair:
    return authority.application("client", uri=CLIENT_URI)


@pytest.fixture(scope="session")
async def secure_plant(authority: Authority) -> AsyncIterator[Plant]:
    """Offers every policy, believes every client, and knows one user."""
    pair = authority.application("plant", uri=SERVER_URI)
    plant = Plant(users=_Users(), pair=(pair.certificate, pair.key), uri=SERVER_URI, policies=_OFFERED)
    await plant.start()
    await plant.add("TI-1", 1.0)
    yield plant
    await plant.stop()


@pytest.fixture
def trusted(tmp_path: Path, authority: Authority) -> Path:
    """A trust list with the authority in it."""
    directory = tmp_path / "trusted"
    directory.mkdir()
    shutil.copy(authority.certificate, directory)
    return directory


def _security(pair: KeyPair, trusted: Path, **options: object) -> dict[str, object]:
    given = {"policy": "Basic256Sha256", "certificate": pair.certificate, "private_key": pair.key, "trusted": trusted}
    return {**given, **options}


def _thumbprint(path: Path) -> str:
    return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA1()).hex().upper()


@pytest.mark.parametrize("mode", ["sign", "sign_and_encrypt"])
@pytest.mark.parametrize("policy", POLICIES)
async def test_every_policy_and_mode_brings_values(
    secure_plant: Plant, client_pair: KeyPair, trusted: Path, run: Run, policy: str, mode: str
) -> None:
    security = _security(client_pair, trusted, policy=policy, mode=mode)
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=security)
    await running.until_values(0, 1.0)
    await running.until_state(State.CONNECTED)
    assert policy in secure_plant.channels()


async def test_an_unknown_certificate_is_refused_written_down_and_trusted_by_moving_the_file(
    secure_plant: Plant, authority: Authority, client_pair: KeyPair, tmp_path: Path, run: Run
) -> None:
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=_security(client_pair, trusted))
    await running.until_state(State.DISCONNECTED)
    thumbprint = _thumbprint(authority.directory / "plant.pem")
    rejected = tmp_path / "rejected" / f"{thumbprint}.der"
    assert "is not trusted" in running.health.last_error
    assert f"SHA-1 thumbprint {thumbprint}" in running.health.last_error
    assert f"move {rejected} to {trusted}" in running.health.last_error
    shutil.move(rejected, trusted)
    await running.until_values(0, 1.0)


async def test_a_revoked_certificate_is_refused_although_its_authority_is_trusted(
    secure_plant: Plant, authority: Authority, client_pair: KeyPair, trusted: Path, tmp_path: Path, run: Run
) -> None:
    revoked = tmp_path / "revoked"
    revoked.mkdir()
    (revoked / "ca.crl").write_bytes(_revocation_list(authority.directory / "plant.pem"))
    security = _security(client_pair, trusted, revoked=revoked)
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=security)
    await running.until_state(State.DISCONNECTED)
    assert "was revoked" in running.health.last_error


async def test_another_server_of_the_same_authority_is_not_taken_for_the_right_one(
    secure_plant: Plant, client_pair: KeyPair, trusted: Path, run: Run
) -> None:
    security = _security(client_pair, trusted, server_uri="urn:example.org:other")
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=security)
    await running.until_state(State.DISCONNECTED)
    assert running.health.last_error == (
        f"the server's certificate is for {SERVER_URI}, not for urn:example.org:other; is it the right server?"
    )


async def test_a_policy_the_server_does_not_offer_is_named_with_those_it_offers(
    plant: Plant, client_pair: KeyPair, trusted: Path, run: Run
) -> None:
    running = run(["ns=2;s=TI-1"], plant.endpoint, security=_security(client_pair, trusted))
    await running.until_state(State.DISCONNECTED)
    expected = "the server offers no Basic256Sha256/SignAndEncrypt; it offers None/None_"
    assert running.health.last_error == expected


async def test_a_user_with_the_right_password_comes_in(
    secure_plant: Plant, client_pair: KeyPair, trusted: Path, tmp_path: Path, run: Run
) -> None:
    password_file = tmp_path / "password"
    password_file.write_text("swordfish\n")
    identity = {"kind": "user", "name": "reader", "password_file": password_file}
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=_security(client_pair, trusted), identity=identity)
    await running.until_values(0, 1.0)


async def test_a_wrong_password_is_told_without_telling_the_password(
    secure_plant: Plant, client_pair: KeyPair, trusted: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    identity = {"kind": "user", "name": "reader", "password": "marlin-hunter2"}
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=_security(client_pair, trusted), identity=identity)
    await running.until_state(State.DISCONNECTED)
    assert running.health.last_error.startswith("BadUserAccessDenied: the server refused the user: a wrong name or")
    assert "hunter2" not in running.health.last_error
    assert "hunter2" not in caplog.text
    assert "hunter2" not in repr(running.config)


async def test_a_user_may_prove_who_it_is_by_certificate(
    secure_plant: Plant, authority: Authority, client_pair: KeyPair, trusted: Path, run: Run
) -> None:
    user = authority.client("operator")
    identity = {"kind": "certificate", "certificate": user.certificate, "private_key": user.key}
    running = run(["ns=2;s=TI-1"], secure_plant.endpoint, security=_security(client_pair, trusted), identity=identity)
    await running.until_values(0, 1.0)


async def test_when_the_server_does_not_trust_us_the_error_names_our_certificate(
    authority: Authority, client_pair: KeyPair, trusted: Path, tmp_path: Path, run: Run
) -> None:
    pair = authority.application("strict", uri=SERVER_URI)
    plant = Plant(pair=(pair.certificate, pair.key), uri=SERVER_URI, policies=_OFFERED)
    await plant.start()
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    shutil.copy(pair.certificate, nobody)
    store = TrustStore([nobody], [])
    await store.load()
    options = CertificateValidatorOptions.TRUSTED_VALIDATION | CertificateValidatorOptions.PEER_CLIENT
    plant.server.set_certificate_validator(CertificateValidator(options, store))
    running = run(["ns=2;s=TI-1"], plant.endpoint, security=_security(client_pair, trusted))
    await running.until_state(State.DISCONNECTED)
    await until(lambda: "the server refused our certificate" in running.health.last_error, what=str(running.health))
    assert _thumbprint(client_pair.certificate) in running.health.last_error
    await running.stop()
    await plant.stop()


def test_our_own_files_that_cannot_be_read_are_named_before_anything_runs(
    client_pair: KeyPair, trusted: Path, tmp_path: Path
) -> None:
    missing, broken = tmp_path / "missing.pem", tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    with pytest.raises(FileNotFoundError, match=r"missing\.pem"):
        Running([], "opc.tcp://nowhere:1", security=_security(client_pair, trusted, certificate=missing))
    with pytest.raises(ValueError, match=r"broken\.pem is not a certificate"):
        Running([], "opc.tcp://nowhere:1", security=_security(client_pair, trusted, certificate=broken))
    with pytest.raises(ValueError, match=r"broken\.pem is not a private key"):
        Running([], "opc.tcp://nowhere:1", security=_security(client_pair, trusted, private_key=broken))
    other = Authority(tmp_path / "other").application("other", uri=CLIENT_URI)
    with pytest.raises(ValueError, match=r"is not the key of"):
        Running([], "opc.tcp://nowhere:1", security=_security(client_pair, trusted, private_key=other.key))


def _revocation_list(certificate: Path) -> bytes:
    """Signed by somebody else; a certificate that anybody lists as revoked is better not believed."""
    own = x509.load_pem_x509_certificate(certificate.read_bytes())
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(own.serial_number).revocation_date(now).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(own.issuer).last_update(now)
    builder = builder.next_update(now + timedelta(days=1)).add_revoked_certificate(entry)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
