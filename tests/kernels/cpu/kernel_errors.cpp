// SPDX-License-Identifier: Apache-2.0
/// kernel_errors [docs/kernels.md] [--threads 2] [--part 1]: the worst errors of all kernels over 10^8 floats, 10^6
/// doubles and all bf16 numbers for each output, printed, or put into the document between its marks. --part 0.01 takes
/// so much of the points. The same bits for any number of threads. Exit code 1 if a bound is broken.
#include <fstream>
#include <iostream>
#include <sstream>

#include "kernels/cpu/rows.hpp"
#include "tests/kernels/cpu/errors.hpp"
#include "tests/random.hpp"

namespace {

using namespace nwidth::kernels::cpu;

template <class E>
std::vector<Line> run(char const* type, Effort const& effort, bool& holds) {
  auto const lines = measure<E>(effort);
  for (Line const& line : lines) {
    for (Seen const* s : {&line.fused, &line.baseline}) {
      if (s->of_bound <= 1) continue;
      holds = false;
      std::cerr << type << ' ' << line.output << ": " << s->of_bound << " of its bound at " << s->at << '\n';
    }
  }
  std::cerr << type << " is done\n";
  return lines;
}

int write(std::string const& path, std::string const& text) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  std::string const before = all.str();
  std::string const begin = std::string(table_begin) + '\n';
  auto const from = before.find(begin), to = before.find(table_end);
  if (!in || from == std::string::npos || to == std::string::npos) {
    std::cerr << path << " cannot be read, or has no " << table_begin << " ... " << table_end << '\n';
    return 2;
  }
  std::ofstream out(path);
  out << before.substr(0, from + begin.size()) << text << before.substr(to);
  return out.flush() ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  int threads = 2;
  double part = 1;
  for (int i = 1; i < argc; ++i) {
    std::string const a = argv[i];
    if (a == "--threads" && i + 1 < argc) {
      threads = std::stoi(argv[++i]);
    } else if (a == "--part" && i + 1 < argc) {
      part = std::stod(argv[++i]);
    } else {
      path = a;
    }
  }
  auto const points = [&](double all) { return static_cast<std::int64_t>(all * part); };
  bool holds = true;
  auto const b = run<bf16>("bf16", {1, 64, threads}, holds);
  auto const f = run<float>("float", {points(1e8), 64, threads}, holds);
  auto const d = run<double>("double", {points(1e6), 64, threads}, holds);
  std::ostringstream text;
  text << "Fused: " << name(default_isa()) << ". Seed: " << nwidth::test::seed() << ". The references of floats were "
       << "off by at most " << digits(reference_error(20000)) << " of a bound.\n"
       << width_note() << '\n'
       << table(f, b, d);
  if (path.empty()) std::cout << text.str();
  int const wrote = path.empty() ? 0 : write(path, text.str());
  return holds ? wrote : 1;
}
