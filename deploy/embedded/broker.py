"""A private mosquitto, started and stopped by us, with the faults a test may want."""

import os
import shutil
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.embedded import broker_files, provision
from deploy.embedded.account import Account, discard, server_account, settle
from deploy.embedded.broker_files import Setting
from deploy.embedded.errors import EmbeddedError, NotStarted
from deploy.embedded.ports import free_port, is_taken
from deploy.embedded.process import Server

_START_WITHIN_S = 15.0
_STOP_WITHIN_S = 10.0
_PORT_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What a TLS server shows and whom it trusts, as PEM files."""

    certificate: Path
    key: Path
    authority: Path
    #: Ask clients for a certificate of this authority and take its common name as the user.
    require_client_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLimits:
    """What one client may keep the broker busy with. Mosquitto's own defaults drop QoS 1 messages after 1 020."""

    max_inflight_messages: int = 2000
    #: Per client, beyond what is in flight; messages over it are dropped, so it bounds memory, not the flow.
    max_queued_bytes: int = 256 * 1024 * 1024
    max_packet_bytes: int = 4 * 1024 * 1024


class EmbeddedBroker:
    """One mosquitto on 127.0.0.1. Constructing it touches nothing; ``start`` writes its files and runs it."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        passwords: Mapping[str, str] | None = None,
        readers: Collection[str] = (),
        tls: TlsFiles | None = None,
        persistence: bool = False,
        limits: BrokerLimits | None = None,
        program: Path | None = None,
    ) -> None:
        """Describe a broker.

        Without ``passwords`` anyone may do anything. With them, user ``E001`` may only write ``parkwatch/v1/E001/#``,
        and users named in ``readers`` may read and write everything of ours. ``persistence`` keeps sessions, queues
        and retained messages over a restart. ``port`` is chosen once and kept for this object's life if not given.
        """
        self.directory = Path(os.path.abspath(directory))  # noqa: PTH100  (a link must stay the link that was meant)
        self._asked_port = port
        self._passwords = dict(passwords or {})
        self._readers = tuple(readers)
        self._tls = tls
        self._persistence = persistence
        self._limits = limits or BrokerLimits()
        self._program = program
        self._port: int | None = None
        self._home = self.directory
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Return the only address it listens on."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """Return the TCP port."""
        if self._port is None:
            raise EmbeddedError("the broker has not been started yet, so it has no port")
        return self._port

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._server.pid if self._server and self.running else None

    @property
    def running(self) -> bool:
        """Tell whether the broker is there (it may be paused)."""
        return self._server is not None and self._server.running()

    @property
    def log(self) -> Path:
        """Return the file the broker writes its messages to."""
        return self._home / "mosquitto.log"

    def start(self) -> None:
        """Start the broker; returns once it takes connections."""
        if self.running:
            return
        program = self._program or provision.mosquitto()
        account = server_account(self.directory)
        self._home = settle(self.directory, account)
        tries = _PORT_TRIES if self._port is None and self._asked_port is None else 1
        for left in reversed(range(tries)):
            self._port = self._port or self._asked_port or free_port()
            try:
                self._launch(program, account)
            except NotStarted:
                if left == 0 or not is_taken(self._port):
                    raise
                self._port = None  # someone took the port between our look and the broker's
            else:
                return

    def stop(self) -> None:
        """Stop the broker in order; with ``persistence`` it saves what it holds."""
        if self._server is not None:
            self._server.terminate(signal.SIGTERM, _STOP_WITHIN_S)
            self._server = None

    def kill(self) -> None:
        """End the broker at once; what it had not saved is lost."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def pause(self) -> None:
        """Freeze the broker: connections stay open and nothing answers."""
        if self._server is not None:
            self._server.pause()

    def resume(self) -> None:
        """Undo ``pause``."""
        if self._server is not None:
            self._server.resume()

    def destroy(self) -> None:
        """Stop the broker and delete what it keeps."""
        self.kill()
        discard(self.directory)

    def _launch(self, program: Path, account: Account | None) -> None:
        configuration = self._home / "mosquitto.conf"
        if is_taken(self.port):
            raise NotStarted(f"port {self.port} of 127.0.0.1 is in use by another program")
        self._write_files(configuration, account)
        self._server = Server([program, "-c", configuration], account=account, stop_signal=signal.SIGTERM, log=self.log)
        self._server.await_ready(lambda: is_taken(self.port), _START_WITHIN_S)

    def _write_files(self, configuration: Path, account: Account | None) -> None:
        files = {configuration: broker_files.configuration([*self._general(), *self._listener()])}
        if self._passwords:
            files[self._home / "passwords"] = broker_files.password_file(self._passwords)
        if self._knows_users:
            files[self._home / "acl"] = broker_files.access_list(self._readers)
        for path, text in files.items():
            _write(path, text, account)
        if self._tls:
            for name, source in self._tls_sources(self._tls).items():
                shutil.copyfile(source, self._home / name)
                _give(self._home / name, account)

    @property
    def _knows_users(self) -> bool:
        return bool(self._passwords) or (self._tls is not None and self._tls.require_client_certificate)

    def _general(self) -> list[Setting]:
        limits = self._limits
        access: list[Setting] = [("allow_anonymous", str(not self._knows_users).lower())]
        if self._passwords:
            access.append(("password_file", self._home / "passwords"))
        if self._knows_users:
            access.append(("acl_file", self._home / "acl"))
        return [
            *access,
            ("persistence", str(self._persistence).lower()),
            ("persistence_location", f"{self._home}/"),
            ("autosave_interval", 30),
            ("max_inflight_messages", limits.max_inflight_messages),
            ("max_queued_messages", 0),
            ("max_queued_bytes", limits.max_queued_bytes),
            ("max_packet_size", limits.max_packet_bytes),
            ("log_dest", "stderr"),
            ("log_type", "error"),
            ("log_type", "warning"),
            ("log_type", "notice"),
        ]

    def _listener(self) -> list[Setting]:
        listener: list[Setting] = [("listener", f"{self.port} {self.host}")]
        if self._tls:
            listener += [(f"{name}file", self._home / f"{name}.pem") for name in ("ca", "cert", "key")]
        if self._tls and self._tls.require_client_certificate:
            listener += [("require_certificate", "true"), ("use_identity_as_username", "true")]
        return listener

    @staticmethod
    def _tls_sources(tls: TlsFiles) -> dict[str, Path]:
        return {"ca.pem": tls.authority, "cert.pem": tls.certificate, "key.pem": tls.key}


def _write(path: Path, text: str, account: Account | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    _give(path, account)


def _give(path: Path, account: Account | None) -> None:
    """Private to the server's account: passwords and keys are in these."""
    path.chmod(0o600)
    if account:
        os.chown(path, account.uid, account.gid)
