# SPDX-License-Identifier: Apache-2.0
"""Running the `nwidth` command as a person or a script does."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLOTTER = ROOT / "experiments" / "plot" / "rates.py"
FITS_PLOTTER = ROOT / "experiments" / "plot" / "fits.py"
sys.path.insert(0, str(PLOTTER.parent))  # where the plotters find their module


def binary():
    folder = Path(os.environ.get("NWIDTH_BIN", ROOT / "build" / "release" / "bin"))
    path = folder / "nwidth" if folder.is_dir() else folder
    if not path.exists():
        pytest.fail(f"{path} is not built: ./dev build nwidth")
    return str(path)


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        """Exactly one object, on one line."""
        assert self.out.count("\n") == 1 and self.out.endswith("\n"), self.out
        return json.loads(self.out)


def run(*arguments, cwd=None, timeout=600, **kwargs):  # against hangs: sanitizers on a busy machine are slow
    done = subprocess.run(
        [binary(), *map(str, arguments)],
        cwd=cwd,
        timeout=timeout,
        text=True,
        capture_output=True,
        check=False,
        **kwargs,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def assert_refused(result, *parts):
    """Bad input: exit code 2, nothing on stdout, one line on stderr that names these parts."""
    assert result.code == 2, (result.code, result.out, result.err)
    assert result.out == ""
    assert result.err.startswith("nwidth: ") and result.err.count("\n") == 1 and result.err.endswith("\n"), result.err
    for part in parts:
        assert part in result.err, (part, result.err)


SMALL_CONFIG = """
n = [1, 2]
targets = ["exp(x)", "sin(3*x)"]
[sizes]
smallest = 10
largest = 100
per_decade = 3
[[series]]
method = "optimal-spline"
[[series]]
method = "local-taylor"
[series.sizes]
largest = 300
"""


FITS_CONFIG = """
[fits]
activations = ["relu", "polyrelu"]
targets = ["exp(x)", "sin(4*pi*x)"]
segments = [4, 8]
contrast_segments = [4, 6]
ridge = ["relu"]
ridge_neurons = [2, 3]
"""
