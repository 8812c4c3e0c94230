"""Both faces of the kernel that a test file is about."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import qctl.kernels

FOLDER = Path(qctl.kernels.__file__).parent


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"qctl.kernels.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def twins(request) -> tuple[ModuleType, ModuleType]:
    """Return (compiled, NumPy) of kernel NAME, for tests in ``test_NAME.py``; fail when NAME is not compiled."""
    name = request.path.stem.removeprefix("test_")
    compiled = [path for path in FOLDER.glob(f"{name}.*") if path.suffix in {".so", ".pyd"}]
    if not compiled:
        pytest.fail(f"kernel {name} is not compiled: python setup.py build_ext --inplace")
    return _load(name, compiled[0]), _load(name, FOLDER / f"{name}.py")
