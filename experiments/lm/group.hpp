// SPDX-License-Identifier: Apache-2.0
/// The processes that train one model together. One process makes the group in Python (python/nwidth/lm/launch.py); C++
/// finds it by its name, which needs no header of Gloo or NCCL.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace nwidth::lm {

/// A collective operation failed: another process died or hangs.
class CollectiveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Ranks {
 public:
  /// One process.
  Ranks();
  /// @param group  name of a c10d group of this process; empty: one process. @throws InvalidInput if there is none
  explicit Ranks(std::string const& group);
  ~Ranks();
  Ranks(Ranks const&) = delete;
  Ranks& operator=(Ranks const&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }

  /// All throw CollectiveError; one process copies where that is needed. Each waits for its end.
  /// slice [n] = sum over the ranks of their whole [size n], place rank.
  void reduce_scatter(at::Tensor& slice, at::Tensor& whole);
  /// whole [size n] = the slices [n] of all ranks; slice may lie in whole.
  void all_gather(at::Tensor& whole, at::Tensor const& slice);
  void sum(at::Tensor& t);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> group_;
  int rank_ = 0, size_ = 1;
};

}  // namespace nwidth::lm
