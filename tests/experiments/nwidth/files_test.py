# SPDX-License-Identifier: Apache-2.0
"""Files appear whole or not at all; a disk or a pipe that takes nothing is an error, never a silent success."""

import os
import shutil
import signal
import subprocess
import time

import pytest
from program import assert_refused, binary, run

BIG = ["construct", "optimal-spline", "--target", "exp(x)", "--n", "2", "--N", "300", "--no-certify", "--out"]
CONSTRUCT = [*BIG[:7], "8", *BIG[8:]]


def test_network_cannot_be_read(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in ("missing.json", "folder", "folder/missing.json", "net.json/x"):
        assert_refused(run("certify", "--network", path, "--target", "x", cwd=tmp_path), "cannot read", path)
    assert_refused(run("certify", "--network", "", "--target", "x", cwd=tmp_path), "--network = ''")
    assert_refused(run("certify", "--network", "/dev/zero", "--target", "x"), "/dev/zero")


def test_out_cannot_be_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    for path in ("folder", "missing/net.json", "file/net.json", "x" * 300, "/dev/full", "/proc/nwidth"):
        assert_refused(run(*CONSTRUCT, path, cwd=tmp_path), "cannot write", path)
    assert_refused(run(*CONSTRUCT, "", cwd=tmp_path), "--out = ''")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert_refused(run(*CONSTRUCT, "net.json", cwd=tmp_path), "Permission denied")
    finally:
        tmp_path.chmod(0o700)


def test_stdout_full_or_closed(tmp_path):
    for arguments in (
        ["version"],
        ["targets", "--json"],
        ["--help"],
        ["widths", "--help"],
        ["--version"],
        [*CONSTRUCT, "net.json"],
    ):
        with open("/dev/full", "w") as full:
            result = subprocess.run(
                [binary(), *arguments], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
            )
        assert (
            result.returncode == 2
            and result.stderr == "nwidth: cannot write to standard output: No space left on device\n"
        )
        closed = subprocess.run(
            ["sh", "-c", 'exec "$@" >&-', "sh", binary(), *arguments],
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert closed.returncode == 2 and closed.stderr.count("\n") == 1 and "standard output" in closed.stderr
    assert list(tmp_path.iterdir()) == []  # the network neither


def test_reader_that_left(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([binary(), "targets"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert result.returncode == 2 and "Broken pipe" in result.stderr


def test_file_size_limit_stands_for_a_full_disk(tmp_path):
    """A write that stops in the middle leaves the old file and nothing else."""
    (tmp_path / "net.json").write_text("old")
    limited = 'ulimit -f 1; exec "$@"'  # blocks of 512 or 1024 bytes
    arguments = [
        binary(),
        "construct",
        "optimal-spline",
        "--target",
        "exp(x)",
        "--n",
        "2",
        "--N",
        "200",
        "--no-certify",
    ]
    result = subprocess.run(
        ["sh", "-c", limited, "sh", *arguments, "--out", "net.json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and "File too large" in result.stderr
    assert (tmp_path / "net.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["net.json"]


@pytest.fixture
def tiny_disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = mounted and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)], capture_output=True, check=False
    ).returncode == 0  # fmt: skip
    if not mounted:
        pytest.skip("cannot mount a tmpfs")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_full_disk(tiny_disk, tmp_path, small_config):
    (tiny_disk / "filler").write_bytes(bytes(60 * 1024))
    result = run(*BIG, tiny_disk / "net.json")
    assert_refused(result, "No space left")
    assert [p.name for p in tiny_disk.iterdir()] == ["filler"]
    stopped = run("rates", small_config, "--out", tiny_disk / "rates", "--no-figure")
    assert stopped.code == 2 and "No space left" in stopped.err.splitlines()[-1]
    # What is there are whole records: with room again, the run goes on.
    (tiny_disk / "filler").unlink()
    again = run("rates", small_config, "--out", tmp_path / "rates", "--no-figure", "--json")
    assert again.code == 0


def test_out_may_be_a_pipe_or_a_link(tmp_path):
    result = run(*CONSTRUCT, "/dev/stdout", "--json", cwd=tmp_path)
    assert result.code == 0 and '"nwidth.network/1"' in result.out
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    assert run(*CONSTRUCT, "link.json", cwd=tmp_path).code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert "nwidth.network/1" in (tmp_path / "real.json").read_text()


def test_interrupt(tmp_path):
    """Ctrl-C: one line, exit code 130, no temporary file."""
    arguments = [
        "construct",
        "optimal-spline",
        "--target",
        "sin(1/(x^2+1/1000000))",
        "--n",
        "4",
        "--N",
        "8000",
        "--rel",
        "1e-12",
    ]
    process = subprocess.Popen(
        [binary(), *arguments, "--out", "net.json"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and err.strip() == "nwidth: interrupted; finished records are kept"
    assert list(tmp_path.iterdir()) == []
