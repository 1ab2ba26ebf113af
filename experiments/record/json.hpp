// SPDX-License-Identifier: Apache-2.0
/// JSON whose members keep the order in which they were written.
#pragma once
#include <nlohmann/json.hpp>

namespace nwidth::record {

using Json = nlohmann::ordered_json;

}  // namespace nwidth::record
