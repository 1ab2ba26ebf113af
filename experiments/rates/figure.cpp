// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/figure.hpp"

#include <nlohmann/json.hpp>

#include "experiments/plot/run_python.hpp"
#include "experiments/rates/built_in.hpp"

namespace nwidth::rates {
namespace {

/// The script with the module that it imports, which is in no file here. A JSON string is one of Python's, too.
std::string self_contained(std::string_view script) {
  return "import sys, types\nstyle = types.ModuleType('style')\nsys.modules['style'] = style\nexec(" +
         nlohmann::json(style_module_text()).dump(-1, ' ', true) + ", style.__dict__)\n" + std::string(script);
}

}  // namespace

std::string name(Drawing drawing) { return drawing == Drawing::fits ? "fits" : "rates"; }

Figure draw(Drawing drawing, std::filesystem::path const& records, std::filesystem::path const& folder) {
  auto const script = drawing == Drawing::fits ? fits_script_text() : plot_script_text();
  std::string const reason = plot::run_python(self_contained(script), {records.string(), "--out", folder.string()});
  if (!reason.empty()) return {{}, reason};
  Figure figure;
  for (char const* const suffix : {".svg", ".pdf", ".png"}) figure.files.push_back(folder / (name(drawing) + suffix));
  return figure;
}

}  // namespace nwidth::rates
