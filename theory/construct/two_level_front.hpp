// SPDX-License-Identifier: Apache-2.0
/// The first two layers of the two-level networks: where is x?
#pragma once
#include <array>
#include <vector>

#include "theory/construct/gadgets_wiring.hpp"
#include "theory/construct/two_level_cells.hpp"

namespace nwidth::construct {

/// Forms of the second hidden layer.
struct TwoLevelFront {
  Form u;  ///< (x + 1) / H in [0, N1 + overlap], on [-1, 1]
  std::array<Form, 2>
      y;  ///< what the powers of the even and of the odd cells read: in cell i, y[i % 2] is its coordinate
};

/// Opens two relu layers. On [-1, 1] y stays in the range of the local coordinate also outside the cells, where it is
/// constant.
TwoLevelFront two_level_front(Wiring& w, TwoLevelGrid const& grid);

/// The partition of unity, times a factor that keeps weights dyadic: phi_0 = 1 - ramp_1, phi_i = ramp_i - ramp_{i+1},
/// phi_{N1-1} = ramp_{N1-1}, where ramp_i rises from 0 to 1 on the overlap [i, i + overlap] of cells i - 1 and i.
struct Ramps {
  int factor = 1;
  std::vector<Form> begin,
      end;  ///< factor times relu(u - i) and relu(u - i - overlap), i = 1 ... N1 - 1; index 0 is unused
  Form ramp(TwoLevelGrid const& grid, int i) const {
    return (begin[static_cast<std::size_t>(i)] - end[static_cast<std::size_t>(i)]) / grid.overlap;
  }
  /// factor phi_i
  Form phi(TwoLevelGrid const& grid, int i) const {
    return (i == 0 ? Form(factor) : ramp(grid, i)) - (i == grid.N1 - 1 ? Form(0) : ramp(grid, i + 1));
  }
};
/// Neurons of the open relu layer. @param multiple  factor u
Ramps make_ramps(Wiring& w, TwoLevelGrid const& grid, Form const& multiple, int factor = 1);

}  // namespace nwidth::construct
