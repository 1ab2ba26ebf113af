// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/layout.hpp"

#include <torch/csrc/stable/ops.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>

namespace nwidth::kernels::torch {
namespace {

/// The dimensions from the outermost to the innermost in the first tensor's memory, those of size 1 left out.
std::vector<std::int64_t> order_of(Tensor const& first) {
  auto const sizes = first.sizes(), strides = first.strides();
  std::vector<std::int64_t> order;
  for (std::int64_t d = 0; d < first.dim(); ++d)
    if (sizes[static_cast<std::size_t>(d)] != 1) order.push_back(d);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return strides[static_cast<std::size_t>(a)] > strides[static_cast<std::size_t>(b)];
  });
  return order;
}

/// Joins dimensions that lie one behind the other in every tensor; nullopt if more than rows and width are left.
std::optional<Layout> joined(std::vector<Tensor> const& tensors, Along along) {
  Tensor const& first = tensors.front();
  std::vector<std::int64_t> const order = order_of(first);
  std::vector<std::int64_t> const unit(tensors.size(), 1);
  Layout layout{1, 1, unit};
  // Sizes and strides of what is joined so far, innermost first.
  std::vector<std::int64_t> sizes;
  std::vector<std::vector<std::int64_t>> strides;
  if (along == Along::rows) {  // the last dimension stays alone, also where its size is 1
    sizes.push_back(first.size(first.dim() - 1));
    strides.push_back(unit);
    if (sizes.back() > 1)
      for (std::size_t t = 0; t < tensors.size(); ++t) strides.back()[t] = tensors[t].stride(first.dim() - 1);
  }
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    if (along == Along::rows && *d == first.dim() - 1) continue;
    bool joins = !sizes.empty() && !(along == Along::rows && sizes.size() == 1);
    for (std::size_t t = 0; t < tensors.size() && joins; ++t)
      joins = tensors[t].stride(*d) == strides.back()[t] * sizes.back();
    if (joins) {
      sizes.back() *= first.size(*d);
      continue;
    }
    sizes.push_back(first.size(*d));
    strides.emplace_back();
    for (Tensor const& t : tensors) strides.back().push_back(t.stride(*d));
  }
  if (sizes.size() > 2) return std::nullopt;
  if (!sizes.empty()) {
    layout.width = sizes[0];
    if (layout.width > 1 && strides[0] != unit) return std::nullopt;
  }
  std::fill(layout.strides.begin(), layout.strides.end(), layout.width);
  if (sizes.size() == 2) {
    layout.rows = sizes[1];
    if (layout.rows > 1) layout.strides = strides[1];
  }
  for (std::int64_t const s : layout.strides)
    if (s < layout.width) return std::nullopt;  // rows that overlap, or one row repeated
  return layout;
}

/// t in the order of another tensor, which is dense.
Tensor copied(Tensor const& t, Tensor const& like) {
  Tensor copy = ::torch::stable::empty_like(like);
  return ::torch::stable::copy_(copy, t);
}

}  // namespace

Layout layout_of(std::vector<Tensor>& tensors, std::size_t outputs, Along along) {
  if (auto const layout = joined(tensors, along)) return *layout;
  // Those that do not fit are copied; if the others do not fit each other, all of them.
  for (bool const all : {false, true}) {
    for (std::size_t t = outputs; t < tensors.size(); ++t) {
      if (!all && joined({tensors.front(), tensors[t]}, along)) continue;
      tensors[t] = copied(tensors[t], tensors.front());
    }
    if (auto const layout = joined(tensors, along)) return *layout;
  }
  throw std::logic_error("nwidth: tensors of one layout have no layout in common");
}

Layout dense_layout_of(std::vector<Tensor>& tensors, std::size_t outputs, Along along) {
  Layout layout = layout_of(tensors, outputs, along);
  for (std::size_t t = outputs; t < tensors.size() && layout.rows > 1; ++t) {
    if (layout.strides[t] == layout.width) continue;
    tensors[t] = copied(tensors[t], tensors.front());
    layout.strides[t] = layout.width;
  }
  return layout;
}

}  // namespace nwidth::kernels::torch
