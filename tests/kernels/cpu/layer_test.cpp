// SPDX-License-Identifier: Apache-2.0
/// The kernels around a layer's products against their formulas in a wide type; bits over threads and sets.
#include "kernels/cpu/layer.hpp"

#include <cfenv>
#include <cstring>
#include <stdexcept>

#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
std::vector<E> random(std::mt19937_64& r, std::int64_t count, double size = 2) {
  std::vector<E> v;
  for (std::int64_t i = 0; i < count; ++i) v.push_back(element<E>(test::uniform_real(r, -size, size)));
  return v;
}
Options on_threads(Isa isa, int threads) { return {.threads = threads, .isa = isa}; }

/// What rounding to bf16 adds to a bound, relative.
template <class E>
constexpr double rounding = std::is_same_v<E, bf16> ? 0x1p-8 : 0;

/// |got - exact| <= bound u size, and what rounding the result costs.
template <class X, class E>
void expect_near(E got, Quad const& exact, double bound, Quad const& size, Isa isa) {
  double const factor = bound * (isa == Isa::baseline ? baseline_factor : 1) * unit_roundoff<X>;
  auto const error = static_cast<double>(size_of<Quad>(Quad(value(got)) - exact));
  double const s = static_cast<double>(size), e = std::abs(static_cast<double>(exact));
  ASSERT_LE(error, factor * s + rounding<E> * (e + factor * s) + 0x1p-120);
}

template <class X, class Y>
struct NormCase {
  std::int64_t rows, width;
  std::vector<X> a, weight, later;
  std::vector<Y> delta, g;

  NormCase(std::mt19937_64& r, std::int64_t n, std::int64_t w)
      : rows(n),
        width(w),
        a(random<X>(r, n * w)),
        weight(random<X>(r, w)),
        later(random<X>(r, n * w)),
        delta(random<Y>(r, n * w)),
        g(random<Y>(r, n * w)) {}
};

template <class X, class Y>
struct NormResult {
  std::vector<X> x, dx;
  std::vector<Y> y, ddelta;
  std::vector<Statistic<X>> statistics;
  std::vector<double> dweight;

  NormResult(NormCase<X, Y> const& c, double eps, bool adds, bool later, Options const& o)
      : x(c.a), dx(c.a.size()), y(c.g.size()), ddelta(adds ? c.g.size() : 0), statistics(c.rows), dweight(c.width) {
    add_rms_norm_forward<X, Y>(c.rows, c.width, eps, c.a.data(), adds ? c.delta.data() : nullptr, c.weight.data(),
                               adds ? x.data() : nullptr, y.data(), statistics.data(), o);
    add_rms_norm_backward<X, Y>(c.rows, c.width, x.data(), c.weight.data(), statistics.data(), c.g.data(),
                                later ? c.later.data() : nullptr, dx.data(), adds ? ddelta.data() : nullptr,
                                dweight.data(), o);
  }
  std::string bytes() const {
    std::string all;
    auto const append = [&](auto const& v) {
      all.append(reinterpret_cast<char const*>(v.data()), v.size() * sizeof v[0]);
    };
    append(x), append(dx), append(y), append(ddelta), append(statistics), append(dweight);
    return all;
  }
};

template <class X, class Y>
void check_norm(std::mt19937_64& r) {
  std::int64_t const rows = test::uniform(r, 1, 70), width = test::uniform(r, 1, 90);
  bool const adds = test::uniform(r, 0, 1) == 1, later = test::uniform(r, 0, 1) == 1;
  NormCase<X, Y> const c(r, rows, width);
  double const eps = 1e-5, n = static_cast<double>(width);
  for (Isa isa : isas()) {
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(width) + ", " + std::string(name(isa)));
    NormResult<X, Y> const got(c, eps, adds, later, on_threads(isa, 1));
    std::vector<Sum<Quad>> dweight(static_cast<std::size_t>(width));
    for (std::int64_t i = 0; i < rows; ++i) {
      auto const at = [&](std::int64_t j) { return static_cast<std::size_t>(i * width + j); };
      auto const w = [&](std::int64_t j) { return Quad(value(c.weight[static_cast<std::size_t>(j)])); };
      Quad squares = 0;
      Sum<Quad> along;
      for (std::int64_t j = 0; j < width; ++j) {
        Quad const sum = Quad(value(c.a[at(j)])) + (adds ? Quad(value(c.delta[at(j)])) : Quad(0));
        expect_near<X>(got.x[at(j)], sum, adds ? 1 : 0, size_of<Quad>(sum), Isa::avx2);
        Quad const x = value(got.x[at(j)]);
        squares += x * x;
        along.add(w(j) * Quad(value(c.g[at(j)])) * x);
      }
      Quad const root = 1 / square_root<Quad>(squares / n + Quad(eps));
      expect_near<X>(got.statistics[static_cast<std::size_t>(i)], root, rms_norm_statistic_bound, root, isa);
      for (std::int64_t j = 0; j < width; ++j) {
        Quad const x = value(got.x[at(j)]), g = value(c.g[at(j)]), y = w(j) * x * root;
        expect_near<X>(got.y[at(j)], y, rms_norm_bound, size_of<Quad>(y), isa);
        Quad const more = later ? Quad(value(c.later[at(j)])) : Quad(0), square = root * root / n;
        Quad const dx = more + root * (w(j) * g - x * square * along.value),
                   size =
                       size_of<Quad>(more) + root * (size_of<Quad>(w(j) * g) + size_of<Quad>(x) * square * along.size);
        expect_near<X>(got.dx[at(j)], dx, rms_norm_slope_bound, size, isa);
        if (adds) expect_near<X>(got.ddelta[at(j)], dx, rms_norm_slope_bound, size, isa);
        dweight[static_cast<std::size_t>(j)].add(g * x * root);
      }
    }
    for (std::size_t j = 0; j < dweight.size(); ++j)
      expect_near<X>(got.dweight[j], dweight[j].value, rms_norm_gradient_bound<X>(rows), dweight[j].size, isa);
  }
}

TEST(AddRmsNorm, IsItsFormula) {
  test::for_random(25, [](std::mt19937_64& r) {
    check_norm<float, float>(r);
    check_norm<float, bf16>(r);
    check_norm<bf16, bf16>(r);
    check_norm<double, double>(r);
  });
}

template <class X, class Y>
void check_norm_bits(std::mt19937_64& r) {
  NormCase<X, Y> const c(r, 333, 517);
  std::string avx2;
  for (Isa isa : isas()) {
    std::string const one = NormResult<X, Y>(c, 1e-6, true, true, on_threads(isa, 1)).bytes();
    for (int threads : {2, 3, 7})
      EXPECT_EQ((NormResult<X, Y>(c, 1e-6, true, true, on_threads(isa, threads)).bytes()), one) << name(isa);
    if (isa == Isa::avx2) avx2 = one;
    if (isa >= Isa::avx512) {
      EXPECT_EQ(one, avx2) << name(isa);
    }
  }
}

TEST(AddRmsNorm, BitsDependOnNoThreadAndNoRegister) {
  test::for_random(2, [](std::mt19937_64& r) {
    check_norm_bits<float, float>(r);
    check_norm_bits<float, bf16>(r);
    check_norm_bits<bf16, bf16>(r);
    check_norm_bits<double, double>(r);
  });
}

TEST(AddRmsNorm, NaNsAndTheCallersRoundingStay) {
  std::mt19937_64 r(5);
  NormCase<float, bf16> c(r, 40, 33);
  Options const plain{.threads = 1};
  std::string const nearest = NormResult<float, bf16>(c, 1e-6, true, true, plain).bytes();
  std::fesetround(FE_UPWARD);
  std::string const upward = NormResult<float, bf16>(c, 1e-6, true, true, plain).bytes();
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(upward, nearest);
  // all payloads: none may become infinity or a number when it is rounded to bf16
  for (std::uint32_t const bits : {0x7fffffffU, 0xffffffffU, 0x7f800001U, 0x7fc00000U}) {
    c.a[33 * 7 + 4] = std::bit_cast<float>(bits);
    NormResult<float, bf16> const got(c, 1e-6, true, true, plain);
    for (std::size_t i = 0; i < got.y.size(); ++i) {
      ASSERT_EQ(std::isnan(value(got.y[i])), i / 33 == 7) << i;
      ASSERT_EQ(std::isnan(value(got.dx[i])), i / 33 == 7) << i;
    }
    for (double d : got.dweight) ASSERT_TRUE(std::isnan(d));
  }
}

template <class E>
void check_heads(std::mt19937_64& r) {
  Heads const h{test::uniform(r, 1, 3), test::uniform(r, 1, 9), test::uniform(r, 1, 3), 2 * test::uniform(r, 1, 40)};
  bool const turned = test::uniform(r, 0, 3) > 0;
  std::int64_t const half = h.size / 2, one = h.batch * h.heads * h.tokens * h.size;
  auto const qkv = random<E>(r, 3 * one);
  auto const cosines = random<Statistic<E>>(r, h.tokens * half), sines = random<Statistic<E>>(r, h.tokens * half);
  auto const* const c = turned ? cosines.data() : nullptr;
  auto const* const s = turned ? sines.data() : nullptr;
  std::vector<std::vector<E>> first;
  for (Isa isa : isas()) {
    std::vector<std::vector<E>> part(4, std::vector<E>(static_cast<std::size_t>(one)));
    split_heads_forward<E>(h, qkv.data(), c, s, part[0].data(), part[1].data(), part[2].data(), on_threads(isa, 1));
    // gradients in other orders than the outputs: [batch, tokens, heads, size], and [heads, tokens, batch, size]
    part[3].resize(static_cast<std::size_t>(3 * one));
    HeadVectors<E> const dq{part[0].data(), h.heads * h.tokens * h.size, h.tokens * h.size, h.size};
    auto const other = random<E>(r, one);
    HeadVectors<E> const dk{other.data(), h.tokens * h.heads * h.size, h.size, h.heads * h.size},
        dv{other.data(), h.size, h.tokens * h.batch * h.size, h.batch * h.size};
    split_heads_backward<E>(h, dq, dk, dv, c, s, part[3].data(), on_threads(isa, 1));
    auto const from = [&](HeadVectors<E> const& v, std::int64_t b, std::int64_t head, std::int64_t t, std::int64_t j) {
      return Quad(value(v.data[b * v.batch + head * v.head + t * v.token + j]));
    };
    HeadVectors<E> const gradients[] = {dq, dk, dv};
    for (std::int64_t i = 0; i < 3 * one; ++i) {
      std::int64_t const j = i % h.size, head = i / h.size % h.heads, p = i / h.size / h.heads % 3,
                         t = i / h.size / h.heads / 3 % h.tokens, b = i / h.size / h.heads / 3 / h.tokens;
      std::int64_t const base = i - j, angle = t * half + j % half,
                         out = ((b * h.heads + head) * h.tokens + t) * h.size;
      auto const in = [&](std::int64_t k) { return Quad(value(qkv[static_cast<std::size_t>(base + k)])); };
      E const got = part[static_cast<std::size_t>(p)][static_cast<std::size_t>(out + j)],
              back = part[3][static_cast<std::size_t>(i)];
      Quad const g = from(gradients[p], b, head, t, j);
      if (p == 2 || !turned) {
        ASSERT_EQ(Quad(value(got)), in(j));
        ASSERT_EQ(Quad(value(back)), g);
        continue;
      }
      Quad const cosine = value(cosines[static_cast<std::size_t>(angle)]),
                 sine = value(sines[static_cast<std::size_t>(angle)]), sign = j < half ? -1 : 1;
      std::int64_t const mate = (j + half) % h.size;
      auto const check = [&](E result, Quad const& own, Quad const& crossed) {
        expect_near<E>(result, own + crossed, rotary_bound, size_of<Quad>(own) + size_of<Quad>(crossed), Isa::avx2);
      };
      check(got, in(j)*cosine, sign * in(mate)*sine);
      check(back, g * cosine, -sign * from(gradients[p], b, head, t, mate) * sine);
    }
    part.pop_back();
    if (first.empty()) first = part;
    for (std::size_t p = 0; p < 3; ++p)
      ASSERT_EQ(std::memcmp(part[p].data(), first[p].data(), part[p].size() * sizeof(E)), 0) << name(isa);
  }
}

TEST(SplitHeads, IsItsFormulaWithEqualBitsOnEverySet) {
  test::for_random(25, [](std::mt19937_64& r) {
    check_heads<float>(r);
    check_heads<bf16>(r);
    check_heads<double>(r);
  });
}

TEST(SplitHeads, ThreadsChangeNoBit) {
  std::mt19937_64 r(9);
  Heads const h{2, 150, 4, 64};
  auto const qkv = random<float>(r, 3 * 2 * 150 * 4 * 64), angles = random<float>(r, 150 * 32);
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 5}) {
    std::vector<float> all(qkv.size()), back(qkv.size());
    auto const part = static_cast<std::ptrdiff_t>(all.size() / 3);
    float *const q = all.data(), *const k = q + part, *const v = k + part;
    split_heads_forward<float>(h, qkv.data(), angles.data(), angles.data(), q, k, v, {.threads = threads});
    auto const vectors = [&](float const* data) {
      return HeadVectors<float>{data, h.heads * h.tokens * h.size, h.tokens * h.size, h.size};
    };
    split_heads_backward<float>(h, vectors(q), vectors(k), vectors(v), angles.data(), angles.data(), back.data(),
                                {.threads = threads});
    all.insert(all.end(), back.begin(), back.end());
    results.push_back(all);
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

template <class E>
void check_entropy(std::mt19937_64& r) {
  std::int64_t const rows = test::uniform(r, 1, 6), width = test::uniform(r, 1, 70);
  double const spread = test::uniform_real(r, 0, 30), scale = test::uniform_real(r, 0.1, 2);
  auto logits = random<E>(r, rows * width, spread);
  std::vector<std::int64_t> targets;
  for (std::int64_t i = 0; i < rows; ++i) targets.push_back(test::uniform(r, 0, width - 1) - (i == 3 ? 1000 : 0));
  if (width > 3) logits[static_cast<std::size_t>(targets[0] == 2 ? 1 : 2)] = element<E>(-INFINITY);
  for (Isa isa : isas()) {
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(width) + ", " + std::string(name(isa)));
    std::vector<E> gradient = logits;
    std::vector<double> loss(static_cast<std::size_t>(rows)), again(loss);
    cross_entropy<E>(rows, width, gradient.data(), targets.data(), scale, gradient.data(), loss.data(),
                     on_threads(isa, 1));
    cross_entropy<E>(rows, width, logits.data(), targets.data(), scale, nullptr, again.data(), on_threads(isa, 1));
    EXPECT_EQ(again, loss);
    for (std::int64_t i = 0; i < rows; ++i) {
      std::int64_t const t = targets[static_cast<std::size_t>(i)];
      auto const at = [&](std::int64_t j) { return static_cast<std::size_t>(i * width + j); };
      Real sum = 0;
      for (std::int64_t j = 0; j < width; ++j) sum += exp(Real(value(logits[at(j)])));
      auto const factor = (isa == Isa::baseline ? baseline_factor : 1) * unit_roundoff<E>;
      for (std::int64_t j = 0; j < width; ++j) {
        double const got = value(gradient[at(j)]);
        if (t < 0) {
          ASSERT_EQ(got, 0);
          continue;
        }
        Real const share = exp(Real(value(logits[at(j)]))) / sum;
        auto const exact = static_cast<double>(Real(scale * (share - (j == t ? 1 : 0))));
        auto const size = j == t ? scale : static_cast<double>(Real(scale * share));
        ASSERT_NEAR(got, exact, (4 * spread + entropy_bound) * factor * size + rounding<E> * std::abs(exact) + 1e-40);
      }
      Real const exact = t < 0 ? Real(0) : Real(log(sum) - Real(value(logits[at(t)])));
      ASSERT_NEAR(loss[static_cast<std::size_t>(i)], static_cast<double>(exact), (2 * spread + entropy_bound) * factor);
    }
  }
}

TEST(CrossEntropy, IsItsFormula) {
  test::for_random(20, [](std::mt19937_64& r) {
    check_entropy<float>(r);
    check_entropy<bf16>(r);
    check_entropy<double>(r);
  });
}

TEST(CrossEntropy, BitsDependOnNoThreadAndNoRegister) {
  std::mt19937_64 r(4);
  std::int64_t const rows = 37, width = 4099;
  auto const logits = random<float>(r, rows * width, 9);
  std::vector<std::int64_t> targets;
  for (std::int64_t i = 0; i < rows; ++i) targets.push_back(test::uniform(r, 0, width - 1));
  std::vector<std::vector<float>> all;
  std::vector<std::vector<double>> losses;
  for (Isa isa : isas()) {
    if (isa == Isa::baseline) continue;
    for (int threads : {1, 2, 5}) {
      all.emplace_back(logits.size());
      losses.emplace_back(targets.size());
      cross_entropy<float>(rows, width, logits.data(), targets.data(), 0.3, all.back().data(), losses.back().data(),
                           on_threads(isa, threads));
      EXPECT_EQ(all.back(), all.front());
      EXPECT_EQ(losses.back(), losses.front());
    }
  }
}

TEST(CrossEntropy, ExtremesStayFiniteAndNaNShows) {
  for (Isa isa : isas()) {
    std::vector<float> logits{3e38F, -3e38F, 0}, gradient(3);
    std::vector<std::int64_t> const target{0};
    double loss = -1;
    auto const run = [&] {
      cross_entropy<float>(1, 3, logits.data(), target.data(), 1, gradient.data(), &loss, on_threads(isa, 1));
    };
    run();
    EXPECT_EQ(loss, 0);
    EXPECT_EQ(gradient, (std::vector<float>{0, 0, 0}));
    logits = {-200, -200, -200};
    run();
    EXPECT_NEAR(loss, std::log(3.), 1e-6);
    EXPECT_NEAR(gradient[0], -2. / 3, 1e-6);
    logits = {-20, 20, 0};  // 1 - softmax of the target is 1 to rounding; the other way around it is tiny, not 0
    run();
    EXPECT_NEAR(loss, 40, 1e-4);
    logits = {20, 0, -20};
    run();
    EXPECT_NEAR(gradient[0] / -2.0611536e-9, 1, 1e-5);
    logits = {1, std::nanf(""), 2};
    run();
    EXPECT_TRUE(std::isnan(loss) && std::isnan(gradient[0]) && std::isnan(gradient[2]));
  }
}

TEST(Layer, BadInputThrows) {
  float f = 1;
  double d = 1;
  auto const forward = [&](std::int64_t rows, std::int64_t width, double eps, float const* delta, Options const& o) {
    add_rms_norm_forward<float, float>(rows, width, eps, &f, delta, &f, nullptr, &f, nullptr, o);
  };
  auto const says = [](auto const& call, std::string const& what) {
    try {
      call();
      ADD_FAILURE() << "no exception: " << what;
    } catch (std::invalid_argument const& e) {
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos) << e.what();
    }
  };
  says([&] { forward(-1, 1, 0, nullptr, {}); }, "rows = -1");
  says([&] { forward(1, -2, 0, nullptr, {}); }, "width = -2");
  says([&] { forward(1, 1, std::nan(""), nullptr, {}); }, "eps = nan");
  says([&] { forward(1, 1, 0, &f, {}); }, "one of delta and x");
  says([&] { forward(1, 1, 0, nullptr, {.threads = -1}); }, "threads = -1");
  says([&] { split_heads_forward<float>({1, 1, 1, 3}, &f, &f, &f, &f, &f, &f); }, "size = 3");
  says([&] { split_heads_forward<float>({1, 1, 1, 2}, &f, &f, nullptr, &f, &f, &f); }, "cosines");
  std::int64_t const target = 5;
  says([&] { cross_entropy<float>(1, 5, &f, &target, 1, &f, &d); }, "targets[0] = 5");
  add_rms_norm_backward<float, float>(0, 1, &f, &f, &f, &f, nullptr, &f, nullptr, &d);
  EXPECT_EQ(d, 0);
}

}  // namespace
}  // namespace nwidth::kernels::cpu
