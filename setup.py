"""Build the compiled kernels: ``ext/NAME.pyx`` becomes ``qctl.kernels.NAME``."""

import os
import sys
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

# The largest first: it takes as long to compile as half of the others, which then run beside it.
SOURCES = sorted(Path("ext").glob("*.pyx"), key=lambda source: (-source.stat().st_size, source.name))
if not SOURCES:
    sys.exit("ext/ holds no kernel: this source tree is incomplete (an sdist needs MANIFEST.in)")

# No -ffast-math: loading such a library flushes subnormals in the whole process.
FLAGS = ["/O2"] if sys.platform == "win32" else [
    "-O3", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffp-contract=fast", "-Wno-psabi",
]  # fmt: skip

EXTENSIONS = [
    Extension(
        f"qctl.kernels.{source.stem}",
        [source.as_posix()],
        depends=sorted(header.as_posix() for header in Path("ext").glob("*.h")),
        include_dirs=["ext", np.get_include()],
        extra_compile_args=FLAGS,
        optional=sys.platform == "win32",  # MSVC has no vector types: there the NumPy twins serve
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
    )
    for source in SOURCES
]

# Every kernel checks shapes and indices once, before its loops.
DIRECTIVES = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False,
}  # fmt: skip

# Folders of the checkout's root that are installed inside the package.
MAPPED = {
    "qctl.configs": "configs",
    **{f"qctl.{name}": name.replace(".", "/") for name in find_packages(include=["instruments", "instruments.*"])},
}

setup(
    packages=[*find_packages(include=["qctl", "qctl.*"]), *MAPPED],
    package_dir=MAPPED,
    package_data={
        "qctl": ["py.typed"],
        "qctl.report": ["*.css"],
        "qctl.conformance": ["programs/*.qasm"],
        "qctl.configs": ["*.yaml", "*.json", "twins/*.yaml"],
    },
    ext_modules=cythonize(EXTENSIONS, build_dir="build/cython", compiler_directives=DIRECTIVES),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
