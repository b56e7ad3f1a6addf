"""The documents' pictures of every kind of rule."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

import deploy
from deploy.pictures.chart import draw
from deploy.pictures.scene import Scene
from deploy.pictures.scenes import scenes
from rules.kinds import KINDS
from rules.transition import Change

_DOCS = Path(deploy.__file__).parent / "docs"
_SCENES = scenes()


@pytest.mark.parametrize("scene", _SCENES, ids=lambda scene: scene.name)
def test_the_shipped_picture_is_what_the_engine_says_today(scene: Scene) -> None:
    shipped = (_DOCS / "pictures" / f"{scene.name}.svg").read_text("utf-8")
    assert draw(scene) == shipped, "draw them anew with `make pictures`, and look at them"


@pytest.mark.parametrize("scene", _SCENES, ids=lambda scene: scene.name)
def test_a_picture_shows_an_alarm_and_says_why(scene: Scene) -> None:
    told = scene.told()
    assert Change.RAISED in {one.change for one in told}
    texts = [text.text or "" for text in ElementTree.fromstring(draw(scene)).iter("{http://www.w3.org/2000/svg}text")]
    said = " ".join(texts)
    assert all(one.why in said for one in told)


def test_there_is_a_picture_of_every_kind_and_no_other_file() -> None:
    names = [scene.name for scene in _SCENES]
    assert set(KINDS) <= set(names)
    assert sorted(path.stem for path in (_DOCS / "pictures").iterdir()) == names
