# SPDX-License-Identifier: Apache-2.0
"""ONNX and safetensors files against the readers of others: ONNX Runtime, onnx's own checker, and safetensors."""

import json
import math
import os
import random
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from safetensors import safe_open
from safetensors.numpy import load

ROOT = Path(__file__).resolve().parents[3]
KINDS = ["identity", "relu", "relu_power", "polyrelu", "polyrelu per neuron", "rational", "gelu", "silu"]
SEED = int(os.environ.get("NWIDTH_TEST_SEED", "1"))


def program(*arguments, **kwargs):
    path = Path(os.environ.get("NWIDTH_BIN", ROOT / "build" / "release" / "bin")) / "test_network_files"
    if not path.exists():
        pytest.fail(f"{path} is not built: ./dev build test_network_files")
    return subprocess.run([path, *arguments], capture_output=True, timeout=60, check=True, **kwargs).stdout


# Random networks, as JSON


def number(rng):
    """Exact as a double or not, of any sign, sometimes 0."""
    kind = rng.randrange(5)
    if kind == 0:
        return "0"
    if kind == 1:
        return str(rng.randint(-3, 3))
    if kind == 2:
        return f"{rng.randint(-7, 7)}/{rng.randint(1, 9)}"
    return f"{rng.uniform(-1, 1):.3f}" if kind == 3 else rng.uniform(-2, 2).hex()


def activation(rng, kind, rows, depth):
    if kind == "relu_power":  # of which deep ones leave the range of 32 bits
        return {"kind": kind, "k": rng.choice([1, 2, 3, 5, 7, 12] if depth <= 2 else [1, 2])}
    if kind == "polyrelu":
        return {"kind": kind, "coefficients": [number(rng) for _ in range(rng.randint(1, 5))]}
    if kind == "polyrelu per neuron":
        lists = [[number(rng) for _ in range(rng.randint(1, 4))] for _ in range(rows)]
        return {"kind": "polyrelu", "coefficients": lists if rows > 1 else lists[0]}
    if kind == "rational":  # a denominator of at least 1
        return {
            "kind": kind,
            "numerator": [number(rng) for _ in range(rng.randint(1, 4))],
            "denominator": [["1"], ["1", "0", "1/3"], ["3/2", "1", "1"]][rng.randrange(3)],
        }
    return {"kind": kind}


def network(rng, kinds):
    inputs = columns = rng.randint(1, 3)
    layers = []
    for kind in kinds:
        rows = rng.randint(1, 6)
        entries = [[r, c, number(rng)] for r in range(rows) for c in range(columns) if rng.random() < 0.8]
        weights = {"rows": rows, "cols": columns, "entries": entries}
        bias = [number(rng) for _ in range(rows)]
        layers.append({"weights": weights, "bias": bias, "activation": activation(rng, kind, rows, len(kinds))})
        columns = rows
    return {"schema": "nwidth.network/1", "inputs": inputs, "layers": layers}


# A network as arrays, and a bound of what any order of rounded operations may make of it


def fraction(text):
    return Fraction(float.fromhex(text)) if "0x" in text else Fraction(text)


def arrays(net, dtype):
    layers = []
    for layer in net["layers"]:
        w = layer["weights"]
        dense = np.zeros((w["rows"], w["cols"]))
        for r, c, v in w["entries"]:
            dense[r, c] = float(fraction(v))
        numbers = {"weight": dense, "bias": np.array([float(fraction(b)) for b in layer["bias"]])}
        for key in ("coefficients", "numerator", "denominator"):
            if key in layer["activation"]:
                v = layer["activation"][key]
                if isinstance(v[0], list):
                    longest = max(map(len, v))
                    v = [row + ["0"] * (longest - len(row)) for row in v]
                numbers[key] = np.array(
                    [[float(fraction(x)) for x in row] if isinstance(row, list) else float(fraction(row)) for row in v]
                )
        kind, k = layer["activation"]["kind"], layer["activation"].get("k")
        layers.append((kind, k, {key: v.astype(dtype).astype(np.float64) for key, v in numbers.items()}))
    return layers


def poly(t, a):
    return sum(a[..., i] * t**i for i in range(a.shape[-1]))


def derivative_sizes(t, a):
    return sum(i * np.abs(a[..., i]) * np.abs(t) ** (i - 1) for i in range(1, a.shape[-1])) + 0 * t


erf = np.vectorize(math.erf)


class Erf(OpRun):
    """ONNX Runtime has no erf of doubles, and that of onnx computes in 32 bits."""

    def _run(self, x):
        return (erf(x).astype(x.dtype),)


def evaluate(layers, x, u):
    """Values at the rows of x, and bounds of the error of evaluation with unit roundoff u (first order, times 2)."""
    h, e = x, np.zeros_like(x)
    for kind, k, p in layers:
        w, b = p["weight"], p["bias"]
        t = h @ w.T + b
        e = e @ np.abs(w).T + (w.shape[1] + 2) * u * (np.abs(h) @ np.abs(w).T + np.abs(b))
        r = np.maximum(t, 0)
        top = r + e  # where the derivative is bounded
        if kind == "identity":
            h = t
        elif kind == "relu":
            h = r
        elif kind == "relu_power":
            h, e = r**k, np.where(t > -e, k * top ** (k - 1) * e, 0) + (k + 1) * u * r**k
        elif kind == "polyrelu":
            a = p["coefficients"]
            size = poly(r, np.abs(a))
            h, e = poly(r, a) + 0 * r, derivative_sizes(top, a) * e + 2 * a.shape[-1] * u * size
        elif kind == "rational":
            a, d = p["numerator"], p["denominator"]
            n, m, size = poly(t, a), poly(t, d), np.abs(t) + e
            en = derivative_sizes(size, a) * e + 2 * len(a) * u * poly(size, np.abs(a))
            em = derivative_sizes(size, d) * e + 2 * len(d) * u * poly(size, np.abs(d))
            h = n / m
            e = (en + np.abs(h) * em) / np.maximum(np.abs(m) - em, 1e-3) + u * np.abs(h)
        elif kind == "gelu":
            h, e = t * (1 + erf(t / math.sqrt(2))) / 2, 1.13 * e + 8 * u * np.abs(t)
        elif kind == "silu":
            h, e = t / (1 + np.exp(-t)), 1.1 * e + 8 * u * np.abs(t)
        else:
            raise AssertionError(kind)
    return h, 2 * e + np.finfo(np.float32 if u > 1e-10 else np.float64).tiny


def write(net, folder, points):
    (folder / "points").write_text("\n".join(" ".join(float(v).hex() for v in x) for x in points) + "\n")
    out = program(folder, input=json.dumps(net).encode()).decode()
    values = np.array(
        [[float.fromhex(v) for v in line.split()] for line in (folder / "values").read_text().splitlines()]
    )
    roundings = {name: (int(n), int(r), fraction(q)) for name, n, r, q in map(str.split, out.splitlines())}
    return values, roundings


def cases():
    for kind in KINDS:
        for i in range(3):
            yield pytest.param([kind] * i + [kind, "identity"], f"{kind} {i}", id=f"{kind}-{i}")
    rng = random.Random(SEED)
    for i in range(12):
        kinds = [rng.choice(KINDS) for _ in range(rng.randint(1, 4))]
        yield pytest.param(kinds, f"mixed {i}", id=f"mixed-{i}")


@pytest.mark.parametrize(("kinds", "name"), list(cases()))
def test_readers_of_others_evaluate_networks_alike(kinds, name, tmp_path):
    rng = random.Random(f"{SEED} {name}")
    net = network(rng, kinds)
    points = np.array([[rng.uniform(-1, 1) for _ in range(net["inputs"])] for _ in range(40)])
    points[0] = 0
    values, roundings = write(net, tmp_path, points)

    numbers, bound = evaluate(arrays(net, np.float64), points, 2.0**-53)
    assert np.all(np.abs(values - numbers) <= bound)
    assert np.all(bound <= 1e-9 * (1 + np.abs(numbers).max())), "a bound that says nothing"

    for file, dtype, u in (("net.onnx", np.float64, 2.0**-53), ("net32.onnx", np.float32, 2.0**-24)):
        model = onnx.load(tmp_path / file)
        onnx.checker.check_model(model, full_check=True)
        assert [p.dim_value for p in model.graph.input[0].type.tensor_type.shape.dim] == [0, net["inputs"]]
        x = points.astype(dtype)
        expected, bound = evaluate(arrays(net, dtype), x.astype(np.float64), u)
        if dtype == np.float64 and "gelu" in kinds:
            y = ReferenceEvaluator(model, new_ops=[Erf]).run(None, {"x": x})[0]
        else:
            y = onnxruntime.InferenceSession(tmp_path / file).run(["y"], {"x": x})[0]
        assert y.dtype == dtype
        assert y.shape == expected.shape
        assert np.all(np.abs(y - expected) <= bound), (file, np.max(np.abs(y - expected) / bound))
        properties = {p.key: p.value for p in model.metadata_props}
        assert properties["exact"] == ("true" if roundings[file][1] == 0 else "false")


@pytest.mark.parametrize(("kinds", "name"), list(cases()))
def test_safetensors_hold_the_nearest_floats(kinds, name, tmp_path):
    net = network(random.Random(f"{SEED} {name}"), kinds)
    _, roundings = write(net, tmp_path, np.zeros((1, net["inputs"])))
    for file, dtype in (("net.safetensors", np.float64), ("net32.safetensors", np.float32)):
        found = load((tmp_path / file).read_bytes())
        expected = {}
        for i, (_, _, numbers) in enumerate(arrays(net, dtype)):
            for key, v in numbers.items():
                expected[f"layers.{i}." + (key if key in ("weight", "bias") else f"activation.{key}")] = v
        assert found.keys() == expected.keys()
        for key, v in found.items():
            assert v.dtype == dtype
            np.testing.assert_array_equal(v, expected[key], err_msg=key)  # of float(Fraction), which rounds correctly
        with safe_open(tmp_path / file, framework="np") as f:
            metadata = f.metadata()
        words = [
            a["kind"] + (f":{a['k']}" if "k" in a else "") for a in (layer["activation"] for layer in net["layers"])
        ]
        assert metadata["activations"].split() == words

        rounded = largest = 0
        for exact, held in zip(all_numbers(net), all_numbers(net, dtype), strict=True):
            if exact:
                rounded += held != exact
                largest = max(largest, abs(held - exact) / abs(exact))
        assert roundings[file][1:] == (rounded, largest)
        assert metadata["exact"] == ("false" if rounded else "true")
        assert Fraction(metadata["largest_relative_rounding"]) >= largest

        # and back: what comes out holds those floats, and no more
        back = json.loads(program("--read", input=(tmp_path / file).read_bytes()))
        for a, b in zip(arrays(back, np.float64), arrays(net, dtype), strict=True):
            assert a[:2] == b[:2]
            for key, v in b[2].items():
                w = a[2][key]
                padding = [(0, 0)] * (v.ndim - 1) + [(0, v.shape[-1] - w.shape[-1])]
                np.testing.assert_array_equal(np.pad(w, padding), v)


def all_numbers(net, dtype=None):
    def one(text):
        q = fraction(text)
        return q if dtype is None else Fraction(float(dtype(float(q))))

    def walk(v):
        return [q for x in v for q in walk(x)] if isinstance(v, list) else [one(v)]

    numbers = []
    for layer in net["layers"]:
        numbers += [one(v) for _, _, v in layer["weights"]["entries"]] + walk(layer["bias"])
        for key in ("coefficients", "numerator", "denominator"):
            numbers += walk(layer["activation"].get(key, []))
    return numbers


def test_safetensors_of_the_reference_implementation_are_read(tmp_path):
    from safetensors.numpy import save

    tensors = {
        "layers.0.weight": np.array([[1.5], [-2.0]], dtype=np.float32),
        "layers.0.bias": np.array([0.25, 1.0]),
        "layers.0.activation.coefficients": np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0]]),
        "layers.1.weight": np.array([[1.0, 10.0]]),
        "layers.1.bias": np.array([0.0]),
    }
    metadata = {"schema": "nwidth.state_dict/1", "activations": "polyrelu identity", "by": "someone"}
    net = json.loads(program("--read", input=save(tensors, metadata)))
    assert net["inputs"] == 1
    assert [[fraction(x) for x in row] for row in net["layers"][0]["activation"]["coefficients"]] == [[0, 1, 3], [1]]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        program("--read", input=save(tensors))
    assert b"schema" in refused.value.stderr
