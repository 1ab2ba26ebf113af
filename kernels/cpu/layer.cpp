// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/layer.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/cpu/launch.hpp"
#include "kernels/cpu/layer_job.hpp"

namespace nwidth::kernels::cpu {
namespace {

constexpr std::int64_t most_items = 64, least_rows = 16;

void require_size(char const* name, std::int64_t size) {
  if (size < 0) refuse(std::string(name) + " = " + std::to_string(size) + "; at least 0 is allowed");
}

LayerTable const& table(Options const& options) {
  [[maybe_unused]] Isa const isa = isa_of(options);
#if NWIDTH_KERNELS_X86
  if (isa >= Isa::avx512) return layer_avx512;
  if (isa == Isa::avx2) return layer_avx2;
#endif
  return layer_baseline;
}

template <class X, class Y>
constexpr int norm_type = std::is_same_v<X, double> ? 3
                          : std::is_same_v<X, bf16> ? 2
                          : std::is_same_v<Y, bf16> ? 1
                                                    : 0;

/// f(job, first, last) for all items, which are worth so many bytes.
template <class Job>
void share(void (*f)(Job const&, std::int64_t, std::int64_t), Job const& job, std::int64_t items, std::int64_t bytes,
           Options const& options) {
  int const threads = threads_for(bytes, options);
  share_out(f, job, items, std::max<std::int64_t>(1, items / (4 * threads)), threads);
}

/// Items depend on the number of rows alone, so that sums do not depend on who computes what.
std::int64_t rows_an_item(std::int64_t rows) {
  std::int64_t const even = (rows + most_items - 1) / most_items;
  return (std::max<std::int64_t>(even, 1) + least_rows - 1) / least_rows * least_rows;
}

NormJob norm_job(std::int64_t rows, std::int64_t width) {
  require_size("rows", rows);
  require_size("width", width);
  NormJob job{};
  job.rows = rows;
  job.width = width;
  job.rows_an_item = rows_an_item(rows);
  return job;
}

HeadsJob heads_job(Heads const& h, void const* cosines, void const* sines) {
  require_size("batch", h.batch);
  require_size("tokens", h.tokens);
  require_size("heads", h.heads);
  require_size("size", h.size);
  if ((cosines == nullptr) != (sines == nullptr)) refuse("one of cosines and sines is null; both or none are allowed");
  if (cosines != nullptr && h.size % 2 != 0)
    refuse("size = " + std::to_string(h.size) + "; with cosines and sines even sizes are allowed");
  HeadsJob job{};
  job.tokens = h.tokens;
  job.heads = h.heads;
  job.size = h.size;
  job.cosines = cosines;
  job.sines = sines;
  return job;
}

}  // namespace

template <class X, class Y>
void add_rms_norm_forward(std::int64_t rows, std::int64_t width, double eps, X const* a, Y const* delta,
                          X const* weight, X* x, Y* y, Statistic<X>* statistics, Options const& options) {
  LayerTable const& kernels = table(options);
  NormJob job = norm_job(rows, width);
  if (!(eps >= 0)) refuse("eps = " + std::to_string(eps) + "; at least 0 is allowed");
  if ((delta == nullptr) != (x == nullptr)) refuse("one of delta and x is null; both or none are allowed");
  if (rows == 0 || width == 0) return;
  DefaultFloatingPoint const state;
  job.eps = eps;
  job.a = a;
  job.delta = delta;
  job.weight = weight;
  job.x = x;
  job.y = y;
  job.statistics = statistics;
  share(kernels.norm_forward[norm_type<X, Y>], job, (rows + job.rows_an_item - 1) / job.rows_an_item,
        rows * width * static_cast<std::int64_t>(sizeof(X)), options);
}

template <class X, class Y>
void add_rms_norm_backward(std::int64_t rows, std::int64_t width, X const* x, X const* weight,
                           Statistic<X> const* statistics, Y const* g, X const* later, X* dx, Y* ddelta,
                           double* dweight, Options const& options) {
  LayerTable const& kernels = table(options);
  NormJob job = norm_job(rows, width);
  std::fill_n(dweight, width, 0.0);
  if (rows == 0 || width == 0) return;
  DefaultFloatingPoint const state;
  std::int64_t const items = (rows + job.rows_an_item - 1) / job.rows_an_item;
  std::vector<Statistic<X>> sums(static_cast<std::size_t>(items * width));
  std::vector<double> partial(sums.size());
  job.x = const_cast<X*>(x);
  job.weight = weight;
  job.statistics = const_cast<Statistic<X>*>(statistics);
  job.g = g;
  job.later = later;
  job.dx = dx;
  job.ddelta = ddelta;
  job.sums = sums.data();
  job.dweight = partial.data();
  share(kernels.norm_backward[norm_type<X, Y>], job, items, rows * width * static_cast<std::int64_t>(sizeof(X)),
        options);
  for (std::int64_t i = 0; i < items; ++i)
    for (std::int64_t j = 0; j < width; ++j) dweight[j] += partial[static_cast<std::size_t>(i * width + j)];
}

template <class E>
void split_heads_forward(Heads const& h, E const* qkv, Statistic<E> const* cosines, Statistic<E> const* sines, E* q,
                         E* k, E* v, Options const& options) {
  LayerTable const& kernels = table(options);
  HeadsJob job = heads_job(h, cosines, sines);
  DefaultFloatingPoint const state;
  job.qkv = qkv;
  E* const parts[] = {q, k, v};
  for (int p = 0; p < 3; ++p) {
    job.part[p] = parts[p];
    job.strides[p][0] = h.heads * h.tokens * h.size;
    job.strides[p][1] = h.tokens * h.size;
    job.strides[p][2] = h.size;
  }
  share(kernels.heads_forward[element_type<E>], job, h.batch * h.tokens,
        h.batch * h.tokens * h.heads * h.size * static_cast<std::int64_t>(sizeof(E)), options);
}

template <class E>
void split_heads_backward(Heads const& h, std::type_identity_t<HeadVectors<E>> dq,
                          std::type_identity_t<HeadVectors<E>> dk, std::type_identity_t<HeadVectors<E>> dv,
                          Statistic<E> const* cosines, Statistic<E> const* sines, E* dqkv, Options const& options) {
  LayerTable const& kernels = table(options);
  HeadsJob job = heads_job(h, cosines, sines);
  DefaultFloatingPoint const state;
  job.dqkv = dqkv;
  HeadVectors<E> const parts[] = {dq, dk, dv};
  for (int p = 0; p < 3; ++p) {
    job.part[p] = const_cast<E*>(parts[p].data);
    job.strides[p][0] = parts[p].batch;
    job.strides[p][1] = parts[p].head;
    job.strides[p][2] = parts[p].token;
  }
  share(kernels.heads_backward[element_type<E>], job, h.batch * h.tokens,
        h.batch * h.tokens * h.heads * h.size * static_cast<std::int64_t>(sizeof(E)), options);
}

template <class E>
void cross_entropy(std::int64_t rows, std::int64_t width, E const* logits, std::int64_t const* targets, double scale,
                   E* gradient, double* loss, Options const& options) {
  LayerTable const& kernels = table(options);
  require_size("rows", rows);
  require_size("width", width);
  for (std::int64_t r = 0; r < rows; ++r)
    if (targets[r] >= width)
      refuse("targets[" + std::to_string(r) + "] = " + std::to_string(targets[r]) +
             "; less than width = " + std::to_string(width) + " is allowed");
  DefaultFloatingPoint const state;
  EntropyJob const job{width, scale, logits, targets, gradient, loss};
  share(kernels.cross_entropy[element_type<E>], job, rows, rows * width * static_cast<std::int64_t>(sizeof(E)),
        options);
}

#define NWIDTH_INSTANTIATE(X, Y)                                                                                     \
  template void add_rms_norm_forward(std::int64_t, std::int64_t, double, X const*, Y const*, X const*, X*, Y*,       \
                                     Statistic<X>*, Options const&);                                                 \
  template void add_rms_norm_backward(std::int64_t, std::int64_t, X const*, X const*, Statistic<X> const*, Y const*, \
                                      X const*, X*, Y*, double*, Options const&);
NWIDTH_INSTANTIATE(float, float)
NWIDTH_INSTANTIATE(float, bf16)
NWIDTH_INSTANTIATE(bf16, bf16)
NWIDTH_INSTANTIATE(double, double)
#undef NWIDTH_INSTANTIATE
#define NWIDTH_INSTANTIATE(E)                                                                                     \
  template void split_heads_forward(Heads const&, E const*, Statistic<E> const*, Statistic<E> const*, E*, E*, E*, \
                                    Options const&);                                                              \
  template void split_heads_backward(Heads const&, HeadVectors<E>, HeadVectors<E>, HeadVectors<E>,                \
                                     Statistic<E> const*, Statistic<E> const*, E*, Options const&);               \
  template void cross_entropy(std::int64_t, std::int64_t, E const*, std::int64_t const*, double, E*, double*,     \
                              Options const&);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(bf16)
NWIDTH_INSTANTIATE(double)
#undef NWIDTH_INSTANTIATE

}  // namespace nwidth::kernels::cpu
