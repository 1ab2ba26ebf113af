// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm from their formulas in double, with the sums of absolute terms that error bounds are stated
/// in.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cuda/activations.hpp"

namespace nwidth::kernels::cuda::reference {

struct Gradient {
  double value = 0, size = 0;  // the sum and the sum of absolute terms
  void add(double term) {
    value += term;
    size += std::abs(term);
  }
};

struct Result {
  std::vector<double> y, y_size, dx, dx_size;
  Gradient d[4];  // w_0, w_1, w_2, b
};

inline Result polyrelu(Coefficients const& c, std::vector<double> const& x, std::vector<double> const& g) {
  Result r;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const u = x[i] > 0 ? x[i] : 0, w[4] = {c.bias, c.w[2], c.w[1], c.w[0]};
    double y = 0, size = 0, slope = 0, slope_size = 0;
    for (int k = 0; k < 4; ++k) {
      y += w[k] * std::pow(u, k);
      size += std::abs(w[k]) * std::pow(u, k);
      r.d[3 - k].add(g[i] * std::pow(u, k));
      if (k == 0 || !(x[i] > 0)) continue;
      slope += k * w[k] * std::pow(u, k - 1);
      slope_size += k * std::abs(w[k]) * std::pow(u, k - 1);
    }
    r.y.push_back(y);
    r.y_size.push_back(size);
    r.dx.push_back(g[i] * slope);
    r.dx_size.push_back(std::abs(g[i]) * slope_size);
  }
  return r;
}

inline Result polynorm(Coefficients const& c, std::vector<double> const& x, std::vector<double> const& g,
                       std::int64_t rows, int width) {
  Result r;
  double const w[4] = {0, c.w[2], c.w[1], c.w[0]};
  for (std::int64_t row = 0; row < rows; ++row) {
    double const* const xr = x.data() + row * width;
    double const* const gr = g.data() + row * width;
    double R[4] = {}, S[4] = {}, S_size[4] = {};
    for (int p = 0; p < 4; ++p) {
      double mean = 0;
      for (int j = 0; j < width; ++j) {
        double const power = std::pow(xr[j], p);
        mean += power * power / width;
        S[p] += gr[j] * power;
        S_size[p] += std::abs(gr[j] * power);
      }
      R[p] = 1 / std::sqrt(mean + static_cast<double>(c.eps));
    }
    r.d[3].value += S[0];
    r.d[3].size += S_size[0];
    for (int p = 1; p < 4; ++p) {
      r.d[3 - p].value += R[p] * S[p];
      r.d[3 - p].size += R[p] * S_size[p];
    }
    for (int j = 0; j < width; ++j) {
      double y = c.bias, size = std::abs(static_cast<double>(c.bias)), dx = 0, dx_size = 0;
      for (int p = 1; p < 4; ++p) {
        double const own = p * std::pow(xr[j], p - 1) * R[p] * gr[j];
        double const shared = static_cast<double>(p) / width * std::pow(xr[j], 2 * p - 1) * std::pow(R[p], 3);
        y += w[p] * R[p] * std::pow(xr[j], p);
        size += std::abs(w[p] * R[p] * std::pow(xr[j], p));
        dx += w[p] * (own - shared * S[p]);
        dx_size += std::abs(w[p]) * (std::abs(own) + std::abs(shared) * S_size[p]);
      }
      r.y.push_back(y);
      r.y_size.push_back(size);
      r.dx.push_back(dx);
      r.dx_size.push_back(dx_size);
    }
  }
  return r;
}

}  // namespace nwidth::kernels::cuda::reference
