"""Which server certificates are believed: those in a directory, and those that a CA in it has signed.

The directory is read at every attempt, so that trusting a certificate is moving a file. What is refused is written to
``rejected`` beside it, which makes it one file to move.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from connectors.opcua.errors import Untrusted

_PEM = b"-----BEGIN"
_SUFFIXES = frozenset((".pem", ".der", ".crt", ".cer"))


def load_certificate(path: Path) -> x509.Certificate:
    """PEM or DER. Raises OSError, and ValueError where it is neither."""
    content = path.read_bytes()
    load = x509.load_pem_x509_certificate if _PEM in content else x509.load_der_x509_certificate
    try:
        return load(content)
    except ValueError as error:
        raise ValueError(f"{path} is not a certificate (PEM or DER)") from error


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 in hex, as OPC UA tools show it."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def application_uris(certificate: x509.Certificate) -> list[str]:
    """The URIs in the subject alternative name; an application instance certificate has exactly one."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def split_chain(der: bytes) -> list[x509.Certificate]:
    """The certificates of a chain that is simply one after another, the server's own first."""
    found: list[x509.Certificate] = []
    while der:
        # DER: 0x30, then a length of one byte, or 0x80 plus the number of bytes that hold it.
        extra = der[1] & 0x7F if der[1] & 0x80 else 0
        size = int.from_bytes(der[2 : 2 + extra], "big") if extra else der[1]
        end = 2 + extra + size
        found.append(x509.load_der_x509_certificate(der[:end]))
        der = der[end:]
    return found


@dataclass(frozen=True, slots=True)
class TrustList:
    """A directory of trusted certificates, and one of revocation lists."""

    trusted: Path
    revoked: Path | None = None
    #: What the server must call itself; None: whatever its certificate says.
    server_uri: str | None = None

    def check(self, chain: Sequence[x509.Certificate], *, now: datetime | None = None) -> None:
        """``chain`` begins with the server's own certificate. Raises Untrusted, saying what to do."""
        own = chain[0]
        self._check_time(own, now or datetime.now(UTC))
        self._check_revoked(own)
        if self.server_uri is not None and self.server_uri not in application_uris(own):
            uris = ", ".join(application_uris(own)) or "none"
            raise Untrusted(
                f"the server's certificate is for {uris}, not for {self.server_uri}; is it the right server?"
            )
        known = list(self._certificates())
        if own not in known and not _signed(own, chain[1:], known):
            raise Untrusted(self._reject(own))

    def _certificates(self) -> Iterator[x509.Certificate]:
        for path in sorted(self.trusted.glob("*")) if self.trusted.is_dir() else []:
            if path.suffix.lower() in _SUFFIXES:
                yield load_certificate(path)

    def _check_time(self, own: x509.Certificate, now: datetime) -> None:
        if now > own.not_valid_after_utc:
            raise Untrusted(
                f"the server's certificate expired at {own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; renew it"
            )
        if now < own.not_valid_before_utc:
            start = f"{own.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise Untrusted(f"the server's certificate is not valid before {start}; compare the clocks")

    def _check_revoked(self, own: x509.Certificate) -> None:
        for path in sorted(self.revoked.glob("*")) if self.revoked else []:
            content = path.read_bytes()
            load = x509.load_pem_x509_crl if _PEM in content else x509.load_der_x509_crl
            found = load(content)
            if found.issuer == own.issuer and found.get_revoked_certificate_by_serial_number(own.serial_number):
                raise Untrusted(f"the server's certificate {thumbprint(own)} was revoked ({path})")

    def _reject(self, own: x509.Certificate) -> str:
        """Keep it for a person to look at; the sentence that tells what to do."""
        rejected = self.trusted.parent / "rejected"
        path = rejected / f"{thumbprint(own)}.der"
        try:
            rejected.mkdir(parents=True, exist_ok=True)
            path.write_bytes(own.public_bytes(Encoding.DER))
            cure = f"then move {path} to {self.trusted}"
        except OSError as error:
            cure = f"then put it into {self.trusted} (it could not be written to {path}: {error.strerror})"
        name = own.subject.rfc4514_string() or "without a name"
        return (
            f"the server's certificate is not trusted: {name}, SHA-1 thumbprint {thumbprint(own)}; "
            f"compare the thumbprint with the one that the server shows, {cure}"
        )


def _signed(own: x509.Certificate, others: Sequence[x509.Certificate], known: Sequence[x509.Certificate]) -> bool:
    """Whether a chain leads from ``own`` to a known CA."""
    if not known:
        return False
    builder = verification.PolicyBuilder().store(verification.Store(list(known)))
    builder = builder.extension_policies(
        ca_policy=verification.ExtensionPolicy.permit_all().require_present(
            x509.BasicConstraints, verification.Criticality.AGNOSTIC, _must_be_ca
        ),
        ee_policy=verification.ExtensionPolicy.permit_all(),
    )
    try:
        builder.build_client_verifier().verify(own, list(others))
    except verification.VerificationError:
        return False
    return True


def _must_be_ca(
    _policy: verification.Policy, _certificate: x509.Certificate, constraints: x509.BasicConstraints
) -> None:
    if not constraints.ca:
        raise ValueError("not a certificate authority")
