"""``parkwatch hj212``: look at packets of data loggers, and send them as a logger would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.common import AsJson, fail

if TYPE_CHECKING:
    from connectors.hj212.framing import Frame, Rejected
    from connectors.hj212.packet import Packet

app = typer.Typer(no_args_is_help=True)
_hj212 = typer.Typer(no_args_is_help=True, help="Packets of HJ 212 data loggers: decode, send.")
app.add_typer(_hj212, name="hj212")

# Not `exists=True`: that would refuse the dash.
File = Annotated[
    Path,
    typer.Argument(help=r"Packets: raw bytes, text with \r \n \x00 as escapes, or a hex dump; - for standard input."),
]
_SHOWN = 160


@_hj212.command()
def decode(
    file: File,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what departs from HJ 212-2017.")] = False,
) -> None:
    """Tell what packets say: fields, names of pollutants, flags, times, and what departs from the standard.

    Ends with 0 where a valid packet came out, with 1 where every one was rejected; the reasons are on stderr.

    The unit in brackets is what the standard's table prints for the code. No packet says in which unit its values are.

    Example: parkwatch hj212 decode packets.txt --json
    """
    from deploy.cli.hj212_report import as_json as object_of
    from deploy.cli.hj212_report import lines

    good = 0
    for piece, packet in _packets(file, strict=strict):
        if isinstance(packet, str):
            reason, _, detail = packet.partition(": ")
            if as_json:
                raw = piece.raw.decode("utf-8", "backslashreplace")
                _print_json({"ok": False, "reason": reason, "detail": detail, "raw": raw})
            _tell_rejected(piece, packet)
            continue
        good += 1
        if as_json:
            _print_json({"frame": good, **object_of(piece, packet)})  # type: ignore[arg-type]  # it has a packet
        else:
            typer.echo("\n".join(lines(good, piece, packet)) + "\n")  # type: ignore[arg-type]  # it has a packet
    if not good:
        fail("no valid packet")


@_hj212.command()
def send(
    file: File,
    to: Annotated[str, typer.Option(help="HOST:PORT of the server.")],
    timeout: Annotated[str, typer.Option(help="How long an answer may take (HJ 212-2017: 10s).")] = "10s",
    resends: Annotated[int, typer.Option(help="How often a packet is sent again (HJ 212-2017: 3).", min=0)] = 3,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Send what is rejected here, too; it gets no answer.")
    ] = False,
) -> None:
    """Send packets as a data logger does: one after the other, each again until it is answered.

    Ends with 0 where every packet that wanted an answer has got it.

    Example: parkwatch hj212 send packets.txt --to 127.0.0.1:9212
    """
    from deploy.cli.hj212_sender import Sender, SendFailed
    from park.duration import parse_duration_us

    host, _, port = to.rpartition(":")
    if not host or not port.isdigit():
        fail(f"--to is {to!r}; give HOST:PORT, such as 127.0.0.1:9212")
    unanswered = 0
    try:
        timeout_s = parse_duration_us(timeout) / 1e6
        with Sender(host.strip("[]"), int(port), timeout_s=timeout_s, resends=resends, tell=typer.echo) as sender:
            for piece, packet in _packets(file, strict=False):
                if not isinstance(packet, str):
                    unanswered += not sender.send(piece.raw, packet)
                    continue
                _tell_rejected(piece, packet)
                if anyway:
                    sender.send_raw(piece.raw)
                else:
                    unanswered += 1
    except (SendFailed, OSError, ValueError) as error:
        fail(error)
    if unanswered:
        fail(f"{unanswered} packets were not sent, or not answered")


def _packets(file: Path, *, strict: bool) -> Iterator[tuple[Frame | Rejected, Packet | str]]:
    """Each piece with its packet; or with ``reason: detail`` where there is none."""
    from connectors.hj212.framing import Rejected
    from connectors.hj212.packet import PacketInvalid, parse
    from deploy.cli.hj212_files import pieces_of

    pieces = pieces_of(file)
    while True:
        try:
            piece = next(pieces, None)
        except OSError as error:
            fail(f"{file} cannot be read: {error.strerror or error}")
        if piece is None:
            return
        if isinstance(piece, Rejected):
            yield piece, f"{piece.reason}: {piece.detail}"
            continue
        try:
            if strict and piece.deviations:
                raise PacketInvalid("strict", ", ".join(piece.deviations))
            yield piece, parse(piece.segment, strict=strict)
        except PacketInvalid as error:
            yield piece, f"{error.reason}: {error.detail}"


def _tell_rejected(piece: Frame | Rejected, why: str) -> None:
    shown = repr(piece.raw[:_SHOWN])[2:-1] + ("…" if len(piece.raw) > _SHOWN else "")
    typer.secho(f"rejected: {why}\n  {shown}", err=True, fg="red")


def _print_json(found: object) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False))
