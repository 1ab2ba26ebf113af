// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/build_info.hpp"

#include <arb.h>
#include <flint/flint.h>
#include <gmp.h>
#include <mpfi.h>
#include <mpfr.h>
#include <sched.h>
#include <toml++/impl/version.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "nwidth_build.hpp"  // written at each build by cmake/BuildInfo.cmake

namespace nwidth::record {

BuildInfo const& build_info() {
  static BuildInfo const info = [] {
    auto const dotted = [](int a, int b, int c) {
      return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
    };
    BuildInfo b;
    b.version = NWIDTH_VERSION;
    b.commit = NWIDTH_COMMIT;
    b.dirty = NWIDTH_DIRTY != 0;
    b.compiler = NWIDTH_COMPILER;
    b.flags = NWIDTH_FLAGS;
    b.libraries = {{"arb", arb_version},
                   {"boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
                   {"cli11", CLI11_VERSION},
                   {"flint", FLINT_VERSION},
                   {"gmp", gmp_version},
                   {"mpfi", mpfi_get_version()},
                   {"mpfr", mpfr_get_version()},
                   {"nlohmann-json",
                    dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
                   {"toml++", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)}};
    return b;
  }();
  return info;
}

Machine const& machine() {
  static Machine const here = [] {
    Machine m;
    m.cpu = "unknown";
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);)
      if (line.starts_with("model name")) {
        auto const colon = line.find(": ");
        if (colon != std::string::npos) m.cpu = line.substr(colon + 2);
        break;
      }
    cpu_set_t set;
    CPU_ZERO(&set);
    m.cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                            : static_cast<int>(std::thread::hardware_concurrency());
    if (m.cores < 1) m.cores = 1;
    return m;
  }();
  return here;
}

}  // namespace nwidth::record
