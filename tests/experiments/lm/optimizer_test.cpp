// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/optimizer.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/lm/torch_compat.hpp"
#include "tests/random.hpp"

namespace nwidth::lm {
namespace {

Model tiny() {
  Model m;
  m.vocabulary = 11;
  m.context = 5;
  m.layers = 1;
  m.width = 6;
  m.heads = 1;
  m.hidden = 7;
  return m;
}

/// Step n = 1, 2, ... of AdamW on one number, from its definition, in double.
struct Adam {
  double m = 0, v = 0;
  double next(double w, double g, int n, Training const& t, double rate, double decay) {
    m = t.beta1 * m + (1 - t.beta1) * g;
    v = t.beta2 * v + (1 - t.beta2) * g * g;
    double const a = m / (1 - std::pow(t.beta1, n)), b = v / (1 - std::pow(t.beta2, n));
    return w - rate * decay * w - rate * a / (std::sqrt(b) + t.eps);
  }
};

TEST(Optimizer, KeepsValuesInOneAlignedBuffer) {
  seed_random(3);
  Transformer reference(tiny(), Backend::torch);
  seed_random(3);
  Transformer model(tiny(), Backend::torch);
  Ranks ranks;
  Optimizer const o(model.parameters(), Training(), ranks);
  Group last = Group::decay;
  std::vector<std::pair<std::int64_t, Group>> order;
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    Parameter const& p = model.parameters()[i];
    EXPECT_TRUE(p.value.equal(reference.parameters()[i].value)) << p.name;
    EXPECT_TRUE(p.value.is_leaf() && p.value.requires_grad());
    EXPECT_TRUE(p.value.is_alias_of(o.flat_parameters()));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p.value.const_data_ptr()) % 64, 0U) << p.name;
    order.emplace_back(o.places()[i].begin, p.group);
  }
  std::sort(order.begin(), order.end());
  for (auto const& [begin, group] : order) {
    EXPECT_GE(group, last) << "decay, no_decay, coefficients";
    last = group;
  }
}

TEST(Optimizer, StepsAsAdamWIsDefined) {
  test::for_random(4, [](std::mt19937_64& g) {
    at::set_num_threads(1);
    seed_random(g());
    Transformer model(tiny(), Backend::torch);
    Training t;
    t.clip = test::coin(g) ? 0 : test::uniform_real(g, 0.5, 5);
    t.coefficient_rate = 0.25;
    t.weight_decay = 0.3;
    t.eps = 1e-6;
    Ranks ranks;
    Optimizer o(model.parameters(), t, ranks);
    std::vector<std::vector<double>> w;
    std::vector<std::vector<Adam>> adam;
    for (Parameter const& p : model.parameters()) {
      float const* const x = p.value.const_data_ptr<float>();
      w.emplace_back(x, x + p.value.numel());
      adam.emplace_back(w.back().size());
    }
    for (int n = 1; n <= 5; ++n) {
      o.zero_gradients();
      double sum = 0;
      for (Parameter const& p : model.parameters()) {
        EXPECT_FALSE(p.value.grad().defined()) << p.name;
        p.value.mutable_grad() = at::zeros_like(p.value);
        float* const x = p.value.grad().mutable_data_ptr<float>();
        for (std::int64_t i = 0; i < p.value.numel(); ++i) {
          x[i] = static_cast<float>(test::uniform_real(g, -1, 1));
          sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
        }
      }
      double const norm = std::sqrt(sum), rate = 0.01 * n;
      at::Tensor const got = o.reduce_gradients();
      EXPECT_NEAR(got.item<double>(), norm, 1e-5 * norm);
      double const scale = t.clip > 0 ? std::min(1.0, t.clip / norm) : 1;
      for (std::size_t k = 0; k < w.size(); ++k) {
        Parameter const& p = model.parameters()[k];
        float const* const x = p.value.grad().const_data_ptr<float>();
        for (std::size_t i = 0; i < w[k].size(); ++i)
          w[k][i] =
              adam[k][i].next(w[k][i], scale * static_cast<double>(x[i]), n, t,
                              p.group == Group::coefficients ? 0.25 * rate : rate, p.group == Group::decay ? 0.3 : 0);
      }
      o.step(rate, got);
      for (std::size_t k = 0; k < w.size(); ++k)
        for (std::size_t i = 0; i < w[k].size(); ++i)
          ASSERT_NEAR(static_cast<double>(model.parameters()[k].value.const_data_ptr<float>()[i]), w[k][i], 1e-5)
              << model.parameters()[k].name;
    }
    EXPECT_EQ(o.steps(), 5);
  });
}

TEST(Optimizer, MomentsGoOutAndComeBack) {
  seed_random(4);
  Transformer a(tiny(), Backend::torch), b(tiny(), Backend::torch);
  Ranks ranks;
  Training const t;
  Optimizer x(a.parameters(), t, ranks), y(b.parameters(), t, ranks);
  auto const step = [](Transformer& model, Optimizer& o) {
    o.zero_gradients();
    for (Parameter const& p : model.parameters()) p.value.mutable_grad() = p.value.detach() + 0.5;
    o.step(0.1, o.reduce_gradients());
  };
  for (int i = 0; i < 3; ++i) step(a, x);
  {
    at::NoGradGuard const no_graph;
    for (std::size_t i = 0; i < a.parameters().size(); ++i) b.parameters()[i].value.copy_(a.parameters()[i].value);
  }
  y.set_moments(x.moments(), 3);
  step(a, x);
  step(b, y);
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    EXPECT_TRUE(a.parameters()[i].value.equal(b.parameters()[i].value)) << a.parameters()[i].name;
}

TEST(Optimizer, SaysWhetherAllIsFinite) {
  Transformer model(tiny(), Backend::torch);
  Ranks ranks;
  Optimizer o(model.parameters(), Training(), ranks);
  EXPECT_TRUE(o.finite());
  Optimizer::Moments const now = o.moments(), good{now.first.clone(), now.second.clone()};
  for (double const bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    at::NoGradGuard const without;
    for (std::size_t i : {std::size_t{0}, model.parameters().size() - 1}) {
      at::Tensor const value = model.parameters()[i].value.view(-1)[0];
      double const before = value.item<double>();
      value.fill_(bad);
      EXPECT_FALSE(o.finite()) << model.parameters()[i].name;
      value.fill_(before);
      EXPECT_TRUE(o.finite());
    }
    for (bool const first : {true, false}) {
      Optimizer::Moments moments{good.first.clone(), good.second.clone()};
      (first ? moments.first : moments.second)[3].fill_(bad);
      o.set_moments(moments, 1);
      EXPECT_FALSE(o.finite());
      o.set_moments(good, 1);
      EXPECT_TRUE(o.finite());
    }
  }
}

}  // namespace
}  // namespace nwidth::lm
