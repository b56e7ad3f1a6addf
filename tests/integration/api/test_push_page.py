"""The page about pushing: its commands are run as they stand, and it names what may happen."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deploy
from connectors.http.faults import FAULTS
from service.api.routers import push
from tests.integration.api.pushing import Pushing, iso

PAGE = (Path(deploy.__path__[0]) / "docs" / "push-data.md").read_text("utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


async def test_every_command_of_the_page_does_what_it_says(pushing: Pushing, tmp_path: Path) -> None:
    lines = [f"{tag},{iso(10.0 + n)},{n}.5" for n, tag in enumerate(["tank-1.li-101", "acme.tank-1.ti-101"] * 5)]
    (tmp_path / "samples.csv").write_text("\n".join(["tag,time,value", *lines]), "utf-8")
    async with pushing() as rig, rig.client("acme") as acme:
        environment = {
            **os.environ,
            "URL": rig.service.url,
            "KEY": acme.headers["X-API-Key"],
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "no_proxy": "127.0.0.1",
        }
        for command in COMMANDS:
            if shutil.which(command.split()[0], path=environment["PATH"]) is None:
                pytest.skip(f"there is no {command.split()[0]} on this machine")
            process = await asyncio.create_subprocess_exec(
                *("bash", "-euo", "pipefail", "-c", command),
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            said = (await asyncio.wait_for(process.communicate(), 60))[0].decode()
            assert process.returncode == 0, (command, said)
            assert re.search(r'"accepted": ?(1|10)\b|10 accepted', said), (command, said)
            assert re.search(r'"rejected": ?0|, 0 rejected', said), (command, said)
        await rig.stored(11)


def test_the_page_shows_curl_and_python_and_powershell() -> None:
    assert len(COMMANDS) >= 7
    assert "```powershell" in PAGE
    assert [one for one in COMMANDS if one.startswith("curl")]
    assert [one for one in COMMANDS if one.startswith("python3")]


def test_the_page_names_every_reason_and_answer() -> None:
    assert [fault.reason for fault in FAULTS if f"`{fault.reason}`" not in PAGE and fault.reason] == []
    documented = push.router.routes[0].responses  # type: ignore[attr-defined]
    assert [status for status in documented if f"| {status} |" not in PAGE] == []
