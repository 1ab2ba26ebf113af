// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/glu.hpp"

#include <array>

#include "kernels/activation/polynorm_glu.hpp"
#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using J = ceres::Jet<double, 2>;  // gate, up

/// Value against activation times up, gradients against Jets and against exact differences in Real.
template <class Value, class Backward, class Activation>
void check_glu(Value const& value, Backward const& backward, Activation const& activation) {
  for_random(300, [&](std::mt19937_64& g) {
    double const gate = test::point_in(g, -12, 12), up = test::uniform_real(g, -5, 5);
    double const arriving = test::uniform_real(g, -2, 2);
    EXPECT_EQ(value(gate, up), activation(gate) * up);
    J const y = value(J(gate, 0), J(up, 1));
    auto const d = backward(gate, up, arriving);
    EXPECT_NEAR(d.gate, arriving * y.v[0], 1e-11 * (1 + std::fabs(d.gate)));
    EXPECT_NEAR(d.up, arriving * y.v[1], 1e-11 * (1 + std::fabs(d.up)));
    Real const G(gate), U(up), A(arriving), h("1e-22");
    auto const exact_d = backward(G, U, A);
    Real const in_up = A * (value(G, Real(U + h)) - value(G, Real(U - h))) / (2 * h);
    EXPECT_TRUE(test::magnitude(exact_d.up - in_up) <= Real("1e-40") * (1 + test::magnitude(in_up)));
    if (gate == 0) return;
    Real const in_gate = A * (value(Real(G + h), U) - value(Real(G - h), U)) / (2 * h);
    EXPECT_TRUE(test::magnitude(exact_d.gate - in_gate) <= Real("1e-37") * (1 + test::magnitude(in_gate)));
    Ball const ball = value(Ball(gate), Ball(up));
    EXPECT_TRUE(ball.contains(exact(value(G, U))));
  });
  EXPECT_TRUE(std::isnan(value(std::nan(""), 1.0)));
  EXPECT_TRUE(std::isnan(value(1.0, std::nan(""))));
  EXPECT_EQ(value(-HUGE_VAL, 3.0), activation(-HUGE_VAL) * 3);
  EXPECT_TRUE(std::isnan(backward(std::nan(""), 1.0, 1.0).gate));
}

#define NWIDTH_GLU(name)                                                       \
  [](auto const& gate, auto const& up) { return activation::name(gate, up); }, \
      [](auto const& gate, auto const& up, auto const& g) { return activation::name##_backward(gate, up, g); }

TEST(Glu, ReGlu) {
  check_glu(NWIDTH_GLU(reglu), [](auto const& x) { return activation::relu(x); });
  EXPECT_EQ(activation::reglu_backward(0.0, 3.0, 2.0).gate, 0);  // H(0) = 0
  EXPECT_EQ(activation::reglu(Rational(3), Rational(5)), 15);
}
TEST(Glu, SwiGlu) {
  check_glu(NWIDTH_GLU(swiglu), [](auto const& x) { return activation::silu(x); });
}
TEST(Glu, GeGlu) {
  check_glu(NWIDTH_GLU(geglu), [](auto const& x) { return activation::gelu(x); });
}
TEST(Glu, GeGluTanh) {
  check_glu(NWIDTH_GLU(geglu_tanh), [](auto const& x) { return activation::gelu_tanh(x); });
}

template <class T>
struct Coefficients {
  T a[4] = {T(0.125), T(-0.75), T(0.3125), T(0.4375)};
  std::size_t size() const { return 4; }
  T const& operator[](int i) const { return a[i]; }
};

TEST(Glu, PolyReluGlu) {
  check_glu(
      [](auto const& gate, auto const& up) {
        return activation::polyrelu_glu(gate, up, Coefficients<std::decay_t<decltype(gate)>>());
      },
      [](auto const& gate, auto const& up, auto const& g) {
        using T = std::decay_t<decltype(gate)>;
        T s[4] = {T(0), T(0), T(0), T(0)};
        return activation::polyrelu_glu_backward(gate, up, g, Coefficients<T>().a, s);
      },
      [](auto const& x) { return activation::polyrelu(x, Coefficients<std::decay_t<decltype(x)>>()); });
  for_random(200, [](std::mt19937_64& g) {  // in the coefficients
    using K = ceres::Jet<double, 4>;
    double const gate = test::point_in(g, -6, 6), up = test::uniform_real(g, -5, 5);
    double const arriving = test::uniform_real(g, -2, 2);
    Coefficients<double> const a;
    Coefficients<K> jets;
    for (int i = 0; i < 4; ++i) jets.a[i] = K(a.a[i], i);
    double s[4] = {};
    activation::polyrelu_glu_backward(gate, up, arriving, a.a, s);
    K const y = activation::polyrelu_glu(K(gate), K(up), jets);
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(s[i], arriving * y.v[i], 1e-11 * (1 + std::fabs(s[i])));
  });
}

/// A row through PolyNormGLU: sum_j g_j y_j, and the gradients.
template <class T>
T row(activation::PolyNormGLU<T> const& f, std::vector<T> const& gate, std::vector<T> const& up,
      std::vector<T> const& g) {
  using O = activation::ops<T>;
  T m[3] = {T(0), T(0), T(0)};
  for (T const& x : gate) activation::PolyNorm<T>::moments(x, m);
  auto const r = f.norm.forward(m, T(static_cast<double>(gate.size())), [](T const& v) { return T(1) / O::sqrt(v); });
  T sum(0);
  for (std::size_t j = 0; j < gate.size(); ++j) sum = sum + g[j] * f.value(gate[j], up[j], r);
  return sum;
}

TEST(Glu, PolyNormGlu) {
  constexpr int n = 5;
  using K = ceres::Jet<double, 2 * n + 4>;  // gates, ups, w, b
  for_random(100, [](std::mt19937_64& random) {
    std::vector<double> gate, up, g;
    std::vector<K> gates, ups, gs;
    for (int j = 0; j < n; ++j) {
      gate.push_back(test::uniform_real(random, -3, 3));
      up.push_back(test::uniform_real(random, -3, 3));
      g.push_back(test::uniform_real(random, -1, 1));
      gates.emplace_back(gate.back(), j);
      ups.emplace_back(up.back(), n + j);
      gs.emplace_back(g.back());
    }
    activation::PolyNormGLU<double> const f{{{0.5, -0.25, 0.75}, 0.125, 1e-6}, 0.5};
    activation::PolyNormGLU<K> const h{
        {{K(0.5, 2 * n), K(-0.25, 2 * n + 1), K(0.75, 2 * n + 2)}, K(0.125, 2 * n + 3), K(1e-6)}, K(0.5)};
    auto const rsqrt = [](double v) { return 1 / std::sqrt(v); };
    double m[7] = {};
    for (std::size_t j = 0; j < n; ++j) activation::PolyNorm<double>::moments(gate[j], f.arriving(up[j], g[j]), m);
    auto const forward = f.norm.forward(m, double{n}, rsqrt);
    auto const backward = f.norm.backward(m, double{n}, rsqrt);
    K const y = row(h, gates, ups, gs);
    EXPECT_NEAR(y.a, row(f, gate, up, g), 1e-13);
    for (int j = 0; j < n; ++j) {
      auto const i = static_cast<std::size_t>(j);
      auto const d = f.gradient(gate[i], up[i], g[i], forward, backward);
      EXPECT_NEAR(d.gate, y.v[j], 1e-11 * (1 + std::fabs(d.gate)));
      EXPECT_NEAR(d.up, y.v[n + j], 1e-11 * (1 + std::fabs(d.up)));
    }
    for (int q = 0; q < 4; ++q) EXPECT_NEAR(backward.d[q], y.v[2 * n + q], 1e-11 * (1 + std::fabs(y.v[2 * n + q])));
  });
}

}  // namespace
