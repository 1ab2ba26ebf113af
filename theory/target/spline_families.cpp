// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>

#include "theory/number/error.hpp"
#include "theory/target/families.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::target {
namespace {

/// The perfect spline s with s^(n) = sign on the piece that holds 0, a change of sign at each knot, and s^(j)(0) = 0
/// for j < n: truncated powers to either side of 0. Knots ascending, not 0.
struct PerfectSpline {
  int n;
  int sign;
  std::vector<Rational> knots;

  struct Term {  // weight * relu(slope x + shift)^n
    int slope;
    Rational shift, weight;
  };
  std::vector<Term> terms() const {
    Rational const unit = Rational(sign) / factorial(n);
    int const mirror = n % 2 == 0 ? 1 : -1;  // x^n = mirror (-x)^n
    auto const right = std::upper_bound(knots.begin(), knots.end(), Rational(0));
    auto left = std::make_reverse_iterator(right);
    bool const at_zero = left != knots.rend() && *left == 0;
    std::vector<Term> r{{1, 0, unit}, {-1, 0, at_zero ? Rational(-unit * mirror) : Rational(unit * mirror)}};
    int turn = -2;
    for (auto k = right; k != knots.end(); ++k, turn = -turn) r.push_back({1, -*k, turn * unit});
    turn = at_zero ? 2 : -2;
    if (at_zero) ++left;
    for (; left != knots.rend(); ++left, turn = -turn) r.push_back({-1, *left, turn * unit * mirror});
    return r;
  }

  /// s^(j)(x)/j!, j <= n, to the right of x
  std::vector<Rational> taylor(Rational const& x) const {
    std::vector<Rational> c(static_cast<std::size_t>(n) + 1, 0);
    for (Term const& t : terms()) {
      Rational const u = t.slope * x + t.shift;
      if (u < 0 || (u == 0 && t.slope < 0)) continue;
      Rational value = t.weight * (n % 2 == 0 || t.slope > 0 ? 1 : -1), binomial = 1;  // of slope^n u^0, downwards
      for (int j = n; j >= 0; --j) {
        c[static_cast<std::size_t>(j)] += value * binomial;
        value *= t.slope * u;
        binomial = binomial * j / (n - j + 1);
      }
    }
    return c;
  }
};

Network truncated_powers(PerfectSpline const& s) {
  std::vector<PerfectSpline::Term> const terms = s.terms();
  std::vector<Entry> in, out;
  std::vector<Rational> bias;
  for (int i = 0; i < static_cast<int>(terms.size()); ++i) {
    auto const& t = terms[static_cast<std::size_t>(i)];
    in.push_back({i, 0, t.slope});
    out.push_back({0, i, t.weight});
    bias.push_back(t.shift);
  }
  int const width = static_cast<int>(terms.size());
  return Network(1, {{SparseMatrix(width, 1, std::move(in)), std::move(bias), Activation::relu_power(s.n)},
                     {SparseMatrix(1, width, std::move(out)), {0}, Activation::identity()}});
}

/// The same plus the polynomial sum_j a_j (x+1)^j, for x >= -1: one more neuron, and a coefficient vector for each.
Network with_polynomial(PerfectSpline const& s, std::vector<Rational> const& a) {
  Network const net = truncated_powers(s);
  Layer hidden = net.layers()[0], out = net.layers()[1];
  int const width = hidden.weights.rows();
  std::vector<Entry> in = hidden.weights.entries(), sum = out.weights.entries();
  in.push_back({width, 0, 1});
  sum.push_back({0, width, 1});
  hidden.bias.push_back(1);
  std::vector<Rational> monomial(static_cast<std::size_t>(s.n) + 1, 0);
  monomial.back() = 1;
  std::vector<std::vector<Rational>> coefficients(static_cast<std::size_t>(width), monomial);
  coefficients.push_back(a);
  hidden.weights = SparseMatrix(width + 1, 1, std::move(in));
  hidden.activation = Activation::polyrelu_per_neuron(std::move(coefficients));
  out.weights = SparseMatrix(1, width + 1, std::move(sum));
  return Network(1, {hidden, out});
}

/// sum_k binomial(k, j) a_k h^(k-j): the coefficients at a point h further.
std::vector<Rational> shifted(std::vector<Rational> a, Rational const& h) {
  for (std::size_t i = 0; i + 1 < a.size(); ++i)
    for (std::size_t j = a.size() - 1; j-- > i;) a[j] += h * a[j + 1];
  return a;
}

/// max_{j<n} sup_{[-1,1]} |f^(j)| for f = s + sum_j a_j (x+1)^j, from above.
Rational lower_derivatives(PerfectSpline const& s, std::vector<Rational> const& a) {
  std::vector<Rational> ends{-1};
  ends.insert(ends.end(), s.knots.begin(), s.knots.end());
  ends.push_back(1);
  Rational most = 0;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    Rational const h = (ends[i + 1] - ends[i]) / 2, middle = ends[i] + h;
    std::vector<Rational> c = s.taylor(middle);
    std::vector<Rational> const polynomial = shifted(a, middle + 1);
    for (std::size_t j = 0; j < polynomial.size(); ++j) c[j] += polynomial[j];
    for (int j = 0; j < s.n; ++j) {
      Rational bound = 0, scale = factorial(j);  // k!/(k-j)! h^(k-j)
      for (int k = j; k <= s.n; ++k) {
        bound += abs(c[static_cast<std::size_t>(k)]) * scale;
        scale = scale * (k + 1) / (k + 1 - j) * h;
      }
      most = std::max(most, bound);
    }
  }
  return most;
}

/// The polynomial through (x_i, y_i) in powers of (x + 1), by Newton's divided differences.
std::vector<Rational> interpolate(std::vector<Rational> const& x, std::vector<Rational> y) {
  std::size_t const n = x.size();
  for (std::size_t order = 1; order < n; ++order)
    for (std::size_t i = n; i-- > order;) y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
  std::vector<Rational> a(n, 0);
  for (std::size_t i = n; i-- > 0;) {  // a = a (x - x_i) + y_i, in t = x + 1
    for (std::size_t j = n; j-- > 0;) a[j] = (j > 0 ? a[j - 1] : Rational(0)) - (x[i] + 1) * a[j];
    a[0] += y[i];
  }
  return a;
}

}  // namespace

Rational irrational_looking() { return Rational(11863283) * power_of_two(-25); }

Target extremal(Parameters const& p, int n) {
  int const k = static_cast<int>(p.integer("k", 8, 0, 1024));
  PerfectSpline s{n, 1, {}};
  std::vector<Rational> a;
  if (k == 0) {  // T_n / (2^(n-1) n!), in powers of x + 1, without its x^n / n!
    std::vector<Rational> before{1}, now{0, 1};
    for (int i = 1; i < n; ++i) {
      std::vector<Rational> next(now.size() + 1, 0);
      for (std::size_t j = 0; j < now.size(); ++j) next[j + 1] += 2 * now[j];
      for (std::size_t j = 0; j < before.size(); ++j) next[j] -= before[j];
      before = std::exchange(now, next);
    }
    now.back() = 0;
    for (Rational& c : now) c /= factorial(n) * power_of_two(n - 1);
    a = shifted(now, -1);
  } else {
    width::OptimalSpace const space = width::optimal_space(n, n + k);
    s.knots = space.knots;
    std::vector<Rational> x, y;
    for (int i = 0; i < n; ++i) {  // n of the zeros, spread
      Rational const& z = space.nodes[static_cast<std::size_t>(n == 1 ? space.N / 2 : (space.N - 1) * i / (n - 1))];
      x.push_back(z);
      y.push_back(-s.taylor(z)[0]);
    }
    a = interpolate(x, y);
    for (Rational& c : a) c = round_to_dyadic(c, 120);
  }
  Target t;
  t.name = "extremal:n=" + std::to_string(n) + ",k=" + std::to_string(k);
  t.network = with_polynomial(s, a);
  Rational const others = k == 0 ? Rational(1) : lower_derivatives(s, a);
  t.norm = {n, 1, others > 1 ? others : Rational(1), "|f^(n)| = 1, the lower derivatives are bounded piece by piece"};
  return t;
}

Target random_perfect_spline(Parameters const& p, int n) {
  long const seed = p.integer("seed", 1, 0, 9007199254740992);
  int const count = static_cast<int>(p.integer("knots", 8, 0, 1024));
  std::mt19937_64 g(static_cast<std::uint64_t>(seed));
  PerfectSpline s{n, (g() >> 63) != 0 ? 1 : -1, {}};
  while (static_cast<int>(s.knots.size()) < count) {
    // a multiple of 2^-52 in [-1, 1)
    Rational const knot = Rational(static_cast<long>(g() >> 11)) * power_of_two(-52) - 1;
    auto const place = std::lower_bound(s.knots.begin(), s.knots.end(), knot);
    if (knot == -1 || knot == 0 || (place != s.knots.end() && *place == knot)) continue;
    s.knots.insert(place, knot);
  }
  Target t;
  t.name = "random-perfect-spline:n=" + std::to_string(n) + ",seed=" + std::to_string(seed) +
           ",knots=" + std::to_string(count);
  t.network = truncated_powers(s);
  t.norm = {n, 1, 1, "|f^(n)| = 1 and f^(j)(0) = 0 for j < n, so that |f^(j)(x)| <= |x|^(n-j)/(n-j)!"};
  return t;
}

Target kink(Parameters const& p, int n) {
  Rational const c = p.rational("c", irrational_looking());
  if (abs(c) >= 1) p.refuse("c", c, "in (-1, 1)");
  Target t;
  t.name = "kink:n=" + std::to_string(n) + ",c=" + fraction(c);
  t.network = Network(1, {{SparseMatrix(1, 1, {{0, 0, 1}}), {-c}, Activation::relu_power(n)},
                          {SparseMatrix(1, 1, {{0, 0, 1 / factorial(n)}}), {0}, Activation::identity()}});
  Rational norm = 1;  // max_j (1-c)^(n-j)/(n-j)!, at x = 1
  for (int j = 0; j < n; ++j) {
    Rational const value = power(1 - c, static_cast<unsigned>(n - j)) / factorial(n - j);
    if (value > norm) norm = value;
  }
  t.norm = {n, norm, norm, "f^(j) increases to (1-c)^(n-j)/(n-j)! at 1"};
  return t;
}

}  // namespace nwidth::target
