"""``parkwatch push``: a file of samples to a running service, by its REST interface."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.common import AsJson, fail
from deploy.cli.remote import DEFAULT_URL, Url

app = typer.Typer()

_KINDS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".arrows": "application/vnd.apache.arrow.stream",
}
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_TIMEOUT_S = 120.0
_MOST_WAIT_S = 60.0


@app.command()
def push(
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON or an Arrow stream; also packed (.gz, .zst).", dir_okay=False)
    ],
    url: Url = DEFAULT_URL,
    key: Annotated[
        str, typer.Option("--key", help="API key of the enterprise, or of the park.", envvar="PARKWATCH_KEY")
    ] = "",
    attempts: Annotated[int, typer.Option(help="How often to try while the service is busy or away.", min=1)] = 5,
    as_json: AsJson = False,
) -> None:
    """Push samples and say what became of them. Exit 0 where all were accepted, 1 where any was not.

    Example: parkwatch push samples.csv --url https://park.example --key "$KEY"
    """
    if not key:
        fail("give an API key: --key, or PARKWATCH_KEY in the environment")
    headers = _headers(file)
    body = file.read_bytes()
    # The same file again is the same request, also where the answer to the first got lost.
    headers |= {"X-API-Key": key, "Idempotency-Key": hashlib.sha256(body).hexdigest()}
    answer = _sent(f"{url.rstrip('/')}/api/v1/samples", headers, body, attempts)
    report = _report(answer)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)
    if report.get("rejected") or not report.get("accepted"):
        raise typer.Exit(1)


def _headers(file: Path) -> dict[str, str]:
    suffixes = [one.lower() for one in file.suffixes]
    packed = _PACKED.get(suffixes[-1]) if suffixes else None
    rest = suffixes[:-1] if packed else suffixes
    kind = _KINDS.get(rest[-1]) if rest else None
    if kind is None:
        known = ", ".join(_KINDS)
        fail(f"{file.name}: the ending does not tell what it is; name it {known}, and .gz or .zst behind where packed")
    return {"Content-Type": kind} | ({"Content-Encoding": packed} if packed else {})


def _sent(url: str, headers: dict[str, str], body: bytes, attempts: int) -> Any:
    """The answer, after as many attempts as it takes; those that may succeed later are made again."""
    import httpx

    for attempt in range(1, attempts + 1):
        wait_s = min(2.0**attempt, _MOST_WAIT_S)
        try:
            answer = httpx.post(url, content=body, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if attempt == attempts:
                fail(f"no service answers at {url}: {error}; is it running, and is --url right?")
        else:
            if attempt == attempts or answer.status_code not in (408, 409, 429, 503):
                return answer
            wait_s = min(float(answer.headers.get("Retry-After", wait_s)), _MOST_WAIT_S)
        typer.secho(f"not taken yet; again in {wait_s:.0f} s", fg="yellow", err=True)
        time.sleep(wait_s)
    raise AssertionError("the last attempt returns")


def _report(answer: Any) -> dict[str, Any]:
    try:
        report: dict[str, Any] = answer.json()
    except ValueError:
        fail(f"{answer.status_code}: {answer.text[:200]}")
    if "accepted" not in report:
        fail(f"{answer.status_code}: {report.get('detail', report)}")
    return report


def _print(report: dict[str, Any]) -> None:
    twice = f", {report['duplicate_in_request']} said twice" if report["duplicate_in_request"] else ""
    typer.echo(f"{report['accepted']} accepted, {report['rejected']} rejected{twice}")
    for one in report["rows"]:
        what = " ".join(part for part in (one["field"], repr(one["value"]) if one["value"] else "") if part)
        typer.secho(f"  row {one['row']}: {what}: {one['problem']}", fg="red", err=True)
    if report["rejected"] > len(report["rows"]):
        typer.secho(f"  and {report['rejected'] - len(report['rows'])} more", fg="red", err=True)
