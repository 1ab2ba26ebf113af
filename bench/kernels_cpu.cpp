// SPDX-License-Identifier: Apache-2.0
/// Row kernels on the CPU beside a copy of x: how many times as long they take, in pairs run one after the other.
///
///   bench_kernels_cpu [gib=1] [width=8256] [pairs=7] [threads=1,2] [types=float,bf16,double] [isa=avx512bf16,avx2]
///                     [slice=0] [sizes=0] [widths=0] [kernels=polyrelu_forward,...] [out=FILE]
///
/// isa takes names of rows.hpp, the best one if none is given. The copy is copy_stream below: streaming stores of the
/// same instruction set, prefetch 1 KiB ahead (memcpy and torch's copy change with size and machine). It moves 2 bytes
/// for each byte of x, as a forward pass; a backward pass must move 3, so 1.5 is its floor, a gated forward pass 3 and
/// a gated backward pass 5. `of_traffic` is `cpu` over that floor; the bar for GELU, SwiGLU and the gated forms is 1.6.
/// kernels=all takes every one. gib = bytes of x. sizes=S adds a table over 64 KiB, 256 KiB, ... up to S GiB; widths=1
/// one over widths 64 ... 32768. slice=M takes pairs over slices of M MiB in turn instead of the whole of x, many of
/// them: on a busy machine these are less disturbed, and `quartile` and `best` (lower quartiles and minima of processor
/// time) tell more than the median. Writes JSON: medians over the pairs of the ratio by wall clock and by processor
/// time (`cpu`; on a machine that others use too, the one to look at), and the least and the greatest.
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/cpu/gated.hpp"
#include "kernels/cpu/threads.hpp"

namespace {

using namespace nwidth::kernels::cpu;

constexpr std::int64_t prefetch_distance = 1024;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void copy_512(char const* s, char* d, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 128) {
    _mm_prefetch(s + i + prefetch_distance, _MM_HINT_T0);
    _mm_prefetch(s + i + prefetch_distance + 64, _MM_HINT_T0);
    __m512i const a = _mm512_loadu_si512(s + i), b = _mm512_loadu_si512(s + i + 64);
    _mm512_stream_si512(reinterpret_cast<__m512i*>(d + i), a);
    _mm512_stream_si512(reinterpret_cast<__m512i*>(d + i + 64), b);
  }
  _mm_sfence();
}
__attribute__((target("avx2"))) void copy_256(char const* s, char* d, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) {
    _mm_prefetch(s + i + prefetch_distance, _MM_HINT_T0);
    for (int k = 0; k < 64; k += 32) {
      _mm256_stream_si256(reinterpret_cast<__m256i*>(d + i + k),
                          _mm256_loadu_si256(reinterpret_cast<__m256i const*>(s + i + k)));
    }
  }
  _mm_sfence();
}
void copy_128(char const* s, char* d, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) {
    _mm_prefetch(s + i + prefetch_distance, _MM_HINT_T0);
    for (int k = 0; k < 64; k += 16) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(d + i + k),
                       _mm_loadu_si128(reinterpret_cast<__m128i const*>(s + i + k)));
    }
  }
  _mm_sfence();
}
#endif

/// A multiple of 128 bytes, destination 64-byte aligned.
void copy_stream(Isa isa, char const* s, char* d, std::int64_t bytes) {
#if defined(__x86_64__)
  if (isa >= Isa::avx512) return copy_512(s, d, bytes);
  if (isa == Isa::avx2) return copy_256(s, d, bytes);
  copy_128(s, d, bytes);
#else
  static_cast<void>(isa);
  std::memcpy(d, s, static_cast<std::size_t>(bytes));
#endif
}

/// Pages of 2 MiB where the system has them, so that neither side pays for page tables.
char* allocate(std::int64_t bytes) {
  constexpr std::size_t huge = std::size_t{2} << 20;
  std::size_t const room = static_cast<std::size_t>(bytes) + huge;
  void* const p = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    std::cerr << "no memory for " << bytes << " bytes\n";
    std::exit(2);
  }
  char* const at = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(p) + huge - 1) / huge * huge);
#if defined(MADV_HUGEPAGE)
  madvise(at, static_cast<std::size_t>(bytes), MADV_HUGEPAGE);
#endif
  std::memset(at, 0, static_cast<std::size_t>(bytes));
  return at;
}

struct Time {
  double wall, cpu;
};

double processor_time() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class F>
Time timed(int repeats, F const& f) {
  double const c = processor_time();
  auto const t = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) f();
  double const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
  return {wall / repeats, (processor_time() - c) / repeats};
}

double quantile(std::vector<double> v, double p) {
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(p * static_cast<double>(v.size()))];
}
double median(std::vector<double> const& v) { return quantile(v, 0.5); }

struct Memory {
  char *x, *g, *y;
  char *up = nullptr, *dup = nullptr;  // of the gated forms alone
  std::int64_t bytes;
};

/// Numbers like those of a network: sums of four uniform ones, about normal, s = 1.
template <class E>
void fill(char* to, std::int64_t count, std::uint64_t seed) {
  std::vector<E> pool(65521);
  for (E& e : pool) {
    double t = 0;
    for (int k = 0; k < 4; ++k) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      t += static_cast<double>(seed >> 40U) * 0x1p-24 - 0.5;
    }
    if constexpr (std::is_same_v<E, bf16>) {
      e = to_bf16(static_cast<float>(t * 1.7));
    } else {
      e = static_cast<E>(t * 1.7);
    }
  }
  auto* const p = reinterpret_cast<E*>(to);
  for (std::int64_t i = 0; i < count; i += 65521) {
    std::copy_n(pool.data(), std::min<std::int64_t>(65521, count - i), p + i);
  }
}

struct Arguments {
  std::map<std::string, std::string> given{{"gib", "1"},
                                           {"width", "8256"},
                                           {"pairs", "7"},
                                           {"threads", "1,2"},
                                           {"types", "float,bf16,double"},
                                           {"isa", ""},
                                           {"sizes", "0"},
                                           {"widths", "0"},
                                           {"out", ""},
                                           {"stream", "-1"},
                                           {"slice", "0"},
                                           {"kernels",
                                            "polyrelu_forward,polynorm_forward,polyrelu_backward,polynorm_backward,"
                                            "polynorm_backward_saved"}};
  std::vector<std::string> list(std::string const& key) const {
    std::vector<std::string> v;
    std::stringstream s(given.at(key));
    for (std::string one; std::getline(s, one, ',');) v.push_back(one);
    return v;
  }
  double number(std::string const& key) const { return std::stod(given.at(key)); }
};

struct Bench {
  Arguments const& arguments;
  Memory const& memory;
  Isa isa;
  std::vector<std::string> rows;  // JSON

  template <class E>
  void shape(std::string const& type, std::int64_t bytes, std::int64_t width, int threads) {
    std::int64_t const count_max = bytes / static_cast<std::int64_t>(sizeof(E));
    std::int64_t const n = std::max<std::int64_t>(1, count_max / width);
    Options options;
    options.threads = threads;
    options.stream_bytes = static_cast<std::int64_t>(arguments.number("stream"));
    options.isa = isa;
    ConstRows<E> const x{reinterpret_cast<E const*>(memory.x), n, width, width};
    ConstRows<E> const g{reinterpret_cast<E const*>(memory.g), n, width, width};
    Rows<E> const y{reinterpret_cast<E*>(memory.y), n, width, width};
    ConstRows<E> const up{reinterpret_cast<E const*>(memory.up), n, width, width};
    Rows<E> const dup{reinterpret_cast<E*>(memory.dup), n, width, width};
    std::vector<Statistic<E>> statistics(static_cast<std::size_t>(3 * n));
    Coefficients const c{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0.0};
    double gradient[4];
    auto const slice_bytes = static_cast<std::int64_t>(arguments.number("slice") * 1048576);
    std::int64_t const line = width * static_cast<std::int64_t>(sizeof(E));
    std::int64_t const part = slice_bytes > 0 ? std::clamp<std::int64_t>(slice_bytes / line / 32 * 32, 32, n) : n;
    if (slice_bytes > 0 && options.stream_bytes < 0) options.stream_bytes = 0;
    std::int64_t at = 0;  // the first row of the slice
    auto copy = [&] {
      struct Piece {
        Isa isa;
        char const* from;
        char* to;
      } piece{isa, memory.x + at * line, memory.y + at * line};
      constexpr std::int64_t unit = 128, grain = (std::int64_t{2} << 20) / unit;
      parallel(
          part * line / unit, grain, threads,
          [](void* p, std::int64_t first, std::int64_t last) {
            auto const& all = *static_cast<Piece const*>(p);
            copy_stream(all.isa, all.from + first * unit, all.to + first * unit, (last - first) * unit);
          },
          &piece);
    };
    auto const in = [&](ConstRows<E> const& m) { return ConstRows<E>{m.data + at * width, part, width, width}; };
    auto const out = [&](Rows<E> const& m) { return Rows<E>{m.data + at * width, part, width, width}; };
    struct Kernel {
      int moves;  // how many matrices
      std::function<void()> run;
    };
    std::map<std::string, Kernel> kernels{
        {"polyrelu_forward", {2, [&] { polyrelu_forward(c, in(x), out(y), options); }}},
        {"polynorm_forward", {2, [&] { polynorm_forward(c, in(x), out(y), nullptr, options); }}},
        {"polyrelu_backward", {3, [&] { polyrelu_backward(c, in(x), in(g), out(y), gradient, options); }}},
        {"polynorm_backward", {3, [&] { polynorm_backward(c, in(x), in(g), out(y), gradient, nullptr, options); }}},
        {"polynorm_backward_saved",
         {3, [&] { polynorm_backward(c, in(x), in(g), out(y), gradient, statistics.data() + 3 * at, options); }}}};
#define NWIDTH_FAMILY(name, ...)                                                                \
  kernels[#name "_forward"] = {2, [&] { name##_forward(__VA_ARGS__ in(x), out(y), options); }}; \
  kernels[#name "_backward"] = {3, [&] { name##_backward(__VA_ARGS__ in(x), in(g), out(y), options); }};
#define NWIDTH_COMMA ,
    NWIDTH_FAMILY(gelu)
    NWIDTH_FAMILY(gelu_tanh)
    NWIDTH_FAMILY(silu)
    NWIDTH_FAMILY(relu)
    NWIDTH_FAMILY(relu_power, 2 NWIDTH_COMMA)
    NWIDTH_FAMILY(leaky_relu, 0.01 NWIDTH_COMMA)
#undef NWIDTH_FAMILY
    kernels["prelu_backward"] = {3, [&] { prelu_backward(0.01, in(x), in(g), out(y), gradient, options); }};
    XieluCoefficients const xc{0.8, 0.3};
    kernels["xielu_forward"] = {2, [&] { xielu_forward(xc, in(x), out(y), options); }};
    kernels["xielu_backward"] = {3, [&] { xielu_backward(xc, in(x), in(g), out(y), gradient, options); }};
#define NWIDTH_FAMILY(name)                                                                 \
  kernels[#name "_forward"] = {3, [&] { name##_forward(in(x), in(up), out(y), options); }}; \
  kernels[#name "_backward"] = {5, [&] { name##_backward(in(x), in(up), in(g), out(y), out(dup), options); }};
    NWIDTH_FAMILY(swiglu)
    NWIDTH_FAMILY(geglu)
    NWIDTH_FAMILY(geglu_tanh)
    NWIDTH_FAMILY(reglu)
#undef NWIDTH_FAMILY
#undef NWIDTH_COMMA
    kernels["polyrelu_glu_forward"] = {3, [&] { polyrelu_glu_forward(c, in(x), in(up), out(y), options); }};
    kernels["polyrelu_glu_backward"] = {
        5, [&] { polyrelu_glu_backward(c, in(x), in(up), in(g), out(y), out(dup), gradient, options); }};
    kernels["polynorm_glu_forward"] = {3,
                                       [&] { polynorm_glu_forward(c, 0.5, in(x), in(up), out(y), nullptr, options); }};
    kernels["polynorm_glu_backward"] = {
        5, [&] { polynorm_glu_backward(c, 0.5, in(x), in(up), in(g), out(y), out(dup), gradient, nullptr, options); }};
    kernels["polynorm_glu_backward_saved"] = {5, [&] {
                                                polynorm_glu_backward(c, 0.5, in(x), in(up), in(g), out(y), out(dup),
                                                                      gradient, statistics.data() + 3 * at, options);
                                              }};
    polynorm_forward(c, x, y, statistics.data(), options);
    copy();
    auto const work = static_cast<double>(part * line);
    int const repeats = slice_bytes > 0 ? 1 : static_cast<int>(std::clamp<double>(0x1p26 / work, 1, 2e4));
    auto const next = [&] { at = at + 2 * part <= n ? at + part : 0; };
    std::vector<std::string> wanted = arguments.list("kernels");
    if (wanted == std::vector<std::string>{"all"}) {
      wanted.clear();
      for (auto const& [called, kernel] : kernels) wanted.push_back(called);
    }
    for (std::string const& k : wanted) {
      if (!kernels.contains(k)) {
        std::cerr << "no kernel " << k << '\n';
        std::exit(2);
      }
      auto const& [moves, f] = kernels.at(k);
      f();
      std::vector<double> wall, cpu, rate, copies, ours;
      auto const pairs =
          static_cast<int>(arguments.number("pairs") * static_cast<double>(slice_bytes > 0 ? n / part : 1));
      for (int i = 0; i < pairs; ++i) {
        Time const a = timed(repeats, copy);
        next();
        Time const b = timed(repeats, f);
        next();
        wall.push_back(b.wall / a.wall);
        cpu.push_back(b.cpu / a.cpu);
        copies.push_back(a.cpu);
        ours.push_back(b.cpu);
        rate.push_back(2 * work / a.wall * 1e-9);
      }
      double const quartile = quantile(ours, 0.25) / quantile(copies, 0.25),
                   best = quantile(ours, 0) / quantile(copies, 0);
      char text[600];
      std::snprintf(text, sizeof text,
                    "{\"kernel\": \"%s\", \"type\": \"%s\", \"isa\": \"%s\", \"rows\": %lld, \"width\": %lld, "
                    "\"bytes\": %lld, \"threads\": %d, \"pairs\": %d, \"ratio\": %.3f, \"cpu\": %.3f, \"of_traffic\": "
                    "%.3f, \"quartile\": "
                    "%.3f, \"best\": %.3f, \"least\": %.3f, "
                    "\"greatest\": %.3f, \"copy_GB_s\": %.2f}",
                    k.c_str(), type.c_str(), std::string(name(isa)).c_str(), static_cast<long long>(n),
                    static_cast<long long>(width), static_cast<long long>(n * line), threads, pairs, median(wall),
                    median(cpu), median(cpu) * 2 / moves, quartile, best, *std::min_element(wall.begin(), wall.end()),
                    *std::max_element(wall.begin(), wall.end()), median(rate));
      rows.emplace_back(text);
      std::cerr << text << '\n';
    }
  }

  void run(std::string const& type, int threads) {
    auto with = [&](auto element) {
      using E = decltype(element);
      auto const gib = static_cast<double>(std::int64_t{1} << 30);
      auto const bytes = static_cast<std::int64_t>(arguments.number("gib") * gib);
      auto const width = static_cast<std::int64_t>(arguments.number("width"));
      auto const size = static_cast<std::int64_t>(sizeof(E));
      fill<E>(memory.x, memory.bytes / size, 1);
      fill<E>(memory.g, memory.bytes / size, 2);
      if (memory.up != nullptr) fill<E>(memory.up, memory.bytes / size, 3);
      shape<E>(type, bytes, width, threads);
      auto const most = static_cast<std::int64_t>(arguments.number("sizes") * gib);
      for (std::int64_t b = 65536; b <= most; b *= 4)
        shape<E>(type, b, std::min<std::int64_t>(width, b / size), threads);
      if (arguments.number("widths") > 0) {
        for (std::int64_t w : {64, 70, 128, 256, 1024, 1536, 4096, 8255, 11008, 16384, 32768}) {
          shape<E>(type, bytes, w, threads);
        }
      }
    };
    if (type == "float") return with(float{});
    if (type == "bf16") return with(bf16{});
    if (type == "double") return with(double{});
    std::cerr << "type " << type << "; float, bf16 and double are allowed\n";
    std::exit(2);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string const a = argv[i];
    std::size_t const eq = a.find('=');
    if (a.starts_with("--benchmark")) continue;  // ./dev bench
    if (eq == std::string::npos || !arguments.given.contains(a.substr(0, eq))) {
      std::cerr << "no argument " << a << "; key=value with";
      for (auto const& [key, value] : arguments.given) std::cerr << ' ' << key;
      std::cerr << '\n';
      return 2;
    }
    arguments.given[a.substr(0, eq)] = a.substr(eq + 1);
  }
  double const gib = std::max(arguments.number("gib"), arguments.number("sizes"));
  Memory memory{};
  memory.bytes = static_cast<std::int64_t>(gib * static_cast<double>(std::int64_t{1} << 30));
  memory.x = allocate(memory.bytes);
  memory.g = allocate(memory.bytes);
  memory.y = allocate(memory.bytes);
  std::string const& kernels = arguments.given["kernels"];
  if (kernels == "all" || kernels.find("glu") != std::string::npos) {
    memory.up = allocate(memory.bytes);
    memory.dup = allocate(memory.bytes);
  }
  std::vector<Isa> isas;
  for (std::string const& wanted : arguments.list("isa")) {
    std::size_t const before = isas.size();
    for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
      if (name(isa) == wanted && available(isa)) isas.push_back(isa);
    }
    if (isas.size() == before) {
      std::cerr << "isa " << wanted << ", which is none or which this machine has not\n";
      return 2;
    }
  }
  if (isas.empty()) isas.push_back(default_isa());
  Bench bench{arguments, memory, isas[0], {}};
  for (Isa isa : isas) {
    bench.isa = isa;
    for (std::string const& t : arguments.list("threads")) {
      for (std::string const& type : arguments.list("types")) bench.run(type, std::stoi(t));
    }
  }
  std::ostringstream json;
  json << "{\"cores\": " << available_cores() << ", \"rows\": [\n";
  for (std::size_t i = 0; i < bench.rows.size(); ++i)
    json << "  " << bench.rows[i] << (i + 1 < bench.rows.size() ? ",\n" : "\n");
  json << "]}\n";
  if (std::string const out = arguments.given["out"]; !out.empty()) {
    std::ofstream(out) << json.str();
  } else {
    std::cout << json.str();
  }
  return 0;
}
