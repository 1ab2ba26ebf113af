// SPDX-License-Identifier: Apache-2.0
#include "experiments/methods/plan.hpp"

#include <gtest/gtest.h>

#include <set>

#include "experiments/rates/jobs.hpp"
#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::methods {
namespace {

TEST(Plan, KeepsToTheSize) {
  auto const generic = target::resolve("exp(x)");
  for (Method const& method : all())
    for (int n = 1; n <= 4; ++n)
      for (long const size : {300L, 1000L}) {
        auto const p = plan_for_size(method, n, size, default_overlap());
        if (!p) continue;
        auto const got = static_cast<long>(build(method, generic, n, *p).size());
        // a few weights more are possible where the size is not quite multilinear
        EXPECT_LE(got, size + size / 10) << method.name << " n=" << n << " " << to_text(method, *p);
        EXPECT_GE(2 * got, size) << method.name << " n=" << n << " " << to_text(method, *p);
      }
}

TEST(Plan, IsNothingWhereNothingFits) {
  EXPECT_FALSE(plan_for_size(find("local-taylor"), 4, 10, default_overlap()));
  EXPECT_TRUE(plan_for_size(find("optimal-spline"), 2, 10, default_overlap()));
}

TEST(Plan, FindsTheSmallestOptimalSplineForAnError) {
  for (int n = 1; n <= 4; ++n) {
    for (char const* const text : {"0.01", "1e-4"}) {
      Rational const eps = parse_rational(text);
      Method const& method = find("optimal-spline");
      Parameters const p = plan_for_error(method, n, eps, 0);
      EXPECT_LE(class_certificate(method, n, p, Rational(1, 1000000)).upper, eps);
      if (p.N > std::max(n, 2)) {
        EXPECT_GT(width::width_value(n, static_cast<int>(p.N) - 1).lower() * Rational(1000001, 1000000), eps)
            << n << " " << text;
      }
    }
  }
}

TEST(Plan, ConfirmsTheErrorOfTheOtherLinearMethods) {
  for (char const* const name : {"two-level", "local-taylor"}) {
    Method const& method = find(name);
    for (int n = 1; n <= 4; ++n) {
      Parameters const p = plan_for_error(method, n, Rational(1, 100), default_overlap());
      EXPECT_LE(class_certificate(method, n, p, Rational(1, 1000000)).upper, Rational(1, 100)) << name << n;
    }
  }
}

TEST(Plan, RefusesAnErrorOutOfReach) {
  EXPECT_THROW(plan_for_error(find("optimal-spline"), 1, parse_rational("1e-30"), 0), InvalidInput);
  EXPECT_THROW(plan_for_error(find("optimal-spline"), 1, 0, 0), InvalidInput);
}

TEST(Methods, CheckTheirRanges) {
  for (Method const& method : all()) {
    Parameters p;
    p.N = p.N1 = p.N2 = p.levels = 8;
    p.overlap = default_overlap();
    EXPECT_NO_THROW(check(method, 3, p)) << method.name;
    EXPECT_THROW(check(method, 0, p), InvalidInput);
    EXPECT_THROW(check(method, 7, p), InvalidInput);
    p.N = p.N1 = p.N2 = 1000000000;
    EXPECT_THROW(check(method, 3, p), InvalidInput) << method.name;
    p.N = p.N1 = p.N2 = 0;
    EXPECT_THROW(check(method, 3, p), InvalidInput) << method.name;
  }
  EXPECT_THROW(find("spline"), InvalidInput);
}

}  // namespace
}  // namespace nwidth::methods

namespace nwidth::rates {
namespace {

TEST(Jobs, HaveDifferentKeysAndOneOrder) {
  Config const c = parse_config(
      "n = [2, 3]\ntargets = ['exp(x)', 'sin(3*x)', 'exp(x)']\n[sizes]\nsmallest = 10\nlargest = 300\nper_decade = 3\n"
      "[[series]]\nmethod = 'optimal-spline'\n[[series]]\nmethod = 'local-taylor'\n[[series]]\nmethod = "
      "'optimal-spline'\n",
      "f");
  auto const jobs = plan_jobs(c), again = plan_jobs(c);
  std::set<std::string> keys;
  ASSERT_EQ(jobs.size(), again.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_TRUE(keys.insert(jobs[i].key).second) << jobs[i].key;
    EXPECT_EQ(jobs[i].key, again[i].key);
  }
  EXPECT_TRUE(keys.contains("limit n-width n=2 W=10"));
  EXPECT_TRUE(keys.contains("class optimal-spline n=3 N=34 relative=1/1000000"));
  EXPECT_TRUE(keys.contains("target optimal-spline n=3 N=34 target=exp(x) relative=1/1000000"));
}

TEST(Jobs, RefuseATargetThatDoesNotExist) {
  Config const c = parse_config("targets = ['no such(x']\n[[series]]\nmethod = 'optimal-spline'\n", "f");
  EXPECT_THROW(plan_jobs(c), InvalidInput);
}

}  // namespace
}  // namespace nwidth::rates
