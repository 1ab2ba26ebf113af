// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/group.hpp"

#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "theory/number/error.hpp"

namespace nwidth::lm {

struct Ranks::Implementation {
  c10::intrusive_ptr<c10d::ProcessGroup> group;
};

namespace {

/// The first line of what torch says, which appends a stack.
template <class F>
void collective(char const* what, F&& f) {
  try {
    f()->wait();
  } catch (std::exception const& e) {
    std::string const text = e.what();
    throw CollectiveError(std::string(what) + " failed: " + text.substr(0, text.find('\n')));
  }
}

}  // namespace

Ranks::Ranks() = default;

Ranks::Ranks(std::string const& group) {
  if (group.empty()) return;
  try {
    group_ = std::make_unique<Implementation>(Implementation{c10d::resolve_process_group(group)});
  } catch (std::exception const&) {
    throw InvalidInput("group = '" + group + "': allowed is the name of a process group that Python made");
  }
  rank_ = group_->group->getRank();
  size_ = group_->group->getSize();
}

Ranks::~Ranks() = default;

void Ranks::reduce_scatter(at::Tensor& slice, at::Tensor& whole) {
  if (group_) {
    collective("reduce_scatter", [&] { return group_->group->_reduce_scatter_base(slice, whole); });
  } else if (!slice.is_alias_of(whole)) {
    slice.copy_(whole);
  }
}

void Ranks::all_gather(at::Tensor& whole, at::Tensor const& slice) {
  if (group_) {
    at::Tensor apart = slice.clone();
    collective("all_gather", [&] { return group_->group->_allgather_base(whole, apart); });
  } else if (!slice.is_alias_of(whole)) {
    whole.copy_(slice);
  }
}

void Ranks::sum(at::Tensor& t) {
  if (!group_) return;
  std::vector<at::Tensor> all{t};
  collective("all_reduce", [&] { return group_->group->allreduce(all); });
}

}  // namespace nwidth::lm
