// SPDX-License-Identifier: Apache-2.0
/// Any width, stride and alignment: the same bits as in a compact matrix, nothing read or written outside the rows.
#include <cstring>
#include <stdexcept>

#include "tests/kernels/cpu/guarded.hpp"
#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

Coefficients const c{{0.4, -0.7, 0.9}, 0.1};

template <class E>
struct Results {
  std::vector<E> relu, relu_dx, norm, norm_dx;
  double relu_gradient[4], norm_gradient[4];
};

template <class E>
class Layout : public ::testing::Test {
 protected:
  static std::vector<E> random(std::mt19937_64& r, std::int64_t count) {
    std::vector<E> v;
    for (std::int64_t i = 0; i < count; ++i) v.push_back(element<E>(test::uniform_real(r, -2, 2)));
    return v;
  }

  /// One shape in one layout against the compact one.
  static void check(std::mt19937_64& r, Isa isa, std::int64_t rows, std::int64_t width, std::int64_t gap,
                    std::int64_t offset) {
    SCOPED_TRACE("width " + std::to_string(width) + ", gap " + std::to_string(gap) + ", offset " +
                 std::to_string(offset) + ", " + std::string(name(isa)));
    auto const count = static_cast<std::size_t>(rows * width);
    std::vector<E> const x = random(r, rows * width), g = random(r, rows * width);
    Results<E> e;
    for (auto* v : {&e.relu, &e.relu_dx, &e.norm, &e.norm_dx}) v->resize(count);
    auto compact = [&](std::vector<E>& v) { return Rows<E>{v.data(), rows, width, width}; };
    Rows<E const> const cx{x.data(), rows, width, width}, cg{g.data(), rows, width, width};
    Options const plain = on(isa, std::numeric_limits<std::int64_t>::max());
    polyrelu_forward(c, cx, compact(e.relu), plain);
    polyrelu_backward(c, cx, cg, compact(e.relu_dx), e.relu_gradient, plain);
    polynorm_forward(c, cx, compact(e.norm), nullptr, plain);
    polynorm_backward(c, cx, cg, compact(e.norm_dx), e.norm_gradient, nullptr, plain);
    Strided<E> sx(rows, width, gap, offset), sg(rows, width, gap + 1, offset + 1);
    sx.fill(x);
    sg.fill(g);
    for (std::int64_t stream : {std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
      Options const o = on(isa, stream);
      Strided<E> y(rows, width, gap, offset + 2), dx(rows, width, gap, offset + 3), z(rows, width, gap, offset),
          dz(rows, width, gap, offset + 1);
      double relu[4], norm[4];
      polyrelu_forward(c, sx.view(), y.view(), o);
      polyrelu_backward(c, sx.view(), sg.view(), dx.view(), relu, o);
      polynorm_forward(c, sx.view(), z.view(), nullptr, o);
      polynorm_backward(c, sx.view(), sg.view(), dz.view(), norm, nullptr, o);
      ASSERT_TRUE(y.holds(e.relu));
      ASSERT_TRUE(dx.holds(e.relu_dx));
      ASSERT_TRUE(z.holds(e.norm));
      ASSERT_TRUE(dz.holds(e.norm_dx));
      ASSERT_EQ(0, std::memcmp(relu, e.relu_gradient, sizeof relu));
      ASSERT_EQ(0, std::memcmp(norm, e.norm_gradient, sizeof norm));
    }
    ASSERT_TRUE(sx.holds(x));
    ASSERT_TRUE(sg.holds(g));
    // in place: y = x, dx = g and dx = x
    polyrelu_forward(c, sx.view(), sx.view(), on(isa, 0));
    ASSERT_TRUE(sx.holds(e.relu));
    sx.fill(x);
    polynorm_forward(c, sx.view(), sx.view(), nullptr, on(isa, 0));
    ASSERT_TRUE(sx.holds(e.norm));
    sx.fill(x);
    double gradient[4];
    polyrelu_backward(c, sx.view(), sg.view(), sg.view(), gradient, on(isa, 0));
    ASSERT_TRUE(sg.holds(e.relu_dx));
    sg.fill(g);
    polynorm_backward(c, sx.view(), sg.view(), sx.view(), gradient, nullptr, on(isa, 0));
    ASSERT_TRUE(sx.holds(e.norm_dx));
    ASSERT_EQ(0, std::memcmp(gradient, e.norm_gradient, sizeof gradient));
  }
};
TYPED_TEST_SUITE(Layout, Elements, ElementNames);

TYPED_TEST(Layout, NarrowRows) {
  test::for_random(1, [](std::mt19937_64& r) {
    for (Isa isa : isas()) {
      for (std::int64_t width = 1; width <= 70; ++width) {
        TestFixture::check(r, isa, width % 19 + 1, width, width % 5, width % 3);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

TYPED_TEST(Layout, WideRows) {
  test::for_random(1, [](std::mt19937_64& r) {
    for (Isa isa : isas()) {
      for (std::int64_t width : {255, 512, 1023, 1024, 1025, 2055, 8256}) {
        for (std::int64_t gap : {0, 7}) {
          TestFixture::check(r, isa, 3, width, gap, gap);
          if (::testing::Test::HasFatalFailure()) return;
        }
      }
      TestFixture::check(r, isa, 1, 200003, 0, 1);  // pieces
    }
  });
}

TYPED_TEST(Layout, NothingToDo) {
  using E = TypeParam;
  E* const nowhere = nullptr;
  for (auto [rows, width] : {std::pair{0, 5}, {5, 0}, {0, 0}}) {
    Rows<E> const none{nowhere, rows, width, width};
    double gradient[4] = {1, 2, 3, 4};
    polyrelu_forward(c, none, none);
    polyrelu_backward(c, none, none, none, gradient);
    for (double& d : gradient) {
      EXPECT_EQ(d, 0);
      d = 7;
    }
    polynorm_forward(c, none, none);
    polynorm_backward(c, none, none, none, gradient);
    for (double d : gradient) EXPECT_EQ(d, 0);
  }
}

template <class F>
std::string message_of(F const& f) {
  try {
    f();
  } catch (std::invalid_argument const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(Arguments, AreNamedWhenTheyAreWrong) {
  std::vector<float> v(100);
  double d[4];
  Rows<float> const good{v.data(), 4, 5, 5};
  auto changed = [&](auto change) {
    Rows<float> m = good;
    change(m);
    return m;
  };
  auto expect = [](std::string const& text, std::string const& part) {
    EXPECT_NE(text.find(part), std::string::npos) << '"' << text << "\" does not say \"" << part << '"';
    EXPECT_EQ(text.find('\n'), std::string::npos);
  };
  auto forward = [&](Rows<float> const& x, Rows<float> const& y, Options const& o = {}) {
    return message_of([&] { polyrelu_forward(c, x, y, o); });
  };
  expect(forward(good, changed([](auto& m) { m.stride = 4; })), "y has stride 4");
  expect(forward(changed([](auto& m) { m.rows = -1; }), good), "x has -1 rows");
  expect(forward(changed([](auto& m) { m.width = -2; }), good), "x has width -2");
  expect(forward(good, changed([](auto& m) { m.width = 4; })), "y is 4 x 4, but x is 4 x 5");
  expect(forward(good, changed([](auto& m) { m.data = nullptr; })), "y has no data");
  expect(forward(good, good, on(Isa::baseline, -1, -3)), "threads = -3");
  expect(message_of([&] { polyrelu_backward(c, good, changed([](auto& m) { m.rows = 3; }), good, d); }), "g is 3 x 5");
  expect(message_of([&] { polynorm_backward(c, good, good, changed([](auto& m) { m.stride = 1; }), d); }),
         "dx has stride 1");
  for (double eps : {-1e-6, std::nan("")}) {
    expect(message_of([&] { polynorm_forward({{1, 1, 1}, 0, eps}, good, good); }), "eps = ");
  }
}

TEST(Arguments, NameTheInstructionSet) {
  std::vector<float> v(5);
  Rows<float> const m{v.data(), 1, 5, 5};
  ASSERT_EQ(0, setenv("NWIDTH_ISA", "sse9", 1));
  EXPECT_NE(message_of([&] { polyrelu_forward(c, m, m); }).find("NWIDTH_ISA = sse9"), std::string::npos);
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    ASSERT_EQ(0, setenv("NWIDTH_ISA", std::string(name(isa)).c_str(), 1));
    if (available(isa)) {
      EXPECT_EQ(default_isa(), isa);
    } else {
      EXPECT_NE(message_of([&] { polyrelu_forward(c, m, m); }).find(name(isa)), std::string::npos);
      EXPECT_NE(message_of([&] { polyrelu_forward(c, m, m, on(isa)); }).find(name(isa)), std::string::npos);
    }
  }
  ASSERT_EQ(0, unsetenv("NWIDTH_ISA"));
  EXPECT_TRUE(available(default_isa()));
}

}  // namespace
}  // namespace nwidth::kernels::cpu
