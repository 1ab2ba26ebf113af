// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs_law.hpp"

#include <gtest/gtest.h>

#include "experiments/lm/ifs_field.hpp"
#include "experiments/lm/random.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/number/real.hpp"

namespace nwidth::lm {
namespace {

using test::message_of;

Ifs random_ifs(std::mt19937_64& g) {
  Ifs f;
  f.dimension = static_cast<int>(test::uniform(g, 1, 3));
  f.symbols = static_cast<int>(test::uniform(g, 2, f.dimension == 1 ? 5 : 3));
  f.memory = static_cast<int>(test::uniform(g, 2, f.dimension == 1 ? 4 : f.dimension == 2 ? 3 : 2));
  f.outputs = static_cast<int>(test::uniform(g, 2, 5));
  f.smoothness = static_cast<int>(test::uniform(g, 1, 4));
  f.wavelet = test::coin(g);
  f.frequencies = 8;
  f.seed = g() % 1000;
  return f;
}

TEST(IfsLaw, AStateIsTheCellOfThePointThatTheSymbolsMove) {
  test::for_random(60, [](std::mt19937_64& g) {
    Ifs const f = random_ifs(g);
    IfsLaw const law(f);
    auto const d = static_cast<std::size_t>(f.dimension);
    std::int64_t const n = cells_of(f);
    auto state = static_cast<std::int64_t>(g() % static_cast<std::uint64_t>(law.states()));
    std::vector<Rational> z(d, Rational(test::uniform(g, 0, 999)) / 1000);
    std::vector<std::int64_t> symbols;
    for (int t = 1; t <= 12; ++t) {
      symbols.push_back(static_cast<std::int64_t>(g() % static_cast<std::uint64_t>(law.addresses())));
      state = law.next(state, symbols.back());
      std::int64_t rest = symbols.back(), cell = 0;
      std::vector<std::int64_t> u(d);
      for (std::size_t a = d; a-- > 0; rest /= f.symbols) u[a] = rest % f.symbols;
      for (std::size_t a = 0; a < d; ++a) {
        z[a] = (z[a] + u[a]) / f.symbols;
        Integer const index = numerator(z[a]) * n / denominator(z[a]);
        cell = cell * n + index.convert_to<std::int64_t>();
      }
      if (t < f.memory) continue;  // before, the state still knows the first one
      ASSERT_EQ(state, cell);
      for (int age = 0; age < f.memory; ++age)
        ASSERT_EQ(law.address(state, age), symbols[symbols.size() - 1 - static_cast<std::size_t>(age)]);
    }
  });
}

/// Of the m last symbols each state has one history, and whatever came before is forgotten.
TEST(IfsLaw, OneHistoryOfSymbolsForEachState) {
  for (int const d : {1, 2, 3}) {
    Ifs f;
    f.dimension = d;
    f.memory = d == 1 ? 6 : 2;
    f.symbols = d == 3 ? 2 : 3;
    IfsLaw const law(f);
    std::vector<int> met(static_cast<std::size_t>(law.states()));
    std::int64_t histories = 1;
    for (int i = 0; i < f.memory; ++i) histories *= law.addresses();
    ASSERT_EQ(histories, law.states());
    for (std::int64_t h = 0; h < histories; ++h) {
      std::int64_t end = -1;
      for (std::int64_t const first : {std::int64_t{0}, law.states() - 1, h}) {
        std::int64_t state = first, rest = h;
        for (int i = 0; i < f.memory; ++i, rest /= law.addresses()) state = law.next(state, rest % law.addresses());
        if (end >= 0) {
          ASSERT_EQ(state, end);
        }
        end = state;
      }
      ++met[static_cast<std::size_t>(end)];
    }
    for (int const times : met) ASSERT_EQ(times, 1);
  }
}

TEST(IfsLaw, ProbabilitiesSumToOneAndAreTheSoftmaxOfTheFields) {
  test::for_random(30, [](std::mt19937_64& g) {
    Ifs const f = random_ifs(g);
    IfsLaw const law(f);
    double const bound = law.entropy().law_error;
    EXPECT_LT(bound, 1e-12);
    std::vector<FieldValues> logits;
    for (int y = 1; y < f.outputs; ++y) {
      std::uint64_t const key = key_of(key_of(0x6669656c64, f.seed), static_cast<std::uint64_t>(y));
      logits.push_back(on_cells(f.wavelet ? wavelet_field(f, key) : gaussian_field(f, key), cells_of(f)));
    }
    std::vector<double> p(static_cast<std::size_t>(f.outputs));
    for (std::int64_t z = 0; z < law.states(); ++z) {
      law.probabilities(z, p);
      Rational sum = 0;
      for (double const x : p) {
        sum += exact(x);
        ASSERT_GT(x, 0);
      }
      ASSERT_EQ(sum, 1);
      Real total = 1;
      for (auto const& v : logits) total += exp(Real(v.values[static_cast<std::size_t>(z)]));
      for (std::size_t y = 0; y < p.size(); ++y) {
        Real const logit = y == 0 ? Real(0) : Real(logits[y - 1].values[static_cast<std::size_t>(z)]);
        ASSERT_LE(abs(exp(logit) / total - p[y]), Real(bound));
      }
    }
  });
}

TEST(IfsLaw, AnOutputIsDrawnFromExactlyItsShareOfTheNumbers) {
  test::for_random(30, [](std::mt19937_64& g) {
    IfsLaw const law(random_ifs(g));
    std::vector<double> p(static_cast<std::size_t>(law.outputs()));
    for (int i = 0; i < 20; ++i) {
      auto const z = static_cast<std::int64_t>(g() % static_cast<std::uint64_t>(law.states()));
      law.probabilities(z, p);
      std::uint64_t first = 0;
      for (std::size_t y = 0; y < p.size(); ++y) {
        std::uint64_t const next = first + static_cast<std::uint64_t>(p[y] * 0x1p53);
        ASSERT_EQ(law.output(z, first), static_cast<std::int64_t>(y));
        ASSERT_EQ(law.output(z, next - 1), static_cast<std::int64_t>(y));
        first = next;
      }
      ASSERT_EQ(first, std::uint64_t{1} << 53);
    }
  });
}

/// The sum in Real, which knows nothing of balls.
TEST(IfsLaw, TheEntropyLiesWithinItsEnclosure) {
  test::for_random(12, [](std::mt19937_64& g) {
    Ifs const f = random_ifs(g);
    IfsLaw const law(f);
    Real sum = 0;
    std::vector<double> p(static_cast<std::size_t>(f.outputs));
    for (std::int64_t z = 0; z < law.states(); ++z) {
      law.probabilities(z, p);
      for (double const x : p) sum -= Real(x) * log(Real(x));
    }
    Real const emission = sum / law.states(), rate = (f.dimension * log(Real(f.symbols)) + emission) / 2;
    IfsEntropy const e = law.entropy();
    auto const within = [](std::string const& lower, Real const& x, std::string const& upper) {
      EXPECT_LE(to_real(parse_rational(lower)), x) << lower;
      EXPECT_GE(to_real(parse_rational(upper)), x) << upper;
      EXPECT_LT(to_real(parse_rational(upper)) - to_real(parse_rational(lower)), Real(1e-18)) << upper;
      EXPECT_LT(to_real(parse_rational(lower)), to_real(parse_rational(upper)));
    };
    within(e.emission_lower, emission, e.emission_upper);
    within(e.rate_lower, rate, e.rate_upper);
    EXPECT_LT(emission, log(Real(f.outputs)));
  });
}

TEST(IfsLaw, TablesAreTheSameOnEveryMachine) {
  Ifs f;
  EXPECT_EQ(IfsLaw(f).sha256(), "35ad743388f08edb616f1f02d7d60d93e219bcb08f50e9de49f43125b4e592f6");
  f.wavelet = true;
  f.outputs = 3;
  EXPECT_EQ(IfsLaw(f).sha256(), "de2ec73f6a6465c676a68c29a8c12bed8413c3e8d0d11935e288fa65efb14997");
}

TEST(IfsLaw, TooLargeATableIsOneLine) {
  Ifs f;
  f.memory = 12;
  f.outputs = 256;
  EXPECT_EQ(message_of<InvalidInput>([&] { IfsLaw{f}; }),
            "outputs = 256: states times (outputs - 1) = 4278190080: allowed is 2^26");
}

}  // namespace
}  // namespace nwidth::lm
