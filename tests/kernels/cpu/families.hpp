// SPDX-License-Identifier: Apache-2.0
/// The elementwise and gated families: every function in one shape, and what is checked of each in the same way.
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

/// An element's bits do not depend on the others, which may need other formulas, nor on AVX2 or AVX-512: all upper
/// halves of floats, in their order and out of it.
template <class E>
void check_neighbours(std::vector<Function<E>> const& functions) {
  constexpr std::size_t n = 65536;
  std::mt19937_64 r(test::mix(test::seed()));
  auto in = random_inputs<E>(r, 3, n), mixed = in;
  auto const place = [](std::size_t i) { return i * 40503 % n; };
  for (std::size_t i = 0; i < n; ++i) {
    in[0][i] = element<E>(value(bf16{static_cast<std::uint16_t>(i)}));
    if (std::is_same_v<E, float> && std::isfinite(value(in[0][i]))) {
      in[0][i] = element<E>(value(in[0][i]) * test::uniform_real(r, 1, 1 + 0x1p-7));
    }
  }
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < n; ++i) mixed[k][i] = in[k][place(i)];
  }
  for (auto const& f : functions) {
    if (f.name.starts_with("polynorm")) continue;
    std::string fused;
    for (Isa isa : isas()) {
      auto const outputs = [&](auto const& from) {
        return bytes_of(f, from, 1, n, on(isa)).substr(4 * sizeof(double));
      };
      std::string const one = outputs(in), other = outputs(mixed);
      std::size_t wrong = 0, last = 0;
      for (std::size_t i = 0; i < n * static_cast<std::size_t>(f.outputs); ++i) {
        std::size_t const from = i / n * n + place(i % n);
        if (one.compare(from * sizeof(E), sizeof(E), other, i * sizeof(E), sizeof(E)) != 0)
          ++wrong, last = place(i % n);
      }
      EXPECT_EQ(wrong, 0U) << f.name << ", " << name(isa) << ", the last at " << in[0][last];
      if (isa == Isa::avx2) fused = one;
      if (isa >= Isa::avx512 && !fused.empty()) {
        EXPECT_TRUE(one == fused) << f.name << ": AVX2 differs";
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
