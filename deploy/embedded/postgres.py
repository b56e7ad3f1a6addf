"""A private PostgreSQL with TimescaleDB, started and stopped by us, with the faults a test may want."""

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from deploy.embedded import postgres_settings, provision
from deploy.embedded.account import Account, discard, run_as, server_account, settle
from deploy.embedded.errors import EmbeddedError, NotStarted
from deploy.embedded.leftovers import await_previous_end, end_leftovers
from deploy.embedded.locate import PostgresPrograms
from deploy.embedded.ports import free_port, is_taken
from deploy.embedded.process import Server
from deploy.embedded.short_dir import short_dir

_SUPERUSER = "postgres"
_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
#: After a power cut there may be max_wal_size to replay.
_START_WITHIN_S = 300.0
_STOP_WITHIN_S = 60.0
_PORT_TRIES = 3

StopMode = Literal["smart", "fast", "immediate"]


class EmbeddedPostgres:
    """One PostgreSQL server on one data directory. Constructing it touches nothing; ``start`` makes what is missing.

    Safe to kill: ``start`` recovers from a dead server's leavings, and the server ends soon after this process does.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        fsync: bool = True,
        shared_buffers_mb: int | None = None,
        settings: Mapping[str, str] | None = None,
        programs: PostgresPrograms | None = None,
    ) -> None:
        """Describe a server.

        ``port`` is chosen once and kept for this object's life if not given. ``fsync=False`` gives up safety from
        power cuts for speed, for tests only. ``settings`` override what we would write into postgresql.conf.
        """
        self.data_dir = Path(os.path.abspath(data_dir))  # noqa: PTH100  (a link must stay the link that was meant)
        self._asked_port = port
        self._settings = postgres_settings.defaults(shared_buffers_mb=shared_buffers_mb, fsync=fsync) | dict(
            settings or {}
        )
        self._programs = programs
        self._port: int | None = None
        self._home = self.data_dir
        self._socket_dir = self.data_dir
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Return the TCP port on 127.0.0.1, which also names the socket."""
        if self._port is None:
            raise EmbeddedError("the database has not been started yet, so it has no port")
        return self._port

    @property
    def dsn(self) -> str:
        """Return the address of the database ``postgres`` over the socket."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str) -> str:
        """Return a database's address over the socket, which only root and the server's own account can reach."""
        host = quote(str(self._socket_dir), safe="")
        return f"postgresql://{_SUPERUSER}@/{quote(database)}?host={host}&port={self.port}"

    def tcp_dsn_of(self, database: str, *, port: int | None = None) -> str:
        """Return a database's address over TCP with its password; ``port`` may be a fault proxy's in between."""
        password = quote(self._password_file.read_text().strip(), safe="")
        return f"postgresql://{_SUPERUSER}:{password}@127.0.0.1:{port or self.port}/{quote(database)}"

    @property
    def pid(self) -> int | None:
        """Return the postmaster's process id while it runs."""
        return self._server.pid if self.running and self._server else None

    @property
    def running(self) -> bool:
        """Tell whether the server is there (it may be paused)."""
        return self._server is not None and self._server.running()

    @property
    def log(self) -> Path:
        """Return the file the server writes its messages to."""
        return self._home / "server.log"

    @property
    def _cluster(self) -> Path:
        return self._home / "cluster"

    @property
    def _password_file(self) -> Path:
        return self._home / "password"

    def start(self) -> None:
        """Start the server, making the data directory first if there is none; returns once it takes connections."""
        if self.running:
            return
        programs = self._programs or provision.postgres()
        account = server_account(self.data_dir)
        self._prepare(programs, account)
        tries = _PORT_TRIES if self._port is None and self._asked_port is None else 1
        for left in reversed(range(tries)):
            self._port = self._port or self._asked_port or free_port()
            try:
                self._launch(programs, account)
            except NotStarted:
                if left == 0 or not is_taken(self._port):
                    raise
                self._port = None  # someone took the port between our look and the server's
            else:
                return

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server: ``smart`` waits for clients, ``fast`` ends them, ``immediate`` leaves recovery to do."""
        if self._server is not None:
            self._server.terminate(_STOP_SIGNALS[mode], _STOP_WITHIN_S)
            self._server = None
        if self._socket_dir != self._home:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would; ``start`` then recovers."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        if self._server is not None:
            self._server.pause()

    def resume(self) -> None:
        """Undo ``pause``."""
        if self._server is not None:
            self._server.resume()

    def destroy(self) -> None:
        """Stop the server and delete its data."""
        self.stop("immediate")
        discard(self.data_dir)

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database with the extension timescaledb, or a copy of a template, and return its address."""
        command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            command += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        self._execute("postgres", command)
        if template is None:
            # Whoever waits for the database may make the extension at the same moment: IF NOT EXISTS does not see that.
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                self._execute(name, sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb"))
        return self.dsn_of(name)

    def make_template(self, name: str) -> None:
        """Close a database to connections, so that it can be copied: TimescaleDB's own workers would sit in it."""
        closed = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
        self._execute("postgres", closed.format(sql.Identifier(name)))
        ended = sql.SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}")
        self._execute("postgres", ended.format(sql.Literal(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whoever is connected to it."""
        self._execute("postgres", sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, database: str, command: sql.Composed | sql.SQL) -> None:
        with psycopg.connect(self.dsn_of(database), autocommit=True) as connection:
            connection.execute(command)

    def _prepare(self, programs: PostgresPrograms, account: Account | None) -> None:
        self._home = settle(self.data_dir, account)
        if self._cluster.exists():
            await_previous_end(self._cluster)
            end_leftovers(self._cluster)
        else:
            self._initdb(programs, account)
        self._socket_dir = short_dir(self._home, account)

    def _initdb(self, programs: PostgresPrograms, account: Account | None) -> None:
        """Make the cluster beside its place and move it in, so that a half-made one is never taken for a whole."""
        making = self._home / "making"
        shutil.rmtree(making, ignore_errors=True)
        self._write_password(account)
        done = run_as(account, [programs.bin_dir / "initdb", f"--pgdata={making}", *self._initdb_options(programs)])
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed in {self._home}:\n{done.stderr.strip()}")
        making.rename(self._cluster)

    def _initdb_options(self, programs: PostgresPrograms) -> list[str]:
        # C.UTF-8 without a locale of the system's, where PostgreSQL has it built in; plain C sorts the same.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
        hasty = [] if self._settings["fsync"] == "on" else ["--no-sync"]
        return [
            f"--username={_SUPERUSER}",
            f"--pwfile={self._password_file}",
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--data-checksums",
            *builtin,
            *hasty,
        ]

    def _write_password(self, account: Account | None) -> None:
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24) + "\n")
        if account:
            os.chown(self._password_file, account.uid, account.gid)

    def _launch(self, programs: PostgresPrograms, account: Account | None) -> None:
        settings = self._settings | {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._socket_dir),
        }
        if programs.from_debian:
            settings = {"wal_compression": "lz4"} | settings
        postgres_settings.write(self._cluster / "postgresql.conf", settings)
        command: list[str | Path] = [programs.bin_dir / "postgres", "-D", self._cluster]
        self._server = Server(command, account=account, stop_signal=signal.SIGINT, log=self.log)
        self._server.await_ready(self._takes_connections, _START_WITHIN_S)

    def _takes_connections(self) -> bool:
        """Read what pg_ctl reads: the eighth line of the lock file says so, once it is this server's."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ours = self._server is not None and lines[:1] == [str(self._server.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"
