// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/gaussian_field.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fitting/population/normal.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

/// n^d, or most + 1 if it is larger than most.
int power(int n, int d, int most) {
  long p = 1;
  for (int i = 0; i < d; ++i) p = std::min<long>(p * n, long{most} + 1);
  return static_cast<int>(p);
}

/// The digits of a flat index in base n, last fastest.
std::vector<int> digits(int flat, int n, int d) {
  std::vector<int> k(static_cast<std::size_t>(d));
  for (int i = d - 1; i >= 0; --i) {
    k[static_cast<std::size_t>(i)] = flat % n;
    flat /= n;
  }
  return k;
}

}  // namespace

GaussianField::GaussianField(int d, double s, std::uint64_t seed, int frequencies)
    : d_(d), s_(s), seed_(seed), frequencies_(frequencies) {
  if (d < 1 || d > 3) throw InvalidInput("a field of " + std::to_string(d) + " inputs: 1, 2 and 3 are possible");
  if (!(s > 0 && s <= 20)) throw InvalidInput("smoothness " + std::to_string(s) + ": it must lie in (0, 20]");
  int const count = frequencies < 2 ? 0 : power(frequencies, d, most_coefficients);
  if (count < 1 || count > most_coefficients)
    throw InvalidInput(std::to_string(frequencies) + " frequencies in each of " + std::to_string(d) +
                       " directions: from 2 on, with at most " + std::to_string(most_coefficients) + " products");
  std::vector<std::pair<int, int>> order;  // (max k_i, flat index)
  for (int flat = 1; flat < count; ++flat) {
    std::vector<int> const k = digits(flat, frequencies, d);
    order.emplace_back(*std::max_element(k.begin(), k.end()), flat);
  }
  std::sort(order.begin(), order.end());
  c_.assign(static_cast<std::size_t>(count), 0.0);
  Normal normal(seed);
  double sum = 0;
  for (auto const& [shell, flat] : order) {
    double square = 0;
    for (int k : digits(flat, frequencies, d)) square += double(k) * k;
    double const c = normal() * std::pow(square, -(s + d / 2.0) / 2);
    c_[static_cast<std::size_t>(flat)] = c;
    sum += c * c;
  }
  for (double& c : c_) c /= std::sqrt(sum);
}

double GaussianField::tail(int m) const {
  double sum = 0;
  for (std::size_t flat = 0; flat < c_.size(); ++flat) {
    std::vector<int> const k = digits(static_cast<int>(flat), frequencies_, d_);
    if (*std::max_element(k.begin(), k.end()) >= m) sum += c_[flat] * c_[flat];
  }
  return std::sqrt(sum);
}

double GaussianField::operator()(std::vector<double> const& x) const {
  if (static_cast<int>(x.size()) != d_)
    throw InvalidInput(std::to_string(x.size()) + " coordinates for a field of " + std::to_string(d_) + " inputs");
  std::vector<std::vector<double>> phi;
  for (double xi : x) {
    phi.emplace_back(static_cast<std::size_t>(frequencies_), 1.0);
    for (int k = 1; k < frequencies_; ++k)
      phi.back()[static_cast<std::size_t>(k)] = std::numbers::sqrt2 * std::cos(std::numbers::pi * k * xi);
  }
  double sum = 0;
  for (std::size_t flat = 0; flat < c_.size(); ++flat) {
    double term = c_[flat];
    std::vector<int> const k = digits(static_cast<int>(flat), frequencies_, d_);
    for (std::size_t i = 0; i < k.size(); ++i) term *= phi[i][static_cast<std::size_t>(k[i])];
    sum += term;
  }
  return sum;
}

std::vector<double> GaussianField::on_grid(int n) const {
  if (n < frequencies_)
    throw InvalidInput("a grid of " + std::to_string(n) + " points an axis does not tell " +
                       std::to_string(frequencies_) + " frequencies apart: it needs as many points");
  if (power(n, d_, most_coefficients) > most_coefficients)
    throw InvalidInput("a grid of " + std::to_string(n) + "^" + std::to_string(d_) + " points: at most " +
                       std::to_string(most_coefficients) + " are possible");
  // cos(pi k (2i+1)/(2n)) has period 4n in k (2i+1): one exact table
  std::vector<double> table(static_cast<std::size_t>(4 * n));
  for (int j = 0; j < 4 * n; ++j)
    table[static_cast<std::size_t>(j)] = std::numbers::sqrt2 * std::cos(std::numbers::pi * j / (2.0 * n));
  std::size_t const K = static_cast<std::size_t>(frequencies_), N = static_cast<std::size_t>(n);
  std::vector<double> now = c_;  // shape: (axes already done, n each) x (axes to do, K each); the first axis goes last
  for (int axis = 0; axis < d_; ++axis) {
    std::size_t const rest = now.size() / K;
    std::vector<double> next(rest * N, 0.0);
    for (std::size_t k = 0; k < K; ++k)
      for (std::size_t r = 0; r < rest; ++r) {
        double const c = now[k * rest + r];
        for (std::size_t i = 0; i < N; ++i) next[r * N + i] += c * (k == 0 ? 1.0 : table[(k * (2 * i + 1)) % (4 * N)]);
      }
    now = std::move(next);
  }
  return now;
}

}  // namespace nwidth::fitting::population
