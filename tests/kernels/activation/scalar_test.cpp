// SPDX-License-Identifier: Apache-2.0
/// Vector lanes are a scalar: + - * / and ops<T>, nothing else, and the same bits as one float at a time.
#include "kernels/activation/scalar.hpp"

#include <array>
#include <bit>

#include "kernels/activation/glu.hpp"
#include "kernels/activation/leaky_relu.hpp"
#include "kernels/activation/xielu.hpp"
#include "tests/random.hpp"

namespace {

struct Lanes {
  float v[4];
  explicit Lanes(float x) : v{x, x, x, x} {}
  explicit Lanes(int x) : Lanes(static_cast<float>(x)) {}
  template <class F>
  static Lanes of(F const& f) {
    Lanes r(0);
    for (int i = 0; i < 4; ++i) r.v[i] = f(i);
    return r;
  }
  friend Lanes operator+(Lanes a, Lanes b) {
    return of([&](int i) { return a.v[i] + b.v[i]; });
  }
  friend Lanes operator-(Lanes a, Lanes b) {
    return of([&](int i) { return a.v[i] - b.v[i]; });
  }
  friend Lanes operator*(Lanes a, Lanes b) {
    return of([&](int i) { return a.v[i] * b.v[i]; });
  }
  friend Lanes operator/(Lanes a, Lanes b) {
    return of([&](int i) { return a.v[i] / b.v[i]; });
  }
};

}  // namespace

template <>
struct nwidth::activation::ops<Lanes> {
  using F = nwidth::activation::ops<float>;
  template <class G>
  static Lanes each(Lanes x, G const& g) {
    return Lanes::of([&](int i) { return g(x.v[i]); });
  }
  static Lanes relu(Lanes x) { return each(x, F::relu); }
  static Lanes select(Lanes x, Lanes a, Lanes b) {
    return Lanes::of([&](int i) { return F::select(x.v[i], a.v[i], b.v[i]); });
  }
  static Lanes fma(Lanes a, Lanes b, Lanes c) { return a * b + c; }
  static Lanes ratio(long p, long q) { return Lanes(F::ratio(p, q)); }
  static Lanes exp(Lanes x) { return each(x, F::exp); }
  static Lanes erf(Lanes x) { return each(x, F::erf); }
  static Lanes erfc(Lanes x) { return each(x, F::erfc); }
  static Lanes expm1(Lanes x) { return each(x, F::expm1); }
  static Lanes log1p(Lanes x) { return each(x, F::log1p); }
  static Lanes sqrt(Lanes x) { return each(x, F::sqrt); }
  static Lanes sigmoid(Lanes x) { return each(x, F::sigmoid); }
  static Lanes pi() { return Lanes(F::pi()); }
};

namespace {

using namespace nwidth;

template <class F>
void check_lanes(F const& f) {
  test::for_random(200, [&](std::mt19937_64& g) {
    Lanes const x =
        Lanes::of([&](int) { return static_cast<float>(test::uniform_real(g, -100, 100)) / (1 + g() % 99); });
    Lanes const y = f(x);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(std::bit_cast<int>(y.v[i]), std::bit_cast<int>(f(x.v[i]))) << x.v[i];
  });
}

#define NWIDTH_EACH(expression)                           \
  check_lanes([](auto const& x) {                         \
    using T [[maybe_unused]] = std::decay_t<decltype(x)>; \
    return activation::expression;                        \
  })

TEST(Lanes, AreAScalarToEveryActivation) {
  NWIDTH_EACH(relu(x));
  NWIDTH_EACH(relu_derivative(x));
  NWIDTH_EACH(relu_power(x, 3));
  NWIDTH_EACH(relu_power_derivative(x, 3));
  NWIDTH_EACH(polyrelu(x, std::array<float, 4>{0.5F, 0.25F, -1.F, 3.F}));
  NWIDTH_EACH(polyrelu_derivative(x, std::array<float, 4>{0.5F, 0.25F, -1.F, 3.F}));
  NWIDTH_EACH(leaky_relu(x, T(0.1F)));
  NWIDTH_EACH(leaky_relu_derivative(x, T(0.1F)));
  NWIDTH_EACH(leaky_relu_slope_derivative(x));
  NWIDTH_EACH(sigmoid(x));
  NWIDTH_EACH(sigmoid_derivative(x));
  NWIDTH_EACH(softplus(x));
  NWIDTH_EACH(silu(x));
  NWIDTH_EACH(silu_derivative(x));
  NWIDTH_EACH(gelu(x));
  NWIDTH_EACH(gelu_derivative(x));
  NWIDTH_EACH(gelu_tanh(x));
  NWIDTH_EACH(gelu_tanh_derivative(x));
  NWIDTH_EACH(XIELU<float>::from_stored(0.2F, -0.1F).value(x));
  NWIDTH_EACH(XIELU<float>::from_stored(0.2F, -0.1F).derivative(x));
  NWIDTH_EACH(XIELU<float>::from_stored(0.2F, -0.1F).derivative_n(x));
  NWIDTH_EACH(swiglu_backward(x, T(0.5F), T(2.F)).gate);
  NWIDTH_EACH(geglu_backward(x, T(0.5F), T(2.F)).up);
  NWIDTH_EACH(reglu_backward(x, T(0.5F), T(2.F)).gate);
}

}  // namespace
