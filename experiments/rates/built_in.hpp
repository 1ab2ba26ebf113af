// SPDX-License-Identifier: Apache-2.0
/// Files of the source tree that the program carries with it.
#pragma once
#include <string_view>

namespace nwidth::rates {

/// experiments/rates/default.toml as it was when the program was built.
std::string_view default_config_text();
/// experiments/plot/rates.py, likewise.
std::string_view plot_script_text();
/// experiments/plot/fits.py, likewise.
std::string_view fits_script_text();
/// experiments/plot/style.py, the module that these two import.
std::string_view style_module_text();
/// experiments/plot/fit.py, likewise.
std::string_view fit_script_text();

}  // namespace nwidth::rates
