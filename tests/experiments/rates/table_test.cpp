// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/table.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nwidth::rates {
namespace {

Job job(record::Kind kind, std::string const& method, long N, std::string const& target = "") {
  Job j;
  j.kind = kind;
  j.method = method;
  j.n = 2;
  j.target = target;
  if (kind == record::Kind::limit)
    j.W = N;
  else
    j.parameters.N = N;
  return j;
}

record::Line line(std::size_t size, std::string const& lower, std::string const& upper, bool proved = true) {
  record::Record r;
  r.counts.size = size;
  r.counts.neurons = size / 3;
  r.bounds.lower = lower;
  r.bounds.upper = upper;
  r.bounds.proved = proved;
  record::Json const j = record::to_json(r);
  return {j.dump(), j};
}

constexpr auto of_target = record::Kind::of_target;
constexpr auto of_class = record::Kind::of_class;

TEST(Table, TakesTheWorstOfTheTargets) {
  std::vector<Job> const jobs = {job(of_target, "optimal-spline", 10, "a"), job(of_target, "optimal-spline", 10, "b"),
                                 job(of_target, "optimal-spline", 10, "c"), job(of_class, "optimal-spline", 10)};
  std::vector<record::Line> const records = {line(28, "1e-3", "2e-3"), line(27, "3e-12", "4e-2"),
                                             line(20, "1.5e-2", "3e-2"), line(28, "1", "1")};
  auto const tables = tabulate(jobs, records);
  ASSERT_EQ(tables.size(), 2u);
  ASSERT_EQ(tables[0].points.size(), 1u);
  Point const& p = tables[0].points[0];
  EXPECT_EQ(p.targets, 3u);
  EXPECT_EQ(p.counts.size, 28u);
  EXPECT_EQ(p.lower, "1.5e-2");
  EXPECT_EQ(p.upper, "4e-2");
  EXPECT_TRUE(p.proved);
  EXPECT_EQ(tables[1].points[0].targets, 0u);
}

TEST(Table, OneUnprovedTargetMakesThePointUnproved) {
  std::vector<Job> const jobs = {job(of_target, "optimal-spline", 10, "a"), job(of_target, "optimal-spline", 10, "b")};
  auto const tables = tabulate(jobs, {line(28, "1e-3", "inf", false), line(28, "1e-2", "1.1e-2")});
  EXPECT_FALSE(tables[0].points[0].proved);
  EXPECT_EQ(tables[0].points[0].upper, "inf");
  EXPECT_EQ(tables[0].unproved(), 1u);
  EXPECT_TRUE(std::isnan(tables[0].slope()));
}

// error = size^-3 up to 1000, then a point that is not proved and one far off before the last decade.
TEST(Table, FitsTheLastDecadeOfProvedPoints) {
  std::vector<Job> jobs;
  std::vector<record::Line> records;
  for (long const N : {5L, 100L, 200L, 500L, 1000L}) {
    jobs.push_back(job(of_class, "optimal-spline", N));
    double const error = N == 5 ? 1e3 : std::pow(static_cast<double>(2 * N), -3.0);
    char text[40];
    std::snprintf(text, sizeof text, "%.15e", error);
    records.push_back(line(static_cast<std::size_t>(2 * N), text, text));
  }
  jobs.push_back(job(of_class, "optimal-spline", 1200));
  records.push_back(line(2400, "0", "inf", false));
  auto const tables = tabulate(jobs, records);
  EXPECT_NEAR(tables[0].slope(), -3, 1e-10);
  EXPECT_NEAR(tables[0].slope_in_resolution(), -3, 1e-10);
  EXPECT_TRUE(std::isnan(tables[0].local_slope(0)));
  EXPECT_NEAR(tables[0].local_slope(2), -3, 1e-10);
  EXPECT_TRUE(std::isnan(tables[0].local_slope(5)));
  std::string const csv = to_csv(tables);
  EXPECT_NE(csv.find("2,class,optimal-spline,\"N=1200\",0,1200,2400,800,0,0,0,0,inf,not_proved,,\n"), std::string::npos)
      << csv;
  EXPECT_NE(summary(tables).find("1 not proved"), std::string::npos);
  EXPECT_NE(to_markdown(tables).find("inf (not proved)"), std::string::npos);
}

}  // namespace
}  // namespace nwidth::rates
