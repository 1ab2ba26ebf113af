# SPDX-License-Identifier: Apache-2.0
"""--help of each command says what a person needs."""

import pytest
from program import run

COMMANDS = ["rates", "construct", "fit", "constants", "certify", "class", "widths", "targets", "version"]


def test_program():
    result = run("--help")
    assert result.code == 0 and result.err == ""
    for command in COMMANDS:
        assert f"\n  {command} " in result.out
    assert "Exit codes" in result.out and "Examples" in result.out
    for later in ("emulate", "check"):
        assert f"\n  {later} " not in result.out  # not before it works


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command):
    result = run(command, "--help")
    assert result.code == 0 and result.err == ""
    assert f"Usage: nwidth {command}" in result.out
    assert "--json" in result.out and "Examples:" in result.out and "Exit codes:" in result.out
    assert f"  nwidth {command}" in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 130


def test_examples_are_valid(tmp_path):
    """Each example of each help text parses: what fails may fail only for a file that is not there."""
    for command in COMMANDS:
        examples = [line.strip() for line in run(command, "--help").out.splitlines() if line.startswith("  nwidth ")]
        assert examples
        for example in examples:
            if command == "rates":
                continue  # run in rates_test.py, with a small configuration
            result = run(*split(example), cwd=tmp_path)
            done = (0, 3) if command == "fit" else (0,)  # 3: it did not converge, but is certified
            assert result.code in done or "cannot read" in result.err, (example, result.err)


def split(example):
    import shlex

    return shlex.split(example)[1:]
