// SPDX-License-Identifier: Apache-2.0
/// One measured point: what was built, how large it is, and between which two numbers its error was proved to lie.
#pragma once
#include <string>

#include "experiments/record/json.hpp"
#include "theory/network/network.hpp"

namespace nwidth::record {

inline constexpr char const* schema = "nwidth.record/1";

/// Decimal strings lower <= truth <= upper; upper is "inf" and status "not_proved" where nothing could be proved.
struct Bounds {
  std::string lower = "0", upper = "inf";
  bool proved = false;
  std::string reason;  ///< why not, if !proved; may also qualify a proof
};

/// The five counts that go with every network.
struct Counts {
  std::size_t size = 0, neurons = 0;
  int depth = 0, width = 0;
  std::size_t coefficients = 0;

  static Counts of(Network const& net);
};

enum class Kind {
  of_class,   ///< "class": over the whole ball |f^(n)| <= 1
  of_target,  ///< "target": for one function
  limit,      ///< "limit": a number no method can pass; size is the number of free weights that it speaks of
};
char const* name(Kind kind);

struct Record {
  std::string key;  ///< names the point: two records with the same key and commit would say the same
  Kind kind = Kind::of_target;
  std::string method, target;  ///< target is empty for classes and limits
  int n = 0;
  Json parameters = Json::object();  ///< of the method: integers, exact numbers as strings
  long seed = 0;
  Counts counts;
  Bounds bounds;
  std::string network_sha256;  ///< of the network file; empty where there is none
  double seconds = 0;
  /// Of fits, else null: how the fit ended, and what is known of it beside the certified error.
  Json fit;
  /// Of fits with a proved lower bound, else null: no network of the kind is closer than `lower`.
  Json bound;
  bool estimate = false;  ///< the error is in `fit`, by quadrature; nothing was to be proved, and bounds say nothing
};

/// The line of the journal, with the commit, compiler, flags and machine of this process.
Json to_json(Record const& r);

}  // namespace nwidth::record
