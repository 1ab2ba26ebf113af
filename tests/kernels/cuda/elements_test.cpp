// SPDX-License-Identifier: Apache-2.0
// Activations of one element and gated units, run on the host: against the same formulas in double, whose own errors
// tests/kernels/activation bounds.
#include <gtest/gtest.h>

#include <limits>

#include "kernels/activation/gelu.hpp"
#include "kernels/activation/glu.hpp"
#include "kernels/activation/leaky_relu.hpp"
#include "kernels/activation/silu.hpp"
#include "kernels/activation/xielu.hpp"
#include "tests/kernels/cuda/check.hpp"
#include "tests/kernels/cuda/host_grid.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cuda {
namespace {

Activation const activations[] = {Activation::relu, Activation::relu_power, Activation::leaky_relu, Activation::prelu,
                                  Activation::gelu, Activation::gelu_tanh,  Activation::silu,       Activation::xielu};
Gate const gates[] = {Gate::relu, Gate::gelu, Gate::gelu_tanh, Gate::silu, Gate::polyrelu};

/// A value, the sum of its absolute terms, and what arrives at each coefficient for g = 1.
struct Truth {
  double y, y_size, slope, slope_size, coefficient[4] = {};
};

Truth truth_of(Activation f, Parameters const& p, double x) {
  double const one = 1, a = p.learned != nullptr ? static_cast<double>(p.learned[0]) : static_cast<double>(p.slope);
  switch (f) {
    case Activation::relu: return {std::max(x, 0.), std::abs(x), x > 0 ? one : 0, one};
    case Activation::relu_power: {
      double const y = std::pow(std::max(x, 0.), p.power);
      double const slope = x > 0 ? p.power * std::pow(x, p.power - 1) : 0;
      return {y, y, slope, slope};
    }
    case Activation::leaky_relu:
    case Activation::prelu:
      return {x > 0 ? x : a * x, std::abs(x > 0 ? x : a * x), x > 0 ? one : a, one + std::abs(a), {std::min(x, 0.)}};
    case Activation::gelu: {
      double const y = activation::gelu(x);
      return {y, std::abs(y), activation::gelu_derivative(x), 2};
    }
    case Activation::gelu_tanh: {
      double const y = activation::gelu_tanh(x);
      return {y, std::abs(y), activation::gelu_tanh_derivative(x), 2};
    }
    case Activation::silu: {
      double const y = activation::silu(x);
      return {y, std::abs(y), activation::silu_derivative(x), 2};
    }
    case Activation::xielu: {
      double const alpha_p = static_cast<double>(p.learned[0]), alpha_n = static_cast<double>(p.learned[1]);
      auto const h = activation::XIELU<double>::from_stored(alpha_p, alpha_n, static_cast<double>(p.beta),
                                                            static_cast<double>(p.eps));
      return {h.value(x),
              h.p * x * x + (h.n + 1) * std::abs(x) + h.n * std::abs(h.eps),
              h.derivative(x),
              2 * h.p * std::abs(x) + h.n + 1,
              {h.derivative_p(x) * h.stored_factor(alpha_p), h.derivative_n(x) * h.stored_factor(alpha_n)}};
    }
  }
  return {};
}

/// Rounding terms, as the formulas state them: constants, and in the left tail of GELU and SiLU 8 x^2; in bf16 what
/// quick.hpp allows itself, too.
template <class E>
double terms_at(double x) {
  return 64 + 8 * x * x + (sizeof(E) == 2 ? 2048 : 0);
}

/// Wide enough to reach the tails; sometimes 0.
template <class E>
E next_input(std::mt19937_64& random, std::size_t i) {
  double const width = i % 5 == 0 ? 8 : 2;
  return from_float<E>(i % 17 == 3 ? 0.F : static_cast<float>(test::uniform_real(random, -width, width)));
}

template <class E>
void expect_close(double got, double truth, double size, double terms, char const* what, int f, double x) {
  ASSERT_LE(std::abs(got - truth), stored_error<E>() * std::abs(truth) + terms * u * size + 1e-38)
      << what << " of " << f << " at " << x;
}

template <class E>
void check_activation(std::mt19937_64& random, Activation f, std::size_t n, std::size_t offset) {
  auto const count = static_cast<std::int64_t>(n);
  host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
  Buffer<float> learned(2), gradient(4), work(activation_workspace(f, count));
  learned[0] = static_cast<float>(test::uniform_real(random, -1, 1));
  learned[1] = static_cast<float>(test::uniform_real(random, -1, 1));
  bool const learns = f == Activation::prelu || f == Activation::xielu;
  Parameters p{1 + static_cast<int>(random() % 4), 0.1F, learns ? learned.get() : nullptr};
  if (random() % 2 == 0) p.beta = 0.25F, p.eps = -0.125F;
  Buffer<E> x(n, offset), g(n, offset), y(n, offset), dx(n, offset);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = next_input<E>(random, i);
    g[i] = next_input<E>(random, i + 1);
  }
  activation_forward<E>(f, p, x.get(), y.get(), count, nullptr);
  activation_backward<E>(f, p, x.get(), g.get(), dx.get(), gradient.get(), work.get(), count, nullptr);
  reference::Gradient d[4];
  for (std::size_t i = 0; i < n; ++i) {
    double const v = to_float(x[i]), w = to_float(g[i]);
    Truth const t = truth_of(f, p, v);
    expect_close<E>(to_float(y[i]), t.y, t.y_size, terms_at<E>(v), "y", static_cast<int>(f), v);
    expect_close<E>(to_float(dx[i]), w * t.slope, std::abs(w) * t.slope_size, terms_at<E>(v), "dx", static_cast<int>(f),
                    v);
    for (int q = 0; q < 4; ++q) d[q].add(w * t.coefficient[q]);
  }
  for (std::size_t q = 0; q < 4 && learns; ++q)
    expect_close<float>(static_cast<double>(gradient[q]), d[q].value, d[q].size, 64, "gradient", static_cast<int>(f),
                        0);
}

TEST(ElementsOnHost, every_activation_is_its_formula_at_any_count_and_alignment) {
  std::mt19937_64 random(test::seed());
  for (Activation f : activations)
    for (std::size_t n : {1UL, 7UL, 40UL, 8200UL}) {
      check_activation<float>(random, f, n, 0);
      check_activation<__nv_bfloat16>(random, f, n, 0);
      if (n > 100) continue;
      check_activation<float>(random, f, n, 4);
      check_activation<__nv_bfloat16>(random, f, n, 2);
    }
}

TEST(ElementsOnHost, every_number_of_bf16_is_rounded_well) {
  using E = __nv_bfloat16;
  Buffer<E> x(65536), y(65536), dx(65536), g(65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    auto const bits = static_cast<std::uint16_t>(i);
    std::memcpy(static_cast<void*>(&x[i]), &bits, 2);
    g[i] = from_float<E>(1.F);
  }
  for (Activation f : {Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    activation_forward<E>(f, {}, x.get(), y.get(), 65536, nullptr);
    activation_backward<E>(f, {}, x.get(), g.get(), dx.get(), nullptr, nullptr, 65536, nullptr);
    for (std::size_t i = 0; i < 65536; ++i) {
      double const v = to_float(x[i]);
      if (!(std::abs(v) < 0x1p60)) {  // far beyond what decides; NaN stays NaN, and infinities have limits
        EXPECT_EQ(std::isnan(v), std::isnan(to_float(y[i]))) << v;
        continue;
      }
      Truth const t = truth_of(f, {}, v);
      double const allowed = 0x1p-13 + v * v * 0x1p-22;  // before the rounding
      ASSERT_LE(std::abs(to_float(y[i]) - t.y), 0x1p-8 * std::abs(t.y) + allowed * t.y_size + 1e-38) << v;
      ASSERT_LE(std::abs(to_float(dx[i]) - t.slope), 0x1p-8 * std::abs(t.slope) + allowed * t.slope_size + 1e-38) << v;
    }
  }
}

Truth truth_of(Gate f, float const* w, double x) {
  switch (f) {
    case Gate::relu: return truth_of(Activation::relu, {}, x);
    case Gate::gelu: return truth_of(Activation::gelu, {}, x);
    case Gate::gelu_tanh: return truth_of(Activation::gelu_tanh, {}, x);
    case Gate::silu: return truth_of(Activation::silu, {}, x);
    case Gate::polyrelu: break;
  }
  double const v = std::max(x, 0.);
  Truth t{static_cast<double>(w[3]), std::abs(static_cast<double>(w[3])), 0, 0, {v * v * v, v * v, v, 1}};
  for (int k = 1; k <= 3; ++k) {
    double const a = static_cast<double>(w[3 - k]);
    t.y += a * std::pow(v, k);
    t.y_size += std::abs(a) * std::pow(v, k);
    if (!(x > 0)) continue;
    t.slope += k * a * std::pow(v, k - 1);
    t.slope_size += k * std::abs(a) * std::pow(v, k - 1);
  }
  return t;
}

template <class E>
void check_gate(std::mt19937_64& random, Gate f, std::size_t n, std::size_t offset) {
  auto const count = static_cast<std::int64_t>(n);
  host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
  Buffer<float> w(4), gradient(4), work(gated_workspace(f, count));
  for (std::size_t q = 0; q < 4; ++q) w[q] = static_cast<float>(test::uniform_real(random, -1, 1));
  Parameters const p{2, 0, f == Gate::polyrelu ? w.get() : nullptr};
  Buffer<E> gate(n, offset), up(n, offset), g(n, offset), y(n, offset), dgate(n, offset), dup(n, offset);
  for (std::size_t i = 0; i < n; ++i) {
    gate[i] = next_input<E>(random, i);
    up[i] = next_input<E>(random, i + 1);
    g[i] = next_input<E>(random, i + 2);
  }
  gated_forward<E>(f, p, gate.get(), up.get(), y.get(), count, nullptr);
  gated_backward<E>(f, p, gate.get(), up.get(), g.get(), dgate.get(), dup.get(), gradient.get(), work.get(), count,
                    nullptr);
  reference::Gradient d[4];
  int const id = static_cast<int>(f);
  for (std::size_t i = 0; i < n; ++i) {
    double const v = to_float(gate[i]), a = to_float(up[i]), b = to_float(g[i]), terms = terms_at<E>(v);
    Truth const t = truth_of(f, w.get(), v);
    expect_close<E>(to_float(y[i]), t.y * a, t.y_size * std::abs(a), terms, "y", id, v);
    expect_close<E>(to_float(dgate[i]), t.slope * a * b, t.slope_size * std::abs(a * b), terms, "dgate", id, v);
    expect_close<E>(to_float(dup[i]), t.y * b, t.y_size * std::abs(b), terms, "dup", id, v);
    for (int q = 0; q < 4; ++q) d[q].add(a * b * t.coefficient[q]);
  }
  for (std::size_t q = 0; q < 4 && f == Gate::polyrelu; ++q)
    expect_close<float>(static_cast<double>(gradient[q]), d[q].value, d[q].size, 64, "gradient", id, 0);
}

TEST(ElementsOnHost, every_gate_is_its_formula_at_any_count_and_alignment) {
  std::mt19937_64 random(test::seed());
  for (Gate f : gates)
    for (std::size_t n : {1UL, 7UL, 40UL, 8200UL}) {
      check_gate<float>(random, f, n, 0);
      check_gate<__nv_bfloat16>(random, f, n, 0);
      if (n > 100) continue;
      check_gate<float>(random, f, n, 4);
      check_gate<__nv_bfloat16>(random, f, n, 2);
    }
}

/// y = scale N(gate) up, so with t = PolyNorm's results for the gradient scale g up: dgate = t.dx, dup = scale g t.y.
template <class E>
void check_polynorm_glu(std::mt19937_64& random, std::vector<std::int32_t> const& starts, std::int64_t rows,
                        int width) {
  host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
  std::size_t const n = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
  std::size_t const experts = starts.empty() ? 1 : starts.size() - 1;
  float const scale = 0.5F;
  Buffer<std::int32_t> offsets(starts.size());
  std::copy(starts.begin(), starts.end(), offsets.get());
  Buffer<float> w(4 * experts), gradient(4 * experts);
  for (std::size_t q = 0; q < 4 * experts; ++q) w[q] = static_cast<float>(test::uniform_real(random, -1, 1));
  Experts const c{w.get(), starts.empty() ? Offsets() : Offsets(offsets.get()), static_cast<int>(experts)};
  Buffer<float> work(polynorm_workspace(c, rows));
  Buffer<E> gate(n), up(n), g(n), y(n), dgate(n), dup(n);
  for (std::size_t i = 0; i < n; ++i) {
    gate[i] = next_input<E>(random, i);
    up[i] = next_input<E>(random, i + 1);
    g[i] = next_input<E>(random, i + 2);
  }
  polynorm_glu_forward<E>(c, scale, gate.get(), up.get(), y.get(), rows, width, nullptr);
  polynorm_glu_backward<E>(c, scale, gate.get(), up.get(), g.get(), dgate.get(), dup.get(), gradient.get(), work.get(),
                           rows, width, nullptr);
  for (std::size_t e = 0; e < experts; ++e) {
    std::int64_t const first = starts.empty() ? 0 : starts[e], last = starts.empty() ? rows : starts[e + 1];
    std::vector<double> x, arriving;
    auto const at = static_cast<std::size_t>(first * width);
    for (std::size_t i = at; i < static_cast<std::size_t>(last * width); ++i) {
      x.push_back(to_float(gate[i]));
      arriving.push_back(static_cast<double>(scale) * to_float(g[i]) * to_float(up[i]));
    }
    Coefficients const one{{w[4 * e], w[4 * e + 1], w[4 * e + 2]}, w[4 * e + 3]};
    auto const t = reference::polynorm(one, x, arriving, last - first, width);
    double const s = static_cast<double>(scale), terms = polynorm_terms + 4;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const a = s * to_float(up[at + i]), b = s * to_float(g[at + i]);
      expect_close<E>(to_float(y[at + i]), t.y[i] * a, t.y_size[i] * std::abs(a), terms, "y", 0, x[i]);
      expect_close<E>(to_float(dgate[at + i]), t.dx[i], t.dx_size[i], terms, "dgate", 0, x[i]);
      expect_close<E>(to_float(dup[at + i]), t.y[i] * b, t.y_size[i] * std::abs(b), terms, "dup", 0, x[i]);
    }
    for (std::size_t q = 0; q < 4; ++q)
      expect_close<float>(static_cast<double>(gradient[4 * e + q]), t.d[q].value, t.d[q].size, terms, "gradient", 0, 0);
  }
}

TEST(ElementsOnHost, polynorm_on_the_gate_is_its_formula_for_one_set_and_for_experts) {
  std::mt19937_64 random(test::seed());
  for (int width : {1, 40, 77, 1024, 1031, 1536, 8256}) {
    check_polynorm_glu<float>(random, {}, 3, width);
    check_polynorm_glu<__nv_bfloat16>(random, {}, 3, width);
    check_polynorm_glu<__nv_bfloat16>(random, {0, 1, 1, 3}, 4, width);
  }
  check_polynorm_glu<float>(random, {}, 1, 16384);  // three rows of 64 KiB: some of it is read again
}

/// Gate and up as the halves of one matrix give what they give apart, and so do their gradients.
template <class E>
void check_halves(std::mt19937_64& random, std::int64_t rows, int width) {
  host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
  auto const n = static_cast<std::size_t>(rows * width);
  std::int64_t const stride = 2 * width;
  Buffer<E> joint(2 * n), djoint(2 * n), gate(n), up(n), g(n), y(n), y_apart(n), dgate(n), dup(n);
  for (std::size_t i = 0; i < n; ++i) {
    gate[i] = next_input<E>(random, i);
    up[i] = next_input<E>(random, i + 1);
    g[i] = next_input<E>(random, i + 2);
    std::size_t const at =
        i / static_cast<std::size_t>(width) * 2 * static_cast<std::size_t>(width) + i % static_cast<std::size_t>(width);
    joint[at] = gate[i];
    joint[at + static_cast<std::size_t>(width)] = up[i];
  }
  Buffer<float> w(4), gradient(4), gradient_apart(4);
  for (std::size_t q = 0; q < 4; ++q) w[q] = static_cast<float>(test::uniform_real(random, -1, 1));
  auto const equal = [&](char const* what, int f) {
    EXPECT_EQ(std::memcmp(y.get(), y_apart.get(), n * sizeof(E)), 0) << what << f << " " << width;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
      std::size_t const row = r * static_cast<std::size_t>(width), bytes = static_cast<std::size_t>(width) * sizeof(E);
      EXPECT_EQ(std::memcmp(&djoint[2 * row], &dgate[row], bytes), 0) << what << f << " " << width;
      EXPECT_EQ(std::memcmp(&djoint[2 * row + static_cast<std::size_t>(width)], &dup[row], bytes), 0)
          << what << f << " " << width;
    }
  };
  Parameters const p{2, 0.1F, w.get()};
  for (Gate f : gates) {
    Halves const halves{rows, width, stride};
    Buffer<float> work(gated_workspace(f, halves) + gated_workspace(f, rows * width) + 1);
    gated_forward<E>(f, p, joint.get(), joint.get() + width, y.get(), halves, nullptr);
    gated_forward<E>(f, p, gate.get(), up.get(), y_apart.get(), rows * width, nullptr);
    gated_backward<E>(f, p, joint.get(), joint.get() + width, g.get(), djoint.get(), djoint.get() + width,
                      gradient.get(), work.get(), halves, nullptr);
    gated_backward<E>(f, p, gate.get(), up.get(), g.get(), dgate.get(), dup.get(), gradient_apart.get(), work.get(),
                      rows * width, nullptr);
    equal("gate ", static_cast<int>(f));
    if (f != Gate::polyrelu) continue;
    double size = 0;  // of a term: g up relu(gate)^k with |gate| <= 8
    for (std::size_t i = 0; i < n; ++i) size += 513 * std::abs(to_float(g[i]) * to_float(up[i]));
    for (std::size_t q = 0; q < 4; ++q) EXPECT_NEAR(gradient[q], gradient_apart[q], 64 * u * size);
  }
  Experts const c{w.get(), {}, 1};
  Buffer<float> work(polynorm_workspace(c, rows));
  polynorm_glu_forward<E>(c, 0.5F, joint.get(), joint.get() + width, y.get(), rows, width, nullptr, stride);
  polynorm_glu_forward<E>(c, 0.5F, gate.get(), up.get(), y_apart.get(), rows, width, nullptr);
  polynorm_glu_backward<E>(c, 0.5F, joint.get(), joint.get() + width, g.get(), djoint.get(), djoint.get() + width,
                           gradient.get(), work.get(), rows, width, nullptr, stride);
  polynorm_glu_backward<E>(c, 0.5F, gate.get(), up.get(), g.get(), dgate.get(), dup.get(), gradient_apart.get(),
                           work.get(), rows, width, nullptr);
  if (width * sizeof(E) % 16 == 0) return equal("polynorm", 0);  // else one at a time, in another order of the sums
  for (std::size_t i = 0; i < n; ++i)
    ASSERT_NEAR(to_float(y[i]), to_float(y_apart[i]), (stored_error<E>() + 1e-5) * std::abs(to_float(y[i])) + 1e-5);
}

TEST(ElementsOnHost, halves_of_one_matrix_are_gates_too) {
  std::mt19937_64 random(test::seed());
  for (auto [rows, width] : {std::pair{7, 24}, {5, 77}, {900, 24}, {3, 1032}, {2, 9000}}) {
    check_halves<float>(random, rows, width);
    check_halves<__nv_bfloat16>(random, rows, width);
  }
}

TEST(ElementsOnHost, keeps_nan_and_the_convention_at_zero) {
  host_grid::options = {};
  Buffer<float> learned(2), x(4), g(4), y(4), dx(4), d(4), work(64);
  learned[0] = learned[1] = 0.25F;
  for (Activation f : activations) {
    x[0] = 0;
    x[1] = -0.F;
    x[2] = std::numeric_limits<float>::quiet_NaN();
    x[3] = 1;
    for (std::size_t i = 0; i < 4; ++i) g[i] = 1;
    Parameters const p{2, 0.25F, learned.get()};
    activation_forward<float>(f, p, x.get(), y.get(), 4, nullptr);
    activation_backward<float>(f, p, x.get(), g.get(), dx.get(), d.get(), work.get(), 4, nullptr);
    Truth const zero = truth_of(f, p, 0);
    EXPECT_NEAR(static_cast<double>(y[0]), zero.y, 2e-6) << static_cast<int>(f);
    EXPECT_EQ(y[0], y[1]) << static_cast<int>(f);
    EXPECT_NEAR(static_cast<double>(dx[0]), zero.slope, 2e-6) << static_cast<int>(f);
    EXPECT_EQ(dx[0], dx[1]) << static_cast<int>(f);
    EXPECT_TRUE(std::isnan(y[2]) && std::isnan(dx[2])) << static_cast<int>(f);
    EXPECT_NEAR(static_cast<double>(y[3]), truth_of(f, p, 1).y, 1e-6) << static_cast<int>(f);
  }
}

TEST(ElementsOnHost, coefficients_of_every_type_and_stride_are_packed) {
  host_grid::options = {};
  Buffer<float> f(3), packed(4);
  Buffer<double> d(7);
  Buffer<__nv_bfloat16> h(2);
  for (std::size_t i = 0; i < 3; ++i) f[i] = static_cast<float>(i) + 0.25F;
  for (std::size_t i = 0; i < 7; ++i) d[i] = 1 + static_cast<double>(i) / 3;
  h[0] = from_float<__nv_bfloat16>(-7.5F);
  auto const expect = [&packed](float a, float b, float c, float e) {
    float const want[] = {a, b, c, e};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(packed[i], want[i]) << i;
    std::memset(packed.get(), 0xff, 16);
  };
  using Type = Numbers::Type;
  std::memset(packed.get(), 0xff, 16);
  pack_coefficients({Type::f32, f.get(), 3}, {Type::bf16, h.get(), 1}, packed.get(), nullptr);
  expect(0.25F, 1.25F, 2.25F, -7.5F);
  pack_coefficients({Type::f64, d.get(), 3, 3}, {}, packed.get(), nullptr);
  expect(1, 2, 3, 0);
  pack_coefficients({Type::f64, d.get(), 1, 0}, {Type::f32, f.get(), 1}, packed.get(), nullptr);
  expect(1, 0.25F, 0, 0);
  pack_coefficients({Type::f64, d.get(), 2}, {}, packed.get(), nullptr);
  expect(1, static_cast<float>(1 + 1. / 3), 0, 0);
}

TEST(ElementsOnHost, nothing_to_do_is_no_error_and_zero_gradients) {
  Buffer<float> none(4), d(4);
  Parameters const p{2, 0, none.get()};
  for (Activation f : {Activation::prelu, Activation::xielu}) {
    d[0] = d[1] = d[2] = d[3] = 1;
    activation_forward<float>(f, p, none.get(), none.get(), 0, nullptr);
    activation_backward<float>(f, p, none.get(), none.get(), none.get(), d.get(), nullptr, 0, nullptr);
    for (std::size_t q = 0; q < 4; ++q) EXPECT_EQ(d[q], 0);
  }
  d[0] = 1;
  gated_backward<float>(Gate::polyrelu, p, nullptr, nullptr, nullptr, nullptr, nullptr, d.get(), nullptr, 0, nullptr);
  EXPECT_EQ(d[0], 0);
  d[0] = 1;
  polynorm_glu_backward<float>({none.get(), {}}, 1, nullptr, nullptr, nullptr, nullptr, nullptr, d.get(), nullptr, 0, 8,
                               nullptr);
  EXPECT_EQ(d[0], 0);
}

TEST(ElementsOnHost, bits_do_not_depend_on_the_order_of_threads_and_blocks) {
  std::mt19937_64 random(test::seed());
  std::size_t const n = 20000;
  Buffer<float> x(n), g(n), dx(n), learned(2), d(4), first(4), work(activation_workspace(Activation::xielu, 20000));
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = next_input<float>(random, i);
    g[i] = next_input<float>(random, i + 1);
  }
  learned[0] = learned[1] = 0.25F;
  for (int run = 0; run < 4; ++run) {
    host_grid::options = {random(), static_cast<host_grid::Order>(run % 3)};
    activation_backward<float>(Activation::xielu, {2, 0, learned.get()}, x.get(), g.get(), dx.get(),
                               (run == 0 ? first : d).get(), work.get(), 20000, nullptr);
    EXPECT_EQ(std::memcmp((run == 0 ? first : d).get(), first.get(), 16), 0);
  }
}

}  // namespace
}  // namespace nwidth::kernels::cuda
