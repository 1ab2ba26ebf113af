// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <set>

#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/rates/built_in.hpp"
#include "experiments/rates/figure.hpp"
#include "experiments/rates/fit_table.hpp"
#include "experiments/rates/runner.hpp"
#include "experiments/rates/table.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/build_info.hpp"
#include "experiments/record/sha256.hpp"

namespace nwidth::program {
namespace {

/// What the last run in this folder was: the plotter draws the records that it names.
std::string manifest(std::vector<rates::Job> const& jobs, std::string const& config) {
  Json j;
  j["schema"] = "nwidth.run/1";
  j["commit"] = record::build_info().commit;
  j["dirty"] = record::build_info().dirty;
  j["config_sha256"] = record::sha256(config);
  j["keys"] = Json::array();
  for (rates::Job const& job : jobs) j["keys"].push_back(job.key);
  return j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Also what the records do not say: how much came from before.
void log_start(record::Journal const& journal) {
  if (journal.dropped_torn_line())
    std::fprintf(stderr, "nwidth: dropped a last line that a stopped run had not finished\n");
  std::set<std::string> commits;
  for (record::Line const& l : journal.lines())
    if (l.json["commit"] != record::build_info().commit) commits.insert(l.json["commit"].get<std::string>());
  if (!commits.empty())
    std::fprintf(stderr, "nwidth: %s also holds records of %zu other commits; they stay there and are not shown\n",
                 journal.path().c_str(), commits.size());
}

std::string by_hand(rates::Drawing drawing, std::filesystem::path const& records, std::filesystem::path const& out) {
  return "python3 experiments/plot/" + rates::name(drawing) + ".py " + records.string() + " --out " + out.string();
}

}  // namespace

int run_rates(RatesOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  std::string const text =
      o.config.empty() ? std::string(rates::default_config_text()) : record::read_whole(o.config, 1 << 20);
  rates::Config const config = rates::parse_config(text, o.config.empty() ? "default.toml" : o.config);
  if (o.print_config) {
    print(text);
    return done;
  }
  int const threads = o.threads.empty() ? std::min(record::machine().cores, 256)
                                        : static_cast<int>(parse_integer("--threads", o.threads, 1, 256));
  std::filesystem::path const out = o.out.empty() ? "results/rates" : o.out;
  auto const jobs = rates::plan_jobs(config);
  record::Journal journal(out);
  log_start(journal);
  auto const outcome = rates::run(jobs, journal, threads, ::isatty(STDERR_FILENO) != 0);
  auto const tables = rates::tabulate(jobs, outcome.records);
  record::write_whole(out / "table.csv", rates::to_csv(tables));
  auto const fits = rates::tabulate_fits(jobs, outcome.records);
  record::write_whole(out / "table.md", rates::to_markdown(tables) + rates::fits_markdown(fits));
  if (!fits.empty()) record::write_whole(out / "fits.csv", rates::fits_csv(fits));
  record::write_whole(out / "run.json", manifest(jobs, text));
  std::vector<std::filesystem::path> drawn;
  std::string figure_lines;
  for (rates::Drawing const drawing : {rates::Drawing::constructions, rates::Drawing::fits}) {
    if (drawing == rates::Drawing::fits ? fits.empty() : tables.empty()) continue;
    rates::Figure figure{{}, "--no-figure"};
    if (!o.no_figure) figure = rates::draw(drawing, journal.path(), out);
    if (figure.files.empty() && !o.no_figure) std::fprintf(stderr, "nwidth: no figure: %s\n", figure.reason.c_str());
    std::string files;
    for (auto const& file : figure.files) files += (files.empty() ? "" : ", ") + file.string();
    if (files.empty()) files = "not drawn (" + figure.reason + "): " + by_hand(drawing, journal.path(), out);
    figure_lines += "figure   " + files + "\n";
    drawn.insert(drawn.end(), figure.files.begin(), figure.files.end());
  }
  std::size_t unproved = 0;
  for (record::Line const& l : outcome.records) unproved += l.json["status"] == "not_proved" ? 1 : 0;
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (o.json) {
    Json j;
    j["command"] = "rates";
    j["out"] = out.string();
    j["records"] = outcome.records.size();
    j["computed"] = outcome.computed;
    j["reused"] = outcome.reused;
    j["status"] = unproved == 0 ? "proved" : "not_proved";
    j["figures"] = Json::array();
    for (auto const& file : drawn) j["figures"].push_back(file.string());
    if (unproved > 0) j["reason"] = std::to_string(unproved) + " points are not proved";
    j["series"] = Json::array();
    for (auto const& t : tables) {
      auto const number = [](double x) { return x == x ? Json(x) : Json(); };
      j["series"].push_back({{"n", t.n},
                             {"kind", record::name(t.kind)},
                             {"method", t.method},
                             {"points", t.points.size()},
                             {"not_proved", t.unproved()},
                             {"slope_in_size", number(t.slope())},
                             {"slope_in_N", number(t.slope_in_resolution())}});
    }
    j["fits"] = Json::array();
    for (auto const& s : fits) j["fits"].push_back(rates::to_json(s));
    put_seconds(j, seconds);
    print(j);
  } else {
    char line[160];
    std::snprintf(line, sizeof line, "%zu records (%zu computed, %zu from before) in %.1f s\n", outcome.records.size(),
                  outcome.computed, outcome.reused, seconds);
    std::string const table = (out / "table.csv").string() + ", " + (out / "table.md").string() +
                              (fits.empty() ? "" : ", " + (out / "fits.csv").string());
    print(
        (tables.empty() ? "" : rates::summary(tables)) + rates::fits_summary(fits) + "\n" + line + "records  " +
        journal.path().string() + "\ntable    " + table + "\n" + figure_lines +
        (unproved > 0 ? std::to_string(unproved) + " points are not proved: their reasons are in the records\n" : ""));
  }
  return unproved == 0 ? done : not_proved;
}

}  // namespace nwidth::program
