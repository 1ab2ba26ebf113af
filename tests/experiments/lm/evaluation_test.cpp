// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/evaluation.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/ifs.hpp"
#include "experiments/lm/loss.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "tests/random.hpp"

namespace nwidth::lm {
namespace {

/// What is asked of the true law: nats.
constexpr double bar = 1e-6;
/// The logit of what cannot come next; exp() of it is 0 in float.
constexpr float never = -1000;

void record(char const* what, double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", x);
  ::testing::Test::RecordProperty(what, text);
}

struct Case {
  int dimension, smoothness, memory;
  int outputs = 2, symbols = 2;
  bool wavelet = false;
};

std::vector<Case> cases() {
  return {{1, 1, 1}, {1, 1, 5}, {1, 2, 3, 5}, {1, 3, 4, 2, 3}, {1, 4, 8}, {1, 2, 6, 3, 2, true},
          {2, 1, 1}, {2, 1, 3}, {2, 2, 2, 4}, {2, 3, 2, 2, 3}, {2, 4, 4}, {2, 3, 3, 2, 2, true}};
}

std::shared_ptr<IfsLaw const> law_of(Case const& c) {
  Ifs f;
  f.dimension = c.dimension;
  f.smoothness = c.smoothness;
  f.memory = c.memory;
  f.outputs = c.outputs;
  f.symbols = c.symbols;
  f.wavelet = c.wavelet;
  f.frequencies = 8;
  return std::make_shared<IfsLaw const>(f);
}

/// Probabilities of the outputs that follow a state: those of the law, or others.
using Told = std::function<void(std::int64_t state, std::span<double> p)>;

Told truth(IfsLaw const& law) {
  return [&law](std::int64_t state, std::span<double> p) { law.probabilities(state, p); };
}
/// The law but for a logit: what it exceeds the entropy by is far above the bar.
Told wrong(IfsLaw const& law, double shift) {
  return [&law, shift](std::int64_t state, std::span<double> p) {
    law.probabilities(state, p);
    double const first = p[0] * std::exp(shift), sum = 1 - p[0] + first;
    p[0] = first;
    for (double& x : p) x /= sum;
  };
}

/// Logits as a model has them, float: at the position of an address symbol the logarithms of what follows its state,
/// at others address symbols are alike. State 0 stands for symbols before the first token.
at::Tensor logits_of(IfsLaw const& law, Told const& told, at::Tensor const& tokens) {
  std::int64_t const rows = tokens.size(0), length = tokens.size(1);
  at::Tensor all = at::full({rows, length, law.vocabulary()}, never, at::TensorOptions(at::kFloat));
  auto const t = tokens.accessor<std::int64_t, 2>();
  auto out = all.accessor<float, 3>();
  std::vector<double> p(static_cast<std::size_t>(law.outputs()));
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t state = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      if (t[r][i] >= law.addresses()) {
        for (std::int64_t u = 0; u < law.addresses(); ++u) out[r][i][u] = 0;
        continue;
      }
      state = law.next(state, t[r][i]);
      told(state, p);
      for (std::int64_t y = 0; y < law.outputs(); ++y)
        out[r][i][law.addresses() + y] = static_cast<float>(std::log(p[static_cast<std::size_t>(y)]));
    }
  }
  return all;
}

/// The same logits as hidden [B, T, v + 1] by a matrix [V, v + 1] for a vocabulary V >= v, whose other tokens never
/// come: products with ones and zeros are exact.
at::Tensor hidden_of(at::Tensor const& logits) {
  return at::cat({logits, at::full({logits.size(0), logits.size(1), 1}, never, logits.options())}, 2);
}
at::Tensor matrix_of(std::int64_t v, std::int64_t vocabulary) {
  at::Tensor weight = at::zeros({vocabulary, v + 1}, at::TensorOptions(at::kFloat));
  auto w = weight.accessor<float, 2>();
  for (std::int64_t i = 0; i < vocabulary; ++i) w[i][std::min(i, v)] = 1;
  return weight;
}

/// The loss of the trainer in its expectation over the stream, less the entropy: all states, each followed by all
/// outputs with the probability that it has. One position is scored, by the stream's own mask.
double expected_excess(IfsLaw const& law, Told const& told, std::int64_t vocabulary, bool gradients) {
  std::int64_t const length = 2 * law.parameters().memory - 1, addresses = law.addresses();
  IfsStream const stream(std::make_shared<IfsLaw const>(law), length, Split::validation, 1);
  at::Tensor const scored = scored_mask(stream, at::kCPU);
  EXPECT_EQ(scored.sum().item<std::int64_t>(), 1);
  at::Tensor const matrix = matrix_of(law.vocabulary(), vocabulary);
  std::vector<std::int32_t> context(static_cast<std::size_t>(length));
  std::vector<double> p(static_cast<std::size_t>(law.outputs()));
  double sum = 0;
  for (std::int64_t z = 0; z < law.states(); ++z) {
    context_of(law, z, 5, context);
    at::Tensor const tokens = at::zeros({1, length}, at::TensorOptions(at::kLong));
    std::copy(context.begin(), context.end(), tokens.mutable_data_ptr<std::int64_t>());
    at::Tensor hidden = hidden_of(logits_of(law, told, tokens));
    if (gradients) hidden.requires_grad_();
    law.probabilities(z, p);
    for (std::int64_t y = 0; y < law.outputs(); ++y) {
      at::Tensor const targets = at::cat({tokens.narrow(1, 1, length - 1), at::full({1, 1}, addresses + y)}, 1);
      at::Tensor const loss = next_token_loss(hidden, matrix, targets, scored, Backend::fused);
      EXPECT_EQ(loss.scalar_type(), at::kFloat);
      sum += p[static_cast<std::size_t>(y)] * loss.item<double>();
    }
  }
  IfsEntropy const e = law.entropy();
  EXPECT_LT(std::stod(e.emission_upper) - std::stod(e.emission_lower), 1e-12);
  return sum / static_cast<double>(law.states()) - std::stod(e.emission_lower);
}

TEST(Evaluation, TheTrueLawHasNoExcessInTheTrainersLoss) {
  at::set_num_threads(1);  // small tensors
  double largest = 0;
  for (Case const& c : cases()) {
    auto const law = law_of(c);
    for (bool const gradients : {false, true})
      for (std::int64_t const vocabulary : {law->vocabulary(), chunked_vocabulary + 1}) {
        if (vocabulary > chunked_vocabulary && law->states() > 100)
          continue;  // it takes long, and small ones are there
        double const x = expected_excess(*law, truth(*law), vocabulary, gradients);
        EXPECT_LE(std::fabs(x), bar) << c.dimension << ' ' << c.smoothness << ' ' << c.memory << ' ' << vocabulary;
        largest = std::max(largest, std::fabs(x));
      }
  }
  record("largest_excess", largest);
}

TEST(Evaluation, TheTrueLawHasNoExcessOverAllStates) {
  double largest = 0;
  for (Case const& c : cases()) {
    auto const law = law_of(c);
    std::int64_t const longest = 4 * c.memory + 7;
    IfsStream const stream(law, longest, Split::validation, 1);
    auto const e = excess([&](at::Tensor const& t) { return logits_of(*law, truth(*law), t); }, longest, stream, 1000);
    ASSERT_TRUE(e);
    EXPECT_EQ(e->context, 4 * c.memory - 1);
    EXPECT_LE(std::fabs(e->nats), bar) << c.dimension << ' ' << c.smoothness << ' ' << c.memory;
    largest = std::max(largest, std::fabs(e->nats));
  }
  record("largest_excess", largest);
}

TEST(Evaluation, BothSeeWhatIsWrongAlike) {
  test::for_random(6, [](std::mt19937_64& g) {
    auto const all = cases();
    Case const& c = all[static_cast<std::size_t>(test::uniform(g, 0, static_cast<long>(all.size()) - 1))];
    auto const law = law_of(c);
    Told const told = wrong(*law, test::uniform_real(g, 0.05, 1));
    IfsStream const stream(law, 4 * c.memory, Split::validation, 1);
    auto const e = excess([&](at::Tensor const& t) { return logits_of(*law, told, t); }, 4 * c.memory, stream,
                          test::uniform(g, 1, 99));
    ASSERT_TRUE(e);
    EXPECT_GT(e->nats, 100 * bar);
    EXPECT_NEAR(expected_excess(*law, told, law->vocabulary(), false), e->nats, bar);
    // probabilities that are not normalised are taken as softmax takes them: the same
    auto const scaled =
        excess([&](at::Tensor const& t) { return logits_of(*law, told, t) + 3; }, 4 * c.memory, stream, 50);
    EXPECT_NEAR(scaled->nats, e->nats, bar);
  });
}

/// With a memory of one symbol a transformer can be the law: its blocks add nothing, its matrix holds the logarithms.
/// So all that `evaluate` and the trainer call is gone through.
TEST(Evaluation, ATransformerThatIsTheLawHasNoExcess) {
  at::set_num_threads(1);
  for (Case const& c : {Case{1, 1, 1}, Case{1, 3, 1, 4, 5}, Case{2, 2, 1}, Case{2, 3, 1, 3, 3, true}})
    for (std::int64_t const vocabulary : {std::int64_t{64}, chunked_vocabulary}) {
      auto const law = law_of(c);
      Model m;
      m.vocabulary = vocabulary;
      m.context = 9;
      m.layers = 1;
      m.width = 16;
      m.heads = 2;
      m.hidden = 8;
      m.tied = false;
      ASSERT_LE(law->vocabulary(), m.width);
      Transformer model(m);
      at::NoGradGuard const without;
      for (Parameter& p : model.parameters()) {
        if (p.name == "norm.weight") {  // of a unit vector
          p.value.fill_(std::sqrt(1 / static_cast<double>(m.width) + m.norm_eps));
        } else if (p.name == "embedding.weight") {
          p.value.zero_();
          for (std::int64_t u = 0; u < m.width; ++u) p.value.select(0, u).select(0, u).fill_(1);
        } else if (p.name == "output.weight") {
          p.value.fill_(never);
          at::Tensor const tokens = at::zeros({law->vocabulary(), 1}, at::TensorOptions(at::kLong));
          for (std::int64_t u = 0; u < law->vocabulary(); ++u) tokens.select(0, u).fill_(u);
          at::Tensor const logits = logits_of(*law, truth(*law), tokens).select(1, 0).t();
          p.value.narrow(0, 0, law->vocabulary()).narrow(1, 0, law->vocabulary()).copy_(logits);
        } else if (p.name.ends_with("attention.weight") || p.name.ends_with("down.weight")) {
          p.value.zero_();
        }
      }
      IfsStream const stream(law, m.context, Split::validation, 1);
      auto const e = excess(model, stream, 8, false);
      ASSERT_TRUE(e);
      EXPECT_LE(std::fabs(e->nats), bar) << c.dimension << ' ' << c.outputs << ' ' << vocabulary;

      // and the loss of its own sequences is the cross entropy in double
      Ranks alone;
      std::int64_t const sequences = 37;
      Evaluation const found = evaluate(model, stream, sequences, 8, false, alone);
      EXPECT_EQ(found.sequences, sequences);
      std::vector<std::int32_t> tokens(static_cast<std::size_t>(m.context) + 1);
      std::vector<double> p(static_cast<std::size_t>(law->outputs()));
      double sum = 0;
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < sequences; ++i) {
        stream.sequence(i, tokens);
        for (std::size_t k = 0; k + 1 < tokens.size(); ++k) {
          if (stream.scored()[k] == 0) continue;
          law->probabilities(law->next(0, tokens[k]), p);
          sum -= std::log(p[static_cast<std::size_t>(tokens[k + 1] - law->addresses())]);
          ++count;
        }
      }
      EXPECT_EQ(count, sequences * 5);
      EXPECT_NEAR(found.loss, sum / static_cast<double>(count), bar);
    }
}

TEST(Evaluation, NumbersThatAreNotFiniteAreWords) {
  double const nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  Excess above;
  above.nats = -inf;
  above.context = 3;
  above.floor_lower = "0.5";
  above.floor_upper = "0.6";
  EXPECT_EQ(described({nan, 7}, above, Stream::ifs).dump(),
            R"({"loss":"nan","sequences":7,"excess":"-inf","excess_context":3,"floor":{"lower":"0.5","upper":"0.6"}})");
  EXPECT_EQ(described({inf, 7}, {}, Stream::bytes).dump(), R"({"loss":"inf","sequences":7,"bits_per_byte":"inf"})");
  Json const text = described({std::log(2.0) * 3, 7}, {}, Stream::bytes);
  EXPECT_NEAR(text["bits_per_byte"].get<double>(), 3, 1e-15);
  EXPECT_EQ(described({0.5, 7}, {}, Stream::shards).dump(), R"({"loss":0.5,"sequences":7})");
}

}  // namespace
}  // namespace nwidth::lm
