// SPDX-License-Identifier: Apache-2.0
#include "theory/number/safetensors_header.hpp"

#include <nlohmann/json.hpp>

#include "theory/number/machine_format.hpp"

namespace nwidth {

std::string safetensors_head(std::vector<TensorEntry> const& tensors,
                             std::vector<std::pair<std::string, std::string>> const& metadata, std::size_t alignment) {
  using Json = nlohmann::ordered_json;
  Json header;
  Json& texts = header["__metadata__"] = Json::object();
  for (auto const& [key, value] : metadata) texts[key] = value;
  std::size_t offset = 0;
  for (TensorEntry const& t : tensors) {
    header[t.name] = {{"dtype", t.dtype}, {"shape", t.shape}, {"data_offsets", {offset, offset + t.bytes}}};
    offset += t.bytes;
  }
  std::string const text = header.dump();
  std::size_t const padding = (alignment - (8 + text.size()) % alignment) % alignment;
  std::string head;
  append_little_endian(head, text.size() + padding, 8);
  return head + text + std::string(padding, ' ');
}

}  // namespace nwidth
