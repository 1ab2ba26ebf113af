// SPDX-License-Identifier: Apache-2.0
/// For errors_*.cpp alone: PolyNorm, over rows as networks have them and rows that are unkind; then everything.
#pragma once
#include "tests/kernels/cpu/measure_elementwise.hpp"

namespace nwidth::kernels::cpu {

/// PolyNorm's bounds hold for |x| up to the first, those of gradients for |x| and |g| up to the second.
inline constexpr double norm_limit = 0x1p20, norm_gradient_limit = 0x1p12;

/// Gated: PolyNorm of x times up, whose reference is PolyNorm's for g up in place of g and scaled coefficients.
template <class E, bool gated>
struct MeasureNorm {
  using C = Arithmetic<E>;
  using Q = Wide<E>;
  std::vector<Isa> isas;
  int sets;

  explicit MeasureNorm(Effort const& effort)
      : isas(machines(effort)), sets(std::is_same_v<E, bf16> ? std::min(52, effort.sets) : 52) {}
  std::int64_t exhaustive() const { return 2 * sets; }
  static constexpr double extra = gated ? 2 * glu_extra : 0;
  static std::vector<Line> lines() {
    auto const line = [](char const* name, double bound) {
      return Line{(gated ? "polynorm_glu " : "polynorm ") + std::string(name), Family::number(bound + extra), {}, {}};
    };
    Line const gradients = line("gradients", polynorm_gradient_bound<E>);
    if (gated) {
      return {line("y", polynorm_bound), line("dgate", polynorm_slope_bound), line("dup", polynorm_bound), gradients};
    }
    return {line("y", polynorm_bound), line("dx", polynorm_slope_bound), line("R", polynorm_statistic_bound),
            gradients};
  }

  /// The sizes that are moderate here, and zeros of the sums.
  static Coefficients coefficients(int set) {
    Coefficients c = poly_set(set);
    for (double& w : c.w) {
      if (std::abs(w) > norm_gradient_limit) w = norm_gradient_limit;
    }
    if (set % 5 == 4) c.eps = 1e-12;
    return c;
  }

  struct Block {
    std::int64_t width = 0;
    bool backward = true;
    std::vector<E> x, up, g;
  };

  /// Random rows; rounding all one way; one huge entry; eps alone; x^6 near the ends of what the bounds allow; two
  /// sizes; zeros; every binade from 2^-60 on.
  static double entry(Stream& s, int kind, std::int64_t j, std::int64_t width, double constant) {
    switch (kind) {
      case 0: return s.between(-1, 1) + s.between(-1, 1);
      case 1: return constant;
      case 2: return j == width / 2 ? 50 : s.between(-0.1, 0.1);
      case 3: return s.between(-1, 1) * 0x1p-12;
      case 4: return s.between(-1, 1) * norm_gradient_limit;
      case 5: return j % 2 == 0 ? constant : -constant * 0x1p-8;
      case 6: return s.between(-1, 1) * norm_limit;
      case 7: return s() % 16 == 0 ? constant : 0;
      case 8: return std::ldexp(s.between(-1, 1), static_cast<int>(s() % 72) - 60);
      default: return s.between(-1, 1) * std::ldexp(1.0, static_cast<int>(s() % 6) - 3);
    }
  }

  static Block random_block(std::int64_t chunk, bool few) {
    Stream s{test::mix(test::mix(test::seed()) + 7777777U + static_cast<std::uint64_t>(chunk))};
    int const kind = static_cast<int>(chunk % 10);
    std::int64_t const widths[] = {1, 2, 17, 64, 150, 700, 1100, 8256, 3, 33, 4096};
    Block b;
    b.width = widths[s() % (few ? 6 : 11)];
    b.backward = kind != 6;
    std::int64_t const rows = std::max<std::int64_t>(1, (few ? 700 : 8192) / b.width);
    for (std::int64_t r = 0; r < rows; ++r) {
      double const constant = 1 + static_cast<double>(s() % 4095 + 1) * 0x1p-12;
      for (std::int64_t j = 0; j < b.width; ++j) {
        b.x.push_back(element<E>(entry(s, kind, j, b.width, constant)));
        b.up.push_back(element<E>(kind == 1 ? constant : s.between(-3, 3)));
        b.g.push_back(element<E>(entry(s, kind == 1 ? 1 : static_cast<int>(s() & 1U) * 9, j, b.width, constant)));
      }
    }
    return b;
  }

  /// All bf16 numbers within the limit: neighbours in a row, or far ones (then within the limit of gradients).
  static Block every_number(std::int64_t chunk, int sets) {
    Stream s{test::mix(test::mix(test::seed()) + 8888888U + static_cast<std::uint64_t>(chunk))};
    Block b;
    bool const far = chunk >= sets;
    b.width = far ? 512 : 64;
    b.backward = far;
    for (unsigned i = 0; i < 65536; ++i) {
      bf16 const x{static_cast<std::uint16_t>(far ? i * 40503U : i)};
      if (!(std::abs(value(x)) <= (far ? norm_gradient_limit : norm_limit))) continue;
      b.x.push_back(element<E>(value(x)));
      b.up.push_back(element<E>(s.between(-3, 3)));
      b.g.push_back(element<E>(s.between(-3, 3)));
    }
    std::size_t const whole =
        b.x.size() + (b.x.size() % static_cast<std::size_t>(b.width) == 0
                          ? 0
                          : static_cast<std::size_t>(b.width) - b.x.size() % static_cast<std::size_t>(b.width));
    for (auto* v : {&b.x, &b.up, &b.g}) v->resize(whole);
    return b;
  }

  void operator()(std::int64_t chunk, std::vector<Line>& to) const {
    Coefficients const c = coefficients(static_cast<int>(chunk % sets));
    Block const b = std::is_same_v<E, bf16> ? every_number(chunk, sets) : random_block(chunk, is_double<E>);
    auto const n = b.width, rows = static_cast<std::int64_t>(b.x.size()) / n;
    double const scale = gated ? std::ldexp(static_cast<double>(chunk % 7) - 3, -1) : 1;  // 0 among them
    auto a = by_power<E, Q>(c, false);
    for (Q& w : a) w *= scale;
    std::vector<NormRow<Q>> exact;
    Sum<Q> sums[4];
    for (std::int64_t row = 0; row < rows; ++row) {
      std::vector<Q> x, arriving;
      for (auto j = static_cast<std::size_t>(row * n); j < static_cast<std::size_t>((row + 1) * n); ++j) {
        x.push_back(value(b.x[j]));
        arriving.push_back(value(b.g[j]));
        if (gated) arriving.back() *= value(b.up[j]);
      }
      exact.push_back(polynorm_reference<Q>(a, Q(c.eps), x, arriving, sums));
    }
    for (auto& sum : sums) sum.value *= scale, sum.size *= std::abs(scale);
    std::vector<C> statistics(static_cast<std::size_t>(3 * rows));
    std::vector<E> y(b.x.size()), dx[2] = {y, y}, dup[2] = {y, y};
    for (Isa isa : isas) {
      auto const seen = [&](int k) -> Seen& {
        auto& line = to[static_cast<std::size_t>(k)];
        return isa == Isa::baseline ? line.baseline : line.fused;
      };
      auto const in = [&](std::vector<E> const& v) { return Rows<E const>{v.data(), rows, n, n}; };
      auto const out = [&](std::vector<E>& v) { return Rows<E>{v.data(), rows, n, n}; };
      double gradient[2][4];
      if constexpr (gated) {
        polynorm_glu_forward(c, scale, in(b.x), in(b.up), out(y), statistics.data(), on(isa));
      } else {
        polynorm_forward(c, in(b.x), out(y), statistics.data(), on(isa));
      }
      for (int k = 0; k < 2; ++k) {
        C const* const saved = k == 0 ? nullptr : statistics.data();
        if constexpr (gated) {
          polynorm_glu_backward(c, scale, in(b.x), in(b.up), in(b.g), out(dx[k]), out(dup[k]), gradient[k], saved,
                                on(isa));
        } else {
          polynorm_backward(c, in(b.x), in(b.g), out(dx[k]), gradient[k], saved, on(isa));
        }
      }
      using J = Judge<E>;
      double const factor = slack(isa) * width_factor<E>(n);
      J const tiny = (is_double<E> ? J(0x1p-970) : J(0x1p-88)) / J(smallest_number<E>);
      for (std::size_t i = 0; i < b.x.size(); ++i) {
        auto const r = i / static_cast<std::size_t>(n), j = i % static_cast<std::size_t>(n);
        auto const& e = exact[r].elements[j];
        double const at = value(b.x[i]), up = gated ? value(b.up[i]) : 1, g = value(b.g[i]);
        J const room = gated ? tiny * (1 + std::abs(g)) * (1 + std::abs(up)) : tiny;
        double const units = factor * (polynorm_bound + extra);
        judge<E>(seen(0), value(y[i]), Q(e.y.value * up), Q(e.y.size * std::abs(up)), units, room, at);
        for (int k = 0; k < 2; ++k) {
          if (gated) judge<E>(seen(2), value(dup[k][i]), Q(e.y.value * g), Q(e.y.size * std::abs(g)), units, room, at);
          if (!b.backward) continue;
          judge<E>(seen(1), value(dx[k][i]), e.dx.value, e.dx.size, factor * (polynorm_slope_bound + extra), room, at);
        }
        if (gated || j > 0) continue;
        for (std::size_t p = 1; p < 4; ++p) {
          judge<C>(seen(2), value(statistics[3 * r + p - 1]), exact[r].R[p], exact[r].R[p],
                   factor * polynorm_statistic_bound, 0, at);
        }
      }
      // Counted are elements.
      auto const all = static_cast<std::int64_t>(b.x.size());
      if (gated)
        seen(2).points -= all;
      else
        seen(2).points += all - 3 * rows;
      if (!b.backward) continue;
      seen(1).points -= all;
      for (auto const& one : gradient) {
        for (int q = 0; q < 4; ++q) {
          judge<C>(seen(3), one[q], sums[q].value, sums[q].size, factor * (polynorm_gradient_bound<E> + extra), tiny,
                   value(b.x[0]));
        }
      }
      seen(3).points += all - 8;
    }
  }
};

template <class E>
std::vector<Line> measure(Effort const& effort) {
  std::vector<Line> all;
  measure_families<E>(effort, all, static_cast<AllFamilies<E> const*>(nullptr));
  auto const norm = [&]<class M>(M const& m) {
    std::vector<Line> lines = M::lines();
    measure_chunks<E>(effort, m.exhaustive(), lines, m);
    all.insert(all.end(), lines.begin(), lines.end());
  };
  norm(MeasureNorm<E, false>(effort));
  norm(MeasureNorm<E, true>(effort));
  return all;
}

}  // namespace nwidth::kernels::cpu
