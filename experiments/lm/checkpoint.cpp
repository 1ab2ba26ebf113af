// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/checkpoint.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <charconv>

#include "experiments/lm/torch_compat.hpp"
#include "experiments/record/atomic_file.hpp"

namespace nwidth::lm {
namespace {

constexpr std::string_view prefix = "checkpoint-", suffix = ".safetensors";

std::string_view bytes_of(at::Tensor const& t) {
  return {static_cast<char const*>(t.const_data_ptr()), static_cast<std::size_t>(t.nbytes())};
}

/// The bytes as a tensor, without a copy; for reading only.
at::Tensor tensor_of(TensorBytes const& t, at::ScalarType type) {
  return at::from_blob(const_cast<char*>(t.bytes.data()), t.shape, at::TensorOptions(type));
}

TensorBytes const& checked(TensorFile const& file, std::string const& name, at::IntArrayRef shape) {
  TensorBytes const& t = file.tensor(name);
  if (t.dtype != "F32" || at::IntArrayRef(t.shape) != shape)
    throw record::FileError("tensor '" + name + "' of the checkpoint does not have the shape that the model asks for");
  return t;
}

}  // namespace

std::filesystem::path checkpoint_path(std::filesystem::path const& folder, std::int64_t step) {
  std::string number = std::to_string(step);
  number.insert(0, number.size() < 8 ? 8 - number.size() : 0, '0');
  return folder / (std::string(prefix) + number + std::string(suffix));
}

std::vector<std::int64_t> checkpoint_steps(std::filesystem::path const& folder) {
  std::vector<std::int64_t> steps;
  std::error_code none;
  for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
    std::string const name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    std::int64_t step = 0;
    char const *const begin = name.data() + prefix.size(), *const end = name.data() + name.size() - suffix.size();
    // Copies under other names, such as checkpoint-9, are not ours to use or remove.
    if (std::from_chars(begin, end, step).ec == std::errc() && step >= 0 && name == checkpoint_path("", step))
      steps.push_back(step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

std::unique_ptr<TensorFile> open_checkpoint(std::filesystem::path const& path) {
  auto file = std::make_unique<TensorFile>(path);
  if (std::string const& format = file->metadata("format"); format != checkpoint_format)
    throw record::FileError("cannot use '" + path.string() + "': format " + format + ", and this program reads " +
                            checkpoint_format);
  return file;
}

Found newest_checkpoint(std::filesystem::path const& folder) {
  Found found;
  for (std::int64_t const step : checkpoint_steps(folder)) {
    try {
      auto file = open_checkpoint(checkpoint_path(folder, step));
      if (std::string const& own = file->metadata("step"); own != std::to_string(step))
        throw record::FileError("cannot use '" + checkpoint_path(folder, step).string() + "': it is of step " + own);
      found.file = std::move(file);
      found.step = step;
      return found;
    } catch (record::FileError const& e) {
      found.bad.push_back(e.what());
    }
  }
  return found;
}

void write_checkpoint(std::filesystem::path const& folder, std::int64_t step, std::vector<Parameter> const& parameters,
                      Optimizer& optimizer, Ranks& ranks, Metadata metadata, std::int64_t keep) {
  at::NoGradGuard const no_graph;
  at::Tensor const here = parameters.front().value;
  Optimizer::Moments const moments = optimizer.moments();
  at::Tensor state = random_state(here.device());
  std::int64_t const length = state.numel();
  at::Tensor states = at::empty({length * ranks.size()}, here.options().dtype(at::kByte).requires_grad(false));
  ranks.all_gather(states, state.to(here.device()));
  if (ranks.rank() != 0) return;

  states = states.cpu();
  at::Tensor const values = optimizer.flat_parameters().cpu();
  std::vector<TensorBytes> tensors;
  auto const add = [&](std::string const& head, at::Tensor const& flat) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      auto const& place = optimizer.places()[i];
      tensors.push_back({head + parameters[i].name, "F32", parameters[i].value.sizes().vec(),
                         bytes_of(flat.narrow(0, place.begin, place.length))});
    }
  };
  add("", values);
  add("optimizer.first.", moments.first);
  add("optimizer.second.", moments.second);
  for (int r = 0; r < ranks.size(); ++r)
    tensors.push_back({"random." + std::to_string(r), "U8", {length}, bytes_of(states.narrow(0, r * length, length))});
  metadata["format"] = checkpoint_format;
  metadata["step"] = std::to_string(step);
  metadata["world_size"] = std::to_string(ranks.size());
  write_tensors(checkpoint_path(folder, step), tensors, metadata);

  std::int64_t kept = 0;
  for (std::int64_t const one : checkpoint_steps(folder))
    if (one <= step && ++kept > keep) {
      std::error_code none;
      std::filesystem::remove(checkpoint_path(folder, one), none);
    }
}

void restore_parameters(TensorFile const& file, std::vector<Parameter>& parameters) {
  at::NoGradGuard const no_graph;
  for (Parameter& p : parameters) p.value.copy_(tensor_of(checked(file, p.name, p.value.sizes()), at::kFloat));
}

bool restore(TensorFile const& file, std::vector<Parameter>& parameters, Optimizer& optimizer, Ranks const& ranks,
             std::uint64_t seed) {
  at::NoGradGuard const no_graph;
  restore_parameters(file, parameters);
  Optimizer::Moments all{at::zeros({optimizer.flat_parameters().numel()}),
                         at::zeros({optimizer.flat_parameters().numel()})};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto const& place = optimizer.places()[i];
    auto const sizes = parameters[i].value.sizes();
    for (auto const& [head, flat] :
         {std::pair{"optimizer.first.", all.first}, std::pair{"optimizer.second.", all.second}})
      flat.narrow(0, place.begin, place.length)
          .copy_(tensor_of(checked(file, head + parameters[i].name, sizes), at::kFloat).view(-1));
  }
  std::int64_t const step = std::stoll(file.metadata("step"));
  optimizer.set_moments(all, step);

  at::Device const device = parameters.front().value.device();
  std::string const name = "random." + std::to_string(ranks.rank());
  if (file.metadata("world_size") == std::to_string(ranks.size()) && file.has(name)) {
    TensorBytes const& state = file.tensor(name);
    if (static_cast<std::int64_t>(state.bytes.size()) == random_state(device).numel()) {
      set_random_state(device, tensor_of(state, at::kByte).clone());
      return true;
    }
  }
  seed_random(seed * 1000003 + static_cast<std::uint64_t>(step) * 4099 + static_cast<std::uint64_t>(ranks.rank()),
              device);
  return false;
}

void remove_leftovers(std::filesystem::path const& folder) {
  std::error_code none;
  for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
    std::string const name = entry.path().filename().string();
    if (name.starts_with("." + std::string(prefix)) && name.ends_with(".tmp"))
      std::filesystem::remove(entry.path(), none);
  }
}

}  // namespace nwidth::lm
