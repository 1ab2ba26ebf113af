// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/describe.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "kernels/matched_width.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

std::string scaled(double x, double unit, char const* const (&names)[5]) {
  int i = 0;
  while (x >= 999.5 && i < 4) {
    x /= unit;
    ++i;
  }
  char text[48];
  std::snprintf(text, sizeof text, "%.4g %s", x, names[i]);
  return text;
}
std::string count(double x) { return scaled(x, 1000, {"", "thousand", "million", "billion", "trillion"}); }
std::string flops(double x) { return scaled(x, 1000, {"", "kFLOP", "MFLOP", "GFLOP", "TFLOP"}); }
std::string bytes(double x) { return scaled(x, 1024, {"bytes", "KiB", "MiB", "GiB", "TiB"}); }
std::string scientific(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3e", x);
  return text;
}

}  // namespace

Size size_of(Config const& c, std::int64_t ranks) {
  Model const& m = c.model;
  auto const d = static_cast<double>(m.width), layers = static_cast<double>(m.layers);
  // In doubles first: what is too large for exact integers is refused.
  if (static_cast<double>(m.vocabulary) * d > 1e17 || layers * d * static_cast<double>(m.hidden) > 1e17 ||
      layers * d * d > 1e17 || static_cast<double>(m.context) * d > 1e17)
    throw InvalidInput("a model of width " + std::to_string(m.width) + " and hidden " + std::to_string(m.hidden) +
                       ": allowed are 1e17 weights");
  kernels::FeedForward const block = feed_forward(m);
  std::int64_t const norm = m.norm == Norm::rms ? m.width : m.norm == Norm::layer ? 2 * m.width : 0;
  std::int64_t const last_norm = m.norm == Norm::rms ? m.width : 2 * m.width;
  std::int64_t const attention = 4 * m.width * m.width + (m.biases ? 4 * m.width : 0);
  Size s;
  s.embeddings =
      m.vocabulary * m.width * (m.tied ? 1 : 2) + (m.positions == Positions::learned ? m.context * m.width : 0);
  s.parameters = s.embeddings + m.layers * (attention + kernels::parameters(block) + 2 * norm) + last_norm;
  auto const t = static_cast<double>(m.context);
  s.forward_flops = layers * (8 * d * d + 2 * d * (t + 1) + static_cast<double>(kernels::forward_flops(block))) +
                    2 * d * static_cast<double>(m.vocabulary);
  s.training_flops = (c.training.recompute ? 4 : 3) * s.forward_flops;
  s.weights = 8 * s.parameters;
  s.moments = 8 * ((s.parameters + ranks - 1) / ranks);
  // A block keeps, a token: its input twice over (residual stream, float); normed inputs, q, k, v and rotated q, k,
  // attention's sum, and input and output of the activation, in the type of the matrices.
  double const element = c.training.bfloat16 ? 2 : 4, tokens = static_cast<double>(c.training.micro_batch) * t;
  double const kept = 2 * 4 * d + element * (8 * d + static_cast<double>(m.hidden) * (block.gated ? 3 : 2));
  double const logits = std::min(tokens * static_cast<double>(m.vocabulary) * (4 + element), 2.0 * (1 << 28));
  s.activations =
      static_cast<std::int64_t>(tokens * (c.training.recompute ? layers * 4 * d + kept : layers * kept) + logits);
  return s;
}

std::string description(Config const& c) {
  Model const& m = c.model;
  Training const& t = c.training;
  Size const s = size_of(c);
  double const tokens = static_cast<double>(t.batch) * static_cast<double>(m.context);
  double const all = tokens * static_cast<double>(t.steps);
  std::ostringstream o;
  auto const row = [&](std::string label, std::string const& value) {
    label.resize(22, ' ');
    o << label << value << '\n';
  };
  row("layers, width, heads",
      std::to_string(m.layers) + ", " + std::to_string(m.width) + ", " + std::to_string(m.heads));
  row("feed-forward", m.activation + ", hidden width " + std::to_string(m.hidden));
  row("vocabulary, context", std::to_string(m.vocabulary) + ", " + std::to_string(m.context));
  row("parameters", std::to_string(s.parameters) + " (" + count(static_cast<double>(s.parameters)) + "), of these " +
                        std::to_string(s.embeddings) + " in embeddings");
  row("FLOPs a token", flops(s.forward_flops) + " forward, " + flops(s.training_flops) + " in training");
  row("tokens a step", std::to_string(t.batch) + " sequences, " + count(tokens) + " tokens");
  row("whole run",
      std::to_string(t.steps) + " steps, " + count(all) + " tokens, " + scientific(all * s.training_flops) + " FLOPs");
  row("memory", bytes(static_cast<double>(s.weights)) + " parameters and gradients, " +
                    bytes(static_cast<double>(s.moments)) + " moments, about " +
                    bytes(static_cast<double>(s.activations)) + " activations of " + std::to_string(t.micro_batch) +
                    " sequences");
  return o.str();
}

}  // namespace nwidth::lm
