# SPDX-License-Identifier: Apache-2.0
"""python -m nwidth.conformance MODULE:CALLABLE"""

import argparse
import json
import os
import sys

PASS, DIFFERS, BAD, SKIPPED = 0, 1, 2, 77
DESCRIPTION = """\
Tests an implementation of PolyReLU or PolyNorm in PyTorch against exact vectors: order and starting values of the
coefficients, place of eps, axis of the mean, accuracy in float32, bfloat16 and float64, all gradients, special values
and layouts. Tolerances are bounds of rounding errors. Each difference is shown with its input, and its cause if known.
"""
EPILOG = """\
MODULE:CALLABLE is a torch.nn.Module class, or a factory of one, that needs no arguments and has `weight` (3 numbers,
cubic first) and `bias` (1 number); or a function (x, weight, bias) or (x, weight, bias, eps). MODULE may be the path of
a .py file.

example:
  python -m nwidth.conformance nwidth.conformance.reference:PolyNorm
  python -m nwidth.conformance my_activations.py:polyrelu --json
  python -m nwidth.conformance nwidth.conformance.liger:PolyNorm --device cuda

exit code: 0 all checks pass, 1 something differs, 2 bad input, 77 skipped: it cannot run here
"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(BAD, f"nwidth.conformance: {message}\n")


def arguments():
    parser = Parser(
        prog="python -m nwidth.conformance",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("implementation", metavar="MODULE:CALLABLE")
    parser.add_argument(
        "--kind", choices=("polyrelu", "polynorm"), help="which activation it is, if its name leaves that open"
    )
    parser.add_argument(
        "--as", dest="form", choices=("module", "function"), help="what CALLABLE is, if its signature misleads"
    )
    parser.add_argument("--device", default="cpu", help="where it runs: cpu (default), cuda, cuda:1 ...")
    parser.add_argument(
        "--dtypes", default="float32,bfloat16,float64", help="types to test, of these; float32 is always among them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    return parser.parse_args()


def run(options):
    from . import DTYPES, BadInput, Subject, Unavailable, check
    from .session import short
    from .subject import guess_kind, load, one_line

    try:
        known = {short(t): t for t in DTYPES}
        wanted = options.dtypes.split(",")
        for name in wanted:
            if name not in known:
                raise BadInput(f"the type '{name}' is not one of {', '.join(known)}")
        target = load(options.implementation)
        kind = options.kind or guess_kind(options.implementation)
        try:
            subject = Subject(target, kind, form=options.form, device=options.device)
        except RuntimeError as error:  # torch.device
            raise BadInput(f"the device '{options.device}' is unknown: {one_line(error)}") from error
        dtypes = [t for n, t in known.items() if n == "float32" or n in wanted]
        report = check(subject, name=options.implementation, dtypes=dtypes)
    except BadInput as error:
        print(f"nwidth.conformance: {error}", file=sys.stderr)
        return BAD
    except Unavailable as reason:
        if options.json:
            print(json.dumps({"schema": 1, "subject": options.implementation, "skipped": str(reason)}))
        else:
            print(f"{options.implementation} skipped: {reason}")
        return SKIPPED
    print(json.dumps(report.record(), allow_nan=False) if options.json else report.table())
    return PASS if report.conforms else DIFFERS


def main():
    options = arguments()
    sys.path.insert(0, os.getcwd())
    try:
        import torch  # noqa: F401
    except ImportError:
        print("nwidth.conformance: PyTorch is not installed", file=sys.stderr)
        return BAD
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
