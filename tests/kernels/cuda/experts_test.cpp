// SPDX-License-Identifier: Apache-2.0
// Rows grouped by expert, run on the host.
#include "kernels/cuda/experts.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kernels/cuda/check.hpp"
#include "tests/kernels/cuda/host_grid.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cuda {
namespace {

/// Which of the two activations.
enum class Kind { polyrelu, polynorm };

reference::Result truth_of(Kind kind, Coefficients const& c, std::vector<double> const& x, std::vector<double> const& g,
                           std::int64_t rows, int width) {
  return kind == Kind::polyrelu ? reference::polyrelu(c, x, g) : reference::polynorm(c, x, g, rows, width);
}

template <class E>
struct Mixture {
  std::vector<std::int64_t> offsets;
  Buffer<float> coefficients, gradient;
  std::int64_t rows;
  int width;
  Case<E> inputs;
  Buffer<E> y, dx;

  Mixture(std::mt19937_64& random, std::vector<std::int64_t> starts, std::int64_t r, int n)
      : offsets(std::move(starts)),
        coefficients(4 * (offsets.size() - 1)),
        gradient(4 * (offsets.size() - 1)),
        rows(r),
        width(n),
        inputs(random, size()),
        y(size()),
        dx(size()) {
    for (std::size_t i = 0; i < 4 * (offsets.size() - 1); ++i)
      coefficients[i] = static_cast<float>(test::uniform_real(random, -2, 2));
  }
  std::size_t size() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width); }
  int experts() const { return static_cast<int>(offsets.size()) - 1; }
  Coefficients of(std::size_t e) {
    return {{coefficients[4 * e], coefficients[4 * e + 1], coefficients[4 * e + 2]}, coefficients[4 * e + 3]};
  }

  void run(Kind kind, Offsets const& where, int count) {
    Experts const c{coefficients.get(), where, count};
    E const *const x = inputs.bx.get(), *const g = inputs.bg.get();
    if (kind == Kind::polyrelu) {
      Buffer<float> work(polyrelu_workspace(c, rows, width));
      polyrelu_forward<E>(c, x, y.get(), rows, width, nullptr);
      polyrelu_backward<E>(c, x, g, dx.get(), gradient.get(), work.get(), rows, width, nullptr);
    } else {
      Buffer<float> work(polynorm_workspace(c, rows));
      polynorm_forward<E>(c, x, y.get(), rows, width, nullptr);
      polynorm_backward<E>(c, x, g, dx.get(), gradient.get(), work.get(), rows, width, nullptr);
    }
  }
  void run(Kind kind, bool wide) {
    Buffer<std::int64_t> long_offsets(offsets.size());
    Buffer<std::int32_t> short_offsets(offsets.size());
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      long_offsets[i] = offsets[i];
      short_offsets[i] = static_cast<std::int32_t>(offsets[i]);
    }
    run(kind, wide ? Offsets(long_offsets.get()) : Offsets(short_offsets.get()), experts());
  }

  void expect_right(Kind kind) {
    double const terms = kind == Kind::polyrelu ? polyrelu_terms : polynorm_terms;
    for (std::size_t e = 0; e + 1 < offsets.size(); ++e) {
      auto const first = static_cast<std::size_t>(offsets[e] * width),
                 last = static_cast<std::size_t>(offsets[e + 1] * width);
      std::vector<double> const x(inputs.x.begin() + static_cast<long>(first),
                                  inputs.x.begin() + static_cast<long>(last)),
          g(inputs.g.begin() + static_cast<long>(first), inputs.g.begin() + static_cast<long>(last));
      auto const truth = truth_of(kind, of(e), x, g, offsets[e + 1] - offsets[e], width);
      for (std::size_t i = 0; i < x.size(); ++i) {
        double const y_bound = stored_error<E>() * std::abs(truth.y[i]) + terms * u * truth.y_size[i];
        double const dx_bound = stored_error<E>() * std::abs(truth.dx[i]) + terms * u * truth.dx_size[i];
        ASSERT_LE(std::abs(to_float(y[first + i]) - truth.y[i]), y_bound) << "expert " << e << " y " << i;
        ASSERT_LE(std::abs(to_float(dx[first + i]) - truth.dx[i]), dx_bound) << "expert " << e << " dx " << i;
      }
      for (std::size_t q = 0; q < 4; ++q)
        ASSERT_LE(std::abs(static_cast<double>(gradient[4 * e + q]) - truth.d[q].value), terms * u * truth.d[q].size)
            << "expert " << e << " gradient " << q;
    }
    for (std::size_t i = 0; i < size(); ++i) {
      auto const row = static_cast<std::int64_t>(i) / width;
      if (row >= offsets.front() && row < offsets.back()) continue;
      ASSERT_TRUE(std::isnan(to_float(y[i])) && std::isnan(to_float(dx[i]))) << "row " << row << " is nobody's";
    }
  }
};

std::vector<std::int64_t> random_offsets(std::mt19937_64& random, int experts, std::int64_t rows) {
  std::vector<std::int64_t> starts;
  for (int e = 0; e <= experts; ++e) starts.push_back(test::uniform(random, 0, rows));
  std::sort(starts.begin(), starts.end());
  if (test::coin(random)) starts.front() = 0;
  if (test::coin(random)) starts.back() = rows;
  if (experts > 2) starts[1] = starts[2];  // one without rows
  return starts;
}

template <class E>
void check(std::mt19937_64& random, Kind kind, std::vector<std::int64_t> const& offsets, std::int64_t rows, int width) {
  host_grid::options = {random(), static_cast<host_grid::Order>(random() % 3)};
  Mixture<E> m(random, offsets, rows, width);
  m.run(kind, test::coin(random));
  m.expect_right(kind);
}

TEST(ExpertsOnHost, each_row_has_its_expert_and_each_expert_its_gradient) {
  test::for_random(3, [](std::mt19937_64& random) {
    for (Kind kind : {Kind::polyrelu, Kind::polynorm})
      for (int width : {1, 5, 8, 64, 100, 264, 1000, 1536, 8256}) {
        std::int64_t const rows = test::uniform(random, 1, 12);
        auto const offsets = random_offsets(random, static_cast<int>(test::uniform(random, 1, 7)), rows);
        check<float>(random, kind, offsets, rows, width);
        check<__nv_bfloat16>(random, kind, offsets, rows, width);
      }
  });
}

TEST(ExpertsOnHost, experts_without_rows_have_gradient_zero) {
  std::mt19937_64 random(test::seed());
  for (Kind kind : {Kind::polyrelu, Kind::polynorm})
    for (std::vector<std::int64_t> const& offsets : std::vector<std::vector<std::int64_t>>{
             {0, 0, 0}, {0, 0, 3}, {0, 3, 3}, {3, 3, 3}, {1, 1, 2, 2, 2, 3}, std::vector<std::int64_t>(70, 2)}) {
      Mixture<float> m(random, offsets, 3, 40);
      m.run(kind, false);
      m.expect_right(kind);
      for (std::size_t e = 0; e + 1 < offsets.size(); ++e)
        for (std::size_t q = 0; q < 4 && offsets[e] == offsets[e + 1]; ++q) EXPECT_EQ(m.gradient[4 * e + q], 0);
    }
  Mixture<float> none(random, {0, 0, 0}, 0, 8);
  for (Kind kind : {Kind::polyrelu, Kind::polynorm}) {
    std::memset(none.gradient.get(), 0xff, 8 * sizeof(float));
    none.run(kind, true);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(none.gradient[i], 0);
  }
}

TEST(ExpertsOnHost, many_rows_of_an_expert_are_added_in_several_blocks) {
  std::mt19937_64 random(test::seed());
  check<float>(random, Kind::polynorm, {3, 5000, 5001, 9100}, 9102, 4);  // 2048 rows a block
  check<float>(random, Kind::polyrelu, {1, 3, 3, 5}, 6, 17000);          // 8192 elements a block
}

/// What one expert gets, alone or among others, in any order of threads and blocks.
TEST(ExpertsOnHost, bits_of_an_expert_depend_on_its_own_rows_alone) {
  std::mt19937_64 random(test::seed());
  for (Kind kind : {Kind::polyrelu, Kind::polynorm})
    for (int width : {40, 1000, 9000}) {
      std::int64_t const rows = width == 40 ? 3000 : 7;
      Mixture<float> alone(random, {0, rows}, rows, width),
          among(random, {2, 5, 5, 5 + rows, 9 + rows}, rows + 10, width);
      std::size_t const n = alone.size(), at = 5 * static_cast<std::size_t>(width);
      std::memcpy(among.inputs.bx.get() + at, alone.inputs.bx.get(), n * sizeof(float));
      std::memcpy(among.inputs.bg.get() + at, alone.inputs.bg.get(), n * sizeof(float));
      std::memcpy(among.coefficients.get() + 8, alone.coefficients.get(), 4 * sizeof(float));
      host_grid::options = {1, host_grid::Order::ascending};
      alone.run(kind, false);
      for (host_grid::Order order :
           {host_grid::Order::ascending, host_grid::Order::descending, host_grid::Order::random}) {
        host_grid::options = {7, order};
        among.run(kind, true);
        EXPECT_EQ(std::memcmp(among.y.get() + at, alone.y.get(), n * sizeof(float)), 0);
        EXPECT_EQ(std::memcmp(among.dx.get() + at, alone.dx.get(), n * sizeof(float)), 0);
        EXPECT_EQ(std::memcmp(among.gradient.get() + 8, alone.gradient.get(), 4 * sizeof(float)), 0);
      }
    }
}

TEST(ExpertsOnHost, without_offsets_it_is_the_one_set_of_coefficients) {
  std::mt19937_64 random(test::seed());
  for (int width : {40, 3000}) {
    Mixture<__nv_bfloat16> m(random, {0, 5}, 5, width);
    Buffer<__nv_bfloat16> y(m.size()), dx(m.size());
    Buffer<float> work(polyrelu_workspace(5 * width) + polynorm_workspace(5) + 1);
    alignas(16) float d[4];
    for (Kind kind : {Kind::polyrelu, Kind::polynorm}) {
      m.run(kind, Offsets(), 1);
      if (kind == Kind::polyrelu) {
        polyrelu_forward(m.of(0), m.inputs.bx.get(), y.get(), 5 * width, nullptr);
        polyrelu_backward(m.of(0), m.inputs.bx.get(), m.inputs.bg.get(), dx.get(), d, work.get(), 5 * width, nullptr);
      } else {
        polynorm_forward(m.of(0), m.inputs.bx.get(), y.get(), 5, width, nullptr);
        polynorm_backward(m.of(0), m.inputs.bx.get(), m.inputs.bg.get(), dx.get(), d, work.get(), 5, width, nullptr);
      }
      EXPECT_EQ(std::memcmp(m.y.get(), y.get(), m.size() * 2), 0);
      EXPECT_EQ(std::memcmp(m.dx.get(), dx.get(), m.size() * 2), 0);
      EXPECT_EQ(std::memcmp(m.gradient.get(), d, sizeof d), 0);
    }
  }
}

}  // namespace
}  // namespace nwidth::kernels::cuda
