"""Asks the database with a bound on every wait: whatever it does (gone, frozen, slow), an answer or `StoreUnavailable`.

The service's event loop goes on meanwhile: nothing here blocks it, and nothing here is needed to start.

Every connection is of the role ``parkwatch_api``, and every question tells the database whose rows it may see, so that
the row-level security of migration 0011 stands beneath what the statements themselves filter.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from service.store.errors import QuestionRefused, StoreUnavailable
from service.store.scope import Scope

_Answer = TypeVar("_Answer")
#: Gives rows as dictionaries by column name.
Connection = psycopg.AsyncConnection[dict[str, Any]]
#: Of the database; it owns nothing, so row-level security holds for it.
ROLE = "parkwatch_api"
_Question = Callable[[Connection], Awaitable[_Answer]]


class Asking:
    """A small pool of its own, so that reports cannot starve the store writer. ``open`` it, ``close`` it."""

    def __init__(
        self,
        dsn: str,
        *,
        most_connections: int = 4,
        answer_within_s: float = 2.0,
        statement_timeout_s: float = 20.0,
        read_only: bool = True,
    ) -> None:
        self._answer_within_s = answer_within_s
        timeout_ms = round(statement_timeout_s * 1e3)
        self._statement_timeout_s = statement_timeout_s
        self._pool = AsyncConnectionPool(
            dsn,
            connection_class=Connection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "application_name": "parkwatch-api",
                "connect_timeout": max(2, round(answer_within_s)),  # libpq takes 2 s at least
                "options": f"-c role={ROLE} -c statement_timeout={timeout_ms}"
                f" -c default_transaction_read_only={'on' if read_only else 'off'}",
            },
            min_size=0,
            max_size=most_connections,
            open=False,
            timeout=answer_within_s,
            max_waiting=50,
            # After this long without the database the pool stops trying; the next question makes it try again.
            reconnect_timeout=answer_within_s,
        )

    async def open(self) -> None:
        """Does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Open questions end with StoreUnavailable."""
        await self._pool.close(timeout=1.0)

    async def act(self, scope: Scope, work: _Question[_Answer]) -> _Answer:
        """``ask`` in one transaction: all of ``work`` is kept, or, where it raises, nothing."""

        async def whole(connection: Connection) -> _Answer:
            async with connection.transaction():
                return await work(connection)

        return await self.ask(scope, whole)

    async def ask(self, scope: Scope, question: _Question[_Answer], *, within_s: float | None = None) -> _Answer:
        """The answer of ``question(connection)``. Raises QuestionRefused, StoreUnavailable.

        The first word must come within ``answer_within_s``; after it the statement timeout is what counts.
        """
        try:
            async with self._connection() as connection:
                await self._bounded(connection, _greet(connection, scope), self._answer_within_s)
                limit_s = within_s or self._statement_timeout_s + self._answer_within_s
                return await self._bounded(connection, question(connection), limit_s)
        except (PoolTimeout, PoolClosed) as error:
            raise StoreUnavailable("the database does not answer") from error
        except psycopg.errors.QueryCanceled as error:
            raise StoreUnavailable(
                f"the database needed more than {self._statement_timeout_s:g} s; ask for a shorter span or fewer tags"
            ) from error
        except psycopg.DataError as error:
            raise QuestionRefused(_first_line(error)) from error
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
            raise StoreUnavailable(_first_line(error)) from error

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        connection = await self._pool.getconn(timeout=self._answer_within_s)
        try:
            yield connection
        finally:
            await self._pool.putconn(connection)

    async def _bounded(self, connection: Connection, answer: Awaitable[_Answer], limit_s: float) -> _Answer:
        # Cancelling a query makes psycopg wait for the server to confirm, for many seconds where the server is frozen.
        # Cutting the connection under it ends it at once instead, whatever the server does.
        task = asyncio.ensure_future(answer)
        try:
            done, _ = await asyncio.wait({task}, timeout=limit_s)
        except asyncio.CancelledError:
            await _cut(connection, task)
            raise
        if not done:
            await _cut(connection, task)
            raise StoreUnavailable(f"the database did not answer within {limit_s:g} s")
        return task.result()


async def _greet(connection: Connection, scope: Scope) -> None:
    await connection.execute("SELECT set_config('parkwatch.visible', %s, false)", (scope.setting,))


async def _cut(connection: Connection, task: "asyncio.Future[Any]") -> None:
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    await asyncio.wait({task}, timeout=1.0)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
