"""The page: served as it is, nothing inline, nothing from elsewhere, both languages complete."""

import re
import shutil
import subprocess
from importlib.resources import files

import httpx
import pytest

WEB = files("service.web")
TEXTS = {
    entry.name: entry.read_text("utf-8") for entry in WEB.iterdir() if entry.name.endswith((".html", ".js", ".css"))
}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
INDEX = TEXTS["index.html"]


async def test_every_file_is_served_without_a_key(anyone: httpx.AsyncClient) -> None:
    for name, text in TEXTS.items():
        answer = await anyone.get("/" if name == "index.html" else f"/{name}")
        assert (answer.status_code, answer.text) == (200, text)
    assert (await anyone.get("/app.js")).headers["content-type"].startswith("text/javascript")
    assert (await anyone.get("/index.html")).status_code == 404


def test_nothing_is_inline_so_the_strict_policy_holds() -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", INDEX)


def test_nothing_comes_from_elsewhere() -> None:
    for name, text in TEXTS.items():
        assert "//" not in re.sub(r"^\s*//.*$", "", text.replace("https://", "//"), flags=re.MULTILINE), name


def test_texts_are_never_read_as_html() -> None:
    for name, text in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), name


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_script_can_be_parsed(name: str) -> None:
    checked = subprocess.run(
        ["node", "--check", "--input-type=module"], input=SCRIPTS[name], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_every_element_that_a_script_names_exists() -> None:
    named = {one for text in SCRIPTS.values() for one in re.findall(r'(?:\bat|getElementById)\("([\w-]+)"\)', text)}
    assert named
    assert named <= set(re.findall(r'\bid="([\w-]+)"', INDEX))


def _words(language: str) -> set[str]:
    found: set[str] = set()
    for name in ("words.js", "emission_words.js"):
        block = re.search(rf"\n  {language}: {{(.*?)\n  }},", TEXTS[name], re.DOTALL)
        assert block is not None
        found |= set(re.findall(r"(\w+):", re.sub(r'"[^"]*"|`[^`]*`', "''", block[1])))
    return found


def test_both_languages_say_everything() -> None:
    assert _words("zh") == _words("en")
    used = set(re.findall(r'data-t="(\w+)"', INDEX)) | set(
        re.findall(r"\b(?:w|words\(\))\.(\w+)", "".join(SCRIPTS.values()))
    )
    assert used <= _words("zh")


@pytest.mark.parametrize("name", ["link", "script", "img"])
def test_every_file_that_the_page_names_is_there(name: str) -> None:
    for path in re.findall(rf'<{name}[^>]*(?:href|src)="/([^"]+)"', INDEX):
        assert WEB.joinpath(path).is_file()


def test_modules_import_only_each_other_and_only_what_is_there() -> None:
    for text in SCRIPTS.values():
        for names, path in re.findall(r'import {([^}]*)} from "([^"]+)"', text):
            assert path.removeprefix("./") in SCRIPTS
            exported = set(re.findall(r"export (?:async )?(?:const|function|class) (\w+)", SCRIPTS[path[2:]]))
            assert {one.strip() for one in names.split(",")} <= exported
