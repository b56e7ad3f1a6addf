"""A throwaway certificate authority for demo and tests: MQTT over TLS, and OPC UA application instances.

Its own key never leaves memory, so nobody can issue more in its name later. A plant uses certificates of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_KEY_BITS = 2048
_ORGANIZATION = "parkwatch throwaway"
#: Clocks of test machines differ; a certificate is valid from this much before it was made.
_BACKDATED = timedelta(days=1)
LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """One certificate authority; its certificate and all it issues are written into one directory."""

    def __init__(self, directory: Path, *, valid_days: int = 30) -> None:
        """Make the authority and write its certificate, ``ca.pem``; the directory is made if there is none."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.certificate = directory / "ca.pem"
        self._lifetime = timedelta(days=valid_days)
        self._key = _new_key()
        self._name = _name("parkwatch throwaway authority")
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        self.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))

    def server(self, name: str = "server", *, hosts: Sequence[str] = LOOPBACK) -> KeyPair:
        """Issue a TLS server certificate for host names and addresses."""
        return self._issue(name, _alternatives(hosts), [ExtendedKeyUsageOID.SERVER_AUTH])

    def client(self, user: str) -> KeyPair:
        """Issue a TLS client certificate whose common name is the user."""
        return self._issue(user, [], [ExtendedKeyUsageOID.CLIENT_AUTH])

    def application(self, name: str, *, uri: str, hosts: Sequence[str] = LOOPBACK) -> KeyPair:
        """Issue an OPC UA application-instance certificate (part 6, 6.2.2): the URI and all four key usages."""
        alternatives = [x509.UniformResourceIdentifier(uri), *_alternatives(hosts)]
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(name, alternatives, purposes, for_opc_ua=True)

    def _issue(
        self,
        name: str,
        alternatives: Sequence[x509.GeneralName],
        purposes: Sequence[x509.ObjectIdentifier],
        *,
        for_opc_ua: bool = False,
    ) -> KeyPair:
        key = _new_key()
        builder = self._builder(_name(name), key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(encrypts_data=for_opc_ua), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        pair = KeyPair(certificate=self.directory / f"{name}.pem", key=self.directory / f"{name}.key.pem")
        pair.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        _write_key(pair.key, key)
        return pair

    def _builder(self, subject: x509.Name, public_key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + self._lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(authority_id, critical=False)
        )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _alternatives(hosts: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative(host) for host in hosts]


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool = False, encrypts_data: bool = False) -> x509.KeyUsage:
    """OPC UA wants non-repudiation and data encipherment as well; a TLS certificate has no use for them."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=encrypts_data,
        key_encipherment=not signs_certificates,
        data_encipherment=encrypts_data,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
