# SPDX-License-Identifier: Apache-2.0
"""The package under test: the one that the build made, beside the programs in NWIDTH_BIN; else the sources alone."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("NWIDTH_BIN", ROOT / "build" / "release" / "bin")).parent / "python"
PACKAGE = BUILT if (BUILT / "nwidth").is_dir() else ROOT / "python"
sys.path.insert(0, str(PACKAGE))
import nwidth  # noqa: E402  before a test file can find another one


@pytest.fixture(scope="session")
def package():
    """The folder that holds the package nwidth."""
    folder = Path(nwidth.__file__).parents[1]
    assert folder == PACKAGE
    return folder
