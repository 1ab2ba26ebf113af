// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/lm/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr std::uint64_t training_key = 0x69667374, validation_key = 0x69667376, context_key = 0x69667363;

/// The stream from one key: place 2 t draws the t-th address symbol, place 2 t + 1 the output after it.
class Chain {
 public:
  Chain(IfsLaw const& law, std::uint64_t key) : law_(law), key_(key) {
    state_ = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(law.states()), key_of(key, 0), 0));
  }
  std::int32_t address() { return address(draw_address()); }
  std::int32_t address(std::int64_t symbol) {
    state_ = law_.next(state_, symbol);
    ++place_;
    return static_cast<std::int32_t>(symbol);
  }
  std::int32_t output() {
    return static_cast<std::int32_t>(law_.addresses() + law_.output(state_, bits_at(key_, place_++) >> 11));
  }

 private:
  std::int64_t draw_address() const {
    return static_cast<std::int64_t>(below(static_cast<std::uint64_t>(law_.addresses()), key_, place_));
  }

  IfsLaw const& law_;
  std::uint64_t key_, place_ = 0;
  std::int64_t state_;
};

}  // namespace

IfsStream::IfsStream(std::shared_ptr<IfsLaw const> law, std::int64_t context, Split split, std::uint64_t seed)
    : law_(std::move(law)), context_(context), split_(split), seed_(seed) {
  std::int64_t const first = 2 * law_->parameters().memory - 2;
  if (context <= first)
    throw InvalidInput("context = " + std::to_string(context) + ": allowed is at least 2 memory - 1 = " +
                       std::to_string(first + 1) + ", or no output has its state in sight");
  std::uint64_t const stream = law_->parameters().seed;
  key_ = split == Split::train ? key_of(key_of(training_key, stream), seed) : key_of(validation_key, stream);
  for (std::int64_t i = 0; i < context; ++i) scored_.push_back(i >= first && i % 2 == 0 ? 1 : 0);
}

std::int64_t IfsStream::count() const { return std::int64_t{1} << (split_ == Split::train ? 62 : 20); }

void IfsStream::sequence(std::int64_t index, std::span<std::int32_t> tokens) const {
  if (index < 0 || index >= count())
    throw InvalidInput("sequence " + std::to_string(index) + ": allowed are 0 to " + std::to_string(count() - 1));
  if (static_cast<std::int64_t>(tokens.size()) != context_ + 1)
    throw InvalidInput("a sequence of " + std::to_string(tokens.size()) +
                       " tokens: allowed are context + 1 = " + std::to_string(context_ + 1));
  Chain chain(*law_, key_of(key_, static_cast<std::uint64_t>(index)));
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = i % 2 == 0 ? chain.address() : chain.output();
}

std::string IfsStream::describe() const {
  Ifs const& f = law_->parameters();
  nlohmann::ordered_json all{{"kind", "ifs"},
                             {"dimension", f.dimension},
                             {"smoothness", f.smoothness},
                             {"symbols", f.symbols},
                             {"memory", f.memory},
                             {"outputs", f.outputs},
                             {"target", f.wavelet ? "wavelet" : "gaussian"},
                             {"frequencies", f.frequencies},
                             {"target_seed", f.seed},
                             {"states", law_->states()},
                             {"vocabulary", vocabulary()}};
  if (std::string const hash = law_->sha256(); !hash.empty()) all["sha256"] = hash;
  all["split"] = split_ == Split::train ? "train" : "validation";
  all["context"] = context_;
  if (split_ == Split::train) all["seed"] = seed_;
  return all.dump();
}

void context_of(IfsLaw const& law, std::int64_t state, std::uint64_t draw, std::span<std::int32_t> tokens) {
  std::size_t const memory = static_cast<std::size_t>(law.parameters().memory), least = 2 * memory - 1;
  if (tokens.size() % 2 == 0 || tokens.size() < least)
    throw InvalidInput("a context of " + std::to_string(tokens.size()) + " tokens: allowed are odd numbers from " +
                       std::to_string(least));
  if (state < 0 || state >= law.states())
    throw InvalidInput("state " + std::to_string(state) + ": allowed are 0 to " + std::to_string(law.states() - 1));
  Chain chain(law, key_of(key_of(context_key, draw), static_cast<std::uint64_t>(state)));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::size_t const age = (tokens.size() - 1 - i) / 2;
    tokens[i] = i % 2 == 1     ? chain.output()
                : age < memory ? chain.address(law.address(state, static_cast<int>(age)))
                               : chain.address();
  }
}

double divergence(std::span<double const> p, std::span<double const> log_q) {
  double sum = 0;
  for (std::size_t y = 0; y < p.size(); ++y) sum += p[y] * (std::log(p[y]) - log_q[y]);
  return sum;
}

double mean_divergence(IfsLaw const& law, std::int64_t length, std::int64_t batch, std::uint64_t draw,
                       OutputModel const& model) {
  if (batch < 1) throw InvalidInput("batch = " + std::to_string(batch) + ": allowed is at least 1");
  auto const outputs = static_cast<std::size_t>(law.outputs()), width = static_cast<std::size_t>(length);
  std::vector<std::int32_t> contexts;
  std::vector<double> log_q, p(outputs);
  double sum = 0, lost = 0;  // Neumaier's
  for (std::int64_t first = 0; first < law.states(); first += batch) {
    auto const rows = static_cast<std::size_t>(std::min(batch, law.states() - first));
    contexts.resize(rows * width);
    log_q.assign(rows * outputs, std::nan(""));
    for (std::size_t r = 0; r < rows; ++r)
      context_of(law, first + static_cast<std::int64_t>(r), draw, std::span(contexts).subspan(r * width, width));
    model(contexts, log_q);
    for (std::size_t r = 0; r < rows; ++r) {
      law.probabilities(first + static_cast<std::int64_t>(r), p);
      double const x = divergence(p, std::span(log_q).subspan(r * outputs, outputs)), next = sum + x;
      lost += std::fabs(sum) >= std::fabs(x) ? (sum - next) + x : (x - next) + sum;
      sum = next;
    }
  }
  return (sum + lost) / static_cast<double>(law.states());
}

}  // namespace nwidth::lm
