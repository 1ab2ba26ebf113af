// SPDX-License-Identifier: Apache-2.0
/// Intervals [lo, hi] with MPFR ends: a small RAII type over MPFI that keeps exact ends exact, as balls cannot.
#pragma once
#include <mpfi.h>

#include "theory/number/ball.hpp"
#include "theory/target/program.hpp"

namespace nwidth::target {

/// Ends rounded outward to the working precision. A value that is undefined or unbounded somewhere is not `defined`,
/// and
/// nothing made of it is. Deliberately without comparison operators. @cite revol2005mpfi
class EndpointInterval {
 public:
  EndpointInterval() : EndpointInterval(working_precision()) {}
  EndpointInterval(Rational const& lo, Rational const& hi);  // dyadic ends exactly, whatever the precision
  EndpointInterval(EndpointInterval const& o);
  EndpointInterval(EndpointInterval&& o) noexcept;
  EndpointInterval& operator=(EndpointInterval o) noexcept {
    std::swap(*x_, *o.x_);
    std::swap(defined_, o.defined_);
    return *this;
  }
  ~EndpointInterval() { mpfi_clear(x_); }

  static EndpointInterval undefined() {
    EndpointInterval r;
    r.defined_ = false;
    return r;
  }

  bool defined() const { return defined_ && mpfr_number_p(lo()) != 0 && mpfr_number_p(hi()) != 0; }
  bool contains_zero() const { return mpfr_sgn(lo()) <= 0 && mpfr_sgn(hi()) >= 0; }
  mpfr_srcptr lo() const { return &x_->left; }
  mpfr_srcptr hi() const { return &x_->right; }
  mpfr_ptr lo() { return &x_->left; }
  mpfr_ptr hi() { return &x_->right; }
  mpfi_ptr get() { return x_; }
  mpfi_srcptr get() const { return x_; }
  EndpointInterval lower_end() const { return point(lo()); }
  EndpointInterval upper_end() const { return point(hi()); }

 private:
  explicit EndpointInterval(long bits) {
    mpfi_init2(x_, static_cast<mpfr_prec_t>(bits));
    mpfi_set_si(x_, 0);
  }
  static EndpointInterval point(mpfr_srcptr x);

  mpfi_t x_;
  bool defined_ = true;
};

/// The natural interval extension of each operation, on exact or outward ends: monotone functions by their ends.
struct EndpointArithmetic {
  using Value = EndpointInterval;
  Rational const& a;
  Rational const& b;

  Value constant(Constant const& c) const { return {c.exact, c.exact}; }
  Value pi() const;
  Value variable(int) const { return {a, b}; }
  Value affine(Affine const& f) const;
  Value neg(Value const& u) const;
  Value add(Value const& u, Value const& v) const;
  Value sub(Value const& u, Value const& v) const;
  Value mul(Value const& u, Value const& v) const;
  Value div(Value const& u, Value const& v) const;
  Value power(Value const& u, long p, long q) const;
  Value power_log(Value const& u, long p, long q) const;
  Value divided(Op g, Value const& u) const;
  Value kinked(Instruction const& i, Value const& u, Value const& v, Value const&) const;
  Value function(Op f, Value const& u) const;
};

}  // namespace nwidth::target
