// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/segment.hpp"

#include <Eigen/QR>

#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

template <class T>
bool finite(T const& x) {
  using std::isfinite;
  return isfinite(x);
}

/// |e|^p and two derivatives.
template <class T>
void power_of(T const& e, double p, T& value, T& first, T& second) {
  if (p == 2) {
    value = e * e;
    first = e + e;
    second = T(2);
    return;
  }
  using std::abs;
  using std::pow;
  T const size = abs(e), low = size > 0 ? T(pow(size, T(p - 2))) : T(0);
  value = low * size * size;
  first = T(p) * low * e;
  second = T(p * (p - 1)) * low;
}

}  // namespace

template <class T>
SegmentTerms<T>::SegmentTerms(Function const& f, MovingNodes<T> const& nodes, Objective const& objective, int degree,
                              T scale)
    : f_(f),
      nodes_(nodes),
      weights_(objective.weights),
      p_(objective.p),
      d_(degree),
      scale_(std::move(scale)),
      bad_(0) {
  term_.e_z.resize(index(d_ + 3));
  term_.e_lb.resize(index(d_ + 1));
  term_.e_rb.resize(index(d_ + 1));
}

template <class T>
void SegmentTerms<T>::basis(T const& theta, int most) {
  int const width = d_ + 1;
  basis_.assign(index((most + 1) * width), T(0));
  T const other = T(1) - theta;
  // row j starts as the basis of degree d - j, then is differenced j times: B' = n (B_{i-1} - B_i)
  for (int j = 0; j <= std::min(most, d_); ++j) {
    T* const row = &basis_[index(j * width)];
    row[0] = T(1);
    for (int n = 1; n <= d_ - j; ++n)
      for (int i = n; i >= 0; --i) row[i] = (i < n ? T(other * row[i]) : T(0)) + (i > 0 ? T(theta * row[i - 1]) : T(0));
    for (int n = d_ - j + 1; n <= d_; ++n)
      for (int i = n; i >= 0; --i) row[i] = T(n) * ((i > 0 ? row[i - 1] : T(0)) - (i < n ? row[i] : T(0)));
  }
}

template <class T>
template <class Use>
bool SegmentTerms<T>::each(T const& l, T const& r, T const* b, int order, Use&& use) {
  T const h = r - l;
  nodes_.on(l, r, node_);
  int const orders = static_cast<int>(weights_.size());
  Term<T>& t = term_;
  for (Node<T> const& node : node_) {
    std::vector<T> f;
    if (orders + order == 1)
      f = {f_(node.x)};
    else
      f = f_.taylor(node.x, orders + order);
    T factorial(1);
    for (std::size_t k = 0; k < f.size(); ++k) {
      if (k > 0) factorial *= T(static_cast<int>(k));
      f[k] *= factorial;
      if (!finite(f[k])) {
        bad_ = node.x;
        return false;
      }
    }
    T const theta = (node.x - l) / h;
    basis(theta, orders - 1 + order);
    T const theta_l = (node.x_l - T(1) + theta) / h, theta_r = (node.x_r - theta) / h;
    T power = T(1) / scale_;  // h^-k/scale
    for (int k = 0; k < orders; ++k, power /= h) {
      if (weights_[index(k)] == 0) continue;
      T s[3] = {T(0), T(0), T(0)};  // B^(k+j)(theta) b
      for (int j = 0; j <= order; ++j)
        for (int i = 0; i <= d_; ++i) s[j] += basis_[index((k + j) * (d_ + 1) + i)] * b[i];
      T const weight = T(weights_[index(k)]);
      t.weight = weight * node.weight;
      t.e = f[index(k)] / scale_ - power * s[0];
      if (order > 0) {
        T const kh = T(k) / h;
        T const* const value = &basis_[index(k * (d_ + 1))];
        t.weight_l = weight * node.weight_l;
        t.weight_r = weight * node.weight_r;
        T const slope = f[index(k + 1)] / scale_;
        t.e_z[0] = slope * node.x_l - power * (s[1] * theta_l + kh * s[0]);
        t.e_z[1] = slope * node.x_r - power * (s[1] * theta_r - kh * s[0]);
        for (int i = 0; i <= d_; ++i) t.e_z[index(2 + i)] = -power * value[i];
        if (order > 1) {
          T const* const first = &basis_[index((k + 1) * (d_ + 1))];
          T const curve = f[index(k + 2)] / scale_, khh = T(k + 1) / h * kh * s[0];
          t.e_ll = curve * node.x_l * node.x_l -
                   power * (khh + (T(2) * kh * theta_l + T(2) * theta_l / h) * s[1] + s[2] * theta_l * theta_l);
          t.e_rr = curve * node.x_r * node.x_r -
                   power * (khh - (T(2) * kh * theta_r + T(2) * theta_r / h) * s[1] + s[2] * theta_r * theta_r);
          t.e_lr = curve * node.x_l * node.x_r -
                   power * (-khh + (kh + T(1) / h) * (theta_r - theta_l) * s[1] + s[2] * theta_l * theta_r);
          for (int i = 0; i <= d_; ++i) {
            t.e_lb[index(i)] = -power * (kh * value[i] + first[i] * theta_l);
            t.e_rb[index(i)] = -power * (first[i] * theta_r - kh * value[i]);
          }
        }
      }
      use(t);
    }
  }
  return true;
}

template <class T>
bool SegmentTerms<T>::rows(T const& l, T const& r,
                           std::function<void(T const&, T const&, std::vector<T> const&)> const& use) {
  using std::sqrt;
  std::vector<T> const zero(index(d_ + 1), T(0));
  std::vector<T> row(index(d_ + 1));
  return each(l, r, zero.data(), 1, [&](Term<T> const& t) {  // e = f - 0
    for (int i = 0; i <= d_; ++i) row[index(i)] = -t.e_z[index(2 + i)];
    use(sqrt(t.weight), t.e, row);
  });
}

template <class T>
bool segment_sum(SegmentTerms<T>& terms, T const& l, T const& r, T const* b, int order, SegmentSum<T>& sum) {
  int const d = terms.degree(), z = d + 3;
  sum.value = T(0);
  sum.gradient.assign(index(order > 0 ? z : 0), T(0));
  sum.hessian.assign(index(order > 1 ? z * z : 0), T(0));
  T value, first, second;
  return terms.each(l, r, b, order, [&](Term<T> const& t) {
    power_of(t.e, terms.power(), value, first, second);
    sum.value += t.weight * value;
    if (order == 0) return;
    T const slope = t.weight * first;
    for (int i = 0; i < z; ++i) sum.gradient[index(i)] += slope * t.e_z[index(i)];
    sum.gradient[0] += t.weight_l * value;
    sum.gradient[1] += t.weight_r * value;
    if (order == 1) return;
    T const curve = t.weight * second;
    auto hessian = [&](int i, int j) -> T& { return sum.hessian[index(i * z + j)]; };
    for (int i = 0; i < z; ++i) {
      T const ci = curve * t.e_z[index(i)];
      for (int j = 0; j <= i; ++j) hessian(i, j) += ci * t.e_z[index(j)];
      // the weight changes with the ends: rows l and r of the lower triangle
      if (i >= 2) {
        hessian(i, 0) += first * t.weight_l * t.e_z[index(i)] + slope * t.e_lb[index(i - 2)];
        hessian(i, 1) += first * t.weight_r * t.e_z[index(i)] + slope * t.e_rb[index(i - 2)];
      }
    }
    hessian(0, 0) += T(2) * first * t.weight_l * t.e_z[0] + slope * t.e_ll;
    hessian(1, 1) += T(2) * first * t.weight_r * t.e_z[1] + slope * t.e_rr;
    hessian(1, 0) += first * (t.weight_l * t.e_z[1] + t.weight_r * t.e_z[0]) + slope * t.e_lr;
  }) && [&] {
    for (int i = 0; order > 1 && i < z; ++i)
      for (int j = i + 1; j < z; ++j) sum.hessian[index(i * z + j)] = sum.hessian[index(j * z + i)];
    return true;
  }();
}

bool segment_residuals(SegmentTerms<double>& terms, double l, double r, double const* b, double* residuals,
                       std::vector<double>* jacobian) {
  int const d = terms.degree(), z = d + 3;
  double const p = terms.power();
  if (jacobian == nullptr) {
    double sum = 0;
    bool const good = terms.each(l, r, b, 0, [&](Term<double> const& t) {
      sum += t.weight * (p == 2 ? t.e * t.e : std::pow(std::abs(t.e), p));
    });
    std::fill(residuals, residuals + z + 1, 0.0);
    residuals[0] = std::sqrt(sum);
    return good;
  }
  std::vector<double> rows;
  bool const good = terms.each(l, r, b, 1, [&](Term<double> const& t) {
    double const root = std::sqrt(t.weight), low = p == 2 ? 1 : std::pow(std::abs(t.e), p / 2 - 1);
    double const value = root * low * t.e, slope = root * low * (p / 2), half = value / (2 * t.weight);
    rows.push_back(slope * t.e_z[0] + half * t.weight_l);
    rows.push_back(slope * t.e_z[1] + half * t.weight_r);
    for (int i = 2; i < z; ++i) rows.push_back(slope * t.e_z[index(i)]);
    rows.push_back(value);
  });
  if (!good) return false;
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  int const width = z + 1, count = static_cast<int>(rows.size()) / width;
  Eigen::HouseholderQR<Matrix> const qr(Eigen::Map<Matrix const>(rows.data(), count, width));
  jacobian->assign(index(width * z), 0.0);
  std::fill(residuals, residuals + width, 0.0);
  for (int i = 0; i < std::min(width, count); ++i) {
    residuals[i] = qr.matrixQR()(i, z);
    for (int j = i; j < z; ++j) (*jacobian)[index(i * z + j)] = qr.matrixQR()(i, j);
  }
  return true;
}

template class SegmentTerms<double>;
template class SegmentTerms<Real>;
template bool segment_sum(SegmentTerms<double>&, double const&, double const&, double const*, int, SegmentSum<double>&);
template bool segment_sum(SegmentTerms<Real>&, Real const&, Real const&, Real const*, int, SegmentSum<Real>&);

}  // namespace nwidth::fitting
