"""Ed25519: the service's own key, made at first use, and how a signature is checked."""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from service.files import write_private

_FILE = "evidence.key"


class SigningKey:
    """In ``evidence.key`` of the data directory, readable by the service alone. Whoever has it can sign as the park."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / _FILE

    def _key(self) -> Ed25519PrivateKey:
        if not self._path.exists():
            made = Ed25519PrivateKey.generate()
            write_private(self._path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key = load_pem_private_key(self._path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{self._path} holds no Ed25519 key; restore it, or delete it and make known the new one")
        return key

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._key().sign(data)

    def public_pem(self) -> bytes:
        """To give away."""
        return _pem(self._key().public_key())


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the raw public key, hex. Raises ValueError where it is none of ours, or not written so."""
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    if _pem(key) != pem:
        raise ValueError("not written as a pack writes it")
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def genuine(pem: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the key's owner signed exactly this."""
    key = load_pem_public_key(pem)
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
