// SPDX-License-Identifier: Apache-2.0
#include "fitting/network/shallow_network.hpp"

#include <cmath>
#include <type_traits>

#include "theory/certify/sup_norm.hpp"
#include "theory/network/calculus.hpp"

namespace nwidth::fitting {
namespace {

using Spline = FreeKnotSpline<Rational>;
std::size_t at(int i) { return static_cast<std::size_t>(i); }

template <class T>
Rational exact_value(T const& x) {
  if constexpr (std::is_same_v<T, Rational>)
    return x;
  else
    return exact(x);
}

template <class T>
Spline rounded_knots(FreeKnotSpline<T> const& s, int bits) {
  s.validate();
  Spline r{s.kind, {}, {}};
  for (T const& t : s.knots) r.knots.push_back(round_to_bits(exact_value(t), bits));
  for (T const& c : s.coefficients) r.coefficients.push_back(exact_value(c));
  for (std::size_t i = 1; i < r.knots.size(); ++i)
    if (!(r.knots[i - 1] < r.knots[i]))
      throw InvalidInput("knots " + std::to_string(i - 1) + " and " + std::to_string(i) + " coincide in " +
                         std::to_string(bits) + " bits");
  return r;
}

/// sum_j c_j relu(side (x - t))^j
struct Hinge {
  int side;  // 1 or -1
  Rational t;
  std::vector<Rational> c;
};

std::vector<Rational> mirrored(std::vector<Rational> c, bool negate) {
  for (std::size_t j = 0; j < c.size(); ++j)
    if ((j % 2 == 1) != negate) c[j] = -c[j];
  return c;
}

std::vector<double> doubles(std::vector<Rational> const& q) {
  std::vector<double> v;
  for (Rational const& x : q) v.push_back(to_double(x));
  return v;
}

/// sum_j |c_j| u^j
double horner_of_sizes(std::vector<double> const& c, double u) {
  double sum = 0;
  for (std::size_t j = c.size(); j-- > 0;) sum = sum * u + std::abs(c[j]);
  return sum;
}

/// The polynomials of all segments are written with always-on neurons and a constant.
class AlwaysOn {
 public:
  struct Part {
    Rational constant;
    std::vector<Rational> outer;  // of the neurons of relu^k
    Hinge hinge;                  // the one neuron of polyrelu
  };

  AlwaysOn(Spline const& s, int bits) : s_(s), powers_(s.kind.multiplicity == 1) {
    if (!powers_) return;
    int const k = s.kind.degree;
    Rational const half = (s.end() - s.begin()) / 2, middle = (s.begin() + s.end()) / 2;
    long const e = floor_log2(half);
    center_ = round_to_dyadic(middle, 4 - e);                  // off by half/32 at most
    Rational const most = 1 / (half + abs(center_ - middle));  // |w z| <= 1
    long const f = floor_log2(most);
    Rational unit = round_to_dyadic(most, 4 - f);
    if (unit > most) unit -= power_of_two(f - 4);
    std::vector<Rational> nodes;
    for (int j = 0; j <= k; ++j) {
      Rational const c = Rational(static_cast<long>(std::lround(64 * std::cos(j * std::acos(-1.0) / k)))) / 64;
      bool const left_out = k % 2 == 1 && j == (k + 1) / 2;
      if (c != 0 && !left_out) nodes.push_back(c);
    }
    for (Rational const& c : nodes) {
      weight_.push_back(round_to_bits(Rational(c * unit), bits));
      bias_.push_back(round_to_bits(Rational(1 - weight_.back() * center_), bits));
      for (Rational const& end : {s.begin(), s.end()})
        if (weight_.back() * end + bias_.back() < 0)
          throw InvalidInput("the interval is too short, for where it lies, for weights of " + std::to_string(bits) +
                             " bits");
    }
    invert();
  }

  std::vector<Rational> const& weights() const { return weight_; }
  std::vector<Rational> const& biases() const { return bias_; }

  Part of(int segment) const {
    int const d = s_.kind.degree;
    Part part;
    if (powers_) {
      std::vector<Rational> const c = s_.taylor(segment, Rational(0));
      part.constant = c[0];
      for (int j = 0; j < d; ++j) {
        Rational v = 0;
        for (int i = 0; i < d; ++i) v += inverse_[at(j)][at(i)] * c[at(i + 1)];
        part.constant -= v * power(bias_[at(j)], static_cast<unsigned>(d));
        part.outer.push_back(std::move(v));
      }
    } else {  // from the nearer end
      bool const right = 2 * segment < s_.segments();
      Rational const& t = right ? s_.begin() : s_.end();
      std::vector<Rational> c = s_.taylor(segment, t);
      part.constant = c[0];
      c[0] = 0;
      part.hinge = {right ? 1 : -1, t, right ? std::move(c) : mirrored(std::move(c), false)};
    }
    return part;
  }

  /// The sums of |terms| at these points.
  std::vector<double> terms(Part const& part, std::vector<double> const& points) const {
    std::vector<double> const v = doubles(part.outer), w = doubles(weight_), b = doubles(bias_);
    std::vector<double> const c = doubles(part.hinge.c);
    double const constant = std::abs(to_double(part.constant)), t = to_double(part.hinge.t);
    std::vector<double> sums;
    for (double x : points) {
      double sum = constant;
      for (std::size_t j = 0; j < v.size(); ++j) sum += std::abs(v[j]) * std::pow(w[j] * x + b[j], s_.kind.degree);
      sums.push_back(sum + horner_of_sizes(c, std::abs(x - t)));
    }
    return sums;
  }

 private:
  /// Of the matrix that takes the outer weights to the coefficients of x ... x^k: exact, by Gauss and Jordan.
  void invert() {
    int const k = s_.kind.degree;
    std::vector<std::vector<Rational>> m(at(k), std::vector<Rational>(at(2 * k)));
    for (int i = 0; i < k; ++i) {
      for (int j = 0; j < k; ++j)
        m[at(i)][at(j)] = binomial(k, i + 1) * power(weight_[at(j)], static_cast<unsigned>(i + 1)) *
                          power(bias_[at(j)], static_cast<unsigned>(k - i - 1));
      m[at(i)][at(k + i)] = 1;
    }
    for (int p = 0; p < k; ++p) {
      int row = p;
      while (row < k && m[at(row)][at(p)] == 0) ++row;
      if (row == k) throw InvalidInput("always-on neurons became dependent when rounded");
      std::swap(m[at(p)], m[at(row)]);
      Rational const pivot = m[at(p)][at(p)];
      for (Rational& v : m[at(p)]) v /= pivot;
      for (int i = 0; i < k; ++i) {
        Rational const factor = m[at(i)][at(p)];
        if (i == p || factor == 0) continue;
        for (int j = p; j < 2 * k; ++j) m[at(i)][at(j)] -= factor * m[at(p)][at(j)];
      }
    }
    for (auto const& row : m) inverse_.emplace_back(row.begin() + k, row.end());
  }

  Spline const& s_;
  bool powers_;
  Rational center_;
  std::vector<Rational> weight_, bias_;
  std::vector<std::vector<Rational>> inverse_;
};

/// Sums of |terms| of a spline, for the choice of the pivot: doubles.
class Terms {
 public:
  Terms(Spline const& s, std::vector<std::vector<Rational>> const& jumps) {
    for (int i = 0; i < s.segments(); ++i) {
      x_.push_back(to_double(s.knots[at(i)]));
      x_.push_back((x_.back() + to_double(s.knots[at(i + 1)])) / 2);
    }
    x_.push_back(to_double(s.end()));
    std::vector<double> const t = doubles(s.knots);
    std::vector<std::vector<double>> c;
    for (auto const& jump : jumps) c.push_back(doubles(jump));
    for (double x : x_) {
      std::vector<double> left{0}, right{0};  // left[i]: knots 1 ... i facing left; right[i]: the last i facing right
      for (std::size_t i = 0; i < c.size(); ++i)
        left.push_back(left.back() + (x < t[i + 1] ? horner_of_sizes(c[i], t[i + 1] - x) : 0));
      for (std::size_t i = c.size(); i-- > 0;)
        right.push_back(right.back() + (x > t[i + 1] ? horner_of_sizes(c[i], x - t[i + 1]) : 0));
      left_.push_back(std::move(left));
      right_.push_back(std::move(right));
    }
  }

  double largest(AlwaysOn const& on, AlwaysOn::Part const& part, int pivot) const {
    double most = 0;
    std::vector<double> const always = on.terms(part, x_);
    for (std::size_t i = 0; i < x_.size(); ++i)
      most = std::max(most, always[i] + left_[i][at(pivot)] + right_[i][left_[i].size() - 1 - at(pivot)]);
    return most;
  }
  std::vector<double> const& points() const { return x_; }

 private:
  std::vector<double> x_;
  std::vector<std::vector<double>> left_, right_;
};

class Assembly {
 public:
  Assembly(SplineClass kind, int bits) : kind_(kind), bits_(bits), powers_(kind.multiplicity == 1) {}

  void neuron(Rational w, Rational b, Rational outer, std::vector<Rational> c = {}) {
    int const row = static_cast<int>(bias_.size());
    weights_.push_back({row, 0, std::move(w)});
    bias_.push_back(std::move(b));
    outer_.push_back({0, row, round_to_bits(outer, bits_)});
    if (powers_) return;
    for (Rational& v : c) v = round_to_bits(v, bits_);
    coefficients_.push_back(std::move(c));
  }

  /// False if the hinge is 0.
  bool hinge(Hinge const& h) {
    // w = 2^e: relu^k with the outer weight c/w^k near w; polyrelu with coefficients c_j/w^j of at most 1
    long e = 0;
    bool some = false;
    for (int j = 1; j <= kind_.degree; ++j) {
      if (h.c[at(j)] == 0) continue;
      double const wish = static_cast<double>(floor_log2(h.c[at(j)])) / (powers_ ? j + 1 : j);
      long const least = static_cast<long>(powers_ ? std::lround(wish) : std::lround(std::ceil(wish)));
      e = some ? std::max(e, least) : least;
      some = true;
    }
    if (!some) return false;
    Rational const w = h.side * power_of_two(e);
    std::vector<Rational> c = h.c;
    for (std::size_t j = 1; j < c.size(); ++j) c[j] *= power_of_two(-e * static_cast<long>(j));
    Rational const outer = powers_ ? c.back() : Rational(1);
    neuron(w, -w * h.t, outer, std::move(c));
    return true;
  }

  Network network(Rational const& constant) && {
    int const rows = static_cast<int>(bias_.size());
    Activation activation = !powers_            ? Activation::polyrelu_per_neuron(std::move(coefficients_))
                            : kind_.degree == 1 ? Activation::relu()
                                                : Activation::relu_power(kind_.degree);
    return {1,
            {{SparseMatrix(rows, 1, std::move(weights_)), std::move(bias_), std::move(activation)},
             {SparseMatrix(1, rows, std::move(outer_)), {round_to_bits(constant, bits_)}, Activation::identity()}}};
  }

 private:
  SplineClass kind_;
  int bits_;
  bool powers_;
  std::vector<Entry> weights_, outer_;
  std::vector<Rational> bias_;
  std::vector<std::vector<Rational>> coefficients_;
};

}  // namespace

Rational round_to_bits(Rational const& x, int bits) {
  if (bits == 1 || bits < 0)
    throw InvalidInput("weights need 2 bits or more (or 0: exact), not " + std::to_string(bits));
  if (bits == 0 || x == 0) return x;
  if (bits != 53) return round_to_dyadic(x, bits - 1 - floor_log2(x));
  double const nearest = to_double(x);
  if (!std::isfinite(nearest)) throw InvalidInput("a weight of the spline is larger than every double");
  return exact(nearest);
}

template <class T>
ShallowNetwork shallow_network(FreeKnotSpline<T> const& given, ShallowOptions const& options) {
  Spline const s = rounded_knots(given, options.bits);
  int const n = s.interior_knots();
  std::vector<std::vector<Rational>> jumps;  // of knot i + 1: the polynomial to its right less that to its left
  for (int i = 1; i <= n; ++i) {
    std::vector<Rational> right = s.taylor(i, s.knots[at(i)]), left = s.taylor(i - 1, s.knots[at(i)]);
    for (std::size_t j = 0; j < right.size(); ++j) right[j] -= left[j];
    jumps.push_back(std::move(right));
  }
  AlwaysOn const on(s, options.bits);
  Terms const terms(s, jumps);
  ShallowNetwork result{};
  AlwaysOn::Part part;
  bool some = false;
  int const first = options.facing == Facing::left ? n : 0, last = options.facing == Facing::right ? 0 : n;
  for (int pivot = first; pivot <= last; ++pivot) {
    AlwaysOn::Part candidate = on.of(pivot);
    double const most = terms.largest(on, candidate, pivot);
    if (some && !(most < result.largest_term)) continue;
    some = true;
    part = std::move(candidate);
    result.pivot = pivot;
    result.largest_term = most;
  }
  auto const rounded = s.template as<double>();
  for (double x : terms.points()) result.largest_value = std::max(result.largest_value, std::abs(rounded(x)));

  Assembly assembly(s.kind, options.bits);
  if (s.kind.multiplicity == 1) {
    for (std::size_t j = 0; j < part.outer.size(); ++j, ++result.always_on)
      assembly.neuron(on.weights()[j], on.biases()[j], part.outer[j]);
  } else if (assembly.hinge(part.hinge)) {
    ++result.always_on;
  }
  for (int i = 1; i <= n; ++i) {
    bool const right = i > result.pivot;
    std::vector<Rational> const& jump = jumps[at(i - 1)];
    if (assembly.hinge({right ? 1 : -1, s.knots[at(i)], right ? jump : mirrored(jump, true)})) ++result.knot_neurons;
  }
  if (result.always_on + result.knot_neurons == 0) {  // a constant
    assembly.neuron(0, 1, 0, std::vector<Rational>(at(s.kind.degree + 1)));
    result.always_on = 1;
  }
  result.network = std::move(assembly).network(part.constant);
  return result;
}

template <class T>
certify::Enclosure rounding_effect(FreeKnotSpline<T> const& s, Network const& net, certify::Options const& options) {
  Network const exactly = shallow_network(s, {Facing::both, 0}).network;
  return certify::sup_norm(sum({net, exactly}, {1, -1}), exact_value(s.begin()), exact_value(s.end()), options);
}

template ShallowNetwork shallow_network(FreeKnotSpline<double> const&, ShallowOptions const&);
template ShallowNetwork shallow_network(FreeKnotSpline<Real> const&, ShallowOptions const&);
template ShallowNetwork shallow_network(FreeKnotSpline<Rational> const&, ShallowOptions const&);
template certify::Enclosure rounding_effect(FreeKnotSpline<double> const&, Network const&, certify::Options const&);
template certify::Enclosure rounding_effect(FreeKnotSpline<Real> const&, Network const&, certify::Options const&);
template certify::Enclosure rounding_effect(FreeKnotSpline<Rational> const&, Network const&, certify::Options const&);

}  // namespace nwidth::fitting
