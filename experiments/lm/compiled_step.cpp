// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/compiled_step.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/where.h>
#include <dlfcn.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/version.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "experiments/lm/loss.hpp"
#include "experiments/lm/mapped_file.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

using at::Tensor;
using torch::inductor::AOTIModelPackageLoader;

constexpr char const *key_entry = "nwidth.key", *graph = "model";
constexpr std::string_view seal = "nwidth-sha256:";  ///< then the digest of all before, at the end of a package

/// Torch's loader does not look at the sums that the package has of its files.
/// @returns the digest of the whole file  @throws record::FileError
std::string checked_digest(std::filesystem::path const& path) {
  MappedFile const file(path);
  std::string_view const bytes = file.bytes();
  std::size_t const length = seal.size() + 64;
  auto const refuse = [&](char const* why) {
    return record::FileError("cannot use '" + path.string() + "' as a compiled step: " + why);
  };
  if (bytes.size() < length || !bytes.substr(bytes.size() - length).starts_with(seal))
    throw refuse("python -m nwidth.lm.compile_step did not make it, or it is truncated");
  std::string_view const body = bytes.substr(0, bytes.size() - length);
  if (record::sha256(body) != bytes.substr(bytes.size() - 64))
    throw refuse("damaged: its digest is not that of its end");
  return record::sha256(bytes);
}

/// Which instructions torch chooses by, and which this CPU has.
std::string instructions() {
  std::set<std::string> has;
  for (auto const& [name, value] : at::cpu::get_cpu_capabilities())
    if (value.isBool() && value.toBool()) has.insert(name);
  std::string all = at::get_cpu_capability() + ":";
  for (std::string const& name : has) all += " " + name;
  return all;
}

/// @throws InvalidInput  naming the first line that differs
void check_key(std::string const& path, std::string const& made_for, std::string const& now) {
  std::istringstream a(made_for), b(now);
  for (std::string x, y;;) {
    bool const more_a = static_cast<bool>(std::getline(a, x)), more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) return;
    if (more_a && more_b && x == y) continue;
    auto const shown = [](bool more, std::string const& line) { return more ? line : std::string("nothing more"); };
    throw InvalidInput("--compiled '" + path + "' was made for " + shown(more_a, x) + ", and this run has " +
                       shown(more_b, y) + ": make it again by python -m nwidth.lm.compile_step");
  }
}

double euclidean(Tensor const& t) {
  return at::linalg_vector_norm(t, 2, std::nullopt, false, at::kDouble).item<double>();
}

/// Torch appends a stack.
std::string first_line(std::exception const& e) {
  std::string const text = e.what();
  return text.substr(0, text.find('\n'));
}

std::string short_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", x);
  return text;
}

}  // namespace

struct CompiledStep::Loader {
  explicit Loader(std::string const& path) : package(path, graph, true) {}
  AOTIModelPackageLoader package;
};

std::string step_key(Config const& c) {
  std::ostringstream s;
  s << "torch = '" << TORCH_VERSION << "'\nthreads = " << at::get_num_threads() << "\ncpu = '" << instructions()
    << "'\ntype = '" << (c.training.bfloat16 ? "bfloat16" : "float32") << "'\nmicro_batch = " << c.training.micro_batch
    << '\n';
  std::string const text = to_toml(c);
  s << text.substr(0, text.find("[data]"));
  return s.str();
}

CompiledStep::CompiledStep(std::filesystem::path path, Config const& config)
    : path_(std::move(path)), model_(config.model) {
  if (model_.dropout > 0)
    throw InvalidInput("dropout = " + std::to_string(model_.dropout) + ": allowed is 0 with --compiled");
  if (config.training.recompute) throw InvalidInput("recompute = true: allowed is false with --compiled");
  sha256_ = checked_digest(path_);
  // The package's library names no library of torch: libtorch.so would bring CUDA's in. What it needs is found where
  // torch's symbols are global, which in a process of Python they are not by themselves.
  ::dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
  try {
    auto const entries = AOTIModelPackageLoader::load_metadata_from_package(path_, graph);
    auto const key = entries.find(key_entry);
    check_key(path_, key == entries.end() ? "" : key->second, step_key(config));
    loader_ = std::make_unique<Loader>(path_);
  } catch (InvalidInput const&) {
    throw;
  } catch (std::exception const& e) {
    throw record::FileError("cannot load '" + path_.string() + "': " + first_line(e));
  }
}

CompiledStep::~CompiledStep() = default;

Tensor CompiledStep::accumulate(std::vector<Parameter>& parameters, Batch const& batch, Tensor const& scored,
                                double scale, bool first) const {
  at::NoGradGuard const no_graph;
  Tensor const& embedding = parameters.front().value;
  std::size_t const begin = model_.tied ? 0 : 1;
  // The graph reads contiguous memory without a look at strides.
  std::vector<Tensor> inputs{at::embedding(embedding, batch.inputs),
                             scored.defined() ? at::where(scored, batch.targets, not_scored) : batch.targets};
  for (std::size_t i = begin; i < parameters.size(); ++i) inputs.push_back(parameters[i].value.detach());
  for (Tensor& t : inputs) t = t.contiguous();
  std::vector<Tensor> const made = loader_->package.run(inputs);
  if (made.size() != inputs.size()) throw std::logic_error("a compiled step has other results than gradients");
  auto const give = [&](Tensor const& parameter, Tensor const& gradient, bool set) {
    if (!set) return parameter.mutable_grad().add_(gradient, scale);
    parameter.mutable_grad().copy_(gradient);
    return scale == 1 ? parameter.mutable_grad() : parameter.mutable_grad().mul_(scale);
  };
  for (std::size_t i = begin; i < parameters.size(); ++i) give(parameters[i].value, made[2 + i - begin], first);
  give(embedding, at::embedding_dense_backward(made[1], batch.inputs, model_.vocabulary, -1, false),
       first && !model_.tied);
  return made[0] * scale;
}

double step_tolerance(bool bfloat16) { return bfloat16 ? 0.25 : 1e-2; }

Deviation compare_steps(std::vector<Parameter> const& parameters, std::vector<Tensor> const& compiled,
                        std::vector<Tensor> const& eager, double tolerance) {
  at::NoGradGuard const no_graph;
  auto const layer = [](std::string const& name) { return name.substr(0, name.find(".activation.")); };
  std::map<std::string, double> coefficients;  // the norm of all of a layer's
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].group == Group::coefficients) {
      double& all = coefficients[layer(parameters[i].name)];
      all = std::hypot(all, euclidean(eager[i + 1]));
    }
  Deviation found;
  auto const look = [&](std::string const& what, std::size_t i, double scale, char const* of) {
    double const difference = euclidean(compiled[i] - eager[i]);
    double const relative = difference == 0 ? 0 : difference / scale;
    if (!(relative <= found.largest)) found.largest = relative;
    if (relative <= tolerance || !found.fault.empty()) return;
    found.fault = what + " differs from the eager step's by " + short_text(relative) + " of " + of + ": allowed is " +
                  short_text(tolerance);
  };
  look("the loss", 0, euclidean(eager[0]), "it");
  for (std::size_t i = parameters.size(); i-- > 0;) {
    Parameter const& p = parameters[i];
    std::string const what = "the gradient of " + p.name;
    if (p.group == Group::coefficients)
      look(what, i + 1, coefficients[layer(p.name)], "the norm of the layer's coefficients'");
    else
      look(what, i + 1, euclidean(eager[i + 1]), "its norm");
  }
  return found;
}

}  // namespace nwidth::lm
