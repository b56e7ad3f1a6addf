"""Who we are to the server, and whether the server is who it says: all that is settled before a session."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies, uacrypto
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from connectors.opcua.config import Anonymous, OpcUaConfig, Security, User, UserCertificate
from connectors.opcua.errors import Untrusted
from connectors.opcua.trust import TrustList, application_uris, load_certificate, split_chain, thumbprint

_POLICIES: dict[str, type[security_policies.SecurityPolicy]] = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_MODES = {"sign": ua.MessageSecurityMode.Sign, "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt}
_NO_POLICY = security_policies.SecurityPolicyNone.URI
_TOKENS = {
    Anonymous: ua.UserTokenType.Anonymous,
    User: ua.UserTokenType.UserName,
    UserCertificate: ua.UserTokenType.Certificate,
}


@dataclass(frozen=True, slots=True)
class _Credentials:
    """What was read from files."""

    certificate: x509.Certificate
    key: PrivateKeyTypes


async def new_client(config: OpcUaConfig) -> Client:
    """A client that has everything but a session. Raises Untrusted, OSError, ValueError."""
    client = _plain_client(config)
    if config.security.policy != "none":
        endpoint = await _find_endpoint(config)
        _check_identity(endpoint, config)
        await _secure(client, config.security, endpoint)
    await asyncio.to_thread(_identify, client, config)
    return client


def _plain_client(config: OpcUaConfig) -> Client:
    # asyncua's own watchdog never fires: ours asks the server for its state and clock.
    client = Client(config.endpoint, timeout=config.request_timeout / 1e6, watchdog_intervall=1e9)
    client.name = client.description = "parkwatch"
    client.application_uri = "urn:parkwatch:client"
    client.session_timeout = config.session_timeout // 1000
    return client


async def _find_endpoint(config: OpcUaConfig) -> ua.EndpointDescription:
    """Asks over an open channel what the server offers; nothing but the question crosses it."""
    offered = await _plain_client(config).connect_and_get_server_endpoints()
    policy, mode = _POLICIES[config.security.policy].URI, _MODES[config.security.mode]
    for endpoint in offered:
        if endpoint.SecurityPolicyUri == policy and endpoint.SecurityMode == mode:
            return endpoint
    names = sorted({f"{one.SecurityPolicyUri.rpartition('#')[2]}/{one.SecurityMode.name}" for one in offered})
    raise Untrusted(f"the server offers no {config.security.policy}/{mode.name}; it offers {', '.join(names)}")


def _check_identity(endpoint: ua.EndpointDescription, config: OpcUaConfig) -> None:
    wanted = _TOKENS[type(config.identity)]
    offered = [token for token in endpoint.UserIdentityTokens if token.TokenType == wanted]
    if not offered:
        names = ", ".join(sorted({token.TokenType.name for token in endpoint.UserIdentityTokens}))
        raise Untrusted(f"the server takes no identity of kind {wanted.name} at this endpoint; it takes {names}")
    plain = (offered[0].SecurityPolicyUri or endpoint.SecurityPolicyUri) == _NO_POLICY
    unprotected = plain and endpoint.SecurityMode != ua.MessageSecurityMode.SignAndEncrypt
    if isinstance(config.identity, User) and unprotected and not config.allow_plain_password:
        raise Untrusted("the server wants a plain-text password on a channel that is only signed; use sign_and_encrypt")


async def _secure(client: Client, security: Security, endpoint: ua.EndpointDescription) -> None:
    assert security.trusted is not None
    chain = split_chain(endpoint.ServerCertificate or b"")
    if not chain:
        raise Untrusted("the server shows no certificate at this endpoint")
    await asyncio.to_thread(TrustList(security.trusted, security.revoked, security.server_uri).check, chain)
    own = await asyncio.to_thread(_own_credentials, security)
    client.application_uri = application_uris(own.certificate)[0]
    await client.set_security(
        _POLICIES[security.policy],
        uacrypto.CertProperties(own.certificate.public_bytes(Encoding.DER), "der"),
        uacrypto.CertProperties(own.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "der"),
        server_certificate=uacrypto.CertProperties(chain[0].public_bytes(Encoding.DER), "der"),
        mode=_MODES[security.mode],
    )


def own_thumbprint(security: Security) -> str:
    """Of our certificate: what the server's administrator has to look for."""
    assert security.certificate is not None
    return thumbprint(load_certificate(security.certificate))


def _own_credentials(security: Security) -> _Credentials:
    assert security.certificate is not None
    assert security.private_key is not None
    return _credentials(security.certificate, security.private_key, security.private_key_password_file)


def _credentials(certificate: Path, key: Path, password_file: Path | None) -> _Credentials:
    password = _first_line(password_file).encode() if password_file else None
    content = key.read_bytes()
    load = load_pem_private_key if b"-----BEGIN" in content else load_der_private_key
    try:
        loaded = load(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{key} is not a private key that can be opened: {error}") from error
    found = load_certificate(certificate)
    if found.public_key() != loaded.public_key():
        raise ValueError(f"{key} is not the key of {certificate}")
    return _Credentials(found, loaded)


def check_files(config: OpcUaConfig) -> None:
    """Raises OSError or ValueError, naming the file, where our own certificates, keys and passwords are not usable."""
    if config.security.policy != "none":
        own = _own_credentials(config.security)
        if not application_uris(own.certificate):
            name = config.security.certificate
            raise ValueError(f"{name} has no URI in its subject alternative name; OPC UA servers refuse it")
    if isinstance(config.identity, UserCertificate):
        _user_credentials(config.identity)
    elif isinstance(config.identity, User):
        _password(config.identity)


def _user_credentials(identity: UserCertificate) -> _Credentials:
    return _credentials(identity.certificate, identity.private_key, identity.private_key_password_file)


def _identify(client: Client, config: OpcUaConfig) -> None:
    identity = config.identity
    if isinstance(identity, User):
        client.set_user(identity.name)
        client.set_password(_password(identity))
    elif isinstance(identity, UserCertificate):
        own = _user_credentials(identity)
        client.user_certificate, client.user_private_key = own.certificate, own.key


def _password(user: User) -> str:
    if user.password is not None:
        return user.password.get_secret_value()
    assert user.password_file is not None
    return _first_line(user.password_file)


def _first_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise ValueError(f"{path} is empty; it should hold one password")
    return lines[0]
