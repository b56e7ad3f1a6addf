"""``parkwatch kpi``: what it prints of an answer of the service."""

from typer.testing import CliRunner

from deploy.cli import app
from deploy.cli.kpi import report
from rules.kpi.figures import DAY_US, kpi, kpi_by
from service.api.kpi_shapes import kpi_shape
from tests.unit.rules.test_kpi import DAY0, alarm


def test_the_report_tells_every_figure() -> None:
    some = [alarm(30 * i, acked_s=30 * i + 45) for i in range(11)] + [alarm(5_000 + i) for i in range(3)]
    some.append(alarm(-90_000, target="acme.t2.level"))
    answer = {
        **{"from": "2026-10-31T16:00:00Z", "to": "2026-11-01T16:00:00Z", "by": "operator"},
        "all": kpi_shape(kpi(some, DAY0, DAY0 + DAY_US)),
        "groups": [
            {"id": one, "name": one, "kpi": kpi_shape(found)}
            for one, found in kpi_by(some, DAY0, DAY0 + DAY_US, "operator").items()
        ],
    }
    lines = report(answer)
    assert lines[1:7] == [
        "  alarms          14",
        "  per 10 minutes  mean 0.0972 (acceptable), max 11; periods: 99% acceptable, 1% overloaded",
        "  per day         mean 14 (acceptable), max 14; periods: 100% acceptable",
        "  floods          1, 0.6% of the time",
        "    2026-10-31T16:05:00.000000Z to 2026-10-31T16:13:00.000000Z: 11 alarms, peak 11",
        "  standing        1",
    ]
    assert "    limits acme.t1.level high: 3 in 1 bursts, peak 3 a minute" in lines
    assert "  acknowledged    11 within 45 s (median), 45 s (p90); 3 not" in lines
    assert [line for line in lines if line.startswith("operator")] == ["operator (none)", "operator desk-1"]


def test_without_a_key_it_says_what_is_needed() -> None:
    result = CliRunner().invoke(app, ["kpi"], env={"PARKWATCH_KEY": ""})
    assert result.exit_code == 1
    assert "PARKWATCH_KEY" in result.output
