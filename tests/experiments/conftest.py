# SPDX-License-Identifier: Apache-2.0
"""Fixtures for the tests of the command. What they import is in program.py: other folders have a conftest, too."""

import pytest
from program import SMALL_CONFIG


@pytest.fixture
def small_config(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL_CONFIG)
    return path
