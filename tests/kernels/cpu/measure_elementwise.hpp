// SPDX-License-Identifier: Apache-2.0
/// For errors_*.cpp alone: an elementwise family, alone and as a gate.
#pragma once
#include "tests/kernels/cpu/measure.hpp"

namespace nwidth::kernels::cpu {

/// The inputs of a chunk, in rows of its width.
template <class E>
struct Inputs {
  std::int64_t width = 0;
  bool moderate = false;  // so that sums cannot overflow
  std::vector<E> x, up, g;
};

template <class E, class F>
struct Measure {
  using C = Arithmetic<E>;
  using Q = Wide<E>;
  using J = Judge<E>;
  std::vector<F> sets;
  std::vector<Points<C>> points;  // of each set; none for bf16
  std::vector<Isa> isas;

  explicit Measure(Effort const& effort) : isas(machines(effort)) {
    int const count = std::is_same_v<E, bf16> ? std::min(F::sets, effort.sets) : F::sets;
    for (int i = 0; i < count; ++i) {
      sets.emplace_back(i);
      if (!std::is_same_v<E, bf16>) points.emplace_back(sets.back());
    }
  }

  /// Chunks that bf16 needs: each set with all numbers, and each with some for the sums.
  std::int64_t exhaustive() const { return static_cast<std::int64_t>(sets.size()) * (F::sums > 0 ? 2 : 1); }

  static std::vector<Line> lines() {
    std::vector<Line> all;
    auto const rows = [&](std::string const& name, double extra, std::vector<char const*> outputs) {
      F const f(0);
      for (std::string const output : outputs) {
        ErrorBound b = output[0] == 'd' && output != "dup" ? f.slope_bound() : f.bound();
        b.constant += extra;
        all.push_back({name + ' ' + output, F::text(b, F::growth), {}, {}});
      }
      if (F::sums > 0) all.push_back({name + " gradients", Family::number(f.gradient_bound() + extra), {}, {}});
    };
    if (*F::alone != 0) rows(F::alone, 0, {"y", "dx"});
    if (*F::gate != 0) rows(F::gate, glu_extra, {"y", "dgate", "dup"});
    return all;
  }

  Inputs<E> inputs(std::int64_t chunk, std::size_t set) const {
    Stream s{test::mix(test::mix(test::seed()) + static_cast<std::uint64_t>(chunk))};
    Inputs<E> in;
    auto const round = static_cast<std::size_t>(chunk) / sets.size();
    std::size_t n = std::is_same_v<E, bf16> ? 65536 : is_double<E> ? 256 : 4096;
    in.moderate = F::sums > 0 && (std::is_same_v<E, bf16> ? round == 1 : (chunk + static_cast<long>(round)) % 4 == 3);
    in.width = static_cast<std::int64_t>(n >> (s() % 6));
    int const kind = static_cast<int>(s() % 3);
    bool const left = (s() & 1U) != 0, longer = s() % 8 == 0;
    if (in.moderate && kind == 0 && longer && !std::is_same_v<E, bf16>)
      n *= 16, in.width *= 16;  // longer sums that round one way
    double const one = s.between(1, 2), other = s.between(1, 2);
    for (std::size_t i = 0; i < n; ++i) {
      in.up.push_back(multiplier_of<E>(s));
      in.g.push_back(multiplier_of<E>(s));
      if (in.moderate) {
        // all of one sign that round the same way; any; of many sizes
        if (kind == 0) in.up.back() = in.g.back() = element<E>(other);
        in.x.push_back(element<E>(kind == 0   ? (left ? -one : one)
                                  : kind == 1 ? s.between(-4, 4)
                                              : std::ldexp(s.between(-1, 1), static_cast<int>(s() % 20) - 10)));
      } else if constexpr (std::is_same_v<E, bf16>) {
        in.x.push_back({static_cast<std::uint16_t>(i)});
      } else {
        in.x.push_back(points[set](s));
      }
    }
    return in;
  }

  void operator()(std::int64_t chunk, std::vector<Line>& to) const {
    std::size_t const set = static_cast<std::size_t>(chunk) % sets.size();
    F const& f = sets[set];
    Inputs<E> const in = inputs(chunk, set);
    std::vector<Formula<Q>> exact;
    for (E const& x : in.x) {
      double const at = value(x);
      exact.push_back(std::isfinite(at) ? f.template at<Q>(Q(at)) : Formula<Q>{});
    }
    std::size_t const first_gate = *F::alone == 0 ? 0 : F::sums > 0 ? 3 : 2;
    if constexpr (*F::alone != 0) judge_alone(f, in, exact, to.data());
    if constexpr (*F::gate != 0) judge_gated(f, in, exact, to.data() + first_gate);
  }

  template <class T>
  static Rows<T> rows(std::vector<E> const& v, std::int64_t width) {
    return {const_cast<T*>(v.data()), static_cast<std::int64_t>(v.size()) / width, width, width};
  }

  void judge_alone(F const& f, Inputs<E> const& in, std::vector<Formula<Q>> const& exact, Line* to) const {
    auto const of = [&](std::vector<E> const& v) { return rows<E const>(v, in.width); };
    std::vector<E> y(in.x.size()), dx(in.x.size());
    for (Isa isa : isas) {
      auto const seen = [&](int k) -> Seen& { return isa == Isa::baseline ? to[k].baseline : to[k].fused; };
      double gradient[4];
      f.forward(of(in.x), rows<E>(y, in.width), on(isa));
      f.backward(of(in.x), of(in.g), rows<E>(dx, in.width), gradient, on(isa));
      double const b = slack(isa);
      for (std::size_t i = 0; i < in.x.size(); ++i) {
        double const x = value(in.x[i]), g = value(in.g[i]);
        if (std::isnan(x)) judge_nan(seen(0), value(y[i])), judge_nan(seen(1), value(dx[i]));
        if (!std::isfinite(x)) continue;
        Formula<Q> const& e = exact[i];
        judge<E>(seen(0), value(y[i]), e.value, e.size, b * units(f.bound(), e.growth), f.room(J(x)), x);
        if (e.slope_size > largest_size<E>) continue;
        judge<E>(seen(1), value(dx[i]), Q(e.slope * g), Q(e.slope_size * std::abs(g)),
                 b * units(f.slope_bound(), e.slope_growth), f.slope_room(J(x)) * f.room_of(J(g)), x);
      }
      if (in.moderate) {
        judge_sums(f, in, exact, seen(2), b * f.gradient_bound(), gradient,
                   [&](std::size_t i) { return Q(value(in.g[i])); });
      }
    }
  }

  void judge_gated(F const& f, Inputs<E> const& in, std::vector<Formula<Q>> const& exact, Line* to) const {
    auto const of = [&](std::vector<E> const& v) { return rows<E const>(v, in.width); };
    std::vector<E> y(in.x.size()), dgate(in.x.size()), dup(in.x.size());
    for (Isa isa : isas) {
      auto const seen = [&](int k) -> Seen& { return isa == Isa::baseline ? to[k].baseline : to[k].fused; };
      double gradient[4];
      f.gated_forward(of(in.x), of(in.up), rows<E>(y, in.width), on(isa));
      f.gated_backward(of(in.x), of(in.up), of(in.g), rows<E>(dgate, in.width), rows<E>(dup, in.width), gradient,
                       on(isa));
      double const b = slack(isa);
      for (std::size_t i = 0; i < in.x.size(); ++i) {
        double const x = value(in.x[i]), g = value(in.g[i]), up = value(in.up[i]);
        if (std::isnan(x)) {
          for (int k = 0; k < 3; ++k) judge_nan(seen(k), value((k == 0 ? y : k == 1 ? dgate : dup)[i]));
        }
        if (!std::isfinite(x)) continue;
        Formula<Q> const& e = exact[i];
        J const tiny = F::gated_room * (1 + std::abs(g)) * (1 + std::abs(up)), y_tiny = tiny * f.room(J(x));
        double const y_units = b * (units(f.bound(), e.growth) + glu_extra);
        if (!(e.size > largest_size<E>)) {
          judge<E>(seen(0), value(y[i]), Q(e.value * up), Q(e.size * std::abs(up)), y_units, y_tiny, x);
          judge<E>(seen(2), value(dup[i]), Q(e.value * g), Q(e.size * std::abs(g)), y_units, y_tiny, x);
        }
        if (!(e.slope_size > largest_size<E>)) {
          Q const by = Q(g) * up;
          judge<E>(seen(1), value(dgate[i]), Q(e.slope * by), Q(e.slope_size * size_of(by)),
                   b * (units(f.slope_bound(), e.slope_growth) + glu_extra), tiny * f.slope_room(J(x)), x);
        }
      }
      if (in.moderate) {
        judge_sums(f, in, exact, seen(3), b * (f.gradient_bound() + glu_extra), gradient,
                   [&](std::size_t i) { return Q(Q(value(in.g[i])) * value(in.up[i])); });
      }
    }
  }

  template <class By>
  static void judge_sums(F const& f, Inputs<E> const& in, std::vector<Formula<Q>> const& exact, Seen& s, double units,
                         double const* gradient, By const& by) {
    for (int k = 0; k < F::sums; ++k) {
      Q sum = 0, size = 0;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        Q const w = by(i);
        sum += w * exact[i].term[k];
        size += size_of(w) * exact[i].term_size[k];
      }
      Q const c = f.template factor<Q>(k);
      // The sum comes as a double, in the units of E.
      judge<C>(s, gradient[k], Q(c * sum), Q(c * size), units * width_factor<E>(in.width), 0, value(in.x[0]));
      s.points += static_cast<std::int64_t>(exact.size()) - 1;
    }
  }

  static double units(ErrorBound const& b, Q const& growth) {
    return b.growth == 0 ? b.constant : b.constant + b.growth * static_cast<double>(growth);
  }
};

/// All families of a tuple, one after the other.
template <class E, class... F>
void measure_families(Effort const& effort, std::vector<Line>& all, std::tuple<F...> const*) {
  auto const one = [&]<class G>(G const*) {
    Measure<E, G> const m(effort);
    std::vector<Line> lines = Measure<E, G>::lines();
    measure_chunks<E>(effort, m.exhaustive(), lines, m);
    all.insert(all.end(), lines.begin(), lines.end());
  };
  (one(static_cast<F const*>(nullptr)), ...);
}

}  // namespace nwidth::kernels::cpu
