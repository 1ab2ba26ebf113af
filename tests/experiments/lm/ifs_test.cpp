// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiments/lm/random.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

using test::message_of;

Ifs small(int dimension, int memory, int outputs = 2, bool wavelet = false, int symbols = 2) {
  Ifs f;
  f.dimension = dimension;
  f.memory = memory;
  f.outputs = outputs;
  f.wavelet = wavelet;
  f.symbols = symbols;
  f.smoothness = 2;
  f.frequencies = 8;
  return f;
}

std::vector<std::int32_t> sequence(TokenSource const& source, std::int64_t index, std::int64_t context) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(context) + 1);
  source.sequence(index, tokens);
  return tokens;
}

/// The state that the address symbols up to position `last` of a sequence spell, by the definition: digits of each
/// axis.
std::int64_t spelled(IfsLaw const& law, std::vector<std::int32_t> const& tokens, std::size_t last) {
  Ifs const& f = law.parameters();
  std::int64_t state = 0;
  for (int axis = 0; axis < f.dimension; ++axis)
    for (int age = 0; age < f.memory; ++age) {
      std::int64_t symbol = tokens[last - 2 * static_cast<std::size_t>(age)];
      for (int a = f.dimension - 1; a > axis; --a) symbol /= f.symbols;
      state = state * f.symbols + symbol % f.symbols;
    }
  return state;
}

/// P(X > statistic) for that many degrees of freedom.
double tail(double statistic, double freedom) { return cdf(complement(boost::math::chi_squared(freedom), statistic)); }

TEST(Ifs, AddressesAndOutputsTakeTurns) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const m = static_cast<int>(test::uniform(g, 1, 3));
    auto const law = std::make_shared<IfsLaw const>(small(2, m, static_cast<int>(test::uniform(g, 2, 5)), false, 3));
    std::int64_t const context = test::uniform(g, 2 * m - 1, 40);
    IfsStream const s(law, context, Split::train, g());
    EXPECT_EQ(s.vocabulary(), 9 + law->outputs());
    ASSERT_EQ(s.scored().size(), static_cast<std::size_t>(context));
    auto const tokens = sequence(s, static_cast<std::int64_t>(g() >> 2), context);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      ASSERT_GE(tokens[i], i % 2 == 0 ? 0 : 9);
      ASSERT_LT(tokens[i], i % 2 == 0 ? 9 : 9 + law->outputs());
      if (i == 0) continue;  // target i - 1: an output of which m addresses stand before it
      EXPECT_EQ(s.scored()[i - 1], i % 2 == 1 && (i + 1) / 2 >= static_cast<std::size_t>(m) ? 1 : 0);
    }
  });
}

TEST(Ifs, ASequenceFollowsFromItsIndexTheSeedAndTheSplit) {
  auto const law = std::make_shared<IfsLaw const>(small(2, 3));
  IfsStream const s(law, 63, Split::train, 1), again(law, 63, Split::train, 1), other(law, 63, Split::train, 2);
  IfsStream const held(law, 63, Split::validation, 1), held_too(law, 63, Split::validation, 2);
  std::vector<std::vector<std::int32_t>> all;
  for (std::int64_t i = 0; i < 400; ++i) all.push_back(sequence(s, i, 63));
  std::vector<std::thread> readers;
  for (std::int64_t rank = 0; rank < 3; ++rank)
    readers.emplace_back([&, rank] {
      for (std::int64_t i = 399 - rank; i >= 0; i -= 3)
        EXPECT_EQ(sequence(again, i, 63), all[static_cast<std::size_t>(i)]);
    });
  for (std::thread& t : readers) t.join();
  for (std::int64_t i = 0; i < 100; ++i) {
    auto const n = static_cast<std::size_t>(i);
    EXPECT_NE(sequence(other, i, 63), all[n]);
    EXPECT_NE(sequence(held, i, 63), all[n]);
    EXPECT_NE(all[n + 1], all[n]);
    EXPECT_EQ(sequence(held, i, 63), sequence(held_too, i, 63));
  }
  EXPECT_EQ(s.count(), std::int64_t{1} << 62);
  EXPECT_EQ(held.count(), std::int64_t{1} << 20);
}

/// Mean of -ln p(y | state) over scored outputs against the enclosure of its expectation.
TEST(Ifs, CrossEntropyOfTheTrueLawIsTheCertifiedEntropy) {
  auto const draws = static_cast<std::int64_t>(std::max(2e4, 2e5 * test::multiplier()));
  for (Ifs const& f : {small(2, 6), small(1, 5, 4, true), small(3, 2, 3)}) {
    auto const law = std::make_shared<IfsLaw const>(f);
    IfsStream const s(law, 255, Split::train, 17);
    std::vector<double> p(static_cast<std::size_t>(f.outputs));
    double sum = 0, squares = 0;
    std::int64_t count = 0;
    for (std::int64_t index = 0; count < draws; ++index) {
      auto const tokens = sequence(s, index, 255);
      for (std::size_t i = 0; i < s.scored().size(); ++i) {
        if (s.scored()[i] == 0) continue;
        law->probabilities(spelled(*law, tokens, i), p);
        double const x = -std::log(p[static_cast<std::size_t>(tokens[i + 1] - law->addresses())]);
        sum += x;
        squares += x * x;
        ++count;
      }
    }
    auto const n = static_cast<double>(count);
    double const mean = sum / n, deviation = std::sqrt((squares / n - mean * mean) / n);
    IfsEntropy const e = law->entropy();
    EXPECT_LE(mean - 4 * deviation, std::stod(e.emission_upper));
    EXPECT_GE(mean + 4 * deviation, std::stod(e.emission_lower));
    EXPECT_LT(deviation, 0.003);
    RecordProperty("d" + std::to_string(f.dimension), std::to_string(count) + " draws, mean " + std::to_string(mean) +
                                                          " +- " + std::to_string(deviation) + ", certified " +
                                                          e.emission_lower + " .. " + e.emission_upper);
  }
}

/// Fixed seeds; each p-value is below 0.001 with that probability if the law is right.
TEST(Ifs, StatesAndOutputsPassChiSquareTests) {
  auto const draws = static_cast<std::int64_t>(std::max(1e5, 2e5 * test::multiplier()));
  for (Ifs const& f : {small(1, 6), small(2, 4), small(3, 2), small(2, 2, 4, true, 3)}) {
    auto const law = std::make_shared<IfsLaw const>(f);
    IfsStream const s(law, 2 * f.memory - 1, Split::train, 23);  // one scored output: independent draws
    auto const outputs = static_cast<std::size_t>(f.outputs), states = static_cast<std::size_t>(law->states());
    std::vector<double> visits(states), emitted(states * outputs), p(outputs);
    for (std::int64_t i = 0; i < draws; ++i) {
      auto const tokens = sequence(s, i, 2 * f.memory - 1);
      auto const z = static_cast<std::size_t>(spelled(*law, tokens, tokens.size() - 2));
      ++visits[z];
      ++emitted[z * outputs + static_cast<std::size_t>(tokens.back() - law->addresses())];
    }
    double const mean = static_cast<double>(draws) / static_cast<double>(states);
    double state = 0, output = 0;
    for (std::size_t z = 0; z < states; ++z) {
      state += (visits[z] - mean) * (visits[z] - mean) / mean;
      law->probabilities(static_cast<std::int64_t>(z), p);
      for (std::size_t y = 0; y < outputs; ++y) {
        double const expected = visits[z] * p[y], off = emitted[z * outputs + y] - expected;
        output += off * off / expected;
      }
    }
    EXPECT_GT(tail(state, static_cast<double>(states - 1)), 0.001) << f.dimension;
    EXPECT_LT(tail(state, static_cast<double>(states - 1)), 0.999) << f.dimension;  // nor too even
    EXPECT_GT(tail(output, static_cast<double>(states * (outputs - 1))), 0.001) << f.dimension;
    EXPECT_LT(tail(output, static_cast<double>(states * (outputs - 1))), 0.999) << f.dimension;
  }
}

/// Given the m last symbols, neither the symbol before them nor the last output tells anything of a scored output.
TEST(Ifs, ScoredOutputsDependOnTheLastSymbolsAlone) {
  Ifs const f = small(1, 3);
  auto const law = std::make_shared<IfsLaw const>(f);
  IfsStream const s(law, 7, Split::train, 31);
  double counts[8][2][2][2] = {};  // [state][symbol before][last output][output]
  auto const draws = static_cast<std::int64_t>(std::max(1e5, 2e5 * test::multiplier()));
  for (std::int64_t i = 0; i < draws; ++i) {
    auto const t = sequence(s, i, 7);
    ++counts[spelled(*law, t, 6)][t[0]][t[5] - 2][t[7] - 2];
  }
  double chi = 0, p[2];
  for (std::int64_t z = 0; z < 8; ++z)
    for (int u = 0; u < 2; ++u)
      for (int y = 0; y < 2; ++y) {
        double const* const c = counts[z][u][y];
        law->probabilities(z, p);
        for (int k = 0; k < 2; ++k) {
          double const expected = (c[0] + c[1]) * p[k];
          ASSERT_GT(expected, 100);
          chi += (c[k] - expected) * (c[k] - expected) / expected;
        }
      }
  EXPECT_GT(tail(chi, 32), 0.001);
}

TEST(Ifs, ContextsSpellEachStateOnce) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), m = static_cast<int>(test::uniform(g, 1, d == 1 ? 6 : 2));
    IfsLaw const law(small(d, m, 3));
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(2 * (m + test::uniform(g, 0, 5)) - 1));
    std::vector<int> met(static_cast<std::size_t>(law.states()));
    std::uint64_t const draw = g();
    for (std::int64_t z = 0; z < law.states(); ++z) {
      context_of(law, z, draw, tokens);
      EXPECT_EQ(spelled(law, tokens, tokens.size() - 1), z);
      ++met[static_cast<std::size_t>(spelled(law, tokens, tokens.size() - 1))];
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        EXPECT_EQ(tokens[i] >= law.addresses(), i % 2 == 1);
        EXPECT_LT(tokens[i], law.vocabulary());
      }
    }
    for (int const times : met) ASSERT_EQ(times, 1);
  });
}

TEST(Ifs, OutputsOfContextsAreDrawnByTheLaw) {
  IfsLaw const law(small(1, 2));
  std::vector<std::int32_t> tokens(7);  // y at 3 and 5 has its state in sight
  double chi = 0, counts[4][2] = {}, p[2];
  for (std::uint64_t draw = 0; draw < 20000; ++draw)
    for (std::int64_t z = 0; z < 4; ++z) {
      context_of(law, z, draw, tokens);
      ++counts[spelled(law, tokens, 4)][tokens[5] - 2];
    }
  for (std::int64_t z = 0; z < 4; ++z) {
    law.probabilities(z, p);
    for (int y = 0; y < 2; ++y) {
      double const expected = (counts[z][0] + counts[z][1]) * p[y];
      chi += (counts[z][y] - expected) * (counts[z][y] - expected) / expected;
    }
  }
  EXPECT_GT(tail(chi, 4), 0.001);
}

TEST(Ifs, MeanDivergenceIsExactForKnownModels) {
  test::for_random(10, [](std::mt19937_64& g) {
    IfsLaw const law(small(2, 3, static_cast<int>(test::uniform(g, 2, 4)), test::coin(g)));
    auto const outputs = static_cast<std::size_t>(law.outputs());
    std::int64_t const length = 5 + 2 * test::uniform(g, 0, 4), batch = test::uniform(g, 1, 100);
    auto const width = static_cast<std::size_t>(length);
    auto const mean = [&](auto&& one) {
      return mean_divergence(
          law, length, batch, 9, [&](std::span<std::int32_t const> contexts, std::span<double> log_q) {
            ASSERT_EQ(contexts.size() / width, log_q.size() / outputs);
            for (std::size_t r = 0; r < contexts.size() / width; ++r) {
              std::vector<std::int32_t> const tokens(contexts.begin() + static_cast<long>(r * width),
                                                     contexts.begin() + static_cast<long>((r + 1) * width));
              one(spelled(law, tokens, width - 1), log_q.subspan(r * outputs, outputs));
            }
          });
    };
    auto const truth = [&](std::int64_t z, std::span<double> log_q) {
      law.probabilities(z, log_q);
      for (double& x : log_q) x = std::log(x);
    };
    EXPECT_NEAR(mean(truth), 0, 1e-15);
    IfsEntropy const e = law.entropy();
    double const uniform = std::log(static_cast<double>(outputs));
    EXPECT_NEAR(mean([&](std::int64_t, std::span<double> log_q) { std::fill(log_q.begin(), log_q.end(), -uniform); }),
                uniform - std::stod(e.emission_lower), 1e-14);
    // a tenth of the mass on address symbols costs ln(10/9), whatever else is right
    EXPECT_NEAR(mean([&](std::int64_t z, std::span<double> log_q) {
                  truth(z, log_q);
                  for (double& x : log_q) x += std::log(0.9);
                }),
                std::log(10.0 / 9), 1e-14);
    EXPECT_TRUE(std::isnan(mean([](std::int64_t, std::span<double>) {})));  // a model that says nothing
  });
}

TEST(Ifs, TokensOpensIt) {
  Data data;
  data.stream = Stream::ifs;
  data.ifs = small(2, 3);
  Model model;
  model.context = 16;
  model.vocabulary = 6;
  auto const source = open_tokens(data, model, Split::train, 4);
  EXPECT_EQ(source->scored().size(), 16U);
  auto const held = open_tokens(data, model, Split::validation, 4);
  auto const law_in = [](TokenSource const& s) { return &dynamic_cast<IfsStream const&>(s).law(); };
  EXPECT_EQ(law_in(*source), law_in(*held));
  data.ifs.seed = 2;
  EXPECT_NE(law_in(*source), law_in(*open_tokens(data, model, Split::train, 4)));
  data.ifs.seed = 1;
  auto const json = nlohmann::json::parse(source->describe());
  EXPECT_EQ(json["kind"], "ifs");
  EXPECT_EQ(json["states"], 64);
  EXPECT_EQ(json["seed"], 4);
  EXPECT_EQ(json["sha256"], IfsLaw(data.ifs).sha256());
  model.vocabulary = 5;
  EXPECT_EQ(message_of<InvalidInput>([&] { open_tokens(data, model, Split::train, 4); }),
            "vocabulary = 5: allowed is at least 6 for symbols^dimension addresses and the outputs");
  model.vocabulary = 6;
  model.context = 4;
  EXPECT_EQ(message_of<InvalidInput>([&] { open_tokens(data, model, Split::train, 4); }),
            "context = 4: allowed is at least 2 memory - 1 = 5, or no output has its state in sight");
}

TEST(Ifs, BadContextsAreOneLine) {
  IfsLaw const law(small(1, 3));
  std::vector<std::int32_t> four(4), three(3), five(5);
  EXPECT_EQ(message_of<InvalidInput>([&] { context_of(law, 0, 1, four); }),
            "a context of 4 tokens: allowed are odd numbers from 5");
  EXPECT_THROW(context_of(law, 0, 1, three), InvalidInput);
  EXPECT_EQ(message_of<InvalidInput>([&] { context_of(law, 8, 1, five); }), "state 8: allowed are 0 to 7");
}

}  // namespace
}  // namespace nwidth::lm
