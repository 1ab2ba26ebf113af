// SPDX-License-Identifier: Apache-2.0
// Written by CMake from experiments/rates/default.toml and experiments/plot/{rates,fits,style,fit}.py.
#include "experiments/rates/built_in.hpp"

namespace nwidth::rates {

std::string_view default_config_text() { return R"nwidth(@NWIDTH_DEFAULT_CONFIG@)nwidth"; }
std::string_view plot_script_text() { return R"nwidth(@NWIDTH_PLOT_SCRIPT@)nwidth"; }
std::string_view fits_script_text() { return R"nwidth(@NWIDTH_FITS_SCRIPT@)nwidth"; }
std::string_view style_module_text() { return R"nwidth(@NWIDTH_STYLE_MODULE@)nwidth"; }
std::string_view fit_script_text() { return R"nwidth(@NWIDTH_FIT_SCRIPT@)nwidth"; }

}  // namespace nwidth::rates
