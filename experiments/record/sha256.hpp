// SPDX-License-Identifier: Apache-2.0
/// SHA-256, so that a record names exactly the network that it measured.
#pragma once
#include <string>
#include <string_view>

namespace nwidth::record {

/// The SHA-256 digest of `bytes` as 64 lower-case hexadecimal digits. @cite fips180_4  Cost: linear, about 200 MB/s.
std::string sha256(std::string_view bytes);

}  // namespace nwidth::record
