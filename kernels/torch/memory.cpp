// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/memory.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace nwidth::kernels::torch {
namespace {

constexpr std::size_t page = std::size_t{2} << 20U;

std::size_t whole_pages(std::size_t bytes) { return (bytes + page - 1) / page * page; }

std::size_t limit_of_environment() {
  char const* const text = std::getenv("NWIDTH_TORCH_KEPT_MIB");
  if (text == nullptr) return std::size_t{512} << 20U;
  std::uint32_t mib = 0;
  auto const [end, error] = std::from_chars(text, text + std::strlen(text), mib);
  if (error != std::errc() || *end != '\0')
    throw std::invalid_argument("nwidth: NWIDTH_TORCH_KEPT_MIB = '" + std::string(text) +
                                "'; allowed are integers from 0 to 4294967295");
  return std::size_t{mib} << 20U;
}
/// Of what is kept, from when it is first asked for.
std::size_t limit() {
  static std::size_t const bytes = limit_of_environment();
  return bytes;
}

#if defined(__linux__)
/// Of a multiple of the page.
void* from_system(std::size_t bytes) {
  void* const all = ::mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  auto const begin = reinterpret_cast<std::uintptr_t>(all);
  std::size_t const before = whole_pages(begin) - begin;
  auto* const block = static_cast<std::byte*>(all) + before;
  if (before > 0) ::munmap(all, before);
  ::munmap(block + bytes, page - before);
  ::madvise(block, bytes, MADV_HUGEPAGE);  // a hint: failure is no error
  return block;
}
void to_system(void* block, std::size_t bytes) { ::munmap(block, bytes); }
#else
void* from_system(std::size_t) { return nullptr; }
void to_system(void*, std::size_t) {}
#endif

/// Blocks that no tensor has.
class Pool {
 public:
  void* take(std::size_t bytes) {
    std::unique_lock const lock(mutex_, std::try_to_lock);  // in a child of fork() no one may be there to unlock it
    if (!lock) return nullptr;
    auto const at = std::ranges::find(blocks_, bytes, &Block::bytes);
    if (at == blocks_.end()) return nullptr;
    void* const block = at->block;
    kept_ -= bytes;
    blocks_.erase(at);
    return block;
  }

  /// @returns whether the block is kept
  bool keep(void* block, std::size_t bytes) {
    std::unique_lock const lock(mutex_, std::try_to_lock);
    if (!lock || bytes > limit()) return false;
    blocks_.push_front({block, bytes});
    kept_ += bytes;
    while (kept_ > limit()) {
      kept_ -= blocks_.back().bytes;
      to_system(blocks_.back().block, blocks_.back().bytes);
      blocks_.pop_back();
    }
    return true;
  }

 private:
  struct Block {
    void* block;
    std::size_t bytes;
  };
  std::mutex mutex_;
  std::list<Block> blocks_;  ///< the oldest last
  std::size_t kept_ = 0;
};

/// Never destroyed: tensors may end after all static objects.
Pool& pool() {
  static Pool& all = *new Pool;
  return all;
}

}  // namespace

void* take_block(std::size_t bytes) {
  limit();  // throws here, if at all, and not at the end of a tensor
  std::size_t const whole = whole_pages(bytes);
  void* const block = pool().take(whole);
  return block != nullptr ? block : from_system(whole);
}

void give_back(void* block, std::size_t bytes) noexcept {
  std::size_t const whole = whole_pages(bytes);
  bool kept = false;
  try {
    kept = pool().keep(block, whole);
  } catch (...) {  // no memory for the list
  }
  if (!kept) to_system(block, whole);
}

}  // namespace nwidth::kernels::torch
