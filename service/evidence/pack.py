"""What goes into a pack, laid out and signed. Pure work on what was read before, for a thread."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from service.alerts.model import Event
from service.api.answer import to_json
from service.evidence import archive
from service.evidence.signing import SigningKey
from service.evidence.verify import EVENTS, FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE
from service.reports import pdf_file
from service.reports.model import Cell, Column, Report, Table
from service.reports.words import minute, span

_MOST_LINES = 400
_KINDS = {
    "alert": "报警 alarm",
    "operator": "操作 action",
    "context": "工况 context",
    "notification": "通知 notification",
    "rule": "规则 rule",
    "gap": "中断 gap",
    "case": "工单 case",
    "risk": "风险 risk",
    "mark": "标记 mark",
    "command": "命令 command",
}


class Contents(msgspec.Struct, kw_only=True):
    """Everything that was read for a pack."""

    #: What was asked, by whom, when; goes into the manifest as it is.
    asked: dict[str, Any]
    timeline: list[dict[str, Any]]
    events: list[Event]
    samples: pa.Table
    #: Telegrams as they came, with their times and devices.
    frames: list[dict[str, Any]]
    #: Name -> text of the rules that were in force, and the park file; empty where the asker may not see them.
    rules: dict[str, str]
    park: str
    park_name: str
    from_us: int
    to_us: int
    made_us: int


def make(contents: Contents, key: SigningKey) -> bytes:
    """The whole archive."""
    files = dict(_files(contents))
    manifest = to_json(
        {
            "format": FORMAT,
            **contents.asked,
            "files": [
                {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in files.items()
            ],
        }
    )
    signed = [(MANIFEST, manifest), (SIGNATURE, key.sign(manifest)), (PUBLIC_KEY, key.public_pem())]
    return archive.write([*signed, *files.items()])


def _files(contents: Contents) -> Mapping[str, bytes]:
    events = b"".join(msgspec.json.encode(one, order="deterministic") + b"\n" for one in contents.events)
    sink = io.BytesIO()
    pq.write_table(contents.samples, sink, compression="zstd")
    files = {
        "summary.pdf": pdf_file.write(_summary(contents)),
        "timeline.json": orjson.dumps(contents.timeline, option=orjson.OPT_INDENT_2),
        EVENTS: events,
        "samples.parquet": sink.getvalue(),
    }
    if contents.frames:
        files["raw_frames.jsonl"] = b"".join(orjson.dumps(one) + b"\n" for one in contents.frames)
    if contents.park:
        files["park.json"] = contents.park.encode()
    for name, text in contents.rules.items():
        files[f"rules/{name}"] = text.encode()
    return files


def _summary(contents: Contents) -> Report:
    lines: Sequence[dict[str, Any]] = contents.timeline
    rows = tuple(
        (
            Cell(str(one["at"])[:19].replace("T", " ")),
            Cell(_KINDS.get(one["kind"], one["kind"])),
            Cell(str(one["what"] or "—")),
            Cell(" ".join(str(one[name]) for name in ("level", "trigger", "to_state") if one[name]) or "—"),
            Cell(str(one["actor"] or "—")),
            Cell(str(one["text"] or "—")[:160]),
        )
        for one in lines[:_MOST_LINES]
    )
    counts: dict[str, int] = {}
    for one in lines:
        counts[one["kind"]] = counts.get(one["kind"], 0) + 1
    return Report(
        file_name="summary",
        title=f"{contents.park_name} 事件证据包 Evidence pack",
        facts=(
            ("时段 Span (+08:00)", span(contents.from_us, contents.to_us)),
            ("关于 About", str(contents.asked.get("about", ""))),
            ("制作 Made", f"{minute(contents.made_us)}  {contents.asked.get('by', '')}"),
            ("样本 Samples", f"{contents.samples.num_rows}"),
            ("事件 Events of the hash chain", f"{len(contents.events)}"),
            ("原始报文 Telegrams", f"{len(contents.frames)}"),
            ("记录 Records", "  ".join(f"{_KINDS.get(kind, kind)} {n}" for kind, n in counts.items())),
        ),
        tables=(
            Table(
                title="经过 Timeline (UTC)",
                columns=(
                    Column(title="时间 Time", weight=1.2),
                    Column(title="类别 Kind", weight=0.9),
                    Column(title="对象 What", weight=1.4),
                    Column(title="变化 Change", weight=1.1),
                    Column(title="人员 By", weight=0.8),
                    Column(title="说明 Text", weight=3.0),
                ),
                rows=rows,
            ),
        ),
        notes=(
            f"另有 {len(lines) - _MOST_LINES} 条,见 timeline.json" if len(lines) > _MOST_LINES else "",
            "校验 Check: parkwatch evidence verify FILE",
        ),
        made_us=contents.made_us,
    )
