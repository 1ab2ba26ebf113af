// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/help.hpp"

namespace nwidth::program::help {

char const* const program =
    "nwidth: networks that approximate functions, with proved enclosures of their error, against the limits that no\n"
    "method can pass. Everything is exact or enclosed: a printed bound is a theorem.";

char const* const program_footer = R"~(Examples:
  nwidth widths --n 3 --N 16
  nwidth construct optimal-spline --target "exp(x)*sin(4*x)" --n 4 --N 12 --out net.json
  nwidth fit --target "exp(x)*sin(4*x)" --activation relu2 --knots 12 --out fitted.json
  nwidth certify --network net.json --target "exp(x)*sin(4*x)"
  nwidth class --method two-level --n 2 --N1 8 --N2 20
  nwidth rates --out results/rates

Numbers are exact: 0.1 means 1/10; fractions like 1/3 and hexadecimal floats like 0x1.8p-1 are fine.

Exit codes: 0 done; 2 bad input or a file that cannot be read or written (one line on stderr says what is allowed,
and nothing is written half); 3 not proved to the tolerance asked (what was proved is printed).)~";

char const* const methods = "optimal-spline, two-level, local-taylor, yarotsky-relu or log-free-relu";

char const* const rates =
    "Error against size, each point a proved enclosure: every construction with the limit lines, and fitted networks "
    "with\n"
    "proved lower bounds beside what Adam and Levenberg-Marquardt in the raw weights make of them. Writes "
    "records.jsonl "
    "(one\n"
    "line per point), table.csv, table.md, fits.csv, run.json and the figures rates and fits as .svg, .pdf and .png "
    "(by\n"
    "python3 with matplotlib) into the folder. Stop it at any moment and run it again: finished records are kept, "
    "nothing is\n"
    "computed twice.";
char const* const rates_footer = R"~(Examples:
  nwidth rates                                     the built-in run, about 1 minute on two cores
  nwidth rates --print-config > my.toml            a file to change
  nwidth rates my.toml --out results/mine --threads 4
  python3 experiments/plot/rates.py results/rates/records.jsonl --out results/rates  draw again
  python3 experiments/plot/fits.py results/rates/records.jsonl --out results/rates   the fits

A record counts as finished if its key (all parameters) and the commit of the program are the same. Records of another
configuration or commit stay in the file; tables and figures show those of the last run.
The records do not depend on the number of threads. One run at a time per folder.

Fits ([fits] in the file) are drawn against segments, kinks + 1. Their exponents p are intervals: all p for which C N^-p
(or C (N + s)^-p) meets every enclosure, widened by exp(+-1/(20 N)); "none" is proved as well. Fits that did not converge
are in the records with their status, drawn open, and in no slope of the networks. In two variables errors are by
quadrature: not proved, and said so.

Exit codes: 0 done; 2 bad input or files; 3 some points not proved (they are in the records with the reason).)~";

char const* const construct =
    "Builds a network that approximates the target on [-1,1], certifies its error and writes it with exact weights.";
char const* const construct_footer = R"~(Methods and their parameters:
  optimal-spline   --N        one hidden layer, attains the n-width (n = 1..6)
  two-level        --N1 --N2 [--overlap]            size (1+o(1)) N with N = N1 N2 (n = 1..4)
  local-taylor     --N        partition of unity times Taylor polynomials (n = 1..4)
  yarotsky-relu    --N --levels                     the same with ReLU only (n = 1..4)
  log-free-relu    --N1 --N2 --levels [--overlap]   two-level with ReLU only (n = 1..4)
or --eps instead: the smallest whose error over the whole class |f^(n)| <= 1 is at most that (a proof for the first
three, an estimate for the ReLU methods, whose error for this target is then proved).

Examples:
  nwidth construct optimal-spline --target "sin(8*x)" --n 3 --N 16 --out net.json
  nwidth construct two-level --target "1/(1+25*x^2)" --n 4 --N1 8 --N2 12 --out net.json
  nwidth construct local-taylor --target "sin(x)" --n 2 --eps 1e-3 --out net.json --json
  nwidth construct yarotsky-relu --target "exp(x)" --n 2 --N 8 --levels 6 --out net.json

Exit codes: 0 done; 2 bad input, no file written; 3 the enclosure did not reach --rel, or the error is not proved to be
at most --eps (the network is written).)~";

char const* const fit =
    "Fits a network of one hidden layer to a target or to samples, all knots free; writes it with its weights rounded\n"
    "to doubles; certifies the error of that network; and proves below which error no network of this kind can go.";
char const* const fit_footer = R"~(Activations, and the neurons that n knots need:
  relu             n + 1   continuous, piecewise linear
  relu2            n + 2   C^1, quadratic
  relu3            n + 3   C^2, cubic
  polyrelu         n + 1   continuous, cubic: PolyReLU of degree 3 with coefficients of its own for each neuron
  polyrelu-shared  n + 3   the same with one coefficient vector for the layer, L2 norm only, no lower bound

The lower bound holds for every function with as many knots: kind A (segments; also discontinuous ones), B (alternation)
or C (blocks; both for relu, relu2, relu3). "all networks" compares with every network of as many neurons, each of which
could be a knot.
Status: converged or flat are fits; knot collapse, rank deficient, no alternation, below precision and max iterations say
what is wrong (the network is written and certified all the same).

Samples: decimal x,y or x,y,weight on each line; names in the first line, # comments and any order are fine. A weight w
means a variance of sigma^2/w. Knots and B-spline coefficients come with standard errors, residuals with their norms;
nothing is certified, since samples are no function.
Formats: json is exact; onnx and safetensors hold doubles, and the answer says how many numbers they rounded.

Examples:
  nwidth fit --target "exp(x)" --activation relu2 --knots 16 --out net.json
  nwidth fit --target "1/(1+25*x^2)" --activation polyrelu --width 9 --out net.onnx --figure runge
  nwidth fit --target "sqrt(x)" --activation relu --knots 15 --domain 0,1 --out net.json --json
  nwidth fit --target "sin(4*pi*x)" --activation relu3 --knots 24 --norm l2 --out net.json
  nwidth fit --samples data.csv --loss huber --activation relu2 --knots 5 --out net.safetensors

Exit codes: 0 done; 2 bad input, no file written; 3 the enclosure did not reach --rel, or the fit did not converge and is
not proved to be within 20 % of the best.)~";

char const* const certify =
    "A rigorous enclosure of the largest error |target - network| over the domain, or of its L2 norm: of the real "
    "function\n"
    "of the network, with its weights taken as exact numbers; or, with --evaluated-in, of the network as a machine\n"
    "computes it.";
char const* const certify_footer = R"~(Examples:
  nwidth certify --network net.json --target "exp(x)*sin(4*x)"
  nwidth certify --network net.json --target "sqrt(x)" --domain 0,1 --rel 1e-9 --json
  nwidth certify --network net.json --target plane-wave:n=2,w=8 --domain -1/2,0.25
  nwidth certify --network net.json --target "exp(x)" --norm l2
  nwidth certify --network net.json --target "exp(x)" --evaluated-in float32

--evaluated-in rounds the weights to the format and encloses the error at the numbers of the format: that of the rounded
network, and a proved bound of rounding, whatever the order of sums and whether products and sums are fused. The last two
names are bfloat16 weights with float32 arithmetic, and the same with what passes between layers rounded to bfloat16.

Targets: a name from `nwidth targets` or an expression in x with + - * / ^, exp log sin cos tan sinh cosh tanh atan sqrt abs
min max relu and pi.

Exit codes: 0 proved to --rel; 2 bad input; 3 not proved to --rel (the bounds printed hold; "inf" if there is none).)~";

char const* const class_ =
    "The class certificate: the largest error of a linear construction over all f with |f^(n)| <= 1 on [-1,1], "
    "enclosed,\n"
    "and its ratio to the n-width d_N, below which no N-dimensional linear method can go.";
char const* const class_footer = R"~(Examples:
  nwidth class --method optimal-spline --n 3 --N 16
  nwidth class --method two-level --n 2 --N1 8 --N2 20 --json
  nwidth class --method local-taylor --n 2 --N 32

Exit codes: 0 proved to --rel; 2 bad input; 3 not proved to --rel.)~";

char const* const widths =
    "The Kolmogorov n-width d_N of {|f^(n)| <= 1} in C[-1,1]: no linear method with N degrees of freedom has a "
    "smaller\n"
    "error. With it the perfect spline whose norm it is: knots, zeros (where the optimal method samples) and extrema.";
char const* const widths_footer =
    R"~(Ranges: n = 1..6; N = n..1000000. The spline is proved and printed up to N = 128; beyond, the value to 9 digits.

Examples:
  nwidth widths --n 2 --N 10
  nwidth widths --n 4 --N 16 --digits 40 --json
  nwidth widths --n 4 --N 5000

Exit codes: 0 proved; 2 bad input; 3 not proved to --digits.)~";

char const* const targets = "The named functions of the test set: parameters, Sobolev norm, formula.";
char const* const targets_footer = R"~(Examples:
  nwidth targets
  nwidth targets --json

A target is NAME or NAME:key=value,key=value, or any expression in x.

Exit codes: 0 done; 2 bad input.)~";

char const* const version = "The commit, compiler, flags, libraries and machine that go into each record.";
char const* const version_footer = R"~(Examples:
  nwidth version
  nwidth version --json

Exit codes: 0 done; 2 bad input.)~";

}  // namespace nwidth::program::help
