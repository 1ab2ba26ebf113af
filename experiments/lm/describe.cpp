// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/describe.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "experiments/lm/chunks.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

/// A count that throws where 63 bits do not hold it.
struct Count {
  std::int64_t value;
  Count(std::int64_t v) : value(v) {}  // NOLINT: as a number

  friend Count operator*(Count a, Count b) {
    Count c = 0;
    if (__builtin_mul_overflow(a.value, b.value, &c.value)) refuse();
    return c;
  }
  friend Count operator+(Count a, Count b) {
    Count c = 0;
    if (__builtin_add_overflow(a.value, b.value, &c.value)) refuse();
    return c;
  }
  [[noreturn]] static void refuse() { throw InvalidInput("this model has counts that do not fit into 63 bits"); }
};

/// For sums that callers form again: making the count is what throws.
void require_fits(Count) {}

/// Numbers of a norm.
Count norm_size(Model const& m, Norm kind) {
  return kind == Norm::none ? 0 : kind == Norm::rms ? Count(m.width) : Count(2) * m.width;
}

Norm last_norm(Model const& m) { return m.norm == Norm::none ? Norm::layer : m.norm; }

/// Weights of a layer's matrices.
Count matrix_size(Model const& m) {
  return Count(4) * m.width * m.width + Count(activation_named(m.activation).gated ? 3 : 2) * m.width * m.hidden;
}

/// "1.345 B": four digits.
std::string short_number(std::int64_t n, char const* unit = "") {
  static constexpr char const* names[] = {"", "k", "M", "G", "T", "P", "E"};
  double x = static_cast<double>(n);
  int k = 0;
  for (; x >= 999.95 && k < 6; ++k) x /= 1000;
  std::ostringstream s;
  s << std::fixed << std::setprecision(k == 0 ? 0 : x < 9.9995 ? 3 : x < 99.995 ? 2 : 1) << x;
  if (k > 0 || *unit) s << ' ' << names[k] << unit;
  return s.str();
}

}  // namespace

Parameters count_parameters(Model const& m) {
  Activation const& a = activation_named(m.activation);
  Count const d = m.width, layers = m.layers;
  Count const feed_forward = kernels::parameters(lm::feed_forward(m));
  Parameters p;
  p.embedding = (Count(m.vocabulary) * d).value;
  if (m.positions == Positions::learned) p.positions = (Count(m.context) * d).value;
  if (!m.tied) p.output = p.embedding;
  p.attention = (layers * (Count(4) * d * d + (m.biases ? Count(4) * d : 0))).value;
  p.coefficients = (layers * a.coefficients).value;
  p.feed_forward = (layers * (feed_forward + -a.coefficients)).value;
  p.norms = (Count(2) * layers * norm_size(m, m.norm) + norm_size(m, last_norm(m))).value;
  require_fits(Count(p.embedding) + p.positions + p.output + p.attention + p.coefficients + p.feed_forward + p.norms);
  return p;
}

Flops count_flops(Model const& m) {
  Count const layers = m.layers;
  Flops f;
  f.matrices = (layers * 2 * matrix_size(m)).value;
  f.attention = (layers * 2 * m.width * (Count(m.context) + 1)).value;
  f.output = (Count(2) * m.vocabulary * m.width).value;
  f.activations = (layers * activation_named(m.activation).flops * m.hidden).value;
  require_fits(Count(4) * (Count(f.matrices) + f.attention + f.output + f.activations));  // as training() sums
  return f;
}

Memory estimate_memory(Config const& c, Backend backend, std::int64_t processes) {
  Model const& m = c.model;
  Activation const& a = activation_named(m.activation);
  Count const d = m.width, layers = m.layers, tokens = Count(c.training.micro_batch) * m.context;
  Count const element = c.training.bfloat16 ? 2 : 4;  // of what matrices read and write

  // What a layer keeps of a token: x, and for torch's RMSNorm x / rms, of either norm; their outputs; query, key and
  // value, and where torch rotates query and key once more; the attention's result as it comes and transposed; the
  // feed-forward block before and after the activation.
  bool const fused = backend == Backend::fused;
  auto const kept_by = [&](Norm kind) {
    return Count(kind == Norm::none ? 0 : kind == Norm::layer || fused ? 1 : 2) * 4 * d;
  };
  Count const norm = kept_by(m.norm);
  Count const rotated = m.positions == Positions::rope && !fused ? Count(2) * d : 0;
  Count const hidden = Count(a.gated ? 3 : 2) * m.hidden;
  Count const mask = m.dropout > 0 ? Count(2) * element * d : 0;
  Count const layer = Count(2) * norm + element * (Count(7) * d + rotated + hidden) + mask + Count(4) * m.heads;
  Count const last = kept_by(last_norm(m)) + element * d + (m.dropout > 0 ? 4 * m.width : 0);
  Count const matrices = layers * matrix_size(m) + Count(m.vocabulary) * d;
  Count const casts = c.training.bfloat16 ? Count(2) * matrices : 0;

  Parameters const p = count_parameters(m);
  Memory all;
  all.weights = all.gradients = (Count(4) * p.total()).value;
  all.moments = (Count(8) * p.total()).value / processes;
  all.activations = c.training.recompute ? (tokens * (layers * 4 * d + layer + last) + casts).value
                                         : (tokens * (layers * layer + last) + casts).value;
  // A row's: ours are turned into their gradient where they are, in the type of products.
  Count const logits = Count(m.vocabulary) * (fused ? element : c.training.bfloat16 ? Count(10) : Count(8));
  if (fused || m.vocabulary >= chunked_vocabulary) {
    std::int64_t const rows = std::min(tokens.value, chunk_rows(m.vocabulary));
    all.loss = (rows * logits + Count(4) * d * (tokens + m.vocabulary)).value;
  } else {
    all.loss = (tokens * logits).value;
  }
  require_fits(Count(all.weights) + all.gradients + all.moments + all.activations + all.loss);
  return all;
}

std::string describe(Config const& c, Backend backend, std::int64_t processes) {
  Model const& m = c.model;
  Parameters const p = count_parameters(m);
  Flops const f = count_flops(m);
  Memory const b = estimate_memory(c, backend, processes);
  std::ostringstream s;
  auto const line = [&s](std::string const& name, std::int64_t n, char const* unit, bool exact) {
    s << "  " << std::left << std::setw(22) << name << std::right << std::setw(12) << short_number(n, unit);
    if (exact) s << std::setw(18) << n;
    s << '\n';
  };
  s << m.layers << " layers, width " << m.width << ", " << m.heads << " heads, " << m.activation << " of " << m.hidden
    << ", vocabulary " << m.vocabulary << (m.tied ? ", tied" : ", untied") << ", context " << m.context << '\n';
  s << "parameters\n";
  line("embedding", p.embedding, "", true);
  if (p.positions > 0) line("positions", p.positions, "", true);
  line("attention", p.attention, "", true);
  line("feed-forward", p.feed_forward, "", true);
  line("coefficients", p.coefficients, "", true);
  line("norms", p.norms, "", true);
  if (p.output > 0) line("output", p.output, "", true);
  line("all", p.total(), "", true);
  s << "FLOPs a token\n";
  line("matrices", f.matrices, "", true);
  line("attention", f.attention, "", true);
  line("activations", f.activations, "", true);
  line("output", f.output, "", true);
  line("forward", f.forward(), "", true);
  line("training", f.training(c.training.recompute), "", true);
  std::int64_t const tokens = c.training.batch * m.context;
  line("training, all steps",
       static_cast<std::int64_t>(
           std::min(9e18, static_cast<double>(f.training(c.training.recompute)) * static_cast<double>(tokens) *
                              static_cast<double>(c.training.steps))),
       "", false);
  s << "memory of a process" << (processes > 1 ? " of " + std::to_string(processes) : std::string()) << ", estimated, "
    << (backend == Backend::fused ? "our kernels" : "torch's operators") << ", micro batches of "
    << c.training.micro_batch << (c.training.bfloat16 ? ", bfloat16" : ", float")
    << (c.training.recompute ? ", recomputing\n" : "\n");
  line("weights", b.weights, "B", false);
  line("gradients", b.gradients, "B", false);
  line("moments", b.moments, "B", false);
  line("activations", b.activations, "B", false);
  line("loss", b.loss, "B", false);
  line("all", b.total(), "B", false);
  return s.str();
}

}  // namespace nwidth::lm
