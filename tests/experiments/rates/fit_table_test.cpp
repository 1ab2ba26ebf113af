// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/fit_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace nwidth::rates {
namespace {

std::string text(double x) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.15e", x);
  return buffer;
}

struct Made {
  std::vector<Job> jobs;
  std::vector<record::Line> records;

  void add(FitJob::By by, long size, double error, char const* status, double factor = 0) {
    Job job;
    job.fit = FitJob{by, "relu", size};
    job.method = by == FitJob::By::knots ? "fit-relu" : by == FitJob::By::ridge ? "ridge-relu" : "adam-relu";
    job.target = "f";
    jobs.push_back(job);
    record::Record r;
    r.bounds = {text(error * (1 - 1e-9)), text(error), true, ""};
    r.fit = {{"status", status}, {"l2", error}};
    if (factor > 0) r.bound = {{"lower", text(error / factor)}, {"kind", "B"}};
    r.estimate = by == FitJob::By::ridge;
    record::Json const j = record::to_json(r);
    records.push_back({j.dump(), j});
  }
};

// 3 N^-2, but for one fit that stopped at three times that: it may move nothing.
TEST(FitTable, LeavesOutByTypeWhatDidNotConverge) {
  Made made;
  for (long const N : {4, 8, 16, 32})
    made.add(FitJob::By::knots, N, 3.0 / static_cast<double>(N * N), "converged", 1.01);
  made.add(FitJob::By::knots, 64, 9.0 / (64 * 64), "no alternation", 3.03);
  auto const series = tabulate_fits(made.jobs, made.records);
  ASSERT_EQ(series.size(), 1u);
  fitting::RateReport const& networks = *series[0].networks;
  EXPECT_EQ(networks.points.size(), 4u);
  ASSERT_EQ(networks.excluded.size(), 1u);
  EXPECT_EQ(networks.excluded[0].N, 64);
  EXPECT_EQ(networks.abscissa, fitting::Abscissa::segments);
  EXPECT_EQ(networks.feasible_options.kappa, Rational(1, 20));
  for (auto const& f : networks.feasible) {
    ASSERT_FALSE(f.exponents.empty);
    EXPECT_LE(f.exponents.p.lower, 2);
    EXPECT_GE(f.exponents.p.upper, 2);
  }
  EXPECT_LT(networks.feasible[0].exponents.p.upper, Rational(21, 10));
  // the best error at 64 is between the bound and the network: a wide interval, and a true one
  fitting::RateReport const& best = *series[0].best;
  ASSERT_EQ(best.points.size(), 5u);
  EXPECT_LT(best.points.back().error.lower * (64 * 64), 3);
  EXPECT_GT(best.points.back().error.upper * (64 * 64), Rational(89, 10));
  EXPECT_NEAR(series[0].points.back().factor(), 3.03, 1e-6);
  EXPECT_GE(series[0].points.back().factor(), 3.03 * (1 - 1e-12));
  EXPECT_NE(fits_summary(series).find("3.030"), std::string::npos);
  EXPECT_NE(fits_markdown(series).find("| networks | 1 |"), std::string::npos) << fits_markdown(series);
  EXPECT_NE(fits_csv(series).find("fit-relu,\"f\",64,0,0,no alternation,"), std::string::npos) << fits_csv(series);
}

TEST(FitTable, GivesNoRateToTheContrastNorToQuadrature) {
  Made made;
  for (long const N : {4, 8}) made.add(FitJob::By::adam, N, 0.5, "max iterations");
  for (long const N : {4, 8}) made.add(FitJob::By::ridge, N, 1.0 / static_cast<double>(N), "flat");
  auto const series = tabulate_fits(made.jobs, made.records);
  ASSERT_EQ(series.size(), 2u);
  for (FitSeries const& s : series) {
    EXPECT_FALSE(s.networks || s.best);
    EXPECT_TRUE(std::isnan(s.points[0].factor()));
    EXPECT_TRUE(to_json(s)["best"].is_null());
  }
  EXPECT_TRUE(series[0].proved);
  EXPECT_FALSE(series[1].proved);
  std::string const out = fits_summary(series);
  EXPECT_NE(out.find("not proved: about 1.00"), std::string::npos) << out;
  EXPECT_NE(fits_markdown(series).find("by quadrature, not proved"), std::string::npos);
}

TEST(FitTable, PassesOverConstructions) {
  Made made;
  made.add(FitJob::By::knots, 4, 0.5, "converged");
  made.jobs[0].fit.reset();
  EXPECT_TRUE(tabulate_fits(made.jobs, made.records).empty());
  EXPECT_EQ(fits_summary({}), "");
  EXPECT_EQ(fits_markdown({}), "");
}

}  // namespace
}  // namespace nwidth::rates
