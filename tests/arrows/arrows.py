# SPDX-License-Identifier: Apache-2.0
"""The arrows between the folders: who may include whom.

    notebooks -> python -> {fitting -> theory -> kernels/activation, kernels};  experiments -> fitting, kernels, theory
    within theory: number < network < width < target < {construct, certify}, and neither of the last two sees the other

`python3 tests/arrows/arrows.py [ROOT]` prints each include that goes another way and exits 1 if there is one.
"""

import re
import sys
from pathlib import Path

NUMBER = ["kernels/activation", "theory/number"]
NETWORK = [*NUMBER, "theory/network"]
WIDTH = [*NETWORK, "theory/width"]
TARGET = [*WIDTH, "theory/target"]

# folder -> the folders its files may include, itself not named; the longest folder that holds a file counts
MAY_SEE = {
    "kernels/activation": [],
    "kernels/torch": ["kernels"],
    "kernels": [],
    "theory/number": NUMBER,
    "theory/network": NETWORK,
    "theory/width": NETWORK,
    "theory/target": WIDTH,
    "theory/construct": TARGET,
    "theory/certify": TARGET,
    "fitting": ["theory", "kernels/activation"],
    "python": ["fitting", "theory", "kernels"],
    "experiments": ["fitting", "theory", "kernels"],
    "bench": ["fitting", "theory", "kernels"],
    "tests": ["experiments", "python", "fitting", "theory", "kernels"],
}
OURS = sorted({folder.split("/")[0] for folder in MAY_SEE})
SOURCES = {".hpp", ".cpp", ".cu", ".cuh", ".h", ".cc"}

# headers that the build writes -> the folders that may include them
GENERATED = {"nwidth_build.hpp": ["experiments"]}

# libraries that only some folders may include: pattern of the header's name -> folders
NUMBERS = r"(boost/|gmp|mpfr|mpfi|arb|acb|arf|mag\.h|fmpz|fmpq|flint)"
TORCH = ["kernels/torch", "experiments/lm", "experiments/search", "experiments/finetune", "tests/experiments/lm"]
LIBRARIES = [
    (NUMBERS, ["theory", "fitting", "experiments", "python", "bench", "tests"], "an arithmetic library"),
    (r"(Eigen/|ceres/|glog/)", ["fitting", "tests"], "a fitting library"),
    (r"(torch/|ATen/|c10/)", TORCH, "torch"),
    (r"(gtest/|gmock/)", ["tests"], "a test library"),
    (r"(CLI/|toml\+\+/)", ["experiments", "tests"], "a library of the programs"),
]
# libraries that no installed header may show, since users of nwidth need not have them
HIDDEN = r"(nlohmann/|CLI/|toml\+\+/)"
INSTALLED = ["kernels", "theory", "fitting"]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>|(\S+))', re.MULTILINE)


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def home(path, folders):
    """The longest of the folders that holds the path, or None."""
    return max((f for f in folders if inside(path, f)), key=len, default=None)


def faults_of(root, path, text):
    """What is wrong with the includes of one file; path is relative to the root, with slashes."""
    if inside(path, "tests/install"):  # projects from outside: they see the installed headers
        return
    folder = home(path, MAY_SEE)
    if folder is None:
        yield "lies in no folder that the arrows know"
        return
    for quoted, angled, other in INCLUDE.findall(text):
        if other:
            yield f"#include {other} cannot be followed"
        elif quoted in GENERATED and home(path, GENERATED[quoted]):
            continue
        elif quoted:
            if not (root / quoted).is_file():
                yield f'#include "{quoted}": no such file under the root; a system header wants <>'
            elif not any(inside(quoted, seen) for seen in [folder, *MAY_SEE[folder]]):
                yield f'#include "{quoted}": {folder} must not see it'
        elif home(angled, OURS) or home(angled, ["nwidth"]):
            yield f'#include <{angled}>: our own headers want ""'
        else:
            for pattern, folders, what in LIBRARIES:
                if re.match(pattern, angled) and home(path, folders) is None:
                    yield f"#include <{angled}>: {folder} must not see {what}"
            if path.endswith(".hpp") and home(path, INSTALLED) and re.match(HIDDEN, angled):
                yield f"#include <{angled}>: an installed header must not show it"


def faults(root):
    """'path: what is wrong' for the tree, and the number of includes read."""
    found, includes = [], 0
    for top in OURS:
        for file in sorted((root / top).rglob("*")):
            if file.suffix in SOURCES and file.is_file():
                text = file.read_text(encoding="utf-8")
                path = file.relative_to(root).as_posix()
                includes += len(INCLUDE.findall(text))
                found += [f"{path}: {what}" for what in faults_of(root, path, text)]
    return found, includes


if __name__ == "__main__":
    wrong, _ = faults(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)
