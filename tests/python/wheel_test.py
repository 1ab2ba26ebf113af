# SPDX-License-Identifier: Apache-2.0
"""The wheel: built as pip builds it, installed in a fresh environment, and used there. Theory is left out, which takes
minutes to compile; it is tested where the build has made it (package_test.py)."""

import importlib.util
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HAS_TORCH = importlib.util.find_spec("torch") is not None
SCRIPT = """
import sys, nwidth
assert nwidth.__file__.startswith(sys.prefix), nwidth.__file__
try:
    nwidth.widths(2, 4)
except ImportError as error:
    assert "is not in this installation" in str(error), error
else:
    raise SystemExit("theory was to be left out")
try:
    import torch
except ImportError:
    raise SystemExit(print("no torch"))
from nwidth.torch import PolyNorm
x = torch.tensor([[3.0, -4.0]], requires_grad=True)
module = PolyNorm(eps=0.0)
y = module(x)
y.sum().backward()
# mean x^2 = 12.5, mean x^4 = (81 + 256) / 2, mean x^6 = (729 + 4096) / 2
want = [(v**3 / 2412.5**0.5 + v**2 / 168.5**0.5 + v / 12.5**0.5) / 3 for v in (3, -4)]
assert torch.allclose(y[0], torch.tensor(want)), (y, want)
assert x.grad.shape == x.shape and module.weight.grad.shape == (3,)
print("operators work")
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    for module in ("scikit_build_core", "pip", "nanobind"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: ./dev test installs it in .venv")
    folder = tmp_path_factory.mktemp("wheel")
    torch = "ON" if HAS_TORCH else "OFF"
    settings = [
        f"--config-settings=build-dir={folder}/build",  # -C is an option of pip 23.1, Debian 12 has 23.0
        "--config-settings=cmake.define.NWIDTH_THEORY=OFF",
        f"--config-settings=cmake.define.NWIDTH_TORCH={torch}",
        "--config-settings=cmake.define.NWIDTH_TORCH_CUDA=OFF",  # a minute of nvcc; torch_cuda_test.py has the build's
    ]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", folder, *settings, ROOT)
    (path,) = folder.glob("*.whl")
    return path


def test_holds_the_package(wheel):
    """Every file of the sources, data too; and the operators if torch was there to build with."""
    tracked = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "python/nwidth").split()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert tracked and {f.removeprefix("python/") for f in tracked} <= names
    assert ("nwidth/_torch.so" in names) == HAS_TORCH
    assert "nwidth/py.typed" in names and any(n.endswith("licenses/LICENSE") for n in names)
    assert all(n.startswith(("nwidth/", "nwidth-")) for n in names)


def test_works_in_a_fresh_environment(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    run(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-index", "--no-deps", wheel)
    if HAS_TORCH:  # torch from the environment of the tests, not 2.7 GB of it anew
        packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(packages, "torch_of_the_tests.pth").write_text(torch_folder() + "\n")
    said = run(python, "-c", SCRIPT, cwd=tmp_path)
    assert said == ("operators work\n" if HAS_TORCH else "no torch\n")


def torch_folder():
    origin = importlib.util.find_spec("torch").origin
    assert Path(origin).parents[1] == Path(sysconfig.get_path("purelib")), "torch lies outside of this environment"
    return str(Path(origin).parents[1])
