"""The command line: ``parkwatch``. Commands import what they need when they run, so that `--help` is quick."""

import os

import typer

from deploy.cli import backtest, devices, evidence, hj212, identities, kpi, limits, push, report, rules, service, trial

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Chemical-park monitoring: plant data to live alerts."
)
app.add_typer(service.app)
app.add_typer(identities.keys, name="key")
app.add_typer(identities.users, name="user")
app.add_typer(trial.app)
app.add_typer(rules.app)
app.add_typer(limits.app)
app.add_typer(backtest.app)
app.add_typer(kpi.app)
app.add_typer(report.app, name="report")
app.add_typer(evidence.app, name="evidence")
app.add_typer(hj212.app)
app.add_typer(devices.app)
app.add_typer(push.app)


def main() -> None:
    """Entry point."""
    os.environ.setdefault("PYTHONUTF8", "1")
    app()
