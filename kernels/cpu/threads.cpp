// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/threads.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace nwidth::kernels::cpu {
namespace {

long process() {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(::getpid());
#else
  return 0;
#endif
}

class Pool {
 public:
  explicit Pool(long pid) : owner(pid) {}
  long const owner;

  /// False if it is busy with another call.
  bool run(std::int64_t count, std::int64_t grain, int threads, Task task, void* context) {
    std::unique_lock<std::mutex> const one_call(call_, std::try_to_lock);
    if (!one_call.owns_lock()) return false;
    {
      std::lock_guard const lock(mutex_);
      grow(threads - 1);
      work_ = {task, context, grain, std::min(threads - 1, static_cast<int>(workers_.size())) + 1};
      if (static_cast<int>(shares_.size()) < work_.shares) shares_ = std::vector<Share>(threads);
      std::int64_t const runs = (count + grain - 1) / grain;
      for (int i = 0; i < work_.shares; ++i) {
        shares_[i].next.store(runs * i / work_.shares * grain, std::memory_order_relaxed);
        shares_[i].last = std::min(count, runs * (i + 1) / work_.shares * grain);
      }
      running_ = wanted_ = work_.shares - 1;
      ++generation_;
    }
    wake_.notify_all();
    take(work_, 0);
    std::unique_lock lock(mutex_);
    running_ -= wanted_;  // those that have not woken yet are not waited for
    wanted_ = 0;
    done_.wait(lock, [this] { return running_ == 0; });
    return true;
  }

 private:
  struct Work {
    Task task = nullptr;
    void* context = nullptr;
    std::int64_t grain = 1;
    int shares = 1;
  };
  /// Items that lie side by side for one thread, so that each first touches pages of its own: two threads that meet a
  /// fresh page at once both clear it, and a huge page takes longer to clear than to fill.
  struct alignas(64) Share {
    std::atomic<std::int64_t> next{0};
    std::int64_t last = 0;
  };

  void grow(int workers) {
    try {
      while (static_cast<int>(workers_.size()) < workers) workers_.emplace_back([this] { serve(); });
    } catch (std::system_error const&) {  // no more threads: fewer do the work
    }
  }

  /// The thread's own share, then what is left of the others'.
  void take(Work const& work, int own) {
    for (int i = 0; i < work.shares; ++i) {
      Share& share = shares_[(own + i) % work.shares];
      for (;;) {
        std::int64_t const first = share.next.fetch_add(work.grain, std::memory_order_relaxed);
        if (first >= share.last) break;
        work.task(work.context, first, std::min(share.last, first + work.grain));
      }
    }
  }

  void serve() {
    std::fesetenv(FE_DFL_ENV);
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (wanted_ == 0) continue;
      int const own = wanted_--;
      Work const work = work_;
      lock.unlock();
      take(work, own);
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::mutex call_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;  // never joined: a pool lives as long as its process
  std::vector<Share> shares_;
  Work work_;
  std::uint64_t generation_ = 0;
  int wanted_ = 0, running_ = 0;
};

/// The pool of this process. Pools are never destroyed: threads may still wait in them when the process ends, and in a
/// child of a fork the parent's threads are not there.
Pool& pool() {
  static std::atomic<Pool*> current{nullptr};
  Pool* p = current.load(std::memory_order_acquire);
  long const pid = process();
  while (p == nullptr || p->owner != pid) {
    auto* const fresh = new Pool(pid);
    if (current.compare_exchange_strong(p, fresh, std::memory_order_acq_rel)) return *fresh;
    delete fresh;
  }
  return *p;
}

}  // namespace

int available_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel(std::int64_t count, std::int64_t grain, int threads, Task task, void* context) {
  if (count <= 0) return;
  if (threads <= 1 || count <= grain || !pool().run(count, grain, threads, task, context)) task(context, 0, count);
}

}  // namespace nwidth::kernels::cpu
