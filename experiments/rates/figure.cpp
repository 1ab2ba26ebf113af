// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/figure.hpp"

#include "experiments/plot/run_python.hpp"
#include "experiments/rates/built_in.hpp"

namespace nwidth::rates {

Figure draw(std::filesystem::path const& records, std::filesystem::path const& folder) {
  std::string const reason = plot::run_python(plot_script_text(), {records.string(), "--out", folder.string()});
  if (!reason.empty()) return {{}, reason};
  return {{folder / "rates.svg", folder / "rates.pdf", folder / "rates.png"}, ""};
}

}  // namespace nwidth::rates
