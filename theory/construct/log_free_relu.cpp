// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/log_free_relu.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "theory/construct/sawtooth.hpp"
#include "theory/construct/two_level_front.hpp"
#include "theory/number/error.hpp"

namespace nwidth::construct {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

/// The layer in which the gates read: powers of both parities, u, and where the cells begin and end.
struct Shared {
  std::array<std::vector<Form>, 2> power;
  Form u;
  Ramps ramps;
};

/// n <= 2: relu(y - k) is what it is.
Shared exact_powers(Wiring& w, TwoLevelGrid const& grid, CellPowers const& cells, TwoLevelFront const& front) {
  Shared s;
  w.open(Activation::relu());
  for (std::size_t parity : {0U, 1U})
    for (Rational const& k : cells.knots) s.power[parity].push_back(w.neuron(front.y[parity] - Form(k)));
  s.u = w.neuron(front.u);
  s.ramps = make_ramps(w, grid, front.u);
  return s;
}

/// relu(t)^2 for t <= 1 in `levels` layers: at most 4^(-levels-1) too large, never too small.
struct SquarePower {
  SquareInProgress square;

  void begin(Wiring& w, Form const& t) { square.begin(w, t); }
  void advance(Wiring& w) { square.advance(w); }
  Form value() const { return square.value(); }
};

/// relu(t)^3 for t <= 1 as t F(t) = ((t + F(t))/2)^2 - ((t - F(t))/2)^2, in 2 `levels` layers. With e = 4^(-levels-1):
/// F(t) - t^2 lies in [0, e] and the product errs by at most e, so the value lies in t^3 + [-e, 2e]. No absolute values
/// are needed, since 0 <= F(t) <= t on [0, 1] for the interpolant of a convex function; and the value is >= 0, since F
/// increases.
struct CubePower {
  SquareInProgress square, sum, difference;
  Form t;
  int layer = 0, levels = 0;

  void begin(Wiring& w, Form const& argument) {
    square.begin(w, argument);
    t = w.neuron(argument);
    layer = 1;
  }
  void advance(Wiring& w) {
    if (layer < levels) {
      square.advance(w);
      t = w.neuron(t);
    } else if (layer == levels) {
      sum.begin(w, (t + square.value()) / 2);
      difference.begin(w, (t - square.value()) / 2);
    } else {
      sum.advance(w);
      difference.advance(w);
    }
    ++layer;
  }
  Form value() const { return sum.value() - difference.value(); }
};

template <class Power>
Shared emulated_powers(Wiring& w, TwoLevelGrid const& grid, CellPowers const& cells, TwoLevelFront const& front,
                       std::vector<Power> powers, int layers) {
  std::size_t const K = cells.knots.size();
  Form u = front.u;
  for (int l = 0; l < layers; ++l) {
    w.open(Activation::relu());
    u = w.neuron(u);
    for (std::size_t parity : {0U, 1U})
      for (std::size_t k = 0; k < K; ++k) {
        Power& power = powers[parity * K + k];
        if (l == 0)
          power.begin(w, cells.scales[k] * (front.y[parity] - Form(cells.knots[k])));
        else
          power.advance(w);
      }
  }
  Shared s;
  w.open(Activation::relu());  // a power is one neuron, so that each of the N1 gates reads it by one weight
  for (std::size_t parity : {0U, 1U})
    for (std::size_t k = 0; k < K; ++k) s.power[parity].push_back(w.neuron(powers[parity * K + k].value()));
  s.u = w.neuron(u);
  s.ramps = make_ramps(w, grid, u);
  return s;
}

/// The least number of levels with which the powers change no G_i by more than `most`, and that change.
struct Emulation {
  int levels = 0;
  Rational error;
};

Emulation emulation(CellPowers const& cells, Rational const& most) {
  if (cells.p == 1) return {};
  Rational sum = 0;
  for (auto const& row : cells.weights) {
    Rational s = 0;
    for (Rational const& v : row) s += abs(v);
    sum = std::max(sum, s);
  }
  // around the middle of their errors: e/2 for squares, 3e/2 for cubes, e = 4^(-levels-1)
  Rational const half_width = cells.p == 2 ? Rational(1, 2) : Rational(3, 2);
  Emulation e{1, sum * half_width / 16};
  while (e.error > most) {
    ++e.levels;
    e.error /= 4;
  }
  return e;
}

Rational power_of_two_above(Rational const& x) {
  if (x == 0) return 1;
  long const b = bits_below(x);
  return power_of_two(-b) == x ? x : power_of_two(1 - b);
}

}  // namespace

Ball LogFreeRelu::error_bound() const {
  Ball const cell = two_level_bound(grid.n, grid.N1, grid.N2, grid.overlap) + Ball(Rational(power_error + rounding));
  Rational const by_cancellation = power_of_two(1 - m) * cell.upper();
  return cell + Ball(std::min(product_error, by_cancellation));
}

LogFreeRelu log_free_relu(target::Target const& f, int n, int N1, int N2, int m, Rational const& overlap) {
  if (m < 1 || m > 1000) throw InvalidInput("the products need m = 1 ... 1000 levels, not " + std::to_string(m));
  TwoLevelGrid const grid(n, N1, N2, overlap);
  CellPowers const cells = cell_powers(f, grid, n > 2);
  Rational const share = power_of_two(-m) * two_level_bound(n, N1, N2, overlap).lower();
  Emulation const emulated = emulation(cells, share);
  Rational const B = power_of_two_above(cells.bound + emulated.error);  // keeps every weight dyadic

  Wiring w(1);
  TwoLevelFront const front = two_level_front(w, grid);
  std::size_t const count = 2 * cells.knots.size();
  Shared shared;
  if (cells.p == 1) {
    shared = exact_powers(w, grid, cells, front);
  } else if (cells.p == 2) {
    shared = emulated_powers(w, grid, cells, front, std::vector<SquarePower>(count), emulated.levels);
  } else {
    CubePower cube;
    cube.levels = emulated.levels;
    shared = emulated_powers(w, grid, cells, front, std::vector<CubePower>(count, cube), 2 * emulated.levels);
  }
  // The errors of a square lie in [0, e], those of a cube in [-e, 2e]: half of e is taken off.
  Rational const middle = cells.p == 1 ? Rational(0) : Rational(power_of_two(-2L * emulated.levels - 2) / 2);

  // Gates. The distance to cell i is relu(i - u) + relu(u - i - 1 - overlap), the first part as relu(u - i) - (u - i).
  w.open(Activation::relu());
  std::array<Form, 2> Gamma;
  Form even;  // sum of phi_i over the even cells; over the odd ones it is 1 - even
  for (int i = 0; i < N1; ++i) {
    Form gate(Rational(cells.constant[size(i)] + B));
    for (std::size_t k = 0; k < cells.knots.size(); ++k) {
      Rational const& v = cells.weights[size(i)][k];
      gate += v * (shared.power[size(i % 2)][k] - Form(middle));
    }
    if (i > 0) gate -= 4 * B * (shared.ramps.begin[size(i)] - shared.u + Form(i));
    if (i < N1 - 1) gate -= 4 * B * shared.ramps.end[size(i + 1)];
    Gamma[size(i % 2)] += w.neuron(gate);
    if (i % 2 == 0) even += shared.ramps.phi(grid, i);
  }
  even = w.neuron(even);

  w.open(Activation::relu());
  for (Form& g : Gamma) g = w.neuron(g / (2 * B));
  even = w.neuron(even);

  // 2B mul(phi, Gamma / 2B): F of the half sum and of the half difference, whose absolute value is two neurons
  std::array<Form, 2> half_sum, half_difference;
  w.open(Activation::relu());
  for (std::size_t parity : {0U, 1U}) {
    Form const phi = parity == 0 ? even : Form(1) - even;
    Form const difference = (phi - Gamma[parity]) / 2;
    half_sum[parity] = w.neuron((phi + Gamma[parity]) / 2);
    half_difference[parity] = w.neuron(difference) + w.neuron(-difference);
  }
  std::array<SquareInProgress, 2> of_sum, of_difference;
  for (int l = 0; l < m; ++l) {
    w.open(Activation::relu());
    for (std::size_t parity : {0U, 1U}) {
      if (l == 0) {
        of_sum[parity].begin(w, half_sum[parity]);
        of_difference[parity].begin(w, half_difference[parity]);
      } else {
        of_sum[parity].advance(w);
        of_difference[parity].advance(w);
      }
    }
  }
  Form result(Rational(-B));
  for (std::size_t parity : {0U, 1U}) result += 2 * B * (of_sum[parity].value() - of_difference[parity].value());

  return {w.close(result),
          grid,
          m,
          emulated.levels,
          B,
          emulated.error,
          cells.rounding,
          Rational(B * power_of_two(-2L * m))};
}

Network log_free_relu_network(target::Target const& f, int n, int N1, int N2, int m, Rational const& overlap) {
  return log_free_relu(f, n, N1, N2, m, overlap).network;
}

long log_free_relu_size(int n, int N1, int N2, int m, int power_levels) {
  long const a = N1, b = N2, s = power_levels;
  if (n <= 2) return a * b + 16 * a + 4 * b + 32L * m - (n == 1 ? 1 : 6);
  // A square of s levels that reads one neuron and is read by another has 8s - 2 weights, a cube 25s; x is carried past
  // them.
  long const power = n == 3 ? 8 * s - 2 : s == 1 ? 18 : 25 * s;
  return a * b + 16 * a + 2 * (b - 1) * power + (n == 3 ? s : 2 * s) + 32L * m - 2;
}

TwoLevelShape log_free_relu_shape(int n, long size, int m) {
  if (m < 1 || m > 1000) throw InvalidInput("the products need m = 1 ... 1000 levels, not " + std::to_string(m));
  if (n < 1 || n > 4) throw InvalidInput("a two-level network needs n = 1 ... 4, not " + std::to_string(n));
  // Of kappa_n (N1 (N2 - c_n))^-n the share 2^-m is for the powers, whose weights sum to 4 or so: this only chooses.
  constexpr double offset[] = {0, 0.585786437626905, 1, 1.48045803878}, kappa[] = {1, 0.5, 1.0 / 3, 5.0 / 24};
  auto merit = [&](int N1, int N2) { return N1 * (N2 - offset[n - 1]); };
  auto foreseen = [&](int N1, int N2) {
    double const log_error = std::log2(kappa[n - 1]) - n * std::log2(merit(N1, N2)) - m;
    int const levels = n <= 2 ? 0 : std::max(1, static_cast<int>(std::ceil((2 - log_error) / 2)));
    return log_free_relu_size(n, N1, N2, m, levels);
  };
  int const least = std::max(n, 2);
  if (size > 10000000 || foreseen(2, least) > size)
    throw InvalidInput("a log-free ReLU network with n = " + std::to_string(n) + ", m = " + std::to_string(m) +
                       " needs a size of " + std::to_string(foreseen(2, least)) + " ... 10000000, not " +
                       std::to_string(size));
  TwoLevelShape best;
  double most = -1;
  for (int N1 = 2; foreseen(N1, least) <= size; ++N1) {
    int low = least, high = static_cast<int>(size / N1) + 1;  // foreseen() grows with N2; high is too large
    while (high - low > 1) {
      int const middle = low + (high - low) / 2;
      (foreseen(N1, middle) <= size ? low : high) = middle;
    }
    if (merit(N1, low) > most) {
      most = merit(N1, low);
      best = {N1, low};
    }
  }
  return best;
}

}  // namespace nwidth::construct
