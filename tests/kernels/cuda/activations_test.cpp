// SPDX-License-Identifier: Apache-2.0
// The CUDA sources, run on the host.
#include "kernels/cuda/activations.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/kernels/cuda/check.hpp"
#include "tests/kernels/cuda/host_grid.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cuda {
namespace {

template <class E>
void check_polyrelu(std::mt19937_64& random, std::size_t n, std::size_t offset) {
  Case<E> t(random, n, offset);
  Buffer<E> y(n, offset), dx(n, offset);
  Buffer<float> part(polyrelu_workspace(static_cast<std::int64_t>(n)) + 1);
  alignas(16) float d[4];
  polyrelu_forward<E>(t.c, t.bx.get(), y.get(), static_cast<std::int64_t>(n), nullptr);
  polyrelu_backward<E>(t.c, t.bx.get(), t.bg.get(), dx.get(), d, part.get(), static_cast<std::int64_t>(n), nullptr);
  expect_near(reference::polyrelu(t.c, t.x, t.g), y, dx, d, polyrelu_terms, "polyrelu");
}

template <class E>
void check_polynorm(std::mt19937_64& random, std::int64_t rows, int width, std::size_t offset) {
  std::size_t const n = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
  Case<E> t(random, n, offset);
  Buffer<E> y(n, offset), dx(n, offset);
  Buffer<float> part(polynorm_workspace(rows) + 1);
  alignas(16) float d[4];
  polynorm_forward<E>(t.c, t.bx.get(), y.get(), rows, width, nullptr);
  polynorm_backward<E>(t.c, t.bx.get(), t.bg.get(), dx.get(), d, part.get(), rows, width, nullptr);
  expect_near(reference::polynorm(t.c, t.x, t.g, rows, width), y, dx, d, polynorm_terms, "polynorm");
}

TEST(CudaOnHost, polyrelu_is_its_formula_at_any_count_and_alignment) {
  test::for_random(3, [](std::mt19937_64& random) {
    for (std::size_t n : {1UL, 7UL, 8UL, 33UL, 8192UL, 20001UL}) {
      host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
      check_polyrelu<float>(random, n, 0);
      check_polyrelu<__nv_bfloat16>(random, n, 0);
      check_polyrelu<float>(random, n, 4);
      check_polyrelu<__nv_bfloat16>(random, n, 2);
    }
  });
}

TEST(CudaOnHost, polynorm_is_its_formula_at_any_width_and_alignment) {
  test::for_random(2, [](std::mt19937_64& random) {
    for (int width : {1, 5, 7, 8, 9, 15, 40, 64, 70, 100, 255, 256, 400, 511, 1000, 1024, 1031, 1536, 8255, 8256}) {
      host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
      check_polynorm<float>(random, 3, width, 0);
      check_polynorm<__nv_bfloat16>(random, 3, width, 0);
      check_polynorm<__nv_bfloat16>(random, 9, width, 2);
      check_polynorm<float>(random, 5, width, 4);
    }
  });
}

TEST(CudaOnHost, polynorm_reads_again_what_shared_memory_does_not_hold) {
  std::mt19937_64 random(test::seed());
  host_grid::options = {3, host_grid::Order::random};
  check_polynorm<float>(random, 1, 32768, 0);  // x and g together are 256 KiB
  check_polynorm<float>(random, 1, 50000, 0);
}

TEST(CudaOnHost, many_partial_sums_are_added_in_two_steps) {
  std::mt19937_64 random(test::seed());
  host_grid::options = {5, host_grid::Order::random};
  check_polynorm<float>(random, 5000, 4, 0);
}

TEST(CudaOnHost, bits_do_not_depend_on_the_order_of_threads_and_blocks) {
  std::mt19937_64 random(test::seed());
  std::int64_t const rows = 5;
  int const width = 1000;
  std::size_t const n = static_cast<std::size_t>(rows) * width;
  Case<__nv_bfloat16> t(random, n);
  std::vector<std::uint64_t> seen;
  for (int order = 0; order < 3; ++order)
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      host_grid::options = {seed, static_cast<host_grid::Order>(order)};
      Buffer<__nv_bfloat16> y(n), dx(n);
      Buffer<float> part(polynorm_workspace(rows));
      alignas(16) float d[8];
      polynorm_forward<__nv_bfloat16>(t.c, t.bx.get(), y.get(), rows, width, nullptr);
      polynorm_backward<__nv_bfloat16>(t.c, t.bx.get(), t.bg.get(), dx.get(), d, part.get(), rows, width, nullptr);
      Buffer<float> more(polyrelu_workspace(static_cast<std::int64_t>(n)));
      Buffer<__nv_bfloat16> relu_dx(n);
      polyrelu_backward<__nv_bfloat16>(t.c, t.bx.get(), t.bg.get(), relu_dx.get(), d + 4, more.get(),
                                       static_cast<std::int64_t>(n), nullptr);
      std::uint64_t hash = 1469598103934665603U;
      auto const mix = [&hash](void const* p, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i)
          hash = (hash ^ static_cast<unsigned char const*>(p)[i]) * 1099511628211U;
      };
      mix(y.get(), n * 2);
      mix(dx.get(), n * 2);
      mix(relu_dx.get(), n * 2);
      mix(d, sizeof d);
      seen.push_back(hash);
    }
  for (std::uint64_t h : seen) EXPECT_EQ(h, seen[0]);
}

TEST(CudaOnHost, keeps_nan_and_the_convention_at_zero) {
  host_grid::options = {};
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const x[4] = {0, -0.F, nan, 1}, g[4] = {1, 1, 1, 1};
  alignas(16) float bx[4], bg[4], y[4], dx[4];
  std::memcpy(bx, x, sizeof x);
  std::memcpy(bg, g, sizeof g);
  alignas(16) float d[4];
  Buffer<float> part(polyrelu_workspace(4));
  Coefficients const c{{1, 2, 3}, 4};
  polyrelu_forward<float>(c, bx, y, 4, nullptr);
  polyrelu_backward<float>(c, bx, bg, dx, d, part.get(), 4, nullptr);
  EXPECT_EQ(y[0], 4);
  EXPECT_EQ(y[1], 4);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(y[3], 10);
  EXPECT_EQ(dx[0], 0);  // H(0) = 0
  EXPECT_EQ(dx[1], 0);
  EXPECT_TRUE(std::isnan(dx[2]));
  EXPECT_EQ(dx[3], 3 + 4 + 3);
}

TEST(CudaOnHost, nothing_to_do_is_no_error_and_zero_gradients) {
  alignas(16) float d[4] = {1, 1, 1, 1}, none[4] = {0};
  polynorm_forward<float>({{1, 1, 1}, 0}, none, none, 0, 8, nullptr);
  polynorm_backward<float>({{1, 1, 1}, 0}, none, none, none, d, none, 0, 8, nullptr);
  for (float v : d) EXPECT_EQ(v, 0);
  polyrelu_backward<float>({{1, 1, 1}, 0}, none, none, none, d, none, 0, nullptr);
  for (float v : d) EXPECT_EQ(v, 0);
}

}  // namespace
}  // namespace nwidth::kernels::cuda
