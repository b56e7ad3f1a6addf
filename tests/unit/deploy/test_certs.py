"""Certificates of the throwaway authority are what OPC UA and TLS ask for."""

import stat
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography import x509
from cryptography.x509.oid import NameOID

from deploy.embedded.certs import Authority, KeyPair

_URI = "urn:park.example:parkwatch"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def described(uri: str) -> ua.ApplicationDescription:
    return ua.ApplicationDescription(ApplicationUri=uri, ApplicationType=ua.ApplicationType.ClientAndServer)


def trusted_directory(authority: Authority) -> Path:
    trusted = authority.directory / "trusted"
    trusted.mkdir(exist_ok=True)
    (trusted / "ca.pem").write_bytes(authority.certificate.read_bytes())
    return trusted


async def validate(authority: Authority, pair: KeyPair, uri: str, peer: CertificateValidatorOptions) -> None:
    store = TrustStore([trusted_directory(authority)], [])
    await store.load()
    validator = CertificateValidator(CertificateValidatorOptions.TRUSTED_VALIDATION | peer, store)
    await validator.validate(loaded(pair), described(uri))


def loaded(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


@pytest.mark.parametrize("peer", [CertificateValidatorOptions.PEER_SERVER, CertificateValidatorOptions.PEER_CLIENT])
async def test_application_certificate_passes_full_opc_ua_validation(
    authority: Authority, peer: CertificateValidatorOptions
) -> None:
    pair = authority.application("plant", uri=_URI)
    await validate(authority, pair, _URI, peer)


async def test_application_certificate_of_another_uri_is_refused(authority: Authority) -> None:
    pair = authority.application("plant", uri=_URI)
    with pytest.raises(ServiceError):
        await validate(authority, pair, "urn:other", CertificateValidatorOptions.PEER_SERVER)


@pytest.mark.filterwarnings("ignore")
async def test_certificate_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    pair = Authority(tmp_path).application("plant", uri=_URI)
    with pytest.raises(ServiceError):
        await validate(authority, pair, _URI, CertificateValidatorOptions.PEER_SERVER)


def test_client_certificate_names_its_user(authority: Authority) -> None:
    subject = loaded(authority.client("E001")).subject
    assert [name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["E001"]


def test_keys_are_private(authority: Authority) -> None:
    assert stat.S_IMODE(authority.server().key.stat().st_mode) == 0o600


def test_authoritys_own_key_is_not_written(authority: Authority) -> None:
    assert not (authority.directory / "ca.key.pem").exists()
