// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/fits.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "theory/number/error.hpp"

namespace nwidth::rates {
namespace {

Config config(std::string const& fits) { return parse_config("relative = '1e-6'\n[fits]\n" + fits, "f"); }

Rational number(record::Json const& j) { return parse_rational(j.get<std::string>()); }

TEST(Fits, HaveDifferentKeysThatNameAllThatMatters) {
  auto const jobs = plan_jobs(
      config("activations = ['relu', 'relu2']\ntargets = ['exp(x)', 'x^2']\nsegments = [4, 8]\nridge = ['relu']\n"
             "ridge_neurons = [4]\n"));
  std::set<std::string> keys;
  for (Job const& job : jobs) EXPECT_TRUE(keys.insert(job.key).second) << job.key;
  EXPECT_EQ(jobs.size(), 2u * (2 * 2 + 2 * 2) + 1);
  EXPECT_TRUE(keys.contains("target fit-relu2 segments=8 norm=sup seed=1 target=x^2 relative=1/1000000"));
  std::string const adam = "target adam-relu segments=4 steps=" + std::to_string(adam_steps) +
                           " samples=" + std::to_string(contrast_samples) + " seed=1 target=exp(x) relative=1/1000000";
  EXPECT_TRUE(keys.contains(adam)) << adam;
  for (Job const& job : plan_jobs(config("activations = ['relu']\ntargets = ['exp(x)']\ncontrast = false\n")))
    EXPECT_EQ(job.method, "fit-relu");
}

TEST(Fits, RefuseTargetsThatCannotBeFitted) {
  for (char const* const bad : {"no such(x", "x1+x2", "log(x)"})
    EXPECT_THROW(plan_jobs(config("targets = ['" + std::string(bad) + "']\n")), InvalidInput) << bad;
}

TEST(Fits, ErrorsLieAboveTheirBoundsAndFarBelowTheContrast) {
  auto const jobs = plan_jobs(
      config("activations = ['relu', 'relu2', 'polyrelu']\ntargets = ['exp(x)', 'abs(x)^1.5']\nsegments = [4, 8]\n"));
  std::map<std::pair<std::string, long>, Rational> fitted;
  int contrasts = 0;
  for (Job const& job : jobs) {
    record::Json const j = record::to_json(run_job(job));
    EXPECT_EQ(j["status"], "proved") << job.key;
    EXPECT_LE(number(j["lower"]), number(j["upper"]));
    EXPECT_EQ(j["parameters"]["segments"], job.fit->size);
    EXPECT_LE(j["neurons"].get<long>(), job.fit->size + 1);
    if (job.fit->by == FitJob::By::knots) {
      EXPECT_EQ(j["fit"]["status"], "converged") << job.key;
      ASSERT_TRUE(j.contains("bound")) << job.key;
      EXPECT_EQ(j["bound"]["knots"], job.fit->size - 1);
      EXPECT_LE(number(j["bound"]["lower"]), number(j["upper"])) << job.key;
      EXPECT_GT(3 * number(j["bound"]["lower"]), number(j["upper"])) << job.key;
      if (job.fit->activation == "relu") fitted[{job.target, job.fit->size}] = number(j["upper"]);
    } else {
      EXPECT_FALSE(j.contains("bound"));
      Rational const best = fitted.at({job.target, job.fit->size});
      EXPECT_GT(number(j["lower"]), 2 * best) << job.key;
      ++contrasts;
    }
  }
  EXPECT_EQ(contrasts, 8);
}

TEST(Fits, InTwoVariablesClaimNoProof) {
  auto const jobs = plan_jobs(config("ridge = ['relu']\nridge_neurons = [2, 3]\n"));
  ASSERT_EQ(jobs.size(), 2u);
  double last = 1;
  for (Job const& job : jobs) {
    record::Json const j = record::to_json(run_job(job));
    EXPECT_EQ(j["status"], "quadrature");
    EXPECT_EQ(j["upper"], "inf");
    EXPECT_FALSE(j.contains("bound"));
    EXPECT_LT(j["fit"]["l2"].get<double>(), last);
    last = j["fit"]["l2"].get<double>();
  }
  EXPECT_GT(last, 0.05);
}

}  // namespace
}  // namespace nwidth::rates
