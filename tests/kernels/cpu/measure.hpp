// SPDX-License-Identifier: Apache-2.0
/// For errors_*.cpp alone: how one output is judged, and chunks of points on several threads.
#pragma once
#include <atomic>
#include <cmath>
#include <thread>

#include "tests/kernels/cpu/errors.hpp"
#include "tests/kernels/cpu/points.hpp"

namespace nwidth::kernels::cpu {

template <class E>
inline constexpr bool is_double = std::is_same_v<E, double>;

/// What references are computed in, and what errors are compared in: it must not underflow where E does.
template <class E>
using Wide = std::conditional_t<is_double<E>, Real, double>;
template <class E>
using Judge = std::conditional_t<is_double<E>, long double, double>;

/// Sizes beyond may overflow on the way.
template <class E>
inline constexpr double largest_size = is_double<E> ? 0x1p1023 : 0x1p127;
template <class E>
inline constexpr double smallest_normal = is_double<E> ? 0x1p-1022 : 0x1p-126;
template <class E>
inline constexpr double smallest_number = is_double<E> ? 0x1p-1074 : 0x1p-149;

/// |got - exact| against units u size, and `tiny` more of the smallest numbers where something may be subnormal: where
/// size is below tiny smallest normal numbers.
template <class E>
void judge(Seen& s, double got, Wide<E> const& exact, Wide<E> const& size, double units, Judge<E> tiny, double x) {
  using J = Judge<E>;
  J const scale = static_cast<J>(size);
  if (scale > J(largest_size<E>)) return;
  ++s.points;
  J error = static_cast<J>(size_of(Wide<E>(got - exact)));
  if constexpr (std::is_same_v<E, bf16>) {
    double const half = std::ldexp(1.0, (exact == 0 ? -126 : std::max(std::ilogb(exact), -126)) - 8);
    if (error > half) ++s.off;
    error = error > half ? error - half : error == error ? 0 : error;
  }
  bool const normal = scale >= tiny * J(smallest_normal<E>);
  J const unit = J(unit_roundoff<E>) * scale;
  J const allowed = units * unit + (normal || units == 0 ? J(0) : tiny * J(smallest_number<E>));
  if (error != 0 && !(error <= J(s.of_bound) * allowed)) {
    double const part = static_cast<double>(error / allowed);
    s.of_bound = part == part ? part : HUGE_VAL;
    s.at = x;
  }
  if (normal && error > s.in_u * unit) s.in_u = static_cast<double>(error / unit);
}

/// A NaN must give NaN.
inline void judge_nan(Seen& s, double got) {
  ++s.points;
  if (!std::isnan(got) && !(s.of_bound == HUGE_VAL)) s.of_bound = HUGE_VAL, s.at = std::nan("");
}

inline std::vector<Isa> machines(Effort const& effort) {
  std::vector<Isa> all = isas();
  if (!effort.every_machine && all.size() == 3) all.erase(all.begin() + 1);
  return all;
}

/// f(i, lines) for i = first ... first + count - 1 on some threads, added to `lines` in the order of i.
template <class F>
void in_chunks(std::int64_t first, std::int64_t count, int threads, std::vector<Line>& lines, F const& f) {
  std::vector<Line> empty = lines;
  for (Line& line : empty) line.fused = line.baseline = Seen{};
  std::vector<std::vector<Line>> parts(static_cast<std::size_t>(count));
  std::atomic<std::int64_t> next = 0;
  auto work = [&] {
    for (std::int64_t i = next++; i < count; i = next++) {
      auto& part = parts[static_cast<std::size_t>(i)] = empty;
      f(first + i, part);
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& t : others) t.join();
  for (auto const& part : parts) {
    for (std::size_t k = 0; k < lines.size(); ++k) {
      lines[k].fused.add(part[k].fused);
      lines[k].baseline.add(part[k].baseline);
    }
  }
}

/// Chunks until each of the lines (the gradients' apart) has its points; bf16: `exhaustive` chunks.
template <class E, class F>
void measure_chunks(Effort const& effort, std::int64_t exhaustive, std::vector<Line>& lines, F const& f) {
  if (std::is_same_v<E, bf16>) return in_chunks(0, exhaustive, effort.threads, lines, f);
  auto enough = [&] {
    for (Line const& line : lines) {
      if (!line.output.ends_with("gradients") && line.baseline.points < effort.points) return false;
    }
    return true;
  };
  std::int64_t const batch = std::min<std::int64_t>(256, effort.points / 4096 + 16);
  for (std::int64_t first = 0; !enough(); first += batch) in_chunks(first, batch, effort.threads, lines, f);
}

/// A factor of the output: mostly moderate, at times a power of two.
template <class E>
E multiplier_of(Stream& s) {
  double const x = s.between(-3, 3);
  return element<E>((s() & 7U) == 0 ? std::copysign(std::ldexp(1.0, static_cast<int>(s() % 41) - 20), x) : x);
}

}  // namespace nwidth::kernels::cpu
