// SPDX-License-Identifier: Apache-2.0
/// Every output of every kernel stays within the bounds of the headers: kernel_errors with fewer points, and on every
/// instruction set. The table in docs/kernels.md has the headers' constants.
#include "tests/kernels/cpu/errors.hpp"

#include <fstream>
#include <sstream>

#include "tests/kernels/cpu/measure.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
class Errors : public ::testing::Test {};
TYPED_TEST_SUITE(Errors, Elements, ElementNames);

TYPED_TEST(Errors, StayWithinTheBounds) {
  using E = TypeParam;
  double const scale = test::multiplier();
  Effort effort{static_cast<std::int64_t>((is_double<E> ? 2000 : 100000) * scale),
                static_cast<int>(std::min(64.0, std::max(1.0, 6 * scale)))};
  effort.every_machine = true;
  std::string const again = "run again with NWIDTH_TEST_SEED=" + std::to_string(test::seed());
  SCOPED_TRACE(again);
  for (Line const& line : measure<E>(effort)) {
    EXPECT_TRUE(line.baseline.of_bound <= 1)
        << line.output << " of the baseline: " << line.baseline.of_bound << " at " << line.baseline.at;
    EXPECT_GT(line.baseline.points, 0) << line.output;
    if (isas().size() == 1) continue;
    EXPECT_TRUE(line.fused.of_bound <= 1) << line.output << ": " << line.fused.of_bound << " at " << line.fused.at;
    EXPECT_GT(line.fused.points, 0) << line.output;
  }
}

TEST(ErrorTable, DoesNotDependOnThreads) {
  auto const all = [](int threads) {
    auto const f = measure<float>({9000, 1, threads});
    return table(f, measure<bf16>({1, 1, threads}), f);
  };
  EXPECT_EQ(all(1), all(3));
}

TEST(ErrorTable, HasReferencesThatAreFarMoreExact) {
  double const worst = reference_error(static_cast<int>(1000 * test::multiplier()));
  EXPECT_GT(worst, 0x1p-40);
  EXPECT_LT(worst, 0x1p-20);
}

/// One unit more than allowed is seen, in any type; a NaN is; what may overflow is not judged.
TEST(ErrorTable, SeesWhatIsWrong) {
  Seen s;
  judge<float>(s, 1 + 3 * 0x1p-24, 1.0, 1.0, 4, 1, 5.0);
  EXPECT_EQ(s.of_bound, 0.75);
  EXPECT_EQ(s.in_u, 3);
  judge<float>(s, 1 + 5 * 0x1p-24, 1.0, 1.0, 4, 1, 6.0);
  EXPECT_EQ(s.of_bound, 1.25);
  EXPECT_EQ(s.at, 6);
  judge<float>(s, HUGE_VAL, 0x1p127, 0x1.8p127, 4, 1, 7.0);
  EXPECT_EQ(s.points, 2);
  judge<float>(s, std::nan(""), 1.0, 1.0, 4, 1, 8.0);
  EXPECT_EQ(s.of_bound, HUGE_VAL);
  judge<float>(s, HUGE_VAL, 1.0, 1.0, 4, 1, 9.0);
  EXPECT_EQ(s.at, 8);

  Seen b;  // half an ulp of bf16 is 2^-8 here
  judge<bf16>(b, 1 + 0x1p-8, 1.0, 1.0, 4, 1, 0);
  EXPECT_EQ(b.of_bound, 0);
  EXPECT_EQ(b.off, 0);
  judge<bf16>(b, 1 + 0x1p-8 + 5 * 0x1p-24, 1.0, 1.0, 4, 1, 0);
  EXPECT_EQ(b.of_bound, 1.25);
  EXPECT_EQ(b.off, 1);

  Seen d;
  judge<double>(d, 1 + 0x1p-51, Real(1), Real(1), 3, 1, 0);
  EXPECT_NEAR(d.of_bound, 4.0 / 3, 1e-15);

  Seen t;  // subnormal: 2 of the smallest numbers are allowed, 3 are there; nothing if exact
  judge<float>(t, 0x1p-149 * 13, 0x1p-149 * 10, 0x1p-149 * 10, 0x1p-10, 2, 0);
  EXPECT_NEAR(t.of_bound, 1.5, 1e-3);
  judge<float>(t, 0x1p-149, 0, 0, 0, 2, 0);
  EXPECT_EQ(t.of_bound, HUGE_VAL);
}

TEST(ErrorTable, InTheDocumentHasTheConstantsOfTheHeaders) {
  std::ifstream in(NWIDTH_KERNELS_DOCUMENT);
  std::stringstream text;
  text << in.rdbuf();
  std::string const all = text.str();
  auto const from = all.find(table_begin), to = all.find(table_end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos && from < to);
  EXPECT_NE(all.find(width_note(), from), std::string::npos) << width_note();
  std::vector<std::string> rows;
  std::istringstream lines(all.substr(from, to - from));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| ") && !line.starts_with("| output") && !line.starts_with("| ---")) rows.push_back(line);
  }
  auto const f = measure<float>({0, 0}), b = measure<bf16>({0, 0}), d = measure<double>({0, 0});
  ASSERT_EQ(rows.size(), f.size()) << "kernel_errors docs/kernels.md makes the table anew";
  for (std::size_t i = 0; i < f.size(); ++i) {
    std::string const begin = head(f[i], b[i], d[i]) + ' ';
    EXPECT_TRUE(rows[i].starts_with(begin)) << rows[i] << "\nshould begin with " << begin;
  }
}

/// A long row of one number whose squares all round the same way: the worst for sums, and near their bound.
TEST(LongRows, SumsStayShort) {
  constexpr std::int64_t n = 100000;
  std::vector<float> const x(n, 1.0F + 0x1p-12F), g(n, 1.0F + 0x1p-23F);
  std::vector<float> dx(n);
  Coefficients const c{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0};
  Quad const v = static_cast<double>(x[0]), w = static_cast<double>(g[0]);
  for (Isa isa : isas()) {
    double relu[4], norm[4];
    polyrelu_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<float>{dx.data(), 1, n, n}, relu, on(isa));
    polynorm_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<float>{dx.data(), 1, n, n}, norm, nullptr,
                      on(isa));
    Quad power = 1;
    for (int p = 0; p < 4; ++p) {
      Sum<Quad> s, t;
      s.add(power * w * n);
      t.add(p == 0 ? power * w * n : power * w * n / square_root(Quad(power * power + c.eps)));
      expect_within<double>(relu[3 - p], s, slack(isa) * polyrelu_gradient_bound<float> * 0x1p29, 0);
      expect_within<double>(norm[3 - p], t, slack(isa) * polynorm_gradient_bound<float> * 0x1p29, 0);
      power *= v;
    }
  }
}

}  // namespace
}  // namespace nwidth::kernels::cpu
