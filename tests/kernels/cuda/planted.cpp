// SPDX-License-Identifier: Apache-2.0
// What planted_test.py builds from copies of the sources with and without a defect: PolyNorm in several orders of the
// threads, against the formula. The kernels are included, so that one command builds a copy.
// Prints a line "wrong ORDER" for each order that gives a wrong result, and then exits 1.
#include <cstdio>
#include <random>

#include "kernels/cuda/experts.cu"
#include "kernels/cuda/polynorm.cu"
#include "tests/kernels/cuda/buffer.hpp"
#include "tests/kernels/cuda/host_grid.hpp"
#include "tests/kernels/cuda/reference.hpp"

namespace nwidth::kernels::cuda {
namespace {

struct Case {
  Coefficients c{{0.75F, -0.5F, 0.25F}, 0.125F};
  std::int64_t rows;
  int width;
  Buffer<float> x, g, y, dx, part;
  Buffer<float> d{4};
  reference::Result truth;

  Case(std::int64_t r, int n)
      : rows(r), width(n), x(size()), g(size()), y(size()), dx(size()), part(polynorm_workspace(r)) {
    std::mt19937_64 random(1);
    std::vector<double> values[2];
    for (std::size_t i = 0; i < size(); ++i)
      for (int k = 0; k < 2; ++k) {
        float const v = static_cast<float>(static_cast<double>(random() >> 11) * 0x1p-51 - 2);
        (k == 0 ? x : g)[i] = v;
        values[k].push_back(static_cast<double>(v));
      }
    truth = reference::polynorm(c, values[0], values[1], rows, width);
  }
  std::size_t size() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width); }

  bool right() {
    double const u = 48 * 0x1p-24;
    for (std::size_t i = 0; i < size(); ++i)
      if (!(std::abs(static_cast<double>(y[i]) - truth.y[i]) <= u * truth.y_size[i]) ||
          !(std::abs(static_cast<double>(dx[i]) - truth.dx[i]) <= u * truth.dx_size[i]))
        return false;
    for (std::size_t q = 0; q < 4; ++q)
      if (!(std::abs(static_cast<double>(d[q]) - truth.d[q].value) <= u * truth.d[q].size)) return false;
    return true;
  }
};

/// A block of rows of 4096 floats has 5 warps.
void run(Case& t) {
  polynorm_forward<float>(t.c, t.x.get(), t.y.get(), t.rows, t.width, nullptr);
  polynorm_backward<float>(t.c, t.x.get(), t.g.get(), t.dx.get(), t.d.get(), t.part.get(), t.rows, t.width, nullptr);
}

int run() {
  Case wide(5, 4096), odd(5, 1001), narrow(9, 40), narrow_and_odd(9, 45);
  char const* const names[] = {"ascending", "descending", "random"};
  bool wrong = false;
  for (int order = 0; order < 3; ++order) {
    bool right = true;
    for (std::uint64_t seed = 1; seed <= (order == 2 ? 6 : 1); ++seed) {
      host_grid::options = {seed, static_cast<host_grid::Order>(order)};
      for (Case* t : {&wide, &odd, &narrow, &narrow_and_odd}) {
        for (Buffer<float>* b : {&t->y, &t->dx}) std::memset(b->get(), 0xff, t->size() * sizeof(float));
        run(*t);
        right = t->right() && right;
      }
    }
    if (!right) std::printf("wrong %s\n", names[order]);
    wrong = wrong || !right;
  }
  return wrong ? 1 : 0;
}

}  // namespace
}  // namespace nwidth::kernels::cuda

int main() { return nwidth::kernels::cuda::run(); }
