import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qctl.config import check_file
from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory


@pytest.fixture(scope="session")
def configs() -> Path:
    """Return the folder of the laboratories that come with qctl."""
    return Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="session")
def transmon5(configs) -> str:
    """Return the text without the snapshot that it names, since copies of it stand where no snapshot does."""
    return re.sub(r"(?m)^parameters:.*\n", "", (configs / "transmon5.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def mistakes_in(tmp_path_factory) -> Callable[..., tuple[ConfigError, ...]]:
    """Return a function: text and kind of a file -> the mistakes that are found in it."""
    folder = tmp_path_factory.mktemp("files")

    def mistakes(text: str | bytes, kind: type = Laboratory, name: str = "lab.yaml") -> tuple[ConfigError, ...]:
        path = folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return check_file(path, kind)

    return mistakes


@pytest.fixture
def answered(transmon5, mistakes_in) -> Callable[[str, str, list[str]], None]:
    """Return a function that changes transmon5.yaml in one place and looks for the words of the answer."""

    def answered(old: str, new: str, said: list[str]) -> None:
        assert old in transmon5
        found = [str(mistake) for mistake in mistakes_in(transmon5.replace(old, new, 1))]
        for words in said:
            assert any(re.search(words, mistake) for mistake in found), found
        assert len(found) <= 6, found
        assert all(re.match(r".*lab\.yaml:\d+:\d+: ", mistake) for mistake in found)

    return answered
