// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/config.hpp"

#include <gtest/gtest.h>

#include "experiments/rates/built_in.hpp"
#include "theory/number/error.hpp"

namespace nwidth::rates {
namespace {

TEST(Config, BuiltInOneIsValid) {
  Config const c = parse_config(default_config_text(), "default.toml");
  EXPECT_EQ(c.n, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(c.series.size(), 7u);
  EXPECT_EQ(c.relative, Rational(1, 1000000));
  for (Series const& s : c.series) EXPECT_FALSE(s.targets.empty()) << s.method;
  ASSERT_TRUE(c.fits);
  EXPECT_EQ(c.fits->activations.size(), 3u);
  EXPECT_EQ(c.fits->targets.size(), 4u);
  EXPECT_EQ(c.fits->activations[0].sizes, (std::vector<long>{4, 8, 16, 32, 64}));
  EXPECT_TRUE(c.fits->contrast);
  EXPECT_EQ(c.fits->ridge.size(), 3u);
}

TEST(Config, FitsGiveEachActivationItsSizes) {
  Config const c = parse_config(
      "[fits]\nactivations = ['relu', 'polyrelu']\ntargets = ['x^2']\nsegments = [4, 8]\npolyrelu_segments = [2]\n"
      "contrast = false\nridge = ['relu2']\nrelu2_ridge_neurons = [3]\n",
      "f");
  EXPECT_TRUE(c.series.empty());
  ASSERT_TRUE(c.fits);
  ASSERT_EQ(c.fits->activations.size(), 2u);
  EXPECT_EQ(c.fits->activations[0].sizes, (std::vector<long>{4, 8}));
  EXPECT_EQ(c.fits->activations[1].activation, "polyrelu");
  EXPECT_EQ(c.fits->activations[1].sizes, (std::vector<long>{2}));
  EXPECT_EQ(c.fits->contrast_segments, (std::vector<long>{4, 8}));
  EXPECT_FALSE(c.fits->contrast);
  ASSERT_EQ(c.fits->ridge.size(), 1u);
  EXPECT_EQ(c.fits->ridge[0].sizes, (std::vector<long>{3}));
  EXPECT_FALSE(parse_config("[[series]]\nmethod = 'two-level'\n", "f").fits);
}

TEST(Config, SeriesOverrideTheFile) {
  Config const c = parse_config(
      "targets = ['x']\n[sizes]\nsmallest = 20\nlargest = 50\nper_decade = 2\n"
      "[[series]]\nmethod = 'two-level'\noverlap = '1/64'\n[series.sizes]\nlargest = 30\n"
      "[[series]]\nmethod = 'optimal-spline'\ntargets = ['x', 'x^2']\n",
      "f");
  EXPECT_EQ(c.series[0].n, c.n);
  EXPECT_EQ(c.series[0].overlap, Rational(1, 64));
  EXPECT_EQ(c.series[0].sizes.smallest, 20);
  EXPECT_EQ(c.series[0].sizes.largest, 30);
  EXPECT_EQ(c.series[0].targets.size(), 1u);
  EXPECT_EQ(c.series[1].sizes.largest, 50);
  EXPECT_EQ(c.series[1].targets.size(), 2u);
}

TEST(Config, GridIsGeometricWithBothEnds) {
  EXPECT_EQ((Sizes{10, 1000, 2}.grid()), (std::vector<long>{10, 32, 100, 316, 1000}));
  EXPECT_EQ((Sizes{10, 500, 1}.grid()), (std::vector<long>{10, 100, 500}));
  EXPECT_EQ((Sizes{7, 7, 5}.grid()), (std::vector<long>{7}));
  EXPECT_EQ((Sizes{1, 4, 100}.grid()), (std::vector<long>{1, 2, 3, 4}));
}

struct Bad {
  char const* text;
  char const* message;  // what the one line has to name
};

TEST(Config, NamesTheLineAndWhatIsAllowed) {
  std::string const series = "[[series]]\nmethod = 'optimal-spline'\n";
  for (Bad const& bad : std::initializer_list<Bad>{
           {"n = [1,\n", "f:2:"},
           {"\nm = [1]\n", "f:2: unknown key 'm': allowed are fits, n, relative, seed, series, sizes, targets"},
           {"n = 1\n", "f:1: n must be a list"},
           {"n = []\n", "f:1: n must be a list"},
           {"n = [0]\n", "f:1: n = 0 is out of range: allowed is 1 to 6"},
           {"n = [1,\n7]\n", "f:2: n = 7"},
           {"n = [2, 2]\n", "f:1: n has a value twice"},
           {"n = ['2']\n", "f:1: n must be an integer from 1 to 6"},
           {"seed = -1\n", "f:1: seed = -1 is out of range"},
           {"relative = 1e-6\n", "f:1: relative must be an integer or an exact number in quotes"},
           {"relative = '1e-100'\n", "f:1: relative ="},
           {"relative = '0.1x'\n", "f:1: relative: '0.1x'"},
           {"targets = 'x'\n", "f:1: targets must be a list of strings"},
           {"targets = [1]\n", "f:1: targets must be a list of strings"},
           {"sizes = 3\n", "f:1: sizes must be a table"},
           {"[sizes]\nlargest = 1000000000\n", "f:2: largest = 1000000000 is out of range"},
           {"[sizes]\nsmallest = 50\nlargest = 49\n", "f:3: largest = 49 is out of range: allowed is 50"},
           {"[sizes]\nper_decade = 0\n", "f:2: per_decade = 0"},
           {"fits = 3\n", "f:1: fits must be a table"},
           {"[fits]\nactivations = ['tanh']\ntargets = ['x']\n",
            "f:2: activations = 'tanh': allowed are relu, relu2, relu3 and polyrelu"},
           {"[fits]\nridge = ['gelu']\n", "f:2: ridge = 'gelu'"},
           {"[fits]\ntargets = ['x']\nsegments = []\n", "f:3: segments must be a list of integers"},
           {"[fits]\ntargets = ['x']\nsegments = [1]\n", "f:3: segments = 1 is out of range: allowed is 2 to 256"},
           {"[fits]\ntargets = ['x']\nsegments = [8,\n4]\n", "f:4: segments must ascend, but 4 follows 8"},
           {"[fits]\ntargets = ['x']\nsegments = [8, 8]\n", "f:3: segments must ascend"},
           {"[fits]\ntargets = ['x']\nridge_neurons = [65]\n", "f:3: ridge_neurons = 65 is out of range"},
           {"[fits]\ntargets = ['x']\ncontrast = 1\n", "f:3: contrast must be true or false"},
           {"[fits]\ntargets = ['x']\nrelu3_segments = [4]\n", "f:3: unknown key 'relu3_segments'"},
           {"[fits]\nsegments = [4]\n", "f:1: [fits] has nothing to fit"},
           {"[sizes]\nmost = 3\n", "f:2: unknown key 'most'"},
           {"", "no [[series]]"},
           {"series = 3\n", "f:1: no [[series]]"},
           {"[[series]]\n", "needs method"},
           {"[[series]]\nmethod = 'spline'\n", "f:2: unknown method 'spline': allowed are optimal-spline"},
           {"n = [1, 2]\n[[series]]\nmethod = 'two-level'\nn = [2, 3]\n",
            "f:4: n = 3 is not in the list n of the file"},
           {"[[series]]\nmethod = 'two-level'\noverlap = '1'\n", "f:3: overlap = 1 is out of range"},
           {"[[series]]\nmethod = 'two-level'\noverlaps = '1'\n", "f:3: unknown key 'overlaps'"}}) {
    std::string const text = bad.text;
    bool const complete = text.find("[[series]]") != std::string::npos || text.empty() || text.starts_with("series");
    try {
      parse_config(complete ? text : text + series, "f");
      ADD_FAILURE() << "accepted: " << text;
    } catch (InvalidInput const& e) {
      EXPECT_NE(std::string(e.what()).find(bad.message), std::string::npos)
          << "got: " << e.what() << "\nnot: " << bad.message;
    }
  }
}

}  // namespace
}  // namespace nwidth::rates
