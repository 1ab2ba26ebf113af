// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/model.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "experiments/lm/describe.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

struct Variant {
  std::string name, toml;
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (Activation const& a : activations()) all.push_back({a.name, "activation = '" + a.name + "'\n"});
  std::string const act = "activation = 'polynorm'\n";
  all.push_back({"gpt2",
                 "activation = 'gelu-tanh'\npositions = 'learned'\nnorm = 'layer'\nbiases = true\n"
                 "initialisation = 'gpt2'\n"});
  all.push_back({"untied", act + "tied = false\n"});
  all.push_back({"without norms", act + "norm = 'none'\n"});
  all.push_back({"gated with biases", "activation = 'polynorm-glu'\nbiases = true\n"});
  all.push_back({"chunked loss", act + "vocabulary = 4099\n"});
  all.push_back({"dropout", act + "dropout = 0.2\n"});
  return all;
}

Model tiny(std::string const& toml) {
  std::string text = "[model]\ncontext = 6\nlayers = 2\nwidth = 8\nheads = 2\nhidden = 6\n" + toml;
  if (toml.find("vocabulary") == std::string::npos) text += "vocabulary = 11\n";
  return parse_config(text, "tiny").model;
}

/// Moves every parameter off its start, so that no gradient vanishes by symmetry.
Transformer drawn(Model const& m, Backend backend) {
  seed_random(3);
  Transformer t(m, backend, at::kCPU, at::kDouble);
  at::NoGradGuard const without;
  for (Parameter& p : t.parameters()) p.value.add_(at::randn(p.value.sizes(), at::kDouble), 0.2);
  return t;
}

/// Derivatives of the loss along a random direction in each parameter, against a difference of fourth order: every
/// entry of the gradient takes part. Dropout is made a function by its seed.
void check_gradients(Variant const& v, Backend backend, bool recompute) {
  SCOPED_TRACE(v.name);
  Transformer t = drawn(tiny(v.toml), backend);
  // a step across a kink shows it, so that steps must be short where there are kinks
  double const h = v.name.find("elu") != std::string::npos || v.name == "reglu" ? 1e-6 : 1e-4;
  seed_random(8);
  at::Tensor const tokens = at::randint(t.model().vocabulary, {2, 6}, at::kLong),
                   targets = at::randint(t.model().vocabulary, {2, 6}, at::kLong), scored = at::arange(6).ne(2);
  auto const loss = [&] {
    seed_random(21);
    return t.loss(tokens, targets, scored, true, recompute);
  };
  loss().backward();
  seed_random(13);
  for (Parameter& p : t.parameters()) {
    SCOPED_TRACE(p.name);
    at::Tensor const g = p.value.grad();
    ASSERT_TRUE(g.defined());
    at::NoGradGuard const without;
    ASSERT_GT(g.abs().max().item<double>(), 0);
    for (at::Tensor u : {g.clone(), at::randn(g.sizes(), at::kDouble)}) {
      u /= u.norm();
      double const exact = (g * u).sum().item<double>(), scale = g.norm().item<double>();
      at::Tensor const start = p.value.clone();
      double difference = 0;
      for (auto const& [step, weight] : {std::pair{1., 8.}, std::pair{2., -1.}})
        for (double const sign : {1., -1.}) {
          at::Tensor const random = random_state(at::kCPU);
          p.value.copy_(start + u * (sign * step * h));
          difference += sign * weight * loss().item<double>();
          set_random_state(at::kCPU, random);
        }
      p.value.copy_(start);
      EXPECT_NEAR(difference / (12 * h), exact, 1e-6 * scale);
    }
  }
}

TEST(Transformer, GradientsOfKernelsAreDifferences) {
  at::set_num_threads(1);
  for (Variant const& v : variants()) check_gradients(v, Backend::fused, false);
}

TEST(Transformer, GradientsOfTorchsOperatorsAreDifferences) {
  at::set_num_threads(1);
  for (Variant const& v : variants()) check_gradients(v, Backend::torch, false);
}

TEST(Transformer, GradientsOfRecomputedBlocksAreDifferences) {
  at::set_num_threads(1);
  for (Variant const& v : variants())
    if (v.name == "polynorm" || v.name == "gpt2" || v.name == "dropout") check_gradients(v, Backend::fused, true);
}

TEST(Transformer, DescribeCountsItsParameters) {
  auto const compare = [](Model const& m, std::string const& name) {
    std::int64_t total = 0, coefficient_count = 0;
    Transformer const t(m);
    for (Parameter const& p : t.parameters()) {
      total += p.value.numel();
      if (p.group == Group::coefficients) coefficient_count += p.value.numel();
    }
    EXPECT_EQ(count_parameters(m).total(), total) << name;
    EXPECT_EQ(count_parameters(m).coefficients, coefficient_count) << name;
  };
  for (Variant const& v : variants()) compare(tiny(v.toml), v.name);
  for (std::string const name : {"tiny", "small"}) compare(parse_config("preset = '" + name + "'\n", "f").model, name);
  Model gpt2 = parse_config("preset = 'gpt2-124m'\n", "f").model;
  gpt2.layers = 1;
  compare(gpt2, "gpt2");
}

TEST(Transformer, SeesNoTokenOfTheFuture) {
  for (std::string const positions : {"rope", "learned"}) {
    Transformer const t = drawn(tiny("positions = '" + positions + "'\n"), Backend::fused);
    at::NoGradGuard const without;
    at::Tensor const a = at::randint(11, {1, 6}, at::kLong), b = a.clone();
    b.select(1, 4).fill_((a.select(1, 4).item<std::int64_t>() + 1) % 11);
    at::Tensor const change = (t.logits(a) - t.logits(b)).abs().amax({0, 2});
    EXPECT_LT(change.narrow(0, 0, 4).max().item<double>(), 1e-14);
    EXPECT_GT(change.narrow(0, 4, 2).min().item<double>(), 1e-6);
  }
}

TEST(Transformer, LongerSequencesThrow) {
  Transformer const t(tiny(""));
  EXPECT_THROW(t.logits(at::randint(11, {1, 7}, at::kLong)), InvalidInput);
}

TEST(Transformer, StartsAtTheLossOfChance) {
  seed_random(1);
  Model const m =
      parse_config("[model]\nlayers = 2\nwidth = 64\nheads = 4\ncontext = 32\ninitialisation = 'gpt2'\n", "f").model;
  Transformer const t(m);
  at::NoGradGuard const without;
  at::Tensor const x = at::randint(256, {4, 32}, at::kLong), y = at::randint(256, {4, 32}, at::kLong);
  EXPECT_NEAR(t.loss(x, y).item<double>(), std::log(256.), 0.1);
}

}  // namespace
}  // namespace nwidth::lm
