"""Who is believed: the certificate itself, or what a known authority signed; in its time, and not revoked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from connectors.opcua.errors import Untrusted
from connectors.opcua.trust import TrustList, application_uris, load_certificate, split_chain, thumbprint
from deploy.embedded.certs import Authority

_URI = "urn:example.org:plant"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def own(authority: Authority) -> x509.Certificate:
    return load_certificate(authority.application("plant", uri=_URI).certificate)


@pytest.fixture(scope="module")
def self_signed() -> x509.Certificate:
    """As most servers make for themselves: no CA, no URI even."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DCS-1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    directory = tmp_path / "trusted"
    directory.mkdir()
    return directory


def _put(certificate: x509.Certificate, path: Path) -> None:
    encoding = Encoding.DER if path.suffix in (".der", ".crt") else Encoding.PEM
    path.write_bytes(certificate.public_bytes(encoding))


@pytest.mark.parametrize("name", ["server.der", "server.pem", "SERVER.CRT", "server.cer"])
def test_a_certificate_in_the_directory_is_believed_whatever_its_form(
    self_signed: x509.Certificate, trusted: Path, name: str
) -> None:
    _put(self_signed, trusted / name)
    TrustList(trusted).check([self_signed])


def test_what_a_known_authority_signed_is_believed(authority: Authority, own: x509.Certificate, trusted: Path) -> None:
    _put(load_certificate(authority.certificate), trusted / "ca.pem")
    TrustList(trusted).check([own])
    TrustList(trusted, server_uri=_URI).check([own])


def test_what_another_authority_signed_is_not(own: x509.Certificate, trusted: Path, tmp_path: Path) -> None:
    _put(load_certificate(Authority(tmp_path / "other").certificate), trusted / "ca.pem")
    with pytest.raises(Untrusted, match="is not trusted"):
        TrustList(trusted).check([own])


def test_a_trusted_server_is_no_authority(
    authority: Authority, own: x509.Certificate, self_signed: x509.Certificate, trusted: Path
) -> None:
    _put(own, trusted / "server.pem")
    with pytest.raises(Untrusted, match="is not trusted"):
        TrustList(trusted).check([self_signed])


def test_without_a_directory_nobody_is_believed_and_the_rejected_one_is_kept(
    self_signed: x509.Certificate, tmp_path: Path
) -> None:
    with pytest.raises(Untrusted, match=f"SHA-1 thumbprint {thumbprint(self_signed)}"):
        TrustList(tmp_path / "trusted").check([self_signed])
    kept = tmp_path / "rejected" / f"{thumbprint(self_signed)}.der"
    assert load_certificate(kept) == self_signed


def test_a_certificate_counts_only_in_its_time(self_signed: x509.Certificate, trusted: Path) -> None:
    _put(self_signed, trusted / "server.der")
    now = datetime.now(UTC)
    with pytest.raises(Untrusted, match=r"expired at .* UTC; renew it"):
        TrustList(trusted).check([self_signed], now=now + timedelta(days=2))
    with pytest.raises(Untrusted, match="compare the clocks"):
        TrustList(trusted).check([self_signed], now=now - timedelta(days=1))


def test_a_file_in_the_directory_that_is_no_certificate_is_named(self_signed: x509.Certificate, trusted: Path) -> None:
    (trusted / "notes.pem").write_text("call the vendor")
    (trusted / "readme.txt").write_text("not looked at")
    with pytest.raises(ValueError, match=r"notes\.pem is not a certificate"):
        TrustList(trusted).check([self_signed])


def test_a_certificate_without_a_uri_does_not_pass_for_the_one_wanted(
    self_signed: x509.Certificate, trusted: Path
) -> None:
    _put(self_signed, trusted / "server.der")
    with pytest.raises(Untrusted, match="is for none, not for urn:example"):
        TrustList(trusted, server_uri=_URI).check([self_signed])


def test_a_chain_comes_apart_into_its_certificates(authority: Authority, own: x509.Certificate) -> None:
    ca = load_certificate(authority.certificate)
    chain = own.public_bytes(Encoding.DER) + ca.public_bytes(Encoding.DER)
    assert split_chain(chain) == [own, ca]
    assert split_chain(b"") == []
    assert application_uris(own) == [_URI]
    assert application_uris(ca) == []
