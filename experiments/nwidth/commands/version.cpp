// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/build_info.hpp"

namespace nwidth::program {

int run_version(bool json) {
  auto const& b = record::build_info();
  auto const& m = record::machine();
  if (json) {
    Json j;
    j["command"] = "version";
    j["version"] = b.version;
    j["commit"] = b.commit;
    j["dirty"] = b.dirty;
    j["compiler"] = b.compiler;
    j["flags"] = b.flags;
    j["libraries"] = Json::object();
    for (auto const& [name, version] : b.libraries) j["libraries"][name] = version;
    j["machine"] = {{"cpu", m.cpu}, {"cores", m.cores}};
    print(j);
    return done;
  }
  Sheet sheet;
  sheet.row("nwidth", b.version)
      .row("commit", b.commit + (b.dirty ? " (with changes)" : ""))
      .row("compiler", b.compiler)
      .row("flags", b.flags);
  for (auto const& [name, version] : b.libraries) sheet.row(name, version);
  sheet.row("cpu", m.cpu).row("cores", std::to_string(m.cores));
  print(sheet.text());
  return done;
}

}  // namespace nwidth::program
