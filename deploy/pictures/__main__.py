"""``python -m deploy.pictures``: draws all pictures anew."""

from pathlib import Path

from deploy.pictures.chart import draw
from deploy.pictures.scenes import scenes

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for scene in scenes():
        (FOLDER / f"{scene.name}.svg").write_text(draw(scene), "utf-8")
