# SPDX-License-Identifier: Apache-2.0
"""The reference vectors of vectors.json as tensors; generate.py says what they hold and how they were made."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

PATH = Path(__file__).with_name("vectors.json")


@dataclass(frozen=True)
class Case:
    """Inputs, exact in bfloat16, and outputs as pairs (high, low) of float64 tensors; dx, dw, db may be None."""

    kind: str
    name: str
    eps: float
    x: torch.Tensor  # shape, float64
    g: torch.Tensor  # the gradient that arrives; shape, float64
    w: torch.Tensor  # 3
    b: torch.Tensor  # 1
    exact: dict  # "y", "x": pairs of x's shape; "weight": of shape 3; "bias": of shape 1


def _tensor(values):
    return torch.tensor([float.fromhex(v) for v in values], dtype=torch.float64)


def _case(raw):
    shape, tile = raw["shape"], raw["tile"]

    def spread(flat):
        return flat.reshape(*shape[:-1], shape[-1] // tile).repeat(*[1] * (len(shape) - 1), tile)

    def pair(values, spreads=True):
        high, low = (_tensor([v[i] for v in values]) for i in (0, 1))
        return (spread(high), spread(low)) if spreads else (high, low)

    exact = {"y": pair(raw["y"])}
    if raw["gradients"]:
        exact |= {"x": pair(raw["dx"]), "weight": pair(raw["dw"], False), "bias": pair([raw["db"]], False)}
    inputs = (spread(_tensor(raw["x"])), spread(_tensor(raw["g"])), _tensor(raw["w"]), _tensor([raw["b"]]))
    return Case(raw["kind"], raw["name"], float.fromhex(raw["eps"]), *inputs, exact)


@cache
def cases(kind):
    """name -> Case for "polyrelu" or "polynorm"; the tensors are shared, so they are not to be written to."""
    raw = json.loads(PATH.read_text(encoding="utf-8"))["cases"]
    return {c["name"]: _case(c) for c in raw if c["kind"] == kind}
