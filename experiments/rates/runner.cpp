// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/runner.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <optional>
#include <thread>

#include "experiments/rates/progress.hpp"
#include "experiments/record/build_info.hpp"

namespace nwidth::rates {
namespace {

bool of_this_program(record::Json const& j) {
  auto const& b = record::build_info();
  return j["commit"] == b.commit && j.contains("dirty") && j["dirty"] == b.dirty;
}

}  // namespace

Outcome run(std::vector<Job> const& jobs, record::Journal& journal, int threads, bool on_terminal) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < jobs.size(); ++i) index[jobs[i].key] = i;
  std::vector<std::optional<record::Line>> held(jobs.size());
  std::vector<record::Line> others;
  for (record::Line const& line : journal.lines()) {
    auto const found = index.find(line.json["key"].get<std::string>());
    if (found != index.end() && of_this_program(line.json)) {
      held[found->second] = line;
    } else {
      others.push_back(line);
    }
  }
  std::vector<std::size_t> todo;
  double work = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (!held[i]) {
      todo.push_back(i);
      work += jobs[i].cost;
    }
  // The long ones first, so that no thread is left alone with one at the end.
  std::stable_sort(todo.begin(), todo.end(), [&](std::size_t a, std::size_t b) { return jobs[a].cost > jobs[b].cost; });
  Outcome outcome;
  outcome.reused = jobs.size() - todo.size();
  outcome.computed = todo.size();
  if (!todo.empty()) {
    Progress progress(work, todo.size(), on_terminal);
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    auto const worker = [&] {
      while (!stop) {
        std::size_t const i = next++;
        if (i >= todo.size()) return;
        Job const& job = jobs[todo[i]];
        try {
          record::Json const j = record::to_json(run_job(job));
          journal.append(j);
          held[todo[i]] = record::Line{j.dump(-1, ' ', false, record::Json::error_handler_t::replace), j};
          progress.done(job.cost);
        } catch (...) {
          std::lock_guard const guard(failure_mutex);
          if (!failure) failure = std::current_exception();
          stop = true;
        }
      }
    };
    {
      std::vector<std::jthread> pool;
      auto const count = std::min<std::size_t>(static_cast<std::size_t>(threads), todo.size());
      for (std::size_t i = 0; i < count; ++i) pool.emplace_back(worker);
    }
    if (failure) std::rethrow_exception(failure);
  }
  std::vector<record::Line> ordered;
  for (auto& line : held) ordered.push_back(std::move(*line));
  outcome.records = ordered;
  ordered.insert(ordered.end(), others.begin(), others.end());
  bool const changed = !std::equal(ordered.begin(), ordered.end(), journal.lines().begin(), journal.lines().end(),
                                   [](record::Line const& a, record::Line const& b) { return a.text == b.text; });
  if (changed) journal.rewrite(std::move(ordered));
  return outcome;
}

}  // namespace nwidth::rates
