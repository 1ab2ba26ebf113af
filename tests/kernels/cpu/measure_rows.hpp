// SPDX-License-Identifier: Apache-2.0
/// For errors_*.cpp alone: PolyNorm, over rows as networks have them and rows that are unkind; then everything.
#pragma once
#include "tests/kernels/cpu/measure_elementwise.hpp"

namespace nwidth::kernels::cpu {

/// PolyNorm's bounds hold for |x| up to the first, those of gradients for |x| and |g| up to the second.
inline constexpr double norm_limit = 0x1p20, norm_gradient_limit = 0x1p12;

template <class E>
struct MeasureNorm {
  using C = Arithmetic<E>;
  using Q = Wide<E>;
  std::vector<Isa> isas;
  int sets;

  explicit MeasureNorm(Effort const& effort)
      : isas(machines(effort)), sets(std::is_same_v<E, bf16> ? std::min(52, effort.sets) : 52) {}
  std::int64_t exhaustive() const { return 2 * sets; }
  static std::vector<Line> lines() {
    return {{"polynorm R", Family::number(polynorm_statistic_bound), {}, {}},
            {"polynorm y", Family::number(polynorm_bound), {}, {}},
            {"polynorm dx", Family::number(polynorm_slope_bound), {}, {}},
            {"polynorm gradients", Family::number(polynorm_gradient_bound<E>), {}, {}}};
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
    std::vector<E> x, g;
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
      b.g.push_back(element<E>(s.between(-3, 3)));
    }
    while (b.x.size() % static_cast<std::size_t>(b.width) != 0) b.x.push_back(E{}), b.g.push_back(E{});
    return b;
  }

  void operator()(std::int64_t chunk, std::vector<Line>& to) const {
    Coefficients const c = coefficients(static_cast<int>(chunk % sets));
    Block const b = std::is_same_v<E, bf16> ? every_number(chunk, sets) : random_block(chunk, is_double<E>);
    auto const n = b.width, rows = static_cast<std::int64_t>(b.x.size()) / n;
    auto const a = by_power<E, Q>(c, false);
    std::vector<NormRow<Q>> exact;
    Sum<Q> sums[4];
    for (std::int64_t row = 0; row < rows; ++row) {
      std::vector<Q> x, g;
      for (std::int64_t j = row * n; j < (row + 1) * n; ++j) {
        x.push_back(value(b.x[static_cast<std::size_t>(j)]));
        g.push_back(value(b.g[static_cast<std::size_t>(j)]));
      }
      exact.push_back(polynorm_reference<Q>(a, Q(c.eps), x, g, sums));
    }
    std::vector<E> y(b.x.size()), dx(b.x.size()), again(b.x.size());
    std::vector<C> statistics(static_cast<std::size_t>(3 * rows));
    for (Isa isa : isas) {
      auto const seen = [&](int k) -> Seen& {
        auto& line = to[static_cast<std::size_t>(k)];
        return isa == Isa::baseline ? line.baseline : line.fused;
      };
      Rows<E const> const x{b.x.data(), rows, n, n}, g{b.g.data(), rows, n, n};
      double gradient[2][4];
      polynorm_forward(c, x, Rows<E>{y.data(), rows, n, n}, statistics.data(), on(isa));
      polynorm_backward(c, x, g, Rows<E>{dx.data(), rows, n, n}, gradient[0], nullptr, on(isa));
      polynorm_backward(c, x, g, Rows<E>{again.data(), rows, n, n}, gradient[1], statistics.data(), on(isa));
      double const factor = slack(isa) * width_factor<E>(n);
      using J = Judge<E>;
      J const tiny = (is_double<E> ? J(0x1p-970) : J(0x1p-88)) / J(smallest_number<E>);
      for (std::size_t i = 0; i < b.x.size(); ++i) {
        auto const& row = exact[i / static_cast<std::size_t>(n)];
        std::size_t const j = i % static_cast<std::size_t>(n);
        double const at = value(b.x[i]);
        if (j == 0) {
          for (std::size_t p = 1; p < 4; ++p) {
            judge<C>(seen(0), value(statistics[3 * (i / static_cast<std::size_t>(n)) + p - 1]), row.R[p], row.R[p],
                     factor * polynorm_statistic_bound, 0, at);
          }
          seen(0).points += n - 3;  // counted are the elements
        }
        Element<Q> const& e = row.elements[j];
        judge<E>(seen(1), value(y[i]), e.y.value, e.y.size, factor * polynorm_bound, tiny, at);
        if (!b.backward) continue;
        judge<E>(seen(2), value(dx[i]), e.dx.value, e.dx.size, factor * polynorm_slope_bound, tiny, at);
        judge<E>(seen(2), value(again[i]), e.dx.value, e.dx.size, factor * polynorm_slope_bound, tiny, at);
        --seen(2).points;
      }
      if (!b.backward) continue;
      for (auto const& one : gradient) {
        for (int q = 0; q < 4; ++q) {
          judge<C>(seen(3), one[q], sums[q].value, sums[q].size, factor * polynorm_gradient_bound<E>, tiny,
                   value(b.x[0]));
        }
      }
      seen(3).points += static_cast<std::int64_t>(b.x.size()) - 8;
    }
  }
};

template <class E>
std::vector<Line> measure(Effort const& effort) {
  std::vector<Line> all;
  measure_families<E>(effort, all, static_cast<AllFamilies<E> const*>(nullptr));
  MeasureNorm<E> const m(effort);
  std::vector<Line> lines = MeasureNorm<E>::lines();
  measure_chunks<E>(effort, m.exhaustive(), lines, m);
  all.insert(all.end(), lines.begin(), lines.end());
  return all;
}

}  // namespace nwidth::kernels::cpu
