# SPDX-License-Identifier: Apache-2.0
"""What a benchmark's record says of where it was measured."""

import os
import subprocess
import time
from pathlib import Path


def cpu_model():
    """The processor's name and the number of logical cores."""
    names = [s for s in Path("/proc/cpuinfo").read_text().splitlines() if s.startswith("model name")]
    return f"{names[0].partition(':')[2].strip()}, {len(names)} logical cores"


def commit():
    """What was measured: the commit, with "-dirty" if the tree has changes; None outside of git. NWIDTH_COMMIT says it
    for a copy of a commit on a machine that has not its history."""
    if "NWIDTH_COMMIT" in os.environ:
        return os.environ["NWIDTH_COMMIT"]
    root = Path(__file__).resolve().parents[1]
    out = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    )
    return out.stdout.strip() if out.returncode == 0 else None


def here_and_now():
    """When, on what and of which commit a record begins."""
    return {
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": cpu_model(),
        "commit": commit(),
    }
