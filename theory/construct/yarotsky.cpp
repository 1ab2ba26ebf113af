// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/yarotsky.hpp"

#include "theory/construct/sawtooth.hpp"

namespace nwidth::construct {
namespace {

void check_levels(int m) {
  if (m < 1 || m > 10000) throw InvalidInput("the number of levels m must lie in 1..10000, not " + std::to_string(m));
}

/// The bound with c_j = c[j].
Rational product_error(std::vector<Rational> const& c, Rational const& H, int m) {
  Rational sum = 0, geometric = 0, power_of_half_H = 1, power_of_2 = 1;
  for (std::size_t j = 1; j < c.size(); ++j) {
    geometric += power_of_half_H;
    power_of_half_H *= H / 2;
    power_of_2 *= 2;
    sum += power_of_2 * c[j] * geometric;
  }
  return 2 * sum * power_of_two(-2 * static_cast<long>(m) - 2);
}

}  // namespace

Network yarotsky_relu_network(LocalTaylor const& data, int m) {
  data.check();
  check_levels(m);
  int const n = data.n, N = data.N;
  Wiring w(1);
  w.open(Activation::relu());
  PartitionOfUnity const unity = PartitionOfUnity::in(w, N);
  std::vector<Form> t;  // about phi_i ((x - x_i)/2)^j
  std::vector<Rational> values;
  for (int i = 0; i <= N; ++i) {
    t.push_back(unity.phi(i));
    values.push_back(data.coefficients[static_cast<std::size_t>(i)][0]);
  }
  Form sum = unity.combine(values), x = unity.x;
  // |sum| <= bound on [-1, 1]: at most two t_i are not 0, and each is at most 1
  Rational bound = data.largest(0), scale = 1;
  for (int j = 1; j < n; ++j) {
    std::vector<ProductInProgress> products(t.size());
    for (int layer = 0; layer <= m; ++layer) {
      w.open(Activation::relu());
      if (!sum.is_constant()) sum = w.neuron(sum + bound) - bound;
      Form const next = j + 1 < n ? w.neuron(x + 1) - 1 : Form(0);
      for (std::size_t i = 0; i < t.size(); ++i) {
        if (layer == 0) {
          products[i].begin(w, t[i], (x - data.node(static_cast<int>(i))) / 2);
        } else {
          products[i].advance(w);
        }
      }
      x = next;
    }
    scale *= 2;
    for (std::size_t i = 0; i < t.size(); ++i) {
      t[i] = products[i].value();
      sum += scale * data.coefficients[i][static_cast<std::size_t>(j)] * t[i];
    }
    bound += 2 * scale * data.largest(j);
  }
  return w.close(sum);
}

Rational yarotsky_product_error(LocalTaylor const& data, int m) {
  data.check();
  check_levels(m);
  std::vector<Rational> c;
  for (int j = 0; j < data.n; ++j) c.push_back(data.largest(j));
  return product_error(c, data.reach(), m);
}

Rational yarotsky_product_error(int n, int N, int m) {
  Rational const reach = LocalTaylor{n, N, {}}.reach();
  local_taylor_error(n, N);  // the checks of n and N
  check_levels(m);
  std::vector<Rational> c;
  for (int j = 0; j < n; ++j) c.push_back(1 / factorial(j));
  return product_error(c, reach, m);
}

int yarotsky_levels(int n, int N, Rational const& share) {
  if (share <= 0) throw InvalidInput("the share of the error must be positive, not " + exact_string(share));
  Rational const allowed = share * local_taylor_error(n, N);
  int m = 1;
  for (Rational error = yarotsky_product_error(n, N, 1); error > allowed; error /= 4) ++m;
  return m;
}

}  // namespace nwidth::construct
