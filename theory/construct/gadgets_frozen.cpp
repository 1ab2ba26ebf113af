// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_frozen.hpp"

#include <flint/fmpq_mat.h>

#include <algorithm>

namespace nwidth::construct {
namespace {

std::string text(Rational const& q) { return exact_string(q); }

void require_positive(Rational const& B, char const* name) {
  if (B <= 0) throw InvalidInput(std::string("the bound ") + name + " must be positive, not " + text(B));
}

void require_degree(Frozen const& a, int r, char const* what) {
  if (a.degree() < r)
    throw InvalidInput(std::string(what) + " needs coefficients of degree >= " + std::to_string(r) + ", not " +
                       std::to_string(a.degree()));
}

/// The solution of M x = b, M square and row-major.
std::vector<Rational> solve(std::vector<Rational> const& M, std::vector<Rational> const& b) {
  auto const n = static_cast<slong>(b.size());
  fmpq_mat_t A, B, X;
  fmpq_mat_init(A, n, n);
  fmpq_mat_init(B, n, 1);
  fmpq_mat_init(X, n, 1);
  for (slong i = 0; i < n; ++i) {
    fmpq_set_mpq(fmpq_mat_entry(B, i, 0), b[static_cast<std::size_t>(i)].backend().data());
    for (slong j = 0; j < n; ++j)
      fmpq_set_mpq(fmpq_mat_entry(A, i, j), M[static_cast<std::size_t>(i * n + j)].backend().data());
  }
  bool const regular = fmpq_mat_solve(X, A, B) != 0;
  std::vector<Rational> x(b.size());
  for (slong i = 0; i < n && regular; ++i)
    fmpq_get_mpq(x[static_cast<std::size_t>(i)].backend().data(), fmpq_mat_entry(X, i, 0));
  fmpq_mat_clear(A);
  fmpq_mat_clear(B);
  fmpq_mat_clear(X);
  if (!regular) throw InvalidInput("the system of a gadget is singular");  // excluded by the lemmas' conditions
  return x;
}

/// -a_1/(2 a_2) where r = 2 and that is positive, else 0.
Rational vertex(Frozen const& a) {
  if (a.degree() != 2) return 0;
  Rational const b = -a.coefficient(1) / (2 * a.coefficient(2));
  return b > 0 ? b : Rational(0);
}

}  // namespace

Frozen Frozen::unit(int k) {
  if (k < 1) throw InvalidInput("a power of relu needs k >= 1, not " + std::to_string(k));
  std::vector<Rational> a(static_cast<std::size_t>(k) + 1);
  a.back() = 1;
  return {a};
}

int Frozen::degree() const {
  int r = static_cast<int>(a.size()) - 1;
  while (r > 0 && a[static_cast<std::size_t>(r)] == 0) --r;
  return std::max(r, 0);
}

Rational Frozen::coefficient(int i) const {
  return static_cast<std::size_t>(i) < a.size() ? a[static_cast<std::size_t>(i)] : Rational(0);
}

Rational Frozen::taylor(Rational const& t, int k) const {
  Rational p = 0;
  for (int i = degree(); i >= k; --i) {
    Rational binomial = 1;
    for (int j = 1; j <= k; ++j) binomial = binomial * (i - k + j) / j;
    p = p * t + binomial * coefficient(i);
  }
  return p;
}

Rational Frozen::operator()(Rational const& t) const { return taylor(t, 0); }

Activation activation(Frozen const& a) { return Activation::polyrelu(a.a); }

Scales scales(Frozen const& a, int k) {
  if (k < 1 || a.coefficient(k) == 0)
    throw InvalidInput("relu(t)^" + std::to_string(k) + " by scales needs a_" + std::to_string(k) + " != 0");
  std::vector<int> powers;
  for (int i = 1; i <= a.degree(); ++i)
    if (a.coefficient(i) != 0) powers.push_back(i);
  Scales result;
  for (std::size_t j = 1; j <= powers.size(); ++j) result.s.emplace_back(static_cast<long>(j));
  std::vector<Rational> M, b;
  for (int i : powers) {
    for (Rational const& s : result.s) M.push_back(power(s, static_cast<unsigned>(i)) * a.coefficient(i));
    b.emplace_back(i == k ? 1 : 0);
  }
  result.v = solve(M, b);
  for (Rational const& v : result.v) result.constant -= v * a.coefficient(0);
  return result;
}

Shifts shifts(Frozen const& a, std::vector<Rational> const& c, Rational const& B) {
  require_positive(B, "B");
  int const r = a.degree();
  require_degree(a, std::max(1, Frozen{c}.degree()), "a polynomial by shifts");
  Shifts result;
  for (int j = 1; j <= r; ++j) result.b.push_back(j * B);
  std::vector<Rational> M, right;
  for (int k = 1; k <= r; ++k) {
    for (Rational const& b : result.b) M.push_back(a.taylor(b, k));
    right.push_back(Frozen{c}.coefficient(k));
  }
  result.v = solve(M, right);
  result.constant = Frozen{c}.coefficient(0);
  for (std::size_t j = 0; j < result.v.size(); ++j) result.constant -= result.v[j] * a(result.b[j]);
  return result;
}

Form relu_power_in(Wiring& w, Frozen const& a, Form const& t, int k) {
  Scales const S = scales(a, k);
  Form sum = S.constant;
  for (std::size_t j = 0; j < S.s.size(); ++j)
    if (S.v[j] != 0) sum += S.v[j] * w.neuron(S.s[j] * t);
  return sum;
}

Form polynomial_in(Wiring& w, Frozen const& a, Form const& x, std::vector<Rational> const& c, Rational const& B) {
  Shifts const T = shifts(a, c, B);
  Form sum = T.constant;
  for (std::size_t j = 0; j < T.b.size(); ++j)
    if (T.v[j] != 0) sum += T.v[j] * w.neuron(x + T.b[j]);
  return sum;
}

Form carry_in(Wiring& w, Frozen const& a, Form const& x, Rational const& B) {
  require_positive(B, "B");
  require_degree(a, 1, "carrying x");
  int const r = a.degree();
  if (r == 2) {
    // P(b1 + x) - P(b2 + x) is affine; b1 at the vertex where that is allowed, so that a square of x shares the neuron
    Rational const b1 = std::max(B, vertex(a)), b2 = b1 + B, slope = 2 * a.a[2] * (b1 - b2);
    Form const h1 = w.neuron(x + b1), h2 = w.neuron(x + b2);
    return (h1 - h2 - (a(b1) - a(b2))) / slope;
  }
  if (r == 3) {
    // P(t) = a_3 z^3 + kappa z + const with z = t + c0: the cubes of z and 2z cancel
    Rational const c0 = a.a[2] / (3 * a.a[3]), kappa = a.a[1] - a.a[2] * c0;
    if (kappa != 0) {
      Rational const b1 = std::max(B, Rational(B - c0 / 2)), b2 = 2 * b1 + c0, slope = kappa * Rational(3, 4);
      Form const h1 = w.neuron(x + b1), h2 = w.neuron(2 * x + b2);
      return (h1 - h2 / 8 - (a(b1) - a(b2) / 8)) / slope;
    }
  }
  return polynomial_in(w, a, x, {0, 1}, B);
}

Form square_in(Wiring& w, Frozen const& a, Form const& x, Rational const& B) {
  require_positive(B, "B");
  require_degree(a, 2, "a square");
  int const r = a.degree();
  if (r > 3) return polynomial_in(w, a, x, {0, 0, 1}, B);
  if (Rational const b = vertex(a); b > 0) {
    Rational const s = b / B;
    return (w.neuron(s * x + b) - a(b)) / (a.a[2] * s * s);
  }
  // P(b + x) + P(b - x) - 2 P(b) = 2 sigma x^2
  Rational b = B, sigma = a.taylor(b, 2);
  if (sigma == 0) b = 2 * B, sigma = a.taylor(b, 2);  // r = 3: sigma is affine in b
  Form const right = w.neuron(b + x), left = w.neuron(b - x);
  return (right + left - 2 * a(b)) / (2 * sigma);
}

Form product_in(Wiring& w, Frozen const& a, Form const& x, Form const& y, Rational const& R) {
  require_positive(R, "R");
  require_degree(a, 2, "a product");
  if (a.degree() == 2 && vertex(a) == 0) {
    Rational const b = R;
    Form const both = w.neuron(b + x + y), first = w.neuron(b + x), second = w.neuron(b + y);
    return (both - first - second + a(b)) / (2 * a.a[2]);
  }
  Form const sum = square_in(w, a, x + y, R), difference = square_in(w, a, x - y, R);
  return (sum - difference) / 4;
}

Form product_nonnegative_in(Wiring& w, Frozen const& a, Form const& x, Form const& y) {
  Form const both = relu_power_in(w, a, x + y, 2), first = relu_power_in(w, a, x, 2),
             second = relu_power_in(w, a, y, 2);
  return (both - first - second) / 2;
}

}  // namespace nwidth::construct
