// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "theory/target/target.hpp"

namespace nwidth::program {

int run_targets(bool json) {
  if (json) {
    Json list = Json::array();
    for (target::Family const& f : target::families())
      list.push_back(
          {{"name", f.name}, {"parameters", f.parameters}, {"norm", f.norm}, {"description", f.description}});
    print(Json{{"command", "targets"}, {"targets", list}});
    return done;
  }
  std::string text;
  for (target::Family const& f : target::families())
    text += f.name + "\n    " + f.description + "\n    parameters: " + f.parameters +
            "\n    norm in W^{n,inf}: " + f.norm + "\n";
  text += "\nA target is NAME, NAME:key=value,key=value or an expression in x.\n";
  print(text);
  return done;
}

}  // namespace nwidth::program
