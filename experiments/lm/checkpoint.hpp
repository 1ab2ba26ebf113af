// SPDX-License-Identifier: Apache-2.0
/// A run at a step, as FOLDER/checkpoint-STEP.safetensors: whole or not there, and damage is found when it is read.
///
/// Tensors, as any reader of safetensors sees them: the parameters by the names of Transformer and of its Python twin;
/// optimizer.first.NAME and optimizer.second.NAME, their moments; random.R, the state of rank R's generator. Metadata:
/// format, step, config (canonical TOML), spike (the guard), train (which data), and world_size, threads, device,
/// backend, torch, commit: what a resumed run must share with it to have the same bits. The number of ranks may change;
/// the bits then do.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/lm/optimizer.hpp"
#include "experiments/lm/tensor_file.hpp"

namespace nwidth::lm {

inline constexpr char const* checkpoint_format = "nwidth.checkpoint/1";

std::filesystem::path checkpoint_path(std::filesystem::path const& folder, std::int64_t step);
/// Steps of the checkpoints in a folder, newest first. None if there is no folder.
std::vector<std::int64_t> checkpoint_steps(std::filesystem::path const& folder);

/// The newest checkpoint that can be used.
struct Found {
  std::int64_t step = 0;
  std::unique_ptr<TensorFile> file;  ///< null: none
  std::vector<std::string> bad;      ///< what was wrong with newer ones, a line each
};
/// A file whose step is not that of its name is bad, too.
Found newest_checkpoint(std::filesystem::path const& folder);
/// That of a step. @throws record::FileError
std::unique_ptr<TensorFile> open_checkpoint(std::filesystem::path const& path);

/// Collective; rank 0 writes. Then removes all but the newest `keep` up to this step.
/// @param metadata  beside format and step  @throws record::FileError
void write_checkpoint(std::filesystem::path const& folder, std::int64_t step, std::vector<Parameter> const& parameters,
                      Optimizer& optimizer, Ranks& ranks, Metadata metadata, std::int64_t keep);

/// Parameters alone, for evaluation. @throws record::FileError if names or shapes are not the model's
void restore_parameters(TensorFile const& file, std::vector<Parameter>& parameters);
/// Parameters, moments, steps and this rank's generator. @returns false if the generator's state could not be taken,
/// since the number of ranks or the kind of device differs: it is then seeded anew from `seed`, step and rank.
bool restore(TensorFile const& file, std::vector<Parameter>& parameters, Optimizer& optimizer, Ranks const& ranks,
             std::uint64_t seed);

/// Removes temporary files that a killed run left in the folder. Only for who holds its lock.
void remove_leftovers(std::filesystem::path const& folder);

}  // namespace nwidth::lm
