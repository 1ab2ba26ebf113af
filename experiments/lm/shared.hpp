// SPDX-License-Identifier: Apache-2.0
/// What training and validation both read is opened once.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace nwidth::lm {

/// make(), or what it made for the same key before if that is still in use. Thread-safe.
template <class T, class Make>
std::shared_ptr<T const> shared(std::string const& key, Make&& make) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<T const>> all;
  std::lock_guard const lock(mutex);
  std::weak_ptr<T const>& known = all[key];
  if (auto const one = known.lock()) return one;
  std::shared_ptr<T const> const one = make();
  known = one;
  return one;
}

}  // namespace nwidth::lm
