// SPDX-License-Identifier: Apache-2.0
/// The extension nwidth._core: what Python needs of theory, and of fitting where that is built.
#include "python/enclosures.hpp"

NB_MODULE(_core, m) {
  m.doc() = "Certified numbers of approximation theory. Bad input raises ValueError.";
  nwidth::python::bind_theory(m);
#ifdef NWIDTH_WITH_FITTING
  nwidth::python::bind_fitting(m);
#endif
}
