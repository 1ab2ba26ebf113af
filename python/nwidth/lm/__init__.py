# SPDX-License-Identifier: Apache-2.0
"""The language model of nwidth-lm in plain PyTorch: the referee of the C++ one. Needs torch >= 2.11.

>>> from nwidth.lm import Transformer, read_toml
>>> model = Transformer(read_toml(text), seed=1)
>>> model.loss(tokens, targets).backward()
"""

from nwidth.lm.model import Model, Transformer, read_toml

__all__ = ["Model", "Transformer", "read_toml"]
