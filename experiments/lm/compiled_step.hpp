// SPDX-License-Identifier: Apache-2.0
/// Loss and gradients of a micro batch, traced and compiled ahead of time by python/nwidth/lm/compile_step.py into a
/// package of AOTInductor: a shared library for one model, micro batch, type, number of threads, torch and CPU.
///
/// Its graph takes the embedded tokens [B, T, width], the targets [B, T] and the parameters, the embedding among them
/// if the output is tied to it, and gives the loss and the gradients of all but the targets. The embedding's gradient
/// is summed here: the compiler's code adds to it from all threads at once, in no fixed order.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/config.hpp"
#include "experiments/lm/model.hpp"

namespace nwidth::lm {

/// What a package is compiled for, as lines of TOML; equal lines mean that it can be used. The number of threads is
/// torch's of this process.
std::string step_key(Config const& c);

class CompiledStep {
 public:
  /// Runs code of the package: it must come from who is trusted as the program is.
  /// @throws InvalidInput  for what a package cannot do (dropout, recompute), and naming the first line of the key in
  /// which the package and this run differ; record::FileError for a file that is no package or is damaged
  CompiledStep(std::filesystem::path path, Config const& config);
  ~CompiledStep();

  std::filesystem::path const& path() const { return path_; }
  std::string const& sha256() const { return sha256_; }  ///< of the file

  /// @returns `scale` times the mean loss of the micro batch. The gradients of the parameters, which exist and are of
  /// float, become as many times its gradients; or, if this is not the `first` micro batch of a step, so much is added.
  at::Tensor accumulate(std::vector<Parameter>& parameters, Batch const& batch, at::Tensor const& scored, double scale,
                        bool first) const;

 private:
  struct Loader;
  std::filesystem::path path_;
  std::string sha256_;
  Model model_;
  std::unique_ptr<Loader> loader_;
};

/// How far tensors of a package are from those of the eager step, in Euclidean norms.
struct Deviation {
  double largest = 0;  ///< over the loss and all gradients: the difference relative to what is differed from
  std::string fault;   ///< empty, or one line that names the first that is too far, in the order of the backward pass
};
/// Tolerances of a difference relative to the tensor, or for coefficients of activations, which are sums with
/// cancellation, to all coefficients of the layer. A gradient that is lost, or of another pass, is off by about 1. In
/// norms, since where an activation has a kink rounding moves single inputs across it, whose derivatives jump: of
/// bfloat16's some in 500, 0.04 of a norm in one layer. What was measured is in docs/lm.md.
double step_tolerance(bool bfloat16);
/// Both are {loss, gradients in the order of parameters}.
Deviation compare_steps(std::vector<Parameter> const& parameters, std::vector<at::Tensor> const& compiled,
                        std::vector<at::Tensor> const& eager, double tolerance);

}  // namespace nwidth::lm
