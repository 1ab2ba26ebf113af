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
      work_ = {task, context, count, grain};
      next_.store(0, std::memory_order_relaxed);
      wanted_ = std::min(threads - 1, static_cast<int>(workers_.size()));
      running_ = wanted_;
      ++generation_;
    }
    wake_.notify_all();
    take(work_);
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
    std::int64_t count = 0, grain = 1;
  };

  void grow(int workers) {
    try {
      while (static_cast<int>(workers_.size()) < workers) workers_.emplace_back([this] { serve(); });
    } catch (std::system_error const&) {  // no more threads: fewer do the work
    }
  }

  void take(Work const& work) {
    for (;;) {
      std::int64_t const first = next_.fetch_add(work.grain, std::memory_order_relaxed);
      if (first >= work.count) return;
      work.task(work.context, first, std::min(work.count, first + work.grain));
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
      --wanted_;
      Work const work = work_;
      lock.unlock();
      take(work);
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::mutex call_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;  // never joined: a pool lives as long as its process
  std::atomic<std::int64_t> next_{0};
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
