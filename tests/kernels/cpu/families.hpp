// SPDX-License-Identifier: Apache-2.0
/// The elementwise and gated families: every function in one shape, their formulas in a wide number type, and what is
/// checked of each in the same way.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "kernels/cpu/gated.hpp"
#include "tests/kernels/cpu/guarded.hpp"
#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {

/// One function of the library: inputs, outputs, the number of gradients.
template <class E>
struct Function {
  std::string name;
  int inputs, outputs, sums;
  std::function<void(Rows<E const> const* in, Rows<E> const* out, double* gradient, Options const&)> run;
};

inline constexpr XieluCoefficients xielu_coefficients{0.8, 0.3};
inline constexpr double slope_coefficient = 0.01;
inline constexpr double glu_scale = 0.4;
inline Coefficients const poly_coefficients{{0.4, -0.7, 0.9}, 0.1};

template <class E>
std::vector<Function<E>> elementwise_functions() {
  std::vector<Function<E>> all;
#define NWIDTH_FAMILY(label, name, ...)                                                                       \
  all.push_back({label " forward", 1, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {  \
                   name##_forward(__VA_ARGS__ in[0], out[0], o);                                              \
                 }});                                                                                         \
  all.push_back({label " backward", 2, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) { \
                   name##_backward(__VA_ARGS__ in[0], in[1], out[0], o);                                      \
                 }});
#define NWIDTH_COMMA ,
  NWIDTH_FAMILY("gelu", gelu)
  NWIDTH_FAMILY("gelu_tanh", gelu_tanh)
  NWIDTH_FAMILY("silu", silu)
  NWIDTH_FAMILY("relu", relu)
  NWIDTH_FAMILY("relu^1", relu_power, 1 NWIDTH_COMMA)
  NWIDTH_FAMILY("relu^2", relu_power, 2 NWIDTH_COMMA)
  NWIDTH_FAMILY("relu^5", relu_power, 5 NWIDTH_COMMA)
  NWIDTH_FAMILY("leaky_relu", leaky_relu, slope_coefficient NWIDTH_COMMA)
#undef NWIDTH_FAMILY
  all.push_back({"prelu forward", 1, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {
                   prelu_forward(slope_coefficient, in[0], out[0], o);
                 }});
  all.push_back({"prelu backward", 2, 1, 1, [](auto const* in, auto const* out, double* d, Options const& o) {
                   prelu_backward(slope_coefficient, in[0], in[1], out[0], d, o);
                 }});
  all.push_back({"xielu forward", 1, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {
                   xielu_forward(xielu_coefficients, in[0], out[0], o);
                 }});
  all.push_back({"xielu backward", 2, 1, 2, [](auto const* in, auto const* out, double* d, Options const& o) {
                   xielu_backward(xielu_coefficients, in[0], in[1], out[0], d, o);
                 }});
  return all;
}

template <class E>
std::vector<Function<E>> gated_functions() {
  std::vector<Function<E>> all;
#define NWIDTH_FAMILY(name)                                                                                   \
  all.push_back({#name " forward", 2, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {  \
                   name##_forward(in[0], in[1], out[0], o);                                                   \
                 }});                                                                                         \
  all.push_back({#name " backward", 3, 2, 0, [](auto const* in, auto const* out, double*, Options const& o) { \
                   name##_backward(in[0], in[1], in[2], out[0], out[1], o);                                   \
                 }});
  NWIDTH_FAMILY(swiglu)
  NWIDTH_FAMILY(geglu)
  NWIDTH_FAMILY(geglu_tanh)
  NWIDTH_FAMILY(reglu)
#undef NWIDTH_FAMILY
  all.push_back({"polyrelu_glu forward", 2, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {
                   polyrelu_glu_forward(poly_coefficients, in[0], in[1], out[0], o);
                 }});
  all.push_back({"polyrelu_glu backward", 3, 2, 4, [](auto const* in, auto const* out, double* d, Options const& o) {
                   polyrelu_glu_backward(poly_coefficients, in[0], in[1], in[2], out[0], out[1], d, o);
                 }});
  all.push_back({"polynorm_glu forward", 2, 1, 0, [](auto const* in, auto const* out, double*, Options const& o) {
                   polynorm_glu_forward(poly_coefficients, glu_scale, in[0], in[1], out[0], nullptr, o);
                 }});
  all.push_back({"polynorm_glu backward", 3, 2, 4, [](auto const* in, auto const* out, double* d, Options const& o) {
                   polynorm_glu_backward(poly_coefficients, glu_scale, in[0], in[1], in[2], out[0], out[1], d, nullptr,
                                         o);
                 }});
  all.push_back({"polynorm_glu backward of saved statistics", 3, 2, 4,
                 [](auto const* in, auto const* out, double* d, Options const& o) {
                   auto const& gate = in[0];
                   std::vector<E> y(static_cast<std::size_t>(gate.rows * gate.width));
                   std::vector<Statistic<E>> saved(static_cast<std::size_t>(3 * gate.rows));
                   polynorm_glu_forward(poly_coefficients, glu_scale, gate, in[1],
                                        Rows<E>{y.data(), gate.rows, gate.width, gate.width}, saved.data(), o);
                   polynorm_glu_backward(poly_coefficients, glu_scale, gate, in[1], in[2], out[0], out[1], d,
                                         saved.data(), o);
                 }});
  return all;
}

/// f and f' at one point, each with the size and the G of its bound.
template <class Q>
struct Formula {
  Q value, size, growth = 0, slope, slope_size, slope_growth = 0;
  ErrorBound bound{0}, slope_bound{0};
};

inline Real wide_exp(Real const& x) { return activation::ops<Real>::exp(x); }
inline Real wide_erfc(Real const& x) { return activation::ops<Real>::erfc(x); }
inline Real wide_root(Real const& x) { return activation::ops<Real>::sqrt(x); }
inline long double wide_exp(long double x) { return std::exp(x); }
inline long double wide_erfc(long double x) { return std::erfc(x); }
inline long double wide_root(long double x) { return std::sqrt(x); }
template <class Q>
Q wide_pi() {
  static Q const pi = [] {
    if constexpr (std::is_same_v<Q, Real>)
      return activation::ops<Real>::pi();
    else
      return std::acos(-1.0L);
  }();
  return pi;
}

/// @param E  what the kernel's parameters are rounded for
template <class E, class Q>
Formula<Q> formula(std::string const& family, Q const& x) {
  auto rounded = [](double c) {
    return std::is_same_v<E, double> ? Q(c) : Q(static_cast<double>(static_cast<float>(c)));
  };
  Formula<Q> f;
  Q const zero = 0, u = x > 0 ? x : zero;
  if (family == "gelu") {
    Q const Phi = wide_erfc(Q(-x / wide_root(Q(2)))) / 2,
            phi = wide_exp(Q(-x * x / 2)) / wide_root(Q(2 * wide_pi<Q>()));
    f.value = x * Phi;
    f.growth = x < 0 ? Q(x * x) : zero;
    f.slope = Phi + x * phi;
    f.slope_size = Phi + size_of(x) * phi;
    f.slope_growth = x * x;
    f.bound = gelu_bound, f.slope_bound = gelu_slope_bound;
  } else if (family == "gelu_tanh") {
    Q const c = 2 * wide_root(Q(2 / wide_pi<Q>())), k = Q(44715) / 1000000;
    Q const w = c * (x + k * x * x * x), rise = c * (1 + 3 * k * x * x);
    Q const p = 1 / (1 + wide_exp(Q(-w))), q = 1 / (1 + wide_exp(w));
    f.value = x * p;
    f.growth = x < 0 ? size_of(w) : zero;
    f.slope = p * (1 + x * rise * q);
    f.slope_size = p * (1 + size_of(x) * rise * q);
    f.slope_growth = size_of(w);
    f.bound = gelu_tanh_bound, f.slope_bound = gelu_tanh_slope_bound;
  } else if (family == "silu") {
    Q const p = 1 / (1 + wide_exp(Q(-x))), q = 1 / (1 + wide_exp(x));
    f.value = x * p;
    f.slope = p * (1 + x * q);
    f.slope_size = p * (1 + size_of(x) * q);
    f.bound = silu_bound, f.slope_bound = silu_slope_bound;
  } else if (family == "relu") {
    f.value = u;
    f.slope = f.slope_size = x > 0 ? 1 : 0;
  } else if (family.starts_with("relu^")) {
    int const k = family.back() - '0';
    Q power = 1;
    for (int i = 1; i < k; ++i) power *= u;
    f.value = power * u;
    f.slope = x > 0 ? Q(k * power) : zero;
    f.slope_size = f.slope;
    f.bound = {k - 1.0}, f.slope_bound = {k + 1.0};
  } else if (family == "leaky_relu" || family == "prelu") {
    f.slope = x > 0 ? Q(1) : rounded(slope_coefficient);
    f.value = x * f.slope;
    f.slope_size = size_of(f.slope);
    f.bound = f.slope_bound = leaky_relu_bound;
  } else if (family == "xielu") {
    auto const& c = xielu_coefficients;
    Q const p = rounded(std::log1p(std::exp(c.alpha_p))), n = rounded(c.beta + std::log1p(std::exp(c.alpha_n)));
    Q const beta = rounded(c.beta), eps = rounded(c.eps);
    if (x > 0) {
      f.value = p * x * x + beta * x;
      f.size = f.value;
      f.slope = f.slope_size = 2 * p * x + beta;
    } else {
      Q const m = wide_exp(x < eps ? x : eps) - 1;
      f.value = n * (m - x) + beta * x;
      f.size = -n * m + size_of(Q(n - beta)) * -x;
      f.slope = n * m + beta;
      f.slope_size = -n * m + beta;
    }
    f.bound = xielu_bound, f.slope_bound = xielu_slope_bound;
    return f;
  }
  f.size = size_of(f.value);
  return f;
}

/// |got - exact| <= (constant + growth G) u size + tiny smallest numbers, for E = bf16 after rounding; `worst` is of
/// that.
template <class E, class Q>
void expect_formula(double got, Q const& exact, Q const& size, Q const& growth, ErrorBound const& bound, double slack,
                    Q const& tiny, Worst* worst = nullptr) {
  if (size > Q(std::is_same_v<E, double> ? 0x1p1020 : 0x1p126)) return;  // it may overflow on the way
  Q const units = slack * (bound.constant + bound.growth * growth);
  Q const smallest = std::is_same_v<E, double> ? Q(0x1p-1074) : Q(0x1p-149);
  Q const arithmetic = units * unit_roundoff<E> * size + tiny * smallest;
  Q allowed = arithmetic;
  if constexpr (std::is_same_v<E, bf16>) allowed += Q(0x1p-8) * (size_of(exact) + arithmetic) + Q(0x1p-134);
  Q const error = size_of(Q(Q(got) - exact));
  EXPECT_TRUE(error <= allowed) << "got " << got << ", exact " << static_cast<double>(exact) << ", off by "
                                << static_cast<double>(error) << ", allowed " << static_cast<double>(allowed);
  if (!std::is_same_v<E, bf16> && worst != nullptr && units > 0 && arithmetic > 1000 * tiny * smallest) {
    worst->seen = std::max(worst->seen, static_cast<double>(Q(error / arithmetic)));
  }
}

inline std::string family_of(std::string const& function) { return function.substr(0, function.find(' ')); }
inline bool is_forward(std::string const& function) { return function.ends_with("forward"); }

/// All outputs and gradients of a function as bytes. NaN gradients are one NaN, and so are NaN outputs of PolyNorm, in
/// which all of a row meets: the sign of a sum of NaNs is whichever operand the compiler put first.
template <class E>
std::string bytes_of(Function<E> const& f, std::vector<std::vector<E>> const& in, std::int64_t rows, std::int64_t width,
                     Options const& o) {
  std::vector<Rows<E const>> from;
  std::vector<std::vector<E>> out(static_cast<std::size_t>(f.outputs), std::vector<E>(in[0].size()));
  std::vector<Rows<E>> to;
  for (auto const& v : in) from.push_back({v.data(), rows, width, width});
  for (auto& v : out) to.push_back({v.data(), rows, width, width});
  double gradient[4] = {};
  f.run(from.data(), to.data(), gradient, o);
  for (double& d : gradient) {
    if (std::isnan(d)) d = std::nan("");
  }
  std::string all(reinterpret_cast<char const*>(gradient), sizeof gradient);
  for (auto& v : out) {
    for (E& e : v) {
      if (f.name.starts_with("polynorm") && std::isnan(value(e))) e = element<E>(std::nan(""));
    }
  }
  for (auto const& v : out) all.append(reinterpret_cast<char const*>(v.data()), v.size() * sizeof(E));
  return all;
}

template <class E>
std::vector<std::vector<E>> random_inputs(std::mt19937_64& r, int inputs, std::int64_t count) {
  std::vector<std::vector<E>> in(static_cast<std::size_t>(inputs));
  for (auto& v : in) {
    for (std::int64_t i = 0; i < count; ++i) v.push_back(element<E>(test::uniform_real(r, -4, 4)));
  }
  return in;
}

/// Bits do not depend on threads, on streaming, or on AVX2 or AVX-512.
template <class E>
void check_bits(std::vector<Function<E>> const& functions) {
  std::mt19937_64 r(test::mix(test::seed()));
  for (auto [rows, width] : {std::pair<std::int64_t, std::int64_t>{300, 517}, {2000, 33}, {1, 150001}}) {
    auto in = random_inputs<E>(r, 3, rows * width);
    if (rows == 1) {  // the others have finite gradients, whose bits count
      in[0][1] = element<E>(HUGE_VAL);
      in[0][2] = element<E>(-HUGE_VAL);
      in[0][4] = element<E>(std::nan(""));
      in[0][5] = element<E>(-std::nan(""));
    }
    in[0][3] = element<E>(1e-39);
    for (auto const& f : functions) {
      SCOPED_TRACE(f.name);
      std::string fused;
      for (Isa isa : isas()) {
        std::string const one = bytes_of(f, in, rows, width, on(isa, 1LL << 60, 1));
        EXPECT_TRUE(one == bytes_of(f, in, rows, width, on(isa, 0, 3)));
        EXPECT_TRUE(one == bytes_of(f, in, rows, width, on(isa, 1LL << 60, 2)));
        if (isa == Isa::avx2) fused = one;
        if (isa >= Isa::avx512 && !fused.empty()) {
          EXPECT_TRUE(one == fused) << "AVX2 differs";
        }
      }
    }
  }
}

/// Strided, misaligned, between guards, and in place: the bits of the compact matrix, nothing else touched.
template <class E>
void check_layout(std::vector<Function<E>> const& functions) {
  std::mt19937_64 r(test::mix(test::seed()));
  constexpr std::int64_t rows = 3;
  for (std::int64_t width = 1; width <= 40; ++width) {
    auto const in = random_inputs<E>(r, 3, rows * width);
    std::int64_t const gap = width % 5, offset = width % 3;
    for (auto const& f : functions) {
      for (Isa isa : isas()) {
        SCOPED_TRACE(f.name + ", width " + std::to_string(width) + ", " + std::string(name(isa)));
        std::string const expected = bytes_of(f, in, rows, width, on(isa));
        auto holds = [&](std::vector<std::unique_ptr<Strided<E>>> const& out, double const* gradient) {
          if (std::memcmp(expected.data(), gradient, 4 * sizeof(double)) != 0) return false;
          for (std::size_t k = 0; k < static_cast<std::size_t>(f.outputs); ++k) {
            std::vector<E> v(static_cast<std::size_t>(rows * width));
            std::memcpy(v.data(), expected.data() + 4 * sizeof(double) + k * v.size() * sizeof(E),
                        v.size() * sizeof(E));
            if (!out[k]->holds(v)) return false;
          }
          return true;
        };
        std::vector<std::unique_ptr<Strided<E>>> from, to;
        std::vector<Rows<E const>> from_views;
        std::vector<Rows<E>> to_views, in_place;
        for (int k = 0; k < f.inputs; ++k) {
          from.push_back(std::make_unique<Strided<E>>(rows, width, gap + k, offset + k));
          from.back()->fill(in[static_cast<std::size_t>(k)]);
          from_views.push_back(from.back()->view());
          if (k < f.outputs) in_place.push_back(from.back()->view());
        }
        for (int k = 0; k < f.outputs; ++k) {
          to.push_back(std::make_unique<Strided<E>>(rows, width, gap, offset + 2 + k));
          to_views.push_back(to.back()->view());
        }
        double gradient[4] = {};
        f.run(from_views.data(), to_views.data(), gradient, on(isa, width % 2));
        ASSERT_TRUE(holds(to, gradient));
        for (int k = 0; k < f.inputs; ++k) {
          ASSERT_TRUE(from[static_cast<std::size_t>(k)]->holds(in[static_cast<std::size_t>(k)]));
        }
        double again[4] = {};
        f.run(from_views.data(), in_place.data(), again, on(isa, 0));
        ASSERT_TRUE(holds(from, again)) << "in place";
      }
    }
  }
}

}  // namespace nwidth::kernels::cpu
