// SPDX-License-Identifier: Apache-2.0
// Compiled without sanitizers, so that they see the kernels' memory and not the scheduler's; their hooks are weak.
#include "tests/kernels/cuda/host_grid.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels/cuda/grid.hpp"

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void**, void const*, std::size_t);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void*, void const**, std::size_t*);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned);
[[gnu::weak]] void __tsan_switch_to_fiber(void*, unsigned);
[[gnu::weak]] void __tsan_acquire(void*);
[[gnu::weak]] void __tsan_release(void*);
}

namespace nwidth::host_grid {

namespace context = boost::context::detail;
Thread* current = nullptr;
Options options;

namespace {

constexpr std::size_t stack_bytes = 128 << 10;
enum class State { ready, at_block, at_warp, done };
struct Fiber {
  Thread thread;
  context::fcontext_t context;
  char* stack;
  void* tsan;
  void* fake_stack;
  State state;
  int line;
  std::vector<std::function<void()>> copies;  // that it has not awaited
};
struct Warp {
  unsigned size, arrived;
  std::uint64_t slot[2][32];  // two, so that a fast lane's next shuffle does not overwrite what a slow one still reads
  int parity[32];
  int line;
};
std::vector<Fiber> fibers;
std::vector<Warp> warps;
std::vector<unsigned> queue;  // a stack of fibres that can run
context::fcontext_t main_context;
void *main_tsan, *main_fake_stack;
void const* main_stack;
std::size_t main_stack_size;
void* shared_memory;
std::function<void()> const* kernel;
unsigned self, arrived, alive;
int barrier_line;
std::uint64_t random_state;
char block_token, launch_token;

std::uint64_t next_random() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

[[noreturn]] void die(char const* what, int a, int b) {
  std::fprintf(stderr, "host grid: %s (lines %d, %d), block %u\n", what, a, b, current->block.x);
  std::_Exit(86);
}

void leave(bool last) {
  Fiber& f = fibers[self];
  unsigned const me = self;
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(last ? nullptr : &f.fake_stack, main_stack, main_stack_size);
  if (__tsan_switch_to_fiber) __tsan_switch_to_fiber(main_tsan, 1);
  context::transfer_t const t = context::jump_fcontext(main_context, nullptr);
  main_context = t.fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(fibers[me].fake_stack, nullptr, nullptr);
}

void entry(context::transfer_t t) {
  main_context = t.fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, &main_stack, &main_stack_size);
  if (__tsan_acquire) __tsan_acquire(&launch_token);
  (*kernel)();
  if (__tsan_release) __tsan_release(&launch_token);
  fibers[self].state = State::done;
  --alive;
  leave(true);
}

void resume(unsigned i) {
  self = i;
  Fiber& f = fibers[i];
  current = &f.thread;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&main_fake_stack, f.stack, stack_bytes);
  if (__tsan_switch_to_fiber) __tsan_switch_to_fiber(f.tsan, 1);
  context::transfer_t const t = context::jump_fcontext(f.context, nullptr);
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(main_fake_stack, nullptr, nullptr);
  fibers[i].context = t.fctx;
}

unsigned pick() {
  std::size_t k = queue.size() - 1;
  // mostly the newest: one warp runs far ahead of the others, which is what shows a missing barrier
  if (options.order == Order::random && next_random() % 8 == 0) k = next_random() % queue.size();
  unsigned const i = queue[k];
  queue[k] = queue.back();
  queue.pop_back();
  return i;
}

void make_ready(unsigned first, unsigned last) {
  for (unsigned i = first; i < last; ++i) {
    unsigned const j = options.order == Order::ascending ? first + last - 1 - i : i;
    fibers[j].state = State::ready;
    queue.push_back(j);
  }
  if (options.order != Order::random) return;
  std::size_t const begin = queue.size() - (last - first);
  for (std::size_t i = queue.size(); i > begin + 1; --i)
    std::swap(queue[i - 1], queue[begin + next_random() % (i - begin)]);
}

void run_block(dim3 grid, dim3 block, unsigned index, std::size_t shared) {
  unsigned const n = block.x * block.y * block.z;
  shared_memory = shared > 0 ? std::malloc(shared) : nullptr;  // a block of its own: AddressSanitizer knows its size
  if (shared > 0) std::memset(shared_memory, 0xff, shared);    // NaN, so that a read before a write shows
  for (unsigned i = 0; i < warps.size(); ++i) warps[i] = {std::min(32U, n - 32 * i), 0, {}, {}, 0};
  for (unsigned i = 0; i < n; ++i) {
    Fiber& f = fibers[i];
    f.thread = {{i % block.x, i / block.x % block.y, i / (block.x * block.y)},
                {index % grid.x, index / grid.x % grid.y, index / (grid.x * grid.y)},
                block,
                grid,
                i};
    f.context = context::make_fcontext(f.stack + stack_bytes, stack_bytes, entry);
    f.fake_stack = nullptr;
    f.copies.clear();
  }
  alive = n;
  arrived = 0;
  queue.clear();
  make_ready(0, n);
  if (__tsan_release) __tsan_release(&launch_token);
  while (alive > 0) {
    if (queue.empty()) {
      int line = 0;
      for (Fiber const& f : fibers)
        if (f.state != State::done) line = f.line;
      die("a barrier is not reached by every thread", line, 0);
    }
    resume(pick());
  }
  if (__tsan_acquire) __tsan_acquire(&launch_token);
  std::free(shared_memory);
}

}  // namespace

void sync_block(int line) {
  Fiber& f = fibers[self];
  if (arrived == 0) {
    barrier_line = line;
  } else if (barrier_line != line) {
    die("threads of one block wait at different barriers", barrier_line, line);
  }
  f.state = State::at_block;
  f.line = line;
  if (__tsan_release) __tsan_release(&block_token);
  if (++arrived == fibers.size()) {
    arrived = 0;
    make_ready(0, static_cast<unsigned>(fibers.size()));
  }
  leave(false);
  if (__tsan_acquire) __tsan_acquire(&block_token);
}

std::uint64_t exchange(unsigned mask, std::uint64_t mine, unsigned source_lane, int line) {
  unsigned const w = self / 32, lane = self % 32;
  Warp& warp = warps[w];
  if (mask != 0xffffffffU >> (32 - warp.size)) die("a shuffle's mask is not the whole warp", line, 0);
  if (warp.arrived == 0) {
    warp.line = line;
  } else if (warp.line != line) {
    die("lanes of one warp are at different shuffles", warp.line, line);
  }
  int const p = warp.parity[lane] ^= 1;
  warp.slot[p][lane] = mine;
  fibers[self].state = State::at_warp;
  fibers[self].line = line;
  if (++warp.arrived == warp.size) {
    warp.arrived = 0;
    make_ready(w * 32, w * 32 + warp.size);
  }
  leave(false);
  return warp.slot[p][source_lane < warp.size ? source_lane : lane];  // orders no memory: no acquire
}

/// A copy is there at once in one order of the threads, so that it shows if what it overwrites was still needed; in the
/// others only when it is awaited, so that it shows if it is not.
void defer(std::function<void()> copy) {
  if (options.order == Order::ascending) return copy();
  fibers[self].copies.push_back(std::move(copy));
}
void run_deferred() {
  std::vector<std::function<void()>> copies;
  copies.swap(fibers[self].copies);
  for (auto const& copy : copies) copy();
}

void* dynamic_shared() { return shared_memory; }

void run(dim3 grid, dim3 block, std::size_t shared, std::function<void()> const& body) {
  unsigned const n = block.x * block.y * block.z;
  random_state = options.seed * 0x9e3779b97f4a7c15U | 1;
  kernel = &body;
  for (std::size_t i = n; i < fibers.size(); ++i) munmap(fibers[i].stack, stack_bytes);
  std::size_t const before = std::min<std::size_t>(fibers.size(), n);
  fibers.resize(n);
  warps.assign((n + 31) / 32, {});
  for (std::size_t i = before; i < n; ++i) {
    void* const stack = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) std::abort();
    fibers[i].stack = static_cast<char*>(stack);
    fibers[i].tsan = __tsan_create_fiber ? __tsan_create_fiber(0) : nullptr;
  }
  if (__tsan_get_current_fiber) main_tsan = __tsan_get_current_fiber();
  unsigned const blocks = grid.x * grid.y * grid.z;
  std::vector<unsigned> order(blocks);
  for (unsigned i = 0; i < blocks; ++i) order[i] = i;
  if (options.order == Order::random)
    for (unsigned i = blocks; i > 1; --i) std::swap(order[i - 1], order[next_random() % i]);
  for (unsigned index : order) run_block(grid, block, index, shared);
}

}  // namespace nwidth::host_grid
