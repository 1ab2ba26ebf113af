// SPDX-License-Identifier: Apache-2.0
/// NaN, infinities, zeros of both signs, subnormal numbers, overflow: as rows.hpp says, at every place in a row.
#include <bit>

#include "tests/kernels/cpu/reference.hpp"

namespace nwidth::kernels::cpu {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

template <class E>
class Special : public ::testing::Test {
 protected:
  static constexpr std::int64_t n = 79;  // two or more blocks, and the part of one
  std::vector<E> x = std::vector<E>(n, element<E>(0.5)), g = std::vector<E>(n, element<E>(-2)), y = x, dx = x;
  double d[4];

  void relu(Isa isa, Coefficients const& c) {
    polyrelu_forward(c, {x.data(), 1, n, n}, Rows<E>{y.data(), 1, n, n}, on(isa));
    polyrelu_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<E>{dx.data(), 1, n, n}, d, on(isa));
  }
  void norm(Isa isa, Coefficients const& c) {
    polynorm_forward(c, {x.data(), 1, n, n}, Rows<E>{y.data(), 1, n, n}, nullptr, on(isa));
    polynorm_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<E>{dx.data(), 1, n, n}, d, nullptr, on(isa));
  }
  /// f(place) with x at the place set to v, the rest as it was.
  template <class F>
  void everywhere(double v, F const& f) {
    for (std::size_t i : {0, 1, 15, 16, 31, 32, 63, 64, 77, 78}) {
      E const before = x[i];
      x[i] = element<E>(v);
      f(i);
      x[i] = before;
    }
  }
};
TYPED_TEST_SUITE(Special, Elements, ElementNames);

TYPED_TEST(Special, PolyRelu) {
  using E = TypeParam;
  Coefficients const c{{1, 0.5, 0.25}, -0.75};
  for (Isa isa : isas()) {
    SCOPED_TRACE(name(isa));
    this->everywhere(nan, [&](std::size_t i) {
      this->relu(isa, c);
      for (std::size_t j = 0; j < this->x.size(); ++j) {
        EXPECT_EQ(std::isnan(value(this->y[j])), i == j);
        EXPECT_EQ(std::isnan(value(this->dx[j])), i == j);
      }
      EXPECT_TRUE(std::isnan(this->d[0]));
      EXPECT_EQ(this->d[3], -2.0 * this->n);
    });
    this->everywhere(inf, [&](std::size_t i) {
      this->relu(isa, c);
      EXPECT_EQ(value(this->y[i]), inf);
      EXPECT_EQ(value(this->dx[i]), -inf);
      EXPECT_EQ(this->d[0], -inf);
      this->relu(isa, {{-1, 1, 1}, 0});
      EXPECT_EQ(value(this->y[i]), -inf);
      this->relu(isa, {{0, 0, 1}, 0});
      EXPECT_TRUE(std::isnan(value(this->y[i])));
    });
    for (double v : {-inf, -1.0, -0.0, 0.0, -1e-40}) {
      this->everywhere(v, [&](std::size_t i) {
        this->relu(isa, c);
        EXPECT_EQ(value(this->y[i]), -0.75) << v;
        EXPECT_EQ(value(this->dx[i]), 0) << v;
        this->g[i] = element<E>(nan);  // the gate is shut
        this->relu(isa, c);
        EXPECT_EQ(value(this->dx[i]), 0) << v;
        this->g[i] = element<E>(-2);
      });
    }
    double const smallest = std::is_same_v<E, double> ? 0x1p-1074 : std::is_same_v<E, float> ? 0x1p-149 : 0x1p-133;
    for (double v : {smallest, 3 * smallest, 100 * smallest}) {
      this->everywhere(v, [&](std::size_t i) {
        this->relu(isa, {{1, 1, 1}, 0});
        EXPECT_EQ(value(this->y[i]), v);  // nothing is flushed
        EXPECT_EQ(value(this->dx[i]), -2);
      });
    }
    this->relu(isa, {{nan, 1, 1}, 0});
    for (E const& v : this->y) EXPECT_TRUE(std::isnan(value(v)));
    // A float NaN whose lower half is full must not round to a number.
    this->relu(isa, {{static_cast<double>(std::bit_cast<float>(0x7fffffffU)), 1, 1}, 0});
    for (E const& v : this->y) EXPECT_TRUE(std::isnan(value(v)));
  }
}

TYPED_TEST(Special, PolyNorm) {
  using E = TypeParam;
  Coefficients const c{{1, 0.5, 0.25}, -0.75};
  for (Isa isa : isas()) {
    SCOPED_TRACE(name(isa));
    this->everywhere(nan, [&](std::size_t) {
      this->norm(isa, c);
      for (std::size_t j = 0; j < this->x.size(); ++j) {
        EXPECT_TRUE(std::isnan(value(this->y[j])));
        EXPECT_TRUE(std::isnan(value(this->dx[j])));
      }
      for (int q = 0; q < 3; ++q) EXPECT_TRUE(std::isnan(this->d[q]));
      EXPECT_EQ(this->d[3], -2.0 * this->n);
    });
    this->everywhere(-inf, [&](std::size_t i) {  // 1/sqrt(inf) = 0, and 0 inf = NaN at that place alone
      this->norm(isa, c);
      for (std::size_t j = 0; j < this->x.size(); ++j) {
        if (i == j) {
          EXPECT_TRUE(std::isnan(value(this->y[j])));
        } else {
          EXPECT_EQ(value(this->y[j]), -0.75);
        }
      }
    });
    std::fill(this->x.begin(), this->x.end(), element<E>(-0.0));
    this->norm(isa, c);  // R_p = 1000; y = b, dx = g w_2 R_1, and no sum of powers
    for (std::size_t j = 0; j < this->x.size(); ++j) {
      EXPECT_EQ(value(this->y[j]), -0.75);
      EXPECT_NEAR(value(this->dx[j]), -500, (std::is_same_v<E, bf16> ? 2 : 1e-3));
    }
    for (int q = 0; q < 3; ++q) EXPECT_EQ(this->d[q], 0);
    std::fill(this->x.begin(), this->x.end(), element<E>(0.5));
    this->norm(isa, {{1, static_cast<double>(std::bit_cast<float>(0xffffffffU)), 1}, 0});
    for (E const& v : this->y) EXPECT_TRUE(std::isnan(value(v)));
  }
}

}  // namespace
}  // namespace nwidth::kernels::cpu
