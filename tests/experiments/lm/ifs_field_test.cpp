// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs_field.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "experiments/lm/random.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/number/real.hpp"

namespace nwidth::lm {
namespace {

using test::message_of;

Ifs ifs_of(int dimension, int smoothness, int symbols, int memory, int frequencies) {
  Ifs f;
  f.dimension = dimension;
  f.smoothness = smoothness;
  f.symbols = symbols;
  f.memory = memory;
  f.frequencies = frequencies;
  return f;
}

std::size_t power(std::int64_t base, int exponent) {
  std::size_t p = 1;
  for (int i = 0; i < exponent; ++i) p *= static_cast<std::size_t>(base);
  return p;
}

/// Digits of i, the first slowest.
std::vector<std::int64_t> digits(std::size_t i, std::int64_t base, int count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  for (int a = count; a-- > 0; i /= static_cast<std::size_t>(base))
    all[static_cast<std::size_t>(a)] = static_cast<std::int64_t>(i % static_cast<std::size_t>(base));
  return all;
}

Real basis(Field const& g, std::int64_t k, Real const& z) {
  if (k == 0) return Real(1);
  Real const pi = activation::ops<Real>::pi(), root = sqrt(Real(2));
  if (g.basis == Field::Basis::cosine) return root * cos(pi * k * z);
  return root * (k % 2 == 1 ? cos(pi * (k + 1) * z) : sin(pi * k * z));
}

/// The definition in 100 digits.
Real at(Field const& g, std::vector<Real> const& z) {
  std::vector<std::vector<Real>> phi(z.size());
  for (std::size_t a = 0; a < z.size(); ++a)
    for (std::int64_t k = 0; k < g.frequencies; ++k) phi[a].push_back(basis(g, k, z[a]));
  Real sum = 0;
  for (std::size_t i = 0; i < g.coefficients.size(); ++i) {
    Real term = g.coefficients[i];
    auto const k = digits(i, g.frequencies, g.dimension);
    for (std::size_t a = 0; a < z.size(); ++a) term *= phi[a][static_cast<std::size_t>(k[a])];
    sum += term;
  }
  return sum;
}

TEST(IfsField, ValuesLieWithinTheirErrorOfTheDefinition) {
  test::for_random(25, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3));
    Ifs const f = ifs_of(d, 1, static_cast<int>(test::uniform(g, 2, 3)), 3, static_cast<int>(test::uniform(g, 2, 12)));
    Field const field = test::coin(g) ? gaussian_field(f, g()) : wavelet_field(f, g());
    std::int64_t const n = cells_of(f);
    FieldValues const values = on_cells(field, n);
    EXPECT_LT(values.error, 1e-12);
    EXPECT_GT(values.error, 0);
    for (int i = 0; i < 12; ++i) {
      auto const cell = static_cast<std::size_t>(g() % values.values.size());
      std::vector<Real> z;
      for (std::int64_t const index : digits(cell, n, d)) z.push_back((Real(index) + Real(0.5)) / n);
      ASSERT_LE(abs(at(field, z) - Real(values.values[cell])), Real(values.error));
    }
  });
}

TEST(IfsField, MeanIsZeroAndVarianceIsOneOverTheCells) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), k = static_cast<int>(test::uniform(g, 2, 5));
    int const m = static_cast<int>(test::uniform(g, 1, d == 1 ? 5 : k == 2 ? 4 : 2));
    Ifs const f = ifs_of(d, static_cast<int>(test::uniform(g, 1, 8)), k, m, static_cast<int>(test::uniform(g, 2, 40)));
    if (cells_of(f) < 3) return;
    for (Field const& field : {gaussian_field(f, g()), wavelet_field(f, g())}) {
      auto const values = on_cells(field, cells_of(f)).values;
      double const mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
      double square = 0, squares = 0;
      for (double const v : values) square += v * v / static_cast<double>(values.size());
      for (double const c : field.coefficients) squares += c * c;
      EXPECT_NEAR(mean, 0, 1e-12);
      EXPECT_NEAR(square, 1, 1e-12);
      EXPECT_NEAR(squares, 1, 1e-12);  // of the wavelets: every level orthonormal, and to the others
    }
  });
}

/// c_k |k|^(s + d/2) are independent standard normal numbers up to one factor: their second moment is the same in all
/// shells of |k|, and the fourth is three times its square.
TEST(IfsField, CoefficientsDecayAsAsked) {
  struct Case {
    int d, s, frequencies;
  };
  for (Case const& c : {Case{1, 2, 1000}, Case{2, 3, 64}, Case{3, 1, 20}}) {
    Field const field = gaussian_field(ifs_of(c.d, c.s, 2, 12 / c.d, c.frequencies), 11);
    std::vector<double> count(4), second(4);
    double fourth = 0, all = 0;
    EXPECT_EQ(field.coefficients[0], 0);
    for (std::size_t i = 1; i < field.coefficients.size(); ++i) {
      double square = 0;
      for (std::int64_t const k : digits(i, field.frequencies, c.d)) square += static_cast<double>(k * k);
      double const x = field.coefficients[i] * std::pow(square, (c.s + c.d / 2.0) / 2), x2 = x * x;
      auto const shell =
          static_cast<std::size_t>(std::clamp(3 + std::ceil(std::log2(std::sqrt(square) / c.frequencies)), 0.0, 3.0));
      ++count[shell];
      second[shell] += x2;
      all += x2;
      fourth += x2 * x2;
    }
    auto const n = static_cast<double>(field.coefficients.size() - 1);
    for (std::size_t shell = 0; shell < 4; ++shell)
      EXPECT_NEAR(second[shell] / count[shell] / (all / n), 1, 4 * std::sqrt(2 / count[shell])) << c.d << ' ' << shell;
    EXPECT_NEAR(fourth / n / (all / n * (all / n)), 3, 4 * std::sqrt(24 / n)) << c.d;
  }
}

TEST(IfsField, MoreFrequenciesLeaveTheLowOnesInPlace) {
  Field const few = gaussian_field(ifs_of(2, 2, 2, 5, 8), 3), many = gaussian_field(ifs_of(2, 2, 2, 5, 20), 3);
  double const ratio = many.coefficients[1] / few.coefficients[1];
  for (std::size_t a = 0; a < 8; ++a)
    for (std::size_t b = 0; b < 8; ++b)
      EXPECT_NEAR(many.coefficients[20 * a + b], ratio * few.coefficients[8 * a + b], 1e-15);
  EXPECT_EQ(gaussian_field(ifs_of(2, 2, 2, 5, 4096), 3).frequencies, 32);
  EXPECT_NE(gaussian_field(ifs_of(2, 2, 2, 5, 8), 4).coefficients, few.coefficients);
}

/// Meyer's functions on the line, by quadrature of their Fourier transforms; the wavelet is symmetric about 1/2.
double meyer(bool wavelet, double x) {
  double const pi = std::acos(-1.0);
  auto const nu = [](double t) {
    t = std::clamp(t, 0.0, 1.0);
    return t * t * t * t * (35 - 84 * t + 70 * t * t - 20 * t * t * t);
  };
  auto const transform = [&](double r) {
    if (!wavelet) return std::cos(pi / 2 * nu(3 * r - 1));
    return r < 2.0 / 3 ? std::sin(pi / 2 * nu(3 * r - 1)) : std::cos(pi / 2 * nu(1.5 * r - 1));
  };
  double const end = wavelet ? 4.0 / 3 : 2.0 / 3;
  int const steps = 1200;  // of Simpson's rule; thirds are nodes
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    double const r = end * i / steps, weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * transform(r) * std::cos(2 * pi * r * (x - (wavelet ? 0.5 : 0)));
  }
  return 2 * sum * end / steps / 3;
}

double periodic_meyer(bool wavelet, int level, double k, double z) {
  double sum = 0;
  int const wraps = std::max(2, 40 >> level);  // |x|^-5 is below 1e-7 beyond
  for (int l = -wraps; l <= wraps; ++l) sum += meyer(wavelet, std::ldexp(z + l, level) - k);
  return sum;
}

TEST(IfsField, WaveletSumsAreThoseOfMeyersFunctionsOnTheLine) {
  std::mt19937_64 g(5);
  for (auto const& [d, s, memory] : {std::tuple{1, 1, 4}, std::tuple{1, 3, 3}, std::tuple{2, 2, 3}}) {
    Ifs const f = ifs_of(d, s, 2, memory, 1);
    std::uint64_t const key = g();
    Field const field = wavelet_field(f, key);
    int const last = wavelet_levels(cells_of(f));
    EXPECT_EQ(last, memory - 2);
    double norm = 0;
    for (int j = 0; j <= last; ++j) norm += ((1 << d) - 1) * std::pow(4, -j * s);
    for (int trial = 0; trial < (d == 1 ? 3 : 1); ++trial) {
      std::vector<Real> z;
      for (int a = 0; a < d; ++a) z.emplace_back(test::uniform01(g));
      double sum = 0;
      for (int j = 0; j <= last; ++j) {
        // [axis][wavelet][shift]
        std::vector<std::array<std::vector<double>, 2>> table(static_cast<std::size_t>(d));
        for (std::size_t a = 0; a < table.size(); ++a)
          for (int w = 0; w < 2; ++w)
            for (int k = 0; k < 1 << j; ++k)
              table[a][static_cast<std::size_t>(w)].push_back(periodic_meyer(w == 1, j, k, z[a].convert_to<double>()));
        for (int type = 1; type < 1 << d; ++type)
          for (std::size_t i = 0; i < power(1 << j, d); ++i) {
            std::uint64_t const signs =
                key_of(key_of(key, static_cast<std::uint64_t>(j)), static_cast<std::uint64_t>(type));
            double term = std::pow(2, -j * s) * (bits_at(signs, i) >> 63 != 0 ? -1 : 1);
            auto const k = digits(i, 1 << j, d);
            for (std::size_t a = 0; a < table.size(); ++a)
              term *= table[a][static_cast<std::size_t>(type >> a & 1)][static_cast<std::size_t>(k[a])];
            sum += term;
          }
      }
      EXPECT_NEAR(at(field, z).convert_to<double>(), sum / std::sqrt(norm), 2e-6) << d << ' ' << s;
    }
  }
}

TEST(IfsField, BadInputIsOneLine) {
  EXPECT_EQ(message_of<InvalidInput>([] { gaussian_field(ifs_of(1, 1, 2, 3, 1), 1); }),
            "frequencies = 1: allowed are 2 to 4096");
  EXPECT_EQ(message_of<InvalidInput>([] { wavelet_field(ifs_of(1, 1, 2, 1, 1), 1); }),
            "memory = 1: symbols^memory = 2 cells resolve no wavelet: allowed are at least 3");
  EXPECT_EQ(message_of<InvalidInput>([] {
              on_cells(Field{Field::Basis::cosine, 2, 1024, {}}, 4096);
            }),
            "symbols^(memory dimension) times frequencies = 16777216 * 1024: allowed is 2^33");
}

}  // namespace
}  // namespace nwidth::lm
