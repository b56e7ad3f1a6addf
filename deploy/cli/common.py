"""What all commands share: options, errors as messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a machine.")]


def fail(message: object, code: int = 1) -> NoReturn:
    """Say what is wrong on stderr and end."""
    typer.secho(str(message), fg="red", err=True)
    raise typer.Exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Errors that a person can cure, as a message instead of a traceback."""
    import psycopg

    from park.yamlfile import FileInvalid
    from service.journal.journal import JournalFailed, JournalInUse
    from service.run import PortInUse
    from service.store.migrate import MigrationRefused

    try:
        yield
    except (FileInvalid, JournalFailed, JournalInUse, PortInUse, MigrationRefused, ValueError, OSError) as error:
        fail(error)
    except psycopg.OperationalError as error:
        fail(
            f"the database does not answer: {str(error).strip()}\n"
            "set DATABASE_URL, or database.url in the configuration"
        )
