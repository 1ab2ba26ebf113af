// SPDX-License-Identifier: Apache-2.0
/// Branch and bound for sup |e| over an interval that arrives in pieces.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "theory/certify/enclosure.hpp"
#include "theory/number/polynomial.hpp"

namespace nwidth::certify {

/// The error on one piece, or a part of it: all that the search has to know about it.
class ErrorFunction {
 public:
  virtual ~ErrorFunction() = default;
  /// e(x) = sum_{j<m} c_j (x - mid)^j + c_m(x) (x - mid)^m on [l, r] with the exact middle: fills c_0 ... c_m; c may be
  /// shorter if the rest is zero, `exact` then says that there is no remainder.
  /// @return false if there is no such model on [l, r] (a kink or a singular point inside)
  virtual bool expand(Point const& l, Point const& r, int m, std::vector<Ball>& c, bool& exact) const = 0;
  /// Encloses e([l, r]) by any means; possibly infinite.
  virtual Ball range(Point const& l, Point const& r) const = 0;
  virtual Ball value(Point const& x) const = 0;
};

/// Finds the sup of |e| to a relative tolerance: a model of e on each piece (Taylor at the exact middle with remainder,
/// then Bernstein form in double intervals), best-first subdivision, and one lower bound shared by all pieces.
class SupSearch {
 public:
  /// @param whole  the length of the whole domain: parts shorter than 2^-bits of it are not divided
  SupSearch(Options const& options, Point const& whole, std::chrono::steady_clock::time_point start);

  struct Part {
    Point l, r;
    ErrorFunction const* e = nullptr;
    bool inside = true;  ///< of the domain: else (beyond a domain end that is not dyadic) it gives no lower bounds
    int source = -1;     ///< >= 0: where only the width of e's own enclosure hides the answer, it is left to the caller
  };
  /// A part on which |e| <= upper is all that was found out, since e is not known more closely.
  struct Remainder {
    Point l, r;
    double upper = 0;
    int source = -1;
  };
  /// Bounds all parts, largest first. @return false if there is nothing left to prove (unbounded, or out of time)
  bool add(std::vector<Part> const& parts);

  /// What was left to the caller since the last call, largest upper first; neighbours from one source are joined.
  std::vector<Remainder> take_remainders();
  /// An upper bound of |e| on a part. @return whether it is small enough to need no more work
  bool is_done(double upper) const { return done(upper); }
  void accept(double upper) { upper_ = std::max(upper_, upper); }

  double lower() const { return lower_; }
  double upper() const { return upper_; }
  bool limited_by_precision() const { return limited_; }
  std::string const& failure() const { return failure_; }
  long boxes() const { return boxes_; }
  Rational at() const;

 private:
  struct Model {
    std::vector<Interval> b;  // Bernstein coefficients of the polynomial part on [l, r]
    double remainder = 0;
    double blur = 0;  // how much of the coefficients is their balls' radius: no bound, a diagnosis
    double upper = 0;
    bool valid = false;
    bool exact = false;
    int order = 0;
  };
  Model model(Part const& p, int order);
  void resolve(Part const& p, Model m, int depth);
  void divide(Part const& p, int depth);
  void resolve_without_model(Part const& p, int depth);
  void raise_lower(double candidate, Part const& p, double u);
  bool done(double upper) const { return upper <= threshold_; }
  bool out_of_time();
  bool too_short(Part const& p) const;
  void give_up(Part const& p, std::string const& why);

  double tolerance_, absolute_;
  double most_seconds_;
  Point shortest_;
  std::chrono::steady_clock::time_point start_;
  double lower_ = 0, upper_ = 0, threshold_ = 0;
  bool limited_ = false;
  std::string failure_;
  std::vector<Remainder> remainders_;
  long boxes_ = 0;
  int order_ = 8;
  Point at_left_, at_right_;
  double at_u_ = 0;
};

}  // namespace nwidth::certify
