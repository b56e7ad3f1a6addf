"""``parkwatch backtest``: rules tried on history before they go live."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from deploy.cli.common import explained, fail

if TYPE_CHECKING:
    from park.index import TagTable
    from rules.spec import RuleSet
    from rules.transition import Transition
    from service.backtest.job import Progress, Source
    from service.backtest.reading import Reader
    from service.config import Config

app = typer.Typer()

Lang = Literal["zh", "en"]
CHINA = timezone(timedelta(hours=8))
_DEFAULT_CONFIG = Path("/etc/parkwatch/parkwatch.yaml")


@app.command()
def backtest(
    rules: Annotated[list[Path], typer.Argument(help="Rule files, or directories of them.", exists=True)],
    from_: Annotated[str | None, typer.Option("--from", help="Begin (ISO 8601; +08:00 if no zone is given).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="End; it is not part of the span.")] = None,
    against: Annotated[str | None, typer.Option(help="Compare with 'live', or with another rule file.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A recording: .csv, .csv.gz, .parquet; may be repeated. None: the database.", dir_okay=False),
    ] = None,
    park: Annotated[
        Path | None, typer.Option(help="Park file; for a recording one is made of its columns if none is given.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Service configuration: park, database, live rules.")
    ] = None,
    time_column: Annotated[
        str | None, typer.Option("--time", help="Time column; found by its name if not given.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="In a file without times: 10s, the distance of its rows.")] = None,
    start: Annotated[str | None, typer.Option(help="When the recording begins; row k is at start + k * step.")] = None,
    long: Annotated[
        bool | None,
        typer.Option("--long/--wide", help="One row a sample (time, tag, value, quality), or a column a tag."),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--map", help="COLUMN=TAG, where they differ; without --park, what to call it.")
    ] = None,
    utc_offset: Annotated[
        float, typer.Option(help="Zone of times in a file that name none, hours ahead of UTC.", min=-14, max=14)
    ] = 8.0,
    stale_after: Annotated[str | None, typer.Option(help="Of all tags, in a park made from columns: 60s.")] = None,
    tick: Annotated[str, typer.Option(help="Length of a row of the journal: time-outs are looked at so often.")] = "1s",
    settle: Annotated[str, typer.Option(help="Go on for so long after the end.")] = "0s",
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Write every transition: one JSON object a line.", dir_okay=False)
    ] = None,
    summary_out: Annotated[
        Path | None, typer.Option("--summary", help="Write the figures as one JSON object.", dir_okay=False)
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = "zh",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report and no progress.")] = False,
) -> None:
    """Tell what rules would have raised on recorded or stored data, and how that differs from the rules now live.

    Exit 0: it ran, whatever it found. Exit 1: rules or data cannot be used. Exit 2: wrong options.

    Example: parkwatch backtest rules.yaml --data run.csv.gz --step 10s --start 2026-01-01T00:00:00+08:00 --json o.jsonl
    """
    import psycopg

    from park.duration import parse_duration_us
    from service.backtest.job import Job, run_job

    with explained():
        try:
            wanted = _Wanted(
                from_us=_moment_us("--from", from_),
                to_us=_moment_us("--to", to),
                start_us=_moment_us("--start", start),
                step_us=parse_duration_us(step) if step else None,
                time_column=time_column,
                long=long,
                columns=dict(_pair(one) for one in column or ()),
                utc_offset_h=utc_offset,
                stale_after_us=parse_duration_us(stale_after) if stale_after else None,
                config=_config(config, needed=against == "live" or (park is None and not data)),
                park=park,
            )
            tags, names, readers = wanted.tags(data or [])
            tried = _rules(rules, tags)
            live = (
                None if against is None else wanted.live_rules() if against == "live" else _rules([Path(against)], tags)
            )
            source = wanted.source(tags, names, readers, [tried, *([live] if live else [])])
            job = Job(
                tags=tags,
                rules=tried,
                against=live,
                from_us=wanted.from_us,
                to_us=wanted.to_us,
                tick_us=parse_duration_us(tick),
                settle_us=parse_duration_us(settle),
            )
            with _lines(json_out) as tell, _progress(quiet, lang) as on_progress:
                result = run_job(job, source, tell=tell, on_progress=on_progress)
        except psycopg.errors.UndefinedTable:
            fail("the database has no tables of parkwatch; bring it up to date: parkwatch db migrate")
    result["unmatched_columns"] = [name for reader in readers for name in reader.unmatched]
    _write_summary(summary_out, result)
    if not quiet:
        from deploy.cli.backtest_report import show

        show(result, lang)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the options say."""

    from_us: int | None
    to_us: int | None
    start_us: int | None
    step_us: int | None
    time_column: str | None
    long: bool | None
    columns: dict[str, str]
    utc_offset_h: float
    stale_after_us: int | None
    config: Config | None
    park: Path | None

    def tags(self, data: Sequence[Path]) -> tuple[TagTable, dict[str, str], list[Reader]]:
        """The park's tags, the tag ids of columns in a park made of them, and the recordings."""
        from park.check import load_park
        from park.index import TagTable
        from park.yamlfile import text_of
        from service.backtest.reading import Reader
        from service.backtest.recorded_park import recorded_park

        readers = [Reader(self._recorded(file)) for file in data]
        park_file = self.park or (self.config.park if self.config else None)
        if park_file is None:
            made, names = recorded_park(
                (self.columns.get(name, name) for reader in readers for name in reader.names),
                stale_after_us=self.stale_after_us,
            )
            return TagTable(made), names, readers
        text = text_of(park_file.read_bytes(), str(park_file))
        return TagTable(load_park(text, str(park_file)).park), {}, readers

    def _recorded(self, file: Path) -> Any:
        from service.backtest.reading import Recorded

        return Recorded(
            file=file,
            time_column=self.time_column,
            step_us=self.step_us,
            start_us=self.start_us,
            long=self.long,
            columns=self.columns,
            utc_offset_h=self.utc_offset_h,
        )

    def live_rules(self) -> RuleSet:
        """Of the service whose configuration this is."""
        from service.backtest.live_rules import live_rules

        assert self.config is not None
        return live_rules(self.config, datetime.now(CHINA).date())

    def source(self, tags: TagTable, names: dict[str, str], readers: list[Reader], rules: list[RuleSet]) -> Source:
        """Recordings, or the database."""
        from service.backtest.job import Files, Stored, wanted_tags
        from service.backtest.stored import StoredSamples
        from service.config import Database
        from service.store.samples import Span
        from service.store.scope import Scope

        if self.from_us is not None and self.to_us is not None and self.from_us >= self.to_us:
            raise ValueError("--from must be before --to")
        if readers:
            return Files(readers, tags, names=names, from_us=self.from_us, to_us=self.to_us)
        if self.from_us is None or self.to_us is None:
            raise ValueError("say of which time: --from and --to; or give a recording: --data FILE")
        dsn = (self.config.database if self.config else Database()).dsn()
        span = Span(from_us=self.from_us, to_us=self.to_us)
        return Stored(StoredSamples(dsn, Scope.everything(), tags, wanted_tags(tags, *rules), span))


def _config(path: Path | None, *, needed: bool) -> Config | None:
    from service.config import load_config

    if path is None and not needed:
        return None
    if path is None and not _DEFAULT_CONFIG.exists():
        raise ValueError("say which service is meant: --config FILE (its park, its database, its rules)")
    return load_config(path or _DEFAULT_CONFIG)


def _rules(paths: Sequence[Path], tags: TagTable) -> RuleSet:
    from service.rules.files import check_files, read_rule_files

    checked = check_files(tags, read_rule_files(paths))
    for warning in checked.warnings:
        typer.secho(f"{warning} [warning]", fg="yellow", err=True)
    return checked.loaded.rules


def _moment_us(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} {text!r} is not a time; write for example 2026-01-01T00:00:00+08:00") from None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    return (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _pair(text: str) -> tuple[str, str]:
    name, equals, tag = text.partition("=")
    if not (name and equals and tag):
        raise ValueError(f"--map {text!r}: write COLUMN=TAG")
    return name, tag


@contextmanager
def _lines(path: Path | None) -> Iterator[Callable[[Sequence[Transition]], None]]:
    """Writes transitions as they are found; a run that fails leaves no file behind that looks whole."""
    import orjson

    from service.backtest.found import line

    if path is None:
        yield lambda told: None
        return
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        yield lambda told: file.writelines(orjson.dumps(line(one)) + b"\n" for one in told)
    part.replace(path)


@contextmanager
def _progress(quiet: bool, lang: Lang) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from service.api.times import rfc3339

    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("…", total=1.0)

        def on_progress(done: float | None, now_us: int, counts: Any) -> None:
            words = f"{(rfc3339(now_us) or '')[:19]}Z  {counts.samples:,} {'样本' if lang == 'zh' else 'samples'}"
            bar.update(task, description=words, completed=done or 0.0, total=None if done is None else 1.0)

        yield on_progress


def _write_summary(path: Path | None, result: dict[str, Any]) -> None:
    import orjson

    if path is not None:
        path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
