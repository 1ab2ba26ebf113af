// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/model.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/normal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/split.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "experiments/lm/layer_ops.hpp"
#include "experiments/lm/loss.hpp"
#include "experiments/lm/recompute.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
using at::Tensor;

void Transformer::Residual::settle() {
  if (pending.defined()) sum = sum + pending;
  pending = Tensor();
}

/// Walks along the parameters in the order in which they are used.
class Transformer::Cursor {
 public:
  Cursor(Transformer const& t, std::size_t at) : all_(t.parameters_), at_(at), model_(t.model_), t_(t) {}

  Tensor const& next() { return all_[at_++].value; }
  Tensor bias() { return model_.biases ? next() : Tensor(); }

  Tensor linear(Tensor const& x) {
    Tensor const& weight = next();
    std::string const& name = all_[at_ - 1].name;
    return shown(name, t_.by_kernels(x) ? lm::linear(x, weight, bias()) : at::linear(x, weight, bias()));
  }
  Tensor norm(Residual& x, Norm kind) {
    if (kind == Norm::rms && t_.by_kernels(x.sum)) {
      auto const [sum, y] = add_rms_norm(x.sum, x.pending, next(), model_.norm_eps);
      x = {sum, Tensor()};
      return shown(last(), y);
    }
    x.settle();
    if (kind == Norm::none) return x.sum;
    Tensor const& weight = next();
    std::string const& name = all_[at_ - 1].name;
    if (kind == Norm::rms) return shown(name, at::rms_norm(x.sum, {model_.width}, weight, model_.norm_eps));
    return shown(name, at::layer_norm(x.sum, {model_.width}, weight, next(), model_.norm_eps));
  }
  /// What was made by the parameter of this name.
  Tensor shown(std::string const& name, Tensor const& made) const {
    if (t_.watch_) t_.watch_(name, made);
    return made;
  }
  std::string const& last() const { return all_[at_ - 1].name; }

 private:
  std::vector<Parameter> const& all_;
  std::size_t at_;
  Model const& model_;
  Transformer const& t_;
};

namespace {

/// Without norms in the blocks a LayerNorm stands before the output alone.
Norm final_norm(Model const& m) { return m.norm == Norm::none ? Norm::layer : m.norm; }

Tensor rotated(Tensor const& x, Tensor const& cosines, Tensor const& sines) {
  std::vector<Tensor> const h = at::chunk(x, 2, -1);
  return at::cat({h[0] * cosines - h[1] * sines, h[1] * cosines + h[0] * sines}, -1);
}

}  // namespace

Transformer::Transformer(Model const& model, Backend backend, at::Device device, at::ScalarType type)
    : model_(model), backend_(backend) {
  Model const& m = model_;
  Activation const& activation = activation_named(m.activation);
  auto const add = [&](std::string name, Tensor const& value, Group group) {
    parameters_.push_back({std::move(name), value.to(device, type).requires_grad_(), group});
  };
  double const deviation = m.initialisation == Initialisation::polycom
                               ? std::sqrt(2. / (5. * static_cast<double>(m.width)))
                               : 0.02,
               residual = deviation / std::sqrt(2. * static_cast<double>(m.layers));
  auto const matrix = [&](std::string const& name, std::int64_t rows, std::int64_t columns, double std) {
    add(name + ".weight", at::normal(0., std, {rows, columns}), Group::decay);
  };
  auto const linear = [&](std::string const& name, std::int64_t rows, std::int64_t columns, double std) {
    matrix(name, rows, columns, std);
    if (m.biases) add(name + ".bias", at::zeros({rows}), Group::no_decay);
  };
  auto const norm = [&](std::string const& name, Norm kind) {
    if (kind == Norm::none) return;
    add(name + ".weight", at::ones({m.width}), Group::no_decay);
    if (kind == Norm::layer) add(name + ".bias", at::zeros({m.width}), Group::no_decay);
  };

  matrix("embedding", m.vocabulary, m.width, deviation);
  if (m.positions == Positions::learned)
    add("positions.weight", at::normal(0., deviation, {m.context, m.width}), Group::no_decay);
  first_ = parameters_.size();
  for (std::int64_t i = 0; i < m.layers; ++i) {
    std::string const at = "layers." + std::to_string(i) + ".";
    norm(at + "attention_norm", m.norm);
    linear(at + "qkv", 3 * m.width, m.width, deviation);
    linear(at + "attention", m.width, m.width, residual);
    norm(at + "feed_forward_norm", m.norm);
    linear(at + "up", activation.gated ? 2 * m.hidden : m.hidden, m.width, deviation);
    for (Coefficient const& c : coefficients(m.activation))
      add(at + "activation." + c.name, at::tensor(c.initial, at::kDouble).to(at::kFloat), Group::coefficients);
    linear(at + "down", m.width, m.hidden, residual);
    if (i == 0) per_block_ = parameters_.size() - first_;
  }
  norm("norm", final_norm(m));
  if (!m.tied) matrix("output", m.vocabulary, m.width, deviation);

  if (m.positions == Positions::rope) {
    std::int64_t const d = m.width / m.heads;
    Tensor const frequencies = at::pow(m.rope_base, -at::arange(0, d, 2, at::kDouble) / static_cast<double>(d));
    Tensor const angles = at::outer(at::arange(m.context, at::kDouble), frequencies);
    cosines_ = angles.cos().to(device);
    sines_ = angles.sin().to(device);
    kernel_cosines_ = cosines_.to(type);
    kernel_sines_ = sines_.to(type);
  }
}

Tensor const& Transformer::output() const { return model_.tied ? parameters_.front().value : parameters_.back().value; }

void Transformer::block(std::int64_t layer, Residual& x, bool training) const {
  Model const& m = model_;
  Cursor p(*this, first_ + static_cast<std::size_t>(layer) * per_block_);
  auto const dropped = [&](Tensor const& t) { return m.dropout > 0 ? at::dropout(t, m.dropout, training) : t; };

  std::int64_t const sequences = x.sum.size(0), tokens = x.sum.size(1);
  bool const kernels = by_kernels(x.sum);
  Tensor h = p.linear(p.norm(x, m.norm));
  Projections const a = kernels ? split_heads(h, m.heads, kernel_cosines_, kernel_sines_) : projections(h);
  h = at::scaled_dot_product_attention(a.q, a.k, a.v, {}, 0., true);
  x.pending = dropped(p.linear(h.transpose(1, 2).reshape({sequences, tokens, m.width})));

  h = p.linear(p.norm(x, m.norm));
  std::vector<Tensor> learned(coefficients(m.activation).size());
  for (Tensor& t : learned) t = p.next();
  h = p.shown(learned.empty() ? "layers." + std::to_string(layer) + ".activation" : p.last(),
              activate(m.activation, h, learned, backend_));
  x.pending = dropped(p.linear(h));
}

Projections Transformer::projections(Tensor const& qkv) const {
  Model const& m = model_;
  std::int64_t const sequences = qkv.size(0), tokens = qkv.size(1);
  std::vector<Tensor> parts = qkv.split(m.width, -1);
  for (Tensor& t : parts) t = t.view({sequences, tokens, m.heads, m.width / m.heads}).transpose(1, 2);
  if (m.positions == Positions::rope) {
    Tensor const c = cosines_.narrow(0, 0, tokens).to(qkv.scalar_type()),
                 s = sines_.narrow(0, 0, tokens).to(qkv.scalar_type());
    parts[0] = rotated(parts[0], c, s);
    parts[1] = rotated(parts[1], c, s);
  }
  return {parts[0], parts[1], parts[2]};
}

Tensor Transformer::hidden(Tensor const& tokens, bool training, bool recompute) const {
  Model const& m = model_;
  std::int64_t const length = tokens.size(1);
  if (length > m.context)
    throw InvalidInput("sequences of " + std::to_string(length) +
                       " tokens: allowed are context = " + std::to_string(m.context));
  Tensor x = at::embedding(parameters_.front().value, tokens);
  if (watch_) watch_(parameters_.front().name, x);
  if (m.positions == Positions::learned) x = x + parameters_[1].value.narrow(0, 0, length);
  if (m.dropout > 0) x = at::dropout(x, m.dropout, training);
  Residual stream{x, Tensor()};
  for (std::int64_t i = 0; i < m.layers; ++i) {
    if (recompute && at::GradMode::is_enabled()) {
      std::vector<Tensor> used;
      for (std::size_t k = 0; k < per_block_; ++k)
        used.push_back(parameters_[first_ + static_cast<std::size_t>(i) * per_block_ + k].value);
      auto const whole = [this, i, training](Tensor const& input) {
        Residual r{input, Tensor()};
        block(i, r, training);
        r.settle();
        return r.sum;
      };
      stream.sum = recomputed(whole, stream.sum, used, training && m.dropout > 0);
    } else {
      block(i, stream, training);
    }
  }
  Cursor last(*this, first_ + static_cast<std::size_t>(m.layers) * per_block_);
  return last.norm(stream, final_norm(m));
}

Tensor Transformer::logits(Tensor const& tokens, bool training) const {
  return at::linear(hidden(tokens, training, false), output());
}

Tensor Transformer::loss(Tensor const& tokens, Tensor const& targets, Tensor const& scored, bool training,
                         bool recompute) const {
  return next_token_loss(hidden(tokens, training, recompute), output(), targets, scored, backend_);
}

}  // namespace nwidth::lm
