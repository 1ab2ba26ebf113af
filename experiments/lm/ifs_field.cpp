// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs_field.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>

#include "experiments/lm/random.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr long bits = 80;  // of balls: results are doubles within half a unit and 2^-27 of one

std::int64_t power(std::int64_t base, int exponent) {
  std::int64_t p = 1;
  for (int i = 0; i < exponent; ++i) p *= base;
  return p;
}

/// sqrt2 cos(pi a / (2 n)) for integers a.
class Cosines {
 public:
  explicit Cosines(std::int64_t n) : n_(n), quarter_(static_cast<std::size_t>(n) + 1) {
    PrecisionScope const scope(bits);
    Ball const step = Ball::pi() / Ball(2 * static_cast<long>(n)), root = sqrt(Ball(2));
    for (std::int64_t a = 0; a < n; ++a)
      quarter_[static_cast<std::size_t>(a)] = (root * cos(step * Ball(static_cast<long>(a)))).to_double();
    quarter_[static_cast<std::size_t>(n)] = 0;
  }
  /// The values at first, first + step, first + 2 step, ...: every `stride`-th of `out` from its beginning on.
  void walk(std::int64_t first, std::int64_t step, std::span<double> out, std::size_t stride = 1) const {
    std::int64_t const period = 4 * n_;
    auto const within = [&](std::int64_t x) { return (x % period + period) % period; };
    std::int64_t a = within(first);
    step = within(step);
    for (std::size_t i = 0; i < out.size(); i += stride) {
      std::int64_t const half = a > 2 * n_ ? period - a : a;
      out[i] =
          half <= n_ ? quarter_[static_cast<std::size_t>(half)] : -quarter_[static_cast<std::size_t>(2 * n_ - half)];
      a += step;
      if (a >= period) a -= period;
    }
  }

 private:
  std::int64_t n_;
  std::vector<double> quarter_;
};

/// out[a, i, b] = sum_k row_i[k] in[a, k, b] along one axis of a tensor; row(i, values) writes row i.
template <class Row>
std::vector<double> contracted(std::vector<double> const& in, std::int64_t before, std::int64_t size,
                               std::int64_t after, std::int64_t rows, Row&& row) {
  auto const n = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  std::vector<double> out(n(before * rows * after)), values(n(size));
  for (std::int64_t i = 0; i < rows; ++i) {
    row(i, values);
    for (std::int64_t a = 0; a < before; ++a) {
      double const* const source = in.data() + a * size * after;
      double* const target = out.data() + (a * rows + i) * after;
      if (after == 1) {
        double sum[4] = {0, 0, 0, 0};  // four at a time: additions wait for each other
        for (std::int64_t k = 0; k < size; ++k) sum[k % 4] += values[n(k)] * source[k];
        *target = (sum[0] + sum[1]) + (sum[2] + sum[3]);
      } else {
        for (std::int64_t k = 0; k < size; ++k)
          for (std::int64_t b = 0; b < after; ++b) target[b] += values[n(k)] * source[k * after + b];
      }
    }
  }
  return out;
}

double standard_normal(std::uint64_t key) {
  // Box and Muller's, from a number in (0, 1] and one in [0, 1)
  Ball const u(static_cast<double>((bits_at(key, 0) >> 11) + 1) * 0x1p-53);
  Ball const v(static_cast<double>(bits_at(key, 1) >> 11) * 0x1p-53);
  return (sqrt(Ball(-2) * log(u)) * cos(Ball(2) * Ball::pi() * v)).to_double();
}

/// Meyer's functions at frequency r (a multiple of 2 pi), without phase.
struct Meyer {
  static Ball nu(Rational const& x) {
    if (x <= 0) return Ball(0);
    if (x >= 1) return Ball(1);
    return Ball(Rational(nwidth::power(x, 4) * (35 - x * (84 - x * (70 - x * 20)))));
  }
  static Ball angle(Rational const& x) { return Ball::pi() / Ball(2) * nu(x); }
  static Ball scaling(Rational const& r) { return r >= Rational(2) / 3 ? Ball(0) : cos(angle(3 * r - 1)); }
  static Ball wavelet(Rational const& r) {
    if (r <= Rational(1) / 3 || r >= Rational(4) / 3) return Ball(0);
    return r <= Rational(2) / 3 ? sin(angle(3 * r - 1)) : cos(angle(3 * r / 2 - 1));
  }
};

/// The periodic wavelets (or scaling functions) of a level, orthonormal, in the trigonometric basis.
class LevelFunctions {
 public:
  LevelFunctions(int level, std::int64_t frequencies, bool wavelet)
      : shifts_(std::int64_t{1} << level), half_(wavelet ? 2 : 0), cosines_(shifts_) {
    Ball const norm = sqrt(Ball(1) / Ball(static_cast<long>(shifts_)));
    for (std::int64_t l = 0; 2 * l < frequencies; ++l) {
      Rational const r = Rational(l) / shifts_;
      sizes_.push_back((norm * (wavelet ? Meyer::wavelet(r) : Meyer::scaling(r))).to_double());
    }
  }
  /// Coefficients of frequency f, by shift.
  void operator()(std::int64_t f, std::vector<double>& row) const {
    std::int64_t const l = (f + 1) / 2;
    double const size = sizes_[static_cast<std::size_t>(l)];
    if (f == 0) return row.assign(row.size(), size);
    // 2 pi l x at x = (k + 1/2) / shifts, where the wavelet is symmetric, or k / shifts; sin is cos a quarter before
    cosines_.walk(l * half_ - (f % 2 == 0 ? shifts_ : 0), 4 * l, row);
    for (double& x : row) x *= size;
  }

 private:
  std::int64_t shifts_, half_;
  Cosines cosines_;  ///< of pi a / (2 shifts)
  std::vector<double> sizes_;
};

/// Adds factor times the functions of a level with random signs.
void add_level(Field& g, int level, double factor, std::uint64_t key) {
  std::int64_t const shifts = std::int64_t{1} << level, frequencies = 2 * (4 * shifts / 3) + 1;
  int const d = g.dimension;
  LevelFunctions const scaling(level, frequencies, false), wavelet(level, frequencies, true);
  for (int type = 1; type < 1 << d; ++type) {  // bit i: the wavelet along axis i
    std::uint64_t const signs = key_of(key, static_cast<std::uint64_t>(type));
    std::vector<double> tensor(static_cast<std::size_t>(power(shifts, d)));
    for (std::size_t k = 0; k < tensor.size(); ++k) tensor[k] = bits_at(signs, k) >> 63 != 0 ? -factor : factor;
    for (int axis = 0; axis < d; ++axis) {
      auto const& functions = (type >> axis & 1) != 0 ? wavelet : scaling;
      tensor =
          contracted(tensor, power(frequencies, axis), shifts, power(shifts, d - 1 - axis), frequencies, functions);
    }
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      std::size_t place = 0, rest = i, stride = 1;
      for (int axis = d; axis-- > 0; stride *= static_cast<std::size_t>(g.frequencies)) {
        place += rest % static_cast<std::size_t>(frequencies) * stride;
        rest /= static_cast<std::size_t>(frequencies);
      }
      g.coefficients[place] += tensor[i];
    }
  }
}

void require_affordable(std::int64_t cells, int dimension, std::int64_t frequencies) {
  if (!(std::pow(static_cast<double>(cells), dimension) * static_cast<double>(frequencies) <= 0x1p33))
    throw InvalidInput("symbols^(memory dimension) times frequencies = " + std::to_string(power(cells, dimension)) +
                       " * " + std::to_string(frequencies) + ": allowed is 2^33");
}

}  // namespace

std::int64_t cells_of(Ifs const& ifs) { return power(ifs.symbols, ifs.memory); }

Field gaussian_field(Ifs const& ifs, std::uint64_t key) {
  int const d = ifs.dimension;
  std::int64_t const frequencies = std::min<std::int64_t>(ifs.frequencies, cells_of(ifs));
  if (frequencies < 2)
    throw InvalidInput("frequencies = " + std::to_string(ifs.frequencies) + ": allowed are 2 to 4096");
  require_affordable(cells_of(ifs), d, frequencies);
  Field g{Field::Basis::cosine, d, frequencies, std::vector<double>(static_cast<std::size_t>(power(frequencies, d)))};
  PrecisionScope const scope(bits);
  std::map<std::int64_t, double> decay;  // |k|^-(s + d/2) by |k|^2
  double squares = 0;
  for (std::size_t i = 1; i < g.coefficients.size(); ++i) {
    std::int64_t square = 0;
    std::uint64_t at = key;
    for (std::int64_t axis = 0, rest = static_cast<std::int64_t>(i); axis < d; ++axis, rest /= frequencies) {
      square += rest % frequencies * (rest % frequencies);
      at = key_of(at, static_cast<std::uint64_t>(rest % frequencies));
    }
    auto const [found, fresh] = decay.try_emplace(square, 0);
    if (fresh)
      found->second =
          (Ball(1) /
           sqrt(sqrt(nwidth::power(Ball(static_cast<long>(square)), static_cast<unsigned>(2 * ifs.smoothness + d)))))
              .to_double();
    g.coefficients[i] = found->second * standard_normal(at);
    squares += g.coefficients[i] * g.coefficients[i];
  }
  for (double& c : g.coefficients) c /= std::sqrt(squares);
  return g;
}

int wavelet_levels(std::int64_t cells) {
  int j = -1;
  while (8 * (std::int64_t{1} << (j + 1)) < 3 * cells) ++j;
  return j;
}

Field wavelet_field(Ifs const& ifs, std::uint64_t key) {
  int const last = wavelet_levels(cells_of(ifs)), d = ifs.dimension;
  if (last < 0)
    throw InvalidInput("memory = " + std::to_string(ifs.memory) + ": symbols^memory = " +
                       std::to_string(cells_of(ifs)) + " cells resolve no wavelet: allowed are at least 3");
  std::int64_t const frequencies = 2 * (4 * (std::int64_t{1} << last) / 3) + 1;
  require_affordable(cells_of(ifs), d, frequencies);
  Field g{Field::Basis::trigonometric, d, frequencies,
          std::vector<double>(static_cast<std::size_t>(power(frequencies, d)))};
  PrecisionScope const scope(bits);
  double squares = 0;
  for (int j = 0; j <= last; ++j) squares += std::ldexp((1 << d) - 1, -2 * j * ifs.smoothness);
  for (int j = 0; j <= last; ++j)  // psi(2^j z - k) has norm 2^(-jd/2)
    add_level(g, j,
              std::ldexp(j * d % 2 == 0 ? 1 : std::sqrt(0.5), -j * ifs.smoothness - j * d / 2) / std::sqrt(squares),
              key_of(key, static_cast<std::uint64_t>(j)));
  return g;
}

FieldValues on_cells(Field const& field, std::int64_t cells) {
  int const d = field.dimension;
  std::int64_t const frequencies = field.frequencies;
  require_affordable(cells, d, frequencies);
  Cosines const cosines(cells);
  auto const row = [&](std::int64_t i, std::vector<double>& values) {
    std::int64_t const z = 2 * i + 1;  // times 1 / (2 cells)
    values[0] = 1;
    std::span<double> const others = std::span(values).subspan(1);
    if (field.basis == Field::Basis::cosine) {
      cosines.walk(z, z, others);
    } else {
      cosines.walk(2 * z, 2 * z, others, 2);
      if (frequencies > 2) cosines.walk(2 * z - cells, 2 * z, others.subspan(1), 2);
    }
  };
  FieldValues all{field.coefficients, 0};
  for (int axis = 0; axis < d; ++axis)
    all.values = contracted(all.values, power(cells, axis), frequencies, power(frequencies, d - 1 - axis), cells, row);
  // Each axis: the basis to a relative 1.01 u of its bound sqrt2, products and a sum of F terms in any order,
  // gamma_(F + 3) in all [Higham, 3.1]. |phi| <= sqrt2.
  PrecisionScope const scope(bits);
  Ball sum(0);
  for (double const c : field.coefficients) sum += Ball(std::fabs(c));
  Ball const u(static_cast<double>(frequencies + 3) * 0x1p-53), growth = Ball(1) + u / (Ball(1) - u);
  Ball const error = sum * nwidth::power(sqrt(Ball(2)), static_cast<unsigned>(d)) *
                     (nwidth::power(growth, static_cast<unsigned>(d)) - Ball(1));
  all.error = error.magnitude();
  return all;
}

}  // namespace nwidth::lm
