// SPDX-License-Identifier: Apache-2.0
/// Equal bits: for any number of threads, on AVX2 and AVX-512, in any floating-point state, in children of a fork.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <cstring>
#include <thread>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

Coefficients const c{{0.4, -0.7, 0.9}, 0.1};

/// All that the kernels say about one matrix, as bytes.
template <class E>
std::string bytes_of(std::vector<E> const& x, std::vector<E> const& g, std::int64_t rows, std::int64_t width,
                     Options const& o) {
  std::string all;
  auto append = [&](auto const& v) { all.append(reinterpret_cast<char const*>(v.data()), v.size() * sizeof v[0]); };
  Rows<E const> const X{x.data(), rows, width, width}, G{g.data(), rows, width, width};
  std::vector<E> out(x.size());
  Rows<E> const Y{out.data(), rows, width, width};
  std::vector<double> gradient(4);
  std::vector<Statistic<E>> statistics(static_cast<std::size_t>(3 * rows));
  polyrelu_forward(c, X, Y, o);
  append(out);
  polyrelu_backward(c, X, G, Y, gradient.data(), o);
  append(out);
  append(gradient);
  polynorm_forward(c, X, Y, statistics.data(), o);
  append(out);
  append(statistics);
  polynorm_backward(c, X, G, Y, gradient.data(), nullptr, o);
  append(out);
  append(gradient);
  polynorm_backward(c, X, G, Y, gradient.data(), statistics.data(), o);
  append(out);
  append(gradient);
  return all;
}

template <class E>
class Bits : public ::testing::Test {
 protected:
  std::mt19937_64 r{test::mix(test::seed())};
  std::vector<E> random(std::int64_t count) {
    std::vector<E> v;
    for (std::int64_t i = 0; i < count; ++i) v.push_back(element<E>(test::uniform_real(r, -2, 2)));
    return v;
  }
};
TYPED_TEST_SUITE(Bits, Elements, ElementNames);

TYPED_TEST(Bits, DoNotDependOnThreads) {
  for (auto [rows, width] : {std::pair<std::int64_t, std::int64_t>{600, 1031}, {6000, 65}, {1, 400000}, {3, 150001}}) {
    auto const x = this->random(rows * width), g = this->random(rows * width);
    for (Isa isa : isas()) {
      std::string const one = bytes_of(x, g, rows, width, on(isa, 0, 1));
      for (int threads : {2, 3, 5, 8}) EXPECT_TRUE(one == bytes_of(x, g, rows, width, on(isa, 0, threads))) << threads;
      EXPECT_TRUE(one == bytes_of(x, g, rows, width, on(isa, 1LL << 60, 0)));
    }
  }
}

/// Rows are computed in groups: each as if it were alone.
TYPED_TEST(Bits, OfARowDoNotDependOnOthers) {
  using E = TypeParam;
  std::int64_t const rows = 21;
  for (std::int64_t width : {1, 7, 64, 70, 300, 1100, 3000}) {
    auto const x = this->random(rows * width), g = this->random(rows * width);
    for (Isa isa : isas()) {
      for (std::int64_t stream : {std::int64_t{0}, std::int64_t{1} << 60}) {
        auto const size = static_cast<std::size_t>(rows * width);
        std::vector<E> y(size), dx(size), y1(size), dx1(size);
        std::vector<Statistic<E>> saved(3 * rows), saved1(3 * rows);
        double d[4];
        auto at = [&](auto& v, std::int64_t r, std::int64_t n) {
          return Rows<std::remove_reference_t<decltype(v[0])>>{v.data() + r * width, n, width, width};
        };
        polynorm_forward(c, at(x, 0, rows), at(y, 0, rows), saved.data(), on(isa, stream));
        polynorm_backward(c, at(x, 0, rows), at(g, 0, rows), at(dx, 0, rows), d, nullptr, on(isa, stream));
        for (std::int64_t r = 0; r < rows; ++r) {
          polynorm_forward(c, at(x, r, 1), at(y1, r, 1), saved1.data() + 3 * r, on(isa));
          polynorm_backward(c, at(x, r, 1), at(g, r, 1), at(dx1, r, 1), d, nullptr, on(isa));
        }
        EXPECT_EQ(0, std::memcmp(y.data(), y1.data(), size * sizeof(E))) << width << ", " << name(isa);
        EXPECT_EQ(0, std::memcmp(dx.data(), dx1.data(), size * sizeof(E))) << width << ", " << name(isa);
        EXPECT_EQ(saved, saved1) << width << ", " << name(isa);
      }
    }
  }
}

TYPED_TEST(Bits, AreThoseOfAvx2OnAvx512) {
  if (!available(Isa::avx512)) GTEST_SKIP() << "AVX-512 is not there";
  using E = TypeParam;
  for (std::int64_t width = 1; width < 3000; width = width * 5 / 4 + 1) {
    auto x = this->random(4 * width), g = this->random(4 * width);
    x[static_cast<std::size_t>(width)] = element<E>(HUGE_VAL);  // rows that overflow, and one with a NaN
    x[static_cast<std::size_t>(2 * width)] = element<E>(std::nan(""));
    x[static_cast<std::size_t>(3 * width)] = element<E>(1e-39);
    std::string const expected = bytes_of(x, g, 4, width, on(Isa::avx2));
    for (Isa isa : {Isa::avx512, Isa::avx512bf16}) {
      if (available(isa)) {
        EXPECT_TRUE(expected == bytes_of(x, g, 4, width, on(isa))) << width << ", " << name(isa);
      }
    }
  }
}

/// Every bf16 number, quiet and signalling NaNs, and coefficients that make outputs subnormal, zero and infinite: what
/// an instruction for bf16 would change.
TEST(BitsOfBf16, AreThoseOfAvx2OnAvx512) {
  if (!available(Isa::avx512)) GTEST_SKIP() << "AVX-512 is not there";
  constexpr std::int64_t n = 65536;
  std::mt19937_64 r(test::mix(test::seed()));
  std::vector<bf16> x, finite, g, y(n), z(n);
  for (int i = 0; i < n; ++i) {
    x.push_back({static_cast<std::uint16_t>(i)});
    finite.push_back(
        to_bf16(std::ldexp(static_cast<float>(test::uniform_real(r, -1, 1)), static_cast<int>(r() % 24) - 12)));
    g.push_back(to_bf16(static_cast<float>(test::uniform_real(r, -2, 2))));
  }
  for (double scale : {1.0, 1e-38, 1e-39, 1e-40, 1e38}) {
    Coefficients const a{{0.4 * scale, -0.7 * scale, 0.9 * scale}, scale < 1 ? 1e-39 : 0};
    auto compare = [&](auto const& f) {
      double d[2][4] = {};
      f(d[0], Rows<bf16>{y.data(), 8, n / 8, n / 8}, on(Isa::avx2));
      int subnormal = 0;
      for (bf16 const& v : y) subnormal += (v.bits & 0x7f80) == 0 && (v.bits & 0x7f) != 0;
      for (Isa isa : {Isa::avx512, Isa::avx512bf16}) {
        if (!available(isa)) continue;
        f(d[1], Rows<bf16>{z.data(), 8, n / 8, n / 8}, on(isa));
        EXPECT_EQ(0, std::memcmp(y.data(), z.data(), n * sizeof(bf16))) << scale << ", " << name(isa);
      }
      return subnormal;
    };
    auto in = [&](std::vector<bf16> const& v) { return Rows<bf16 const>{v.data(), 8, n / 8, n / 8}; };
    int subnormal = compare([&](double*, auto out, auto o) { polyrelu_forward(a, in(x), out, o); });
    subnormal += compare([&](double* d, auto out, auto o) { polyrelu_backward(a, in(x), in(g), out, d, o); });
    subnormal += compare([&](double*, auto out, auto o) { polynorm_forward(a, in(finite), out, nullptr, o); });
    subnormal +=
        compare([&](double* d, auto out, auto o) { polynorm_backward(a, in(finite), in(g), out, d, nullptr, o); });
    EXPECT_TRUE(scale >= 1 || subnormal > 1000) << scale;
  }
}

TYPED_TEST(Bits, DoNotDependOnTheFloatingPointState) {
  using E = TypeParam;
  std::int64_t const rows = 300, width = 1031;
  auto x = this->random(rows * width), g = this->random(rows * width);
  for (std::size_t i = 0; i < x.size(); i += 7) x[i] = element<E>(std::is_same_v<E, double> ? 1e-310 : 1e-39);
  for (Isa isa : isas()) {
    std::string const expected = bytes_of(x, g, rows, width, on(isa));
#if defined(__x86_64__)
    unsigned const before = _mm_getcsr(), odd = (before | 0x8040U) | 0x4000U;  // flush to zero, round upwards
    _mm_setcsr(odd);
    std::string const one = bytes_of(x, g, rows, width, on(isa)), four = bytes_of(x, g, rows, width, on(isa, 0, 4));
    unsigned const after = _mm_getcsr();
    _mm_setcsr(before);
    EXPECT_EQ(after, odd);
#else
    int const before = std::fegetround();
    std::fesetround(FE_UPWARD);
    std::string const one = bytes_of(x, g, rows, width, on(isa)), four = bytes_of(x, g, rows, width, on(isa, 0, 4));
    EXPECT_EQ(std::fegetround(), FE_UPWARD);
    std::fesetround(before);
#endif
    EXPECT_TRUE(one == expected);
    EXPECT_TRUE(four == expected);
  }
}

TEST(Threads, OfManyCallersGetTheSame) {
  std::int64_t const rows = 500, width = 1031;
  std::vector<float> x, g;
  std::mt19937_64 r(test::mix(test::seed()));
  for (std::int64_t i = 0; i < rows * width; ++i) {
    x.push_back(static_cast<float>(test::uniform_real(r, -2, 2)));
    g.push_back(static_cast<float>(test::uniform_real(r, -2, 2)));
  }
  Options o;
  o.threads = 3;
  std::string const expected = bytes_of(x, g, rows, width, o);
  std::atomic<int> same{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 5; ++i) same += bytes_of(x, g, rows, width, o) == expected;
    });
  }
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(same, 20);
  // The child of a fork has none of the parent's threads.
  pid_t const child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) _exit(bytes_of(x, g, rows, width, o) == expected ? 0 : 1);
  int status = -1;
  ASSERT_EQ(child, waitpid(child, &status, 0));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace nwidth::kernels::cpu
