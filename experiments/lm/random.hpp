// SPDX-License-Identifier: Apache-2.0
/// Random numbers by counting: a number is a function of a key and of its place, so that any of them can be drawn
/// again.
#pragma once
#include <cstdint>

namespace nwidth::lm {

/// A bijection of 64-bit words: the finaliser of splitmix64. @cite steele2014splittable
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// The key of a stream within a stream: of its epochs, sequences, fields.
constexpr std::uint64_t key_of(std::uint64_t key, std::uint64_t child) {
  return mixed(mixed(key + 0x9e3779b97f4a7c15U) + 0xd1342543de82ef95U * (child + 1));
}

/// Number `place` of the stream with this key, 64 random bits.
constexpr std::uint64_t bits_at(std::uint64_t key, std::uint64_t place) {
  return mixed(key + 0x9e3779b97f4a7c15U * (place + 1));
}

/// Uniform in 0 ... size - 1, exactly so if the bits are: words above the largest multiple of size are drawn again.
constexpr std::uint64_t below(std::uint64_t size, std::uint64_t key, std::uint64_t place) {
  std::uint64_t const first = (0 - size) % size;  // 2^64 mod size
  std::uint64_t bits = bits_at(key, place);
  for (std::uint64_t again = 1; bits < first; ++again) bits = bits_at(key_of(key, again), place);
  return bits % size;
}

}  // namespace nwidth::lm
