// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/trainer.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <torch/version.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <numbers>
#include <optional>
#include <sstream>
#include <utility>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/blame.hpp"
#include "experiments/lm/checkpoint.hpp"
#include "experiments/lm/compiled_step.hpp"
#include "experiments/lm/evaluation.hpp"
#include "experiments/lm/guard.hpp"
#include "experiments/lm/log.hpp"
#include "experiments/lm/optimizer.hpp"
#include "experiments/lm/progress.hpp"
#include "experiments/lm/schedule.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/build_info.hpp"
#include "experiments/record/folder_lock.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

volatile std::sig_atomic_t stop_signal = 0;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

/// Keys of [training] that a resumed run may change: its losses stay what they would have been, or, with another
/// micro_batch, up to rounding.
bool may_change(std::string const& line) {
  for (char const* key : {"evaluate_every", "evaluate_sequences", "checkpoint_every", "keep", "log_every",
                          "micro_batch", "recompute", "spike"})
    if (line.starts_with(std::string(key) + " =")) return true;
  return false;
}

/// @throws InvalidInput  naming the first line that differs
void check_same_run(Found const& found, Config const& now) {
  // Read and written anew, both have the same keys in the same lines, whatever version wrote the checkpoint.
  std::istringstream a(to_toml(parse_config(found.file->metadata("config"), "the configuration of the checkpoint"))),
      b(to_toml(now));
  for (std::string x, y; std::getline(a, x) && std::getline(b, y);) {
    if (x == y || may_change(x)) continue;
    if (x.starts_with("steps =") && now.training.schedule == Schedule::constant) continue;
    throw InvalidInput(y + ": the checkpoint has " + x + "; a resumed run keeps its configuration");
  }
  if (now.training.steps < found.step)
    throw InvalidInput("steps = " + std::to_string(now.training.steps) + ": the checkpoint has done " +
                       std::to_string(found.step) + ", allowed are these and more");
}

/// What stays one thing through the life of a run; the order of members is the order of making.
class Trainer {
 public:
  Trainer(Job const& job, Ranks& ranks)
      : job_(job),
        training_(job.config.training),
        ranks_(ranks),
        lock_(lock()),
        start_(find_start()),
        local_(share()),
        train_(open_tokens(job.config.data, job.config.model, Split::train, training_.seed)),
        train_described_(train_->describe()),
        held_out_(training_.evaluate_every > 0
                      ? open_tokens(job.config.data, job.config.model, Split::validation, training_.seed)
                      : nullptr),
        scored_(scored_mask(*train_, job.device)),
        model_(seeded_model()),
        optimizer_(model_.parameters(), training_, ranks),
        guard_(training_.spike),
        compiled_(job.compiled.empty() ? nullptr : std::make_unique<CompiledStep>(job.compiled, job.config)) {
    if (start_.file)
      resume();
    else if (ranks.size() > 1)
      seed_random(training_.seed + 7919 * static_cast<std::uint64_t>(ranks.rank()), job.device);
    step_ = start_.step;
    if (compiled_) unfit_ = check_compiled();
    if (first_rank() && unfit_.empty()) {
      log_.emplace(job.out / "log.jsonl", step_);
      log_->append(provenance());
    }
    start_.file.reset();
  }

  Outcome run() {
    bool const terminal = ::isatty(STDERR_FILENO) == 1;
    Progress progress(step_, training_.steps, terminal, !first_rank());
    for (std::string const& bad : start_.bad) progress.say(bad + "; an older checkpoint is used");
    if (step_ > 0) progress.say("resumes after step " + std::to_string(step_));
    if (step_ == 0 && job_.resume)
      progress.say("no checkpoint in '" + job_.out.string() + "': starts from the first step");
    if (compiled_changed_) progress.say("the compiled step is another file than that of the checkpoint");
    Outcome outcome{step_, last_loss_, unfit_, 0};
    if (!unfit_.empty()) return outcome;
    last_logged_ = Clock::now() - first_took_;
    last_reported_ = step_;
    while (step_ < training_.steps) {
      if (std::string const stopped = step(progress); !stopped.empty()) {
        outcome.stopped = stopped;
        break;
      }
      bool const last = step_ == training_.steps;
      if (due(training_.evaluate_every) || (last && training_.evaluate_every > 0)) evaluate_now(progress);
      outcome.signal = ranks_.size() == 1 ? stop_signal : agreed_signal_;
      if (due(training_.checkpoint_every) || last || outcome.signal != 0) {
        outcome.stopped = save();
        if (!outcome.stopped.empty()) {
          outcome.signal = 0;  // nothing was written for who goes on
          break;
        }
      }
      if (outcome.signal != 0) {
        wait_for_all();  // who starts the ranks ends those that are left when one is gone
        break;
      }
    }
    outcome.step = step_;
    outcome.loss = last_loss_;
    if (log_ && (outcome.signal == 0)) {
      Json end{{"kind", "end"}, {"step", step_}};
      if (step_ > start_.step) end["loss"] = number(last_loss_);
      if (!outcome.stopped.empty()) end["stopped"] = outcome.stopped;
      log_->append(end);
      log_->sync();
    }
    return outcome;
  }

 private:
  bool first_rank() const { return ranks_.rank() == 0; }
  bool due(std::int64_t every) const { return every > 0 && step_ % every == 0; }

  std::unique_ptr<record::FolderLock> lock() {
    if (job_.threads > 0) at::set_num_threads(job_.threads);
    if (!first_rank()) return nullptr;
    auto lock = std::make_unique<record::FolderLock>(job_.out);
    remove_leftovers(job_.out);
    return lock;
  }

  /// Rank 0 looks; the others open what it found.
  Found find_start() {
    Found found;
    at::Tensor step = at::zeros({}, at::TensorOptions(job_.device).dtype(at::kLong));
    if (first_rank()) {
      if (!job_.resume && (!checkpoint_steps(job_.out).empty() || std::filesystem::exists(job_.out / "log.jsonl")))
        throw InvalidInput("'" + job_.out.string() + "' holds a run: give --resume to go on with it, or another --out");
      if (job_.resume) found = newest_checkpoint(job_.out);
      if (!found.file && !found.bad.empty())
        throw record::FileError(found.bad.front() + "; there is no other checkpoint");
      step.fill_(found.file ? found.step + 1 : 0);
    }
    ranks_.sum(step);
    if (std::int64_t const s = step.item<std::int64_t>(); !first_rank() && s > 0) {
      found.step = s - 1;
      found.file = open_checkpoint(checkpoint_path(job_.out, found.step));
    }
    if (found.file) check_same_run(found, job_.config);
    return found;
  }

  /// Sequences of a step that this rank computes.
  std::int64_t share() const {
    std::int64_t const unit = training_.micro_batch * ranks_.size();
    if (training_.batch % unit != 0)
      throw InvalidInput("batch = " + std::to_string(training_.batch) +
                         ": allowed are multiples of micro_batch times " +
                         "ranks = " + std::to_string(training_.micro_batch) + " * " + std::to_string(ranks_.size()));
    return training_.batch / ranks_.size();
  }

  Transformer seeded_model() const {
    seed_random(training_.seed, job_.device);
    return Transformer(job_.config.model, job_.backend, job_.device);
  }

  void resume() {
    std::string const before = start_.file->metadata("train"), &now = train_described_;
    auto const brief = [](std::string const& text) {
      Json const j = described(text);
      return j.contains("sha256") && j["sha256"].is_string() ? "sha256 " + j["sha256"].get<std::string>() : text;
    };
    if (before != now)
      throw InvalidInput("the training data are not those of the checkpoint: " + brief(now) + ", and it has " +
                         brief(before));
    check_kind_of_step();
    exact_ = restore(*start_.file, model_.parameters(), optimizer_, ranks_, training_.seed);
    guard_.set_state(start_.file->metadata("spike"));
    last_loss_ = guard_.mean();
  }

  /// Rounding differs between them, so a run does not change from one to the other.
  void check_kind_of_step() {
    Metadata const& known = start_.file->metadata();
    std::string const before = known.contains("compiled") ? known.at("compiled") : "";
    if (before.empty() == !compiled_) {
      compiled_changed_ = compiled_ && before != compiled_->sha256();
      return;
    }
    throw InvalidInput(compiled_ ? "--compiled '" + job_.compiled.string() +
                                       "': the checkpoint is of a run of eager steps, which goes on without"
                                 : "the checkpoint is of a run of compiled steps: give --compiled with its package, " +
                                       std::string("of sha256 ") + before);
  }

  /// The package against the eager step, on the first micro batch that this rank will compute. Leaves the package's
  /// loss and gradients to the first step.
  /// @returns why it is not used, or nothing
  std::string check_compiled() {
    Batch const b = micro_batch(0);
    auto const gradients = [this](at::Tensor const& loss) {
      std::vector<at::Tensor> all{loss};
      for (Parameter const& p : model_.parameters()) all.push_back(p.value.grad().clone());
      return all;
    };
    std::vector<at::Tensor> const eager = gradients(accumulate_eager(b, true));
    auto const begin = Clock::now();
    first_loss_ = accumulate_compiled(b, true);
    first_took_ = Clock::now() - begin;
    auto const found =
        compare_steps(model_.parameters(), gradients(first_loss_), eager, step_tolerance(training_.bfloat16));
    deviation_ = found.largest;
    at::Tensor faults = at::zeros({}, at::TensorOptions(job_.device).dtype(at::kLong));
    if (!found.fault.empty()) faults.fill_(1);
    ranks_.sum(faults);
    if (faults.item<std::int64_t>() == 0) return "";
    return "'" + job_.compiled.string() +
           "' is not used: " + (found.fault.empty() ? "on another rank it is wrong" : found.fault);
  }

  Metadata description() const {
    return {{"config", to_toml(job_.config)},
            {"spike", guard_.state()},
            {"train", train_described_},
            {"threads", std::to_string(at::get_num_threads())},
            {"device", job_.device.str()},
            {"backend", job_.backend == Backend::fused ? "fused" : "torch"},
            {"torch", TORCH_VERSION},
            {"compiled", compiled_ ? compiled_->sha256() : ""},
            {"version", record::build_info().version},
            {"commit", record::build_info().commit}};
  }

  Json provenance() const {
    record::BuildInfo const& b = record::build_info();
    Json j{{"schema", RunLog::schema}, {"kind", "run"}, {"from", step_}};
    j["version"] = b.version;
    j["commit"] = b.commit;
    j["dirty"] = b.dirty;
    j["compiler"] = b.compiler;
    j["flags"] = b.flags;
    j["machine"] = {{"cpu", record::machine().cpu}, {"cores", record::machine().cores}};
    j["torch"] = TORCH_VERSION;
    j["device"] = job_.device.str();
    j["backend"] = job_.backend == Backend::fused ? "fused" : "torch";
    j["threads"] = at::get_num_threads();
    if (compiled_)
      j["compiled"] = {{"package", job_.compiled.string()},
                       {"sha256", compiled_->sha256()},
                       {"key", step_key(job_.config)},
                       {"deviation", deviation_}};
    j["ranks"] = ranks_.size();
    j["seed"] = training_.seed;
    std::int64_t parameters = 0;
    for (Parameter const& p : model_.parameters()) parameters += p.value.numel();
    j["parameters"] = parameters;
    j["train"] = described(train_described_);
    if (held_out_) j["validation"] = described(held_out_->describe());
    if (step_ > 0 && !exact_) j["random"] = "seeded anew: another number of ranks or kind of device";
    if (!start_.bad.empty()) j["bad_checkpoints"] = start_.bad;
    j["config"] = to_toml(job_.config);
    return j;
  }

  /// Micro batch k of this rank in the step in flight.
  Batch micro_batch(std::int64_t k) const {
    std::int64_t const first = step_ * training_.batch + ranks_.rank() * local_ + k * training_.micro_batch;
    return read_batch(*train_, first, training_.micro_batch, job_.config.model.context, job_.device);
  }

  /// Its mean loss, with dropout.
  at::Tensor eager_loss(Batch const& b) const {
    Autocast const autocast(job_.device.type(), training_.bfloat16 ? std::optional(at::kBFloat16) : std::nullopt);
    return model_.loss(b.inputs, b.targets, scored_, true, training_.recompute);
  }

  /// How many micro batches this rank computes in a step.
  std::int64_t micro_batches() const { return local_ / training_.micro_batch; }
  /// And how many all do.
  std::int64_t parts() const { return micro_batches() * ranks_.size(); }

  /// Its mean loss through the step's parts. The gradients become its, or are added to those of the step's earlier
  /// micro batches.
  at::Tensor accumulate(Batch const& b, bool first) {
    return compiled_ ? accumulate_compiled(b, first) : accumulate_eager(b, first);
  }
  at::Tensor accumulate_compiled(Batch const& b, bool first) {
    return compiled_->accumulate(model_.parameters(), b, scored_, 1. / static_cast<double>(parts()), first);
  }
  at::Tensor accumulate_eager(Batch const& b, bool first) {
    if (first) optimizer_.zero_gradients();
    at::Tensor loss = eager_loss(b);
    if (parts() > 1) loss = loss / static_cast<double>(parts());
    loss.backward();
    return loss.detach();
  }

  /// @returns why the run must stop, or nothing
  std::string step(Progress& progress) {
    at::Tensor loss;
    for (std::int64_t k = 0; k < micro_batches(); ++k) {
      bool const known = k == 0 && first_loss_.defined();
      at::Tensor const one = known ? std::exchange(first_loss_, {}) : accumulate(micro_batch(k), k == 0);
      loss = loss.defined() ? loss + one : one.clone();
    }
    at::Tensor const sums = summed(loss);
    at::Tensor const norm = optimizer_.reduce_gradients();
    bool const last = step_ + 1 == training_.steps;
    // Reading a number waits for the device, so on others than the CPU that is done where it is logged only; a norm
    // that is not finite steps nowhere in between.
    bool const logged = last || (step_ + 1) % training_.log_every == 0;
    double norm_value = 0;
    if (logged || job_.device.is_cpu()) {
      at::Tensor const read = sums.cpu();
      last_loss_ = read[0].item<double>();
      agreed_signal_ = read[2].item<double>() > 0 ? SIGTERM : read[1].item<double>() > 0 ? SIGINT : 0;
      norm_value = norm.item<double>();
      if (std::string const why = refusal(norm_value); !why.empty()) return why;
    }
    double const rate = learning_rate(training_, job_.config.model.context, step_);
    optimizer_.step(rate, norm);
    ++step_;
    if (logged) report(rate, norm_value, progress);
    return "";
  }

  /// Over the ranks: the loss, and how many of them got SIGINT and SIGTERM, so that all end after the same step. It is
  /// read where the loss is.
  at::Tensor summed(at::Tensor const& loss) {
    at::Tensor sums = at::zeros({3}, loss.options());
    sums[0].copy_(loss);
    if (int const signal = stop_signal; signal != 0) sums[signal == SIGINT ? 1 : 2].fill_(1);
    ranks_.sum(sums);
    return sums;
  }

  void wait_for_all() {
    at::Tensor nothing = at::zeros({1}, at::TensorOptions(job_.device));
    ranks_.sum(nothing);
  }

  std::string refusal(double norm) {
    if (guard_.accept(last_loss_) && std::isfinite(norm)) return "";
    std::ostringstream s;
    s << "stopped in step " << step_ + 1 << ": loss " << in_words(last_loss_) << ", gradient norm " << in_words(norm);
    if (std::isfinite(last_loss_) && std::isfinite(norm))
      s << ", more than " << training_.spike << " times the running mean " << guard_.mean();
    s << "; " << blame(model_, [this] {
      for (std::int64_t k = 0; k < local_ / training_.micro_batch; ++k) eager_loss(micro_batch(k));
    });
    if (ranks_.size() > 1) s << " on rank " << ranks_.rank();
    return s.str();
  }

  void report(double rate, double norm, Progress& progress) {
    double const seconds = seconds_since(last_logged_);
    last_logged_ = Clock::now();
    std::int64_t const tokens = training_.batch * job_.config.model.context;
    double const speed = static_cast<double>(tokens * (step_ - last_reported_)) / std::max(seconds, 1e-9);
    last_reported_ = step_;
    progress.step(step_, last_loss_, speed);
    if (!log_) return;
    Json line{{"kind", "step"},
              {"step", step_},
              {"tokens", tokens * step_},
              {"loss", number(last_loss_)},
              {"rate", rate},
              {"gradient_norm", number(norm)},
              {"tokens_per_second", std::round(speed)}};
    Json coefficients = Json::object();
    for (Parameter const& p : model_.parameters())
      if (p.group == Group::coefficients) {
        at::Tensor const values = p.value.detach().cpu().reshape(-1);
        for (std::int64_t i = 0; i < values.numel(); ++i)
          coefficients[p.name].push_back(static_cast<double>(values.const_data_ptr<float>()[i]));
      }
    if (!coefficients.empty()) line["coefficients"] = coefficients;
    log_->append(line);
  }

  void evaluate_now(Progress& progress) {
    Evaluation const e =
        evaluate(model_, *held_out_, training_.evaluate_sequences, training_.micro_batch, training_.bfloat16, ranks_);
    // On each rank, so that none waits for another longer than a collective operation may.
    std::optional<Excess> const above = excess(model_, *held_out_, training_.micro_batch, training_.bfloat16);
    last_logged_ = Clock::now();
    if (!log_) return;
    Json line{{"kind", "evaluation"}, {"step", step_}};
    line.update(described(e, above, job_.config.data.stream));
    std::ostringstream text;
    text << "step " << step_ << "  held-out loss " << e.loss;
    if (line.contains("bits_per_byte")) text << ", " << e.loss / std::numbers::ln2 << " bits per byte";
    if (above) text << ", excess over all states " << above->nats;
    log_->append(line);
    progress.say(text.str());
  }

  /// @returns why there is no checkpoint: nothing goes on from weights that are not numbers, and it would drive out
  /// those before it
  std::string save() {
    if (!optimizer_.finite())
      return "stopped after step " + std::to_string(step_) + ": its weights or moments are not finite, " +
             blame(model_, [this] { eager_loss(micro_batch(0)); }) + "; checkpoints are those of earlier steps";
    if (log_) log_->sync();  // the log is never behind the checkpoint
    write_checkpoint(job_.out, step_, model_.parameters(), optimizer_, ranks_, description(), training_.keep);
    last_logged_ = Clock::now();
    return "";
  }

  Job const& job_;
  Training const& training_;
  Ranks& ranks_;
  std::unique_ptr<record::FolderLock> lock_;
  Found start_;
  std::int64_t local_;
  std::unique_ptr<TokenSource> train_;
  std::string train_described_;  ///< once: it reads files to tell their digest
  std::unique_ptr<TokenSource> held_out_;
  at::Tensor scored_;
  Transformer model_;
  Optimizer optimizer_;
  SpikeGuard guard_;
  std::unique_ptr<CompiledStep> compiled_;  ///< null: eager
  bool compiled_changed_ = false;
  at::Tensor first_loss_;  ///< of a first micro batch that check_compiled() has computed, in first_took_
  Clock::duration first_took_{};
  double deviation_ = 0;  ///< of the compiled step from the eager one
  std::string unfit_;     ///< why the compiled step is not used
  std::optional<RunLog> log_;
  bool exact_ = true;
  std::int64_t step_ = 0, last_reported_ = 0;
  int agreed_signal_ = 0;  ///< what one of several ranks was sent, and all know
  double last_loss_ = 0;
  Clock::time_point last_logged_;
};

}  // namespace

Outcome train(Job const& job, Ranks& ranks) {
  Trainer trainer(job, ranks);
  return trainer.run();
}

void request_stop(int signal) noexcept { stop_signal = signal; }

}  // namespace nwidth::lm
