// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/launch.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace nwidth::kernels::cpu {
namespace {

constexpr std::int64_t narrow = 4096, most_rows = 64, piece = 65536, bytes_a_thread = std::int64_t{128} << 10,
                       bytes_a_turn = std::int64_t{2} << 20;

void check(Call const& call) {
  Matrix const& first = call.in[0];
  auto check_one = [&](Matrix const& m) {
    std::string const who = m.name;
    if (m.rows < 0) refuse(who + " has " + std::to_string(m.rows) + " rows; at least 0 are allowed");
    if (m.width < 0) refuse(who + " has width " + std::to_string(m.width) + "; at least 0 is allowed");
    if (m.rows != first.rows || m.width != first.width) {
      refuse(who + " is " + std::to_string(m.rows) + " x " + std::to_string(m.width) + ", but " + first.name + " is " +
             std::to_string(first.rows) + " x " + std::to_string(first.width));
    }
    if (m.rows > 1 && m.stride < m.width) {
      refuse(who + " has stride " + std::to_string(m.stride) + "; at least the width " + std::to_string(m.width) +
             " is allowed");
    }
    if (m.data == nullptr && m.rows > 0 && m.width > 0) refuse(who + " has no data");
  };
  std::for_each(call.in, call.in + call.inputs, check_one);
  std::for_each(call.out, call.out + call.outputs, check_one);
}

template <class List>
Run choose(Isa isa, int place, int element, Table<List> const& baseline, Table<List> const* avx2,
           Table<List> const* avx512) {
  Table<List> const* table = &baseline;
  if (isa == Isa::avx2) table = avx2;
  if (isa >= Isa::avx512) table = avx512;
  return table->run[place][element];
}
#if NWIDTH_KERNELS_X86
#define NWIDTH_TABLES(family) family##_baseline, &family##_avx2, &family##_avx512
#else
#define NWIDTH_TABLES(family) family##_baseline, nullptr, nullptr
#endif
/// @param isa  available
Run choose(Isa isa, Kernel op, int element) {
  switch (op.family) {
    case Kernel::Family::elementwise: return choose(isa, op.place, element, NWIDTH_TABLES(elementwise));
    case Kernel::Family::gated: return choose(isa, op.place, element, NWIDTH_TABLES(gated));
    default:
#if NWIDTH_KERNELS_X86
      if (isa == Isa::avx512bf16 && element == element_type<bf16>) return table_avx512bf16.run[op.place][element];
#endif
      return choose(isa, op.place, element, NWIDTH_TABLES(table));
  }
}
#undef NWIDTH_TABLES

/// Wide rows of floats that are normalised wait for memory, and a Zen 4 waits less with registers of 32 bytes: PolyNorm
/// takes a fifth less there, backward on a gate a third. The bits are the same.
Isa best_for(Isa isa, Call const& call, Job const& job) {
  constexpr std::int64_t wide = 1024;
  bool const waits = call.normalised && call.element == element_type<float> && job.stream && job.width >= wide;
  return isa >= Isa::avx512 && waits ? Isa::avx2 : isa;
}

/// Without sums and gaps a matrix is one long row.
bool is_flat(Call const& call) {
  auto dense = [](Matrix const& m) { return m.rows == 1 || m.stride == m.width; };
  return !call.normalised && call.sums == 0 && std::all_of(call.in, call.in + call.inputs, dense) &&
         std::all_of(call.out, call.out + call.outputs, dense);
}

/// The sum of n times `sums` numbers by a tree: neighbours first.
void add_up(double* partial, std::int64_t n, int sums) {
  for (std::int64_t h = 1; h < n; h *= 2) {
    for (std::int64_t i = 0; i + h < n; i += 2 * h) {
      for (int q = 0; q < sums; ++q) partial[i * max_sums + q] += partial[(i + h) * max_sums + q];
    }
  }
}

}  // namespace

void refuse(std::string const& what) { throw std::invalid_argument("nwidth: " + what); }

std::string_view name(Isa isa) {
  constexpr std::string_view names[] = {"baseline", "avx2", "avx512", "avx512bf16"};
  return names[static_cast<int>(isa)];
}

bool available(Isa isa) {
#if NWIDTH_KERNELS_X86
  bool const avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx2) return avx2;
  if (isa >= Isa::avx512) {
    return (isa == Isa::avx512 || __builtin_cpu_supports("avx512bf16")) && avx2 && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }
#endif
  return isa == Isa::baseline;
}

Isa default_isa() {
  Isa const all[] = {Isa::avx512bf16, Isa::avx512, Isa::avx2, Isa::baseline};
  char const* const wanted = std::getenv("NWIDTH_ISA");
  if (wanted == nullptr || *wanted == '\0') return *std::find_if(std::begin(all), std::end(all), available);
  for (Isa isa : all) {
    if (name(isa) != wanted) continue;
    if (!available(isa)) refuse("NWIDTH_ISA = " + std::string(wanted) + ", which this machine or build has not");
    return isa;
  }
  refuse("NWIDTH_ISA = " + std::string(wanted) + "; baseline, avx2, avx512 and avx512bf16 are allowed");
}

Isa isa_of(Options const& options) {
  if (options.threads < 0) refuse("threads = " + std::to_string(options.threads) + "; at least 0 are allowed");
  Isa const isa = options.isa.has_value() ? *options.isa : default_isa();
  if (!available(isa)) refuse("isa = " + std::string(name(isa)) + ", which this machine or build has not");
  return isa;
}

int threads_for(std::int64_t bytes, Options const& options) {
  std::int64_t const cores = options.threads == 0 ? available_cores() : options.threads;
  return static_cast<int>(std::min(cores, std::max<std::int64_t>(1, bytes / bytes_a_thread)));
}

activation::PolyNorm<double> polynorm(Coefficients const& c, double scale) {
  if (!(c.eps >= 0)) refuse("eps = " + std::to_string(c.eps) + "; at least 0 is allowed");
  return {{scale * c.w[0], scale * c.w[1], scale * c.w[2]}, scale * c.bias, c.eps};
}

void launch(Call const& call, Options const& options) {
  check(call);
  Isa const isa = isa_of(options);
  if (call.gradient != nullptr) std::fill_n(call.gradient, call.sums, 0.0);
  Job job;
  job.op = call.parameters;
  job.rows = call.in[0].rows;
  job.width = call.in[0].width;
  if (job.rows == 0 || job.width == 0) return;
  bool const flat = is_flat(call);
  if (flat) {
    job.width *= job.rows;
    job.rows = 1;
  }
  if (job.width < narrow) job.rows_an_item = std::min(narrow / job.width, most_rows);
  job.piece = piece;
  if (!call.normalised) job.pieces = (job.width + piece - 1) / piece;
  bool in_place = false;
  for (int k = 0; k < call.inputs; ++k) {
    job.in[k] = call.in[k].data;
    job.in_stride[k] = call.in[k].stride;
  }
  for (int k = 0; k < call.outputs; ++k) {
    job.out[k] = call.out[k].data;
    job.out_stride[k] = call.out[k].stride;
    for (int i = 0; i < call.inputs; ++i) in_place = in_place || call.in[i].data == call.out[k].data;
  }
  job.statistics = call.statistics;
  std::int64_t const bytes = job.rows * job.width * call.element_bytes;
  std::int64_t const least = options.stream_bytes < 0 ? default_stream_bytes : options.stream_bytes;
  job.stream = bytes * (call.inputs + call.outputs) >= least && !in_place;
  std::int64_t const items = job.items();
  std::vector<double> partial(call.sums > 0 ? static_cast<std::size_t>(items * max_sums) : 0);
  job.sums = partial.data();

  int const threads = threads_for(bytes, options);
  std::int64_t const bytes_an_item = std::max<std::int64_t>(1, bytes / items);
  std::int64_t const grain =
      std::clamp<std::int64_t>(bytes_a_turn / bytes_an_item, 1, std::max<std::int64_t>(1, items / (4 * threads)));
  share_out(choose(best_for(isa, call, job), call.op, call.element), job, items, grain, threads);
  if (call.sums == 0) return;
  add_up(partial.data(), items, call.sums);
  std::copy_n(partial.data(), call.sums, call.gradient);
}

}  // namespace nwidth::kernels::cpu
