// SPDX-License-Identifier: Apache-2.0
/// What `nwidth --help` and `nwidth COMMAND --help` say beside the list of options.
#pragma once

namespace nwidth::program::help {

extern char const* const program;
extern char const* const program_footer;
extern char const* const methods;
extern char const* const rates;
extern char const* const rates_footer;
extern char const* const construct;
extern char const* const construct_footer;
extern char const* const fit;
extern char const* const fit_footer;
extern char const* const constants;
extern char const* const constants_footer;
extern char const* const certify;
extern char const* const certify_footer;
extern char const* const class_;
extern char const* const class_footer;
extern char const* const widths;
extern char const* const widths_footer;
extern char const* const targets;
extern char const* const targets_footer;
extern char const* const version;
extern char const* const version_footer;

}  // namespace nwidth::program::help
