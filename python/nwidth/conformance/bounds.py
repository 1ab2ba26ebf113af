# SPDX-License-Identifier: Apache-2.0
"""How far a correct implementation may be from the exact values: bounds of rounding errors, nothing fitted to runs.

Model of arithmetic, of unit roundoff u: sums, products and fused multiply-adds are correctly rounded; a quotient, a
root, a reciprocal root and a power x^p are accurate to 2 ulp, which counts as 4 roundings; sums of n terms are taken in
any order, n - 1 roundings; underflow is gradual. k roundings change a term by a factor within 1 +- gamma(k),
gamma(k) = ku/(1 - ku) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., Lemma 3.1), so each bound is a
sum of gamma(k) |term|. The counts hold for Horner's rule and for powers, for closed backward formulas and for those
that autograd makes of the forward. docs/conformance.md derives them.

The result is then rounded to the type of x, which is monotone: what was computed lies in [exact - E, exact + E], so
what is returned lies between the roundings of the two ends. That is the test, and it needs no further tolerance.
"""

import torch

ROUNDOFF = {torch.float64: 2.0**-53, torch.float32: 2.0**-24, torch.bfloat16: 2.0**-8}
TINIEST = {torch.float64: 2.0**-1074, torch.float32: 2.0**-149, torch.bfloat16: 2.0**-133}


def working_type(dtype):
    """What the arithmetic is to be done in: at least float32."""
    return torch.promote_types(dtype, torch.float32)


def gamma(k, u):
    assert k * u < 0.5
    return k * u / (1 - k * u)


def polyrelu(x, g, w, b, eps, u, eta):
    """Bounds E of |error| before the last rounding, for y, x (dy/dx times g), weight and bias; all float64."""
    v, a = x.clamp(min=0), w.abs()
    y = gamma(8, u) * (a[0] * v**3 + a[1] * v**2 + a[2] * v + b.abs())
    under = 16 * eta * (1 + a.sum()) * (1 + g.abs().max())
    slope = gamma(11, u) * g.abs() * (3 * a[0] * v**2 + 2 * a[1] * v + a[2])
    absolute = torch.stack([(g * v**p).abs().sum() for p in (3, 2, 1)])
    N = x.numel()
    return {
        "y": torch.where(x > 0, y + under, 0.0),  # b itself where x <= 0
        "x": torch.where(x > 0, slope + under, 0.0),
        "weight": gamma(N + 4, u) * absolute + N * under,
        "bias": gamma(N, u) * g.abs().sum().reshape(1),
    }


def roundings_of_R(n):
    """Of R = 1/sqrt(mean x^2p + eps) over n elements, as relative error in units of u; or of sqrt, then a quotient.

    x^2p 9 (a power, squared), the sum n - 1, the quotient by n 4, eps and its addition 2; a root halves the count.
    """
    return (n + 14 + 1) // 2 + 1 + 8


def polynorm(x, g, w, b, eps, u, eta):
    """As polyrelu."""
    n, N, a = x.shape[-1], x.numel(), w.abs()
    k = roundings_of_R(n)
    y, slope, dw, largest = gamma(3, u) * b.abs() + torch.zeros_like(x), torch.zeros_like(x), [], 0.0
    for c, p in zip(a, (3, 2, 1), strict=True):
        R = (x.pow(2 * p).mean(-1, keepdim=True) + eps).rsqrt()
        N_p, S = (x**p * R).abs(), (g * x**p).abs().sum(-1, keepdim=True)
        y += gamma(k + 9, u) * c * N_p
        slope += gamma(k + 13, u) * c * p * (x ** (p - 1) * R * g).abs()
        slope += gamma(3 * k + n + 32, u) * c * p / n * (x ** (2 * p - 1) * R**3).abs() * S
        dw.append(gamma(k + N + 6, u) * (N_p * g).abs().sum())
        largest = max(largest, R.max().item())
    under = 16 * eta * (1 + a.sum()) * (1 + g.abs().max()) * (1 + largest)
    return {
        "y": y + under,
        "x": slope + under * (1 + largest) ** 2 * n**1.5,
        "weight": torch.stack(dw) + N * under,
        "bias": gamma(N, u) * g.abs().sum().reshape(1),
    }


def errors(kind, x, g, w, b, eps, dtype, loose=False):
    """E for inputs of type dtype, with arithmetic in working_type(dtype).

    loose: in dtype itself, but for underflow. Checks of special values use it, so that they do not judge accuracy.
    """
    bound = polyrelu if kind == "polyrelu" else polynorm
    working = working_type(dtype)
    E = bound(x, g, w, b, eps, ROUNDOFF[dtype if loose else working], TINIEST[working])
    return {name: e * (1 + 2.0**-20) for name, e in E.items()}  # these lines are themselves rounded, in float64


def interval(exact, E, dtype):
    """The roundings to dtype of exact - E and exact + E, for exact = (high, low)."""
    high, low = exact
    ends = []
    for sign in (-1, 1):
        end = high + (low + sign * E)
        if dtype == torch.float64:  # that sum was rounded; a result may be rounded once more
            end = torch.where(E > 0, torch.nextafter(end, end + sign * torch.inf), end)
        ends.append(end.to(working_type(dtype)).to(dtype).double())
    return ends
