// SPDX-License-Identifier: Apache-2.0
/// Each elementwise activation from its formula in a number type Q, with the sizes that its bounds are stated in, its
/// kernels, alone and as a gate, and the sets of coefficients that it is tried with. A further family is one class
/// here and its name in AllFamilies.
#pragma once
#include <numbers>
#include <string>
#include <tuple>

#include "kernels/cpu/gated.hpp"
#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {

inline Real wide_exp(Real const& x) { return activation::ops<Real>::exp(x); }
inline Real wide_expm1(Real const& x) { return activation::ops<Real>::expm1(x); }
inline Real wide_erfc(Real const& x) { return activation::ops<Real>::erfc(x); }
inline Real wide_root(Real const& x) { return activation::ops<Real>::sqrt(x); }
inline double wide_exp(double x) { return std::exp(x); }
inline double wide_expm1(double x) { return std::expm1(x); }
inline double wide_erfc(double x) { return std::erfc(x); }
inline double wide_root(double x) { return std::sqrt(x); }
template <class Q>
Q wide_pi() {
  return activation::ops<Q>::pi();
}

/// f and f' at one point, each with the size and the G of its bound; the derivatives in the coefficients as well.
template <class Q>
struct Formula {
  Q value = 0, size = 0, growth = 0, slope = 0, slope_size = 0, slope_growth = 0;
  Q term[4] = {0, 0, 0, 0}, term_size[4] = {0, 0, 0, 0};
};

/// The bound of a smooth function on elements E.
template <class E>
ErrorBound smooth_bound(ErrorBound b) {
  b.constant += brief_units<E>;
  return b;
}

/// What a family has unless it says otherwise.
struct Family {
  static constexpr int sets = 1;             ///< of coefficients
  static constexpr int sums = 0;             ///< gradients of coefficients
  static constexpr char const* growth = "";  ///< G
  /// The kernels' names; none if empty.
  static constexpr char const *alone = "", *gate = "";
  /// How many of the smallest numbers underflow may cost, and how far above the smallest normal number it does: of the
  /// value, of the slope, each times what g adds; and how many times as many in gates.
  template <class J>
  J room(J x) const {
    return elementwise_tiny * (1 + std::abs(x));
  }
  template <class J>
  J slope_room(J x) const {
    return elementwise_tiny * (1 + std::abs(x));
  }
  template <class J>
  J room_of(J g) const {
    return 1 + std::abs(g);
  }
  static constexpr double gated_room = 1;
  double gradient_bound() const { return 0; }
  /// The documented constants, for people.
  static std::string text(ErrorBound const& b, std::string const& G) {
    std::string t = number(b.constant);
    if (b.growth != 0) t += " + " + number(b.growth) + ' ' + G;
    return t;
  }
  static std::string number(double c) {
    std::string t = std::to_string(c);
    t.erase(t.find_last_not_of('0') + 1);
    if (t.back() == '.') t.pop_back();
    return t;
  }
  /// What multiplies a sum of terms.
  template <class Q>
  Q factor(int) const {
    return 1;
  }
};

/// The calls of `alone` and `gate`; the coefficients with a comma, or nothing.
#define NWIDTH_ALONE(name, ...)                                                                                     \
  static constexpr char const* alone = #name;                                                                       \
  void forward(Rows<E const> x, Rows<E> y, Options const& o) const { name##_forward(__VA_ARGS__ x, y, o); }         \
  void backward(Rows<E const> x, Rows<E const> g, Rows<E> dx, [[maybe_unused]] double* d, Options const& o) const { \
    if constexpr (sums > 0) {                                                                                       \
      name##_backward(__VA_ARGS__ x, g, dx, d, o);                                                                  \
    } else {                                                                                                        \
      name##_backward(__VA_ARGS__ x, g, dx, o);                                                                     \
    }                                                                                                               \
  }
#define NWIDTH_GATE(name, ...)                                                                    \
  static constexpr char const* gate = #name;                                                      \
  void gated_forward(Rows<E const> x, Rows<E const> up, Rows<E> y, Options const& o) const {      \
    name##_forward(__VA_ARGS__ x, up, y, o);                                                      \
  }                                                                                               \
  void gated_backward(Rows<E const> x, Rows<E const> up, Rows<E const> g, Rows<E> dx, Rows<E> du, \
                      [[maybe_unused]] double* d, Options const& o) const {                       \
    if constexpr (sums > 0) {                                                                     \
      name##_backward(__VA_ARGS__ x, up, g, dx, du, d, o);                                        \
    } else {                                                                                      \
      name##_backward(__VA_ARGS__ x, up, g, dx, du, o);                                           \
    }                                                                                             \
  }
#define NWIDTH_COMMA ,

/// Numbers for the sets of coefficients, the same in every run with this seed.
inline std::mt19937_64 generator(int set) { return std::mt19937_64(test::mix(test::mix(test::seed()) + set)); }

template <class E>
struct Gelu : Family {
  static constexpr char const* growth = "x²";
  explicit Gelu(int) {}
  ErrorBound bound() const { return smooth_bound<E>(gelu_bound); }
  ErrorBound slope_bound() const { return smooth_bound<E>(gelu_slope_bound); }
  NWIDTH_ALONE(gelu)
  NWIDTH_GATE(geglu)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    static Q const root = wide_root(Q(2)), unit = wide_root(Q(2 * wide_pi<Q>()));
    Q const Phi = wide_erfc(Q(-x / root)) / 2, xphi = x * wide_exp(Q(-x * x / 2)) / unit;
    Formula<Q> f;
    f.value = x * Phi;
    f.size = size_of(f.value);
    f.slope_growth = x * x;
    if (x < 0) f.growth = f.slope_growth;
    f.slope = Phi + xphi;
    f.slope_size = Phi + size_of(xphi);
    return f;
  }
};

template <class E>
struct GeluTanh : Family {
  static constexpr char const* growth = "\\|w\\|";
  explicit GeluTanh(int) {}
  ErrorBound bound() const { return smooth_bound<E>(gelu_tanh_bound); }
  ErrorBound slope_bound() const { return smooth_bound<E>(gelu_tanh_slope_bound); }
  template <class J>
  J slope_room(J x) const {
    J const w = 2 * std::sqrt(2 / std::numbers::pi_v<J>) * (x + J(44715) / 1000000 * x * x * x);
    return elementwise_tiny * (1 + std::abs(w));
  }
  NWIDTH_ALONE(gelu_tanh)
  NWIDTH_GATE(geglu_tanh)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    static Q const c = 2 * wide_root(Q(2 / wide_pi<Q>())), k = Q(44715) / 1000000;
    Q const w = c * (x + k * x * x * x), rise = c * (1 + 3 * k * x * x);
    Q const p = 1 / (1 + wide_exp(Q(-w))), q = 1 / (1 + wide_exp(w)), turn = q == 0 ? q : Q(x * rise * q);
    Formula<Q> f;
    f.value = x * p;
    f.size = size_of(f.value);
    f.slope_growth = size_of(w);
    if (x < 0) f.growth = f.slope_growth;
    f.slope = p * (1 + turn);
    f.slope_size = p * (1 + size_of(turn));
    return f;
  }
};

template <class E>
struct Silu : Family {
  explicit Silu(int) {}
  ErrorBound bound() const { return smooth_bound<E>(silu_bound); }
  ErrorBound slope_bound() const { return smooth_bound<E>(silu_slope_bound); }
  NWIDTH_ALONE(silu)
  NWIDTH_GATE(swiglu)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Q const p = 1 / (1 + wide_exp(Q(-x))), turn = x / (1 + wide_exp(x));
    Formula<Q> f;
    f.value = x * p;
    f.size = size_of(f.value);
    f.slope = p * (1 + turn);
    f.slope_size = p * (1 + size_of(turn));
    return f;
  }
};

template <class E>
struct Relu : Family {
  explicit Relu(int) {}
  ErrorBound bound() const { return {0}; }
  ErrorBound slope_bound() const { return {0}; }
  NWIDTH_ALONE(relu)
  NWIDTH_GATE(reglu)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f;
    if (x > 0) f.value = f.size = x, f.slope = f.slope_size = 1;
    return f;
  }
};

template <class E>
struct ReluPower : Family {
  static constexpr int sets = 64;
  int k;
  explicit ReluPower(int set) : k(set + 1) {}
  ErrorBound bound() const { return relu_power_bound(k); }
  ErrorBound slope_bound() const { return relu_power_slope_bound(k); }
  template <class J>
  J slope_room(J x) const {
    return k * room(x);
  }
  NWIDTH_ALONE(relu_power, k NWIDTH_COMMA)
  /// As k - 1: the bounds of k = 1 less 1.
  static std::string text(ErrorBound const& b, std::string const&) {
    double const more = b.constant - 1;
    return more < 0 ? "k - " + number(-more) : "k + " + number(more);
  }

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f;
    if (!(x > 0)) return f;
    Q power = 1, square = x;
    for (int i = k - 1; i > 0; i /= 2, square *= square) {
      if (i % 2 == 1) power *= square;
    }
    f.value = f.size = power * x;
    f.slope = f.slope_size = k * power;
    return f;
  }
};

template <class E>
struct LeakyRelu : Family {
  static constexpr int sets = 52;
  double slope;
  explicit LeakyRelu(int set) {
    double const some[] = {0.01, 0, 1, 0.25, -0.5, 0.2, 1e-3, 0x1.fffffep-1, 0x1.000002p0, 3, 1e-40, 1e30};
    std::mt19937_64 r = generator(set);
    slope = set < 12 ? some[set] : std::ldexp(test::uniform_real(r, -1, 1), static_cast<int>(test::uniform(r, -12, 3)));
  }
  ErrorBound bound() const { return leaky_relu_bound; }
  ErrorBound slope_bound() const { return leaky_relu_bound; }
  NWIDTH_ALONE(leaky_relu, slope NWIDTH_COMMA)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f;
    f.slope = x > 0 ? Q(1) : Q(rounded<E>(slope));
    f.value = x * f.slope;
    f.size = size_of(f.value);
    f.slope_size = size_of(f.slope);
    return f;
  }
};

template <class E>
struct Prelu : LeakyRelu<E> {
  static constexpr int sums = 1;
  using LeakyRelu<E>::LeakyRelu;
  double gradient_bound() const { return prelu_gradient_bound<E>; }
  NWIDTH_ALONE(prelu, this->slope NWIDTH_COMMA)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f = LeakyRelu<E>::template at<Q>(x);
    if (x < 0) f.term[0] = x, f.term_size[0] = -x;
    return f;
  }
};

template <class E>
struct Xielu : Family {
  static constexpr int sets = 52, sums = 2;
  XieluCoefficients c;
  double p, n, beta, eps;
  explicit Xielu(int set) {
    std::mt19937_64 r = generator(set);
    c = {test::uniform_real(r, -4, 4), test::uniform_real(r, -4, 4)};
    if (set == 0) c = {0.8, 0.3};
    if (set == 1) c = {-200, -200};
    if (set == 2) c = {30, 30};
    if (set % 4 == 3) c.beta = test::uniform_real(r, 0, 2);
    if (set % 8 == 5) c.eps = 0;
    if (set % 8 == 6) c.eps = -std::ldexp(test::uniform01(r), static_cast<int>(test::uniform(r, -20, -2)));
    p = rounded<E>(std::log1p(std::exp(c.alpha_p))), n = rounded<E>(c.beta + std::log1p(std::exp(c.alpha_n)));
    beta = rounded<E>(c.beta), eps = rounded<E>(c.eps);
  }
  ErrorBound bound() const { return smooth_bound<E>(xielu_bound); }
  ErrorBound slope_bound() const { return smooth_bound<E>(xielu_slope_bound); }
  double gradient_bound() const { return xielu_gradient_bound<E>; }
  template <class Q>
  Q factor(int i) const {
    return 1 / (1 + wide_exp(Q(i == 0 ? -c.alpha_p : -c.alpha_n)));
  }
  NWIDTH_ALONE(xielu, c NWIDTH_COMMA)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f;
    if (x > 0) {
      f.term[0] = f.term_size[0] = x * x;
      f.value = p * f.term[0] + beta * x;
      f.size = p * f.term[0] + std::abs(beta) * x;
      f.slope = 2 * p * x + beta;
      f.slope_size = 2 * p * x + std::abs(beta);
    } else {
      Q const m = wide_expm1(x < eps ? x : Q(eps));
      f.value = n * m + (Q(beta) - n) * x;
      f.size = size_of(Q(n * m)) + size_of(Q((Q(beta) - n) * x));
      f.slope = n * m + beta;
      f.slope_size = size_of(Q(n * m)) + std::abs(beta);
      f.term[1] = m - x;
      f.term_size[1] = size_of(x) + std::abs(eps);
    }
    return f;
  }
};

/// The classic ones, single terms, mixed signs, huge, tiny, subnormal, then random.
inline Coefficients poly_set(int set) {
  static Coefficients const some[] = {{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0},
                                      {{-0.4, 1.3, -0.7}, 0.1},
                                      {{0, 0, 1}, 0},
                                      {{1, 0, 0}, 0},
                                      {{0, 1, 0}, 0},
                                      {{0, 0, 0}, 1},
                                      {{0, 0, 0}, 0},
                                      {{1, -2, 1}, 0},
                                      {{0.5, -1.5, 1}, -0.0625},
                                      {{0.5, -0.5, 0.125}, -0.25},
                                      {{1e20, 1e10, 1}, 1e-10},
                                      {{1e-8, 3e4, -2e-5}, 1e-3},
                                      {{1e-30, 1e-20, 1e-10}, 1e-38},
                                      {{1e-40, -1e-41, 1e-39}, 1e-42},
                                      {{0.33333333, -0.25, 0.125}, -1e-7},
                                      {{1e-42, 0, 0}, 0},
                                      {{0x1.fffffep0, 0x1.000002p0, -0x1.fffffep-1}, 0x1.000002p-5}};
  if (set < 17) return some[set];
  std::mt19937_64 r = generator(set);
  double const scale = std::ldexp(1.0, static_cast<int>(test::uniform(r, -12, 6)));
  return {{test::uniform_real(r, -scale, scale), test::uniform_real(r, -2, 2), test::uniform_real(r, -2, 2)},
          test::coin(r) ? 0 : test::uniform_real(r, -1, 1)};
}

template <class E>
struct PolyRelu : Family {
  static constexpr int sets = 52, sums = 4;
  Coefficients c;
  double a[4];
  explicit PolyRelu(int set) : c(poly_set(set)) {
    for (int i = 0; i < 4; ++i) a[i] = rounded<E>(i == 0 ? c.bias : c.w[3 - i]);
  }
  ErrorBound bound() const { return {polyrelu_bound}; }
  ErrorBound slope_bound() const { return {polyrelu_slope_bound}; }
  double gradient_bound() const { return polyrelu_gradient_bound<E>; }
  template <class J>
  J room(J x) const {
    return polyrelu_tiny * std::max(J(1), x) * std::max(J(1), x);
  }
  template <class J>
  J slope_room(J x) const {
    return room(x);
  }
  template <class J>
  J room_of(J g) const {
    return std::max(J(1), std::abs(g));
  }
  static constexpr double gated_room = elementwise_tiny / polyrelu_tiny;
  NWIDTH_ALONE(polyrelu, c NWIDTH_COMMA)
  NWIDTH_GATE(polyrelu_glu, c NWIDTH_COMMA)

  template <class Q>
  Formula<Q> at(Q const& x) const {
    Formula<Q> f;
    Q const u = x > 0 ? x : Q(0);
    Q power = 1;
    for (int k = 0; k < 4; ++k) {
      f.value += a[k] * power;
      f.size += std::abs(a[k]) * power;
      f.term[3 - k] = f.term_size[3 - k] = power;
      if (k < 3 && x > 0) {
        f.slope += (k + 1) * (a[k + 1] * power);
        f.slope_size += (k + 1) * (std::abs(a[k + 1]) * power);
      }
      power *= u;
    }
    return f;
  }
};

template <class E>
using AllFamilies =
    std::tuple<Gelu<E>, GeluTanh<E>, Silu<E>, Relu<E>, ReluPower<E>, LeakyRelu<E>, Prelu<E>, Xielu<E>, PolyRelu<E>>;

}  // namespace nwidth::kernels::cpu
