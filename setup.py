"""The optional C extensions; everything else stands in pyproject.toml. Without a compiler they are left out in silence."""

from pathlib import Path

from setuptools import Extension, setup

LIMITED = "0x030B0000"  # Python 3.11


def extension(name: str) -> Extension:
    source = Path("src/biasim/kernels") / f"{name}.c"
    return Extension(
        f"biasim.kernels.{name}",
        [source.as_posix()],
        depends=[path.as_posix() for path in sorted(source.parent.glob(f"{name}*.h"))],
        define_macros=[("Py_LIMITED_API", LIMITED)],
        extra_compile_args=["-O3"],
        libraries=["m"],
        py_limited_api=True,
        optional=True,
    )


NAMES = ("_cox", "_propensity")

setup(ext_modules=[extension(name) for name in NAMES if Path(f"src/biasim/kernels/{name}.c").exists()])
